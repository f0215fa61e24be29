//! One question to one instance: put together, sent, read, controlled, and what may be concluded.

use super::Validator;
use crate::control;
use crate::endpoint::Endpoint;
use crate::issuers::Instance;
use crate::pairing::{self, Pairings};
use crate::reading::{Reading, is_refused, read_masking};
use crate::sign::Occasion;
use crate::template::{self, Filled, Parts, Request, Unfilled};
use crate::transport::{Call, Failure, Received};
use crate::{denial, evidence, fabricate, sign};
use quietus_model::{
    Clause, Control, Doubt, Exchange, Hit, Observation, Outcome, Recipe, Rule, SafeText, Secret,
    Sign, Verdict,
};

/// One question: this rule, at this instance, now.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) rule: &'a Rule,
    pub(super) recipe: &'a Recipe,
    pub(super) instance: &'a Instance,
    /// The target accepted this credential in another run.
    pub(super) was_live: bool,
    /// And it was asked from where this run asks from.
    pub(super) was_live_from_here: bool,
    /// Of a negative control whose request is signed: nobody's key signs it, by this label.
    pub(super) forged: Option<&'a str>,
}

/// An answer and what its recipe makes of it.
pub(super) struct Heard {
    pub(super) received: Received,
    pub(super) reading: Reading,
    pub(super) echoes: Vec<Secret>,
    /// What was sent is what the text of the credential stands for, if it is written as it should be.
    pub(super) is_decoded: bool,
}

impl Heard {
    fn is_refused(&self, recipe: &Recipe) -> bool {
        let Received { status, headers, body, .. } = &self.received;
        is_refused(recipe, *status, headers, body)
    }
}

impl Validator {
    /// What this instance makes of the credential, however its parts may belong together.
    pub(super) async fn ask(&self, question: Question<'_>, hit: &Hit) -> Verdict {
        let readings = pairing::readings(question.recipe, hit);
        let pairings = pairing::pairings(question.recipe, hit, &readings);
        let Pairings { tried, ambiguous, is_cut } = match pairings {
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
        let mut denial = None;
        let mut doubt = None;
        for parts in &tried {
            match self.ask_once(question, parts).await {
                live @ Verdict::Live(_) => return live,
                Verdict::Dead(seen) => _ = denial.get_or_insert(seen),
                Verdict::Indeterminate(why) => _ = doubt.get_or_insert(why),
            }
        }
        match (doubt, denial, ambiguous) {
            (Some(doubt), ..) => Verdict::Indeterminate(doubt),
            // A denied pair says nothing about a part that has other possible partners.
            (None, _, Some(part)) => Verdict::Indeterminate(Doubt::Incomplete { part }),
            (None, Some(seen), None) if is_cut && !question.was_live_from_here => {
                Verdict::Indeterminate(Doubt::NeverAccepted { clause: seen.clause })
            }
            (None, Some(seen), None) => Verdict::Dead(seen),
            (None, None, None) => Verdict::Indeterminate(Doubt::NotAsked),
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
        let needs_live = |known: &Clause| known.after_live && known.name == clause;
        let is_doubted = heard.is_decoded || question.recipe.dead.iter().any(needs_live);
        if is_doubted && !question.was_live_from_here {
            return Verdict::Indeterminate(Doubt::NeverAccepted { clause });
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
        let known_good = match self.known_good(question).await {
            Ok(accepted) => accepted,
            Err(doubt) => return Verdict::Indeterminate(doubt),
        };
        let seen = self.observe(question, heard, clause, control);
        Verdict::Dead(Observation { known_good, ..seen })
    }

    /// Sends the parts and reads the answer. A redirect is never read.
    pub(super) async fn hear(
        &self,
        question: Question<'_>,
        parts: &Parts<'_>,
    ) -> Result<Heard, Doubt> {
        let recipe = question.recipe;
        if let Some(login) = &recipe.login {
            return self.hear_login(question, login, parts).await;
        }
        let occasion =
            Occasion { endpoint: question.endpoint(), now: self.now(), forged: question.forged };
        let made = recipe.sign.as_ref().map(|how| sign::made(how, parts, &occasion));
        let made = made.transpose().map_err(unfilled)?.unwrap_or_default();
        let mut known = parts.clone();
        known.extend(made.iter().map(|one| (one.name, &one.text)));
        let mut filled = template::fill(Request::question(recipe), &known).map_err(unfilled)?;
        // The time and the endpoint are no secret, and stand in many answers.
        let is_public = |text: &Secret| made.iter().any(|one| !one.is_proof() && one.text == *text);
        filled.echoes.retain(|echo| !is_public(echo));
        let received = self.send(question, &filled, parts).await?;
        let received = match recipe.exchange {
            Exchange::Plain => received,
            Exchange::TokenService => self.ask_token_service(question, &filled, received).await?,
            Exchange::PublishedKeys => self.ask_for_keys(parts, received).await?,
        };
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
        let is_signed = recipe.sign.as_ref().is_some_and(Sign::is_by_private_key);
        let made = match (recipe.exchange, parts.get("secret")) {
            (Exchange::PublishedKeys, Some(token)) => fabricate::signature(token, &label),
            // The parts are the same then, and nobody's key signs them.
            (_, Some(key)) if is_signed => Some((*key).clone()),
            _ => fabricate::secret(rule, &label),
        };
        let Some(made) = made else {
            return control::Outcome::Failed("no shape to fabricate a secret from".to_owned());
        };
        let mut parts = parts.clone();
        parts.insert("secret", &made);
        let question = Question { forged: is_signed.then_some(label.as_str()), ..question };
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
            status: heard.received.status,
            code: heard.received.code.map(SafeText::plain),
            clause,
            restricted: heard.reading.outcome == Outcome::Restricted,
            request_id: evidence::request_id(&heard.received.headers, &heard.echoes),
            issuer_date: evidence::date(&heard.received.headers, &heard.echoes),
            identity: heard.reading.identity,
            control,
            known_good: false,
            vantage: self.vantage.clone(),
            tool: self.tool.clone(),
        }
    }
}

impl<'a> Question<'a> {
    pub(super) fn endpoint(&self) -> &'a Endpoint {
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
pub(super) fn doubt(failure: Failure) -> Doubt {
    match failure {
        Failure::Refused(detail) => Doubt::Refused { detail },
        Failure::Unreachable(detail) => Doubt::Unreachable { detail },
        Failure::TooLarge { status } => Doubt::Unrecognised { status },
        Failure::Waiting => Doubt::RateLimited,
        Failure::Stopped => Doubt::NotAsked,
    }
}

/// Why nothing could be sent.
pub(super) fn unfilled(unfilled: Unfilled) -> Doubt {
    match unfilled {
        Unfilled::Missing(part) => Doubt::Incomplete { part },
        Unfilled::Unfit(detail) => Doubt::Refused { detail: detail.to_owned() },
    }
}
