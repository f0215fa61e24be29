//! `quietus export`: items in other people's formats.

use crate::args::{Export, ExportFor, Oscal};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::places;
use crate::setup::Setup;
use anyhow::anyhow;
use quietus_export::fedramp::{self, PoamOptions};
use quietus_export::oscal::{self, OscalOptions};
use quietus_export::{About, Register};
use quietus_poam::{PoamItem, Policy, ScanRecord};
use std::io::IsTerminal;

pub(crate) async fn run(setup: &Setup, command: Export) -> Result<Exit, Failure> {
    match command {
        Export::Oscal(args) => {
            let known = Known::read(setup).await?;
            let register = known.register(setup, &args.to);
            let document = oscal_document(&register, &args)?;
            deliver(setup, &args.to, &register, Content::Text(document))
        }
        Export::FedrampPoam(args) => {
            let known = Known::read(setup).await?;
            let register = known.register(setup, &args.to);
            let options = PoamOptions {
                impact_level: args.impact_level.map(Into::into),
                service: args.service,
            };
            let workbook = fedramp::poam(&register, &options)?;
            deliver(setup, &args.to, &register, Content::Binary(workbook))
        }
    }
}

/// What the ledger knows.
struct Known {
    items: Vec<PoamItem>,
    scans: Vec<ScanRecord>,
    head: (u64, String),
    policy: Policy,
}

impl Known {
    async fn read(setup: &Setup) -> Result<Self, Failure> {
        let policy = setup.policy()?;
        let key = setup.key()?;
        let ledger = setup.ledger(&key).await?;
        let items = ledger.items().await?;
        let mut scans = Vec::new();
        for known in ledger.scans().await? {
            let latest = known.latest;
            // The last complete scan says most; the last one says whether anybody still looks.
            scans.extend(known.latest_complete.filter(|complete| complete.survey != latest.survey));
            scans.push(latest);
        }
        let head = ledger.head().await?;
        ledger.close().await;
        Ok(Self { items, scans, head: (head.seq, head.hash.to_string()), policy })
    }

    fn register(&self, setup: &Setup, to: &ExportFor) -> Register<'_> {
        let about = About {
            system_name: to.system_name.clone(),
            organization: to.organization.clone(),
            head: Some(self.head.clone()),
            audience: to.audience.into(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        Register::new(&self.items, &self.scans, about, &self.policy, setup.now)
    }
}

/// A finished export.
enum Content {
    Text(String),
    /// Nothing for a terminal.
    Binary(Vec<u8>),
}

/// Writes it whole, to the file or to standard output.
fn deliver(
    setup: &Setup,
    to: &ExportFor,
    register: &Register<'_>,
    content: Content,
) -> Result<Exit, Failure> {
    let bytes = match &content {
        Content::Text(text) => text.as_bytes(),
        Content::Binary(bytes) => bytes,
    };
    match &to.output {
        Some(path) => {
            places::write_whole(path, bytes)?;
            if !setup.quiet {
                let count = output::plural(register.items.len() as u64, "item");
                output::notice(&format!("wrote {count} to {}", path.display()));
            }
        }
        None if matches!(content, Content::Binary(_)) && std::io::stdout().is_terminal() => {
            let advice = "a workbook is nothing for a terminal; name a file with --output";
            return Err(anyhow!(advice).into());
        }
        None => output::bytes(bytes)?,
    }
    Ok(Exit::clean())
}

fn oscal_document(register: &Register<'_>, args: &Oscal) -> Result<String, Failure> {
    let options = OscalOptions {
        system_id: args.system_id.clone(),
        import_ssp: args.import_ssp.clone(),
        system_name: register.about.system_name.clone(),
        organization: register.about.organization.clone(),
        head: register.about.head.clone(),
        audience: register.about.audience,
        version: register.about.version.clone(),
        stale_after: Some(register.policy.cadence.stale),
        fedramp: args.fedramp,
    };
    let document = oscal::poam(&register.items, register.scans, &options, register.now)?;
    Ok(document.to_string_pretty())
}
