//! Credentials of real formats that nobody has, and the search for their bytes in any guise.

#![allow(dead_code, reason = "each test that includes this file uses its own part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use quietus_model::shape::{Length, Shape, Stream, alphabet};
use quietus_model::{RuleId, RuleSet};
use regex::bytes::{Regex, RegexBuilder};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

static RULES: LazyLock<RuleSet> = LazyLock::new(|| quietus_catalogue::shipped().unwrap());

/// How many bytes of the random part in a row are a leak already.
const TELLING: usize = 12;

/// A credential as the shipped rule `rule` describes it.
pub(crate) fn credential(rule: &str, label: &str) -> String {
    shape(rule, label, |rule| rule.shape.as_ref())
}

/// The part of a credential that its public id alone does not tell.
pub(crate) fn companion(rule: &str, label: &str) -> String {
    shape(rule, label, |rule| rule.companions.first()?.shape.as_ref())
}

fn shape(id: &str, label: &str, of: impl Fn(&quietus_model::Rule) -> Option<&Shape>) -> String {
    let rule = RULES.get(&RuleId::from(id)).unwrap_or_else(|| panic!("no rule {id}"));
    let shape = of(rule).unwrap_or_else(|| panic!("{id} has no shape"));
    let bytes = shape.build(&mut Stream::new(format!("canary:{id}:{label}")), Length::Min);
    String::from_utf8(bytes).unwrap()
}

/// A GitHub token.
pub(crate) fn token(label: &str) -> String {
    credential("github-pat-classic", label)
}

/// A password with nothing about it that tells its kind.
pub(crate) fn password(label: &str) -> String {
    let bytes = Stream::new(format!("canary:{label}")).take(&alphabet("0-9A-Za-z"), 24);
    String::from_utf8(bytes).unwrap()
}

/// What must not be found, and how to find it.
pub(crate) struct Search {
    pattern: Regex,
    /// What each form is, by its bytes.
    names: BTreeMap<Vec<u8>, String>,
}

impl Search {
    /// A search for every one of the named secrets: whole, in telling pieces, encoded.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut names = BTreeMap::new();
        for (name, secret) in secrets {
            for line in secret.lines().filter(|line| !line.starts_with("-----")) {
                for (form, bytes) in forms(line.as_bytes()) {
                    names.entry(bytes).or_insert_with(|| format!("{name} ({form})"));
                }
            }
        }
        let any: Vec<String> =
            names.keys().map(|bytes| regex::escape(std::str::from_utf8(bytes).unwrap())).collect();
        let pattern = RegexBuilder::new(&any.join("|")).size_limit(1 << 28).build().unwrap();
        Self { pattern, names }
    }

    /// What of the secrets stands in `bytes`.
    pub(crate) fn found(&self, bytes: &[u8]) -> Vec<String> {
        let mut found: Vec<String> = self
            .pattern
            .find_iter(bytes)
            .map(|one| {
                let from = one.start().saturating_sub(60);
                let to = (one.end() + 20).min(bytes.len());
                let around = String::from_utf8_lossy(&bytes[from..to]).into_owned();
                format!("{} in {around:?}", self.names[one.as_bytes()])
            })
            .collect();
        found.dedup();
        found.truncate(5);
        found
    }

    /// Which of the secrets stand in `bytes`, by name.
    pub(crate) fn names(&self, bytes: &[u8]) -> Vec<&str> {
        let found = self.pattern.find_iter(bytes).map(|one| self.names[one.as_bytes()].as_str());
        let mut names: Vec<&str> = found.filter_map(|name| name.split(" (").next()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Every file below `folder`, name and content, that holds one; `skip` names those that may.
    pub(crate) fn files(&self, folder: &Path, skip: &dyn Fn(&Path) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if skip(&path) {
                    continue;
                }
                let name = path.file_name().unwrap().as_encoded_bytes();
                found.extend(self.found(name).iter().map(|what| format!("a name: {what}")));
                if path.is_dir() {
                    folders.push(path);
                } else if path.is_file() {
                    let bytes = std::fs::read(&path).unwrap();
                    let here = |what: &String| format!("{}: {what}", path.display());
                    found.extend(self.found(&bytes).iter().map(here));
                }
            }
        }
        found
    }
}

/// The ways in which a secret can stand somewhere.
fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    // What a format makes public, such as a prefix, is no leak.
    let random = secret.iter().rposition(|byte| *byte == b'_').map_or(0, |at| at + 1);
    let random = &secret[random..];
    let mut forms: Vec<(&'static str, Vec<u8>)> = Vec::new();
    for piece in random.windows(TELLING.min(random.len())) {
        forms.push(("raw", piece.to_vec()));
    }
    forms.push(("hex", HEXLOWER.encode(random).into_bytes()));
    forms.push(("hex", HEXUPPER.encode(random).into_bytes()));
    let percent = |encode: fn(u8) -> String| {
        random.iter().map(|byte| encode(*byte)).collect::<String>().into_bytes()
    };
    forms.push(("percent-encoded", percent(|byte| format!("%{byte:02X}"))));
    forms.push(("percent-encoded", percent(|byte| format!("%{byte:02x}"))));
    forms.push((
        "percent-encoded",
        percent(|byte| match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        }),
    ));
    // In base 64 the same bytes read differently by where they begin; the edges mix with others.
    for shift in 0..3 {
        let mut shifted = vec![0; shift];
        shifted.extend_from_slice(random);
        for (name, text) in [
            ("base64", BASE64_NOPAD.encode(&shifted)),
            ("base64url", BASE64URL_NOPAD.encode(&shifted)),
        ] {
            forms.push((name, text.as_bytes()[4..text.len() - 4].to_vec()));
        }
    }
    forms
}
