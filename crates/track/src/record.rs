//! From hits to the ledger: ask, drop the secrets, reconcile, append.

use crate::names::Names;
use crate::{Looking, TrackError, ask_all, newer};
use jiff::Timestamp;
use quietus_escrow::Escrow;
use quietus_model::{
    Assessment, Fingerprint, Hit, Kind, RuleId, RuleSet, Scope, Survey, SurveyId, Trust,
};
use quietus_poam::{EQUAL_ANSWERS, Event, PoamItem, Policy, Recorded, ScanRecord, reconcile};
use quietus_store::{Append, Head, Lease, Ledger};
use quietus_validate::Validator;
use std::borrow::{Borrow, Cow};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// The loop from hits to the ledger.
pub struct Tracker<'a> {
    /// The ledger.
    pub ledger: &'a Ledger,
    /// The active rules.
    pub rules: &'a RuleSet,
    /// The rules that ship: what a user's rule changed can show no absence.
    pub shipped: &'a RuleSet,
    /// The policy.
    pub policy: &'a Policy,
    /// Asks issuers; `None` when nobody is to be asked.
    pub validator: Option<&'a Validator>,
    /// Seals what is seen; `None` when nothing is sealed, opened or destroyed.
    pub escrow: Option<&'a Escrow>,
    /// The version of this program.
    pub tool: &'a str,
}

/// What a run changed.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Items that it opened.
    pub opened: Vec<Fingerprint>,
    /// Items that it closed.
    pub closed: Vec<Fingerprint>,
    /// Items that it reopened.
    pub reopened: Vec<Fingerprint>,
    /// How many item events it appended.
    pub events: usize,
    /// The head of the ledger after it.
    pub head: Option<Head>,
}

impl Tracker<'_> {
    /// Seals what is to be kept in escrow, asks the issuers about each hit and lets go of the
    /// secrets. What `items` know of earlier answers spares questions that must not be put again so
    /// soon.
    ///
    /// # Errors
    /// [`TrackError::Escrow`] when a value cannot be sealed: later its bytes may be gone.
    pub async fn assess(
        &self,
        hits: Vec<Hit>,
        items: &[impl Borrow<PoamItem>],
    ) -> Result<Vec<Assessment>, TrackError> {
        let known = items.iter().map(Borrow::borrow);
        let known: BTreeMap<Fingerprint, &PoamItem> =
            known.map(|item| (item.fingerprint(), item)).collect();
        let hits = Names::of(items).hits(hits);
        let seals = self.seal(&hits, &known)?;
        let (known, seals) = (&known, &seals);
        let assessments = ask_all(hits, |hit| async move {
            let item = known.get(&hit.finding.fingerprint);
            let judgements = match self.validator {
                Some(validator) => {
                    let earlier = item.map(|item| item.judgements()).unwrap_or_default();
                    let bound = item.map(|item| item.bound()).unwrap_or_default();
                    validator.judge_bound(&hit, &earlier, &bound).await
                }
                None => Vec::new(),
            };
            let kind = self.kind(&hit.finding.rule);
            let sealed = seals.get(&hit.finding.fingerprint).cloned();
            Assessment { finding: hit.finding, kind, judgements, silence: None, sealed }
        });
        Ok(assessments.await)
    }

    /// What the active rules say of a kind; a rule that is gone says nothing.
    pub(crate) fn kind(&self, rule: &RuleId) -> Kind {
        self.rules.get(rule).map_or_else(
            || Kind {
                name: rule.to_string(),
                askable: true, // unknown: never close it on people's word
                remedy: quietus_model::Remedy::default(),
            },
            |rule| Kind::of(rule),
        )
    }

    /// What one scan may claim.
    pub fn survey(
        &self,
        scopes: Vec<Scope>,
        assessments: Vec<Assessment>,
        now: Timestamp,
    ) -> Survey {
        let rules = seeing_rules(self.rules, self.shipped);
        Survey {
            id: SurveyId(Uuid::now_v7()),
            key_id: self.ledger.key_id().clone(),
            taken_at: now,
            rules_digest: self.rules.digest().clone(),
            rules,
            tool: self.tool.to_owned(),
            trust: Trust::Own,
            scopes,
            assessments,
            unrecognised: BTreeSet::new(),
        }
    }

    /// Reconciles `survey` with the ledger and appends what that gives, all of it or nothing.
    ///
    /// With the sources that it was taken of in reach, credentials that it would show gone are
    /// looked for there by their own bytes first.
    ///
    /// # Errors
    /// [`TrackError::Ledger`] when the ledger refuses; [`TrackError::Contended`] when others kept
    /// changing the same items. Nothing was recorded then.
    pub async fn record(
        &self,
        survey: &Survey,
        looking: Option<&Looking<'_>>,
        now: Timestamp,
    ) -> Result<Outcome, TrackError> {
        self.record_with(survey, looking, None, now).await
    }

    /// As [`Tracker::record`], as the outcome of the piece of work that `lease` is for: recorded only if
    /// that is still the caller's, and with it the piece is done.
    ///
    /// # Errors
    /// As [`Tracker::record`]; [`quietus_store::StoreError::Fenced`] in it when another worker has
    /// taken over.
    pub(crate) async fn record_piece(
        &self,
        survey: &Survey,
        looking: &Looking<'_>,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<Outcome, TrackError> {
        self.record_with(survey, Some(looking), Some(lease), now).await
    }

    async fn record_with(
        &self,
        survey: &Survey,
        looking: Option<&Looking<'_>>,
        lease: Option<&Lease>,
        now: Timestamp,
    ) -> Result<Outcome, TrackError> {
        let repositories: BTreeSet<_> = survey.scopes.iter().map(|s| &s.repository).collect();
        let mut complete: Vec<ScanRecord> = Vec::new();
        for repository in repositories {
            let scans = self.ledger.scans_of(repository).await?;
            complete.extend(scans.and_then(|scans| scans.latest_complete));
        }
        let decided = self.decide(
            || now,
            |current| {
                let items = current.items();
                let mut survey = survey.clone();
                survey.assessments = Names::of(items).assessments(survey.assessments);
                if let Some(looking) = looking {
                    survey = self.confirmed(items, &survey, looking, now);
                }
                newer::label(&mut survey, items, &complete);
                let is_due = items.iter().any(|item| self.is_due(item, now));
                (self.concerned(items, &survey, now), (survey, is_due))
            },
            |items, (survey, is_due)| {
                let events = reconcile(items, &survey, self.policy, now);
                self.keep_sealed(&events)?;
                let outcome = Outcome::of(&events);
                let mut batch = appends(items, events);
                batch.extend(ScanRecord::of(&survey).into_iter().map(Append::scan));
                batch.extend(lease.cloned().map(Append::Done));
                Ok::<_, TrackError>((batch, (outcome, is_due)))
            },
        );
        let (head, (outcome, is_due)) = decided.await?;
        self.drop_unrecorded(survey).await?;
        if is_due {
            self.destroy_due(now).await?;
        }
        Ok(Outcome { head: Some(head), ..outcome })
    }

    /// The items that the survey saw, or to which it or the time that has passed does anything.
    fn concerned(
        &self,
        items: &[Arc<PoamItem>],
        survey: &Survey,
        now: Timestamp,
    ) -> BTreeSet<Fingerprint> {
        // What is abridged has not as many equal answers as such a policy counts.
        if self.policy.proof.confirmations > EQUAL_ANSWERS {
            return items.iter().map(|item| item.fingerprint()).collect();
        }
        let seen = survey.assessments.iter().map(|seen| seen.finding.fingerprint);
        let events = reconcile(items, survey, self.policy, now);
        seen.chain(events.into_iter().map(|(fingerprint, _)| fingerprint)).collect()
    }
}

/// Those of `rules` whose silence means absence. A rule of those `shipped` that the user narrowed is not
/// among them, and the user's own rules stand for no other rule.
pub fn seeing_rules(rules: &RuleSet, shipped: &RuleSet) -> Vec<RuleId> {
    let mut seeing = Vec::new();
    for rule in rules.rules() {
        match shipped.get(&rule.id) {
            Some(own) if !rule.finds_as(own) => {}
            Some(own) => seeing.extend(std::iter::once(&own.id).chain(&own.replaces).cloned()),
            None => seeing.push(rule.id.clone()),
        }
    }
    seeing.sort();
    seeing.dedup();
    seeing
}

/// One append for each item, on the version it was decided on.
fn appends(items: &[Cow<'_, PoamItem>], events: Vec<(Fingerprint, Recorded)>) -> Vec<Append> {
    let versions: BTreeMap<Fingerprint, u64> =
        items.iter().map(|item| (item.fingerprint(), item.version)).collect();
    let mut by_item: BTreeMap<Fingerprint, Vec<Recorded>> = BTreeMap::new();
    for (fingerprint, event) in events {
        by_item.entry(fingerprint).or_default().push(event);
    }
    by_item
        .into_iter()
        .map(|(fingerprint, events)| {
            let version = versions.get(&fingerprint).copied().unwrap_or(0);
            Append::events(fingerprint, version, events)
        })
        .collect()
}

impl Outcome {
    fn of(events: &[(Fingerprint, Recorded)]) -> Self {
        let mut outcome = Self { events: events.len(), ..Self::default() };
        for (fingerprint, recorded) in events {
            match recorded.event {
                Event::Opened { .. } => outcome.opened.push(*fingerprint),
                Event::Closed { .. } => outcome.closed.push(*fingerprint),
                Event::Reopened { .. } => outcome.reopened.push(*fingerprint),
                _ => {}
            }
        }
        outcome
    }
}
