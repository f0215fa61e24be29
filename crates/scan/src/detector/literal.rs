//! Finds secrets that are known already by their own bytes, whatever stands round them.

use super::matcher::Match;
use super::trace::{Kept, Outcome, Seen};
use super::{Detection, Trace, spelled};
use aho_corasick::{AhoCorasick, BuildError, Input, MatchKind};
use quietus_model::{Comments, Fingerprint, FingerprintKey, Offline, Rule, Secret};
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Fewer bytes than this are found everywhere by chance.
const LEAST: usize = 12;

/// So many bytes are enough of one kind of character.
const LONG: usize = 20;

/// Whether a secret can be told from other text by its bytes alone. A short or plain word is a
/// secret only because of the name it is assigned to, and may stand elsewhere as what it is.
pub(crate) fn is_distinct(secret: &Secret) -> bool {
    let length = secret.expose().len();
    length >= LONG || (length >= LEAST && !is_plain(secret))
}

/// Whether a secret might be any word: it is short, and of one kind of character.
pub(crate) fn is_plain(secret: &Secret) -> bool {
    let bytes = secret.expose();
    let has = |kind: fn(&u8) -> bool| usize::from(bytes.iter().any(kind));
    let kinds = has(u8::is_ascii_lowercase) + has(u8::is_ascii_uppercase) + has(u8::is_ascii_digit);
    bytes.len() < LONG && kinds < 2
}

/// Secrets to look for as they are.
pub(super) struct Literals {
    any: AhoCorasick,
    known: Vec<(Arc<Rule>, Secret)>,
}

impl fmt::Debug for Literals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Literals").field("known", &self.known.len()).finish_non_exhaustive()
    }
}

impl Literals {
    /// # Errors
    /// When they are too many or too long for a search.
    pub(super) fn new(known: Vec<(Arc<Rule>, Secret)>) -> Result<Self, BuildError> {
        let any = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(known.iter().map(|(_, secret)| secret.expose()))?;
        Ok(Self { any, known })
    }

    /// Which they are, in order.
    pub(super) fn fingerprints(&self, key: &FingerprintKey) -> Vec<Fingerprint> {
        let prints: BTreeSet<_> =
            self.known.iter().map(|(_, secret)| key.fingerprint(secret)).collect();
        prints.into_iter().collect()
    }

    /// The length of the longest in bytes.
    pub(super) fn longest(&self) -> usize {
        self.known.iter().map(|(_, secret)| secret.len()).max().unwrap_or(0)
    }

    /// The length of the shortest in bytes.
    pub(super) fn shortest(&self) -> usize {
        self.known.iter().map(|(_, secret)| secret.len()).min().unwrap_or(usize::MAX)
    }

    /// Adds to `trace` every place of `bytes` at which one of the secrets stands and the rules do
    /// not see it.
    pub(super) fn seek(&self, bytes: &[u8], trace: &mut Trace) {
        let seen: BTreeSet<(usize, usize)> =
            trace.detections().map(|(_, span)| (span.start, span.end)).collect();
        let mut at = 0;
        let before = trace.kept.len();
        while let Some(found) = self.any.find(Input::new(bytes).range(at..)) {
            let Some((rule, secret)) = self.alone_at(bytes, found.start()) else {
                at = found.start() + 1;
                continue;
            };
            let span = found.start()..found.start() + secret.len();
            at = span.end;
            if seen.contains(&(span.start, span.end)) {
                continue;
            }
            let mut seen = Seen::new(Match::of(span.clone()));
            seen.outcome = Outcome::Kept(Arc::new(detection(bytes, rule, secret, span)));
            trace.kept.push(Kept { number: trace.matches.len() as u32, others: Vec::new() });
            trace.matches.push(seen);
        }
        if trace.kept.len() > before {
            let start = |kept: &Kept| {
                let seen = &trace.matches[kept.number as usize];
                let Outcome::Kept(detection) = &seen.outcome else { return seen.one.span.start };
                detection.secret_span_at(seen.one.span.start).start
            };
            trace.kept.sort_by_key(start);
        }
    }
}

impl Literals {
    /// The longest secret that begins at `start` and is not merely a part of a longer word.
    fn alone_at(&self, bytes: &[u8], start: usize) -> Option<&(Arc<Rule>, Secret)> {
        let here = self.known.iter().filter(|(_, secret)| {
            bytes[start..].starts_with(secret.expose())
                && stands_alone(bytes, &(start..start + secret.len()))
        });
        here.max_by_key(|(_, secret)| secret.len())
    }
}

/// Whether the bytes at `span` are not merely a part of a longer word.
fn stands_alone(bytes: &[u8], span: &Range<usize>) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let goes_on = |inside: usize, outside: Option<usize>| {
        is_word(bytes.get(inside)) && is_word(outside.and_then(|at| bytes.get(at)))
    };
    !goes_on(span.start, span.start.checked_sub(1)) && !goes_on(span.end - 1, Some(span.end))
}

fn detection(bytes: &[u8], rule: &Arc<Rule>, secret: &Secret, span: Range<usize>) -> Detection {
    Detection {
        evidence: None,
        rule: Arc::clone(rule),
        said: spelled::said(bytes, &span),
        span: span.clone(),
        secret_span: span,
        secret: secret.clone(),
        parts: Vec::new(),
        missing: Vec::new(),
        offline: Offline::Plausible,
        expires: None,
        confidence: rule.confidence,
        decoded: Vec::new(),
        allowed_inline: Comments::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Detector, made_up};

    fn detector(secrets: &[&str]) -> Detector {
        let rules = made_up::set(&made_up::file(&[made_up::key("8,64")]));
        let rule = &rules.rules()[0];
        let known = secrets.iter().map(|secret| (Arc::clone(rule), Secret::from(*secret)));
        Detector::seeking(Arc::clone(&rules), known.collect()).unwrap()
    }

    fn starts(detector: &Detector, text: &str) -> Vec<usize> {
        detector.detect(text.as_bytes()).iter().map(|found| found.secret_span.start).collect()
    }

    #[test]
    fn bytes_are_found_in_any_context_and_never_inside_a_longer_word() {
        let detector = detector(&["Q7x-first-9", "-second-", "Q7x-first-9-and-more"]);
        assert_eq!(starts(&detector, "# Q7x-first-9, (Q7x-first-9)"), [2, 16]);
        assert_eq!(starts(&detector, "aQ7x-first-9 Q7x-first-99 Q7x-first-9_"), [0; 0]);
        assert_eq!(starts(&detector, "Q7x-first-9-and-more"), [0]);
        // The longer one is not it, the shorter one inside it is.
        assert_eq!(starts(&detector, "Q7x-first-9-and-more1"), [0]);
        // An edge that is no letter may stand beside one.
        assert_eq!(starts(&detector, "a-second-b"), [1]);
    }

    #[test]
    fn rules_see_what_they_see_and_nothing_is_told_twice() {
        let key = ["acme_", "92b0c7d1e4f5a6b7"].concat();
        let (seeking, plain) = (detector(&[&key, "Q7x-first-9"]), detector(&[]));
        let text = format!("Q7x-first-9 {key} Q7x-first-9 acme_7f3a9c1d");
        assert_eq!(starts(&seeking, &text), [0, 12, 34, 46]);
        assert_eq!(starts(&plain, &text), [12, 46]);
        assert_eq!(starts(&seeking, "Q7x-first-9"), [0], "without an anchor of any rule");
    }

    #[test]
    fn plain_words_are_not_told_apart_by_their_bytes() {
        for plain in ["swordfish", "Hunter2", "correcthorse", "administrator", "123456789012345"] {
            assert!(!is_distinct(&Secret::from(plain)), "{plain}");
        }
        for distinct in ["Q7xfirst9abc", "correct horse battery", "01234567890123456789"] {
            assert!(is_distinct(&Secret::from(distinct)), "{distinct}");
        }
    }
}
