//! From flags and files to ready parts: rules, detector, key, policy, ledger, validator.

use crate::CANCEL;
use crate::args::{Global, Sources};
use crate::places::{self, Places};
use crate::settings::Config;
use anyhow::{Context, Result, anyhow, bail};
use jiff::{SignedDuration, Timestamp};
use quietus_escrow::{Escrow, Recipients};
use quietus_model::{FingerprintKey, RepositoryId, RuleFile, RuleSet, ScopeKind, Secret};
use quietus_poam::{Playbook, Policy, presets};
use quietus_scan::{Detector, Options};
use quietus_store::Ledger;
use quietus_track::{EvidenceFolder, Mirrors, Tracker, is_remote};
use quietus_validate::Validator;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The credential on standard input, which `input` must name, without the line end behind it.
pub(crate) fn given_secret(input: &str) -> Result<Secret> {
    if input != "-" {
        // Never repeated: it may be the credential.
        bail!("the credential is read from standard input only; write `-` in its place");
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).context("reading standard input")?;
    let len = bytes.trim_ascii_end().len();
    bytes.truncate(len);
    if bytes.is_empty() {
        bail!("there is nothing on standard input; give the credential there");
    }
    Ok(Secret::new(bytes))
}

/// Everything a command works with that does not need the ledger.
pub(crate) struct Setup {
    pub(crate) now: Timestamp,
    pub(crate) places: Places,
    pub(crate) config_file: PathBuf,
    pub(crate) config: Config,
    pub(crate) quiet: bool,
    pub(crate) ledger_url: String,
    pub(crate) threads: usize,
    rule_folders: Vec<PathBuf>,
    policy_file: Option<PathBuf>,
}

impl Setup {
    /// Reads the configuration. `now` is the only reading of the clock.
    pub(crate) fn new(global: &Global, now: Timestamp) -> Result<Self> {
        let places = Places::of_user()?;
        let config_file = global.config.clone().unwrap_or_else(|| places.config_file());
        let config = Config::read(&config_file, global.config.is_some())?;
        let ledger_url = global
            .ledger
            .clone()
            .or_else(|| config.ledger.clone())
            .unwrap_or_else(|| places.ledger_url());
        let rule_folders = config.rules.iter().chain(&global.rules).cloned().collect();
        let policy_file = global.policy.clone().or_else(|| config.policy.clone());
        Ok(Self {
            now,
            places,
            config_file,
            config,
            quiet: global.quiet,
            ledger_url,
            threads: global.threads.unwrap_or(0),
            rule_folders,
            policy_file,
        })
    }

    /// The shipped rules and the user's own.
    pub(crate) fn rules(&self) -> Result<Arc<RuleSet>> {
        let own = self.own_rules()?;
        let files = own.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        Ok(Arc::new(quietus_catalogue::shipped_with(files)?))
    }

    /// The user's own rule files: name and text.
    pub(crate) fn own_rules(&self) -> Result<Vec<(String, String)>> {
        let mut own = Vec::new();
        for folder in &self.rule_folders {
            own.extend(rule_files(folder)?);
        }
        Ok(own)
    }

    /// The rules, ready to find.
    pub(crate) fn detector(&self, rules: Arc<RuleSet>) -> Result<Detector> {
        Detector::new(rules).map_err(|mut problems| {
            // The set does not know where its rules came from; the user must.
            let own = self.own_rules().unwrap_or_default();
            for problem in problems.iter_mut().filter(|problem| problem.file.is_empty()) {
                problem.file = file_of(&own, &problem.rule).unwrap_or_default().to_owned();
            }
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            anyhow!("the rules cannot be used:\n{}", lines.join("\n"))
        })
    }

    /// The policy that is in force, and what is known of people.
    pub(crate) fn policy(&self) -> Result<Policy> {
        let policy = match &self.policy_file {
            Some(path) => self.policy_named(path)?,
            None => Policy::default(),
        };
        Ok(policy.with_directory(self.config.directory()?))
    }

    /// A shipped playbook by its name, else a file.
    pub(crate) fn playbook(&self, path: &Path) -> Result<Playbook> {
        let name = path.to_str().unwrap_or_default();
        if let Ok(shipped) = Playbook::shipped(name) {
            return Ok(shipped.clone());
        }
        let text = fs::read_to_string(path).with_context(|| {
            let names: Vec<&str> =
                Playbook::all().iter().map(|playbook| playbook.name.as_str()).collect();
            format!(
                "reading the playbook {} (it is no file that can be read, and none of the shipped \
                 ones: {})",
                path.display(),
                names.join(", ")
            )
        })?;
        Ok(Playbook::parse(&path.display().to_string(), &text)?)
    }

    /// Name and text of the policy that is in force.
    pub(crate) fn policy_text(&self) -> Result<(String, String)> {
        let default = PathBuf::from(Policy::default().name);
        let path = self.policy_file.as_ref().unwrap_or(&default);
        let shipped = presets().find(|(name, _)| path.to_str() == Some(*name));
        if let Some((name, text)) = shipped {
            return Ok((name.to_owned(), text.to_owned()));
        }
        let text =
            fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        // Only the file's name: where it lies is nobody's business.
        let name = path.file_name().unwrap_or(path.as_os_str());
        Ok((name.to_string_lossy().into_owned(), text))
    }

    /// A shipped policy by its name, else a file; `./strict` is a file of that name.
    pub(crate) fn policy_named(&self, path: &Path) -> Result<Policy> {
        let shipped = path.to_str().filter(|name| presets().any(|(known, _)| known == *name));
        if let Some(name) = shipped {
            return Ok(Policy::preset(name)?);
        }
        let text = fs::read_to_string(path).with_context(|| {
            let names: Vec<&str> = presets().map(|(name, _)| name).collect();
            format!(
                "reading the policy {} (it is no file that can be read, and none of the \
                     shipped ones: {})",
                path.display(),
                names.join(", ")
            )
        })?;
        Ok(Policy::parse(&path.display().to_string(), &text)?)
    }

    /// The key, when there is one.
    pub(crate) fn existing_key(&self) -> Result<Option<FingerprintKey>> {
        places::read_key(&self.places.key_file())
    }

    /// The key; without one, the advice to make it.
    pub(crate) fn key(&self) -> Result<FingerprintKey> {
        self.existing_key()?.ok_or_else(|| {
            anyhow!("there is no key yet; run `quietus init`, or `quietus track` to begin at once")
        })
    }

    /// The ledger, which must exist.
    pub(crate) async fn ledger(&self, key: &FingerprintKey) -> Result<Ledger> {
        Ok(Ledger::open_existing(&self.ledger_url, &key.id()).await?)
    }

    /// A validator for the active rules. What answered within `max_age` is not asked again.
    pub(crate) fn validator(
        &self,
        rules: &Arc<RuleSet>,
        max_age: Option<SignedDuration>,
    ) -> Result<Validator> {
        let mut settings = self.config.validation()?;
        settings.max_age = max_age;
        self.validator_with(rules, settings)
    }

    /// That issuers could be asked under another configuration.
    pub(crate) fn check(&self, config: &Config) -> Result<()> {
        self.validator_with(&self.rules()?, config.validation()?).map(drop)
    }

    fn validator_with(
        &self,
        rules: &Arc<RuleSet>,
        mut settings: quietus_validate::Settings,
    ) -> Result<Validator> {
        settings.stop = Some(&CANCEL);
        let shipped = quietus_catalogue::shipped()?;
        settings.custom_rules = rules
            .rules()
            .iter()
            .filter(|rule| shipped.get(&rule.id).is_none_or(|own| own.validate != rule.validate))
            .map(|rule| rule.id.clone())
            .collect();
        Validator::new(Arc::clone(rules), settings, self.now)
            .with_context(|| format!("in the configuration {}", self.config_file.display()))
    }

    /// What is sealed, and to whom new values are.
    pub(crate) fn escrow(&self) -> Result<Escrow> {
        let recipients = Recipients::parse(&self.config.escrow.recipients).with_context(|| {
            format!("[escrow] recipients of the configuration {}", self.config_file.display())
        })?;
        Ok(Escrow::new(self.escrow_folder(), recipients))
    }

    /// What is sealed, where nothing new is to be.
    pub(crate) fn closed_escrow(&self) -> Escrow {
        Escrow::new(self.escrow_folder(), Recipients::default())
    }

    fn escrow_folder(&self) -> PathBuf {
        self.config.escrow.folder.clone().unwrap_or_else(|| self.places.escrow())
    }

    /// Where copies of attached files are kept: beside the ledger's file, if it is one.
    pub(crate) fn evidence(&self) -> EvidenceFolder {
        let file =
            self.ledger_url.strip_prefix("sqlite://").and_then(|rest| rest.split('?').next());
        let beside = file.and_then(|file| Path::new(file).parent().map(|at| at.join("evidence")));
        let named = self.config.evidence.folder.clone();
        EvidenceFolder::new(named.or(beside).unwrap_or_else(|| self.places.evidence()))
    }

    /// Mirrors of remote repositories.
    pub(crate) fn mirrors(&self) -> Mirrors {
        Mirrors::new(self.places.mirrors())
    }

    /// How sources are scanned. What is remembered of it is of use under a `lasting` key alone.
    pub(crate) fn options(&self, sources: &Sources, lasting: bool) -> Options {
        Options {
            threads: self.threads,
            respect_gitignore: sources.respect_gitignore,
            path_filter: sources.paths.clone(),
            memory: (lasting && !sources.no_memory).then(|| self.places.scans()),
            ..Options::default()
        }
    }

    /// The names of the sources: from the configuration, and `--name` for a single one.
    pub(crate) fn names(&self, sources: &Sources) -> Result<BTreeMap<String, RepositoryId>> {
        let mut names = self.config.names();
        let typed: Vec<_> = names.clone().into_iter().collect();
        names.extend(typed.into_iter().map(|(source, name)| (absolute(&source), name)));
        if let Some(name) = &sources.name {
            let list = sources.list();
            let [source] = list.as_slice() else {
                bail!("--name is for one source, and {} are given", list.len());
            };
            names.insert(absolute(source), RepositoryId::named(name));
            names.insert(source.clone(), RepositoryId::named(name));
        }
        Ok(names)
    }
}

/// The loop from hits to the ledger, by `rules` of which those in `shipped` ship.
pub(crate) fn tracker<'a>(
    ledger: &'a Ledger,
    rules: &'a RuleSet,
    shipped: &'a RuleSet,
    policy: &'a Policy,
    validator: Option<&'a Validator>,
    escrow: Option<&'a Escrow>,
) -> Tracker<'a> {
    let tool = env!("CARGO_PKG_VERSION");
    Tracker { ledger, rules, shipped, policy, validator, escrow, tool }
}

/// A path as it means the same from every folder; URLs and what is not there stay as they are.
pub(crate) fn absolute(source: &str) -> String {
    if is_remote(source) {
        return source.to_owned();
    }
    fs::canonicalize(source).map_or_else(|_| source.to_owned(), |path| path.display().to_string())
}

impl Sources {
    /// The sources; the current folder when none is given.
    pub(crate) fn list(&self) -> Vec<String> {
        if self.sources.is_empty() { vec![".".to_owned()] } else { self.sources.clone() }
    }

    /// What of them to read.
    pub(crate) fn kind(&self) -> ScopeKind {
        match (self.tree_only, self.history_only) {
            (true, _) => ScopeKind::WorkTree,
            (_, true) => ScopeKind::History,
            _ => ScopeKind::Whole,
        }
    }
}

/// The last of `files` that has a rule of this name: it replaces those before it.
fn file_of<'a>(files: &'a [(String, String)], rule: &str) -> Option<&'a str> {
    let has = |(name, text): &&(String, String)| {
        RuleFile::parse(name, text)
            .is_ok_and(|file| file.rules.iter().any(|own| own.id.as_str() == rule))
    };
    files.iter().rfind(has).map(|(name, _)| name.as_str())
}

/// The rule files of a folder, by name.
pub(crate) fn rule_files(folder: &Path) -> Result<Vec<(String, String)>> {
    let entries = fs::read_dir(folder)
        .with_context(|| format!("reading the rules folder {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("reading the rule file {}", path.display()))?;
            files.push((path.display().to_string(), text));
        }
    }
    files.sort();
    Ok(files)
}
