//! Repositories: whether each is watched, when it was last seen whole, and what stands in it.

use super::{Frame, shown};
use crate::Site;
use crate::folded::Snapshot;
use crate::refused::Refused;
use crate::repositories::{ROWS, Row, View};
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as FromQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use quietus_export::words::{plural, thousands};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "repositories.html")]
struct Page {
    frame: Option<Frame>,
    tabs: Vec<Tab>,
    snapshot: Arc<Snapshot>,
    /// Which of the snapshot's repositories are on this page.
    here: Vec<usize>,
    known: usize,
    query: Query,
    summary: String,
    range: String,
    earlier: Option<String>,
    later: Option<String>,
}

impl Page {
    fn lines(&self) -> impl Iterator<Item = &Row> {
        self.here.iter().filter_map(|at| self.snapshot.repositories_seen().get(*at))
    }
}

struct Tab {
    title: &'static str,
    address: String,
    count: String,
    here: bool,
    class: &'static str,
}

/// What a visitor asks; all of it stands in the address.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    show: View,
    q: String,
    page: usize,
}

impl Query {
    fn address(&self, show: View, page: usize) -> String {
        let mut address = url::form_urlencoded::Serializer::new(String::new());
        if show != View::All {
            address.append_pair("show", show.name());
        }
        if !self.q.is_empty() {
            address.append_pair("q", &self.q);
        }
        if page > 1 {
            address.append_pair("page", &page.to_string());
        }
        let address = address.finish();
        if address.is_empty() {
            "/repositories".to_owned()
        } else {
            format!("/repositories?{address}")
        }
    }
}

pub(super) async fn page(
    State(site): State<Site>,
    visitor: Visitor,
    query: Result<FromQuery<Query>, QueryRejection>,
) -> Result<Response, Refused> {
    let FromQuery(query) = query.map_err(|_| {
        let views = View::ALL.map(View::name).join(", ");
        let why = format!(
            "this address is none of the repositories: show is one of {views}, page is a number"
        );
        Refused::new(StatusCode::BAD_REQUEST, why)
    })?;
    let snapshot = site.folded.snapshot(site.now()).await?;
    let rows = snapshot.repositories_seen();
    let words = query.q.to_lowercase();
    let words: Vec<&str> = words.split_whitespace().collect();
    let found: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].fits(&words)).collect();
    let count = |view: View| found.iter().filter(|at| view.shows(rows[**at].sight)).count();
    let tabs = View::ALL.into_iter().map(|view| tab(view, &query, count(view))).collect();
    let wanted = found.iter().copied().filter(|at| query.show.shows(rows[*at].sight));
    let wanted: Vec<usize> = wanted.collect();
    let pages = wanted.len().div_ceil(ROWS).max(1);
    let page = query.page.clamp(1, pages);
    let from = (page - 1) * ROWS;
    let here: Vec<usize> = wanted.iter().copied().skip(from).take(ROWS).collect();
    let watched = rows.iter().filter(|row| !View::Retired.shows(row.sight)).count();
    let complete = rows.iter().filter(|row| View::Complete.shows(row.sight)).count();
    let summary = format!(
        "{} watched or scanned; the last scan of {} was complete",
        plural(watched as u64, "repository"),
        if complete == watched { "each".to_owned() } else { thousands(complete as u64) }
    );
    let range = format!(
        "{} to {} of {}",
        thousands((from + 1).min(wanted.len()) as u64),
        thousands((from + here.len()) as u64),
        thousands(wanted.len() as u64)
    );
    Ok(shown(&Page {
        frame: Some(Frame::of("repositories", &site, &visitor, &snapshot)),
        tabs,
        known: rows.len(),
        here,
        summary,
        range,
        earlier: (page > 1).then(|| query.address(query.show, page - 1)),
        later: (page < pages).then(|| query.address(query.show, page + 1)),
        query,
        snapshot,
    }))
}

fn tab(view: View, query: &Query, count: usize) -> Tab {
    let class = match view {
        View::Unobservable | View::Never if count > 0 => "alarming",
        View::Gaps if count > 0 => "late",
        _ => "",
    };
    Tab {
        title: view.title(),
        address: query.address(view, 1),
        count: thousands(count as u64),
        here: view == query.show,
        class,
    }
}
