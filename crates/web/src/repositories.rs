//! Repositories as rows: whether each is watched, when it was last seen whole, what could not be read,
//! and what stands in it. What cannot be seen stands first.

use crate::board::Row as Item;
use jiff::Timestamp;
use quietus_export::words::{day, distance, minute, repository_name, thousands};
use quietus_model::{Gap, GapReason, SafeText};
use quietus_poam::{Listed, ScanRecord, Watch};
use quietus_store::{Coverage, RepositoryScans};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// How many gaps of a repository are named; the rest is counted.
const GAPS: usize = 20;

/// How many owners of one repository are named.
const OWNERS: usize = 3;

/// How many rows one page shows.
pub(crate) const ROWS: usize = 100;

/// How well a repository is seen; the worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Sight {
    /// Nobody can look at it, or another one stands in its place.
    Unobservable,
    /// It was never scanned, or never completely.
    Never,
    /// The last scan left something out.
    Partial,
    /// The last scan was complete.
    Complete,
    /// It is not to be watched any more.
    Retired,
}

impl Sight {
    fn of(coverage: &Coverage<'_>) -> Self {
        let watch = coverage.listed.map(|listed| &listed.watch);
        let blind = |scans: &RepositoryScans| {
            let mut gaps = scans.latest.scope.gaps.iter();
            gaps.any(|gap| gap.reason == GapReason::Unobservable)
        };
        match (watch, coverage.scans) {
            (Some(Watch::Retired { .. }), _) => Self::Retired,
            (Some(Watch::Displaced { .. }), _) => Self::Unobservable,
            (_, None) => Self::Never,
            (_, Some(scans)) if blind(scans) => Self::Unobservable,
            (_, Some(scans)) if scans.latest_complete.is_none() => Self::Never,
            (_, Some(_)) if coverage.has_gap() => Self::Partial,
            _ => Self::Complete,
        }
    }

    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Unobservable | Self::Never => "alarming",
            Self::Partial => "late",
            Self::Complete => "good",
            Self::Retired => "unknown",
        }
    }
}

/// Which repositories a visitor wants to see.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum View {
    #[default]
    All,
    Gaps,
    Unobservable,
    Never,
    Complete,
    Retired,
}

impl View {
    pub(crate) const ALL: [Self; 6] =
        [Self::All, Self::Gaps, Self::Unobservable, Self::Never, Self::Complete, Self::Retired];

    /// As it stands in an address.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Gaps => "gaps",
            Self::Unobservable => "unobservable",
            Self::Never => "never",
            Self::Complete => "complete",
            Self::Retired => "retired",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Gaps => "Not seen whole",
            Self::Unobservable => "Unobservable",
            Self::Never => "Never complete",
            Self::Complete => "Complete",
            Self::Retired => "Retired",
        }
    }

    /// What is said when nothing is in it.
    pub(crate) fn nothing(self) -> &'static str {
        match self {
            Self::All => "Nothing was scanned yet.",
            Self::Gaps => "The last scan of every watched repository was complete.",
            Self::Unobservable => "Every watched repository can be looked at.",
            Self::Never => "Every watched repository was scanned completely at least once.",
            Self::Complete => "No last scan was complete.",
            Self::Retired => "No repository was retired.",
        }
    }

    pub(crate) fn shows(self, sight: Sight) -> bool {
        match self {
            Self::All => true,
            Self::Gaps => sight < Sight::Complete,
            Self::Unobservable => sight == Sight::Unobservable,
            Self::Never => sight == Sight::Never,
            Self::Complete => sight == Sight::Complete,
            Self::Retired => sight == Sight::Retired,
        }
    }
}

/// A repository in words.
pub(crate) struct Row {
    pub(crate) sight: Sight,
    pub(crate) name: String,
    pub(crate) source: String,
    /// Whether it is in the inventory, and since when.
    pub(crate) watch: String,
    pub(crate) state: &'static str,
    /// Why its last scan is not complete.
    pub(crate) why: String,
    pub(crate) complete: String,
    pub(crate) latest: String,
    pub(crate) open: String,
    pub(crate) live: usize,
    pub(crate) owners: String,
    pub(crate) gaps: Vec<String>,
    pub(crate) more_gaps: String,
    /// Its board.
    pub(crate) query: String,
    /// What a search looks in.
    text: String,
}

impl Row {
    /// Whether all of `words`, in lower case, occur.
    pub(crate) fn fits(&self, words: &[&str]) -> bool {
        words.iter().all(|word| self.text.contains(word))
    }
}

/// What items of a repository tell of it.
#[derive(Default)]
struct Standing<'a> {
    open: usize,
    live: usize,
    owners: BTreeSet<&'a str>,
}

/// All repositories, those that are seen worst first.
pub(crate) fn rows(
    listed: &[Listed],
    scans: &[RepositoryScans],
    items: &[Item],
    now: Timestamp,
) -> Vec<Row> {
    let mut standing: BTreeMap<&str, Standing<'_>> = BTreeMap::new();
    for row in items.iter().filter(|row| row.item.is_active()) {
        for name in row.words.repositories() {
            let standing = standing.entry(name).or_default();
            standing.open += 1;
            standing.live += usize::from(row.liveness == "live");
            standing.owners.extend(row.words.owner.as_deref());
        }
    }
    let nothing = Standing::default();
    let mut rows: Vec<Row> = Coverage::all(listed, scans)
        .iter()
        .map(|coverage| {
            let name = name(coverage);
            let here = standing.get(name.as_str()).unwrap_or(&nothing);
            row(coverage, name, here, now)
        })
        .collect();
    rows.sort_by(|a, b| (a.sight, &a.name).cmp(&(b.sight, &b.name)));
    rows
}

fn name(coverage: &Coverage<'_>) -> String {
    match (coverage.scans, coverage.listed) {
        (Some(scans), _) => repository_name(scans.repository(), &scans.latest.scope.source),
        (None, Some(listed)) => repository_name(&listed.id, &listed.source),
        (None, None) => "",
    }
    .to_owned()
}

fn row(coverage: &Coverage<'_>, name: String, here: &Standing<'_>, now: Timestamp) -> Row {
    let sight = Sight::of(coverage);
    let latest = coverage.scans.map(|scans| &scans.latest);
    let complete = coverage.scans.and_then(|scans| scans.latest_complete.as_ref());
    let when =
        |scan: &ScanRecord| format!("{} ({})", minute(scan.taken_at), distance(scan.taken_at, now));
    let source = latest.map(|scan| scan.scope.source.to_string());
    let source = source.or_else(|| coverage.listed.map(|listed| listed.source.to_string()));
    let source = source.unwrap_or_default();
    let watch = watch(coverage);
    let gaps: &[Gap] = latest.map_or(&[], |scan| &scan.scope.gaps);
    let mut owners: Vec<&str> = here.owners.iter().copied().take(OWNERS).collect();
    if here.owners.len() > owners.len() {
        owners.push("…");
    }
    Row {
        text: format!("{name} {source} {watch} {}", owners.join(" ")).to_lowercase(),
        query: url::form_urlencoded::byte_serialize(name.as_bytes()).collect(),
        state: match sight {
            Sight::Unobservable => "cannot be observed",
            Sight::Never if latest.is_none() => "never scanned",
            Sight::Never => "never complete",
            Sight::Partial => "last scan incomplete",
            Sight::Complete => "complete",
            Sight::Retired => "retired",
        },
        why: if sight < Sight::Complete {
            coverage.why().unwrap_or_default()
        } else {
            String::new()
        },
        complete: complete.map_or_else(|| "never".to_owned(), when),
        latest: latest.map_or_else(String::new, when),
        open: thousands(here.open as u64),
        live: here.live,
        owners: if owners.is_empty() { "nobody".to_owned() } else { owners.join(", ") },
        gaps: gaps.iter().take(GAPS).map(told).collect(),
        more_gaps: match gaps.len().saturating_sub(GAPS) {
            0 => String::new(),
            more => format!("and {} more", thousands(more as u64)),
        },
        sight,
        name,
        source,
        watch,
    }
}

/// What the inventory says of it.
fn watch(coverage: &Coverage<'_>) -> String {
    let Some(listed) = coverage.listed else { return "not in the inventory".to_owned() };
    let moved = listed.moves.last().map_or_else(String::new, |(at, url, _)| {
        let url = SafeText::scrubbed(url.as_bytes(), []);
        format!("; fetched from {url} since {}", day(*at))
    });
    match &listed.watch {
        Watch::On => format!("watched since {}{moved}", day(listed.added)),
        Watch::Displaced { .. } => format!("displaced; watched since {}{moved}", day(listed.added)),
        Watch::Retired { at, reason } => format!("retired {}: {reason}{moved}", day(*at)),
    }
}

fn told(gap: &Gap) -> String {
    match gap.detail.as_str() {
        "" => format!("{}: {}", gap.object, gap.reason),
        detail => format!("{}: {} ({detail})", gap.object, gap.reason),
    }
}
