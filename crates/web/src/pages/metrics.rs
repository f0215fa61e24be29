//! Metrics: how long credentials stay valid, what is left, how old it is, and on what it rests.

use super::{Frame, shown};
use crate::Site;
use crate::folded::Snapshot;
use crate::refused::Refused;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use quietus_export::chart::{self, Curve};
use quietus_export::words::{minute, span, thousands};
use quietus_metrics::{Figures as Counted, Metrics, PUBLISHED, Spans, Survival};
use quietus_poam::{PoamItem, Policy};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many weeks the burn-down shows.
const WEEKS: usize = 16;

/// How many owners and repositories are listed.
const GROUPS: usize = 12;

/// Figures over all items at a moment, drawn and in words.
pub(crate) struct Figures {
    at: Timestamp,
    empty: bool,
    tiles: Vec<Tile>,
    survival: String,
    survival_rows: Vec<(String, Vec<String>)>,
    curves: Vec<String>,
    left_out: Vec<String>,
    burn_down: String,
    weeks: Vec<[String; 5]>,
    ages: String,
    age_rows: Vec<(String, String)>,
    times: Vec<[String; 4]>,
    grounds: Vec<(&'static str, String, &'static str)>,
    half_done: Vec<(&'static str, String, &'static str)>,
    owners: Vec<Group>,
    repositories: Vec<Group>,
}

struct Tile {
    number: String,
    title: &'static str,
    says: String,
    class: &'static str,
}

struct Group {
    name: String,
    open: String,
    live: String,
    overdue: String,
    closed: String,
    to_revoke: String,
}

impl Figures {
    pub(crate) fn of(snapshot: &Snapshot, policy: &Policy, now: Timestamp) -> Self {
        let items: Vec<PoamItem> = snapshot.items.iter().map(|item| (**item).clone()).collect();
        let metrics = Metrics::of(&items, WEEKS, policy, now);
        let unwatched = items
            .iter()
            .filter(|item| item.closure.is_some() && item.next_retest(policy).is_none())
            .count();
        Self::drawn(&metrics, unwatched)
    }

    /// Whether they would be the same at `now`, if nothing was appended: dates pass by the minute.
    pub(crate) fn is_of(&self, now: Timestamp) -> bool {
        now.duration_since(self.at).abs() < SignedDuration::from_mins(1)
    }

    fn drawn(metrics: &Metrics, unwatched: usize) -> Self {
        let all = &metrics.all;
        let curves = curves(all);
        let drawn: Vec<Curve<'_>> = curves.iter().map(|(name, of)| Curve { name, of }).collect();
        Self {
            at: metrics.at,
            empty: all.items == 0,
            tiles: tiles(all),
            survival: chart::survival(&drawn, Some(&PUBLISHED)),
            survival_rows: survival_rows(&curves),
            curves: curves.iter().map(|(name, _)| (*name).to_owned()).collect(),
            left_out: left_out(all),
            burn_down: chart::burn_down(&metrics.weeks),
            weeks: metrics.weeks.iter().rev().map(week).collect(),
            ages: chart::ages(&all.backlog.ages),
            age_rows: all.backlog.ages.iter().map(age).collect(),
            times: times(all),
            grounds: grounds(all, unwatched),
            half_done: half_done(all),
            owners: groups(&metrics.owners),
            repositories: groups(&metrics.repositories),
        }
    }
}

#[derive(Template)]
#[template(path = "metrics.html")]
struct Page {
    frame: Option<Frame>,
    figures: Arc<Figures>,
    at: String,
    published: String,
}

pub(super) async fn page(State(site): State<Site>, visitor: Visitor) -> Result<Response, Refused> {
    let now = site.now();
    let figures = site.folded.figures(now).await?;
    let snapshot = site.folded.snapshot(now).await?;
    let published = format!(
        "Published: more than {:.0} % were still valid after {} days ({}).",
        PUBLISHED.share_above * 100.0,
        PUBLISHED.days,
        PUBLISHED.source
    );
    Ok(shown(&Page {
        frame: Some(Frame::of("metrics", &site, &visitor, &snapshot)),
        at: minute(figures.at),
        figures,
        published,
    }))
}

fn curves(all: &Counted) -> Vec<(&'static str, &Survival)> {
    let valid = &all.still_valid;
    let mut curves = vec![("all", &valid.all)];
    if valid.seen_live.credentials > 0 && valid.seen_live != valid.all {
        curves.push(("accepted by an issuer", &valid.seen_live));
    }
    if valid.counting_attested != valid.all {
        curves.push(("if people's word counts", &valid.counting_attested));
    }
    curves
}

fn survival_rows(curves: &[(&str, &Survival)]) -> Vec<(String, Vec<String>)> {
    let row = |(at, days): (usize, &u32)| {
        let shares =
            curves.iter().map(|(_, curve)| share(curve.after.get(at).and_then(|p| p.share)));
        let name = if *days == 1 { "1 day".to_owned() } else { format!("{days} days") };
        (name, shares.collect())
    };
    quietus_metrics::DAYS.iter().enumerate().map(row).collect()
}

fn left_out(all: &Counted) -> Vec<String> {
    let valid = &all.still_valid;
    [(valid.dead_when_found, "dead when found"), (valid.false_positives, "false positives")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", number(count)))
        .collect()
}

fn tiles(all: &Counted) -> Vec<Tile> {
    let backlog = &all.backlog;
    let five = all.still_valid.all.after.iter().find(|point| point.days == PUBLISHED.days);
    let tile = |number: String, title, says: String, class| Tile { number, title, says, class };
    vec![
        tile(
            share(five.and_then(|point| point.share)),
            "still valid after 5 days",
            format!("published elsewhere: over {:.0} %", PUBLISHED.share_above * 100.0),
            "",
        ),
        tile(
            number(backlog.live),
            "live now",
            format!("of {} open", number(backlog.open)),
            if backlog.live > 0 { "alarming" } else { "good" },
        ),
        tile(
            number(backlog.overdue),
            "overdue",
            format!("{} of what is open", share(backlog.overdue_share)),
            if backlog.overdue > 0 { "late" } else { "good" },
        ),
        tile(
            length(all.times.to_revoke.median_seconds),
            "to revoke, median",
            format!("9 of 10 within {}", length(all.times.to_revoke.p90_seconds)),
            "",
        ),
        tile(
            share(all.reopenings.rate),
            "of closures came back",
            format!(
                "{} of {}",
                number(all.reopenings.ever_reopened),
                number(all.reopenings.ever_closed)
            ),
            "",
        ),
    ]
}

fn week(week: &quietus_metrics::Week) -> [String; 5] {
    [
        quietus_export::words::day(week.begins),
        number(week.opened),
        number(week.closed),
        number(week.reopened),
        number(week.not_closed),
    ]
}

fn age(age: &quietus_metrics::Age) -> (String, String) {
    let days = match age.to_days {
        Some(to) => format!("{} to {to} days", age.from_days),
        None => format!("{} days and older", age.from_days),
    };
    (days, number(age.open))
}

fn times(all: &Counted) -> Vec<[String; 4]> {
    let row = |(name, spans): (&str, &Spans)| {
        let Spans { count, median_seconds, p90_seconds, .. } = spans;
        [name.to_owned(), length(*median_seconds), length(*p90_seconds), number(*count)]
    };
    let times = &all.times;
    [
        ("from commit to detection", &times.to_detect),
        ("from detection to proven end", &times.to_revoke),
        ("from detection to verified closure", &times.to_close),
        ("from detection to attested closure", &times.to_close_attested),
    ]
    .into_iter()
    .map(row)
    .collect()
}

fn grounds(all: &Counted, unwatched: usize) -> Vec<(&'static str, String, &'static str)> {
    let (closures, verification) = (&all.closures, &all.verification);
    let aside: usize = all.backlog.set_aside.values().sum();
    vec![
        ("verified", number(closures.verified), "closed; an issuer denied it often enough"),
        (
            "attested",
            number(closures.attested),
            "closed on people's word, where nobody can be asked",
        ),
        (
            "waived by people",
            number(closures.waived_by_person),
            "closed with a milestone that a person waived",
        ),
        (
            "waived by policy",
            number(closures.waived_by_policy),
            "closed with a milestone that policy waived",
        ),
        ("not watched", number(unwatched), "closed, and not asked about any more"),
        ("set aside", number(aside), "false positives and risks that are borne, until a date"),
        (
            "stale",
            number(verification.stale),
            "open, can be asked, and the last clear answer is too old",
        ),
        (
            "never answered",
            number(verification.open - verification.answered),
            "open; no issuer has told anything yet",
        ),
    ]
}

fn half_done(all: &Counted) -> Vec<(&'static str, String, &'static str)> {
    let half = &all.half_done;
    let class = |live: usize| if live > 0 { "live" } else { "" };
    vec![
        ("removed and not revoked", number(half.removed_not_revoked), ""),
        ("of those, live", number(half.removed_but_live), class(half.removed_but_live)),
        ("rotated and not revoked", number(half.rotated_not_revoked), ""),
        ("of those, live", number(half.rotated_but_live), class(half.rotated_but_live)),
    ]
}

/// Those with the most that is live and open first.
fn groups(groups: &BTreeMap<String, Counted>) -> Vec<Group> {
    let mut sorted: Vec<_> = groups.iter().collect();
    sorted.sort_by_key(|(_, figures)| {
        (std::cmp::Reverse(figures.backlog.live), std::cmp::Reverse(figures.backlog.open))
    });
    let group = |(name, figures): (&String, &Counted)| Group {
        name: name.clone(),
        open: number(figures.backlog.open),
        live: number(figures.backlog.live),
        overdue: number(figures.backlog.overdue),
        closed: number(figures.closures.all()),
        to_revoke: length(figures.times.to_revoke.median_seconds),
    };
    sorted.into_iter().take(GROUPS).map(group).collect()
}

fn number(count: usize) -> String {
    thousands(count as u64)
}

fn share(share: Option<f64>) -> String {
    share.map_or("–".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

fn length(seconds: Option<i64>) -> String {
    seconds.map_or("–".to_owned(), |seconds| span(SignedDuration::from_secs(seconds)))
}
