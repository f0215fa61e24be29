//! `quietus metrics`: how well leaked credentials are dealt with.

use crate::args::{Metrics as Arguments, MetricsFormat};
use crate::exit::{Exit, Failure};
use crate::output::{self, metrics};
use crate::setup::Setup;
use quietus_export::prometheus;
use quietus_metrics::Metrics;

pub(crate) async fn run(setup: &Setup, args: &Arguments) -> Result<Exit, Failure> {
    let key = setup.key()?;
    let ledger = setup.ledger(&key).await?;
    let items = ledger.listed().await?;
    ledger.close().await;
    let found = Metrics::of(&items, usize::from(args.weeks), &setup.policy()?, setup.now);
    match args.format {
        MetricsFormat::Table => metrics::print(&found)?,
        MetricsFormat::Json => metrics::print_json(&found)?,
        MetricsFormat::Prometheus => output::bytes(prometheus::page(&found).as_bytes())?,
    }
    Ok(Exit::clean())
}
