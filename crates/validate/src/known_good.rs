//! Positive controls: credentials that the user knows to work, tried where another one was denied.
//!
//! An issuer that denies those as well is out of order, and its denials say nothing.

use crate::control::{self, Controls};
use crate::endpoint::Endpoint;
use crate::settings::{Configured, SettingsError};
use crate::template::{self, Parts};
use quietus_model::{RuleId, RuleSet, Secret};
use std::collections::BTreeMap;
use std::fmt;

/// A credential that the user knows to work.
#[derive(Clone)]
pub struct KnownGood {
    /// The rule whose recipe it is tried by.
    pub rule: RuleId,
    /// Where it works: a host, or a URL as under `[issuers]`. Wherever the rule is asked at, if none.
    pub endpoint: Option<String>,
    /// Its parts by the names of the rule, `secret` among them.
    pub parts: BTreeMap<String, Secret>,
}

impl fmt::Debug for KnownGood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownGood").field("rule", &self.rule).finish_non_exhaustive()
    }
}

/// All of a run, and what became of each.
#[derive(Default)]
pub(crate) struct KnownGoods {
    all: Vec<(Option<Endpoint>, KnownGood)>,
    answers: Controls,
}

impl KnownGoods {
    /// Reads what the settings name, and that each can be tried.
    pub(crate) fn read(
        rules: &RuleSet,
        named: &[KnownGood],
        configured: &Configured,
    ) -> Result<Self, SettingsError> {
        let mut all = Vec::new();
        for good in named {
            let wrong = |reason: String| SettingsError::KnownGood {
                rule: good.rule.as_str().to_owned(),
                reason,
            };
            let recipe = rules.get(&good.rule).and_then(|rule| rule.validate.as_ref());
            let recipe = recipe.ok_or_else(|| {
                wrong(
                    "no rule of this name can be asked about; see `quietus rules list`".to_owned(),
                )
            })?;
            if recipe.failures_count {
                let why =
                    "failed logins count there, so that none is tried but the one in question";
                return Err(wrong(why.to_owned()));
            }
            if let Some(part) = template::parts_used(recipe)
                .into_iter()
                .find(|part| !good.parts.contains_key(*part))
            {
                return Err(wrong(format!("its part \"{part}\" is missing; give it under parts")));
            }
            let endpoint = good.endpoint.as_deref().map(|text| configured.endpoint(text));
            let endpoint = endpoint.transpose().map_err(|error| wrong(error.to_string()))?;
            all.push((endpoint, good.clone()));
        }
        Ok(Self { all, answers: Controls::default() })
    }

    /// The parts of the one that works at `endpoint`, asked about by the recipe of `rule`.
    pub(crate) fn parts(&self, rule: &RuleId, endpoint: &Endpoint) -> Option<Parts<'_>> {
        let works = |at: &Option<Endpoint>| at.as_ref().is_none_or(|at| at == endpoint);
        let found = self.all.iter().find(|(at, good)| good.rule == *rule && works(at));
        found.map(|(_, good)| good.parts.iter().map(|(name, part)| (name.as_str(), part)).collect())
    }

    /// What became of the one for `rule` at `endpoint`, tried once a run.
    pub(crate) async fn answered<F>(
        &self,
        endpoint: &str,
        rule: &str,
        run: impl FnOnce() -> F,
    ) -> control::Outcome
    where
        F: Future<Output = control::Outcome>,
    {
        self.answers.answered(endpoint, rule, run).await
    }
}
