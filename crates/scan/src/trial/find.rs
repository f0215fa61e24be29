//! Questions to a rule about what it finds and what it leaves alone.

use super::Subject;
use super::sample::{
    Sample, fingerprint, in_contexts, mutants as spoilt_credentials, plain, positives,
    without_parts,
};
use crate::detector::{Evidence, parse};
use crate::{Detection, Detector};
use quietus_model::shape::{Mutation, Part, alphabet};
use quietus_model::{Offline, Rule};
use regex_syntax::hir::Look;
use std::collections::BTreeSet;
use std::ops::Range;

/// What may stand right after a credential, with nothing of it lost.
const AFTER: &[&str] = &["\"", "'", "\n", "\r\n", " ", ".\n", ",", ";", ")", "<", "]"];

/// What may stand right before one.
const BEFORE: &[&str] = &["\"", "'", "\n", " ", "\t", "=", ":", "(", ">", "[", ","];

/// Among all shipped rules, this one finds exactly the credential that was built.
pub(super) fn positive(subject: &Subject) -> Vec<String> {
    let samples = positives(&subject.rule);
    if samples.is_empty() {
        return vec!["it has no positive text with {secret}, or no shape to build one from".into()];
    }
    let lead = if stands_first(&subject.rule) { "" } else { "The first line.\n\n" };
    let contexts = in_contexts(&subject.rule, lead);
    let wrong = samples.iter().chain(&contexts).filter_map(|sample| {
        exactly_found(&subject.rule, &subject.all, sample)
            .map(|how| format!("{}: {how}: {}", sample.what, shown(sample)))
    });
    wrong.collect()
}

/// Whether the rule may know a credential by its standing first in a file.
fn stands_first(rule: &Rule) -> bool {
    let pattern = parse(&rule.pattern);
    pattern.is_ok_and(|hir| hir.properties().look_set_prefix_any().contains(Look::Start))
}

fn exactly_found(rule: &Rule, detector: &Detector, sample: &Sample) -> Option<String> {
    let all = detector.detect(&sample.text);
    let mine: Vec<&Detection> = all.iter().filter(|found| found.rule.id == rule.id).collect();
    let [found] = mine[..] else {
        let others: BTreeSet<&str> = all.iter().map(|found| found.rule.id.as_str()).collect();
        return Some(format!("found {} times; other rules here: {others:?}", mine.len()));
    };
    if fingerprint(found.secret.expose()) != fingerprint(sample.secret()) {
        return Some(format!("another span: {:?}, not {:?}", found.secret_span, sample.secret));
    }
    if found.secret_span != sample.secret {
        return Some(format!("the right bytes at {:?}", found.secret_span));
    }
    if matches!(found.offline, Offline::ChecksumFailed | Offline::Dummy | Offline::Canary) {
        return Some(format!("it is called {:?}", found.offline));
    }
    // A text may well leave out what a credential is known without.
    let is_due = |name: &&String| {
        sample.named.contains(name)
            || rule.companions.iter().any(|c| c.required && c.name == **name)
    };
    let missing: Vec<&String> = found.missing.iter().filter(is_due).collect();
    if !missing.is_empty() {
        return Some(format!("parts not found: {missing:?}"));
    }
    None
}

/// Without one of its parts, the credential says that this part is missing. It may be that nothing
/// is found then: some are known by the other part alone.
pub(super) fn lone(subject: &Subject) -> Vec<String> {
    let mut wrong = Vec::new();
    for (part, text) in without_parts(&subject.rule) {
        let found = subject.alone.detect(&text);
        let told = found.iter().any(|found| found.missing.contains(&part));
        if !found.is_empty() && !told {
            let text = String::from_utf8_lossy(&text);
            wrong.push(format!("without its {part}, the finding does not say so: {text}"));
        }
    }
    wrong
}

/// A spoilt credential is not found, whole or in part; and what the rule says it tolerates, it
/// does tolerate.
pub(super) fn mutants(subject: &Subject) -> Vec<String> {
    let tolerates = &subject.rule.tests.tolerates;
    let mut wrong = Vec::new();
    let mut tolerated = BTreeSet::new();
    for mutant in spoilt_credentials(&subject.rule) {
        let found = touched(&subject.alone, &mutant.sample.text, &mutant.spoilt);
        if found && tolerates.contains_key(&mutant.mutation) {
            tolerated.insert(mutant.mutation);
        } else if found {
            wrong.push(format!("{} is found: {}", mutant.sample.what, shown(&mutant.sample)));
        }
    }
    for (mutation, reason) in tolerates {
        if reason.trim().is_empty() {
            wrong.push(format!("tests.tolerates gives no reason for {mutation:?}"));
        }
        if !tolerated.contains(mutation) {
            wrong
                .push(format!("tests.tolerates names {mutation:?}, which is never found: drop it"));
        }
    }
    wrong
}

/// A credential is found whatever ends it, and not as a piece of something longer.
pub(super) fn boundaries(subject: &Subject) -> Vec<String> {
    let tolerates = &subject.rule.tests.tolerates;
    let mut wrong = Vec::new();
    for (template, sample) in plain(&subject.rule) {
        let Range { start, end } = sample.secret;
        let (before, after) = (&sample.text[..start], &sample.text[end..]);
        let secret = sample.secret();
        let mut check = |what: String, text: Vec<u8>, expected: bool| {
            let found = subject.alone.detect(&text);
            let whole = found.iter().any(|found| found.secret.expose() == secret);
            if whole != expected {
                wrong.push(format!("{what}: found is {whole}: {}", String::from_utf8_lossy(&text)));
            }
        };
        // Without an alphabet of its own, a secret ends where the text around it says so.
        let ends_by_itself = !tolerates.contains_key(&Mutation::Alphabet);
        for follower in AFTER.iter().filter(|_| ends_by_itself) {
            let text = [before, secret, follower.as_bytes(), after].concat();
            if !is_own(&subject.rule, follower) {
                check(format!("followed by {follower:?}"), text, true);
            }
        }
        if ends_by_itself && !tail_is_needed(template) {
            check("at the end".into(), [before, secret].concat(), true);
        }
        if template == "{secret}" {
            for leader in BEFORE {
                check(format!("after {leader:?}"), [leader.as_bytes(), secret].concat(), true);
            }
            check("after a letter".into(), [b"x", secret].concat(), false);
        }
        if !tolerates.contains_key(&Mutation::Shorter) {
            let (head, tail) = secret.split_at(secret.len() / 2);
            let text = [before, head, b"\n", tail, after].concat();
            let span = start..start + secret.len() + 1;
            if touched(&subject.alone, &text, &span) && !secret.contains(&b'\n') {
                wrong.push("split over two lines, a piece is found".into());
            }
        }
    }
    wrong
}

/// No negative text makes the rule speak.
pub(super) fn negative(subject: &Subject) -> Vec<String> {
    let texts = subject.rule.tests.negative.iter();
    let wrong = texts.filter(|text| subject.alone.detect(text.as_bytes()).iter().any(is_told));
    wrong.map(|text| format!("found in: {text}")).collect()
}

/// Whether more speaks for a detection than that everybody knows its password.
pub(super) fn is_told(found: &Detection) -> bool {
    !found.evidence.is_some_and(Evidence::is_weak)
}

/// Whether anything is found whose secret or whose whole match touches `span`.
pub(super) fn touched(detector: &Detector, text: &[u8], span: &Range<usize>) -> bool {
    let overlap = |other: &Range<usize>| other.start < span.end && span.start < other.end;
    detector.detect(text).iter().any(|found| {
        overlap(&found.secret_span) || {
            // The context of a match may reach over; a public id is a match of its own.
            found.secret_span != found.span && is_id(&found.rule) && overlap(&found.span)
        }
    })
}

fn is_id(rule: &Rule) -> bool {
    rule.companions.iter().any(|companion| companion.name == "secret")
}

/// Whether `text` starts with a character that could belong to the credential.
fn is_own(rule: &Rule, text: &str) -> bool {
    let shape = match rule.companions.iter().find(|companion| companion.name == "secret") {
        Some(companion) => companion.shape.as_ref(),
        None => rule.shape.as_ref(),
    };
    let first = text.as_bytes().first();
    shape.and_then(|shape| shape.parts.last()).is_some_and(|part| match part {
        Part::Chars { chars, .. } => first.is_some_and(|first| alphabet(chars).contains(first)),
        _ => false,
    })
}

/// Whether another part of the credential stands after the secret.
fn tail_is_needed(template: &str) -> bool {
    template.split("{secret}").nth(1).is_some_and(|tail| tail.contains('{'))
}

pub(super) fn shown(sample: &Sample) -> String {
    String::from_utf8_lossy(&sample.text).chars().take(300).collect()
}
