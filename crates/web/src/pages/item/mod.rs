//! One item: what leaked, where, since when, whose it is, what it can do, why it is open, what comes
//! next, and everything that happened to it.

pub(super) mod attach;
mod books;
mod telling;

use self::books::Book;
use self::telling::{Entry, File, Issuer, Place, Step};
use super::{Frame, shown};
use crate::Site;
use crate::act::{Asking, Deed, FieldKind, Filled, Offer};
use crate::refused::Refused;
use crate::visitor::Visitor;
use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use quietus_export::words::readable;
use quietus_poam::PoamItem;
use quietus_track::{ActError, named};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "item.html")]
struct Page {
    frame: Option<Frame>,
    id: String,
    version: u64,
    form_key: String,
    kind: String,
    redacted: String,
    severity: &'static str,
    liveness: &'static str,
    state: String,
    overdue: bool,
    lead: String,
    facts: Vec<(&'static str, String)>,
    powers: Vec<(String, String)>,
    standing: String,
    reasons: Vec<String>,
    remarks: Vec<String>,
    next: String,
    milestones: Vec<Step>,
    books: Vec<Book>,
    places: Vec<Place>,
    issuers: Vec<Issuer>,
    files: Vec<File>,
    after_revoke: Vec<String>,
    offers: Vec<Offer>,
    refused: Vec<Offer>,
    history: Vec<Entry>,
    untold: String,
    print: bool,
    said: Option<String>,
    problem: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Look {
    view: String,
    history: String,
    /// What was just done.
    done: String,
}

pub(super) async fn page(
    State(site): State<Site>,
    visitor: Visitor,
    Path(name): Path<String>,
    Query(look): Query<Look>,
) -> Result<Response, Refused> {
    let snapshot = site.folded.snapshot(site.now()).await?;
    let number = name.strip_prefix("V-").and_then(|number| number.parse().ok());
    let Some(item) = number.and_then(|number| snapshot.numbered(number)) else {
        // Not the plain number: perhaps a fingerprint, perhaps newer than what is known.
        let found = named(&site.folded.ledger, &name).await?;
        if found.id() == name {
            return Ok(shown(&made(&site, &visitor, &found, &look, None).await?));
        }
        return Ok(Redirect::to(&format!("/items/{}", found.id())).into_response());
    };
    let item = site.folded.whole(item).await?;
    Ok(shown(&made(&site, &visitor, &item, &look, None).await?))
}

/// What somebody tried, and why it was not done.
struct Tried<'a> {
    deed: Deed,
    filled: &'a Filled,
    problem: String,
}

pub(super) async fn act(
    State(site): State<Site>,
    visitor: Visitor,
    Path((name, deed)): Path<(String, Deed)>,
    Form(filled): Form<Filled>,
) -> Result<Response, Refused> {
    visitor.must_hold(&filled.key)?;
    let (ledger, now) = (&site.folded.ledger, site.now());
    let item = named(ledger, &name).await?;
    if filled.version != item.version {
        return changed(&site, &visitor, &item, (deed, &filled)).await;
    }
    let done = match filled.action(deed, &item, &site.settings.targets) {
        Err(problem) => Err(problem),
        Ok(action) => {
            let policy = &site.settings.policy;
            match quietus_track::act(ledger, &item, &action, &visitor.actor, policy, now).await {
                Ok(_) => Ok(()),
                Err(ActError::Refused { refusal, .. }) => Err(refusal.to_string()),
                Err(error) => return Err(error.into()),
            }
        }
    };
    answered(&site, &visitor, &item, (deed, &filled), done).await
}

/// What somebody decided on is not what is there now.
async fn changed(
    site: &Site,
    visitor: &Visitor,
    item: &PoamItem,
    (deed, filled): (Deed, &Filled),
) -> Result<Response, Refused> {
    let problem = "Somebody else, or a scan, changed this item since you loaded it. Nothing was \
                   done: look at it as it is now, and decide anew."
        .to_owned();
    let tried = Some(Tried { deed, filled, problem });
    let page = made(site, visitor, item, &Look::default(), tried).await?;
    Ok((StatusCode::CONFLICT, shown(&page)).into_response())
}

/// The item as it is after what was done, or its page with why it was not.
async fn answered(
    site: &Site,
    visitor: &Visitor,
    item: &PoamItem,
    (deed, filled): (Deed, &Filled),
    done: Result<(), String>,
) -> Result<Response, Refused> {
    if let Err(problem) = done {
        let tried = Some(Tried { deed, filled, problem });
        let page = made(site, visitor, item, &Look::default(), tried).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown(&page)).into_response());
    }
    site.folded.caught_up(site.now()).await?;
    Ok(Redirect::to(&format!("/items/{}?done={}", item.id(), deed.name())).into_response())
}

async fn made(
    site: &Site,
    visitor: &Visitor,
    item: &PoamItem,
    look: &Look,
    tried: Option<Tried<'_>>,
) -> Result<Page, Refused> {
    let now = site.now();
    let snapshot = site.folded.snapshot(now).await?;
    let policy = &site.settings.policy;
    let keeps_files = site.settings.evidence.is_some();
    let asking = Asking { item, by: &visitor.actor, policy, now, keeps_files };
    let filled = tried.as_ref().map(|tried| (tried.deed, tried.filled));
    let (offers, refused) =
        asking.offers(filled).into_iter().partition(|offer| offer.refusal.is_none());
    let (history, untold) = telling::history(item, look.history == "all" || look.view == "print");
    Ok(Page {
        frame: Some(Frame::of("item", site, visitor, &snapshot)),
        id: item.id(),
        version: item.version,
        form_key: visitor.form_key.clone(),
        kind: item.detection.kind.name.clone(),
        redacted: item.detection.redacted.to_string(),
        severity: item.detection.severity.as_str(),
        liveness: item.liveness(now),
        state: item.phase().to_string(),
        overdue: item.is_overdue(now),
        lead: telling::lead(item, now),
        facts: telling::facts(item, now),
        powers: telling::powers(item),
        standing: readable(&item.standing()),
        reasons: telling::reasons(item, policy, now),
        remarks: item.remarks(policy, now).iter().map(|text| readable(text)).collect(),
        next: readable(&item.what_next(policy, now)),
        milestones: item.order().iter().map(|kind| telling::step(item, *kind, now)).collect(),
        books: books::books(item, now),
        places: telling::places(item),
        issuers: telling::issuers(item, now),
        files: telling::files(item, keeps_files, now),
        after_revoke: item.detection.kind.remedy.after_revoke.clone(),
        offers,
        refused,
        history,
        untold,
        print: look.view == "print",
        said: telling::said(&look.done, item),
        problem: tried.map(|tried| tried.problem),
    })
}
