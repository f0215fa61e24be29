//! Judges a hit: offline facts first, then every instance, a control, and what may be concluded.

mod login;
pub(crate) mod revoke;

use crate::control::{self, Controls};
use crate::endpoint::{Endpoint, EndpointError};
use crate::issuers::{self, Instance};
use crate::pairing::{self, Pairings};
use crate::plan::PlannedCall;
use crate::reading::{Reading, is_refused, read_masking};
use crate::settings::{Configured, Settings, SettingsError};
use crate::stop::Stop;
use crate::template::{self, Filled, Parts, Request, Unfilled};
use crate::transport::{Call, Failure, Received, Transport};
use crate::{denial, driver, evidence, fabricate, sign};
use jiff::{SignedDuration, Timestamp};
use quietus_model::{
    Binding, Control, Doubt, Fingerprint, Hit, Judgement, Observation, Offline, Outcome, Recipe,
    Rule, RuleId, RuleSet, SafeText, Secret, Target, Verdict,
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
    canaries: BTreeSet<Fingerprint>,
    custom_rules: BTreeSet<RuleId>,
    vantage: String,
    tool: String,
    stop: Stop,
}

/// One question: this rule, at this instance, now.
#[derive(Clone, Copy)]
struct Question<'a> {
    rule: &'a Rule,
    recipe: &'a Recipe,
    instance: &'a Instance,
    /// The target accepted this credential in another run.
    was_live: bool,
    /// And it was asked from where this run asks from.
    was_live_from_here: bool,
}

/// An answer and what its recipe makes of it.
struct Heard {
    received: Received,
    reading: Reading,
    echoes: Vec<Secret>,
    /// What was sent is what the text of the credential stands for, if it is written as it should be.
    is_decoded: bool,
}

impl Heard {
    fn is_refused(&self, recipe: &Recipe) -> bool {
        let Received { status, headers, body, .. } = &self.received;
        is_refused(recipe, *status, headers, body)
    }
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
            configured,
            transport,
            controls: Controls::default(),
            rules,
            canaries: settings.canaries,
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
        let rule = self.rules.get(&hit.finding.rule);
        let Some((rule, recipe)) = rule.and_then(|rule| Some((rule, rule.validate.as_ref()?)))
        else {
            return vec![nobody(hit.finding.rule.as_str(), Doubt::NoRecipe, now)];
        };
        let named_hosts = pairing::named_hosts(recipe, hit);
        let bound = bound.iter().filter(|target| target.issuer == recipe.issuer);
        let bound = bound.filter_map(|target| self.configured.endpoint(&target.endpoint).ok());
        let bound: Vec<Endpoint> = bound.collect();
        let instances = issuers::instances(recipe, &self.configured, &named_hosts, &bound);
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
                    let question =
                        Question { rule, recipe, instance, was_live, was_live_from_here };
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
        let Some(recipe) = &rule.validate else {
            return Vec::new();
        };
        if !driver::is_built(recipe.driver) {
            return Vec::new();
        }
        let instances = issuers::instances(recipe, &self.configured, &[], &[]);
        let calls = instances.into_iter().filter_map(|instance| {
            Some(PlannedCall {
                rule: rule.id.clone(),
                issuer: recipe.issuer.clone(),
                host: instance.endpoint.origin()?.to_string(),
                method: recipe.verb(),
                url: format!("{}{}", instance.endpoint.text(), recipe.path),
                headers: recipe.headers.keys().cloned().collect(),
                control: !recipe.failures_count,
                custom: self.is_custom(rule, &instance),
            })
        });
        calls.collect()
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
        if self.canaries.contains(&finding.fingerprint) {
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

    async fn ask(&self, question: Question<'_>, hit: &Hit) -> Verdict {
        let Pairings { tried, ambiguous } = match pairing::pairings(question.recipe, hit) {
            Ok(pairings) => pairings,
            Err(part) => return Verdict::Indeterminate(Doubt::Incomplete { part }),
        };
        let gate = question.endpoint().origin().map(|origin| self.transport.gate(&origin));
        let _under_way = match &gate {
            Some(gate) => match self.stop.or(gate.credential()).await {
                Some(permit) => permit,
                None => return Verdict::Indeterminate(Doubt::NotAsked),
            },
            None => None,
        };
        let mut first = None;
        for parts in &tried {
            let verdict = self.ask_once(question, parts).await;
            if matches!(verdict, Verdict::Live(_)) {
                return verdict;
            }
            first.get_or_insert(verdict);
        }
        match (first, ambiguous) {
            // A denied pair says nothing about a part that has other possible partners.
            (Some(Verdict::Dead(_)) | None, Some(part)) => {
                Verdict::Indeterminate(Doubt::Incomplete { part })
            }
            (Some(verdict), _) => verdict,
            (None, None) => Verdict::Indeterminate(Doubt::NotAsked),
        }
    }

    async fn ask_once(&self, question: Question<'_>, parts: &Parts<'_>) -> Verdict {
        let heard = match self.hear(question, parts).await {
            Ok(heard) => heard,
            Err(doubt) => return Verdict::Indeterminate(doubt),
        };
        let clause = heard.reading.clause.clone().unwrap_or_default();
        match heard.reading.outcome {
            Outcome::Live | Outcome::Restricted => match self.control(question, parts).await {
                control::Outcome::Denied => {
                    Verdict::Live(self.observe(question, heard, clause, Control::Denied))
                }
                control::Outcome::NotSent => {
                    Verdict::Live(self.observe(question, heard, clause, Control::NotSent))
                }
                control::Outcome::Accepted => Verdict::Indeterminate(Doubt::NonDiscriminating),
                control::Outcome::Failed(detail) => {
                    Verdict::Indeterminate(Doubt::ControlFailed { detail })
                }
            },
            Outcome::Dead => self.denied(question, parts, heard, clause).await,
            Outcome::Indeterminate => Verdict::Indeterminate(unread(&heard.received)),
        }
    }

    /// What a denial is worth: it may lack a confirmed recipe, or come from an endpoint that
    /// accepts anything.
    async fn denied(
        &self,
        question: Question<'_>,
        parts: &Parts<'_>,
        heard: Heard,
        clause: String,
    ) -> Verdict {
        if heard.received.asks_to_wait() {
            return Verdict::Indeterminate(Doubt::RateLimited);
        }
        if let Some(seconds) = denial::skew(&heard.received.headers, self.now()) {
            return Verdict::Indeterminate(Doubt::ClockSkew { seconds });
        }
        if !denial::is_confirmed(question.recipe, &clause) {
            return Verdict::Indeterminate(Doubt::Unconfirmed { clause });
        }
        let control = match self.control(question, parts).await {
            control::Outcome::Accepted => {
                return Verdict::Indeterminate(Doubt::NonDiscriminating);
            }
            control::Outcome::Denied => Control::Denied,
            // Whoever stops the run does not spare an issuer its control.
            control::Outcome::Failed(_) if self.stop.is_wanted() => {
                return Verdict::Indeterminate(Doubt::NotAsked);
            }
            // A denial stands by itself; only an issuer that accepts anything takes it away.
            control::Outcome::NotSent | control::Outcome::Failed(_) => Control::NotSent,
        };
        Verdict::Dead(self.observe(question, heard, clause, control))
    }

    /// Sends the parts and reads the answer. A redirect is never read.
    async fn hear(&self, question: Question<'_>, parts: &Parts<'_>) -> Result<Heard, Doubt> {
        let recipe = question.recipe;
        if let Some(login) = &recipe.login {
            return self.hear_login(question, login, parts).await;
        }
        let filled = template::fill(Request::question(recipe), parts).map_err(unfilled)?;
        let received = self.send(question, &filled, parts).await?;
        if (300..=399).contains(&received.status) {
            return Err(Doubt::Redirected { status: received.status });
        }
        let Received { status, headers, body, .. } = &received;
        let reading = read_masking(recipe, *status, headers, body, &filled.echoes);
        Ok(Heard { received, reading, echoes: filled.echoes, is_decoded: false })
    }

    async fn send(
        &self,
        question: Question<'_>,
        filled: &Filled,
        parts: &Parts<'_>,
    ) -> Result<Received, Doubt> {
        let recipe = question.recipe;
        let path = std::str::from_utf8(filled.path.expose()).ok();
        let url = path.and_then(|path| question.endpoint().join(path));
        let url = url.ok_or_else(|| Doubt::Refused {
            detail: "the recipe's path would leave its endpoint".to_owned(),
        })?;
        let mut headers = filled.headers.clone();
        if let Some(how) = &recipe.sign {
            let method = recipe.method.as_str();
            let request =
                sign::Request { method, url: &url, headers: &headers, body: &filled.body };
            let signed = sign::headers(how, &request, parts, self.now())
                .map_err(|part| Doubt::Incomplete { part })?;
            headers.extend(signed);
        }
        let call = Call {
            method: recipe.method,
            url: &url,
            headers: &headers,
            body: &filled.body,
            again: !recipe.failures_count,
        };
        self.transport.send(call).await.map_err(doubt)
    }

    /// The negative control of this rule at this instance. One that was answered is enough for a
    /// run.
    async fn control(&self, question: Question<'_>, parts: &Parts<'_>) -> control::Outcome {
        if question.recipe.failures_count {
            return control::Outcome::NotSent;
        }
        let endpoint = question.endpoint().text();
        let rule = question.rule.id.as_str();
        self.controls.answered(endpoint, rule, || self.run_control(question, parts)).await
    }

    /// Asks about a fabricated secret with the same public parts, so that an issuer which looks at
    /// these alone is told.
    async fn run_control(&self, question: Question<'_>, parts: &Parts<'_>) -> control::Outcome {
        let Question { rule, recipe, .. } = question;
        let now = self.now();
        let label =
            format!("control:{}:{}:{now}:{}", question.endpoint().text(), rule.id, self.tool);
        let Some(made) = fabricate::secret(rule, &label) else {
            return control::Outcome::Failed("no shape to fabricate a secret from".to_owned());
        };
        let mut parts = parts.clone();
        parts.insert("secret", &made);
        match self.hear(question, &parts).await {
            Err(doubt) => control::Outcome::Failed(doubt.to_string()),
            Ok(heard) if heard.received.asks_to_wait() => {
                control::Outcome::Failed(Doubt::RateLimited.to_string())
            }
            Ok(heard) => match heard.reading.outcome {
                Outcome::Live | Outcome::Restricted => control::Outcome::Accepted,
                Outcome::Dead => control::Outcome::Denied,
                Outcome::Indeterminate if heard.is_refused(recipe) => control::Outcome::Denied,
                Outcome::Indeterminate => {
                    control::Outcome::Failed(unread(&heard.received).to_string())
                }
            },
        }
    }

    fn observe(
        &self,
        question: Question<'_>,
        heard: Heard,
        clause: String,
        control: Control,
    ) -> Observation {
        Observation {
            recipe: question.recipe.digest(),
            custom: self.is_custom(question.rule, question.instance),
            unpaired: !question.was_live && denial::is_of_pair(question.rule, question.recipe),
            never_accepted: !question.was_live_from_here
                && (question.recipe.denies_strangers || heard.is_decoded),
            status: heard.received.status,
            code: heard.received.code.map(SafeText::plain),
            clause,
            restricted: heard.reading.outcome == Outcome::Restricted,
            request_id: evidence::request_id(&heard.received.headers, &heard.echoes),
            issuer_date: evidence::date(&heard.received.headers, &heard.echoes),
            identity: heard.reading.identity,
            control,
            vantage: self.vantage.clone(),
            tool: self.tool.clone(),
        }
    }

    fn is_custom(&self, rule: &Rule, instance: &Instance) -> bool {
        instance.custom || self.custom_rules.contains(&rule.id)
    }
}

impl<'a> Question<'a> {
    fn endpoint(&self) -> &'a Endpoint {
        &self.instance.endpoint
    }
}

/// An answer that no clause maps.
fn unread(received: &Received) -> Doubt {
    match &received.code {
        _ if received.asks_to_wait() => Doubt::RateLimited,
        Some(code) => Doubt::Unread { code: code.clone() },
        None => Doubt::Unrecognised { status: received.status },
    }
}

/// Why there is no whole answer.
fn doubt(failure: Failure) -> Doubt {
    match failure {
        Failure::Refused(detail) => Doubt::Refused { detail },
        Failure::Unreachable(detail) => Doubt::Unreachable { detail },
        Failure::TooLarge { status } => Doubt::Unrecognised { status },
        Failure::Waiting => Doubt::RateLimited,
        Failure::Stopped => Doubt::NotAsked,
    }
}

/// Why nothing could be sent.
fn unfilled(unfilled: Unfilled) -> Doubt {
    match unfilled {
        Unfilled::Missing(part) => Doubt::Incomplete { part },
        Unfilled::Unfit(detail) => Doubt::Refused { detail: detail.to_owned() },
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
