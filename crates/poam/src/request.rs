//! Later dates and setting aside: who may, how often, how far, and who must agree.

use crate::act::must_be_long;
use crate::policy::Consent;
use crate::proof::later;
use crate::{
    Actor, Class, DeviationKind, Event, MilestoneKind, PoamItem, Policy, Refusal, StepChange,
    StepId,
};
use jiff::{SignedDuration, Timestamp};
use quietus_model::SafeText;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What somebody asks for and another person decides.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Request {
    /// A milestone gets a later date.
    Extension {
        /// Which.
        milestone: MilestoneKind,
        /// The date.
        due: Timestamp,
        /// Why.
        reason: String,
    },
    /// A step of a playbook gets a later date.
    StepExtension {
        /// Which.
        step: StepId,
        /// The date.
        due: Timestamp,
        /// Why.
        reason: String,
    },
    /// The item is set aside.
    Deviation {
        /// In which way.
        deviation: DeviationKind,
        /// Why.
        reason: String,
        /// Until when.
        until: Timestamp,
    },
}

impl Request {
    /// What it is about.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Extension { milestone, .. } => Subject::Extension(*milestone),
            Self::StepExtension { step, .. } => Subject::Step(step.clone()),
            Self::Deviation { .. } => Subject::Deviation,
        }
    }

    fn event(self) -> Event {
        match self {
            Self::Extension { milestone, due, reason } => {
                Event::Extended { milestone, due, reason }
            }
            Self::StepExtension { step, due, reason } => {
                Event::StepMoved { step, change: StepChange::Extended { due, reason } }
            }
            Self::Deviation { deviation, reason, until } => {
                Event::Deviated { deviation, reason, until }
            }
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extension { milestone, due, reason } => {
                write!(f, "to extend {milestone} to {due}: {reason}")
            }
            Self::StepExtension { step, due, reason } => {
                write!(f, "to extend {step} to {due}: {reason}")
            }
            Self::Deviation { deviation, reason, until } => {
                write!(f, "to set it aside as {deviation} until {until}: {reason}")
            }
        }
    }
}

/// What a request is about. One may wait for each.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A later date for this milestone.
    Extension(MilestoneKind),
    /// A later date for this step.
    Step(StepId),
    /// Setting the item aside.
    Deviation,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extension(milestone) => milestone.fmt(f),
            Self::Step(step) => step.fmt(f),
            Self::Deviation => f.pad("deviation"),
        }
    }
}

impl std::str::FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "deviation" {
            return Ok(Self::Deviation);
        }
        if let Some((playbook, step)) = text.split_once('/') {
            return Ok(Self::Step(StepId { playbook: playbook.into(), step: step.into() }));
        }
        text.parse()
            .map(Self::Extension)
            .map_err(|error: String| format!("{error}, deviation, PLAYBOOK/STEP"))
    }
}

/// A request that waits for a decision. It changes nothing until then, and stops no clock.
#[derive(Clone, PartialEq, Debug)]
pub struct Pending {
    /// What is asked for.
    pub request: Request,
    /// Who asks.
    pub by: Actor,
    /// Somebody else who stands behind it, by the name a file gives them.
    pub proposer: Option<SafeText>,
    /// When.
    pub at: Timestamp,
}

/// Who does something, under which policy, when.
#[derive(Clone, Copy)]
pub(crate) struct Deed<'a> {
    pub(crate) by: &'a Actor,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Timestamp,
}

impl PoamItem {
    /// A later date, or the request for one.
    pub(crate) fn extend(
        &self,
        milestone: MilestoneKind,
        due: Timestamp,
        reason: &str,
        deed: Deed<'_>,
    ) -> Result<Event, Refusal> {
        must_be_long(reason)?;
        let request = Request::Extension { milestone, due, reason: reason.to_owned() };
        let consent = self.consent_to(&request, deed.policy, deed.now)?;
        self.done_or_asked(request, consent)
    }

    /// Setting aside, or the request for it.
    pub(crate) fn dismiss(
        &self,
        deviation: DeviationKind,
        reason: &str,
        until: Option<Timestamp>,
        deed: Deed<'_>,
    ) -> Result<Event, Refusal> {
        must_be_long(reason)?;
        let (_, last) = deed.policy.terms(deviation, self.class, deed.now);
        let until = until.unwrap_or(last);
        let request = Request::Deviation { deviation, reason: reason.to_owned(), until };
        let consent = self.consent_to(&request, deed.policy, deed.now)?;
        self.done_or_asked(request, consent)
    }

    /// A later date of a step, or the request for one.
    pub(crate) fn extend_step(
        &self,
        step: StepId,
        due: Timestamp,
        reason: &str,
        deed: Deed<'_>,
    ) -> Result<Event, Refusal> {
        must_be_long(reason)?;
        let request = Request::StepExtension { step, due, reason: reason.to_owned() };
        let consent = self.consent_to(&request, deed.policy, deed.now)?;
        self.done_or_asked(request, consent)
    }

    fn done_or_asked(&self, request: Request, consent: Consent) -> Result<Event, Refusal> {
        if consent == Consent::Own {
            return Ok(request.event());
        }
        let subject = request.subject();
        if let Some(known) = self.pending(&subject) {
            let (by, at) = (known.by.to_string(), known.at);
            return Err(Refusal::AlreadyRequested { subject, by, at });
        }
        Ok(Event::Requested { request, proposer: None })
    }

    /// The request that waits for a decision on `subject`.
    pub fn pending(&self, subject: &Subject) -> Option<&Pending> {
        self.requests.iter().find(|pending| pending.request.subject() == *subject)
    }

    /// Whose consent `request` takes.
    fn consent_to(
        &self,
        request: &Request,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Consent, Refusal> {
        match request {
            Request::Extension { milestone, due, .. } => {
                self.may_extend(*milestone, *due, policy, now)
            }
            Request::StepExtension { step, due, .. } => {
                self.may_extend_step(step, *due, policy, now)
            }
            Request::Deviation { deviation, until, .. } => {
                self.may_set_aside(*deviation, *until, policy, now)
            }
        }
    }

    fn may_extend(
        &self,
        milestone: MilestoneKind,
        due: Timestamp,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Consent, Refusal> {
        self.must_be_undone(milestone)?;
        let refused = |why: String| Err(Refusal::NoExtension { milestone, why });
        let consent = policy.extension_consent(self.class);
        if consent == Consent::Never {
            return match self.class {
                Class::LivePrivileged => {
                    refused("the credential is live and privileged".to_owned())
                }
                _ => refused(format!("policy \"{}\" extends nothing", policy.name)),
            };
        }
        let most = policy.extensions.most;
        if self.extensions(milestone) >= most {
            return refused(format!("it has been extended as often as policy allows ({most})"));
        }
        let earliest = self.milestone(milestone).due.max(now);
        let latest = self.reach(milestone, policy);
        if latest <= earliest {
            let reach = policy.extensions.reach;
            return refused(format!("{latest} is as far as {reach} % of its time reach"));
        }
        if due <= earliest || due > latest {
            let why = format!("it must be later than {earliest} and not later than {latest}");
            return Err(Refusal::BadDate { date: due, why });
        }
        Ok(consent)
    }

    /// How often it was extended in this round.
    fn extensions(&self, milestone: MilestoneKind) -> usize {
        let is_one = |event: &Event| matches!(event, Event::Extended { milestone: m, .. } if *m == milestone);
        let of_round = self.history.iter().filter(|recorded| recorded.at >= self.round.began);
        of_round.filter(|recorded| is_one(&recorded.event)).count()
    }

    /// The latest date all extensions together reach: counted from the date that its class gave
    /// it, not from one that was extended.
    fn reach(&self, milestone: MilestoneKind, policy: &Policy) -> Timestamp {
        let planned = self.history.iter().rev().find_map(|recorded| match &recorded.event {
            Event::Opened { plan, .. }
            | Event::Triaged { plan }
            | Event::Escalated { plan, .. }
            | Event::Reopened { plan, .. } => plan.iter().find(|p| p.milestone == milestone),
            _ => None,
        });
        let planned = planned.map_or(self.milestone(milestone).original_due, |planned| planned.due);
        let time = policy.allowance(self.class, milestone).as_secs();
        let more = time.saturating_mul(i64::from(policy.extensions.reach)) / 100;
        later(planned, SignedDuration::from_secs(more))
    }

    fn may_set_aside(
        &self,
        deviation: DeviationKind,
        until: Timestamp,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Consent, Refusal> {
        if let Some((target, at)) = self.ever_live() {
            return Err(Refusal::Live { target, at });
        }
        let (consent, last) = policy.terms(deviation, self.class, now);
        if consent == Consent::Never {
            let policy = policy.name.clone();
            return Err(Refusal::NoDeviation { deviation, class: self.class, policy });
        }
        if until <= now || until > last {
            let why = format!("it must lie between now and {last}");
            return Err(Refusal::BadDate { date: until, why });
        }
        Ok(consent)
    }

    /// Another person's consent to what was asked for: the consent, then what follows from it.
    pub(crate) fn grant(
        &self,
        subject: &Subject,
        note: &str,
        glass: Option<&str>,
        deed: Deed<'_>,
    ) -> Result<Vec<Event>, Refusal> {
        let pending = self.must_be_pending(subject)?;
        // What was possible when it was asked for may not be any more.
        let consent = self.consent_to(&pending.request, deed.policy, deed.now)?;
        if consent == Consent::Official && !deed.policy.people.is_official(deed.by) {
            let officials = deed.policy.people.officials.join(", ");
            return Err(Refusal::NotOfficial { who: deed.by.to_string(), officials });
        }
        let role = match &pending.request {
            _ if self.asked_by(pending, deed.by) => Some("asked for it"),
            Request::StepExtension { step, .. } => self.hand_in_playbook(step, deed.by),
            Request::Extension { .. } | Request::Deviation { .. } => None,
        };
        let break_glass = independence(role, glass, deed)?;
        let granted =
            Event::Granted { subject: subject.clone(), note: note.to_owned(), break_glass };
        Ok(vec![granted, pending.request.clone().event()])
    }

    /// A no to what was asked for; whoever asked may take it back.
    pub(crate) fn decline(&self, subject: &Subject, reason: &str) -> Result<Event, Refusal> {
        self.must_be_pending(subject)?;
        must_be_long(reason)?;
        Ok(Event::Declined { subject: subject.clone(), reason: reason.to_owned() })
    }

    fn must_be_pending(&self, subject: &Subject) -> Result<&Pending, Refusal> {
        let known: Vec<String> =
            self.requests.iter().map(|pending| pending.request.subject().to_string()).collect();
        let waiting = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
        self.pending(subject)
            .ok_or_else(|| Refusal::NotRequested { subject: subject.clone(), waiting })
    }

    /// Whether it is `by` who asked for what waits for a decision on `subject`.
    pub(crate) fn has_asked(&self, subject: &Subject, by: &Actor) -> bool {
        let account = |who: &Actor| who.person_id().map(|id| Actor::account(id).to_owned());
        self.pending(subject).is_some_and(|pending| account(&pending.by) == account(by))
    }

    fn asked_by(&self, pending: &Pending, by: &Actor) -> bool {
        let account = |who: &Actor| who.person_id().map(|id| Actor::account(id).to_owned());
        let proposed = pending.proposer.as_ref();
        account(&pending.by) == account(by)
            || proposed.is_some_and(|proposer| by.answers_to(proposer.as_str()))
    }

    pub(crate) fn take_request(&mut self, by: &Actor, at: Timestamp, event: &Event) {
        let mut drop = |subject: &Subject| {
            self.requests.retain(|pending| pending.request.subject() != *subject);
        };
        match event {
            Event::Requested { request, proposer } => {
                drop(&request.subject());
                let (request, proposer) = (request.clone(), proposer.clone());
                self.requests.push(Pending { request, by: by.clone(), proposer, at });
            }
            Event::Granted { subject, .. } | Event::Declined { subject, .. } => drop(subject),
            _ => {}
        }
    }
}

/// Whether `deed` may decide: its person is proven to be who they are where policy asks for that,
/// and had no hand in it (`role`), or breaks the glass where policy has one. What is returned is
/// why they did, if they had to.
pub(crate) fn independence(
    role: Option<&'static str>,
    glass: Option<&str>,
    deed: Deed<'_>,
) -> Result<Option<String>, Refusal> {
    let Actor::Person { authenticated, .. } = deed.by else { return Err(Refusal::NeedsPerson) };
    let who = deed.by.to_string();
    if deed.policy.people.authenticated && !authenticated {
        return Err(Refusal::NotAuthenticated { who });
    }
    match (role, glass) {
        (None, _) => Ok(None),
        (Some(role), None) => Err(Refusal::NotIndependent { who, role }),
        (Some(_), Some(_)) if !deed.policy.people.break_glass => {
            Err(Refusal::NoBreakGlass { policy: deed.policy.name.clone() })
        }
        (Some(role), Some(why)) => {
            must_be_long(why)?;
            Ok(Some(format!("{who} {role}: {why}")))
        }
    }
}
