//! What is not reported: from flags, the user's configuration and, on request, the scanned folder's.

use crate::args::{Silence, Sources};
use crate::output;
use crate::settings::{ScanConfig, read_toml};
use crate::setup::Setup;
use anyhow::{Context, Result, bail};
use quietus_model::{FingerprintKey, RuleSet};
use quietus_poam::Policy;
use quietus_track::{Silencing, SilencingOptions, Suppressions, is_remote};
use serde::Deserialize;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file at the top of a scanned folder.
const TARGET_FILE: &str = ".quietus.toml";

/// No such file needs more bytes.
const MOST: u64 = 1 << 20;

/// What the scanned folder may say when it is trusted.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TargetConfig {
    scan: ScanConfig,
}

impl Setup {
    /// What is not reported of `sources`. `key` is the key that findings are named under, unless
    /// it is of this run alone.
    pub(crate) fn silencing(
        &self,
        flags: &Silence,
        sources: &Sources,
        rules: &RuleSet,
        key: Option<&FingerprintKey>,
        policy: &Policy,
    ) -> Result<Silencing> {
        let mut options = SilencingOptions {
            honor: flags.honor.clone(),
            exclude: flags.exclude.clone(),
            disabled_rules: flags.disable_rules.clone(),
            severity: self.config.severity.clone(),
            suppressions: Suppressions::default(),
        };
        add(&mut options, &self.config.scan);
        options.suppressions = self.suppressions(flags.suppressions.as_deref(), key)?;
        if flags.trust_target_config {
            let (folder, config) = self.target(sources)?;
            add(&mut options, &config.scan);
            if let Some(path) = &config.scan.suppressions {
                let file = below(&folder, path)?;
                read(&mut options.suppressions, &file, true, key)?;
            }
        }
        Ok(Silencing::new(options, rules, self.now, policy.dismissal.longest)?)
    }

    /// What the configuration says is not reported, and no flag.
    pub(crate) fn silencing_of_configuration(
        &self,
        rules: &RuleSet,
        key: Option<&FingerprintKey>,
        policy: &Policy,
    ) -> Result<Silencing> {
        let mut options = SilencingOptions {
            severity: self.config.severity.clone(),
            ..SilencingOptions::default()
        };
        add(&mut options, &self.config.scan);
        options.suppressions = self.suppressions(None, key)?;
        Ok(Silencing::new(options, rules, self.now, policy.dismissal.longest)?)
    }

    /// What the user's file of suppressions says; nothing if there is none and none was named.
    pub(crate) fn suppressions(
        &self,
        flag: Option<&Path>,
        key: Option<&FingerprintKey>,
    ) -> Result<Suppressions> {
        let mut all = Suppressions::default();
        let (file, named) = self.suppressions_file(flag);
        read(&mut all, &file, named, key)?;
        Ok(all)
    }

    /// The file of suppressions, and whether the user named it: then it must exist.
    pub(crate) fn suppressions_file(&self, flag: Option<&Path>) -> (PathBuf, bool) {
        if let Some(path) = flag {
            return (path.to_owned(), true);
        }
        match &self.config.scan.suppressions {
            // As the file that names it lies, not as the working directory happens to be.
            Some(path) => (self.config_file.parent().unwrap_or(Path::new("")).join(path), true),
            None => (self.places.suppressions_file(), false),
        }
    }

    /// The folder that is scanned, and what its own file says.
    fn target(&self, sources: &Sources) -> Result<(PathBuf, TargetConfig)> {
        let list = sources.list();
        let [source] = list.as_slice() else {
            bail!("--trust-target-config is for one source, and {} are given", list.len());
        };
        if source == "-" || is_remote(source) {
            bail!("--trust-target-config is for a folder on this machine");
        }
        let folder = PathBuf::from(source);
        let file = folder.join(TARGET_FILE);
        // A link could lead to a file that the user would not have read.
        match fs::symlink_metadata(&file) {
            Ok(found) if found.is_file() && found.len() <= MOST => {
                Ok((folder, read_toml(&file, &fs::read_to_string(&file)?)?))
            }
            Ok(_) => bail!("{} is no plain file of at most {MOST} bytes", file.display()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if !self.quiet {
                    let what = "there is nothing to trust";
                    output::notice(&format!("{} does not exist: {what}", file.display()));
                }
                Ok((folder, TargetConfig::default()))
            }
            Err(error) => Err(error).with_context(|| format!("reading {}", file.display())),
        }
    }
}

fn add(options: &mut SilencingOptions, config: &ScanConfig) {
    options.honor.extend(config.honor.iter().cloned());
    options.exclude.extend(config.exclude.iter().cloned());
    options.disabled_rules.extend(config.disable_rules.iter().cloned());
}

/// Adds the suppressions of a file.
fn read(
    all: &mut Suppressions,
    file: &Path,
    named: bool,
    key: Option<&FingerprintKey>,
) -> Result<()> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && !named => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
    };
    let Some(key) = key else {
        bail!(
            "{} names credentials by fingerprints of the organisation's key, and there is none \
             here; run `quietus init`, or bring it with `quietus init --key-from`",
            file.display()
        );
    };
    Ok(all.add(&file.display().to_string(), &text, &key.id())?)
}

/// A path that a scanned folder names: it must not lead out of it.
fn below(folder: &Path, path: &Path) -> Result<PathBuf> {
    let file = folder.join(path);
    let real =
        |path: &Path| fs::canonicalize(path).with_context(|| format!("reading {}", path.display()));
    if path.is_absolute() || !real(&file)?.starts_with(real(folder)?) {
        bail!("{}: scan.suppressions leads out of the folder", folder.join(TARGET_FILE).display());
    }
    Ok(file)
}
