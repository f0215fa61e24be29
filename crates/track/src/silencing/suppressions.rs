//! Suppressions by content fingerprint: a TOML file of entries, each with reason, approver and
//! expiry. It names secrets by their keyed fingerprints and never holds one.

use super::patterns::Patterns;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use quietus_model::{Finding, Fingerprint, Ground, KeyId, Location, SafeText, Suppressed};
use serde::Deserialize;
use std::fmt::Write;
use std::sync::Arc;
use toml::Spanned;

/// What opens a file of suppressions that this program makes.
const HEADER: &str = "\
# Credentials that are not reported until a date. Who works is reported all the same. Fingerprints
# are made under the key named here and are worth nothing without it.\n";

/// One entry.
#[derive(Clone, Debug)]
pub struct Suppression {
    /// Which secret.
    pub fingerprint: Fingerprint,
    /// On what ground, why, who agreed, until when.
    pub says: Suppressed,
    /// Only where this rule sees it.
    pub rule: Option<String>,
    /// Only at these paths, as in a `.gitignore`.
    pub path: Option<String>,
    /// Only in this repository.
    pub repository: Option<String>,
}

/// An entry where it stands.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) file: Arc<str>,
    pub(super) line: usize,
    pub(super) suppression: Suppression,
    paths: Option<Patterns>,
}

/// The entries of some files.
#[derive(Clone, Debug, Default)]
pub struct Suppressions {
    pub(super) entries: Vec<Entry>,
}

/// What is wrong with files of suppressions: every bad entry, with its file and line. No message
/// repeats what stands there, for it may be a secret that was pasted by mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct SuppressionError(Vec<String>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFile {
    key: Option<Spanned<String>>,
    #[serde(default, rename = "suppression")]
    entries: Vec<Spanned<Written>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    fingerprint: Spanned<String>,
    reason: Spanned<String>,
    approver: Spanned<String>,
    expires: Spanned<toml::Value>,
    kind: Option<Spanned<String>>,
    rule: Option<String>,
    path: Option<Spanned<String>>,
    repository: Option<String>,
}

/// What is wrong with an entry, and at which bytes of the file.
type Wrong = Vec<(usize, &'static str)>;

impl Suppressions {
    /// Adds the entries of a file; `name` is used in errors and reports, and `key` is the key that
    /// findings are named under.
    ///
    /// # Errors
    /// [`SuppressionError`] with every bad entry, or that the file is of another key.
    pub fn add(&mut self, name: &str, text: &str, key: &KeyId) -> Result<(), SuppressionError> {
        let line_of = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
        let told = |at: usize, what: &str| format!("{name}, line {}: {what}", line_of(at));
        let written: WrittenFile = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            SuppressionError(vec![told(at, &without_values(error.message()))])
        })?;
        if let Some(other) = written.key.filter(|other| other.get_ref() != key.as_str()) {
            let what = format!(
                "key: these fingerprints were made under another key than {key}; bring that key \
                 (`quietus init --key-from`), or make the entries anew"
            );
            return Err(SuppressionError(vec![told(other.span().start, &what)]));
        }
        let mut problems = Vec::new();
        let file: Arc<str> = name.into();
        for written in written.entries {
            let line = line_of(written.span().start);
            match written.into_inner().read() {
                Ok((suppression, paths)) => {
                    let file = Arc::clone(&file);
                    self.entries.push(Entry { file, line, suppression, paths });
                }
                Err(wrong) => {
                    problems.extend(wrong.iter().map(|(at, what)| told(*at, what)));
                }
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(SuppressionError(problems)) }
    }

    /// Every entry, in the order in which they stand.
    pub fn iter(&self) -> impl Iterator<Item = &Suppression> {
        self.entries.iter().map(|entry| &entry.suppression)
    }
}

impl Written {
    /// What it says, or what is wrong with it and where.
    fn read(self) -> Result<(Suppression, Option<Patterns>), Wrong> {
        let mut wrong = Vec::new();
        let mut check = |at: usize, holds: bool, what: &'static str| {
            if !holds {
                wrong.push((at, what));
            }
        };
        let at = self.fingerprint.span().start;
        let fingerprint: Option<Fingerprint> = self.fingerprint.get_ref().parse().ok();
        let what = "fingerprint: it is not 64 hex digits; `quietus scan` prints them";
        check(at, fingerprint.is_some(), what);
        for (name, text) in [("reason", &self.reason), ("approver", &self.approver)] {
            let what =
                if name == "reason" { "reason: say why" } else { "approver: say who agreed" };
            check(text.span().start, !text.get_ref().trim().is_empty(), what);
        }
        let until = match self.expires.get_ref() {
            toml::Value::String(text) => end_of_day(text),
            toml::Value::Datetime(date) => end_of_day(&date.to_string()),
            _ => None,
        };
        let what = "expires: it is no date; write it as YYYY-MM-DD";
        check(self.expires.span().start, until.is_some(), what);
        let ground =
            self.kind.as_ref().map_or(Some(Ground::default()), |kind| kind.get_ref().parse().ok());
        let at = self.kind.as_ref().map_or(0, |kind| kind.span().start);
        check(at, ground.is_some(), "kind: it is neither false-positive nor risk-accepted");
        let paths = self.path.as_ref().map(|path| Patterns::read([path.get_ref()]));
        let at = self.path.as_ref().map_or(0, |path| path.span().start);
        let is_pattern = !matches!(paths, Some(Err(_)));
        check(at, is_pattern, "path: it is no pattern as in a .gitignore");
        match (fingerprint, until, ground) {
            (Some(fingerprint), Some(until), Some(ground)) if wrong.is_empty() => {
                let says = Suppressed {
                    ground,
                    reason: SafeText::plain(self.reason.get_ref().trim()),
                    approver: SafeText::plain(self.approver.get_ref().trim()),
                    until,
                };
                let path = self.path.map(Spanned::into_inner);
                let Self { rule, repository, .. } = self;
                let suppression = Suppression { fingerprint, says, rule, path, repository };
                Ok((suppression, paths.and_then(Result::ok)))
            }
            _ => Err(wrong),
        }
    }
}

impl Entry {
    /// Whether it speaks of a finding at this place.
    pub(super) fn speaks_of(&self, finding: &Finding, location: &Location) -> bool {
        let Suppression { fingerprint, rule, repository, .. } = &self.suppression;
        finding.is_named(fingerprint)
            && rule.as_ref().is_none_or(|rule| rule == finding.rule.as_str())
            && repository.as_ref().is_none_or(|name| name == location.repository.as_str())
            && self.paths.as_ref().is_none_or(|paths| paths.matches(&location.path))
    }
}

impl Suppression {
    /// Whether this one says all that `other` does, and for as long.
    pub fn covers(&self, other: &Self) -> bool {
        let same = |own: &Option<String>, theirs: &Option<String>| own.is_none() || own == theirs;
        self.fingerprint == other.fingerprint
            && self.says.until >= other.says.until
            && same(&self.rule, &other.rule)
            && same(&self.path, &other.path)
            && same(&self.repository, &other.repository)
    }
}

/// Text to append to a file of suppressions, each with a remark for its readers; `is_new` if there
/// is no such file yet.
pub fn entries_text(all: &[(Suppression, SafeText)], key: &KeyId, is_new: bool) -> String {
    let mut text = String::new();
    if is_new {
        let _ = writeln!(text, "{HEADER}key = {}", quoted(key.as_str()));
    }
    for (one, remark) in all {
        text.push_str("\n[[suppression]]\n");
        if !remark.is_empty() {
            let _ = writeln!(text, "# {remark}");
        }
        let date = one.says.until.to_zoned(TimeZone::UTC).date().to_string();
        let mut field = |name: &str, value: &str| {
            let _ = writeln!(text, "{name} = {}", quoted(value));
        };
        field("fingerprint", &one.fingerprint.to_string());
        field("reason", one.says.reason.as_str());
        field("approver", one.says.approver.as_str());
        field("expires", &date);
        field("kind", one.says.ground.as_str());
        let narrowed = [("rule", &one.rule), ("path", &one.path), ("repository", &one.repository)];
        for (name, value) in narrowed {
            if let Some(value) = value {
                field(name, value);
            }
        }
    }
    text
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The last second of a day in UTC, in which all dates of this program are.
pub(super) fn end_of_day(text: &str) -> Option<Timestamp> {
    let date: Date = text.parse().ok()?;
    Some(date.at(23, 59, 59, 0).to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// What the parser says, without anything that may be a value of the file.
fn without_values(message: &str) -> String {
    let mut safe = String::new();
    for (number, part) in message.replace('\n', ", ").split('"').enumerate() {
        safe.push_str(if number % 2 == 0 { part } else { "…" });
    }
    let is_name = |word: &str| word.len() <= 16 && word.bytes().all(|b| b.is_ascii_lowercase());
    let parts = safe.split('`').enumerate();
    let kept = parts.map(|(at, part)| if at % 2 == 0 || is_name(part) { part } else { "…" });
    SafeText::plain(kept.collect::<Vec<_>>().join("`")).to_string()
}
