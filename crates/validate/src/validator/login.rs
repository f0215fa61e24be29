//! Asks by protocols other than HTTP: fills what is logged in with, and hands it to the driver.

use super::{Heard, Question, Validator, doubt, unfilled};
use crate::driver::{self, Credentials};
use crate::endpoint::EndpointError;
use crate::reading::read_masking;
use crate::settings::{Configured, SettingsError};
use crate::template::{self, Parts};
use quietus_model::{Doubt, Login, Recipe, Secret};

impl Validator {
    /// Logs in with the parts and reads what the driver heard.
    pub(super) async fn hear_login(
        &self,
        question: Question<'_>,
        login: &Login,
        parts: &Parts<'_>,
    ) -> Result<Heard, Doubt> {
        let recipe = question.recipe;
        if !driver::is_built(recipe.driver) {
            return Err(doubt(driver::not_built(recipe.driver)));
        }
        let (user, secret) =
            (template::text(&login.user, parts), template::text(&login.secret, parts));
        let (user, secret) = (user.map_err(unfilled)?, secret.map_err(unfilled)?);
        let passphrase = template::text(&login.passphrase, parts).map_err(unfilled)?;
        let raw = parts.get("secret").map(|part| (*part).clone());
        let is_decoded = raw.as_ref() != Some(&secret);
        let more = [secret.clone(), passphrase.clone()].into_iter().filter(|text| !text.is_empty());
        let echoes: Vec<Secret> = raw.into_iter().chain(more).collect();
        let credentials = Credentials { user, secret, passphrase };
        let received =
            self.transport.log_in(question.endpoint(), &credentials).await.map_err(doubt)?;
        let reading = read_masking(recipe, 0, &received.headers, &received.body, &echoes);
        Ok(Heard { received, reading, echoes, is_decoded })
    }
}

/// That every instance of the configuration is one which its recipe can be asked at.
pub(super) fn check_schemes<'a>(
    recipes: impl Iterator<Item = &'a Recipe>,
    configured: &Configured,
) -> Result<(), SettingsError> {
    for recipe in recipes {
        let issuer = &recipe.issuer;
        let listed = configured.listed.get(issuer).into_iter().flatten().map(|e| ("issuers", e));
        let over = configured.overrides.get(issuer).into_iter().map(|e| ("endpoints", e));
        if let Some((table, _)) = listed.chain(over).find(|(_, e)| e.driver() != recipe.driver) {
            let scheme = if recipe.driver.is_http() { "https" } else { recipe.driver.as_str() };
            let reason = EndpointError::OtherScheme { scheme };
            return Err(SettingsError::Endpoint { table, issuer: issuer.clone(), reason });
        }
    }
    Ok(())
}
