//! `quietus ledger`: verify, anchor, back up, copy, migrate, rebuild.

use crate::anchors;
use crate::args::LedgerCommand;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::setup::Setup;
use anyhow::{Context, Result, anyhow};
use quietus_store::{Ledger, SCHEMA, SigningKey, VerifyingKey};
use std::fs;
use std::path::Path;

pub(crate) async fn run(setup: &Setup, command: LedgerCommand) -> Result<Exit, Failure> {
    let key = setup.key()?;
    if let LedgerCommand::Migrate { to } = command {
        let to = to.unwrap_or(SCHEMA);
        let from = Ledger::migrate(&setup.ledger_url, &key.id(), to).await?;
        let said = if from == to { "was at".to_owned() } else { format!("from {from} to") };
        output::lines(&[format!("schema: {said} {to}")])?;
        return Ok(Exit::clean());
    }
    let ledger = setup.ledger(&key).await?;
    let said = match command {
        LedgerCommand::Verify { anchors, public_key } => {
            let anchors = match (anchors, public_key) {
                (Some(from), Some(key)) => {
                    anchors::kept(&from, &VerifyingKey::from_pem(&text(&key)?)?)?
                }
                _ => Vec::new(),
            };
            format!("{}: {}", ledger.location(), ledger.verify_against(&anchors).await?)
        }
        LedgerCommand::Anchor { key: Some(key), to: Some(to) } => {
            // A signed word about a broken ledger would make it look whole.
            ledger.verify().await?;
            let anchor = ledger.anchor(setup.now).await?;
            let seq = anchor.seq;
            let signer = SigningKey::from_pem(&text(&key)?)?;
            let place = anchors::keep(&to, &signer.sign(anchor)?)?;
            let public = signer.verifying_key().hex();
            format!("entry {seq} is signed in {place}, by the key {public}")
        }
        LedgerCommand::Anchor { .. } => ledger.anchor(setup.now).await?.text()?,
        LedgerCommand::Backup { to } => {
            if to.exists() {
                let shown = to.display();
                let error = anyhow!("{shown} exists; name a file that does not exist yet");
                return Err(error.into());
            }
            ledger.backup(&to).await?;
            format!("{} is written", to.display())
        }
        LedgerCommand::Copy { to } => {
            let head = ledger.copy(&to).await?;
            format!("copied up to entry {}, {}: both have one history", head.seq, head.hash)
        }
        LedgerCommand::Rebuild => {
            ledger.abridge_anew().await?;
            "what is kept for lists was made anew".to_owned()
        }
        LedgerCommand::Migrate { .. } => String::new(),
    };
    output::lines(&[said])?;
    ledger.close().await;
    Ok(Exit::clean())
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}
