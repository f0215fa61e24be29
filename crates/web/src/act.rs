//! What may be done to an item by whoever looks at it, as forms; and what a filled form means.

use crate::site::Targets;
use jiff::{SignedDuration, Timestamp};
use quietus_export::words::end_of_day;
use quietus_poam::{
    Action, Actor, DeviationKind, Impact, MilestoneKind, PoamItem, Policy, Refusal, RootCause,
    Subject,
};
use serde::Deserialize;
use std::str::FromStr;

/// Long enough for any rule about reasons: what is asked is whether anything else stands against it.
const SAMPLE: &str = "a reason that is long enough";

/// What somebody can do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Deed {
    Assign,
    Start,
    Claim,
    Extend,
    Waive,
    Attest,
    Bind,
    Unbind,
    Cause,
    Impact,
    Approve,
    Grant,
    Decline,
    Dismiss,
    Resume,
    Reopen,
    Note,
}

impl Deed {
    /// In the order in which they are offered.
    const ALL: [Self; 17] = [
        Self::Grant,
        Self::Decline,
        Self::Approve,
        Self::Start,
        Self::Claim,
        Self::Assign,
        Self::Note,
        Self::Attest,
        Self::Bind,
        Self::Unbind,
        Self::Cause,
        Self::Impact,
        Self::Extend,
        Self::Waive,
        Self::Dismiss,
        Self::Resume,
        Self::Reopen,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Assign => "assign",
            Self::Start => "start",
            Self::Claim => "claim",
            Self::Extend => "extend",
            Self::Waive => "waive",
            Self::Attest => "attest",
            Self::Bind => "bind",
            Self::Unbind => "unbind",
            Self::Cause => "cause",
            Self::Impact => "impact",
            Self::Approve => "approve",
            Self::Grant => "grant",
            Self::Decline => "decline",
            Self::Dismiss => "dismiss",
            Self::Resume => "resume",
            Self::Reopen => "reopen",
            Self::Note => "note",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Assign => "Assign",
            Self::Start => "Begin a milestone",
            Self::Claim => "Claim a milestone done",
            Self::Extend => "Ask for a later date",
            Self::Waive => "Waive a milestone",
            Self::Attest => "Attest that it is dead",
            Self::Bind => "State where it works",
            Self::Unbind => "Take back where it works",
            Self::Cause => "Record how it leaked",
            Self::Impact => "Record whether it was used",
            Self::Approve => "Approve the closure",
            Self::Grant => "Grant a request",
            Self::Decline => "Decline a request",
            Self::Dismiss => "Set aside",
            Self::Resume => "Take up again",
            Self::Reopen => "Reopen",
            Self::Note => "Remark",
        }
    }

    /// What it does, and what it does not.
    fn says(self) -> &'static str {
        match self {
            Self::Assign => "A person or a team. They answer for its dates.",
            Self::Start => "Tells others that somebody works on it.",
            Self::Claim => "Your word; the exit test decides whether it counts.",
            Self::Extend => "The first date stays on record.",
            Self::Waive => "It need not be done. Revoking and retesting are never waived.",
            Self::Attest => "Where no recipe can ask the issuer, people's words close it.",
            Self::Bind => "A denial there counts from now on, and it is asked there.",
            Self::Unbind => "Denials there no longer count.",
            Self::Cause => "So that the same way does not leak the next one.",
            Self::Impact => "Look after it is dead: before, people look too early.",
            Self::Approve => "By somebody who neither owns it nor did the work.",
            Self::Grant => "What was asked for happens now, in the words of who asked.",
            Self::Decline => "Nothing changes; every date stands.",
            Self::Dismiss => "Until a date, with a reason. It comes back by itself.",
            Self::Resume => "It is an open item again.",
            Self::Reopen => "A new round begins; the old one is kept.",
            Self::Note => "Stands in its history for ever.",
        }
    }
}

/// One thing to fill in.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) kind: FieldKind,
    pub(crate) value: String,
    pub(crate) required: bool,
}

/// How a field is filled in.
#[derive(Clone, Debug)]
pub(crate) enum FieldKind {
    Line,
    Text,
    Date,
    /// Values with what people read.
    Choice(Vec<(String, String)>),
}

/// What can be done now, or why it cannot.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) deed: Deed,
    pub(crate) title: &'static str,
    pub(crate) says: &'static str,
    pub(crate) fields: Vec<Field>,
    /// Why it cannot be done; then there are no fields.
    pub(crate) refusal: Option<String>,
    /// It is shown unfolded.
    pub(crate) open: bool,
}

/// What somebody filled in.
#[derive(Clone, Default, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct Filled {
    pub(crate) key: String,
    /// The version of the item they looked at.
    pub(crate) version: u64,
    pub(crate) milestone: String,
    pub(crate) note: String,
    pub(crate) reason: String,
    pub(crate) due: String,
    pub(crate) until: String,
    pub(crate) kind: String,
    pub(crate) cause: String,
    pub(crate) impact: String,
    pub(crate) subject: String,
    pub(crate) to: String,
    pub(crate) issuer: String,
    pub(crate) break_glass: String,
}

impl Filled {
    fn value(&self, name: &str) -> &str {
        match name {
            "milestone" => &self.milestone,
            "note" => &self.note,
            "reason" => &self.reason,
            "due" => &self.due,
            "until" => &self.until,
            "kind" => &self.kind,
            "cause" => &self.cause,
            "impact" => &self.impact,
            "subject" => &self.subject,
            "to" => &self.to,
            "issuer" => &self.issuer,
            "break_glass" => &self.break_glass,
            _ => "",
        }
    }

    /// The action it means, or what is wrong with it.
    pub(crate) fn action(
        &self,
        deed: Deed,
        item: &PoamItem,
        targets: &Targets,
    ) -> Result<Action, String> {
        let (note, reason) = (self.note.clone(), self.reason.clone());
        let glass = (!self.break_glass.trim().is_empty()).then(|| self.break_glass.clone());
        Ok(match deed {
            Deed::Assign => Action::Assign { to: self.to.clone() },
            Deed::Start => Action::Start { milestone: parsed(&self.milestone)? },
            Deed::Claim => Action::Claim { milestone: parsed(&self.milestone)?, note },
            Deed::Extend => {
                Action::Extend { milestone: parsed(&self.milestone)?, due: day(&self.due)?, reason }
            }
            Deed::Waive => Action::Waive { milestone: parsed(&self.milestone)?, reason },
            Deed::Attest => Action::Attest { note, digest: None },
            Deed::Bind => Action::Bind { target: targets(item, self.issuer.trim())?, note },
            Deed::Unbind => Action::Unbind { endpoint: self.issuer.clone(), note },
            Deed::Cause => Action::Cause { cause: parsed(&self.cause)?, note, digest: None },
            Deed::Impact => Action::Impact { impact: parsed(&self.impact)?, note, digest: None },
            Deed::Approve => Action::Approve { note, break_glass: glass },
            Deed::Grant => {
                Action::Grant { subject: parsed(&self.subject)?, note, break_glass: glass }
            }
            Deed::Decline => Action::Decline { subject: parsed(&self.subject)?, reason },
            Deed::Dismiss => {
                let until = (!self.until.is_empty()).then(|| day(&self.until)).transpose()?;
                Action::Dismiss { kind: parsed(&self.kind)?, reason, until }
            }
            Deed::Resume => Action::Resume { reason },
            Deed::Reopen => Action::Reopen { reason },
            Deed::Note => Action::Note { text: note },
        })
    }
}

fn parsed<T: FromStr<Err = String>>(text: &str) -> Result<T, String> {
    text.parse()
}

fn day(text: &str) -> Result<Timestamp, String> {
    end_of_day(text).map_err(|_| format!("\"{text}\" is no date; write it as YYYY-MM-DD"))
}

/// Who asks about which item, when, under which policy.
pub(crate) struct Asking<'a> {
    pub(crate) item: &'a PoamItem,
    pub(crate) by: &'a Actor,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Timestamp,
}

impl Asking<'_> {
    /// Everything that could be done, what can be done now first. What was filled in for one of them
    /// stands in its form again.
    pub(crate) fn offers(&self, filled: Option<(Deed, &Filled)>) -> Vec<Offer> {
        let mut offers: Vec<Offer> = Deed::ALL.into_iter().map(|deed| self.offer(deed)).collect();
        if let Some((deed, filled)) = filled {
            for offer in offers.iter_mut().filter(|offer| offer.deed == deed) {
                offer.open = true;
                for field in &mut offer.fields {
                    field.value = filled.value(field.name).to_owned();
                }
            }
        }
        offers.sort_by_key(|offer| offer.refusal.is_some());
        offers
    }

    fn offer(&self, deed: Deed) -> Offer {
        let fields = self.fields(deed);
        let (fields, refusal) = match fields {
            Ok(fields) => (fields, None),
            Err(refusal) => (Vec::new(), Some(refusal)),
        };
        let open = matches!(deed, Deed::Grant | Deed::Approve);
        Offer { deed, title: deed.title(), says: deed.says(), fields, refusal, open }
    }

    /// Whether nothing stands against `action`; what was only made up for asking never does.
    fn asks(&self, action: &Action) -> Result<(), Refusal> {
        match self.item.act(action, self.by, self.policy, self.now) {
            Ok(_) | Err(Refusal::BadDate { .. }) => Ok(()),
            Err(refusal) => Err(refusal),
        }
    }

    /// The choices against which nothing stands; the first refusal where there are none.
    fn choices<T: Copy>(
        &self,
        all: impl IntoIterator<Item = T>,
        action: impl Fn(T) -> Action,
    ) -> Result<Vec<T>, String> {
        let mut refusal = None;
        let mut possible = Vec::new();
        for one in all {
            match self.asks(&action(one)) {
                Ok(()) => possible.push(one),
                Err(why) => refusal = refusal.or(Some(why.to_string())),
            }
        }
        match refusal {
            Some(why) if possible.is_empty() => Err(why),
            None if possible.is_empty() => Err("there is nothing to choose from".to_owned()),
            _ => Ok(possible),
        }
    }

    fn milestones(&self, action: impl Fn(MilestoneKind) -> Action) -> Result<Field, String> {
        let order = self.item.order();
        let possible = self.choices(order, action)?;
        let pair = |kind: &MilestoneKind| (kind.to_string(), kind.to_string());
        Ok(choice("milestone", "Milestone", possible.iter().map(pair).collect()))
    }

    /// What `by` has to say to somebody who is not independent, where the policy has a break-glass.
    fn with_glass(
        &self,
        mut fields: Vec<Field>,
        action: impl Fn(Option<String>) -> Action,
    ) -> Result<Vec<Field>, String> {
        match self.asks(&action(None)) {
            Ok(()) => Ok(fields),
            Err(refusal @ Refusal::NotIndependent { .. }) => {
                self.asks(&action(Some(SAMPLE.to_owned()))).map_err(|_| refusal.to_string())?;
                let label = "Why you decide although you are not independent";
                fields.push(text("break_glass", label));
                Ok(fields)
            }
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    fn fields(&self, deed: Deed) -> Result<Vec<Field>, String> {
        let sample = || SAMPLE.to_owned();
        let simple = |action: Action, fields: Vec<Field>| {
            self.asks(&action).map(|()| fields).map_err(|refusal| refusal.to_string())
        };
        match deed {
            Deed::Assign => simple(Action::Assign { to: sample() }, vec![line("to", "To whom")]),
            Deed::Start => {
                let undone = |kind| self.item.milestone(kind).progress.as_str() == "planned";
                let action = |milestone| Action::Start { milestone };
                let mut field = self.milestones(action)?;
                if let FieldKind::Choice(options) = &mut field.kind {
                    options.retain(|(name, _)| name.parse().is_ok_and(undone));
                    if options.is_empty() {
                        return Err("work on every milestone has begun already".to_owned());
                    }
                }
                Ok(vec![field])
            }
            Deed::Claim => {
                let field =
                    self.milestones(|milestone| Action::Claim { milestone, note: sample() })?;
                Ok(vec![field, text("note", "What was done")])
            }
            Deed::Extend => {
                let action = |milestone| Action::Extend {
                    milestone,
                    due: later(self.item.milestone(milestone).due.max(self.now)),
                    reason: sample(),
                };
                let field = self.milestones(action)?;
                Ok(vec![field, date("due", "The new date", true), text("reason", "Why")])
            }
            Deed::Waive => {
                let field =
                    self.milestones(|milestone| Action::Waive { milestone, reason: sample() })?;
                Ok(vec![field, text("reason", "Why")])
            }
            Deed::Attest => simple(
                Action::Attest { note: sample(), digest: None },
                vec![text("note", "What you saw")],
            ),
            Deed::Bind => self.bind(),
            Deed::Unbind => self.unbind(),
            Deed::Cause => {
                let all = RootCause::ALL;
                let action = |cause| Action::Cause { cause, note: sample(), digest: None };
                let causes = self.choices(all, action)?;
                let pair = |cause: &RootCause| (cause.name().to_owned(), cause.to_string());
                let options = causes.iter().map(pair).collect();
                Ok(vec![choice("cause", "How it leaked", options), text("note", "What happened")])
            }
            Deed::Impact => {
                let all = Impact::ALL;
                let action = |impact| Action::Impact { impact, note: sample(), digest: None };
                let impacts = self.choices(all, action)?;
                let pair = |impact: &Impact| (impact.name().to_owned(), impact.to_string());
                let options = impacts.iter().map(pair).collect();
                let label = "Where you looked and what you saw";
                Ok(vec![choice("impact", "What was found", options), text("note", label)])
            }
            Deed::Approve => self.with_glass(vec![text("note", "What you looked at")], |glass| {
                Action::Approve { note: sample(), break_glass: glass }
            }),
            Deed::Grant => {
                let (first, field) = self.subjects()?;
                let fields = vec![field, text("note", "What you looked at")];
                self.with_glass(fields, |break_glass| Action::Grant {
                    subject: first,
                    note: sample(),
                    break_glass,
                })
            }
            Deed::Decline => {
                let (subject, field) = self.subjects()?;
                let action = Action::Decline { subject, reason: sample() };
                simple(action, vec![field, text("reason", "Why")])
            }
            Deed::Dismiss => self.dismiss(),
            Deed::Resume => {
                simple(Action::Resume { reason: sample() }, vec![text("reason", "Why")])
            }
            Deed::Reopen => {
                simple(Action::Reopen { reason: sample() }, vec![text("reason", "Why")])
            }
            Deed::Note => simple(Action::Note { text: sample() }, vec![text("note", "The remark")]),
        }
    }

    fn subjects(&self) -> Result<(Subject, Field), String> {
        let subjects: Vec<Subject> =
            self.item.requests.iter().map(|pending| pending.request.subject()).collect();
        let Some(first) = subjects.first().copied() else {
            return Err("nobody asked for anything that another person must decide".to_owned());
        };
        let pair = |subject: &Subject| (subject.to_string(), subject.to_string());
        Ok((first, choice("subject", "What was asked for", subjects.iter().map(pair).collect())))
    }

    fn dismiss(&self) -> Result<Vec<Field>, String> {
        let kinds = [
            DeviationKind::FalsePositive,
            DeviationKind::RiskAccepted,
            DeviationKind::OperationalRequirement,
            DeviationKind::VendorDependency,
        ];
        let action = |kind| Action::Dismiss { kind, reason: SAMPLE.to_owned(), until: None };
        let kinds = self.choices(kinds, action)?;
        let pair =
            |kind: &DeviationKind| (kind.as_str().replace(' ', "-"), kind.as_str().to_owned());
        Ok(vec![
            choice("kind", "In which way", kinds.iter().map(pair).collect()),
            text("reason", "Why"),
            date("until", "Until (empty: the longest the policy allows)", false),
        ])
    }

    fn bind(&self) -> Result<Vec<Field>, String> {
        let issuer = self.item.targets.keys().next().map_or("issuer", |target| &target.issuer);
        let target = quietus_model::Target {
            issuer: issuer.to_owned(),
            endpoint: "https://issuer.example".to_owned(),
            principal: None,
        };
        self.asks(&Action::Bind { target, note: SAMPLE.to_owned() })
            .map_err(|refusal| refusal.to_string())?;
        let seen: Vec<&str> =
            self.item.targets.keys().map(|target| target.endpoint.as_str()).collect();
        let mut field = line("issuer", "The issuer's host or URL");
        field.value = seen.first().copied().unwrap_or_default().to_owned();
        Ok(vec![field, text("note", "How you know")])
    }

    fn unbind(&self) -> Result<Vec<Field>, String> {
        let bound = self.item.bound();
        let Some(first) = bound.first() else {
            return Err("nobody stated where it works, so there is nothing to take back".to_owned());
        };
        let action = Action::Unbind { endpoint: first.endpoint.clone(), note: SAMPLE.to_owned() };
        self.asks(&action).map_err(|refusal| refusal.to_string())?;
        let options = bound.iter().map(|target| (target.endpoint.clone(), target.to_string()));
        Ok(vec![choice("issuer", "Where", options.collect()), text("note", "Why")])
    }
}

fn later(at: Timestamp) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(24)).unwrap_or(at)
}

fn field(name: &'static str, label: &'static str, kind: FieldKind) -> Field {
    Field { name, label, kind, value: String::new(), required: true }
}

fn line(name: &'static str, label: &'static str) -> Field {
    field(name, label, FieldKind::Line)
}

fn text(name: &'static str, label: &'static str) -> Field {
    field(name, label, FieldKind::Text)
}

fn date(name: &'static str, label: &'static str, required: bool) -> Field {
    Field { required, ..field(name, label, FieldKind::Date) }
}

fn choice(name: &'static str, label: &'static str, options: Vec<(String, String)>) -> Field {
    field(name, label, FieldKind::Choice(options))
}
