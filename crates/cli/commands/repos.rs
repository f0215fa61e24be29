//! `quietus repos`: the repositories that were scanned.

use crate::args::{ListFormat, Repos};
use crate::exit::{Exit, Failure};
use crate::output::repos;
use crate::setup::Setup;

pub(crate) async fn run(setup: &Setup, command: &Repos) -> Result<Exit, Failure> {
    let key = setup.key()?;
    let ledger = setup.ledger(&key).await?;
    let scans = ledger.scans().await?;
    ledger.close().await;
    let Repos::List { format } = command;
    match format {
        ListFormat::Table => repos::print(&scans, setup.now)?,
        ListFormat::Json => repos::print_json(&scans)?,
    }
    Ok(Exit::clean())
}
