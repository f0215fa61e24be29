//! Opens bytes: decodes stretches, charsets and containers, within bounds that hold for all of a scan.

use super::Reading;
use super::inside::{Hidden, Inner, Inside, Layer};
use super::settle;
use crate::detector::{Detector, Trace};
use quietus_unpack::{Bounds, Charset, Form, Kind, Member, Reason, Text, members_of};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// So many encodings in one another are undone.
const DEEPEST: u32 = 3;

/// As git does: what has a NUL in so many bytes at its beginning is no text.
const SAMPLE: usize = 8000;

/// What every thread may unpack at a time, in bytes; for more they wait for each other.
const SMALL: u64 = 16 << 20;

/// What one scan unpacks altogether, in bytes, so that a small store of bombs takes no week.
const ALTOGETHER: u64 = 64 << 30;

/// So many times its own size, and a little more, may come out of a stretch that holds an archive.
const STRETCHED: u64 = 64;
const A_LITTLE: u64 = 64 << 10;

/// Stands between the names of containers that lie in one another.
const WITHIN: &str = "!/";

/// What the threads of one scan share.
#[derive(Debug)]
pub(crate) struct Openings {
    /// Held while much is unpacked.
    large: Mutex<()>,
    /// Held while a long text is decoded; after the other.
    long: Mutex<()>,
    left: AtomicU64,
}

impl Default for Openings {
    fn default() -> Self {
        Self { large: Mutex::default(), long: Mutex::default(), left: AtomicU64::new(ALTOGETHER) }
    }
}

impl Openings {
    /// Waits for its turn, if so many bytes of text are long.
    pub(super) fn long(&self, bytes: usize) -> Option<MutexGuard<'_, ()>> {
        let is_long = bytes as u64 > SMALL;
        is_long.then(|| self.long.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes so many bytes of what may be unpacked. False when nothing is left.
    fn spend(&self, bytes: u64) -> bool {
        let less = |left: u64| left.checked_sub(bytes);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }
}

/// Reads bytes and what hides in them.
#[derive(Clone, Copy)]
pub(crate) struct Opener<'a> {
    pub(crate) detector: &'a Detector,
    pub(crate) openings: &'a Openings,
}

/// Which bounds a container has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    /// Those of a file.
    File,
    /// Those of a stretch of a text.
    Stretch,
}

impl Opener<'_> {
    /// Whether bytes are text that somebody wrote, and no program or picture: then a value counts that
    /// only its name tells.
    pub(super) fn is_text(&self, bytes: &[u8]) -> bool {
        !bytes[..bytes.len().min(SAMPLE)].contains(&0) || self.detector.seeks_known()
    }

    /// What bytes contain besides what lies bare in them: members of a container, or text in another
    /// charset.
    pub(crate) fn open(&self, bytes: &[u8]) -> Inside {
        self.opened(bytes, Room::File, 0)
    }

    /// What a decoded stretch says. `depth` others hold it.
    pub(super) fn decoded(&self, bytes: &[u8], depth: u32) -> Inside {
        // What stands in the bytes of a file is in proportion to it; what is encoded over and over
        // need not be.
        if depth > 0 && !self.openings.spend(bytes.len() as u64) {
            let gaps = vec![(String::new(), Reason::Total)];
            return Inside { gaps, ..Inside::default() };
        }
        let opened = self.opened(bytes, Room::Stretch, depth + 1);
        self.all(bytes, self.is_text(bytes), opened, depth + 1)
    }

    /// What lies bare in bytes, and what was opened in them.
    fn all(&self, bytes: &[u8], is_text: bool, opened: Inside, depth: u32) -> Inside {
        let (reading, mut gaps) = self.whole(bytes, depth);
        gaps.extend_from_slice(&opened.gaps);
        let found = inners(settle::place(bytes, is_text, &reading, &opened, &|at| at));
        Inside { found, gaps, is_archive: false }
    }

    /// The reading of bytes of which nothing can be carried over, and what could not be read.
    fn whole(&self, bytes: &[u8], depth: u32) -> (Reading, Vec<(String, Reason)>) {
        let mut reading = Reading { trace: Trace::default(), stretches: Vec::new() };
        self.detector.trace(bytes, &mut reading.trace);
        if depth < DEEPEST {
            self.find(bytes, 0..bytes.len(), depth, &mut reading.stretches);
        }
        let gaps = reading.stretches.iter().flat_map(|stretch| &stretch.inside.gaps);
        let gaps = gaps.cloned().collect();
        (reading, gaps)
    }

    fn opened(&self, bytes: &[u8], room: Room, depth: u32) -> Inside {
        match Kind::of(bytes) {
            Some(kind) => self.container(kind, bytes, room, depth),
            None => self.charset(bytes, depth),
        }
    }

    /// Text in UTF-16, with its places told in the original.
    fn charset(&self, bytes: &[u8], depth: u32) -> Inside {
        let charset = Charset::of(bytes);
        if !matches!(charset, Charset::Utf16Le | Charset::Utf16Be) {
            return Inside::default();
        }
        let text = Text::of(bytes);
        let (reading, gaps) = self.whole(text.bytes(), depth);
        let none = Inside::default();
        let original = |at: usize| text.original(at);
        let mut found = inners(settle::place(text.bytes(), true, &reading, &none, &original));
        found.iter_mut().for_each(|inner| inner.hide(&[Layer::Charset(charset)], ""));
        Inside { found, gaps, is_archive: true }
    }

    /// What the members of a container hold.
    fn container(&self, kind: Kind, bytes: &[u8], room: Room, depth: u32) -> Inside {
        let full = Bounds::default();
        if room == Room::Stretch {
            let total = A_LITTLE + STRETCHED * bytes.len() as u64;
            let bounds = Bounds { total: total.min(SMALL), ..full };
            return self.members(kind, bytes, &bounds, depth);
        }
        let inside = self.members(kind, bytes, &Bounds { total: SMALL, ..full.clone() }, depth);
        if !inside.gaps.iter().any(|(_, reason)| *reason == Reason::Total) {
            return inside;
        }
        drop(inside);
        let _alone = self.openings.large.lock().unwrap_or_else(PoisonError::into_inner);
        self.members(kind, bytes, &full, depth)
    }

    fn members(&self, kind: Kind, bytes: &[u8], bounds: &Bounds, depth: u32) -> Inside {
        let mut inside = Inside { is_archive: kind.is_archive(), ..Inside::default() };
        // What has to be undone to come to a member of each depth.
        let mut kinds = vec![kind];
        let mut is_spent = false;
        let gaps = members_of(kind, bytes, bounds, &mut |member: Member<'_>| {
            kinds.truncate(member.depth as usize);
            let parent = kinds.last().copied().unwrap_or(kind);
            kinds.push(member.kind.unwrap_or(parent));
            is_spent |= !self.openings.spend(member.bytes.len() as u64);
            if is_spent {
                return;
            }
            let layers: Vec<Layer> =
                kinds[..member.depth as usize].iter().map(|kind| Layer::Container(*kind)).collect();
            let mut held = self.member(&member, parent, depth);
            held.found.iter_mut().for_each(|inner| inner.hide(&layers, member.path));
            inside.found.append(&mut held.found);
            let gaps = held.gaps.into_iter().map(|(_, reason)| (member.path.to_owned(), reason));
            inside.gaps.extend(gaps);
        });
        for gap in gaps {
            let mut named = self.named(&gap.path);
            named.iter_mut().for_each(|inner| inner.hide(&[Layer::Container(kind)], &gap.path));
            inside.found.append(&mut named);
            inside.gaps.push((gap.path, gap.reason));
        }
        if is_spent {
            inside.gaps.push((String::new(), Reason::Total));
        }
        once(&mut inside.found);
        inside
    }

    /// What one member holds, and its name.
    fn member(&self, member: &Member<'_>, parent: Kind, depth: u32) -> Inside {
        let is_compiled = member.form == Form::Text && parent.is_compiled();
        let is_text = self.is_text(member.bytes) && !is_compiled;
        // Containers in it are opened in turn.
        let opened = match member.kind {
            Some(_) => Inside::default(),
            None => self.charset(member.bytes, depth),
        };
        let mut all = self.all(member.bytes, is_text, opened, depth);
        all.found.extend(self.named(member.path));
        all
    }

    /// Secrets in a name: what is shown must be known.
    fn named(&self, path: &str) -> Vec<Inner> {
        if path.len() < self.detector.shortest() {
            return Vec::new();
        }
        let mut reading = Reading::default();
        self.detector.trace(path.as_bytes(), &mut reading.trace);
        let none = Inside::default();
        inners(settle::place(path.as_bytes(), true, &reading, &none, &|at| at))
    }
}

/// Leaves out what is told twice, of a container and of what lies in it: in an archive the member
/// counts, in a document its own bytes do.
fn once(found: &mut Vec<Inner>) {
    let bare: HashSet<Told> = found.iter().map(Inner::told).collect();
    let mut told: HashSet<Told> = HashSet::new();
    found.retain(|inner| {
        let outer: Vec<(Told, Layer)> =
            inner.outer().into_iter().filter(|(outer, _)| bare.contains(outer)).collect();
        let is_document =
            |layer: &Layer| matches!(layer, Layer::Container(kind) if !kind.is_archive());
        let is_again = outer.iter().any(|(_, layer)| is_document(layer));
        if !is_again {
            told.extend(outer.into_iter().map(|(outer, _)| outer));
        }
        !is_again
    });
    found.retain(|inner| !told.contains(&inner.told()));
}

/// A secret, and the names that lead to what it was seen in.
type Told = (Vec<u8>, String);

fn inners(placed: Vec<settle::Placed<'_>>) -> Vec<Inner> {
    let inner = |one: settle::Placed<'_>| Inner {
        detection: one.detection,
        number: OnceLock::new(),
        hidden: one.hidden.unwrap_or_default(),
        place: one.place,
        allowed: one.allowed,
        others: one.others,
    };
    placed.into_iter().map(inner).collect()
}

impl Inner {
    fn told(&self) -> Told {
        (self.detection.secret.expose().to_vec(), self.hidden.inside.clone())
    }

    /// The containers that what it was seen in lies in, but for the outermost.
    fn outer(&self) -> Vec<(Told, Layer)> {
        let (secret, path) = self.told();
        let ends = path.match_indices(WITHIN).map(|(end, _)| path[..end].to_owned());
        let layers = self.hidden.layers.iter().skip(1);
        ends.zip(layers).map(|(outer, layer)| ((secret.clone(), outer), *layer)).collect()
    }

    /// It has to be come to through these, at `path` if that is said.
    fn hide(&mut self, layers: &[Layer], path: &str) {
        let mut all = layers.to_vec();
        all.extend_from_slice(&self.hidden.layers);
        let inside = if path.is_empty() { self.hidden.inside.clone() } else { path.to_owned() };
        self.hidden = Arc::new(Hidden { inside, layers: all });
    }
}
