//! Checks a bundle: seals, order, identity, and whether the item was rightly closed.

use super::Bundle;
use jiff::Timestamp;
use quietus_model::{Digest, SurveyId, plural};
use quietus_poam::{
    ClosureBasis, Event, PoamItem, Policy, Proof, Recorded, ScanRecord, SealedEntry,
};
use std::collections::{BTreeMap, BTreeSet};

/// What was checked, and what came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// In a word.
    pub what: &'static str,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a check.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It is as it should be.
    Holds(String),
    /// It is not.
    Fails(String),
    /// Nobody can tell from the bundle alone.
    Unknown(String),
}

use Outcome::{Fails, Holds, Unknown};

impl Bundle {
    /// Everything that can be computed again. `policy` is asked where the bundle's own is not the
    /// one that closed the item.
    pub fn check(&self, policy: Option<&Policy>) -> Vec<Check> {
        let check = |what, outcome| Check { what, outcome };
        let mut checks = vec![
            check("seals", self.seals()),
            check("order", self.order()),
            check("head", self.head_agrees()),
        ];
        let history: Result<Vec<Recorded>, _> =
            self.entries.iter().map(|entry| serde_json::from_str(&entry.body)).collect();
        let item = match history.map(|history| PoamItem::fold(&history)) {
            Ok(Ok(item)) => item,
            Ok(Err(error)) => {
                checks.push(check("identity", Fails(format!("its events are no item: {error}"))));
                return checks;
            }
            Err(error) => {
                checks.push(check("identity", Fails(format!("an event cannot be read: {error}"))));
                return checks;
            }
        };
        checks.push(check("identity", self.identity(&item)));
        if !item.attachments.is_empty() || !self.files.is_empty() {
            checks.push(check("files", self.files_agree(&item)));
        }
        checks.push(check("closure", closed(&item)));
        if let Some(at) = closing(&item) {
            checks.push(check("milestones", milestones(&item, at)));
            checks.push(check("proof", self.proof(&item, at, policy)));
            checks.push(check("scans", self.scans_agree(&item)));
        }
        checks
    }

    fn seals(&self) -> Outcome {
        let all = || self.entries.iter().chain(&self.scans);
        match all().find(|entry| !entry.is_intact()) {
            Some(entry) => Fails(format!("entry {} was changed after it was written", entry.seq)),
            None => {
                Holds(format!("as they were written: {}", plural(all().count() as u64, "entry")))
            }
        }
    }

    fn order(&self) -> Outcome {
        let stream = format!("item:{}", self.fingerprint);
        for (entry, version) in self.entries.iter().zip(1_u64..) {
            if entry.stream != stream {
                return Fails(format!("entry {} belongs to {}", entry.seq, entry.stream));
            }
            if entry.version != version {
                return Fails(format!("event {version} is missing before entry {}", entry.seq));
            }
        }
        let broken = self.entries.windows(2).find(|pair| !follows(&pair[0], &pair[1]));
        match broken {
            Some(pair) => {
                Fails(format!("entry {} does not follow entry {}", pair[1].seq, pair[0].seq))
            }
            None if self.entries.is_empty() => Fails("it holds no event".to_owned()),
            None => Holds(format!("events 1 to {}, none left out", self.entries.len())),
        }
    }

    fn head_agrees(&self) -> Outcome {
        let (Some((sequence, hash)), Some(last)) = (&self.head, self.entries.last()) else {
            return Unknown("the bundle names no head of a ledger".to_owned());
        };
        if last.seq > *sequence {
            return Fails(format!("entry {} comes after the head {sequence}", last.seq));
        }
        if last.seq == *sequence && last.hash != *hash {
            return Fails(format!("entry {sequence} is the head, which has another hash"));
        }
        Holds(format!(
            "all entries come before head {sequence} ({hash}); compare it with one kept elsewhere"
        ))
    }

    fn identity(&self, item: &PoamItem) -> Outcome {
        let found = item.fingerprint().to_string();
        if found == self.fingerprint {
            Holds(format!(
                "{}: {} ({})",
                self.item, item.detection.kind.name, item.detection.redacted
            ))
        } else {
            Fails(format!("its events are those of {found}"))
        }
    }

    /// Judges the closure anew, with what was known before it.
    fn proof(&self, item: &PoamItem, at: usize, given: Option<&Policy>) -> Outcome {
        let closing = &item.history[at];
        let own = self.policy.as_ref().and_then(|one| Policy::parse(&one.name, &one.text).ok());
        let policy = own.iter().chain(given).find(|policy| *policy.digest() == closing.policy);
        let Some(policy) = policy else {
            return Unknown(format!(
                "it closed under the policy of SHA-256 {}, which is not in the bundle; give it with \
                 --policy",
                closing.policy
            ));
        };
        let Ok(before) = PoamItem::fold(&item.history[..at]) else {
            return Fails("what came before the closure is no item".to_owned());
        };
        let basis = match &closing.event {
            Event::Closed { basis, .. } => *basis,
            _ => return Fails("the closing event is none".to_owned()),
        };
        match (basis, before.proof(policy, closing.at)) {
            (ClosureBasis::Verified, Proof::Dead { since, evidence, .. }) => {
                Holds(format!("dead since {since}: {}", evidence.join("; ")))
            }
            (ClosureBasis::Verified, Proof::NotYet(missing)) => {
                let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
                Fails(format!("it was not proven dead: {}", missing.join("; ")))
            }
            (ClosureBasis::Attested, _) => attested(&before, policy, closing.at),
        }
    }

    /// Whether each file is one that an event attached, to the byte.
    fn files_agree(&self, item: &PoamItem) -> Outcome {
        let mut here = BTreeSet::new();
        for file in &self.files {
            let Some(bytes) = file.bytes() else {
                return Fails(format!("{} cannot be read", file.name));
            };
            let digest = Digest::of(&bytes);
            if item.attachment(&digest).is_none() {
                return Fails(format!("no event attached the bytes that {} has now", file.name));
            }
            here.insert(digest);
        }
        let attached = || item.attachments.iter().map(|known| &known.attachment);
        let elsewhere: BTreeSet<String> = attached()
            .filter(|file| !here.contains(&file.digest))
            .map(|file| format!("{} (SHA-256 {})", file.name, file.digest))
            .collect();
        match elsewhere.is_empty() {
            true => Holds(format!("as they were attached: {}", plural(here.len() as u64, "file"))),
            false => Unknown(format!(
                "as they were attached: {}; compare with your own copies: {}",
                plural(here.len() as u64, "file"),
                elsewhere.into_iter().collect::<Vec<_>>().join(", ")
            )),
        }
    }

    /// Whether every survey that showed it gone is here, complete.
    fn scans_agree(&self, item: &PoamItem) -> Outcome {
        let mut complete: BTreeMap<SurveyId, Timestamp> = BTreeMap::new();
        for entry in &self.scans {
            match serde_json::from_str::<ScanRecord>(&entry.body) {
                Ok(scan) if scan.is_complete() => drop(complete.insert(scan.survey, scan.taken_at)),
                Ok(scan) => return Fails(format!("the scan {} was not complete", scan.survey)),
                Err(error) => return Fails(format!("scan {} cannot be read: {error}", entry.seq)),
            }
        }
        let needed = item.presence.clearing_surveys();
        let missing: Vec<String> = needed
            .iter()
            .filter(|id| !complete.contains_key(id))
            .map(ToString::to_string)
            .collect();
        match (missing.is_empty(), needed.is_empty()) {
            (false, _) => Fails(format!("no record of: {}", missing.join(", "))),
            (true, true) => Unknown("no scan had to show that it is gone".to_owned()),
            (true, false) => Holds(format!("{} complete scans showed it gone", needed.len())),
        }
    }
}

/// Whether `next` may come after `entry` in one ledger; neighbours must be sealed to each other.
fn follows(entry: &SealedEntry, next: &SealedEntry) -> bool {
    next.seq > entry.seq && (next.seq != entry.seq + 1 || next.prev == entry.hash)
}

fn closed(item: &PoamItem) -> Outcome {
    match &item.closure {
        Some(closure) => Holds(format!("closed {} ({})", closure.at, closure.basis.as_str())),
        None => Fails(format!("the item is {}", item.phase())),
    }
}

/// Which event closed it, when it is closed.
fn closing(item: &PoamItem) -> Option<usize> {
    item.closure.as_ref()?;
    item.history.iter().rposition(|recorded| matches!(recorded.event, Event::Closed { .. }))
}

fn milestones(item: &PoamItem, at: usize) -> Outcome {
    let Ok(before) = PoamItem::fold(&item.history[..at]) else {
        return Fails("what came before the closure is no item".to_owned());
    };
    let open = before.round.milestones.iter().filter(|milestone| !milestone.is_done());
    let open: Vec<&str> = open.map(|milestone| milestone.kind.as_str()).collect();
    match open.is_empty() {
        true => Holds("all four were verified or waived before it closed".to_owned()),
        false => Fails(format!("not done when it closed: {}", open.join(", "))),
    }
}

fn attested(item: &PoamItem, policy: &Policy, at: Timestamp) -> Outcome {
    let valid = item.attestations.iter().filter(|word| word.expires.is_none_or(|until| until > at));
    let people: BTreeSet<&str> = valid.map(|word| word.by.as_str()).collect();
    let need = policy.proof.attestors;
    let names = people.iter().copied().collect::<Vec<_>>().join(", ");
    match people.len() >= need {
        true => Holds(format!("{} of {need} people gave their word: {names}", people.len())),
        false => Fails(format!("only {} of {need} people gave their word", people.len())),
    }
}
