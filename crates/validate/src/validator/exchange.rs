//! What is asked besides: a token service, published keys, and about a credential that is known to work.

use super::Validator;
use super::asking::{Question, doubt};
use crate::published::{self, Token};
use crate::template::{Filled, Parts};
use crate::transport::{Call, Received};
use crate::{challenge, control};
use quietus_model::{Doubt, Method, Outcome, Secret};
use url::Url;

impl Validator {
    /// Where `first` sends to a token service, what that answers to the same authorisation; else
    /// `first` itself.
    pub(super) async fn ask_token_service(
        &self,
        question: Question<'_>,
        filled: &Filled,
        first: Received,
    ) -> Result<Received, Doubt> {
        let Some(url) = challenge::token_service(&first) else { return Ok(first) };
        let is_authorization = |name: &str| name.eq_ignore_ascii_case("authorization");
        let headers: Vec<(String, Secret)> =
            filled.headers.iter().filter(|(name, _)| is_authorization(name)).cloned().collect();
        self.get(&url, &headers, !question.recipe.failures_count).await
    }

    /// What the keys that an issuer publishes make of a token. Nothing of the token is sent.
    pub(super) async fn ask_for_keys(
        &self,
        parts: &Parts<'_>,
        document: Received,
    ) -> Result<Received, Doubt> {
        let token = parts.get("secret").and_then(|secret| Token::read(secret));
        let token = token.ok_or_else(|| {
            refused("it is no token that a published key could verify, or is signed in another way")
        })?;
        if document.status != 200 {
            return Ok(document);
        }
        let issuer = token.issuer().unwrap_or_default();
        let url = published::keys_at(&document.body, issuer)
            .ok_or_else(|| refused("the issuer's own document names another issuer, or no keys"))?;
        let keys = self.get(&url, &[], true).await?;
        Ok(published::verified(&token, keys, self.now()))
    }

    async fn get(
        &self,
        url: &Url,
        headers: &[(String, Secret)],
        again: bool,
    ) -> Result<Received, Doubt> {
        let body = Secret::from("");
        let call = Call { method: Method::Get, url, headers, body: &body, again };
        self.transport.send(call).await.map_err(doubt)
    }

    /// Whether a credential that the user knows to work is accepted where another one was just denied;
    /// `false` when the user named none. `Err` when it was denied as well, or not answered.
    pub(super) async fn known_good(&self, question: Question<'_>) -> Result<bool, Doubt> {
        let rule = &question.rule.id;
        let Some(parts) = self.known_good.parts(rule, question.endpoint()) else {
            return Ok(false);
        };
        let tried = || async {
            match self.hear(question, &parts).await {
                Err(doubt) => control::Outcome::Failed(doubt.to_string()),
                Ok(heard) => match heard.reading.outcome {
                    Outcome::Live | Outcome::Restricted => control::Outcome::Accepted,
                    Outcome::Dead => control::Outcome::Denied,
                    Outcome::Indeterminate => {
                        control::Outcome::Failed("an answer that proves nothing".to_owned())
                    }
                },
            }
        };
        let endpoint = question.endpoint().text();
        let detail = match self.known_good.answered(endpoint, rule.as_str(), tried).await {
            control::Outcome::Accepted => return Ok(true),
            control::Outcome::NotSent => return Ok(false),
            control::Outcome::Denied => "it was denied".to_owned(),
            control::Outcome::Failed(detail) => detail,
        };
        Err(Doubt::KnownGoodFailed { detail })
    }
}

fn refused(detail: &str) -> Doubt {
    Doubt::Refused { detail: detail.to_owned() }
}
