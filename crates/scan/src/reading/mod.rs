//! Where bytes become readings: as they lie there, in what is encoded in them, in what they contain.
//!
//! ```text
//! bytes ─┬─ trace      detections in the bytes as they are      ┐ carried over from the bytes that
//!        ├─ stretches  encoded text, decoded and read in turn   ┘ these were made from
//!        └─ opened     another charset, the members of an archive, each read in turn: always whole
//!                          │
//!                          ▼
//!              settle: one secret, one spot ──▶ places ──▶ sightings
//! ```
//!
//! Every way of reading goes through here, so that a scan, a scan of changes and a recall of one
//! location see the same.

mod inside;
mod opener;
mod place;
mod settle;
mod stretches;

use crate::detector::Trace;
use crate::run::Run;
use crate::vault::{SecretNumber, Sighting};
pub(crate) use inside::{Hidden, Inside, Layer};
pub(crate) use opener::{Opener, Openings};
pub(crate) use place::Place;
use quietus_model::GapReason;
use quietus_odb::{Copied, ObjectId};
use quietus_unpack::Reason;
use settle::Of;
use std::collections::HashMap;
use stretches::Stretch;

/// What was copied in shorter pieces, in bytes, counts as new: to look at it costs less than to find out
/// what can be carried over with it, and most copies are a few bytes long.
const LEAST_COPY: u32 = 96;

/// What bytes hold that may be carried over to others that are made from them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    trace: Trace,
    /// Those that hold anything, by place.
    stretches: Vec<Stretch>,
}

/// Whose bytes are read: by that name a gap is told.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    Object(ObjectId),
    /// A path, or what else there is to say where they came from.
    Named(&'a [u8]),
}

impl Subject<'_> {
    fn name(&self) -> Vec<u8> {
        match self {
            Self::Object(id) => id.to_string().into_bytes(),
            Self::Named(name) => name.to_vec(),
        }
    }

    fn object(&self) -> Option<ObjectId> {
        match self {
            Self::Object(id) => Some(*id),
            Self::Named(_) => None,
        }
    }
}

impl Run<'_> {
    /// What opens bytes in this scan.
    pub(crate) fn opener(&self) -> Opener<'_> {
        Opener { detector: self.vault.detector(), openings: &self.openings }
    }

    /// Every secret in `bytes` and in what hides in them.
    pub(crate) fn sight(&self, subject: Subject<'_>, bytes: &[u8]) -> Vec<Sighting> {
        let mut reading = Reading::default();
        self.opener().read(bytes, &mut reading);
        let opened = self.opener().open(bytes);
        self.sightings(subject, bytes, &mut reading, &opened)
    }

    /// Something in bytes that were read was left out.
    pub(crate) fn cut_off(&self, subject: Subject<'_>, what: &str) {
        self.gaps.add(GapReason::TooLarge, subject.name(), what);
    }

    /// Every secret in a name, as it stands there.
    pub(crate) fn sight_name(&self, name: &[u8]) -> Vec<Sighting> {
        let mut reading = Reading::default();
        self.vault.detector().trace(name, &mut reading.trace);
        self.sightings(Subject::Named(name), name, &mut reading, &Inside::default())
    }

    /// Every secret in `bytes`, of which `reading` is the reading, and in what was opened in them.
    pub(crate) fn sightings(
        &self,
        subject: Subject<'_>,
        bytes: &[u8],
        reading: &mut Reading,
        opened: &Inside,
    ) -> Vec<Sighting> {
        let gaps = reading.stretches.iter().flat_map(|stretch| &stretch.inside.gaps);
        for (path, reason) in gaps.chain(&opened.gaps) {
            self.gaps.add(reason_of(*reason), subject.name(), told(path, *reason));
        }
        if reading.is_clean() && opened.found.is_empty() {
            return Vec::new();
        }
        let is_text = self.opener().is_text(bytes);
        let placed = settle::place(bytes, is_text, reading, opened, &|at| at);
        let mut seen: HashMap<SecretNumber, u32> = HashMap::new();
        let mut noted = Vec::new();
        let mut all = Vec::with_capacity(placed.len());
        for one in placed {
            let keep = || self.vault.keep(&one.detection, &one.others, subject.object());
            let secret = match one.of {
                Of::Plain(at) => {
                    let known = reading.trace.noted(at);
                    let secret = known.unwrap_or_else(keep);
                    noted.extend(known.is_none().then_some((at, secret)));
                    secret
                }
                Of::Inner(inner) => *inner.number.get_or_init(keep),
            };
            let ordinal = seen.entry(secret).or_default();
            all.push(self.vault.sighting(secret, *ordinal, one.place, one.hidden, one.allowed));
            *ordinal += 1;
        }
        noted.into_iter().for_each(|(at, secret)| reading.trace.note(at, secret));
        all
    }
}

fn told(path: &str, reason: Reason) -> String {
    let reason = reason.as_str();
    if path.is_empty() { reason.to_owned() } else { format!("{path}: {reason}") }
}

/// A bound that cut something off, or bytes that cannot be had by anybody.
fn reason_of(reason: Reason) -> GapReason {
    match reason {
        Reason::Encrypted | Reason::Damaged | Reason::Unsupported => GapReason::Opaque,
        Reason::Depth
        | Reason::Total
        | Reason::Member
        | Reason::Members
        | Reason::Ratio
        | Reason::Overlapping
        | Reason::More => GapReason::TooLarge,
    }
}

impl Reading {
    /// Whether nothing was found and nothing kept from being read.
    pub(crate) fn is_clean(&self) -> bool {
        self.trace.is_clean() && self.stretches.is_empty()
    }

    /// What counts of it, and where.
    #[cfg(feature = "fuzz")]
    pub(crate) fn told(&self, bytes: &[u8]) -> Vec<(usize, crate::detector::Detection)> {
        let opened = Inside::default();
        let placed = settle::place(bytes, true, self, &opened, &|at| at);
        let told = placed.into_iter().map(|one| {
            (one.place.offset as usize, crate::detector::Detection::clone(&one.detection))
        });
        told.collect()
    }
}

impl Opener<'_> {
    /// Reads all of `bytes`; what `reading` held before is let go.
    pub(crate) fn read(&self, bytes: &[u8], reading: &mut Reading) {
        self.detector.trace(bytes, &mut reading.trace);
        reading.stretches.clear();
        self.find(bytes, 0..bytes.len(), 0, &mut reading.stretches);
    }

    /// Reads only what is new in `bytes` against those that `base` is the reading of. The outcome is
    /// that of [`read`](Self::read).
    pub(crate) fn reread(
        &self,
        bytes: &[u8],
        base: &Reading,
        copies: &[Copied],
        reading: &mut Reading,
    ) {
        let is_long = |copied: &&Copied| copied.len >= LEAST_COPY;
        let copies: Vec<Copied> = copies.iter().filter(is_long).copied().collect();
        self.detector.retrace(bytes, &base.trace, &copies, &mut reading.trace);
        reading.stretches.clear();
        let carry = base.trace.carry(&copies, bytes.len());
        self.carry(bytes, &base.stretches, &carry, &mut reading.stretches);
    }
}
