//! What can be done to an item now: each deed is tried with made-up words, and nothing is recorded.

use super::{Deed, Field, FieldKind, Filled, Offer, steps};
use jiff::{SignedDuration, Timestamp};
use quietus_model::{Digest, SafeText};
use quietus_poam::{
    Action, Actor, Attachment, DeviationKind, Impact, MilestoneKind, PoamItem, Policy, Refusal,
    RootCause, Subject,
};

/// Long enough for any rule about reasons: what is asked is whether anything else stands against it.
pub(super) const SAMPLE: &str = "a reason that is long enough";

/// Who asks about which item, when, under which policy.
pub(crate) struct Asking<'a> {
    pub(crate) item: &'a PoamItem,
    pub(crate) by: &'a Actor,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Timestamp,
    /// Whether files can be attached here.
    pub(crate) keeps_files: bool,
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
    pub(super) fn choices<T: Clone>(
        &self,
        all: impl IntoIterator<Item = T>,
        action: impl Fn(T) -> Action,
    ) -> Result<Vec<T>, String> {
        let mut refusal = None;
        let mut possible = Vec::new();
        for one in all {
            match self.asks(&action(one.clone())) {
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
    pub(super) fn with_glass(
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
                vec![text("note", "What you saw"), self.shown_by()],
            ),
            Deed::Bind => self.bind(),
            Deed::Unbind => self.unbind(),
            Deed::Cause => {
                let all = RootCause::ALL;
                let action = |cause| Action::Cause { cause, note: sample(), digest: None };
                let causes = self.choices(all, action)?;
                let pair = |cause: &RootCause| (cause.name().to_owned(), cause.to_string());
                let options = causes.iter().map(pair).collect();
                let cause = choice("cause", "How it leaked", options);
                Ok(vec![cause, text("note", "What happened"), self.shown_by()])
            }
            Deed::Impact => {
                let all = Impact::ALL;
                let action = |impact| Action::Impact { impact, note: sample(), digest: None };
                let impacts = self.choices(all, action)?;
                let pair = |impact: &Impact| (impact.name().to_owned(), impact.to_string());
                let options = impacts.iter().map(pair).collect();
                let label = "Where you looked and what you saw";
                let impact = choice("impact", "What was found", options);
                Ok(vec![impact, text("note", label), self.shown_by()])
            }
            Deed::Approve => self.with_glass(vec![text("note", "What you looked at")], |glass| {
                Action::Approve { note: sample(), break_glass: glass }
            }),
            Deed::Grant => {
                let (first, field) = self.subjects()?;
                let fields = vec![field, text("note", "What you looked at")];
                self.with_glass(fields, |break_glass| Action::Grant {
                    subject: first.clone(),
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
            Deed::Attach => self.attach(),
            Deed::StepStart | Deed::StepClaim | Deed::StepWaive | Deed::StepExtend => {
                steps::fields(self, deed)
            }
        }
    }

    fn subjects(&self) -> Result<(Subject, Field), String> {
        let subjects: Vec<Subject> =
            self.item.requests.iter().map(|pending| pending.request.subject()).collect();
        let Some(first) = subjects.first().cloned() else {
            return Err("nobody asked for anything that another person must decide".to_owned());
        };
        let pair = |subject: &Subject| (subject.to_string(), subject.to_string());
        Ok((first, choice("subject", "What was asked for", subjects.iter().map(pair).collect())))
    }

    fn attach(&self) -> Result<Vec<Field>, String> {
        if !self.keeps_files {
            return Err(
                "nothing is kept here; attach it with `quietus item act ID attach FILE`".to_owned()
            );
        }
        let attachment = Box::new(Attachment {
            digest: Digest::of(SAMPLE.as_bytes()),
            name: SafeText::plain(SAMPLE),
            size: 1,
            shows: SafeText::plain(SAMPLE),
            collected: self.now,
            expires: None,
            collector: SafeText::plain(SAMPLE),
            scope: SafeText::default(),
            kept: true,
        });
        self.asks(&Action::Attach { attachment }).map_err(|refusal| refusal.to_string())?;
        Ok(vec![
            field("file", "The file", FieldKind::File),
            text("note", "What it shows"),
            date("until", "It counts until (may be empty)", false),
        ])
    }

    /// A file is named by its digest; those that are attached are offered.
    pub(super) fn shown_by(&self) -> Field {
        let known = self.item.attachments.iter().map(|known| &known.attachment);
        let known = known.map(|file| (file.digest.to_string(), file.name.to_string())).collect();
        let label = "SHA-256 of a file that shows it (may be empty)";
        Field { required: false, ..field("digest", label, FieldKind::Digest(known)) }
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

pub(super) fn later(at: Timestamp) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(24)).unwrap_or(at)
}

fn field(name: &'static str, label: &'static str, kind: FieldKind) -> Field {
    Field { name, label, kind, value: String::new(), required: true }
}

fn line(name: &'static str, label: &'static str) -> Field {
    field(name, label, FieldKind::Line)
}

pub(super) fn text(name: &'static str, label: &'static str) -> Field {
    field(name, label, FieldKind::Text)
}

pub(super) fn date(name: &'static str, label: &'static str, required: bool) -> Field {
    Field { required, ..field(name, label, FieldKind::Date) }
}

pub(super) fn choice(
    name: &'static str,
    label: &'static str,
    options: Vec<(String, String)>,
) -> Field {
    field(name, label, FieldKind::Choice(options))
}
