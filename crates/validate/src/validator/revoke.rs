//! Asks an issuer to end one credential, and reads whether it did.

use super::Validator;
use crate::endpoint::{Endpoint, Origin};
use crate::reading::first_match;
use crate::template::{self, Request, Unfilled};
use crate::transport::{Call, Failure};
use crate::{evidence, issuers, pairing};
use quietus_model::{
    Effect, Hit, Identity, Judgement, Method, Receipt, Recipe, Revocation, RevokeBy, Target,
    Verdict,
};
use url::Url;

/// What a revocation would call, before anything is called.
#[derive(Clone, Debug)]
pub struct Revoking {
    /// Whom it would ask.
    pub target: Target,
    /// The HTTP method.
    pub method: Method,
    /// The URL with its placeholders: no part of the credential.
    pub url: String,
    /// What it would do.
    pub effect: Effect,
    /// Whose credential it is, as the issuer just said.
    pub identity: Identity,
}

/// Why a credential cannot be revoked from here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRevocable {
    /// The rule knows no call that the holder could make.
    #[error("{}", by_whom(.by))]
    ByPeople {
        /// Who can.
        by: RevokeBy,
    },
    /// No issuer accepts it.
    #[error("no issuer accepted it just now, so there is nothing to revoke")]
    NotLive,
    /// Several issuers accept it.
    #[error("{count} issuers accept it; revoke it at each by hand, so that the right one is meant")]
    Ambiguous {
        /// How many.
        count: usize,
    },
    /// A part has several candidates, and the wrong one would end another credential.
    #[error("its part \"{part}\" is missing or not certain, and another credential could be meant")]
    Uncertain {
        /// Which part.
        part: String,
    },
    /// The call would go elsewhere than the issuer that accepts it.
    #[error("the call of its rule does not go to {endpoint}; revoke it there by hand")]
    Elsewhere {
        /// Where it is accepted.
        endpoint: String,
    },
    /// The user replaced the recipe or the place to ask: what it tells may be of another issuer.
    #[error("its rule or endpoint is your own; revoke it by hand")]
    Custom,
}

/// Why nothing is known to have been revoked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRevoked {
    /// It was not sent.
    #[error("not sent: {detail}")]
    NotSent {
        /// Why.
        detail: String,
    },
    /// It was sent, and no answer came: it may have been revoked.
    #[error("no answer ({detail}); ask whether it still works")]
    Unanswered {
        /// What failed.
        detail: String,
    },
    /// The answer does not say that it was done.
    #[error("the issuer answered HTTP {status}, which does not say that it was done")]
    Unconfirmed {
        /// The HTTP status.
        status: u16,
    },
}

fn by_whom(by: &RevokeBy) -> &'static str {
    match by {
        RevokeBy::Holder => "no call of its holder is known that ends this credential and no other",
        RevokeBy::Admin => "only an administrator can revoke it",
        RevokeBy::Console => "only a person can revoke it, on the issuer's page",
    }
}

impl Validator {
    /// What revoking `hit` would call. `judgements` are those just heard: exactly one target must
    /// accept it now, and every part must be certain, so that no other credential can be meant.
    ///
    /// # Errors
    /// [`NotRevocable`], which says who can do it instead.
    pub fn revoking(&self, hit: &Hit, judgements: &[Judgement]) -> Result<Revoking, NotRevocable> {
        let rule = self.rules.get(&hit.finding.rule);
        let found = rule.and_then(|rule| Some((rule, rule.revoke.as_ref()?)));
        let by_people = |by| NotRevocable::ByPeople { by };
        let (rule, revocation) = found.ok_or(by_people(RevokeBy::Holder))?;
        let recipe = rule.validate.as_ref().ok_or(by_people(revocation.by))?;
        if revocation.by != RevokeBy::Holder || revocation.path.is_empty() {
            return Err(by_people(revocation.by));
        }
        let live: Vec<_> = judgements
            .iter()
            .filter_map(|judgement| match &judgement.verdict {
                Verdict::Live(seen) => Some((&judgement.target, seen)),
                _ => None,
            })
            .collect();
        let (target, seen) = match live.as_slice() {
            [] => return Err(NotRevocable::NotLive),
            [one] => *one,
            several => return Err(NotRevocable::Ambiguous { count: several.len() }),
        };
        if seen.custom || self.custom_rules.contains(&rule.id) {
            return Err(NotRevocable::Custom);
        }
        certain_parts(revocation, recipe, hit)?;
        let url = self.url_of(revocation, recipe, target)?;
        Ok(Revoking {
            target: target.clone(),
            method: revocation.method,
            url,
            effect: effect(revocation),
            identity: seen.identity.clone(),
        })
    }

    /// The template of the whole URL: below the endpoint that accepted the credential, or a URL of
    /// the rule's own, which is for the public instance only.
    fn url_of(
        &self,
        revocation: &Revocation,
        recipe: &Recipe,
        target: &Target,
    ) -> Result<String, NotRevocable> {
        if revocation.path.starts_with(['/', '{']) {
            return Ok(format!("{}{}", target.endpoint, revocation.path));
        }
        let is_public = issuers::public_endpoints(recipe).any(|e| e.text() == target.endpoint);
        let elsewhere = || NotRevocable::Elsewhere { endpoint: target.endpoint.clone() };
        is_public.then(|| revocation.path.clone()).ok_or_else(elsewhere)
    }

    /// Asks the issuer to revoke `hit` as `revoking` says. Sent once, and never again by itself.
    ///
    /// # Errors
    /// [`NotRevoked`] when no answer says that it was done.
    pub async fn revoke(&self, hit: &Hit, revoking: &Revoking) -> Result<Receipt, NotRevoked> {
        let not_sent = |detail: &str| NotRevoked::NotSent { detail: detail.to_owned() };
        let rule = self.rules.get(&hit.finding.rule);
        let found = rule.and_then(|rule| Some((rule.validate.as_ref()?, rule.revoke.as_ref()?)));
        let (recipe, revocation) = found.ok_or_else(|| not_sent("the rule is gone"))?;
        let readings = pairing::readings(recipe, hit);
        let pairings =
            pairing::pairings(recipe, hit, &readings).map_err(|_| not_sent("a part is missing"))?;
        let parts = pairings.tried.first().ok_or_else(|| not_sent("a part is missing"))?;
        let mut request = Request::revocation(revocation);
        let base = match Url::parse(revocation.path.as_str()) {
            Ok(_) => {
                let (base, path) = split(&revocation.path);
                request.path = path;
                base.to_owned()
            }
            Err(_) => revoking.target.endpoint.clone(),
        };
        let filled = template::fill(request, parts).map_err(|unfilled| match unfilled {
            Unfilled::Missing(_) => not_sent("a part is missing"),
            Unfilled::Unfit(why) => not_sent(why),
        })?;
        let endpoint = Endpoint::any(&base).ok();
        let path = std::str::from_utf8(filled.path.expose()).ok();
        let url = endpoint.zip(path).and_then(|(endpoint, path)| endpoint.join(path));
        let url = url.ok_or_else(|| not_sent("the call would leave its endpoint"))?;
        let (headers, body) = (&filled.headers, &filled.body);
        let call = Call { method: revocation.method, url: &url, headers, body, again: false };
        let received = self.transport.send(call).await.map_err(|failure| match failure {
            Failure::Refused(detail) => NotRevoked::NotSent { detail },
            Failure::Waiting => not_sent("the issuer asked to wait"),
            Failure::Stopped => not_sent("the run was stopped"),
            Failure::Unreachable(detail) => NotRevoked::Unanswered { detail },
            Failure::TooLarge { status } => NotRevoked::Unconfirmed { status },
        })?;
        let status = received.status;
        let done = first_match(&revocation.done, status, &received.headers, &received.body);
        let clause = done.ok_or(NotRevoked::Unconfirmed { status })?;
        Ok(Receipt {
            target: revoking.target.clone(),
            at: self.now(),
            effect: effect(revocation),
            status,
            clause,
            recipe: revocation.digest(),
            custom: self.custom_rules.contains(&hit.finding.rule),
            request_id: evidence::request_id(&received.headers, &filled.echoes),
            issuer_date: evidence::date(&received.headers, &filled.echoes),
            tool: self.tool.clone(),
        })
    }
}

fn effect(revocation: &Revocation) -> Effect {
    match (revocation.queued, revocation.reversible) {
        (true, _) => Effect::Queued,
        (false, true) => Effect::Reversible,
        (false, false) => Effect::Final,
    }
}

/// That every part which the question or the revocation sends is there once.
fn certain_parts(revocation: &Revocation, recipe: &Recipe, hit: &Hit) -> Result<(), NotRevocable> {
    let mut names = Request::revocation(revocation).names();
    names.extend(template::parts_used(recipe));
    let uncertain = |name: &str| NotRevocable::Uncertain { part: name.to_owned() };
    // Issuers say of a token that they never gave out that it is revoked (RFC 7009, section 2.2).
    if names.remove("secret") && pairing::readings(recipe, hit).len() != 1 {
        return Err(uncertain("secret"));
    }
    for name in names {
        if pairing::candidates(hit, name).len() != 1 {
            return Err(uncertain(name));
        }
    }
    Ok(())
}

/// A whole URL as its origin and what stands behind it.
pub(crate) fn split(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |at| at + 3);
    let path = url[host..].find('/').map_or(url.len(), |at| host + at);
    url.split_at(path)
}

/// The origin of a revocation that names a whole URL.
pub(crate) fn origin(revocation: &Revocation) -> Option<Origin> {
    let (base, _) = split(&revocation.path);
    Endpoint::https(base).ok()?.origin()
}
