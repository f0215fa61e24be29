//! Credentials of the configuration that are known to work, tried beside a denial.

use crate::held;
use anyhow::{Result, bail};
use quietus_model::{RuleId, Secret};
use quietus_validate::KnownGood;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One of them. The secret itself stands in a variable or a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KnownGoodConfig {
    /// The rule whose recipe it is tried by.
    rule: String,
    /// Where it works; wherever the rule is asked at, if none.
    endpoint: Option<String>,
    /// The variable that holds the secret.
    secret_env: Option<String>,
    /// The file that holds the secret.
    secret_file: Option<PathBuf>,
    /// Its other parts by the names of the rule, such as a user or a key id.
    #[serde(default)]
    parts: BTreeMap<String, String>,
}

impl KnownGoodConfig {
    /// The credential.
    pub(crate) fn read(&self) -> Result<KnownGood> {
        let place = format!("[[validate.known_good]] {}", self.rule);
        let keys = ("secret_env", "secret_file");
        let secret =
            held::secret(&place, keys, self.secret_env.as_deref(), self.secret_file.as_deref())?;
        let Some(secret) = secret else { bail!("{place}: give secret_env or secret_file") };
        let parts = self.parts.iter();
        let parts = parts.map(|(name, text)| (name.clone(), Secret::from(text.as_str())));
        Ok(KnownGood {
            rule: RuleId::from(self.rule.as_str()),
            endpoint: self.endpoint.clone(),
            parts: parts.chain([("secret".to_owned(), secret)]).collect(),
        })
    }
}
