//! The five classic mistakes of a POA&M, as far as an item makes them.

use crate::{Event, PoamItem, Progress, Standing};
use jiff::{SignedDuration, Timestamp};

/// After how many days without progress work that began counts as standing still.
const STILL: i64 = 14;

/// After how many days an item that no person touched counts as unseen.
const UNSEEN: i64 = 30;

/// A classic mistake.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Mistake {
    /// Nobody is named to see to it.
    NoOwner,
    /// Nobody can tell whether its revocation is done.
    Unmeasurable(Unmeasurable),
    /// Its dates pass, or are moved, and no milestone does.
    NoProgress,
    /// Work began, and its status has not changed since.
    StoodStill,
    /// No person has looked at it.
    Unseen,
}

/// Why nobody can tell whether a credential is revoked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Unmeasurable {
    /// No recipe can ask, the date has passed, and nobody gave their word.
    NoRecipe,
    /// Whoever denies it is not known to be its issuer.
    NoIssuer,
    /// Its bytes can no longer be had, so that nobody can be asked about it.
    NoBytes,
}

impl Mistake {
    /// The name for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoOwner => "no_owner",
            Self::Unmeasurable(_) => "unmeasurable_step",
            Self::NoProgress => "dates_without_progress",
            Self::StoodStill => "status_not_updated",
            Self::Unseen => "nobody_looked",
        }
    }

    /// What is wrong and what to do, for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoOwner => "no owner: assign one with `quietus item assign`",
            Self::Unmeasurable(Unmeasurable::NoRecipe) => {
                "its revocation cannot be measured: no recipe can ask its issuer and nobody has \
                 attested it"
            }
            Self::Unmeasurable(Unmeasurable::NoIssuer) => {
                "its revocation cannot be measured: it was denied where nothing shows that it was \
                 issued; list your instances under [issuers] or bind one with `quietus item act`"
            }
            Self::Unmeasurable(Unmeasurable::NoBytes) => {
                "its revocation cannot be measured: its bytes can no longer be read, so that no \
                 issuer can be asked"
            }
            Self::NoProgress => "its dates pass or are moved, and no milestone has moved",
            Self::StoodStill => "work began, and its status has not been updated for 14 days",
            Self::Unseen => "nobody has looked at it for 30 days: it is kept for the audit alone",
        }
    }
}

impl PoamItem {
    /// The mistakes that this item makes; none when it is closed or set aside.
    pub fn lint(&self, now: Timestamp) -> Vec<Mistake> {
        if !self.is_active() {
            return Vec::new();
        }
        let milestones = || self.round.milestones.iter().filter(|_| self.audit.is_none());
        let untouched = milestones().all(|m| m.progress == Progress::Planned)
            && self.steps().all(|(_, step)| step.progress == Progress::Planned);
        let moved_dates = milestones().any(|m| m.due > m.original_due)
            || self.steps().any(|(_, step)| step.due > step.plan.due);
        // Whoever has left sees to nothing.
        let here = self.owner.as_ref().filter(|owner| !owner.has_left());
        let owner = here.map(|owner| owner.name.as_str().trim());
        let ask = [
            (owner.is_none_or(str::is_empty)).then_some(Mistake::NoOwner),
            self.unmeasurable(now).map(Mistake::Unmeasurable),
            (untouched && (self.is_overdue(now) || moved_dates)).then_some(Mistake::NoProgress),
            (!untouched && is_older(self.last_progress(), STILL, now))
                .then_some(Mistake::StoodStill),
            (!self.was_touched() && is_older(self.round.began, UNSEEN, now))
                .then_some(Mistake::Unseen),
        ];
        ask.into_iter().flatten().collect()
    }

    fn unmeasurable(&self, now: Timestamp) -> Option<Unmeasurable> {
        if self.audit.is_some() || self.milestone(crate::MilestoneKind::Revoke).is_done() {
            return None;
        }
        if !self.detection.kind.askable {
            let unsaid = self.attestations.is_empty() && self.is_overdue(now);
            return unsaid.then_some(Unmeasurable::NoRecipe);
        }
        if self.unaskable_since().is_some() {
            return Some(Unmeasurable::NoBytes);
        }
        let denied = self
            .targets
            .values()
            .any(|target| matches!(target.standing(now), Standing::Denied { .. }));
        let unbound = self.targets.values().all(|target| !target.is_bound());
        (denied && unbound).then_some(Unmeasurable::NoIssuer)
    }

    /// When a milestone last moved or a person last did something. That an issuer was asked again
    /// every night is no progress.
    fn last_progress(&self) -> Timestamp {
        let counts = |event: &Event| {
            matches!(
                event,
                Event::Started { .. }
                    | Event::Claimed { .. }
                    | Event::Verified { .. }
                    | Event::Waived { .. }
                    | Event::Regressed { .. }
                    | Event::StepMoved { .. }
            )
        };
        let progress = self
            .history
            .iter()
            .rfind(|recorded| counts(&recorded.event) || recorded.by.person_id().is_some());
        progress.map_or(self.round.began, |recorded| recorded.at)
    }

    /// Whether a person did anything about it, in this round.
    fn was_touched(&self) -> bool {
        let mut round = self.history.iter().filter(|recorded| recorded.at >= self.round.began);
        round.any(|recorded| recorded.by.person_id().is_some())
    }
}

fn is_older(at: Timestamp, days: i64, now: Timestamp) -> bool {
    now.duration_since(at) > SignedDuration::from_hours(24 * days)
}
