//! The board: every item as a row, most urgent first, and what a visitor wants to see of it.

use jiff::{SignedDuration, Timestamp};
use quietus_model::{Fingerprint, Severity};
use quietus_poam::{Lane, PoamItem};
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What `due this week` means.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How many rows one page shows.
pub(crate) const ROWS: usize = 50;

/// What is said of an item in one version of it.
pub(crate) struct Words {
    pub(crate) version: u64,
    /// The place that matters most.
    pub(crate) place: String,
    pub(crate) repository: String,
    pub(crate) at_head: bool,
    pub(crate) more_places: usize,
    pub(crate) owner: Option<String>,
    repositories: BTreeSet<String>,
    /// What a search looks in, in lower case.
    text: String,
}

impl Words {
    pub(crate) fn of(item: &PoamItem) -> Self {
        let mut sightings: Vec<_> = item.presence.iter().map(|(_, sighting)| sighting).collect();
        sightings.sort_by_key(|sighting| !sighting.is_open());
        let first = sightings.first();
        let place = first.map_or_else(String::new, |sighting| sighting.location.display());
        let repository = first.map_or("", |sighting| sighting.repository_name()).to_owned();
        let owner = item.owner.as_ref().map(|owner| owner.name.to_string());
        let repositories = item.repository_names();
        let detection = &item.detection;
        let mut text = format!(
            "{} {} {} {} {} {}",
            item.id(),
            item.fingerprint(),
            detection.kind.name,
            detection.rule,
            detection.redacted,
            owner.as_deref().unwrap_or("nobody")
        );
        for sighting in &sightings {
            text.push(' ');
            text.push_str(sighting.repository_name());
            text.push(' ');
            text.push_str(&sighting.location.display());
        }
        Self {
            version: item.version,
            place,
            repository,
            at_head: first.is_some_and(|sighting| !sighting.location.at_head.is_empty()),
            more_places: sightings.len().saturating_sub(1),
            owner,
            repositories,
            text: text.to_lowercase(),
        }
    }
}

impl Words {
    /// The names of the repositories it was seen in.
    pub(crate) fn repositories(&self) -> impl Iterator<Item = &str> {
        self.repositories.iter().map(String::as_str)
    }
}

/// An item as it stands at a moment.
pub(crate) struct Row {
    pub(crate) item: Arc<PoamItem>,
    pub(crate) words: Arc<Words>,
    pub(crate) lane: Lane,
    /// `live`, `dead` or `unknown`.
    pub(crate) liveness: &'static str,
    pub(crate) overdue: bool,
    pub(crate) due: Option<Timestamp>,
    due_this_week: bool,
    /// A bit for each view that shows it.
    views: u16,
}

impl Row {
    fn of(item: &Arc<PoamItem>, words: &Arc<Words>, now: Timestamp) -> Self {
        let due = item.next_milestone().map(|milestone| milestone.due);
        let soon = now.checked_add(WEEK).unwrap_or(now);
        let overdue = item.is_overdue(now);
        let mut row = Self {
            views: 0,
            item: Arc::clone(item),
            words: Arc::clone(words),
            lane: item.lane(now),
            liveness: item.liveness(now),
            overdue,
            due_this_week: item.is_active()
                && !overdue
                && due.is_some_and(|due| now <= due && due <= soon),
            due,
        };
        let shown = View::ALL.into_iter().filter(|view| view.fits(&row));
        row.views = shown.fold(0, |views, view| views | view.bit());
        row
    }

    fn is_live(&self) -> bool {
        self.liveness == "live" && self.lane != Lane::Closed
    }
}

/// All items, most urgent first: what is live, what is late, then by date.
pub(crate) fn rows(
    items: &[Arc<PoamItem>],
    words: &HashMap<Fingerprint, Arc<Words>>,
    now: Timestamp,
) -> Vec<Row> {
    let row = |item: &Arc<PoamItem>| Some(Row::of(item, words.get(&item.fingerprint())?, now));
    let mut rows: Vec<Row> = items.iter().filter_map(row).collect();
    let rank = |lane| match lane {
        Lane::Closed => 2,
        Lane::SetAside => 1,
        _ => 0,
    };
    rows.sort_by_key(|row| {
        let severity = std::cmp::Reverse(row.item.detection.severity);
        let closed = row.item.closure.as_ref().map(|closure| std::cmp::Reverse(closure.at));
        let due = if row.lane == Lane::Closed { None } else { row.due };
        (rank(row.lane), closed, !row.is_live(), !row.overdue, due, severity, row.item.number)
    });
    rows
}

/// Which items a visitor wants to see.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum View {
    #[default]
    Open,
    Live,
    Overdue,
    Week,
    Proof,
    Reopened,
    Aside,
    Closed,
    All,
}

impl View {
    pub(crate) const ALL: [Self; 9] = [
        Self::Open,
        Self::Live,
        Self::Overdue,
        Self::Week,
        Self::Proof,
        Self::Reopened,
        Self::Aside,
        Self::Closed,
        Self::All,
    ];

    /// As it stands in an address.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Live => "live",
            Self::Overdue => "overdue",
            Self::Week => "week",
            Self::Proof => "proof",
            Self::Reopened => "reopened",
            Self::Aside => "aside",
            Self::Closed => "closed",
            Self::All => "all",
        }
    }

    /// For people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Live => "Live now",
            Self::Overdue => "Overdue",
            Self::Week => "Due this week",
            Self::Proof => "Waiting for proof",
            Self::Reopened => "Reopened",
            Self::Aside => "Set aside",
            Self::Closed => "Closed",
            Self::All => "All",
        }
    }

    /// What is said when nothing is in it.
    pub(crate) fn nothing(self) -> &'static str {
        match self {
            Self::Open => "Nothing is open.",
            Self::Live => "No issuer accepts any known credential.",
            Self::Overdue => "Nothing is late.",
            Self::Week => "Nothing is due in the next seven days.",
            Self::Proof => "Nothing waits for proof.",
            Self::Reopened => "Nothing came back.",
            Self::Aside => "Nothing is set aside.",
            Self::Closed => "Nothing has closed yet.",
            Self::All => "No leaked credentials are known.",
        }
    }

    fn bit(self) -> u16 {
        1 << self as u16
    }

    pub(crate) fn shows(self, row: &Row) -> bool {
        row.views & self.bit() != 0
    }

    /// How many of `rows` each view shows, in the order of [`View::ALL`].
    pub(crate) fn counts<'r>(rows: impl IntoIterator<Item = &'r Row>) -> [usize; 9] {
        let mut counts = [0; 9];
        for row in rows {
            for (count, view) in counts.iter_mut().zip(Self::ALL) {
                *count += usize::from(view.shows(row));
            }
        }
        counts
    }

    fn fits(self, row: &Row) -> bool {
        let active = row.item.is_active();
        match self {
            Self::Open => active,
            Self::Live => row.is_live(),
            Self::Overdue => row.overdue,
            Self::Week => row.due_this_week,
            Self::Proof => active && row.item.phase() == quietus_poam::Phase::PendingVerification,
            Self::Reopened => active && row.item.round.reason.is_some(),
            Self::Aside => row.lane == Lane::SetAside,
            Self::Closed => row.lane == Lane::Closed,
            Self::All => true,
        }
    }
}

/// What a visitor asks of the board; all of it stands in the address.
#[derive(Clone, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct Query {
    pub(crate) show: View,
    /// Words that all must occur.
    pub(crate) q: String,
    pub(crate) severity: String,
    pub(crate) owner: String,
    pub(crate) repository: String,
    /// From 1.
    pub(crate) page: usize,
}

impl Query {
    /// Whether anything but the view narrows the board.
    pub(crate) fn narrows(&self) -> bool {
        [&self.q, &self.severity, &self.owner, &self.repository].iter().any(|text| !text.is_empty())
    }

    /// The rows it means, of all views.
    pub(crate) fn rows<'r>(&self, rows: &'r [Row]) -> Vec<&'r Row> {
        if !self.narrows() {
            return rows.iter().collect();
        }
        let wanted = self.q.to_lowercase();
        let wanted: Vec<&str> = wanted.split_whitespace().collect();
        let severity: Option<Severity> = self.severity.parse().ok();
        let owner = (!self.owner.is_empty()).then_some(self.owner.as_str());
        let here = |row: &&Row| {
            wanted.iter().all(|word| row.words.text.contains(word))
                && (self.severity.is_empty() || severity == Some(row.item.detection.severity))
                && owner.is_none_or(|owner| row.words.owner.as_deref().unwrap_or("nobody") == owner)
                && (self.repository.is_empty() || row.words.repositories.contains(&self.repository))
        };
        rows.iter().filter(here).collect()
    }

    /// The address of this board in another view or on another page.
    pub(crate) fn address(&self, show: View, page: usize) -> String {
        let mut address = url::form_urlencoded::Serializer::new(String::new());
        if show != View::Open {
            address.append_pair("show", show.name());
        }
        for (name, value) in [
            ("q", &self.q),
            ("severity", &self.severity),
            ("owner", &self.owner),
            ("repository", &self.repository),
        ] {
            if !value.is_empty() {
                address.append_pair(name, value);
            }
        }
        if page > 1 {
            address.append_pair("page", &page.to_string());
        }
        let address = address.finish();
        if address.is_empty() { "/".to_owned() } else { format!("/?{address}") }
    }
}
