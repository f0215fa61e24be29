//! The pages: one module each, all in one frame.

mod assets;
mod board;
mod door;
mod item;
pub(crate) mod metrics;
mod repositories;
mod review;

use crate::Site;
use crate::folded::Snapshot;
use crate::refused::Refused;
use crate::visitor::Visitor;
use askama::Template;
use axum::Router;
use axum::extract::DefaultBodyLimit;

use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use quietus_export::words::{minute, readable, thousands};

pub(crate) fn routes() -> Router<Site> {
    let large = DefaultBodyLimit::max(item::attach::LARGEST);
    Router::new()
        .route("/", get(board::page))
        .route("/items/{id}", get(item::page))
        .route("/items/{id}/actions/{deed}", post(item::act))
        .route("/items/{id}/actions/attach", post(item::attach::attach).layer(large))
        .route("/items/{id}/files/{digest}", get(item::attach::file))
        .route("/metrics", get(metrics::page))
        .route("/repositories", get(repositories::page))
        .route("/review", get(review::page).post(review::sign))
        .route("/enter", get(door::enter_by_link))
        .route("/sign-in", get(door::page).post(door::sign_in))
        .route("/sign-in/provider", get(door::begin))
        .route("/sign-in/return", get(door::come_back))
        .route("/sign-out", post(door::sign_out))
        .route("/assets/{name}", get(assets::asset))
        .route("/healthz", get(|| async { "ok\n" }))
}

pub(crate) async fn nowhere(uri: Uri) -> Refused {
    let why = format!("there is no page {}; begin at the board", uri.path());
    Refused::new(StatusCode::NOT_FOUND, why)
}

/// What stands round every page of somebody who is signed in.
#[derive(Debug)]
pub(crate) struct Frame {
    /// Which page of the navigation this is.
    pub(crate) here: &'static str,
    pub(crate) who: String,
    pub(crate) roles: String,
    pub(crate) form_key: String,
    pub(crate) policy: String,
    /// As of which entry of the ledger, and when that was read.
    pub(crate) seq: String,
    pub(crate) as_of: String,
}

impl Frame {
    pub(crate) fn of(
        here: &'static str,
        site: &Site,
        visitor: &Visitor,
        snapshot: &Snapshot,
    ) -> Self {
        Self {
            here,
            who: visitor.actor.person_id().unwrap_or_default().to_owned(),
            roles: visitor.actor.roles().to_string(),
            form_key: visitor.form_key.clone(),
            policy: site.settings.policy.name.clone(),
            seq: thousands(snapshot.head.seq),
            as_of: minute(site.now()),
        }
    }
}

/// A sentence in pieces: whether each is a command, which stands between backticks, and its text.
/// Moments are written as people read them.
pub(crate) fn prose(sentence: &str) -> Vec<(bool, String)> {
    let sentence = readable(sentence);
    let whole = sentence.matches('`').count().is_multiple_of(2);
    let pieces = sentence.split('`').enumerate();
    match whole {
        true => pieces.map(|(at, text)| (at % 2 == 1, text.to_owned())).collect(),
        false => vec![(false, sentence)],
    }
}

/// A page as an answer.
pub(crate) fn shown(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            let why = format!("the page could not be made: {error}");
            Refused::new(StatusCode::INTERNAL_SERVER_ERROR, why).into_response()
        }
    }
}
