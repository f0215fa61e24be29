//! Where anchors are kept: the lines of a file, or the tags of a git repository.

use anyhow::{Context, Result, anyhow};
use git2::{ErrorCode, Repository, Signature, Time};
use quietus_store::{Anchor, SignedAnchor, VerifyingKey};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

/// What the name of each tag begins with. The number of the entry follows.
const TAG: &str = "quietus-ledger-";

/// Adds an anchor to what is at `to`; how it is called there.
pub(crate) fn keep(to: &Path, anchor: &SignedAnchor) -> Result<String> {
    if to.is_dir() {
        return tag(to, anchor).with_context(|| format!("tagging in {}", to.display()));
    }
    add(to, anchor).with_context(|| format!("writing {}", to.display()))?;
    Ok(to.display().to_string())
}

/// The anchors at `from`, all of which must be signed with `key`.
pub(crate) fn kept(from: &Path, key: &VerifyingKey) -> Result<Vec<Anchor>> {
    let told = if from.is_dir() { tags(from) } else { lines(from) };
    let told = told.with_context(|| format!("reading {}", from.display()))?;
    let anchors: Vec<Anchor> = told
        .iter()
        .map(|(place, text)| {
            let context = || format!("{}, {place}", from.display());
            let signed: SignedAnchor = serde_json::from_str(text).with_context(context)?;
            key.check(&signed).with_context(context)
        })
        .collect::<Result<_>>()?;
    // Where there is none, nothing is vouched for, and it would look as if something were.
    if anchors.is_empty() {
        return Err(anyhow!("there is no anchor in {}", from.display()));
    }
    Ok(anchors)
}

/// On the disk before anybody is told.
fn add(to: &Path, anchor: &SignedAnchor) -> Result<()> {
    let line = serde_json::to_string(anchor)? + "\n";
    let mut file = OpenOptions::new().create(true).append(true).open(to)?;
    file.write_all(line.as_bytes())?;
    Ok(file.sync_all()?)
}

fn lines(from: &Path) -> Result<Vec<(String, String)>> {
    let file = fs::read_to_string(from)?;
    let lines = file.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    Ok(lines.map(|(line, number)| (format!("line {number}"), line.to_owned())).collect())
}

/// Tags the commit that is checked out. The tag is moved by nobody: one entry has one hash.
fn tag(to: &Path, anchor: &SignedAnchor) -> Result<String> {
    let repository = Repository::open(to)?;
    let head = repository.head().and_then(|head| head.peel_to_commit());
    let head = head.context("there is no commit that a tag could name; make one first")?;
    let said = serde_json::to_string(anchor)?;
    let name = format!("{TAG}{}", anchor.anchor.seq);
    let who = repository.config()?.snapshot()?;
    let who = (who.get_str("user.name").unwrap_or("quietus"), who.get_str("user.email"));
    let when = Time::new(anchor.anchor.at.as_second(), 0);
    let tagger = Signature::new(who.0, who.1.unwrap_or("quietus@localhost"), &when)?;
    match repository.tag(&name, head.as_object(), &tagger, &said, false) {
        Err(error) if error.code() == ErrorCode::Exists => {
            Err(anyhow!("the tag {name} is there already: nothing was recorded since"))
        }
        made => made.map(|_| format!("the tag {name} of {}", to.display())).map_err(Into::into),
    }
}

fn tags(from: &Path) -> Result<Vec<(String, String)>> {
    let repository = Repository::open(from)?;
    let mut tags = Vec::new();
    for name in &repository.tag_names(Some(&format!("{TAG}*")))? {
        let Some(name) = name? else { continue };
        let object = repository.revparse_single(&format!("refs/tags/{name}"))?;
        // One without words of its own is no anchor, and is told as one that cannot be read.
        let said = object.as_tag().and_then(|tag| tag.message().ok().flatten()).unwrap_or_default();
        tags.push((format!("tag {name}"), said.to_owned()));
    }
    Ok(tags)
}
