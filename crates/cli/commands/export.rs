//! `quietus export`: items in other people's formats.

use super::evidence;
use crate::args::{Check, Export, ExportFor, ListFormat, Oscal, Ver};
use crate::exit::{Exit, Failure, Reason};
use crate::output;
use crate::places;
use crate::setup::Setup;
use anyhow::{Context, anyhow};
use jiff::SignedDuration;
use quietus_export::emass::{EmassOptions, emass};
use quietus_export::fedramp::{self, PoamOptions, VerOptions};
use quietus_export::oscal::{self, OscalOptions};
use quietus_export::{About, Register, csv, html, junit, markdown, sarif};
use quietus_poam::{PoamItem, Policy, ScanRecord};
use quietus_store::Ledger;
use std::io::IsTerminal;

pub(crate) async fn run(setup: &Setup, command: Export) -> Result<Exit, Failure> {
    let to = match &command {
        Export::Bundle(args) => return evidence::write(setup, args).await,
        Export::Verify(args) => return evidence::verify(setup, args),
        Export::Read(args) => return evidence::read(args),
        Export::Check(args) => return check(args),
        Export::Oscal(args) => &args.to,
        Export::FedrampPoam(args) => &args.to,
        Export::FedrampVer(args) => &args.to,
        Export::Emass(args) => &args.to,
        Export::Markdown(args) => &args.to,
        Export::Csv(to) | Export::Sarif(to) | Export::Junit(to) | Export::Html(to) => to,
    };
    let known = Known::read(setup).await?;
    let register = known.register(setup, to);
    let content = content(&register, &command)?;
    deliver(setup, to, &register, &content)
}

/// A finished export.
pub(crate) enum Content {
    Text(String),
    /// Nothing for a terminal.
    Binary(Vec<u8>),
}

fn content(register: &Register<'_>, command: &Export) -> Result<Content, Failure> {
    Ok(match command {
        // These have been carried out before.
        Export::Bundle(_) | Export::Verify(_) | Export::Read(_) | Export::Check(_) => {
            Content::Text(String::new())
        }
        Export::Oscal(args) => Content::Text(oscal_document(register, args)?),
        Export::FedrampPoam(args) => {
            let options = PoamOptions {
                impact_level: args.impact_level.map(Into::into),
                service: args.service.clone(),
            };
            Content::Binary(fedramp::poam(register, &options)?)
        }
        Export::FedrampVer(args) => Content::Text(ver_document(register, args)?),
        Export::Emass(args) => {
            let (contact, registration) = (args.contact.clone(), args.registration.clone());
            let options = EmassOptions { contact, registration };
            Content::Binary(emass(register, args.layout.into(), &options)?)
        }
        Export::Csv(_) => Content::Text(csv::csv(register)?),
        Export::Sarif(_) => Content::Text(sarif::sarif(register)),
        Export::Junit(_) => Content::Text(junit(register)),
        Export::Markdown(args) => Content::Text(markdown::markdown(register, args.rows)),
        Export::Html(_) => Content::Text(html::html(register)?),
    })
}

/// What the ledger knows.
pub(crate) struct Known {
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
        let scans = Self::scans(&ledger).await?;
        let head = ledger.head().await?;
        ledger.close().await;
        Ok(Self { items, scans, head: (head.seq, head.hash.to_string()), policy })
    }

    /// The last scans of each repository.
    pub(crate) async fn scans(ledger: &Ledger) -> Result<Vec<ScanRecord>, Failure> {
        let mut scans = Vec::new();
        for known in ledger.scans().await? {
            let latest = known.latest;
            // The last complete scan says most; the last one says whether anybody still looks.
            scans.extend(known.latest_complete.filter(|complete| complete.survey != latest.survey));
            scans.push(latest);
        }
        Ok(scans)
    }

    fn register(&self, setup: &Setup, to: &ExportFor) -> Register<'_> {
        let about = about(to, self.head.clone());
        Register::new(&self.items, &self.scans, about, &self.policy, setup.now)
    }
}

/// What an export says beyond the items.
pub(crate) fn about(to: &ExportFor, head: (u64, String)) -> About {
    About {
        system_name: to.system_name.clone(),
        organization: to.organization.clone(),
        head: Some(head),
        audience: to.audience.into(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Writes it whole, to the file or to standard output.
pub(crate) fn deliver(
    setup: &Setup,
    to: &ExportFor,
    register: &Register<'_>,
    content: &Content,
) -> Result<Exit, Failure> {
    let bytes = match content {
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

/// How far a period reaches back that nobody gave.
const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);

fn ver_document(register: &Register<'_>, args: &Ver) -> Result<String, Failure> {
    let to = args.to_time.unwrap_or(register.now);
    let from = args.from.unwrap_or_else(|| to.saturating_sub(MONTH).unwrap_or(to));
    let options = VerOptions { package: args.package.clone(), from, to };
    Ok(fedramp::ver(register, args.report.into(), &options)?)
}

/// Tells what is wrong with a document; no ledger and no key is needed.
fn check(args: &Check) -> Result<Exit, Failure> {
    let shown = args.file.display();
    let text = std::fs::read_to_string(&args.file).with_context(|| format!("reading {shown}"));
    let text = text.map_err(Failure::source)?;
    let document = serde_json::from_str(&text).with_context(|| {
        format!(
            "{shown} is no JSON; give an OSCAL POA&M in JSON, as `quietus export oscal` writes it"
        )
    });
    let problems = oscal::check(&document.map_err(Failure::source)?);
    match args.format {
        ListFormat::Json => {
            let rows: Vec<serde_json::Value> = problems
                .iter()
                .map(|problem| {
                    let kind = problem.kind.as_str();
                    serde_json::json!({ "at": problem.at, "kind": kind, "message": problem.message })
                })
                .collect();
            output::json::print_value(&rows)?;
        }
        ListFormat::Table if problems.is_empty() => {
            output::lines(&[format!("{shown}: nothing wrong was found")])?;
        }
        ListFormat::Table => {
            let row = |problem: &oscal::Problem| {
                vec![problem.kind.as_str().to_owned(), problem.at.clone(), problem.message.clone()]
            };
            output::table(&["kind", "where", "what is wrong"], problems.iter().map(row).collect())?;
        }
    }
    let mut exit = Exit::clean();
    exit.add_if(!problems.is_empty(), Reason::Findings);
    Ok(exit)
}
