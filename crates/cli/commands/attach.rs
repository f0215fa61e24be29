//! Files that show something about an item: looked through for credentials, known by their digest,
//! kept beside the ledger.

use crate::CANCEL;
use crate::args::{Attach, ListFormat};
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, evidence};
use crate::places;
use crate::progress::Bar;
use crate::setup::Setup;
use crate::who;
use anyhow::{Context, Result, anyhow, bail};
use jiff::Timestamp;
use quietus_export::bundle::BundledFile;
use quietus_model::{Confidence, Digest, Finding, FingerprintKey, GapReason, Offline, SafeText};
use quietus_poam::{Attached, Attachment, PoamItem};
use quietus_scan::{Options, Scanned, Source};
use quietus_track::{EvidenceFolder, Kept, private_folder};
use std::fs;
use std::path::Path;

/// Larger files are for an archive, not for a ledger's neighbour.
const LARGEST: u64 = 64 << 20;

/// A file that was looked through and may be attached.
pub(crate) struct Shown {
    pub(crate) attachment: Attachment,
    bytes: Vec<u8>,
}

impl Shown {
    /// Puts a copy of the file beside the ledger, if one is to be kept.
    pub(crate) fn keep(&self, folder: &EvidenceFolder) -> Result<()> {
        if self.attachment.kept {
            let path = folder.path(&self.attachment.digest);
            folder.keep(&self.bytes).with_context(|| format!("keeping {}", path.display()))?;
        }
        Ok(())
    }
}

/// The file that shows what somebody says, with `note` as what it shows.
pub(crate) fn showing(
    setup: &Setup,
    item: &PoamItem,
    file: Option<&Path>,
    note: &str,
    claims: Option<String>,
) -> Result<Option<Shown>> {
    let Some(file) = file else { return Ok(None) };
    let about = Attach {
        file: file.to_owned(),
        shows: note.to_owned(),
        collected: None,
        expires: None,
        collector: None,
        scope: String::new(),
        reference: false,
    };
    attachment(setup, item, &about, claims).map(Some)
}

/// The file that is to be attached, once it is known to hold no credential.
pub(crate) fn attachment(
    setup: &Setup,
    item: &PoamItem,
    about: &Attach,
    claims: Option<String>,
) -> Result<Shown> {
    let file = &about.file;
    let read = || -> std::io::Result<Vec<u8>> {
        let size = fs::metadata(file)?.len();
        if size > LARGEST {
            let why = format!("it has {size} bytes; at most {LARGEST} are attached");
            return Err(std::io::Error::other(why));
        }
        fs::read(file)
    };
    let bytes = read().with_context(|| format!("reading the evidence {}", file.display()))?;
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    look_through(setup, item, &name, &bytes, !about.reference)?;
    let day = |text: &Option<String>| text.as_deref().map(super::item::end_of_day).transpose();
    let by = who::actor(setup, claims);
    let collected = match about.collected.as_deref() {
        Some(text) => moment(text)?,
        None => setup.now,
    };
    let attachment = Attachment {
        digest: Digest::of(&bytes),
        name: SafeText::plain(&name),
        size: bytes.len() as u64,
        shows: SafeText::plain(&about.shows),
        collected,
        expires: day(&about.expires)?,
        collector: SafeText::plain(about.collector.clone().unwrap_or_else(|| by.to_string())),
        scope: SafeText::plain(&about.scope),
        kept: !about.reference,
    };
    Ok(Shown { attachment, bytes })
}

/// A moment, or the beginning of a day.
fn moment(text: &str) -> Result<Timestamp> {
    let whole = format!("{text}T00:00:00Z");
    text.parse::<Timestamp>().or_else(|_| whole.parse::<Timestamp>()).map_err(|_| {
        anyhow!("\"{text}\" is no date; write it as YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ")
    })
}

/// Refuses a file that holds a credential, and to keep one that cannot be looked into: evidence is
/// read by many and kept for years.
pub(crate) fn look_through(
    setup: &Setup,
    item: &PoamItem,
    name: &str,
    bytes: &[u8],
    keep: bool,
) -> Result<()> {
    let key = setup.key()?;
    let Scanned { scope, hits } = scanned(setup, &key, bytes)?;
    let counts = |finding: &&Finding| {
        let own = finding.fingerprint == item.fingerprint();
        own || (finding.offline != Offline::Dummy && finding.confidence >= Confidence::Medium)
    };
    if let Some(found) = hits.iter().map(|hit| &hit.finding).find(counts) {
        let line = found.locations.first().map_or(0, |location| location.line);
        bail!(
            "{name} holds a credential ({}, line {line}), so nothing of it is recorded; black it out, \
             and attach what is left",
            found.rule
        );
    }
    let unread = scope.gaps.iter().find(|gap| gap.reason != GapReason::Empty);
    match unread {
        Some(_) if keep => bail!(
            "{name} cannot be looked into whole, so it may hold a credential and no copy is kept; \
             with --reference only its digest is recorded"
        ),
        _ => Ok(()),
    }
}

fn scanned(setup: &Setup, key: &FingerprintKey, bytes: &[u8]) -> Result<Scanned> {
    let detector = setup.detector(setup.rules()?)?;
    let source = Source::Stdin(bytes.to_vec());
    let options = Options { threads: 1, ..Options::default() };
    let bar = Bar::new(true);
    Ok(quietus_scan::scan(&source, &detector, key, &options, setup.now, &bar, &CANCEL)?)
}

/// Lists what is attached to an item, says whether the kept copies are whole, and writes them to a
/// folder if one is named.
pub(crate) fn list(
    setup: &Setup,
    item: &PoamItem,
    to: Option<&Path>,
    format: ListFormat,
) -> Result<Exit, Failure> {
    let folder = setup.evidence();
    let mut found = Vec::new();
    for attached in &item.attachments {
        found.push((attached, there(&folder, attached)?));
    }
    if let Some(to) = to {
        private_folder(to).with_context(|| format!("making {}", to.display()))?;
        for (attached, kept) in &found {
            if let Some(Kept::Whole(bytes)) = kept {
                places::write_new(&to.join(attached.attachment.file_name()), bytes)
                    .with_context(|| format!("writing to {}", to.display()))?;
            }
        }
    }
    match format {
        ListFormat::Table => evidence::print(&found, setup.now)?,
        ListFormat::Json => evidence::print_json(&found, setup.now)?,
    }
    let spoilt = |kept: &Option<Kept>| matches!(kept, Some(Kept::Altered | Kept::Missing));
    let mut exit = Exit::clean();
    exit.add_if(found.iter().any(|(_, kept)| spoilt(kept)), Reason::Source);
    Ok(exit)
}

/// The kept copy of an attachment; `None` where none was kept.
fn there(folder: &EvidenceFolder, attached: &Attached) -> Result<Option<Kept>> {
    let attachment = &attached.attachment;
    if !attachment.kept {
        return Ok(None);
    }
    let path = folder.path(&attachment.digest);
    folder.read(&attachment.digest).map(Some).with_context(|| format!("reading {}", path.display()))
}

/// The kept copies of what is attached to `item`; those that are not whole are told.
pub(crate) fn kept_files(setup: &Setup, item: &PoamItem) -> Result<Vec<BundledFile>> {
    let folder = setup.evidence();
    let mut files: Vec<BundledFile> = Vec::new();
    for attached in &item.attachments {
        match there(&folder, attached)? {
            Some(Kept::Whole(bytes)) => {
                let file = BundledFile::of(attached.attachment.name.as_str(), &bytes);
                if !files.contains(&file) {
                    files.push(file);
                }
            }
            Some(Kept::Altered | Kept::Missing) => output::notice(&format!(
                "the kept copy of {} is altered or gone, so it is left out; `quietus item evidence {}`",
                attached.attachment.name,
                item.id()
            )),
            None => {}
        }
    }
    Ok(files)
}
