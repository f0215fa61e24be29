//! What a survey means for the items: new ones, new sightings, absences, verdicts.

use crate::owner::owner_of;
use crate::policy::Consent;
use crate::proof::later;
use crate::settle::Draft;
use crate::{
    Class, Detection, Event, Evidence, MilestoneKind, PoamItem, Policy, Recorded, Request, Subject,
};
use jiff::Timestamp;
use quietus_model::{
    Assessment, Binding, Fingerprint, Judgement, Location, LocationId, Offline, Place,
    RepositoryId, SafeText, Scope, ScopeKind, Silence, Suppressed, Survey, Trust, Verdict,
};
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

/// Decides what must be appended because of `survey`. Appends nothing itself.
///
/// Reconciling the same survey twice gives nothing the second time. Only complete scopes can show
/// that something is absent; an untrusted survey can only add sightings.
pub fn reconcile<I: Borrow<PoamItem>>(
    items: &[I],
    survey: &Survey,
    policy: &Policy,
    now: Timestamp,
) -> Vec<(Fingerprint, Recorded)> {
    let reading = Reading::of(survey, policy, now);
    let known = items.iter().map(Borrow::borrow);
    let mut drafts: BTreeMap<Fingerprint, Draft<'_>> =
        known.map(|item| (item.fingerprint(), Draft::of(item, policy, now))).collect();
    for assessment in &survey.assessments {
        let fingerprint = assessment.finding.fingerprint;
        if let Some(draft) = drafts.get_mut(&fingerprint) {
            reading.alias(draft, assessment);
            reading.reclassify(draft, assessment);
            reading.observe(draft, assessment);
            reading.set_aside(draft, assessment);
            reading.seal(draft, assessment);
        } else if let Some(mut draft) = reading.open(assessment) {
            reading.observe(&mut draft, assessment);
            reading.set_aside(&mut draft, assessment);
            reading.seal(&mut draft, assessment);
            drafts.insert(fingerprint, draft);
        }
    }
    for draft in drafts.values_mut() {
        reading.absences(draft);
        reading.replacement(draft);
    }
    drafts
        .into_iter()
        .flat_map(|(fingerprint, draft)| {
            draft.settle().into_iter().map(move |event| (fingerprint, event))
        })
        .collect()
}

/// The credentials of which `survey` would show, by what it does not say, that they left a place.
///
/// Whoever can still read their bytes should look for these before the survey is reconciled: rules
/// change, and so does what stands round a secret.
pub fn shown_gone<I: Borrow<PoamItem>>(
    items: &[I],
    survey: &Survey,
    policy: &Policy,
    now: Timestamp,
) -> BTreeSet<Fingerprint> {
    let shows = |event: &Event| match event {
        Event::LeftHead { .. } | Event::Absent { .. } => true,
        Event::Sighted { cleared, .. } => *cleared,
        _ => false,
    };
    let events = reconcile(items, survey, policy, now).into_iter();
    events.filter(|(_, recorded)| shows(&recorded.event)).map(|(print, _)| print).collect()
}

/// One survey under one policy at one moment.
struct Reading<'a> {
    survey: &'a Survey,
    policy: &'a Policy,
    now: Timestamp,
    /// Where it saw each credential.
    seen: BTreeMap<Fingerprint, Vec<&'a Location>>,
    /// The repositories whose presence it speaks of.
    repositories: BTreeSet<&'a RepositoryId>,
}

impl<'a> Reading<'a> {
    fn of(survey: &'a Survey, policy: &'a Policy, now: Timestamp) -> Self {
        let mut seen: BTreeMap<Fingerprint, Vec<&Location>> = BTreeMap::new();
        for Assessment { finding, .. } in &survey.assessments {
            seen.entry(finding.fingerprint).or_default().extend(&finding.locations);
        }
        let reading = Self { survey, policy, now, seen, repositories: BTreeSet::new() };
        let repositories = reading.scopes().map(|scope| &scope.repository).collect();
        Self { repositories, ..reading }
    }

    /// Whether it stands, or once stood, in a repository that the survey speaks of.
    fn is_concerned(&self, item: &PoamItem) -> bool {
        let mut known = item.presence.iter();
        known.any(|(_, sighting)| self.repositories.contains(&sighting.location.repository))
    }

    /// A new item, when the finding deserves one.
    fn open(&self, assessment: &Assessment) -> Option<Draft<'a>> {
        let finding = &assessment.finding;
        let dummy = finding.offline == Offline::Dummy;
        let class = match class_of(self.judgements(assessment)) {
            class if dummy && class < Class::Live => Class::Dummy,
            class => class,
        };
        let harmless = (dummy && !self.policy.open_dummies)
            || matches!(finding.offline, Offline::Canary | Offline::Expired { .. });
        let live = class >= Class::Live;
        // What is found at such a place or by such a rule is not tracked anew; an item that is
        // there stays, and everything that is seen of it counts.
        let left_out = matches!(assessment.silence, Some(Silence::Path | Silence::Rule));
        let doubtful = harmless || left_out || finding.confidence < self.policy.open_from;
        if doubtful && !live {
            return None;
        }
        // What works is urgent on the first night as well.
        let grace = self.policy.onboarding.filter(|_| !live);
        let clock = grace.map_or(self.survey.taken_at, |grace| later(self.survey.taken_at, grace));
        let event = Event::Opened {
            detection: Box::new(self.detection(assessment)),
            plan: self.policy.plan(class, clock),
            class,
            owner: owner_of(finding, self.judgements(assessment), &self.policy.directory),
            audit: None,
        };
        let mut draft = Draft::opening(event, self.policy, self.now)?;
        if grace.is_some() {
            draft.emit(Event::Deferred { until: clock });
        }
        if let Some(Silence::Comment { comment }) = &assessment.silence {
            let note = format!("a {comment} comment proposes that this is a false positive");
            draft.emit(Event::Noted { note });
        }
        Some(draft)
    }

    fn detection(&self, assessment: &Assessment) -> Detection {
        let finding = &assessment.finding;
        Detection {
            fingerprint: finding.fingerprint,
            key_id: self.survey.key_id.clone(),
            rule: finding.rule.clone(),
            kind: assessment.kind.clone(),
            severity: finding.severity,
            confidence: finding.confidence,
            redacted: finding.redacted.clone(),
            offline: finding.offline,
            tags: finding.tags.clone(),
            decoded: finding.decoded.clone(),
            missing: finding.missing.clone(),
            survey: self.survey.id,
            detected_at: self.survey.taken_at,
        }
    }

    /// An untrusted survey's verdicts are not believed; our own check will tell.
    fn judgements<'b>(&self, assessment: &'b Assessment) -> &'b [Judgement] {
        match self.survey.trust {
            Trust::Untrusted => &[],
            Trust::Own | Trust::Authenticated => &assessment.judgements,
        }
    }

    /// What is found under another name from now on is this item's.
    fn alias(&self, draft: &mut Draft<'_>, assessment: &Assessment) {
        let Some(name) = assessment.finding.renamed_from else { return };
        if !draft.item.is_named(&name) && self.survey.trust != Trust::Untrusted {
            draft.emit(Event::Aliased { name });
        }
    }

    fn reclassify(&self, draft: &mut Draft<'_>, assessment: &Assessment) {
        let finding = &assessment.finding;
        let known = &draft.item.detection;
        let mut kind = assessment.kind.clone();
        // What could be asked once never closes on people's word, whatever a later rule says.
        kind.askable |= known.kind.askable;
        let same = known.rule == finding.rule && known.kind == kind;
        // Seen without its other parts it may look like something lesser; while the rule that knew
        // better is active, that says nothing.
        let lesser = (finding.severity, finding.confidence) < (known.severity, known.confidence)
            && self.survey.could_see(&known.rule);
        if same || lesser || self.survey.trust == Trust::Untrusted {
            return;
        }
        draft.emit(Event::Reclassified {
            rule: finding.rule.clone(),
            kind,
            severity: finding.severity,
            confidence: finding.confidence,
        });
    }

    /// Sightings and verdicts of one finding.
    fn observe(&self, draft: &mut Draft<'_>, assessment: &Assessment) {
        for location in &assessment.finding.locations {
            if let Some(scope) = self.scope_of(location) {
                self.sight(draft, location, scope);
            }
        }
        for judgement in self.judgements(assessment) {
            if !already_judged(&draft.item, judgement) {
                draft.emit(Event::Judged { judgement: Box::new(judgement.clone()) });
            }
        }
    }

    /// What was sealed in this run is kept, unless something was before.
    fn seal(&self, draft: &mut Draft<'_>, assessment: &Assessment) {
        let Some(seal) = &assessment.sealed else { return };
        if self.survey.trust == Trust::Own && draft.item.seal.is_none() {
            draft.emit(Event::Escrowed { seal: Box::new(seal.clone()) });
        }
    }

    /// What a suppression says is a deviation like any other: dated, never of what is live, and
    /// never the end of an item. What a person or an issuer ended does not begin again by itself.
    fn set_aside(&self, draft: &mut Draft<'_>, assessment: &Assessment) {
        let Some(Silence::Suppression(says)) = &assessment.silence else { return };
        let believed = self.survey.trust != Trust::Untrusted && says.until > self.now;
        if !believed || !draft.item.is_active() || draft.item.ever_live().is_some() {
            return;
        }
        let deviation = says.ground.into();
        let (consent, last) = self.policy.terms(deviation, draft.item.class, self.now);
        let until = says.until.min(last);
        let Suppressed { reason, approver, .. } = says;
        let reason = format!("suppressed by its fingerprint, approved by {approver}: {reason}");
        // Once decided, another run with another `until` by the same words decides nothing anew.
        let is_known = draft.item.history.iter().any(|recorded| match &recorded.event {
            Event::Deviated { reason: known, until: then, .. } => {
                *known == reason && *then == until
            }
            Event::Requested { request: Request::Deviation { reason: known, .. }, .. } => {
                *known == reason
            }
            _ => false,
        });
        let is_asked = draft.item.pending(&Subject::Deviation).is_some();
        match consent {
            _ if is_known => {}
            Consent::Own => draft.emit(Event::Deviated { deviation, reason, until }),
            // A file names its approver and proves nothing of them: somebody else must agree.
            Consent::Another | Consent::Official if !is_asked => {
                let request = Request::Deviation { deviation, reason, until };
                let proposer = Some(approver.clone());
                draft.emit(Event::Requested { request, proposer });
            }
            Consent::Another | Consent::Official | Consent::Never => {}
        }
    }

    /// The scopes that speak of presence; a recall reads known places and so says nothing of it.
    fn scopes(&self) -> impl Iterator<Item = &'a Scope> {
        self.survey.scopes.iter().filter(|scope| scope.kind != ScopeKind::Recall)
    }

    /// The scope a location was seen in.
    fn scope_of(&self, location: &Location) -> Option<&'a Scope> {
        self.scopes().find(|scope| is_of(location, scope))
    }

    fn sight(&self, draft: &mut Draft<'_>, location: &Location, scope: &Scope) {
        let id = location.id();
        let known = draft.item.presence.get(&id);
        if !location.at_head.is_empty() {
            if known.is_none_or(|known| !known.is_known_at(location, scope)) {
                let heads = known.map_or(Vec::new(), |known| known.heads_kept(scope));
                let event = self.sighted(location, scope, heads, false);
                draft.emit(event);
            }
            return;
        }
        let news = known.is_none_or(|known| {
            !known.is_known_to(&scope.source) || known.was_absent_from(&scope.source)
        });
        if news {
            let cleared = self.covers(location, scope) && self.may_claim_absence(draft);
            draft.emit(self.sighted(location, scope, Vec::new(), cleared));
        }
        let known = draft.item.presence.get(&id);
        let sources = known.map_or(Vec::new(), |known| known.answered_by(scope));
        if !sources.is_empty() && self.may_claim_absence(draft) {
            draft.emit(Event::LeftHead { location: id, survey: self.survey.id, sources });
        }
    }

    /// A sighting, with the heads that `scope` did not look at as they were.
    fn sighted(
        &self,
        location: &Location,
        scope: &Scope,
        kept: Vec<SafeText>,
        cleared: bool,
    ) -> Event {
        let mut location = location.clone();
        location.at_head.extend(kept);
        location.at_head.sort();
        location.at_head.dedup();
        Event::Sighted {
            location: Box::new(location),
            survey: self.survey.id,
            source: scope.source.clone(),
            cleared,
        }
    }

    /// Whether `scope` saw all heads that could hold a new location of this place.
    fn covers(&self, location: &Location, scope: &Scope) -> bool {
        match location.place {
            Place::History | Place::Message => scope.covers_heads(),
            Place::WorkTree | Place::Index => scope.covers_work_tree(),
            Place::Stdin => false,
        }
    }

    fn may_claim_absence(&self, draft: &Draft<'_>) -> bool {
        let item = &draft.item;
        self.survey.trust != Trust::Untrusted
            && self.survey.shows_absence_of(&item.fingerprint(), &item.detection.rule)
    }

    /// Known locations that a complete scope did not show.
    fn absences(&self, draft: &mut Draft<'_>) {
        if !self.is_concerned(&draft.item) || !self.may_claim_absence(draft) {
            return;
        }
        let seen = self.seen.get(&draft.item.fingerprint()).map_or(&[][..], Vec::as_slice);
        for scope in self.scopes() {
            let here: BTreeSet<LocationId> =
                seen.iter().filter(|at| is_of(at, scope)).map(|at| at.id()).collect();
            let gone: Vec<LocationId> = draft
                .item
                .presence
                .iter()
                .filter(|(id, known)| {
                    known.location.repository == scope.repository
                        && !here.contains(id)
                        && known.may_be_absent_from(scope)
                })
                .map(|(id, _)| id.clone())
                .collect();
            for location in gone {
                let source = scope.source.clone();
                draft.emit(Event::Absent { location, survey: self.survey.id, source });
            }
        }
    }

    /// Another credential of the same kind, younger than this one, where this one stood.
    fn replacement(&self, draft: &mut Draft<'_>) {
        let item = &draft.item;
        let open = item.is_active() && !item.milestone(MilestoneKind::Rotate).is_done();
        if !open || self.survey.trust == Trust::Untrusted || !self.is_concerned(item) {
            return;
        }
        let others = self.survey.assessments.iter().filter(|other| {
            other.finding.rule == item.detection.rule
                && other.finding.fingerprint != item.fingerprint()
                && other.finding.confidence >= self.policy.open_from
                && matches!(other.finding.offline, Offline::Plausible | Offline::Verified)
        });
        let replaced = |place: &Location, by: &Location| {
            let younger = match (&by.introduced, &place.introduced) {
                (Some(new), Some(old)) => new.at > old.at,
                _ => false,
            };
            by.repository == place.repository
                && by.path == place.path
                && !by.at_head.is_empty()
                && younger
        };
        let found = others
            .flat_map(|other| other.finding.locations.iter().map(move |at| (other, at)))
            .find_map(|(other, at)| {
                let mut left = item.presence.iter().filter(|(_, known)| !known.is_open());
                left.find(|(_, known)| replaced(&known.location, at)).map(|_| (other, at))
            });
        if let Some((other, at)) = found {
            let summary = format!(
                "{} {} stands in its place at {}",
                other.kind.name,
                other.finding.fingerprint.short(),
                at.display()
            );
            let on = at.introduced.as_ref().map_or(self.now, |introduced| introduced.at);
            let evidence = Evidence { summary, survey: Some(self.survey.id) };
            draft.emit(Event::Verified { milestone: MilestoneKind::Rotate, on, evidence });
        }
    }
}

/// Whether this very judgement was recorded, because its survey came before. Another answer of the
/// same moment is news: a denial must not hide an acceptance that another run heard.
fn already_judged(item: &PoamItem, judgement: &Judgement) -> bool {
    item.history.iter().any(|recorded| {
        matches!(&recorded.event, Event::Judged { judgement: known } if **known == *judgement)
    })
}

/// The class that the first answers call for.
fn class_of(judgements: &[Judgement]) -> Class {
    let class = |judgement: &Judgement| match &judgement.verdict {
        Verdict::Live(seen) if seen.identity.privileged == Some(true) => Class::LivePrivileged,
        Verdict::Live(_) => Class::Live,
        Verdict::Dead(_) if judgement.binding != Binding::Unbound => Class::Dead,
        Verdict::Dead(_) | Verdict::Indeterminate(_) => Class::Unknown,
    };
    let worst = judgements.iter().map(class).max();
    worst.unwrap_or(Class::Unknown)
}

/// Whether a location was seen in this scope.
fn is_of(location: &Location, scope: &Scope) -> bool {
    location.repository == scope.repository
        && (location.source.is_empty() || location.source == scope.source)
}
