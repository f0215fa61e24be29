//! The ways to write a secret down that no format gives away: a value that was generated is found in
//! each, and what stands in its place until there is one is left alone.

use crate::{Subject, none};
use data_encoding::{BASE32_NOPAD, BASE64, HEXLOWER};
use libtest_mimic::Trial;
use quietus_model::Confidence;
use quietus_model::shape::{Stream, alphabet};
use quietus_scan::Detector;
use std::ops::Range;
use std::sync::Arc;

/// One a line, `name: text`.
const SYNTAXES: &str = include_str!("syntaxes.txt");

/// How long the values are, in bytes.
const LENGTH: usize = 18;

/// What people write until there is a secret, and where it is kept elsewhere.
const PLACEHOLDERS: [&str; 5] =
    ["changeme", "${DB_PASSWORD}", "<your-password>", "xxxxxxxxxxxx", "************"];

pub(crate) fn trials(subjects: &Arc<Vec<Subject>>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (name, text) in table() {
        for (question, ask) in [("found", found as Ask), ("placeholder", is_left_alone as Ask)] {
            let (subjects, text) = (Arc::clone(subjects), text.clone());
            let title = format!("syntax::{name}::{question}");
            trials.push(Trial::test(title, move || match subjects.first() {
                Some(subject) => none(ask(subject.tried.all(), name, &text)),
                None => Err("there are no rules".into()),
            }));
        }
    }
    trials
}

/// A question to all rules about a syntax.
type Ask = fn(&Detector, &str, &str) -> Vec<String>;

fn table() -> Vec<(&'static str, String)> {
    let lines = SYNTAXES.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(": ")).map(|(name, text)| (name, plain(text))).collect()
}

/// A text without its escapes.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        plain.push(match letter {
            '\\' => match letters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                other => other.unwrap_or('\\'),
            },
            letter => letter,
        });
    }
    plain
}

/// The text with its slots filled, and where what fills them stands.
fn filled(text: &str, fill: impl Fn(&str) -> String) -> (String, Vec<Range<usize>>) {
    let slots = ["secret", "base64", "basic", "hex", "base32"];
    let (mut whole, mut places) = (String::new(), Vec::new());
    let mut rest = text;
    let next = |rest: &str| {
        let at = |slot: &&str| rest.find(&format!("{{{slot}}}")).map(|at| (at, slot.len() + 2));
        slots.iter().filter_map(at).min()
    };
    while let Some((at, len)) = next(rest) {
        whole.push_str(&rest[..at]);
        let start = whole.len();
        whole.push_str(&fill(&rest[at + 1..at + len - 1]));
        places.push(start..whole.len());
        rest = &rest[at + len..];
    }
    whole.push_str(rest);
    (whole, places)
}

/// Where something is found that is worth telling, wherever it stands.
fn told(detector: &Detector, text: &str) -> Vec<(Range<usize>, String)> {
    let all = detector.detect(text.as_bytes()).into_iter();
    all.filter(|found| found.confidence >= Confidence::Medium)
        .map(|found| (found.secret_span, found.rule.id.to_string()))
        .collect()
}

fn found(detector: &Detector, name: &str, text: &str) -> Vec<String> {
    let mut stream = Stream::fixture(name);
    let value = stream.take(&alphabet("0-9A-Za-z"), LENGTH);
    let value = String::from_utf8_lossy(&value).into_owned();
    let (text, places) = filled(text, |slot| match slot {
        "base64" => BASE64.encode(value.as_bytes()),
        "basic" => BASE64.encode(format!("surveyor:{value}").as_bytes()),
        "hex" => HEXLOWER.encode(&value.as_bytes()[..16]),
        "base32" => BASE32_NOPAD.encode(value.as_bytes()),
        _ => value.clone(),
    });
    let told = told(detector, &text);
    let is_found = told.iter().any(|(span, _)| {
        places.iter().any(|place| span.start < place.end && place.start < span.end)
    });
    let missed =
        (!is_found || places.is_empty()).then(|| format!("not found in: {text} ({told:?})"));
    missed.into_iter().collect()
}

fn is_left_alone(detector: &Detector, _name: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for placeholder in PLACEHOLDERS {
        let (text, places) = filled(text, |_| placeholder.to_owned());
        for (span, rule) in told(detector, &text) {
            if places.iter().any(|place| span.start < place.end && place.start < span.end) {
                wrong.push(format!("{rule} finds the placeholder in: {text}"));
            }
        }
    }
    wrong
}
