//! The secrets of one scan, each once, and where in a byte string each was seen.

use crate::detector::{Detection, Detector, Evidence, is_plain};
use crate::reading::{Hidden, Place};
use jiff::Timestamp;
use quietus_model::{
    Comments, Companion, Confidence, Fact, Fingerprint, FingerprintKey, Offline, Rule, RuleId,
    SafeText, Secret,
};
use quietus_odb::ObjectId;
use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

/// How many parts that stood beside a secret elsewhere are kept for each rule.
const MOST_OTHERS: usize = 8;

/// How many names of spellings of one secret are kept.
const MOST_ALIASES: usize = 64;

/// A secret of this scan by number; numbers depend on the order of threads and go nowhere.
pub(crate) type SecretNumber = u32;

/// One occurrence of a secret in one byte string.
#[derive(Clone, Debug)]
pub(crate) struct Sighting {
    pub(crate) secret: SecretNumber,
    /// Which occurrence of this secret in this byte string, from 0.
    pub(crate) ordinal: u32,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) end_line: u32,
    pub(crate) end_column: u32,
    pub(crate) offset: u64,
    /// Tells whether the line changed between two versions.
    pub(crate) line_hash: u64,
    pub(crate) allowed_inline: Comments,
    /// How it is hidden, unless it stands there as it is.
    pub(crate) hidden: Option<Arc<Hidden>>,
}

/// What is known of one secret.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) fingerprint: Fingerprint,
    /// The names of its spellings, where it is named by what these have in common and they say the
    /// same everywhere.
    pub(crate) aliases: BTreeSet<Fingerprint>,
    pub(crate) rule: Arc<Rule>,
    pub(crate) secret: Secret,
    pub(crate) parts: Vec<Companion>,
    pub(crate) missing: Vec<String>,
    pub(crate) offline: Offline,
    pub(crate) confidence: Confidence,
    pub(crate) evidence: Option<Evidence>,
    pub(crate) decoded: Vec<Fact>,
    /// Every rule that took it for theirs, at any of its places.
    pub(crate) rules: BTreeSet<RuleId>,
    /// Parts that stood beside it elsewhere, by the rule that took them for its parts.
    others: Vec<(RuleId, Companion)>,
}

/// Detects, and keeps every secret once. Shared by the threads of a scan; hits are rare, so that
/// nobody waits for the lock.
pub(crate) struct Vault<'a> {
    detector: &'a Detector,
    key: &'a FingerprintKey,
    now: Timestamp,
    /// Makes hashes of lines worthless to who has not got the key.
    salt: [u8; 32],
    known: Mutex<Book>,
}

/// Every secret so far.
#[derive(Default)]
struct Book {
    numbers: HashMap<Fingerprint, SecretNumber>,
    all: Vec<Known>,
    /// For each secret the objects that made a difference to what is known of it: who reads just
    /// these again knows the same.
    witnesses: Vec<Vec<ObjectId>>,
    /// Whether something else than an object made a difference.
    is_unwitnessed: bool,
}

impl<'a> Vault<'a> {
    pub(crate) fn new(detector: &'a Detector, key: &'a FingerprintKey, now: Timestamp) -> Self {
        let salt = key.for_purpose("quietus hashes of lines").authenticate(b"");
        Self { detector, key, now, salt, known: Mutex::default() }
    }

    pub(crate) fn key(&self) -> &FingerprintKey {
        self.key
    }

    /// The time that things are judged by.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn detector(&self) -> &Detector {
        self.detector
    }

    /// One occurrence of a secret as it is told.
    pub(crate) fn sighting(
        &self,
        secret: SecretNumber,
        ordinal: u32,
        place: Place,
        hidden: Option<Arc<Hidden>>,
        allowed_inline: Comments,
    ) -> Sighting {
        let mut hasher = DefaultHasher::new();
        (&self.salt, place.line_hash).hash(&mut hasher);
        Sighting {
            secret,
            ordinal,
            line: place.line,
            column: place.column,
            end_line: place.end_line,
            end_column: place.end_column,
            offset: place.offset,
            line_hash: hasher.finish(),
            allowed_inline,
            hidden,
        }
    }

    /// The secrets by number, when all threads are done.
    pub(crate) fn into_known(self) -> Vec<Known> {
        let mut all = self.known.into_inner().unwrap_or_else(PoisonError::into_inner).all;
        all.iter_mut().for_each(Known::settle);
        all
    }

    /// The number of a detection's secret, which `others` claimed as well, and which was seen in an
    /// object if it was in one.
    pub(crate) fn keep(
        &self,
        detection: &Detection,
        others: &[RuleId],
        object: Option<ObjectId>,
    ) -> SecretNumber {
        let facts = detection.decoded.iter().cloned();
        let of_rule = |part: &Companion| (detection.rule.id.clone(), part.clone());
        let known = Known {
            fingerprint: self.key.fingerprint(detection.canonical()),
            aliases: detection
                .said
                .iter()
                .filter(|said| said.anywhere)
                .map(|_| self.key.fingerprint(&detection.secret))
                .collect(),
            offline: detection.offline_at(self.now),
            rule: Arc::clone(&detection.rule),
            secret: detection.secret.clone(),
            parts: detection.parts.clone(),
            missing: detection.missing.clone(),
            confidence: detection.confidence,
            evidence: detection.evidence,
            decoded: facts.map(|fact| self.masked(fact)).collect(),
            rules: others.iter().chain([&detection.rule.id]).cloned().collect(),
            // Its own as well: how often a detection was seen must make no difference.
            others: detection.parts.iter().map(of_rule).collect(),
        };
        let mut guard = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let book = &mut *guard;
        let next = book.all.len() as u32;
        let number = *book.numbers.entry(known.fingerprint).or_insert(next);
        let is_news = match book.all.get_mut(number as usize) {
            Some(other) => other.join(known),
            None => {
                book.all.push(known);
                book.witnesses.push(Vec::new());
                true
            }
        };
        match object {
            Some(object) if is_news => {
                let witnesses = &mut book.witnesses[number as usize];
                if !witnesses.contains(&object) {
                    witnesses.push(object);
                }
            }
            _ => book.is_unwitnessed |= is_news,
        }
        number
    }

    /// Each secret by its number, and the objects that all that is known of it can be had from
    /// again; `None` when objects are not enough.
    pub(crate) fn witnesses(&self) -> Option<Vec<(Fingerprint, Vec<ObjectId>)>> {
        let guard = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let each = guard.all.iter().zip(&guard.witnesses);
        let each = each.map(|(known, witnesses)| (known.fingerprint, witnesses.clone()));
        (!guard.is_unwitnessed).then(|| each.collect())
    }

    /// The number of a secret.
    pub(crate) fn number(&self, fingerprint: &Fingerprint) -> Option<SecretNumber> {
        let guard = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        guard.numbers.get(fingerprint).copied()
    }

    /// Every secret and every part of one, each once. Plain words are left out: that one is a password
    /// somewhere says nothing of where else it stands.
    pub(crate) fn distinct(&self) -> Vec<Secret> {
        let guard = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = |known: &'_ Known| -> Vec<Secret> {
            let others = known.others.iter().map(|(_, part)| &part.secret);
            known.parts.iter().map(|part| &part.secret).chain(others).cloned().collect()
        };
        let all = guard
            .all
            .iter()
            .flat_map(|known| std::iter::once(known.secret.clone()).chain(parts(known)));
        let mut all: Vec<Secret> = all.filter(|secret| !is_plain(secret)).collect();
        all.sort_unstable_by(|a, b| a.expose().cmp(b.expose()));
        all.dedup();
        all
    }

    /// A fact may hold another secret than the one it was read from.
    fn masked(&self, fact: Fact) -> Fact {
        let inside = self.detector.detect(fact.value.as_str().as_bytes());
        if inside.is_empty() {
            return fact;
        }
        let secrets = inside.iter().map(|detection| &detection.secret);
        Fact { value: SafeText::scrubbed(fact.value.as_str().as_bytes(), secrets), ..fact }
    }

    /// How a secret is named to people.
    pub(crate) fn fingerprint(&self, number: SecretNumber) -> Option<Fingerprint> {
        let guard = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        guard.all.get(number as usize).map(|known| known.fingerprint)
    }
}

impl Known {
    /// The same secret was seen once more. The better detection stays; the parts of both do, for
    /// if they differ nobody can tell which belongs to it. Whether anything is known now that was
    /// not.
    fn join(&mut self, mut again: Self) -> bool {
        let is_better = again.rank() < self.rank();
        let is_told = again.rules.is_subset(&self.rules);
        again.rules.extend(self.rules.iter().cloned());
        self.rules.clone_from(&again.rules);
        let aliases = self.aliases.len();
        let last = self.aliases.last().copied();
        again.aliases.extend(self.aliases.iter().copied());
        // The least ones, so that it does not matter which came first.
        while again.aliases.len() > MOST_ALIASES {
            again.aliases.pop_last();
        }
        self.aliases.clone_from(&again.aliases);
        let is_spelled_anew = self.aliases.len() != aliases || self.aliases.last().copied() != last;
        let is_news = is_better || !is_told || is_spelled_anew;
        let old = self.others.clone();
        if is_better {
            std::mem::swap(self, &mut again);
        }
        let before = self.others.len();
        for one in again.others {
            if !self.others.iter().any(|other| other_order(other) == other_order(&one)) {
                self.others.push(one);
            }
        }
        if self.others.len() == before {
            return is_news;
        }
        self.others.sort_by(|a, b| other_order(a).cmp(&other_order(b)));
        // The least ones, so that it does not matter which came first.
        let mut rule: Option<RuleId> = None;
        let mut kept = 0;
        self.others.retain(|(of, _)| {
            kept = if rule.as_ref() == Some(of) { kept + 1 } else { 1 };
            rule = Some(of.clone());
            kept <= MOST_OTHERS
        });
        let same = |(a, b)| other_order(a) == other_order(b);
        is_news || self.others.len() != old.len() || !self.others.iter().zip(&old).all(same)
    }

    /// All parts, those of the best detection first.
    fn settle(&mut self) {
        for (rule, part) in std::mem::take(&mut self.others) {
            let holds = |old: &Companion| old.name == part.name && old.secret == part.secret;
            if rule == self.rule.id && !self.parts.iter().any(holds) {
                self.parts.push(part);
            }
        }
    }

    /// Less is better. Total over everything that is kept, so that which of two detections stays
    /// does not hang on which thread was first.
    fn rank(&self) -> impl Ord + '_ {
        let parts: Vec<_> =
            self.parts.iter().map(|part| (part.name.as_str(), part.secret.expose())).collect();
        (
            std::cmp::Reverse((self.rule.precedence, self.confidence, self.evidence)),
            self.missing.len(),
            &self.rule.id,
            self.offline,
            parts,
            // Of several spellings the same one stays, whichever was seen first.
            self.secret.expose(),
        )
    }
}

fn other_order((rule, part): &(RuleId, Companion)) -> impl Ord + '_ {
    (rule, &part.name, part.secret.expose())
}
