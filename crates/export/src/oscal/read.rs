//! Reads back what [`poam`](super::poam) wrote: every item, milestone, date and state.

use super::document::{Prop, Root};
use super::item_document::{Item, Observation, Remediation, Risk, Task};
use super::names::{NS, prop, read_fingerprint, read_phase};
use jiff::Timestamp;
use quietus_model::{Fingerprint, Severity};
use quietus_poam::{ClosureBasis, MilestoneKind, Phase};
use std::collections::BTreeMap;
use std::str::FromStr;
use uuid::Uuid;

/// One item of a document.
#[derive(Clone, PartialEq, Debug)]
pub struct ReadItem {
    /// The id people use.
    pub id: String,
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// Its title.
    pub title: String,
    /// Where it was in its life.
    pub phase: Phase,
    /// Its severity.
    pub severity: Severity,
    /// The rule that recognised it.
    pub rule: String,
    /// Who saw to it.
    pub owner: Option<String>,
    /// When it was found.
    pub detected_at: Timestamp,
    /// Its rounds of work, oldest first.
    pub rounds: Vec<ReadRound>,
    /// How it closed, if it was closed.
    pub closure: Option<ReadClosure>,
}

/// One round of work.
#[derive(Clone, PartialEq, Debug)]
pub struct ReadRound {
    /// When it began.
    pub began: Timestamp,
    /// Its milestones, in the order of [`MilestoneKind::ALL`].
    pub milestones: Vec<ReadMilestone>,
}

/// A milestone of one round.
#[derive(Clone, PartialEq, Debug)]
pub struct ReadMilestone {
    /// Which step.
    pub kind: MilestoneKind,
    /// When it was first due.
    pub original_due: Timestamp,
    /// When it was due.
    pub due: Timestamp,
    /// How far it had come, in the words of [`Progress::as_str`](quietus_poam::Progress::as_str).
    pub progress: String,
    /// When it came there.
    pub date: Option<Timestamp>,
}

/// How an item had closed.
#[derive(Clone, PartialEq, Debug)]
pub struct ReadClosure {
    /// When.
    pub at: Timestamp,
    /// On what ground.
    pub basis: ClosureBasis,
    /// From when on it was dead.
    pub dead_since: Timestamp,
    /// The evidence, in sentences.
    pub evidence: Vec<String>,
}

/// Why a document could not be read back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is no POA&M in JSON as this program writes it.
    #[error(
        "this is no OSCAL POA&M that Quietus wrote: {0}; give a file of `quietus export oscal`"
    )]
    Syntax(String),
    /// Something that every export holds is not there.
    #[error("{place} holds no {what}: the document was changed, or another program wrote it")]
    Missing {
        /// The item, or the part of it.
        place: String,
        /// What is missing.
        what: &'static str,
    },
    /// A value is not what it must be.
    #[error("{place}: {what} = \"{value}\" cannot be read: the document was changed")]
    Value {
        /// The item, or the part of it.
        place: String,
        /// Which value.
        what: &'static str,
        /// What stands there.
        value: String,
    },
}

/// Reads every item of a document that [`poam`](super::poam) wrote.
///
/// # Errors
/// [`ReadError`] naming the item and what of it is missing or cannot be read.
pub fn read(json: &str) -> Result<Vec<ReadItem>, ReadError> {
    let root: Root =
        serde_json::from_str(json).map_err(|error| ReadError::Syntax(error.to_string()))?;
    let poam = root.plan_of_action_and_milestones;
    let reader = Reader {
        risks: poam.risks.iter().map(|risk| (risk.uuid, risk)).collect(),
        observations: poam.observations.iter().map(|seen| (seen.uuid, seen)).collect(),
    };
    poam.poam_items.iter().map(|item| reader.item(item)).collect()
}

struct Reader<'a> {
    risks: BTreeMap<Uuid, &'a Risk>,
    observations: BTreeMap<Uuid, &'a Observation>,
}

impl Reader<'_> {
    fn item(&self, item: &Item) -> Result<ReadItem, ReadError> {
        let place = Place(format!("the item \"{}\"", item.title.plain()));
        let id = place.prop(&item.props, prop::ID)?;
        let place = Place(id.to_owned());
        let risk =
            item.related_risks.first().and_then(|related| self.risks.get(&related.risk_uuid));
        let risk = risk.ok_or_else(|| place.missing("risk"))?;
        let phase = place.read(&item.props, prop::STATE, read_phase)?;
        let closure = match phase {
            Phase::Closed(_) => Some(self.closure(item, &place)?),
            _ => None,
        };
        Ok(ReadItem {
            id: id.to_owned(),
            fingerprint: place.read(&item.props, prop::FINGERPRINT, read_fingerprint)?,
            title: item.title.plain(),
            phase,
            severity: place.parse(&item.props, prop::SEVERITY)?,
            rule: place.prop(&item.props, prop::RULE)?.to_owned(),
            owner: find(&item.props, prop::OWNER).map(str::to_owned),
            detected_at: place.parse(&item.props, prop::DETECTED)?,
            rounds: rounds(risk, &place)?,
            closure,
        })
    }

    /// The last closure among the item's observations.
    fn closure(&self, item: &Item, place: &Place) -> Result<ReadClosure, ReadError> {
        let observations = item.related_observations.iter();
        let closing = observations
            .filter_map(|related| self.observations.get(&related.observation_uuid))
            .rfind(|seen| seen.types.iter().any(|kind| kind == "closure"))
            .ok_or_else(|| place.missing("observation of its closure"))?;
        // The evidence with a reference is the closing event itself.
        let sentences = closing.relevant_evidence.iter().filter(|seen| seen.href.is_none());
        Ok(ReadClosure {
            at: closing.collected.timestamp(),
            basis: place.read(&closing.props, prop::BASIS, |text| {
                let bases = [ClosureBasis::Verified, ClosureBasis::Attested];
                bases.into_iter().find(|basis| basis.as_str() == text)
            })?,
            dead_since: place.parse(&closing.props, prop::DEAD_SINCE)?,
            evidence: sentences.map(|seen| seen.description.plain()).collect(),
        })
    }
}

fn rounds(risk: &Risk, place: &Place) -> Result<Vec<ReadRound>, ReadError> {
    let plans = risk.remediations.iter().filter(|plan| plan.lifecycle == "planned");
    // What an audit found has the steps of its playbooks and no milestones.
    let plans = plans.filter(|plan| find(&plan.props, prop::PLAYBOOK).is_none());
    plans.map(|plan| round(plan, place)).collect()
}

fn round(plan: &Remediation, place: &Place) -> Result<ReadRound, ReadError> {
    let mut milestones: Vec<ReadMilestone> =
        plan.tasks.iter().map(|task| milestone(task, place)).collect::<Result<_, _>>()?;
    milestones.sort_by_key(|milestone| milestone.kind);
    Ok(ReadRound { began: place.parse(&plan.props, prop::BEGAN)?, milestones })
}

fn milestone(task: &Task, place: &Place) -> Result<ReadMilestone, ReadError> {
    let place = Place(format!("{}, milestone {}", place.0, task.title.plain()));
    let props = &task.props;
    let date = match find(props, prop::PROGRESS_DATE) {
        Some(_) => Some(place.parse(props, prop::PROGRESS_DATE)?),
        None => None,
    };
    Ok(ReadMilestone {
        kind: place.parse(props, prop::MILESTONE)?,
        original_due: place.parse(props, prop::ORIGINAL_DUE)?,
        due: place.parse(props, prop::DUE)?,
        progress: place.prop(props, prop::PROGRESS)?.replace('-', " "),
        date,
    })
}

fn find<'a>(props: &'a [Prop], name: &str) -> Option<&'a str> {
    props
        .iter()
        .find(|prop| prop.name == name && prop.ns.as_deref() == Some(NS))
        .map(|prop| prop.value.as_str())
}

/// Where in the document something is read, for errors.
struct Place(String);

impl Place {
    fn missing(&self, what: &'static str) -> ReadError {
        ReadError::Missing { place: self.0.clone(), what }
    }

    fn prop<'a>(&self, props: &'a [Prop], name: &'static str) -> Result<&'a str, ReadError> {
        find(props, name).ok_or_else(|| self.missing(name))
    }

    fn read<T>(
        &self,
        props: &[Prop],
        name: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, ReadError> {
        let value = self.prop(props, name)?;
        read(value).ok_or_else(|| ReadError::Value {
            place: self.0.clone(),
            what: name,
            value: value.to_owned(),
        })
    }

    fn parse<T: FromStr>(&self, props: &[Prop], name: &'static str) -> Result<T, ReadError> {
        self.read(props, name, |text| text.parse().ok())
    }
}
