//! Forges that the configuration names: where they are, what they are shown, what is taken.

use crate::held;
use crate::settings::Config;
use anyhow::{Context, Result, anyhow, bail};
use quietus_forge::{Forge, Kind, Selection};
use quietus_model::Secret;
use quietus_track::HostToken;
use serde::Deserialize;
use std::path::PathBuf;

/// A forge.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgeConfig {
    /// Its name.
    pub(crate) name: String,
    /// What it is: github, gitlab, gitea, forgejo, bitbucket, bitbucket-server or azure.
    kind: String,
    /// Where its API is, unless it is the public one of its kind.
    api: Option<String>,
    /// Where its repositories are cloned from: the token goes there and to the API.
    git: Option<String>,
    /// Organisations, groups, workspaces, projects or people; all that the token sees if none.
    #[serde(default)]
    owners: Vec<String>,
    /// The variable that holds the token.
    token_env: Option<String>,
    /// The file that holds the token.
    token_file: Option<PathBuf>,
    /// The user that goes with the token.
    user: Option<String>,
    /// Clone by ssh.
    #[serde(default)]
    ssh: bool,
    /// Patterns of paths that are taken; all if none.
    #[serde(default)]
    include: Vec<String>,
    /// Patterns of paths that are left out.
    #[serde(default)]
    exclude: Vec<String>,
    /// Only repositories with one of these topics.
    #[serde(default)]
    topics: Vec<String>,
    /// Forks too.
    #[serde(default)]
    forks: bool,
    /// Archived ones too.
    #[serde(default = "yes")]
    archived: bool,
}

fn yes() -> bool {
    true
}

impl ForgeConfig {
    fn kind(&self) -> Result<Kind> {
        self.kind.parse().map_err(|error: String| anyhow!("[[forge]] {}: {error}", self.name))
    }

    fn token(&self) -> Result<Option<Secret>> {
        let place = format!("the token of [[forge]] {}", self.name);
        let keys = ("token_env", "token_file");
        held::secret(&place, keys, self.token_env.as_deref(), self.token_file.as_deref())
    }

    /// The forge, ready to be asked.
    pub(crate) fn read(&self) -> Result<Forge> {
        let kind = self.kind()?;
        let public = kind.public().map(|(api, _)| api.to_owned());
        let api = self.api.clone().or(public).ok_or_else(|| {
            anyhow!("[[forge]] {}: give api, such as https://git.example.org/api/v1", self.name)
        })?;
        let selection =
            Selection::new(&self.include, &self.exclude, &self.topics, self.forks, self.archived)
                .with_context(|| format!("[[forge]] {}", self.name))?;
        Ok(Forge {
            name: self.name.clone(),
            kind,
            api,
            owners: self.owners.clone(),
            user: self.user.clone(),
            token: self.token()?,
            ssh: self.ssh,
            selection,
        })
    }

    /// What git shows the host that the repositories are cloned from.
    fn host_token(&self) -> Result<Option<HostToken>> {
        let kind = self.kind()?;
        let Some(token) = self.token()? else { return Ok(None) };
        // Without a word about it the clones are where the API is, unless the forge is the public one.
        let origin = match (&self.git, &self.api, kind.public()) {
            (Some(git), ..) => git.clone(),
            (None, Some(api), _) => origin_of(api).ok_or_else(|| {
                anyhow!("[[forge]] {}: api is no URL such as https://git.example.org", self.name)
            })?,
            (None, None, Some((_, git))) => git.to_owned(),
            (None, None, None) => return Ok(None),
        };
        let user = self.user.clone().unwrap_or_else(|| kind.git_user().to_owned());
        Ok(Some(HostToken { origin, user, token }))
    }
}

/// Scheme, host and port of an https URL.
fn origin_of(url: &str) -> Option<String> {
    let host = url.strip_prefix("https://")?.split(['/', '?', '#']).next()?;
    (!host.is_empty() && !host.contains('@')).then(|| format!("https://{host}"))
}

impl Config {
    /// The forges of these names, ready to be asked; all of them for none.
    pub(crate) fn forges(&self, names: &[String]) -> Result<Vec<Forge>> {
        if let Some(unknown) = names.iter().find(|n| self.forge.iter().all(|f| f.name != **n)) {
            let known: Vec<&str> = self.forge.iter().map(|forge| forge.name.as_str()).collect();
            bail!("no [[forge]] \"{unknown}\"; the configuration has: {}", known.join(", "));
        }
        let wanted = self.forge.iter().filter(|f| names.is_empty() || names.contains(&f.name));
        wanted.map(ForgeConfig::read).collect()
    }

    /// What git shows the hosts of the forges.
    pub(crate) fn host_tokens(&self) -> Result<Vec<HostToken>> {
        let mut tokens = Vec::new();
        for forge in &self.forge {
            tokens.extend(forge.host_token()?);
        }
        Ok(tokens)
    }
}
