//! Review: what closed since a date and on what evidence, a sample of it, and who signed for that.

use super::{Frame, shown};
use crate::Site;
use crate::refused::Refused;
use crate::visitor::Visitor;
use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use quietus_export::words::{day, end_of_day, minute, plural, readable, thousands};
use quietus_model::times;
use quietus_poam::{Duty, PoamItem, Review, closed_since, sample};
use quietus_store::Append;
use serde::Deserialize;

/// What is looked at where nobody says since when.
const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The largest sample.
const LARGEST: usize = 100;

/// How many closures are listed beside the sample.
const LISTED: usize = 200;

/// How many signed reviews are listed.
const SIGNED: usize = 100;

#[derive(Template)]
#[template(path = "review.html")]
struct Page {
    frame: Option<Frame>,
    form_key: String,
    since: String,
    size: usize,
    seed: String,
    summary: String,
    sampled: Vec<Line>,
    listed: Vec<Line>,
    unlisted: String,
    signed: Vec<Signed>,
    may_sign: bool,
    note: String,
    problem: Option<String>,
    done: bool,
}

struct Line {
    id: String,
    what: String,
    closed: String,
    basis: &'static str,
    dead_since: String,
    evidence: Vec<String>,
    approved: String,
    rounds: String,
}

struct Signed {
    at: String,
    by: String,
    span: String,
    note: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    since: String,
    sample: String,
    seed: String,
    done: String,
    key: String,
    note: String,
}

impl Asked {
    /// Since when, how many, and by which seed.
    fn read(&self, now: Timestamp) -> Result<(Timestamp, usize, String), Refused> {
        let since = if self.since.is_empty() {
            now.checked_sub(MONTH).unwrap_or(now)
        } else {
            end_of_day(&self.since).map_err(|_| {
                let why = format!("\"{}\" is no date; write it as YYYY-MM-DD", self.since);
                Refused::new(StatusCode::BAD_REQUEST, why)
            })?
        };
        // From the beginning of that day on.
        let since = since.as_second().div_euclid(86_400) * 86_400;
        let since = Timestamp::from_second(since).unwrap_or(now);
        let size = self.sample.parse().unwrap_or(10).min(LARGEST);
        let seed: String = self.seed.chars().take(100).collect();
        let seed = if seed.is_empty() { day(now) } else { seed };
        Ok((since, size, seed))
    }
}

pub(super) async fn page(
    State(site): State<Site>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    Ok(shown(&made(&site, &visitor, &asked, None).await?))
}

pub(super) async fn sign(
    State(site): State<Site>,
    visitor: Visitor,
    Form(asked): Form<Asked>,
) -> Result<Response, Refused> {
    visitor.must_hold(&asked.key)?;
    let now = site.now();
    let (since, size, seed) = asked.read(now)?;
    let snapshot = site.folded.caught_up(now).await?;
    let items: Vec<&PoamItem> = snapshot.items.iter().map(AsRef::as_ref).collect();
    let drawn = sample(&closed_since(&items, since), size, &seed);
    let drawn = drawn.iter().map(|item| item.fingerprint()).collect();
    match Review::signed(&items, since, drawn, &asked.note, &visitor.actor, now) {
        Ok(review) => {
            site.folded.ledger.append(vec![Append::Review(Box::new(review))], now).await?;
            site.folded.caught_up(now).await?;
            let seed: String = url::form_urlencoded::byte_serialize(seed.as_bytes()).collect();
            let to = format!("/review?since={}&sample={size}&seed={seed}&done=1", day(since));
            Ok(Redirect::to(&to).into_response())
        }
        Err(refusal) => {
            let page = made(&site, &visitor, &asked, Some(refusal.to_string())).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, shown(&page)).into_response())
        }
    }
}

async fn made(
    site: &Site,
    visitor: &Visitor,
    asked: &Asked,
    problem: Option<String>,
) -> Result<Page, Refused> {
    let now = site.now();
    let (since, size, seed) = asked.read(now)?;
    let snapshot = site.folded.snapshot(now).await?;
    let items: Vec<&PoamItem> = snapshot.items.iter().map(AsRef::as_ref).collect();
    let closed = closed_since(&items, since);
    let drawn = sample(&closed, size, &seed);
    let attested = closed.iter().filter(|item| basis(item) == "attested").count();
    let signed = snapshot.reviews.iter().take(SIGNED).map(signature).collect();
    Ok(Page {
        frame: Some(Frame::of("review", site, visitor, &snapshot)),
        form_key: visitor.form_key.clone(),
        since: day(since),
        size,
        seed,
        summary: format!(
            "{} closed since {}: {} verified by an issuer, {} attested by people.",
            plural(closed.len() as u64, "item"),
            day(since),
            thousands((closed.len() - attested) as u64),
            thousands(attested as u64)
        ),
        sampled: drawn.iter().map(|item| line(item)).collect(),
        unlisted: match closed.len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!("and {} more", thousands(more as u64)),
        },
        listed: closed.iter().take(LISTED).map(|item| line(item)).collect(),
        signed,
        may_sign: visitor.may(Duty::Audit) || visitor.may(Duty::Approve),
        note: asked.note.clone(),
        problem,
        done: asked.done == "1",
    })
}

fn basis(item: &PoamItem) -> &'static str {
    item.closure.as_ref().map_or("", |closure| closure.basis.as_str())
}

fn line(item: &PoamItem) -> Line {
    let closure = item.closure.as_ref();
    Line {
        id: item.id(),
        what: format!("{} {}", item.detection.kind.name, item.detection.redacted),
        closed: closure.map_or(String::new(), |closure| minute(closure.at)),
        basis: basis(item),
        dead_since: closure.map_or(String::new(), |closure| minute(closure.dead_since)),
        evidence: closure.map_or_else(Vec::new, |closure| {
            closure.evidence.iter().map(|t| readable(t)).collect()
        }),
        approved: item.approval.as_ref().map_or(String::new(), |approval| {
            format!("approved by {}: {}", approval.by, approval.note)
        }),
        rounds: match item.earlier_rounds.len() {
            0 => String::new(),
            earlier => format!("it had closed {} before", times(earlier as u64)),
        },
    }
}

fn signature(review: &Review) -> Signed {
    Signed {
        at: minute(review.at),
        by: review.by.to_string(),
        span: format!(
            "{} since {}, {} looked at one by one",
            plural(review.closures, "closure"),
            day(review.since),
            thousands(review.sample.len() as u64)
        ),
        note: review.note.clone(),
    }
}
