//! Repositories: when each was last scanned completely, what could not be read, what stands in it.

use super::{Frame, shown};
use crate::Site;
use crate::folded::Snapshot;
use crate::refused::Refused;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use quietus_export::words::{distance, minute, plural, repository_name, thousands};
use quietus_model::{Gap, GapReason};
use quietus_poam::PoamItem;
use quietus_store::RepositoryScans;
use std::collections::{BTreeMap, BTreeSet};

/// How many gaps of a repository are named; the rest is counted.
const GAPS: usize = 20;

#[derive(Template)]
#[template(path = "repositories.html")]
struct Page {
    frame: Option<Frame>,
    lines: Vec<Line>,
    summary: String,
}

struct Line {
    name: String,
    source: String,
    state: &'static str,
    class: &'static str,
    complete: String,
    latest: String,
    open: String,
    live: usize,
    owners: String,
    gaps: Vec<String>,
    more_gaps: String,
    query: String,
}

/// What items of a repository tell of it.
#[derive(Default)]
struct Standing<'a> {
    open: usize,
    live: usize,
    owners: BTreeSet<&'a str>,
}

pub(super) async fn page(State(site): State<Site>, visitor: Visitor) -> Result<Response, Refused> {
    let now = site.now();
    let snapshot = site.folded.snapshot(now).await?;
    let standing = standing(&snapshot);
    let mut lines: Vec<Line> =
        snapshot.scans.iter().map(|scans| line(scans, &standing, now)).collect();
    lines.sort_by(|a, b| (a.class, &a.name).cmp(&(b.class, &b.name)));
    let complete = lines.iter().filter(|line| line.class == "c-good").count();
    let summary = format!(
        "{}; the last scan of {} was complete",
        plural(lines.len() as u64, "repository"),
        thousands(complete as u64)
    );
    let frame = Some(Frame::of("repositories", &site, &visitor, &snapshot));
    Ok(shown(&Page { frame, lines, summary }))
}

fn standing(snapshot: &Snapshot) -> BTreeMap<String, Standing<'_>> {
    let mut all: BTreeMap<String, Standing<'_>> = BTreeMap::new();
    for row in snapshot.rows.iter().filter(|row| row.item.is_active()) {
        let item: &PoamItem = &row.item;
        for name in item.repository_names() {
            let standing = all.entry(name).or_default();
            standing.open += 1;
            standing.live += usize::from(row.liveness == "live");
            standing.owners.extend(item.owner.as_ref().map(|owner| owner.name.as_str()));
        }
    }
    all
}

fn line(
    scans: &RepositoryScans,
    standing: &BTreeMap<String, Standing<'_>>,
    now: Timestamp,
) -> Line {
    let latest = &scans.latest;
    let name = repository_name(scans.repository(), &latest.scope.source).to_owned();
    let nothing = Standing::default();
    let here = standing.get(&name).unwrap_or(&nothing);
    let current = scans.latest_complete.as_ref().is_some_and(|last| last.survey == latest.survey);
    let blind = latest.scope.gaps.iter().any(|gap| gap.reason == GapReason::Unobservable);
    let (state, class) = match (&scans.latest_complete, current, blind) {
        (_, _, true) => ("cannot be observed", "a-alarming"),
        (None, ..) => ("never complete", "a-alarming"),
        (_, false, _) => ("last scan incomplete", "b-late"),
        (_, true, _) => ("complete", "c-good"),
    };
    let told = |gap: &Gap| match gap.detail.as_str() {
        "" => format!("{}: {}", gap.object, gap.reason),
        detail => format!("{}: {} ({detail})", gap.object, gap.reason),
    };
    let gaps = &latest.scope.gaps;
    let mut owners: Vec<&str> = here.owners.iter().copied().take(3).collect();
    if here.owners.len() > owners.len() {
        owners.push("…");
    }
    Line {
        query: url::form_urlencoded::byte_serialize(name.as_bytes()).collect(),
        source: latest.scope.source.to_string(),
        name,
        state,
        class,
        complete: scans.latest_complete.as_ref().map_or("never".to_owned(), |last| {
            format!("{} ({})", minute(last.taken_at), distance(last.taken_at, now))
        }),
        latest: format!("{} ({})", minute(latest.taken_at), distance(latest.taken_at, now)),
        open: thousands(here.open as u64),
        live: here.live,
        owners: if owners.is_empty() { "nobody".to_owned() } else { owners.join(", ") },
        gaps: gaps.iter().take(GAPS).map(told).collect(),
        more_gaps: match gaps.len().saturating_sub(GAPS) {
            0 => String::new(),
            more => format!("and {} more", thousands(more as u64)),
        },
    }
}
