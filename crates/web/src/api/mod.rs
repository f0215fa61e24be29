//! The same over JSON, for programs with a token. `api/openapi.json` describes it.

mod caller;
mod failed;

use self::caller::Caller;
use self::failed::Failed;
use crate::Site;
use crate::act::{Deed, Filled};
use crate::board::{Query, View};
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Path, Query as FromQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use quietus_export::object;
use quietus_poam::PoamItem;
use quietus_track::named;
use serde_json::{Value, json};

/// What this API is, for programs that read such things.
const DESCRIPTION: &str = include_str!("../../api/openapi.json");

/// How many items one answer holds.
const ITEMS: usize = 100;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/openapi.json", get(description))
        .route("/items", get(items))
        .route("/items/{id}", get(item))
        .route("/items/{id}/actions/{deed}", post(act))
        .route("/metrics", get(metrics))
        .route("/repositories", get(repositories))
        .fallback(nowhere)
        .method_not_allowed_fallback(no_method)
}

async fn description() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION).into_response()
}

async fn nowhere() -> Failed {
    Failed::new(StatusCode::NOT_FOUND, "there is nothing here; see /api/v1/openapi.json")
}

async fn no_method() -> Failed {
    Failed::new(StatusCode::METHOD_NOT_ALLOWED, "not by this method; see /api/v1/openapi.json")
}

fn answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

async fn items(
    State(site): State<Site>,
    _caller: Caller,
    query: Result<FromQuery<Query>, QueryRejection>,
) -> Result<Response, Failed> {
    let FromQuery(query) =
        query.map_err(|error| Failed::new(StatusCode::BAD_REQUEST, error.body_text()))?;
    let now = site.now();
    let snapshot = site.folded.snapshot(now).await?;
    let found: Vec<_> =
        query.rows(&snapshot.rows).into_iter().filter(|row| query.show.shows(row)).collect();
    let pages = found.len().div_ceil(ITEMS).max(1);
    let page = query.page.max(1);
    let policy = &site.settings.policy;
    // A page beyond the end is empty, so that a program that counts up comes to an end.
    let here = found.iter().skip((page - 1).saturating_mul(ITEMS)).take(ITEMS);
    let values: Vec<Value> = here.map(|row| object::item(&row.item, policy, now)).collect();
    let counts = View::ALL.into_iter().zip(View::counts(&snapshot.rows));
    let counts: serde_json::Map<String, Value> =
        counts.map(|(view, count)| (view.name().to_owned(), count.into())).collect();
    Ok(answer(&json!({
        "items": values,
        "total": found.len(),
        "page": page,
        "pages": pages,
        "counts": counts,
        "ledger": { "seq": snapshot.head.seq, "head": snapshot.head.hash.to_string() },
    })))
}

/// An item with its history, why it stands where it stands, and what the caller may do.
fn whole(site: &Site, caller: &Caller, item: &PoamItem) -> Result<Value, Failed> {
    let (policy, now) = (&site.settings.policy, site.now());
    let mut value = object::item(item, policy, now);
    value["version"] = item.version.into();
    value["why"] = item.why(policy, now).into();
    value["history"] = serde_json::to_value(&item.history)
        .map_err(|error| Failed::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    // A file is no JSON.
    let keeps_files = false;
    let asking = crate::act::Asking { item, by: caller.actor(), policy, now, keeps_files };
    let offers: serde_json::Map<String, Value> = asking
        .offers(None)
        .into_iter()
        .map(|offer| (offer.deed.name().to_owned(), json!({ "refusal": offer.refusal })))
        .collect();
    value["actions"] = offers.into();
    Ok(value)
}

async fn item(
    State(site): State<Site>,
    caller: Caller,
    name: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<Response, Failed> {
    let Path(name) =
        name.map_err(|error| Failed::new(StatusCode::BAD_REQUEST, error.body_text()))?;
    let item = named(&site.folded.ledger, &name).await?;
    Ok(answer(&whole(&site, &caller, &item)?))
}

async fn act(
    State(site): State<Site>,
    caller: Caller,
    path: Result<Path<(String, Deed)>, axum::extract::rejection::PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failed> {
    let Path((name, deed)) =
        path.map_err(|error| Failed::new(StatusCode::NOT_FOUND, error.body_text()))?;
    let body = body.map_err(|error| Failed::new(error.status(), error.body_text()))?;
    let filled = filled(&body)?;
    let ledger = &site.folded.ledger;
    let item = named(ledger, &name).await?;
    if filled.version != item.version {
        let why = format!(
            "the item is at version {} and not at {}; read it again and decide anew; nothing was \
             done",
            item.version, filled.version
        );
        return Err(Failed::new(StatusCode::CONFLICT, why));
    }
    let action = filled
        .action(deed, &item, &site.settings.targets)
        .map_err(|why| Failed::new(StatusCode::UNPROCESSABLE_ENTITY, why))?;
    let (policy, now) = (&site.settings.policy, site.now());
    let after = quietus_track::act(ledger, &item, &action, caller.actor(), policy, now).await?;
    Ok(answer(&whole(&site, &caller, &after)?))
}

/// What a program filled in. A list is no form, though it could be read as one; and who names no
/// version has not looked.
fn filled(body: &[u8]) -> Result<Filled, Failed> {
    let bad = |why: String| Failed::new(StatusCode::BAD_REQUEST, why);
    let fields: serde_json::Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| bad(format!("the body is no JSON object: {error}")))?;
    if !fields.contains_key("version") {
        return Err(bad("name the version of the item that you looked at".to_owned()));
    }
    serde_json::from_value(fields.into())
        .map_err(|error| bad(format!("the body is not understood: {error}")))
}

async fn metrics(State(site): State<Site>, _caller: Caller) -> Result<Response, Failed> {
    let figures = site.folded.figures(site.now()).await?;
    Ok(answer(figures.as_json()))
}

async fn repositories(State(site): State<Site>, _caller: Caller) -> Result<Response, Failed> {
    let snapshot = site.folded.snapshot(site.now()).await?;
    let value = |scans: &quietus_store::RepositoryScans| {
        object::repository(&scans.latest, scans.latest_complete.as_ref())
    };
    Ok(answer(&snapshot.scans.iter().map(value).collect()))
}
