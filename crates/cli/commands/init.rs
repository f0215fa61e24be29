//! `quietus init`: key, configuration file, ledger. Nothing that exists is overwritten.

use crate::args::Init;
use crate::exit::{Exit, Failure};
use crate::issuers;
use crate::output;
use crate::places;
use crate::settings::TEMPLATE;
use crate::setup::Setup;
use anyhow::{Context, Result, bail};
use quietus_model::FingerprintKey;
use quietus_store::Ledger;
use zeroize::Zeroizing;

pub(crate) async fn run(setup: &Setup, args: &Init) -> Result<Exit, Failure> {
    let key = match &args.key_from {
        Some(path) => {
            let text = Zeroizing::new(
                std::fs::read_to_string(path)
                    .with_context(|| format!("reading the key {}", path.display()))?,
            );
            let key = FingerprintKey::from_text(&text)
                .with_context(|| format!("in {}", path.display()))?;
            bring(setup, &key)?;
            key
        }
        None => key_or_new(setup)?,
    };
    if !setup.config_file.exists() {
        places::write_new(&setup.config_file, TEMPLATE.as_bytes())
            .with_context(|| format!("writing {}", setup.config_file.display()))?;
    }
    let ledger = Ledger::open(&setup.ledger_url, &key.id(), setup.now).await?;
    let location = ledger.location().to_owned();
    let items = ledger.listed().await?;
    ledger.close().await;
    output::lines(&[
        format!("key            {} (id {})", setup.places.key_file().display(), key.id()),
        format!("configuration  {}", setup.config_file.display()),
        format!("ledger         {}", location),
        String::new(),
        "Back the key up where you keep other keys: without it no fingerprint can be made that \
         matches this ledger."
            .to_owned(),
    ])?;
    let unlisted = issuers::unlisted(&setup.config, &*setup.rules()?, &items);
    if !issuers::ask(setup, &unlisted)? {
        let (_, lines) = issuers::advice(&unlisted, &setup.config_file.display().to_string());
        output::lines(&lines)?;
    }
    output::lines(&["List the instances of self-hosted issuers you use under [issuers] in the \
                     configuration; then run `quietus track PATH`."])?;
    Ok(Exit::clean())
}

/// The key; a new one, with a notice, when there is none yet.
pub(crate) fn key_or_new(setup: &Setup) -> Result<FingerprintKey> {
    if let Some(key) = setup.existing_key()? {
        return Ok(key);
    }
    let path = setup.places.key_file();
    let key = places::new_key()?;
    places::write_key(&path, &key)?;
    if !setup.quiet {
        output::notice(&format!(
            "made this organisation's key in {} (id {}); back it up",
            path.display(),
            key.id()
        ));
    }
    Ok(key)
}

/// Installs a given key, unless another one is in use.
fn bring(setup: &Setup, key: &FingerprintKey) -> Result<()> {
    match setup.existing_key()? {
        Some(own) if own.id() == key.id() => Ok(()),
        Some(own) => bail!(
            "{} holds another key (id {}); its ledger would become unreadable. Move it away first \
             if that is what you want",
            setup.places.key_file().display(),
            own.id()
        ),
        None => places::write_key(&setup.places.key_file(), key),
    }
}
