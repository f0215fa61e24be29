//! `quietus ledger`: verify, back up.

use crate::args::LedgerCommand;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::setup::Setup;

pub(crate) async fn run(setup: &Setup, command: LedgerCommand) -> Result<Exit, Failure> {
    let key = setup.key()?;
    let ledger = setup.ledger(&key).await?;
    match command {
        LedgerCommand::Verify => {
            let verification = ledger.verify().await?;
            output::lines(&[format!("{}: {verification}", ledger.location())])?;
        }
        LedgerCommand::Backup { to } => {
            ledger.backup(&to).await?;
            output::lines(&[format!("{} is written", to.display())])?;
        }
    }
    ledger.close().await;
    Ok(Exit::clean())
}
