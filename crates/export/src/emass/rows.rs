//! The rows of one item: a row for each milestone, the first of them with everything else.

use super::EmassOptions;
use super::columns::Column;
use crate::Register;
use crate::schedule;
use crate::weakness::{self, Rating};
use crate::workbook::{Cell, cell_text, cut};
use jiff::Timestamp;
use quietus_poam::{Class, DeviationKind, Milestone, PoamItem, Progress};

/// eMASS takes no longer text in its fields, in characters.
const LONGEST: usize = 2_000;

/// One row.
pub(super) struct Row<'a> {
    item: &'a PoamItem,
    register: &'a Register<'a>,
    options: &'a EmassOptions,
    milestone: Option<&'a Milestone>,
    first: bool,
}

/// What eMASS calls the state of an item.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Ongoing,
    RiskAccepted,
    Completed,
}

fn status(item: &PoamItem) -> Status {
    let accepted =
        item.deviation.as_ref().is_some_and(|aside| aside.kind == DeviationKind::RiskAccepted);
    match (item.closure.is_some(), accepted) {
        (true, _) => Status::Completed,
        (false, true) => Status::RiskAccepted,
        (false, false) => Status::Ongoing,
    }
}

/// The rows of an item: its milestones of all rounds in order. What is accepted may have none.
pub(super) fn of<'a>(
    item: &'a PoamItem,
    register: &'a Register<'a>,
    options: &'a EmassOptions,
) -> Vec<Row<'a>> {
    let row = |milestone, first| Row { item, register, options, milestone, first };
    if status(item) == Status::RiskAccepted {
        return vec![row(None, true)];
    }
    let rounds = item.earlier_rounds.iter().chain(std::iter::once(&item.round));
    let milestones = rounds.flat_map(|round| &round.milestones);
    milestones.enumerate().map(|(at, milestone)| row(Some(milestone), at == 0)).collect()
}

impl Row<'_> {
    pub(super) fn cell(&self, column: Column) -> Cell {
        match self.milestone_cell(column) {
            Some(cell) => cell,
            None if self.first => self.item_cell(column),
            None => Cell::Empty,
        }
    }

    /// What each milestone has of its own; nothing where the item has none.
    fn milestone_cell(&self, column: Column) -> Option<Cell> {
        let of = |cell: fn(&Milestone) -> Cell| Some(self.milestone.map_or(Cell::Empty, cell));
        match column {
            Column::MilestoneId => Some(Cell::Empty),
            Column::Milestone => of(|one| Cell::text(schedule::description(one.kind))),
            Column::MilestoneStatus => of(|one| Cell::text(milestone_status(one))),
            Column::MilestoneComments => of(|one| short(vec![milestone_comment(one)])),
            Column::MilestoneScheduled => of(|one| Cell::Day(one.due)),
            Column::MilestoneCompleted => of(|one| Cell::day(completed(one))),
            _ => None,
        }
    }

    fn item_cell(&self, column: Column) -> Cell {
        let (item, now) = (self.item, self.register.now);
        match column {
            Column::Description => short(weakness::description(item, now)),
            Column::Controls => Cell::text(weakness::controls(item).join("; ")),
            Column::SecurityChecks => Cell::text(item.detection.rule.as_str()),
            Column::Status => Cell::text(match status(item) {
                Status::Ongoing => "Ongoing",
                Status::RiskAccepted => "Risk Accepted",
                Status::Completed => "Completed",
            }),
            Column::Scheduled => Cell::day(scheduled(item)),
            Column::AcceptedUntil => Cell::day(accepted_until(item)),
            Column::Completed => Cell::day(item.closure.as_ref().map(|closure| closure.at)),
            Column::Source => Cell::text("Vulnerability Management"),
            Column::SourceDetails => short(vec![format!(
                "Automated scan of repositories and their history by Quietus {}: item {}, \
                 fingerprint {}",
                self.register.about.version,
                item.id(),
                item.fingerprint()
            )]),
            Column::Office => Cell::text(self.office()),
            Column::Resources => Cell::text("None beyond current staff"),
            Column::Comments => short(self.comments()),
            Column::Devices => short(vec![weakness::assets(item).join("; ")]),
            Column::Mitigations => short(mitigations(item)),
            Column::CfoAudit => Cell::text("No"),
            other => self.risk_cell(other),
        }
    }

    fn risk_cell(&self, column: Column) -> Cell {
        let item = self.item;
        let likely = likelihood(item, self.register.now);
        let level = |rating: Rating| Cell::text(rating.as_str());
        match column {
            Column::RawSeverity => level(weakness::original_rating(item)),
            Column::Severity | Column::Impact => level(weakness::rating(item)),
            Column::Relevance | Column::Likelihood => level(likely),
            Column::ResidualRisk => level(likely.min(weakness::rating(item))),
            Column::ResultingRisk => Cell::text("Very Low"),
            Column::Conditions => {
                Cell::text("The credential stands unencrypted in source or in its history.")
            }
            Column::Threat => Cell::text(
                "Whoever can read the source takes the credential from it (ATT&CK T1552.001).",
            ),
            Column::ImpactDescription => short(vec![format!(
                "Whoever has it can act as {} until its issuer denies it.",
                item.detection.kind.name
            )]),
            Column::Recommendations => short(weakness::plan(item)),
            _ => Cell::Empty,
        }
    }

    fn office(&self) -> String {
        let organization = &self.register.about.organization;
        match &self.options.contact {
            Some(contact) => format!("{organization}, {contact}"),
            None => organization.clone(),
        }
    }

    fn comments(&self) -> Vec<String> {
        let item = self.item;
        let mut lines = vec![
            format!("State: {}.", item.phase()),
            format!("Owner: {}.", weakness::contact(item, &self.register.about.organization)),
        ];
        if let Some(closure) = &item.closure {
            let (at, since) = (weakness::day(closure.at), weakness::day(closure.dead_since));
            let basis = closure.basis.as_str();
            lines.push(format!("Closed {at} ({basis}), dead since {since}."));
            lines.extend(closure.evidence.iter().cloned());
        }
        if let Some(aside) = &item.deviation {
            let until = weakness::day(aside.until);
            lines.push(format!("{} until {until}, by {}: {}", aside.kind, aside.by, aside.reason));
        }
        lines
    }
}

fn short(lines: Vec<String>) -> Cell {
    Cell::Lines(cut(cell_text(lines), LONGEST).split('\n').map(str::to_owned).collect())
}

/// The last date of any milestone; none where the risk is accepted.
fn scheduled(item: &PoamItem) -> Option<Timestamp> {
    let last = item.round.milestones.iter().map(|milestone| milestone.due).max();
    // An earlier round's milestones may not lie behind the item's date.
    let rounds = item.earlier_rounds.iter().flat_map(|round| &round.milestones);
    let last = last.max(rounds.map(|milestone| milestone.due).max());
    last.filter(|_| status(item) != Status::RiskAccepted)
}

fn accepted_until(item: &PoamItem) -> Option<Timestamp> {
    let aside = item.deviation.as_ref()?;
    (aside.kind == DeviationKind::RiskAccepted).then_some(aside.until)
}

fn milestone_status(milestone: &Milestone) -> &'static str {
    match milestone.progress {
        Progress::Planned => "Open",
        Progress::InProgress { .. } | Progress::Claimed { .. } => "In Progress",
        Progress::Verified { .. } | Progress::Waived { .. } => "Completed",
    }
}

fn milestone_comment(milestone: &Milestone) -> String {
    match &milestone.progress {
        Progress::Planned => String::new(),
        Progress::InProgress { since } => format!("Begun {}.", weakness::day(*since)),
        Progress::Claimed { by, note, .. } => format!("Said to be done by {by}: {note}"),
        Progress::Verified { evidence, .. } => format!("Verified: {}", evidence.summary),
        Progress::Waived { by, reason, .. } => format!("Waived by {by}: {reason}"),
    }
}

fn completed(milestone: &Milestone) -> Option<Timestamp> {
    match milestone.progress {
        Progress::Verified { on, .. } => Some(on),
        Progress::Waived { at, .. } => Some(at),
        _ => None,
    }
}

/// What has been done already, by its evidence.
fn mitigations(item: &PoamItem) -> Vec<String> {
    let done = item.round.milestones.iter().filter(|milestone| milestone.is_done());
    let mut lines: Vec<String> = done
        .map(|milestone| format!("{}: {}", milestone.kind, milestone_comment(milestone)))
        .collect();
    if lines.is_empty() {
        lines.push("None verified yet.".to_owned());
    }
    lines
}

fn likelihood(item: &PoamItem, now: Timestamp) -> Rating {
    match (item.liveness(now), item.class) {
        _ if item.closure.is_some() => Rating::Low,
        ("dead", _) => Rating::Low,
        ("live", _) | (_, Class::Live | Class::LivePrivileged) => Rating::High,
        _ => Rating::Moderate,
    }
}
