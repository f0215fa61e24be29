//! The user's configuration file. A scanned repository can never supply it.

use crate::desks::DeskConfig;
use crate::forges::ForgeConfig;
use crate::known_good::KnownGoodConfig;
use crate::routes::RouteConfig;
use crate::sign_in::SignInConfig;
use anyhow::{Context, Result, anyhow, bail};
use quietus_model::{RepositoryId, SafeText, Severity};
use quietus_poam::{Directory, RoleTable};
use quietus_validate::Pace;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the file may say. A key that does not exist is an error, not a silence.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// The ledger's URL.
    pub(crate) ledger: Option<String>,
    /// The policy: the name of a shipped one, or a file.
    pub(crate) policy: Option<PathBuf>,
    /// Folders with more rules.
    pub(crate) rules: Vec<PathBuf>,
    /// For a kind of issuer, every instance this organisation uses.
    pub(crate) issuers: BTreeMap<String, Vec<String>>,
    /// For a kind of issuer, another place to ask.
    pub(crate) endpoints: BTreeMap<String, String>,
    /// How issuers are asked.
    pub(crate) validate: ValidateConfig,
    /// What is not reported.
    pub(crate) scan: ScanConfig,
    /// For a rule, another severity than its own.
    pub(crate) severity: BTreeMap<String, Severity>,
    /// What may be revoked without asking.
    pub(crate) revoke: RevokeConfig,
    /// Who has left, and whose which repository is.
    pub(crate) people: PeopleConfig,
    /// Whose keys values are sealed to.
    pub(crate) escrow: EscrowConfig,
    /// Where copies of attached files are kept.
    pub(crate) evidence: EvidenceConfig,
    /// Who may do what; where it is empty everybody may.
    pub(crate) roles: RoleTable,
    /// Who else signs people in to the pages.
    pub(crate) sign_in: Option<SignInConfig>,
    /// Names of repositories.
    pub(crate) repository: Vec<RepositoryConfig>,
    /// Ways out for reminders.
    pub(crate) route: Vec<RouteConfig>,
    /// What a night does beside scanning.
    pub(crate) nightly: NightlyConfig,
    /// Keys that surveys from elsewhere are sealed with.
    pub(crate) survey_key: Vec<SurveyKeyConfig>,
    /// Forges that say which repositories there are.
    pub(crate) forge: Vec<ForgeConfig>,
    /// Desks where tickets are kept.
    pub(crate) tickets: Vec<DeskConfig>,
}

/// A key that surveys from elsewhere are sealed with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SurveyKeyConfig {
    /// The file that holds it.
    pub(crate) key_file: PathBuf,
    /// Patterns of the repositories it is for.
    pub(crate) repositories: Vec<String>,
}

/// What a night does beside scanning.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NightlyConfig {
    /// Exports, each as the words after `quietus export`.
    pub(crate) exports: Vec<Vec<String>>,
}

/// What is not reported.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ScanConfig {
    /// Tools whose inline comments are heeded.
    pub(crate) honor: Vec<String>,
    /// Patterns of paths that nothing is reported from.
    pub(crate) exclude: Vec<String>,
    /// Rules that are switched off.
    pub(crate) disable_rules: Vec<String>,
    /// The file of suppressions.
    pub(crate) suppressions: Option<PathBuf>,
}

/// How issuers are asked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ValidateConfig {
    /// More hosts that single credentials may be bound to.
    pub(crate) hosts: Vec<String>,
    /// Hosts and networks that may have private addresses.
    pub(crate) allow_private: Vec<String>,
    /// Hosts and networks that may be sent passwords without TLS, by protocols other than HTTP.
    pub(crate) allow_clear: Vec<String>,
    /// Certificates trusted beside the public ones, in PEM.
    pub(crate) ca_file: Option<PathBuf>,
    /// Files with certificates in PEM that may have been issued for what is found.
    pub(crate) certificates: Vec<PathBuf>,
    /// The keys of the SSH hosts that may be asked, in the format of OpenSSH.
    pub(crate) known_hosts: Option<PathBuf>,
    /// How long one call may take, in seconds.
    pub(crate) timeout_seconds: Option<u64>,
    /// How many calls to one host may begin in a second.
    pub(crate) calls_per_second: Option<f32>,
    /// How many calls to one host may be under way at the same time.
    pub(crate) at_once: Option<usize>,
    /// The longest wait that a host may ask for before it is left alone for this run, in seconds.
    pub(crate) patience_seconds: Option<u64>,
    /// From where is asked.
    pub(crate) vantage: Option<String>,
    /// A proxy.
    pub(crate) proxy: Option<String>,
    /// Credentials that are known to work.
    known_good: Vec<KnownGoodConfig>,
}

impl ValidateConfig {
    fn pace(&self, usual: Pace) -> Result<Pace> {
        let every = match self.calls_per_second {
            Some(calls) if calls.is_finite() && calls >= 0.01 => {
                Duration::from_secs_f32(1.0 / calls)
            }
            Some(calls) => bail!("validate.calls_per_second is {calls}; it must be 0.01 or more"),
            None => usual.every,
        };
        let at_once = self.at_once.unwrap_or(usual.at_once);
        if at_once == 0 {
            bail!("validate.at_once is 0, so nobody could be asked; it must be 1 or more");
        }
        let patience = self.patience_seconds.map_or(usual.patience, Duration::from_secs);
        Ok(Pace { at_once, every, patience, ..usual })
    }
}

/// What may be revoked without asking.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RevokeConfig {
    /// Accounts, users or organisations as issuers name them: whose credentials these are.
    pub(crate) accounts: Vec<String>,
    /// Accounts of this machine that may revoke at all; empty means all.
    pub(crate) by: Vec<String>,
}

/// Who has left, and whose which repository is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PeopleConfig {
    /// People who have left: names, addresses or accounts.
    pub(crate) departed: Vec<String>,
    /// A file that lists more of them, one a line.
    pub(crate) departed_file: Option<PathBuf>,
    /// For a repository, by its name, the team that sees to it; `*` stands for all others.
    pub(crate) teams: BTreeMap<String, String>,
}

impl PeopleConfig {
    /// What it says, with what its file lists.
    pub(crate) fn directory(&self) -> Result<Directory> {
        let mut departed = self.departed.clone();
        if let Some(file) = &self.departed_file {
            let text = fs::read_to_string(file)
                .with_context(|| format!("reading people.departed_file {}", file.display()))?;
            let lines = text.lines().map(str::trim);
            let people = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
            departed.extend(people.map(ToOwned::to_owned));
        }
        Ok(Directory { departed, teams: self.teams.clone(), ..Directory::default() })
    }
}

/// Whose keys values are sealed to, and where they lie. Off unless there are recipients.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct EscrowConfig {
    /// Public keys of age.
    pub(crate) recipients: Vec<String>,
    /// A folder of the user's own.
    pub(crate) folder: Option<PathBuf>,
}

/// Where copies of attached files are kept.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct EvidenceConfig {
    /// A folder of the user's own.
    pub(crate) folder: Option<PathBuf>,
}

/// The name of a repository.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RepositoryConfig {
    /// The path or URL as it is given on the command line.
    pub(crate) source: String,
    /// Its name.
    pub(crate) name: String,
    /// Anybody can read it.
    #[serde(default)]
    pub(crate) public: bool,
}

impl Config {
    /// Reads `path`. A missing file is empty unless the user named it.
    pub(crate) fn read(path: &Path, named: bool) -> Result<Self> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && !named => {
                return Ok(Self::default());
            }
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        };
        read_toml(path, &text)
    }

    /// The names of repositories by source.
    pub(crate) fn names(&self) -> BTreeMap<String, RepositoryId> {
        let named =
            |entry: &RepositoryConfig| (entry.source.clone(), RepositoryId::named(&entry.name));
        self.repository.iter().map(named).collect()
    }

    /// What is known of people and repositories.
    pub(crate) fn directory(&self) -> Result<Directory> {
        let public = self.repository.iter().filter(|entry| entry.public);
        let public =
            public.map(|entry| RepositoryId::named(&entry.name).as_str().to_owned()).collect();
        Ok(Directory { public, ..self.people.directory()? })
    }

    /// What validation needs to know.
    pub(crate) fn validation(&self) -> Result<quietus_validate::Settings> {
        let defaults = quietus_validate::Settings::default();
        let ca_pem = match &self.validate.ca_file {
            Some(path) => Some(
                fs::read(path)
                    .with_context(|| format!("reading validate.ca_file {}", path.display()))?,
            ),
            None => None,
        };
        let mut certificates = Vec::new();
        for path in &self.validate.certificates {
            let text = fs::read(path)
                .with_context(|| format!("reading validate.certificates {}", path.display()))?;
            certificates.extend(text);
            certificates.push(b'\n');
        }
        let known_hosts = match &self.validate.known_hosts {
            Some(path) => fs::read_to_string(path)
                .with_context(|| format!("reading validate.known_hosts {}", path.display()))?,
            None => String::new(),
        };
        Ok(quietus_validate::Settings {
            instances: self.issuers.clone(),
            endpoints: self.endpoints.clone(),
            hosts: self.validate.hosts.clone(),
            allow_private: self.validate.allow_private.clone(),
            allow_clear: self.validate.allow_clear.clone(),
            ca_pem,
            certificates,
            known_hosts,
            known_good: self
                .validate
                .known_good
                .iter()
                .map(KnownGoodConfig::read)
                .collect::<Result<_>>()?,
            pace: self.validate.pace(defaults.pace)?,
            timeout: self.validate.timeout_seconds.map_or(defaults.timeout, Duration::from_secs),
            vantage: self.validate.vantage.clone().unwrap_or(defaults.vantage.clone()),
            proxy: self.validate.proxy.clone(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            ..defaults
        })
    }
}

/// What the text of a configuration file says.
pub(crate) fn read_toml<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T> {
    toml::from_str(text).map_err(|error| {
        // Never the line itself: it may hold the password of a ledger or a proxy.
        let line = error.span().map_or(1, |at| text[..at.start].matches('\n').count() + 1);
        let what = error.message().replace('\n', ", ");
        let what = SafeText::scrubbed(what.as_bytes(), []);
        anyhow!("in the configuration {}, line {line}: {what}", path.display())
    })
}

/// What `init` writes: every key, commented out.
pub(crate) const TEMPLATE: &str = include_str!("settings/template.toml");

#[cfg(test)]
mod tests {
    use super::*;
    use quietus_poam::Duty;

    #[test]
    fn the_template_is_valid_with_and_without_its_comments() {
        toml::from_str::<Config>(TEMPLATE).unwrap();
        let live: String = TEMPLATE
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if rest.contains(" = ") || rest.starts_with("[[") => rest,
                _ => line,
            })
            .fold(String::new(), |text, line| text + line + "\n");
        let config: Config = toml::from_str(&live).unwrap();
        assert_eq!(config.issuers["gitlab"].len(), 2);
        assert_eq!(config.names().len(), 1);
        assert_eq!(config.route.len(), 1);
        assert!(!config.roles.of("os:7@ops").have(Duty::Work));
        assert_eq!((config.scan.exclude.len(), config.severity.len()), (2, 1));
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        assert!(toml::from_str::<Config>("legder = \"x\"").is_err());
    }
}
