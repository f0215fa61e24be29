//! Files that show something: sent by somebody, looked through, kept and recorded; and given back.

use super::{answered, changed};
use crate::Site;
use crate::act::{Deed, Filled, day};
use crate::refused::Refused;
use crate::visitor::Visitor;
use axum::extract::multipart::{Multipart, MultipartError, MultipartRejection};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use quietus_model::{Digest, SafeText};
use quietus_poam::{Action, Attachment, PoamItem};
use quietus_track::{ActError, Kept, named};

/// The most that a form with a file may send, in bytes. It is held in memory while it is looked through.
pub(in crate::pages) const LARGEST: usize = 8 << 20;

/// A form with a file.
#[derive(Default)]
struct Sent {
    filled: Filled,
    name: String,
    bytes: Vec<u8>,
}

impl Sent {
    /// Reads the file only after the key: another site's form is not worth it.
    async fn read(mut form: Multipart, visitor: &Visitor) -> Result<Self, Refused> {
        let mut sent = Self::default();
        while let Some(field) = form.next_field().await? {
            match field.name().unwrap_or_default() {
                "key" => sent.filled.key = field.text().await?,
                "version" => sent.filled.version = field.text().await?.parse().unwrap_or(0),
                "note" => sent.filled.note = field.text().await?,
                "until" => sent.filled.until = field.text().await?,
                "file" => {
                    visitor.must_hold(&sent.filled.key)?;
                    let name = field.file_name().unwrap_or_default();
                    sent.name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
                    sent.bytes = field.bytes().await?.to_vec();
                }
                _ => {}
            }
        }
        visitor.must_hold(&sent.filled.key)?;
        Ok(sent)
    }

    fn attachment(&self, by: &Visitor, now: Timestamp) -> Result<Attachment, String> {
        if self.name.is_empty() || self.bytes.is_empty() {
            return Err("no file was chosen, or it is empty".to_owned());
        }
        let until = Some(self.filled.until.as_str()).filter(|until| !until.is_empty());
        Ok(Attachment {
            digest: Digest::of(&self.bytes),
            name: SafeText::plain(&self.name),
            size: self.bytes.len() as u64,
            shows: SafeText::plain(&self.filled.note),
            collected: now,
            expires: until.map(day).transpose()?,
            collector: SafeText::plain(by.actor.to_string()),
            scope: SafeText::default(),
            kept: true,
        })
    }
}

impl From<MultipartError> for Refused {
    fn from(error: MultipartError) -> Self {
        Self::new(error.status(), error.body_text())
    }
}

pub(in crate::pages) async fn attach(
    State(site): State<Site>,
    visitor: Visitor,
    Path(name): Path<String>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Refused> {
    let form = form.map_err(|error| Refused::new(error.status(), error.body_text()))?;
    let sent = Sent::read(form, &visitor).await?;
    let item = named(&site.folded.ledger, &name).await?;
    if sent.filled.version != item.version {
        return changed(&site, &visitor, &item, (Deed::Attach, &sent.filled)).await;
    }
    let filled = sent.filled.clone();
    let done = match sent.attachment(&visitor, site.now()) {
        Ok(attachment) => recorded(&site, &visitor, &item, sent, attachment).await?,
        Err(problem) => Err(problem),
    };
    answered(&site, &visitor, &item, (Deed::Attach, &filled), done).await
}

/// Looks through the file, keeps it and records it, or says why not. What is refused leaves no copy.
async fn recorded(
    site: &Site,
    visitor: &Visitor,
    item: &PoamItem,
    sent: Sent,
    attachment: Attachment,
) -> Result<Result<(), String>, Refused> {
    let Some(evidence) = site.settings.evidence.clone() else {
        return Ok(Err("nothing is kept here".to_owned()));
    };
    let (by, policy, now) = (&visitor.actor, &site.settings.policy, site.now());
    let action = Action::Attach { attachment: Box::new(attachment) };
    if let Err(refusal) = item.act(&action, by, policy, now) {
        return Ok(Err(refusal.to_string()));
    }
    let about = item.clone();
    let keep = move || {
        (evidence.look_through)(&about, &sent.name, &sent.bytes)?;
        let kept = evidence.folder.keep(&sent.bytes);
        kept.map(drop).map_err(|error| format!("keeping {}: {error}", sent.name))
    };
    let kept = tokio::task::spawn_blocking(keep).await.map_err(|_| Refused::slow())?;
    if let Err(problem) = kept {
        return Ok(Err(problem));
    }
    match quietus_track::act(&site.folded.ledger, item, &action, by, policy, now).await {
        Ok(_) => Ok(Ok(())),
        Err(ActError::Refused { refusal, .. }) => Ok(Err(refusal.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// The kept copy of a file that is attached to an item, to be saved and never shown.
pub(in crate::pages) async fn file(
    State(site): State<Site>,
    _visitor: Visitor,
    Path((name, digest)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let nowhere = |why: &str| Refused::new(StatusCode::NOT_FOUND, why);
    let item = named(&site.folded.ledger, &name).await?;
    let digest: Digest = digest.parse().map_err(|why: String| nowhere(&why))?;
    let attached = item.attachment(&digest).filter(|known| known.attachment.kept);
    let (Some(attached), Some(evidence)) = (attached, site.settings.evidence.clone()) else {
        return Err(nowhere("no copy of such a file is kept for this item"));
    };
    let asked = attached.attachment.digest.clone();
    let read = tokio::task::spawn_blocking(move || evidence.folder.read(&asked)).await;
    match read.map_err(|_| Refused::slow())? {
        Ok(Kept::Whole(bytes)) => {
            let save = format!("attachment; filename=\"{}\"", attached.attachment.file_name());
            let headers = [
                (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
                (header::CONTENT_DISPOSITION, save),
            ];
            Ok((headers, bytes).into_response())
        }
        Ok(Kept::Altered) => {
            let why = "the kept copy has other bytes than those that were attached; nothing of it is \
                       shown";
            Err(Refused::new(StatusCode::CONFLICT, why))
        }
        Ok(Kept::Missing) => Err(nowhere("the kept copy is gone")),
        Err(error) => Err(Refused::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())),
    }
}
