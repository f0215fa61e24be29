//! Judges a hit: offline facts first, then every instance that may have issued it.

mod asking;
mod certified;
mod exchange;
mod login;
pub(crate) mod revoke;

use crate::certificate::Certificate;
use crate::control::Controls;
use crate::driver;
use crate::endpoint::{Endpoint, EndpointError};
use crate::issuers::{self, Instance};
use crate::known_good::KnownGoods;
use crate::pairing;
use crate::plan::PlannedCall;
use crate::published;
use crate::settings::{Configured, Settings, SettingsError};
use crate::stop::Stop;
use crate::transport::Transport;
use asking::{Heard, Question, doubt, unfilled};
use jiff::{SignedDuration, Timestamp};
use quietus_model::{
    Binding, Doubt, Exchange, Fingerprint, Hit, Judgement, Observation, Offline, Recipe, Rule,
    RuleId, RuleSet, Target, Verdict,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::time::Instant;

/// Where failed logins count, a credential is tried once in this time.
const LOCK_OUT: SignedDuration = SignedDuration::from_hours(24);

/// Asks issuers about credentials. One for a run: it remembers addresses, controls and paces.
pub struct Validator {
    began: (Timestamp, Instant),
    max_age: Option<SignedDuration>,
    rules: Arc<RuleSet>,
    configured: Configured,
    transport: Transport,
    controls: Controls,
    known_good: KnownGoods,
    canaries: BTreeSet<Fingerprint>,
    certificates: Vec<Certificate>,
    custom_rules: BTreeSet<RuleId>,
    vantage: String,
    tool: String,
    stop: Stop,
}

impl Validator {
    /// A validator for `rules` under `settings`, in a run that begins at `now`. Nothing is sent
    /// yet.
    ///
    /// # Errors
    /// [`SettingsError`] for the first setting that cannot be, with where it stands.
    pub fn new(
        rules: Arc<RuleSet>,
        settings: Settings,
        now: Timestamp,
    ) -> Result<Self, SettingsError> {
        let configured = Configured::read(&settings)?;
        let recipes = || rules.rules().iter().filter_map(|rule| rule.validate.as_ref());
        login::check_schemes(recipes(), &configured)?;
        let origins = issuers::origins(recipes(), &configured);
        let revocations = rules.rules().iter().filter_map(|rule| rule.revoke.as_ref());
        let origins = origins.chain(revocations.filter_map(revoke::origin));
        let transport = Transport::new(&settings, origins)?;
        Ok(Self {
            began: (now, Instant::now()),
            max_age: settings.max_age,
            known_good: KnownGoods::read(&rules, &settings.known_good, &configured)?,
            configured,
            transport,
            controls: Controls::default(),
            rules,
            canaries: settings.canaries,
            certificates: Certificate::all(&settings.certificates),
            custom_rules: settings.custom_rules,
            vantage: settings.vantage,
            tool: settings.tool,
            stop: Stop::new(settings.stop),
        })
    }

    /// Asks about one credential: one judgement for each instance where it could work, or one
    /// that says why nobody could be asked. Never fails, because doubt is an answer.
    ///
    /// `earlier` are judgements of other runs. A target that must not or need not be asked again so
    /// soon gives the newest of these once more.
    pub async fn judge(&self, hit: &Hit, earlier: &[Judgement]) -> Vec<Judgement> {
        self.judge_bound(hit, earlier, &[]).await
    }

    /// As [`Validator::judge`], and asks at the targets as well that people `bound` this credential
    /// to.
    pub async fn judge_bound(
        &self,
        hit: &Hit,
        earlier: &[Judgement],
        bound: &[Target],
    ) -> Vec<Judgement> {
        let now = self.now();
        let Some(rule) = self.rules.get(&hit.finding.rule) else {
            return vec![nobody(hit.finding.rule.as_str(), Doubt::NoRecipe, now)];
        };
        // A decoy or a published example is asked about nowhere.
        let certified = match self.offline_doubt(hit) {
            Some(Doubt::Canary | Doubt::Dummy) => Vec::new(),
            _ => self.certified(rule, hit).await,
        };
        let mut judgements = match &rule.validate {
            Some(recipe) => self.judge_by(rule, recipe, hit, earlier, bound).await,
            None if certified.is_empty() => {
                vec![nobody(hit.finding.rule.as_str(), Doubt::NoRecipe, now)]
            }
            None => Vec::new(),
        };
        judgements.extend(certified);
        judgements
    }

    /// What the instances of a recipe's issuer make of `hit`.
    async fn judge_by(
        &self,
        rule: &Rule,
        recipe: &Recipe,
        hit: &Hit,
        earlier: &[Judgement],
        bound: &[Target],
    ) -> Vec<Judgement> {
        let now = self.now();
        let named_hosts = pairing::named_hosts(recipe, hit);
        let bound = bound.iter().filter(|target| target.issuer == recipe.issuer);
        let bound = bound.filter_map(|target| self.configured.endpoint(&target.endpoint).ok());
        // Another protocol's words must not be spoken to what listens there.
        let bound: Vec<Endpoint> = bound.filter(|e| e.driver() == recipe.driver).collect();
        let instances = issuers::instances(recipe, &self.configured, &named_hosts, &bound);
        let instances = match recipe.exchange {
            Exchange::PublishedKeys => published::named(instances, &hit.secret),
            Exchange::Plain | Exchange::TokenService => instances,
        };
        let offline = self.offline_doubt(hit);
        if instances.is_empty() {
            let doubt = offline.unwrap_or(Doubt::IssuerUnbound);
            return vec![nobody(&recipe.issuer, doubt, now)];
        }
        let mut judgements = Vec::with_capacity(instances.len());
        for instance in &instances {
            let target = target(&recipe.issuer, instance.endpoint.text());
            if offline.is_none()
                && let Some(known) = self.known(recipe, &target, earlier)
            {
                judgements.push(known.clone());
                continue;
            }
            let verdict = match &offline {
                Some(doubt) => Verdict::Indeterminate(doubt.clone()),
                None => {
                    let accepted: Vec<_> = accepted(&target, earlier).collect();
                    let from_here = |seen: &&Observation| seen.vantage == self.vantage;
                    let was_live_from_here = accepted.iter().any(from_here);
                    let was_live = !accepted.is_empty();
                    let question = Question {
                        rule,
                        recipe,
                        instance,
                        was_live,
                        was_live_from_here,
                        forged: None,
                    };
                    self.ask(question, hit).await
                }
            };
            if self.is_unheard(&verdict) {
                continue;
            }
            let binding = instance.binding.clone();
            judgements.push(Judgement { target, binding, at: self.now(), verdict });
        }
        judgements
    }

    /// Whether the user stopped the run before this could become an answer: there is nothing to
    /// record then.
    fn is_unheard(&self, verdict: &Verdict) -> bool {
        let Verdict::Indeterminate(doubt) = verdict else { return false };
        let is_cut_short = matches!(doubt, Doubt::NotAsked | Doubt::ControlFailed { .. });
        is_cut_short && self.stop.is_wanted()
    }

    /// The time of this run, in whole seconds since it began: no issuer's clock tells more.
    pub fn now(&self) -> Timestamp {
        let (began, since) = self.began;
        let seconds = i64::try_from(since.elapsed().as_secs()).unwrap_or(i64::MAX);
        began.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(began)
    }

    /// What `target` said in another run, when it is not to be asked again yet.
    fn known<'j>(
        &self,
        recipe: &Recipe,
        target: &Target,
        earlier: &'j [Judgement],
    ) -> Option<&'j Judgement> {
        let now = self.now();
        let within = |judgement: &Judgement, time: SignedDuration| {
            judgement.at <= now && now.duration_since(judgement.at) < time
        };
        let said = |verdict: &Verdict| !matches!(verdict, Verdict::Indeterminate(_));
        let sent = |verdict: &Verdict| match verdict {
            Verdict::Live(_) | Verdict::Dead(_) => true,
            Verdict::Indeterminate(doubt) => doubt.was_sent(),
        };
        let spared = |judgement: &&Judgement| {
            let locks_out = recipe.failures_count && sent(&judgement.verdict);
            (locks_out && within(judgement, LOCK_OUT))
                || self
                    .max_age
                    .is_some_and(|age| said(&judgement.verdict) && within(judgement, age))
        };
        let of_target = earlier.iter().filter(|judgement| judgement.target == *target);
        of_target.filter(spared).max_by_key(|judgement| judgement.at)
    }

    /// The calls that judging one credential of `rule` would make, without making them.
    pub fn plan(&self, rule: &Rule) -> Vec<PlannedCall> {
        let mut calls = self.plan_certified(rule);
        let Some(recipe) = rule.validate.as_ref().filter(|one| driver::is_built(one.driver)) else {
            return calls;
        };
        let instances = issuers::instances(recipe, &self.configured, &[], &[]);
        calls.extend(instances.into_iter().filter_map(|instance| {
            let origin = instance.endpoint.origin()?;
            Some(PlannedCall {
                rule: rule.id.clone(),
                issuer: recipe.issuer.clone(),
                host: origin.to_string(),
                port: origin.port,
                method: recipe.verb(),
                url: format!("{}{}", instance.endpoint.text(), recipe.path),
                headers: recipe.headers.keys().cloned().collect(),
                control: !recipe.failures_count,
                custom: self.is_custom(rule, &instance),
            })
        }));
        calls
    }

    /// The endpoint that a person means by `text` (a host, or a URL as under `[issuers]`), as targets
    /// name it; and its host, when it is one that may not be asked from here.
    ///
    /// # Errors
    /// [`EndpointError`] when it is none.
    pub fn endpoint(&self, text: &str) -> Result<(String, Option<String>), EndpointError> {
        let endpoint = self.configured.endpoint(text)?;
        let stranger = endpoint.origin().filter(|origin| !self.transport.may_reach(origin));
        Ok((endpoint.text().to_owned(), stranger.map(|origin| origin.to_string())))
    }

    /// Why a credential must not be sent at all, told by what is known without asking.
    fn offline_doubt(&self, hit: &Hit) -> Option<Doubt> {
        let finding = &hit.finding;
        if self.canaries.iter().any(|canary| finding.is_named(canary)) {
            return Some(Doubt::Canary);
        }
        match finding.offline {
            Offline::Canary => Some(Doubt::Canary),
            Offline::Dummy => Some(Doubt::Dummy),
            Offline::ChecksumFailed => Some(Doubt::ChecksumFailed),
            Offline::Expired { at } => Some(Doubt::Expired { at }),
            Offline::Plausible | Offline::Verified if hit.secret.is_empty() => Some(Doubt::NoBytes),
            Offline::Plausible | Offline::Verified => {
                finding.missing.first().map(|part| Doubt::Incomplete { part: part.clone() })
            }
        }
    }

    fn is_custom(&self, rule: &Rule, instance: &Instance) -> bool {
        instance.custom || self.custom_rules.contains(&rule.id)
    }
}

fn target(issuer: &str, endpoint: &str) -> Target {
    Target { issuer: issuer.to_owned(), endpoint: endpoint.to_owned(), principal: None }
}

/// How `target` accepted the credential in other runs.
fn accepted<'j>(
    target: &'j Target,
    earlier: &'j [Judgement],
) -> impl Iterator<Item = &'j Observation> {
    let of_target = earlier.iter().filter(move |judgement| judgement.target == *target);
    of_target.filter_map(|judgement| match &judgement.verdict {
        Verdict::Live(seen) => Some(seen),
        _ => None,
    })
}

/// A judgement where there is nobody to ask.
fn nobody(issuer: &str, doubt: Doubt, at: Timestamp) -> Judgement {
    let verdict = Verdict::Indeterminate(doubt);
    Judgement { target: target(issuer, ""), binding: Binding::Unbound, at, verdict }
}
