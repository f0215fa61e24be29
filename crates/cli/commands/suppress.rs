//! `quietus suppress`: report a credential no longer until a date.

use crate::args::Suppress;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::output::{day, plural};
use crate::places;
use crate::setup::Setup;
use anyhow::{Context, Result, anyhow, bail};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use quietus_model::{Fingerprint, FingerprintKey, SafeText, Suppressed};
use quietus_track::{Suppression, Suppressions, entries_text, private_folder};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;
use zeroize::Zeroizing;

/// How long a suppression lasts that is not told.
const USUAL: SignedDuration = SignedDuration::from_hours(24 * 90);

/// A credential that is to be suppressed.
struct Wanted {
    fingerprint: Fingerprint,
    repository: Option<String>,
    /// What it is, for who reads the file.
    remark: SafeText,
}

/// What of a line of `scan` is of interest. Its secret, if it was to be shown, is not.
#[derive(Deserialize)]
struct Line {
    fingerprint: String,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    line: u64,
    #[serde(default)]
    repository: Option<String>,
    #[serde(default)]
    verdict: State,
}

#[derive(Default, Deserialize)]
struct State {
    #[serde(default)]
    state: String,
}

#[derive(Deserialize)]
struct Document {
    findings: Vec<Line>,
}

pub(crate) async fn run(setup: &Setup, args: &Suppress) -> Result<Exit, Failure> {
    let key = setup.key()?;
    let until = until(setup, args)?;
    for (name, text) in [("--reason", &args.reason), ("--approver", &args.approver)] {
        if text.trim().is_empty() {
            return Err(anyhow!("{name} must not be blank").into());
        }
    }
    let mut live = 0;
    let wanted = match &args.from {
        Some(path) => told(path, &mut live)?,
        None => named(setup, args, &key).await?,
    };
    let (file, _) = setup.suppressions_file(args.suppressions.as_deref());
    let says = Suppressed {
        ground: args.kind,
        reason: SafeText::plain(args.reason.trim()),
        approver: SafeText::plain(args.approver.trim()),
        until,
    };
    let all = wanted.into_iter().map(|wanted| {
        let repository = args.repository.clone().or(wanted.repository);
        let (rule, path) = (args.rule.clone(), args.path.clone());
        let fingerprint = wanted.fingerprint;
        let says = says.clone();
        (Suppression { fingerprint, says, rule, path, repository }, wanted.remark)
    });
    let (added, known) = append(&file, all.collect(), &key)?;
    let mut told = vec![format!(
        "{} suppressed until {} in {}",
        plural(added as u64, "credential"),
        day(until),
        file.display()
    )];
    for (count, why) in [(known, "suppressed already"), (live, "live, which nothing suppresses")] {
        if count > 0 {
            told.push(format!("left out: {count} {why}"));
        }
    }
    output::lines(&told)?;
    Ok(Exit::clean())
}

/// The last second of its last day.
fn until(setup: &Setup, args: &Suppress) -> Result<Timestamp> {
    let longest = setup.policy()?.dismissal.longest;
    let date = match &args.expires {
        Some(text) => text
            .parse::<Date>()
            .with_context(|| format!("\"{text}\" is no date; write it as YYYY-MM-DD"))?,
        None => (setup.now + USUAL.min(longest - SignedDuration::from_hours(24)))
            .to_zoned(TimeZone::UTC)
            .date(),
    };
    let until = date.at(23, 59, 59, 0).to_zoned(TimeZone::UTC)?.timestamp();
    let last = setup.now.checked_add(longest).unwrap_or(Timestamp::MAX);
    if until <= setup.now || until > last {
        bail!(
            "--expires must lie between today and {}",
            day(last - SignedDuration::from_hours(24))
        );
    }
    Ok(until)
}

/// The credentials that are named. No message repeats what may be a secret, given by mistake.
async fn named(setup: &Setup, args: &Suppress, key: &FingerprintKey) -> Result<Vec<Wanted>> {
    let mut all = Vec::new();
    for (number, text) in (1..).zip(&args.fingerprints) {
        if let Ok(fingerprint) = text.parse() {
            let remark = SafeText::default();
            all.push(Wanted { fingerprint, repository: None, remark });
            continue;
        }
        let is_hex = text.len() >= 6 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_item = text.strip_prefix("V-").is_some_and(|number| number.parse::<u64>().is_ok());
        if !is_hex && !is_item {
            bail!(
                "argument {number} is no fingerprint; it has 64 hex digits, as `quietus scan` \
                 prints them once there is a key, or is the name of an item such as V-12"
            );
        }
        let ledger = setup.ledger(key).await?;
        let found = ledger.find_items(text).await?;
        ledger.close().await;
        let [item] = found.as_slice() else {
            bail!("argument {number} names {} of the ledger", plural(found.len() as u64, "item"));
        };
        let remark = format!("{} {}", item.id(), item.detection.rule);
        let remark = SafeText::plain(remark);
        all.push(Wanted { fingerprint: item.fingerprint(), repository: None, remark });
    }
    Ok(all)
}

/// The credentials that a scan told of, once in each repository; `live` counts those left out.
fn told(path: &Path, live: &mut usize) -> Result<Vec<Wanted>> {
    let mut text = Zeroizing::new(String::new());
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).context("reading standard input")?;
    } else {
        let mut file =
            fs::File::open(path).with_context(|| format!("reading {}", path.display()))?;
        file.read_to_string(&mut text).with_context(|| format!("reading {}", path.display()))?;
    }
    // What does not parse is not repeated: it may hold secrets that the user asked to see.
    let lines: Vec<Line> = match serde_json::from_str::<Document>(&text) {
        Ok(document) => document.findings,
        Err(_) => (1..)
            .zip(text.lines())
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(number, line)| {
                serde_json::from_str(line).map_err(|_| {
                    anyhow!("line {number} is nothing that `scan --format json` or jsonl prints")
                })
            })
            .collect::<Result<_>>()?,
    };
    let mut wanted: BTreeMap<(Fingerprint, Option<String>), Option<SafeText>> = BTreeMap::new();
    for line in lines {
        let fingerprint: Fingerprint = line
            .fingerprint
            .parse()
            .map_err(|_| anyhow!("a finding has no fingerprint of 64 hex digits"))?;
        let is_live = line.verdict.state == "live";
        let remark = SafeText::plain(format!("{} {}:{}", line.rule, line.path, line.line));
        let remark = (!is_live).then_some(remark);
        wanted.entry((fingerprint, line.repository)).or_insert(remark);
    }
    let count = wanted.len();
    let wanted: Vec<Wanted> = wanted
        .into_iter()
        .filter_map(|((fingerprint, repository), remark)| {
            Some(Wanted { fingerprint, repository, remark: remark? })
        })
        .collect();
    *live = count - wanted.len();
    Ok(wanted)
}

/// Appends to the file what it does not say yet: how many entries it got, and how many it had.
fn append(
    file: &Path,
    mut all: Vec<(Suppression, SafeText)>,
    key: &FingerprintKey,
) -> Result<(usize, usize)> {
    let (name, id) = (file.display().to_string(), key.id());
    let old = match fs::read_to_string(file) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| format!("reading {name}")),
    };
    let mut known = Suppressions::default();
    known.add(&name, old.as_deref().unwrap_or_default(), &id)?;
    let wanted = all.len();
    all.retain(|(one, _)| !known.iter().any(|other| other.covers(one)));
    if all.is_empty() {
        return Ok((0, wanted));
    }
    let is_new = old.is_none();
    let mut text = old.unwrap_or_default();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&entries_text(&all, &id, is_new));
    // What is written must be read again, whatever the flags said.
    Suppressions::default().add(&name, &text, &id)?;
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        private_folder(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    places::write_whole(file, &text)?;
    Ok((all.len(), wanted - all.len()))
}
