//! Playbooks: what is to be done about a weakness beside the four milestones, and how far it is.

mod data;
mod evidence;
mod exit;
mod progress;
mod work;

pub use data::{Playbook, PlaybookError, PlaybookStep};
pub use exit::{ExitTest, Trigger};
pub use work::StepDeed;

use crate::proof::later;
use crate::{Event, PoamItem, Progress, Recorded, Role};
use jiff::Timestamp;
use quietus_model::{Digest, SafeText};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A playbook as it was when it was opened: copied into the event, so that a later change of the
/// data rewrites nothing.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Opening {
    /// The playbook.
    pub playbook: String,
    /// For people.
    pub title: String,
    /// The digest of the text it was read from.
    pub digest: Digest,
    /// Why it was opened.
    pub because: SafeText,
    /// OWASP NHI ids, CWE and ATT&CK.
    #[serde(default)]
    pub tags: Vec<String>,
    /// NIST SP 800-53 controls.
    #[serde(default)]
    pub controls: Vec<String>,
    /// What is to be done.
    pub steps: Vec<OpeningStep>,
}

/// One step as it was when its playbook was opened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OpeningStep {
    /// Its name in the playbook.
    pub name: String,
    /// What is to be done.
    pub title: String,
    /// What must hold before it counts as done.
    pub exit: ExitTest,
    /// Who does it.
    pub role: Role,
    /// What that takes.
    pub resources: String,
    /// NIST SP 800-53 controls that it serves.
    #[serde(default)]
    pub controls: Vec<String>,
    /// Steps that must be done first.
    #[serde(default)]
    pub after: Vec<String>,
    /// By when.
    pub due: Timestamp,
}

/// Which step: `playbook/step`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct StepId {
    /// The playbook.
    pub playbook: String,
    /// The step.
    pub step: String,
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.playbook, self.step)
    }
}

/// What happened to a step.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum StepChange {
    /// Work began.
    Started,
    /// Somebody says that it is done.
    Claimed {
        /// What they say.
        note: String,
        /// The digest of the file that shows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
        /// Why they decided although they were not independent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        break_glass: Option<String>,
    },
    /// Its exit test agreed.
    Verified {
        /// What shows it.
        summary: String,
    },
    /// It need not be done.
    Waived {
        /// Why.
        reason: String,
    },
    /// Contrary evidence moved it back.
    Regressed {
        /// What contradicts it.
        reason: String,
    },
    /// It got a later date. The original date stays.
    Extended {
        /// The date.
        due: Timestamp,
        /// Why.
        reason: String,
    },
}

/// A playbook of the current round, and how far it is.
#[derive(Clone, PartialEq, Debug)]
pub struct OpenPlaybook {
    /// As it was opened.
    pub opening: Opening,
    /// When.
    pub opened: Timestamp,
    /// Its steps, in its order.
    pub steps: Vec<Step>,
}

/// A step and how far it is.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// As it was opened.
    pub plan: OpeningStep,
    /// When it is due now; the original date is that of the plan.
    pub due: Timestamp,
    /// How far it has come.
    pub progress: Progress,
    /// The file that its claim names.
    pub shown_by: Option<Digest>,
    /// How often it was extended.
    pub extensions: usize,
}

impl Step {
    fn planned(plan: OpeningStep) -> Self {
        let due = plan.due;
        Self { plan, due, progress: Progress::Planned, shown_by: None, extensions: 0 }
    }

    /// Verified or waived.
    pub fn is_done(&self) -> bool {
        matches!(self.progress, Progress::Verified { .. } | Progress::Waived { .. })
    }

    /// Past its date and not done. Derived, never stored.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        !self.is_done() && self.due < now
    }
}

impl OpenPlaybook {
    /// What a step of it is called.
    pub fn id(&self, step: &Step) -> StepId {
        StepId { playbook: self.opening.playbook.clone(), step: step.plan.name.clone() }
    }

    /// The same playbook, begun again at `now` with as much time for each step.
    pub(crate) fn again(&self, because: &str, now: Timestamp) -> Opening {
        let mut opening = self.opening.clone();
        opening.because = SafeText::plain(because);
        for step in &mut opening.steps {
            step.due = later(now, step.due.duration_since(self.opened));
        }
        opening
    }

    /// A step by its name.
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.plan.name == name)
    }

    /// The steps that must be done before `step` and are not.
    pub fn waits_for(&self, step: &Step) -> Vec<&Step> {
        let before = step.plan.after.iter().filter_map(|name| self.step(name));
        before.filter(|earlier| !earlier.is_done()).collect()
    }
}

impl Playbook {
    /// This playbook, opened at `from` because of what is said.
    pub(crate) fn opening(&self, because: &str, from: Timestamp, credential: bool) -> Opening {
        let exit = |exit: ExitTest| if credential { exit } else { exit.without_credential() };
        let steps = self.steps.iter().map(|step| OpeningStep {
            name: step.name.clone(),
            title: step.title.clone(),
            exit: exit(step.exit),
            role: step.role,
            resources: step.resources.clone(),
            controls: step.controls.clone(),
            after: step.after.clone(),
            due: later(from, step.within),
        });
        Opening {
            playbook: self.name.clone(),
            title: self.title.clone(),
            digest: self.digest.clone(),
            because: SafeText::plain(because),
            tags: self.tags.clone(),
            controls: self.controls.clone(),
            steps: steps.collect(),
        }
    }
}

impl PoamItem {
    /// All steps of the playbooks of the current round, with their names.
    pub fn steps(&self) -> impl Iterator<Item = (StepId, &Step)> {
        let playbooks = self.round.playbooks.iter();
        playbooks.flat_map(|book| book.steps.iter().map(|step| (book.id(step), step)))
    }

    /// A playbook of the current round.
    pub fn playbook(&self, name: &str) -> Option<&OpenPlaybook> {
        self.round.playbooks.iter().find(|book| book.opening.playbook == name)
    }

    pub(crate) fn take_playbook(&mut self, recorded: &Recorded) {
        match &recorded.event {
            Event::PlaybookOpened { opening } if self.playbook(&opening.playbook).is_none() => {
                let steps = opening.steps.iter().cloned().map(Step::planned).collect();
                let opening = (**opening).clone();
                self.round.playbooks.push(OpenPlaybook { opening, opened: recorded.at, steps });
            }
            Event::StepMoved { step, change } => {
                let mut books = self.round.playbooks.iter_mut();
                let book = books.find(|book| book.opening.playbook == step.playbook);
                let steps = book.map(|book| book.steps.iter_mut()).into_iter().flatten();
                for found in steps.filter(|found| found.plan.name == step.step) {
                    found.take(change, recorded);
                }
                if matches!(change, StepChange::Regressed { .. }) {
                    self.approval = None;
                }
            }
            _ => {}
        }
    }
}

impl Step {
    fn take(&mut self, change: &StepChange, recorded: &Recorded) {
        let (by, at) = (recorded.by.clone(), recorded.at);
        self.progress = match change {
            StepChange::Started => Progress::InProgress { since: at },
            StepChange::Claimed { note, digest, .. } => {
                self.shown_by.clone_from(digest);
                Progress::Claimed { by, at, note: note.clone() }
            }
            StepChange::Verified { summary } => Progress::Verified {
                on: at,
                evidence: crate::Evidence { summary: summary.clone(), survey: None },
            },
            StepChange::Waived { reason } => Progress::Waived { by, at, reason: reason.clone() },
            StepChange::Regressed { .. } => {
                self.shown_by = None;
                Progress::InProgress { since: at }
            }
            StepChange::Extended { due, .. } => {
                self.due = *due;
                self.extensions += 1;
                return;
            }
        };
    }
}
