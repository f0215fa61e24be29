//! The board: what is live, late, due, waiting and back, with filters that stand in the address.

use super::{Frame, shown};
use crate::Site;
use crate::board::{Query, ROWS, Row, View};
use crate::refused::Refused;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as FromQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use quietus_export::words::{day, distance, thousands};
use quietus_model::Severity;
use quietus_poam::{Lane, Phase};

#[derive(Template)]
#[template(path = "board.html")]
struct Page {
    frame: Option<Frame>,
    tabs: Vec<Tab>,
    query: Query,
    severities: Vec<Choice>,
    owners: Vec<String>,
    repositories: Vec<String>,
    /// How many there are at all; 0 is another page than an empty view.
    known: usize,
    rows: Vec<Line>,
    title: &'static str,
    nothing: &'static str,
    range: String,
    earlier: Option<String>,
    later: Option<String>,
    unscanned: String,
    everything: String,
}

struct Tab {
    title: &'static str,
    address: String,
    count: String,
    here: bool,
    class: &'static str,
}

struct Choice {
    name: &'static str,
    chosen: bool,
}

/// A row in words.
pub(super) struct Line {
    id: String,
    kind: String,
    redacted: String,
    severity: &'static str,
    liveness: &'static str,
    state: String,
    place: String,
    repository: String,
    at_head: bool,
    more_places: String,
    owner: Option<String>,
    next: String,
    when: String,
    late: bool,
}

pub(super) async fn page(
    State(site): State<Site>,
    visitor: Visitor,
    query: Result<FromQuery<Query>, QueryRejection>,
) -> Result<Response, Refused> {
    let FromQuery(query) = query.map_err(|_| {
        let views = View::ALL.map(View::name).join(", ");
        let why = format!(
            "this address is not one of the board: show is one of {views}, page is a number"
        );
        Refused::new(StatusCode::BAD_REQUEST, why)
    })?;
    let now = site.now();
    let snapshot = site.folded.snapshot(now).await?;
    let wanted = query.rows(&snapshot.rows);
    let counts = View::counts(wanted.iter().copied());
    let tabs = View::ALL.into_iter().zip(counts).map(|(view, count)| tab(view, &query, count));
    let tabs = tabs.collect();
    let here: Vec<&Row> = wanted.into_iter().filter(|row| query.show.shows(row)).collect();
    let pages = here.len().div_ceil(ROWS).max(1);
    let page = query.page.clamp(1, pages);
    let from = (page - 1) * ROWS;
    let rows: Vec<Line> = here.iter().skip(from).take(ROWS).map(|row| Line::of(row, now)).collect();
    let range = match (here.len(), pages) {
        (0, _) => String::new(),
        (all, 1) => format!("{} shown", thousands(all as u64)),
        (all, _) => {
            let to = from + rows.len();
            let number = |number: usize| thousands(number as u64);
            format!("{} to {} of {}", number(from + 1), number(to), number(all))
        }
    };
    let severity = |severity: Severity| Choice {
        name: severity.as_str(),
        chosen: severity.as_str() == query.severity,
    };
    let severities =
        [Severity::Critical, Severity::High, Severity::Medium, Severity::Low].map(severity);
    let unfinished = snapshot.scans.iter().filter(|scans| {
        scans.latest_complete.as_ref().is_none_or(|last| last.survey != scans.latest.survey)
    });
    let unscanned = match unfinished.count() {
        0 => String::new(),
        1 => "The last scan of 1 repository was not complete.".to_owned(),
        count => {
            format!("The last scans of {} repositories were not complete.", thousands(count as u64))
        }
    };
    Ok(shown(&Page {
        frame: Some(Frame::of("board", &site, &visitor, &snapshot)),
        tabs,
        severities: severities.into(),
        owners: snapshot.owners.clone(),
        repositories: snapshot.repositories.clone(),
        known: snapshot.items.len(),
        rows,
        title: query.show.title(),
        nothing: query.show.nothing(),
        range,
        earlier: (page > 1).then(|| query.address(query.show, page - 1)),
        later: (page < pages).then(|| query.address(query.show, page + 1)),
        unscanned,
        everything: Query { show: query.show, ..Query::default() }.address(query.show, 1),
        query,
    }))
}

fn tab(view: View, query: &Query, count: usize) -> Tab {
    let class = match view {
        View::Live | View::Reopened if count > 0 => "alarming",
        View::Overdue if count > 0 => "late",
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

impl Line {
    fn of(row: &Row, now: Timestamp) -> Self {
        let (item, words) = (&row.item, &row.words);
        let (next, when) = next(row, now);
        let state = match item.phase() {
            _ if row.lane == Lane::Reopened => "reopened".to_owned(),
            Phase::Closed(basis) => format!("closed, {}", basis.as_str()),
            phase => phase.to_string(),
        };
        Self {
            id: item.id(),
            kind: item.detection.kind.name.clone(),
            redacted: item.detection.redacted.to_string(),
            severity: item.detection.severity.as_str(),
            liveness: row.liveness,
            state,
            place: words.place.clone(),
            repository: words.repository.clone(),
            at_head: words.at_head,
            more_places: match words.more_places {
                0 => String::new(),
                1 => "and 1 other place".to_owned(),
                more => format!("and {} other places", thousands(more as u64)),
            },
            owner: words.owner.clone(),
            next,
            when,
            late: row.overdue,
        }
    }
}

/// What comes next, and when.
fn next(row: &Row, now: Timestamp) -> (String, String) {
    let item = &row.item;
    match (&item.closure, &item.deviation, item.next_milestone()) {
        (Some(closure), ..) => ("closed".to_owned(), day(closure.at)),
        (None, Some(aside), _) => ("set aside until".to_owned(), day(aside.until)),
        (None, None, Some(milestone)) => {
            let late = if milestone.is_overdue(now) { "was due " } else { "" };
            let when = format!("{late}{} ({})", day(milestone.due), distance(milestone.due, now));
            (milestone.kind.to_string(), when)
        }
        (None, None, None) => ("proof of today".to_owned(), "ask its issuer again".to_owned()),
    }
}
