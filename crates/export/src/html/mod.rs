//! One HTML file that answers leadership's questions in a minute, and an assessor's in ten.
//!
//! It needs no script and fetches nothing: style and charts are in it, and its own policy forbids
//! the rest. The template escapes every text; what is not escaped is our style and our charts.

mod view;

use crate::chart::{Curve, ages, burn_down, survival};
use crate::text::one_line;
use crate::weakness;
use crate::words::{minute, plural};
use crate::{ExportError, Register};
use askama::Template;
use quietus_metrics::{Metrics, PUBLISHED};
use quietus_poam::{ClosureBasis, Lane, PoamItem};
use view::{Aside, Closed, Open, Watch};

/// How many weeks the burn-down shows.
const WEEKS: usize = 12;

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    style: &'static str,
    system: String,
    organization: String,
    at: String,
    at_words: String,
    audience: &'static str,
    head: Option<(u64, String)>,
    verdict: String,
    live: usize,
    cards: Vec<Card>,
    survival: String,
    burn_down: String,
    ages: String,
    published: String,
    open: Vec<Open>,
    aside: Vec<Aside>,
    closed: Vec<Closed>,
    repositories: Vec<Watch>,
    facts: Vec<(&'static str, String)>,
}

/// A number with its name.
struct Card {
    name: &'static str,
    value: String,
    note: String,
    alarm: bool,
}

/// The report.
///
/// # Errors
/// [`ExportError::Page`] when it cannot be written, which does not happen in memory.
pub fn html(register: &Register<'_>) -> Result<String, ExportError> {
    page(register).render().map_err(|error| ExportError::Page(error.to_string()))
}

fn page(register: &Register<'_>) -> Page {
    let now = register.now;
    let metrics = Metrics::of(&register.items, WEEKS, register.policy, now);
    let still = &metrics.all.still_valid;
    let backlog = &metrics.all.backlog;
    let all = Curve { name: "all credentials", of: &still.all };
    let seen_live = Curve { name: "those seen to work", of: &still.seen_live };
    let mut open: Vec<&PoamItem> = register.items.iter().filter(|item| item.is_active()).collect();
    open.sort_by_key(|item| weakness::urgency(item, now));
    Page {
        style: include_str!("../../templates/report.css"),
        system: one_line(&register.about.system_name),
        organization: one_line(&register.about.organization),
        at: now.to_string(),
        at_words: minute(now),
        audience: register.about.audience.as_str(),
        head: register.about.head.clone(),
        verdict: verdict(register, backlog.live, backlog.overdue, backlog.open),
        live: backlog.live,
        cards: cards(register, &metrics),
        survival: survival(&[all, seen_live], Some(&PUBLISHED)),
        burn_down: burn_down(&metrics.weeks),
        ages: ages(&backlog.ages),
        published: format!("Published figure: {}.", PUBLISHED.source),
        open: open.iter().map(|item| Open::of(item, register)).collect(),
        aside: register.items.iter().filter_map(Aside::of).collect(),
        closed: register.items.iter().filter_map(Closed::of).collect(),
        repositories: register.repositories().iter().map(Watch::of).collect(),
        facts: register.facts(),
    }
}

/// What matters most, in a sentence.
fn verdict(register: &Register<'_>, live: usize, overdue: usize, open: usize) -> String {
    let repositories = register.repositories();
    let unseen = repositories.iter().filter(|row| row.last_complete.is_none()).count();
    let known = match (live, overdue, open) {
        (0, 0, 0) => "No leaked credential is open.".to_owned(),
        (0, 0, _) => format!(
            "{} open, none known to work, none overdue.",
            plural(open as u64, "leaked credential")
        ),
        (0, ..) => format!("{} overdue; none is known to work.", plural(overdue as u64, "item")),
        _ => {
            let works = if live == 1 { "works" } else { "work" };
            let credentials = plural(live as u64, "leaked credential");
            format!("{credentials} still {works}; {} overdue.", plural(overdue as u64, "item"))
        }
    };
    match unseen {
        0 => known,
        _ => format!(
            "{known} {} never scanned completely: what is there is not known.",
            plural(unseen as u64, "repository")
        ),
    }
}

fn cards(register: &Register<'_>, metrics: &Metrics) -> Vec<Card> {
    let now = register.now;
    let figures = &metrics.all;
    let in_lane = |lane: Lane| register.items.iter().filter(|item| item.lane(now) == lane).count();
    let closed = |basis| {
        let of = |item: &&PoamItem| item.closure.as_ref().is_some_and(|c| c.basis == basis);
        register.items.iter().filter(of).count()
    };
    let repositories = register.repositories();
    let complete = repositories.iter().filter(|row| row.last_complete.is_some()).count();
    let share = figures.still_valid.all.after.iter().find(|point| point.days == PUBLISHED.days);
    let share = share.and_then(|point| point.share);
    let card = |name, value: usize, note: String, alarm| Card {
        name,
        value: value.to_string(),
        note,
        alarm,
    };
    let backlog = &figures.backlog;
    vec![
        card("Live now", backlog.live, "its issuer accepts it".into(), backlog.live > 0),
        card(
            "Overdue",
            backlog.overdue,
            "a milestone is past its date".into(),
            backlog.overdue > 0,
        ),
        card("Open", backlog.open, "neither closed nor set aside".into(), false),
        card(
            "Waiting for proof",
            in_lane(Lane::WaitingForProof),
            "done, not yet proven".into(),
            false,
        ),
        card(
            "Reopened",
            in_lane(Lane::Reopened),
            "closed once, open again".into(),
            in_lane(Lane::Reopened) > 0,
        ),
        card("Set aside", in_lane(Lane::SetAside), "each until a date".into(), false),
        card(
            "Closed",
            figures.closures.all(),
            format!(
                "{} verified, {} attested",
                closed(ClosureBasis::Verified),
                closed(ClosureBasis::Attested)
            ),
            false,
        ),
        Card {
            name: "Still valid after 5 days",
            value: share.map_or("–".to_owned(), |share| format!("{:.0}\u{a0}%", share * 100.0)),
            note: format!("published: more than {:.0}\u{a0}%", PUBLISHED.share_above * 100.0),
            alarm: false,
        },
        Card {
            name: "Scanned completely",
            value: format!("{complete} of {}", repositories.len()),
            note: "repositories".to_owned(),
            alarm: complete < repositories.len(),
        },
    ]
}
