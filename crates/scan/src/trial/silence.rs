//! Questions to a rule about what stands in a secret's place, and about published examples.

use super::Subject;
use super::find::{is_told, shown};
use super::sample::{plain, with_placeholders};
use crate::Detector;
use data_encoding::HEXLOWER;
use quietus_model::{Offline, Rule, RuleSet};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// A placeholder where the secret would stand is no secret.
pub(super) fn placeholder(subject: &Subject) -> Vec<String> {
    let mut wrong = Vec::new();
    for sample in with_placeholders(&subject.rule) {
        let told = subject.alone.detect(&sample.text);
        let speaks = told.iter().filter(|found| is_told(found)).any(|found| {
            let span = &found.secret_span;
            span.start < sample.secret.end && sample.secret.start < span.end
        });
        if speaks {
            wrong.push(format!("the placeholder {} is found: {}", sample.what, shown(&sample)));
        }
    }
    wrong
}

/// A credential whose SHA-256 is among the rule's dummies is called one: what the pattern takes is
/// what people would publish.
pub(super) fn dummy(subject: &Subject) -> Vec<String> {
    let samples = plain(&subject.rule);
    let digests =
        samples.iter().map(|(_, sample)| HEXLOWER.encode(&Sha256::digest(sample.secret())));
    let rule = Rule { dummies: digests.collect(), ..Rule::clone(&subject.rule) };
    let detector = match Detector::new(Arc::new(RuleSet::new(vec![Arc::new(rule)]))) {
        Ok(detector) => detector,
        Err(problems) => return problems.iter().map(ToString::to_string).collect(),
    };
    let is_dummy = |text: &[u8]| {
        detector.detect(text).iter().any(|found| matches!(found.offline, Offline::Dummy))
    };
    let missed = samples.iter().filter(|(_, sample)| !is_dummy(&sample.text));
    missed.map(|(_, sample)| format!("a dummy is not known as one: {}", shown(sample))).collect()
}
