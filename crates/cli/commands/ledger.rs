//! `quietus ledger`: verify, back up.

use crate::args::LedgerCommand;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::setup::Setup;
use anyhow::anyhow;

pub(crate) async fn run(setup: &Setup, command: LedgerCommand) -> Result<Exit, Failure> {
    let key = setup.key()?;
    let ledger = setup.ledger(&key).await?;
    match command {
        LedgerCommand::Verify => {
            let verification = ledger.verify().await?;
            output::lines(&[format!("{}: {verification}", ledger.location())])?;
        }
        LedgerCommand::Backup { to } => {
            if to.exists() {
                let shown = to.display();
                let error = anyhow!("{shown} exists; name a file that does not exist yet");
                return Err(error.into());
            }
            ledger.backup(&to).await?;
            output::lines(&[format!("{} is written", to.display())])?;
        }
    }
    ledger.close().await;
    Ok(Exit::clean())
}
