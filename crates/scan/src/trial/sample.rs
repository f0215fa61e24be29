//! Credentials built from the format facts of a rule, standing in the texts of its tests.

use quietus_model::shape::{Length, Mutation, Stream};
use quietus_model::{Fingerprint, FingerprintKey, Rule, Secret, Shape};
use std::collections::BTreeMap;
use std::ops::Range;

/// How many different credentials each text is tried with.
const STREAMS: usize = 6;

/// A text with a credential in it.
pub(super) struct Sample {
    /// The bytes to scan.
    pub(super) text: Vec<u8>,
    /// Where the secret stands in them.
    pub(super) secret: Range<usize>,
    /// The parts that the text names.
    pub(super) named: Vec<String>,
    /// What was done, for the message of a failure. Holds no secret.
    pub(super) what: String,
}

/// A credential that was spoilt so that it no longer has its format.
pub(super) struct Mutant {
    pub(super) mutation: Mutation,
    pub(super) sample: Sample,
    /// Where the spoilt part stands.
    pub(super) spoilt: Range<usize>,
}

impl Sample {
    pub(super) fn secret(&self) -> &[u8] {
        &self.text[self.secret.clone()]
    }
}

/// What a sample is named by when two are compared; the key is of no meaning.
pub(super) fn fingerprint(bytes: &[u8]) -> Fingerprint {
    FingerprintKey::new([7; 32]).fingerprint(&Secret::from(bytes))
}

/// Every positive text of `rule`, with several credentials of the least and the greatest length.
pub(super) fn positives(rule: &Rule) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (number, template) in rule.tests.positive.iter().enumerate() {
        for seed in 0..STREAMS {
            for length in [Length::Min, Length::Max] {
                let parts = parts(rule, seed, length);
                let what = format!("positive text {number}, credential {seed}, {length:?}");
                samples.extend(fill(template, &parts, "secret", what).map(|(sample, _)| sample));
            }
        }
    }
    samples
}

/// Every positive text behind `lead` and before another line, and all of it with the line ends of
/// Windows.
pub(super) fn in_contexts(rule: &Rule, lead: &str) -> Vec<Sample> {
    let parts = parts(rule, 0, Length::Min);
    let mut samples = Vec::new();
    for (number, template) in rule.tests.positive.iter().enumerate() {
        let end = if template.ends_with('\n') { "" } else { "\n" };
        let among = format!("{lead}{template}{end}\nThe last line.\n");
        let windows = among.replace("\r\n", "\n").replace('\n', "\r\n");
        for (what, text) in [("among other lines", among), ("with CRLF", windows)] {
            let what = format!("positive text {number} {what}");
            samples.extend(fill(&text, &parts, "secret", what).map(|(sample, _)| sample));
        }
    }
    samples
}

/// Every positive text without one of the parts that it names and that the credential cannot do
/// without, and the name of that part.
pub(super) fn without_parts(rule: &Rule) -> Vec<(String, Vec<u8>)> {
    let mut texts = Vec::new();
    for template in &rule.tests.positive {
        let is_named = |name: &str| template.contains(&format!("{{{name}}}"));
        let due = rule.companions.iter().filter(|part| part.required || part.needed);
        for part in due.filter(|part| is_named(&part.name)) {
            let mut parts = parts(rule, 0, Length::Min);
            parts.insert(&part.name, Vec::new());
            // What else is due may have no format to be built from, and stand in the text itself.
            let watched =
                shapes(rule).into_iter().map(|(name, _)| name).find(|name| *name != part.name);
            let Some(watched) = watched else { continue };
            let sample = fill(template, &parts, watched, String::new());
            texts.extend(sample.map(|(sample, _)| (part.name.clone(), sample.text)));
        }
    }
    texts
}

/// The first positive texts, each with one credential and what stands around it.
pub(super) fn plain(rule: &Rule) -> Vec<(&str, Sample)> {
    let parts = parts(rule, 0, Length::Min);
    let texts = rule.tests.positive.iter();
    texts
        .filter_map(|template| {
            let (sample, _) = fill(template, &parts, "secret", "as it stands".into())?;
            Some((template.as_str(), sample))
        })
        .collect()
}

/// Every positive text with something else where the secret would stand, and where that is.
pub(super) fn with_placeholders(rule: &Rule) -> Vec<Sample> {
    let mut samples = Vec::new();
    for template in &rule.tests.positive {
        let parts = parts(rule, 0, Length::Min);
        let Some(secret) = parts.get("secret") else { continue };
        for what in placeholders(rule, secret.len()) {
            let mut parts = parts.clone();
            parts.insert("secret", what.clone().into_bytes());
            samples.extend(fill(template, &parts, "secret", what).map(|(sample, _)| sample));
        }
    }
    samples
}

/// What people write where a secret of `len` bytes would stand.
fn placeholders(rule: &Rule, len: usize) -> Vec<String> {
    let prefix = rule.public_prefix();
    let masked = format!("{prefix}{}", "x".repeat(len.saturating_sub(prefix.len())));
    let id = rule.id.as_str();
    vec![
        "<your-key>".to_owned(),
        format!("{prefix}<your-key>"),
        "x".repeat(len),
        masked,
        "*".repeat(len),
        format!("${{{}}}", id.replace('-', "_").to_ascii_uppercase()),
    ]
}

/// Every way to spoil a part of a credential of `rule`, in every positive text.
pub(super) fn mutants(rule: &Rule) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (name, shape) in shapes(rule) {
        for seed in 0..2 {
            for (mutation, what, bytes) in shape.mutants(&mut stream(rule, name, seed)) {
                let mut parts = parts(rule, seed, Length::Min);
                parts.insert(name, bytes);
                for template in &rule.tests.positive {
                    let what = format!("{name}: {what}");
                    let Some((sample, spoilt)) = fill(template, &parts, name, what) else {
                        continue;
                    };
                    mutants.push(Mutant { mutation, sample, spoilt });
                }
            }
        }
    }
    mutants
}

/// The parts of a rule that have a format: what the pattern finds, and the companions.
fn shapes(rule: &Rule) -> Vec<(&str, &Shape)> {
    let keyed_on_companion = rule.companions.iter().any(|companion| companion.name == "secret");
    let own = if keyed_on_companion { "id" } else { "secret" };
    let companions = rule.companions.iter();
    let theirs = companions.filter_map(|c| Some((c.name.as_str(), c.shape.as_ref()?)));
    rule.shape.iter().map(|shape| (own, shape)).chain(theirs).collect()
}

fn stream(rule: &Rule, part: &str, seed: usize) -> Stream {
    Stream::new(format!("fixture:{}:{part}:{seed}", rule.id))
}

fn parts(rule: &Rule, seed: usize, length: Length) -> BTreeMap<&str, Vec<u8>> {
    let build =
        |(name, shape): (_, &Shape)| (name, shape.build(&mut stream(rule, name, seed), length));
    shapes(rule).into_iter().map(build).collect()
}

/// Puts the parts where their names stand in braces, and tells where `watched` came to stand.
/// Nothing when the text names no secret; other braces are text.
fn fill(
    template: &str,
    parts: &BTreeMap<&str, Vec<u8>>,
    watched: &str,
    what: String,
) -> Option<(Sample, Range<usize>)> {
    let mut text = Vec::new();
    let mut places = BTreeMap::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let (before, after) = rest.split_at(open);
        text.extend_from_slice(before.as_bytes());
        let name = after[1..].split('}').next().unwrap_or_default();
        match parts.get(name) {
            Some(bytes) => {
                places.entry(name).or_insert(text.len()..text.len() + bytes.len());
                text.extend_from_slice(bytes);
                rest = &after[name.len() + 2..];
            }
            None => {
                text.push(b'{');
                rest = &after[1..];
            }
        }
    }
    text.extend_from_slice(rest.as_bytes());
    let secret = places.get("secret")?.clone();
    let watched = places.get(watched)?.clone();
    let named = places.keys().map(|name| (*name).to_owned()).collect();
    Some((Sample { text, secret, named, what }, watched))
}
