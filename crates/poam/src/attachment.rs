//! Files that show something about an item: known by their digest, with when that was true and who
//! collected it.

use crate::request::Deed;
use crate::{Actor, Event, PoamItem, Refusal};
use jiff::Timestamp;
use quietus_model::{Digest, SafeText};
use serde::{Deserialize, Serialize};

/// A file that shows something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attachment {
    /// The SHA-256 of its bytes.
    pub digest: Digest,
    /// What it is called.
    pub name: SafeText,
    /// How many bytes it has.
    pub size: u64,
    /// What it shows.
    pub shows: SafeText,
    /// When that was true, which may be long before it was recorded.
    pub collected: Timestamp,
    /// After this it shows nothing any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The person or the program that collected it.
    pub collector: SafeText,
    /// What it speaks of: an account, a period, a log. Empty where it is the whole item.
    #[serde(default, skip_serializing_if = "SafeText::is_empty")]
    pub scope: SafeText,
    /// A copy of its bytes is kept beside the ledger; else it stays where whoever attached it has it.
    pub kept: bool,
}

impl Attachment {
    /// A name for a copy of it that no other attachment has, and that leads nowhere else.
    pub fn file_name(&self) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let name = self.name.as_str().chars();
        let name: String = name.map(|c| if plain(c) { c } else { '_' }).collect();
        format!("{}-{name}", &self.digest.as_str()[..12])
    }
}

/// An attachment with who recorded it, and when.
#[derive(Clone, PartialEq, Debug)]
pub struct Attached {
    /// What was attached.
    pub attachment: Attachment,
    /// Who attached it.
    pub by: Actor,
    /// When it was recorded.
    pub at: Timestamp,
}

impl Attached {
    /// Whether it still shows something at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.attachment.expires.is_none_or(|expires| now < expires)
    }
}

impl PoamItem {
    /// That a file is attached.
    pub(crate) fn attach(
        &self,
        attachment: &Attachment,
        Deed { now, .. }: Deed<'_>,
    ) -> Result<Event, Refusal> {
        let bad = |date, why: &str| Err(Refusal::BadDate { date, why: why.to_owned() });
        let Attachment { digest, name, shows, collected, expires, collector, .. } = attachment;
        if [name, shows, collector].iter().any(|text| text.as_str().trim().is_empty()) {
            return Err(Refusal::Blank);
        }
        if *collected > now {
            return bad(*collected, "nothing is collected in the future");
        }
        if let Some(expires) = expires.filter(|expires| *expires <= now) {
            return bad(expires, "what has expired shows nothing; collect it anew");
        }
        let same = |known: &&Attached| known.attachment.digest == *digest && known.is_valid(now);
        if let Some(known) = self.attachments.iter().find(same) {
            let (name, at) = (known.attachment.name.to_string(), known.at);
            return Err(Refusal::AlreadyAttached { name, at });
        }
        Ok(Event::Attached { attachment: Box::new(attachment.clone()) })
    }

    /// The attachment of this digest, the newest of several.
    pub fn attachment(&self, digest: &Digest) -> Option<&Attached> {
        self.attachments.iter().rfind(|known| known.attachment.digest == *digest)
    }
}
