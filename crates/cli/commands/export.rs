//! `quietus export`: items in other people's formats.

use crate::args::Export;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::places;
use crate::setup::Setup;
use quietus_export::oscal::{self, OscalOptions};
use quietus_poam::ScanRecord;

pub(crate) async fn run(setup: &Setup, command: Export) -> Result<Exit, Failure> {
    let key = setup.key()?;
    let ledger = setup.ledger(&key).await?;
    let items = ledger.items().await?;
    // The last complete scan says most; where there is none, the last one says why.
    let scans: Vec<ScanRecord> = ledger
        .scans()
        .await?
        .into_iter()
        .map(|scans| scans.latest_complete.unwrap_or(scans.latest))
        .collect();
    let head = ledger.head().await?;
    ledger.close().await;
    let Export::Oscal { output, system_name, system_id, import_ssp, organization, fedramp } =
        command;
    let options = OscalOptions {
        system_id,
        import_ssp,
        system_name,
        organization,
        head: Some((head.seq, head.hash.to_string())),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        stale_after: Some(setup.policy()?.cadence.stale),
        fedramp,
    };
    let text = oscal::poam(&items, &scans, &options, setup.now)?.to_string_pretty();
    match output {
        Some(path) => {
            places::write_whole(&path, &text)?;
            if !setup.quiet {
                let count = output::plural(items.len() as u64, "item");
                output::notice(&format!("wrote {count} to {}", path.display()));
            }
        }
        None => output::bytes(text.as_bytes())?,
    }
    Ok(Exit::clean())
}
