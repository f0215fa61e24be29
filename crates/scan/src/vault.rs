//! The secrets of one scan, each once, and where in a byte string each was seen.

use crate::detector::{Detection, Detector};
use jiff::Timestamp;
use quietus_model::{
    Companion, Confidence, Fact, Fingerprint, FingerprintKey, Offline, Rule, RuleId, SafeText,
    Secret,
};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

/// How much of a long line counts when two versions of it are compared.
const LINE_LIMIT: usize = 4096;

/// How many parts that stood beside a secret elsewhere are kept for each rule.
const MOST_OTHERS: usize = 8;

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
    pub(crate) allowed_inline: bool,
}

/// What is known of one secret.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) rule: Arc<Rule>,
    pub(crate) secret: Secret,
    pub(crate) parts: Vec<Companion>,
    pub(crate) missing: Vec<String>,
    pub(crate) offline: Offline,
    pub(crate) confidence: Confidence,
    pub(crate) decoded: Vec<Fact>,
    /// Parts that stood beside it elsewhere, by the rule that took them for its parts.
    others: Vec<(RuleId, Companion)>,
}

/// Detects, and keeps every secret once. Shared by the threads of a scan; hits are rare, so that
/// nobody waits for the lock.
pub(crate) struct Vault<'a> {
    detector: &'a Detector,
    key: &'a FingerprintKey,
    now: Timestamp,
    known: Mutex<(HashMap<Fingerprint, SecretNumber>, Vec<Known>)>,
}

impl<'a> Vault<'a> {
    pub(crate) fn new(detector: &'a Detector, key: &'a FingerprintKey, now: Timestamp) -> Self {
        Self { detector, key, now, known: Mutex::default() }
    }

    /// Every secret in `bytes`, in the order of their places.
    pub(crate) fn sight(&self, bytes: &[u8]) -> Vec<Sighting> {
        let detections = self.detector.detect(bytes);
        let mut lines = Lines::new(bytes);
        let mut seen: HashMap<SecretNumber, u32> = HashMap::new();
        detections
            .into_iter()
            .map(|detection| {
                let span = detection.secret_span.clone();
                let (line, column) = lines.at(span.start);
                let (end_line, end_column) = lines.after(span.end);
                let line_hash = line_hash(bytes, span.start);
                let allowed_inline = detection.allowed_inline;
                let secret = self.keep(detection);
                let next = seen.entry(secret).or_default();
                let ordinal = *next;
                *next += 1;
                let offset = span.start as u64;
                Sighting {
                    secret,
                    ordinal,
                    line,
                    column,
                    end_line,
                    end_column,
                    offset,
                    line_hash,
                    allowed_inline,
                }
            })
            .collect()
    }

    /// The secrets by number, when all threads are done.
    pub(crate) fn into_known(self) -> Vec<Known> {
        let mut all = self.known.into_inner().unwrap_or_else(PoisonError::into_inner).1;
        all.iter_mut().for_each(Known::settle);
        all
    }

    fn keep(&self, detection: Detection) -> SecretNumber {
        let known = Known {
            fingerprint: self.key.fingerprint(&detection.secret),
            offline: detection.offline_at(self.now),
            rule: detection.rule,
            secret: detection.secret,
            parts: detection.parts,
            missing: detection.missing,
            confidence: detection.confidence,
            decoded: detection.decoded.into_iter().map(|fact| self.masked(fact)).collect(),
            others: Vec::new(),
        };
        let mut guard = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (numbers, all) = &mut *guard;
        let number = *numbers.entry(known.fingerprint).or_insert_with(|| all.len() as u32);
        match all.get_mut(number as usize) {
            Some(other) => other.join(known),
            None => all.push(known),
        }
        number
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
        guard.1.get(number as usize).map(|known| known.fingerprint)
    }
}

impl Known {
    /// The same secret was seen once more. The better detection stays; the parts of both do, for
    /// if they differ nobody can tell which belongs to it.
    fn join(&mut self, mut again: Self) {
        if again.rank() < self.rank() {
            std::mem::swap(self, &mut again);
        }
        let Self { rule, parts, others, .. } = again;
        let parts = parts.into_iter().map(|part| (rule.id.clone(), part));
        let before = self.others.len();
        for one in others.into_iter().chain(parts) {
            if !self.others.iter().any(|other| other_order(other) == other_order(&one)) {
                self.others.push(one);
            }
        }
        if self.others.len() == before {
            return;
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
            std::cmp::Reverse((self.rule.precedence, self.confidence)),
            self.missing.len(),
            &self.rule.id,
            self.offline,
            parts,
        )
    }
}

fn other_order((rule, part): &(RuleId, Companion)) -> impl Ord + '_ {
    (rule, &part.name, part.secret.expose())
}

/// Line and column of ascending offsets, counting every newline once.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
    line_start: usize,
}

impl<'a> Lines<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, line: 1, line_start: 0 }
    }

    fn at(&mut self, offset: usize) -> (u32, u32) {
        if offset >= self.at {
            (self.line, self.line_start) = self.count(offset);
            self.at = offset;
        }
        (self.line, column(offset, self.line_start))
    }

    /// Where `end` is, without moving on: the next secret may start before it.
    fn after(&self, end: usize) -> (u32, u32) {
        let (line, line_start) = self.count(end);
        (line, column(end, line_start))
    }

    fn count(&self, offset: usize) -> (u32, usize) {
        let passed = &self.bytes[self.at..offset];
        let newlines = passed.iter().filter(|byte| **byte == b'\n').count();
        let start = passed.iter().rposition(|byte| *byte == b'\n');
        (self.line + newlines as u32, start.map_or(self.line_start, |at| self.at + at + 1))
    }
}

fn column(offset: usize, line_start: usize) -> u32 {
    u32::try_from(offset - line_start + 1).unwrap_or(u32::MAX)
}

fn line_hash(bytes: &[u8], at: usize) -> u64 {
    let before = &bytes[at.saturating_sub(LINE_LIMIT)..at];
    let after = &bytes[at..at.saturating_add(LINE_LIMIT).min(bytes.len())];
    let from = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let to = after.iter().position(|byte| *byte == b'\n').unwrap_or(after.len());
    let mut hasher = DefaultHasher::new();
    (&before[from..], &after[..to]).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let mut lines = Lines::new(b"ab\ncd\n\nef");
        assert_eq!(lines.at(0), (1, 1));
        assert_eq!(lines.at(1), (1, 2));
        assert_eq!(lines.after(4), (2, 2));
        assert_eq!(lines.at(3), (2, 1));
        assert_eq!(lines.at(7), (4, 1));
        assert_eq!(lines.after(9), (4, 3));
    }
}
