//! `quietus repos`: the inventory, and how its repositories were scanned.

use crate::args::{Enlist, Import, ListFormat, Repos};
use crate::commands::init;
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, repos};
use crate::setup::{Setup, absolute};
use crate::who;
use anyhow::{Context, Result, anyhow, bail};
use quietus_forge::list;
use quietus_model::RepositoryId;
use quietus_poam::{Candidate, InventoryEvent, Listed, MoveEvidence, Watch};
use quietus_scan::identify_at;
use quietus_store::Ledger;
use quietus_track::{amend, check_url, clones_in, enlist, is_remote};
use quietus_validate::Reader;
use std::io::Read;
use std::path::Path;

pub(crate) async fn run(setup: &Setup, command: &Repos) -> Result<Exit, Failure> {
    let ledger = match command {
        // Whoever begins with the inventory has neither key nor ledger yet.
        Repos::Add(_) | Repos::Import(_) => {
            let key = init::key_or_new(setup)?;
            Ledger::open(&setup.ledger_url, &key.id(), setup.now).await?
        }
        _ => setup.ledger(&setup.key()?).await?,
    };
    let exit = match command {
        Repos::List { format } => show(setup, &ledger, *format, false).await,
        Repos::Gaps { format } => show(setup, &ledger, *format, true).await,
        Repos::Add(args) => add(setup, &ledger, args).await,
        Repos::Import(args) => import(setup, &ledger, args).await,
        Repos::Rename { repository, url, reason } => {
            rename(setup, &ledger, repository, url, reason.as_deref()).await
        }
        Repos::Retry { repository } => {
            let one = named(&ledger, repository).await?;
            if !ledger.retry_work(&one.id).await? {
                return Err(anyhow!("{} is not parked", one.id).into());
            }
            output::notice(&format!("{} is tried again in the next night", one.id));
            Ok(Exit::clean())
        }
        Repos::Retire { repository, reason } => {
            let one = named(&ledger, repository).await?;
            let event = InventoryEvent::Retired { reason: stated(reason)? };
            amend(&ledger, &one, event, &who::actor(setup, None), setup.now).await?;
            output::notice(&format!("{} is not watched any more; its items stay", one.id));
            Ok(Exit::clean())
        }
    };
    ledger.close().await;
    exit
}

async fn show(
    setup: &Setup,
    ledger: &Ledger,
    format: ListFormat,
    gaps: bool,
) -> Result<Exit, Failure> {
    let (listed, scans) = (ledger.inventory().await?, ledger.scans().await?);
    let mut rows = repos::rows(&listed, &scans);
    if gaps {
        rows.retain(repos::Row::has_gap);
    }
    match (format, gaps) {
        (ListFormat::Json, _) => repos::print_json(&rows)?,
        (ListFormat::Table, false) => repos::print(&rows, setup.now)?,
        (ListFormat::Table, true) => repos::print_gaps(&rows, setup.now)?,
    }
    let mut exit = Exit::clean();
    exit.add_if(gaps && !rows.is_empty(), Reason::Incomplete);
    Ok(exit)
}

async fn add(setup: &Setup, ledger: &Ledger, args: &Enlist) -> Result<Exit, Failure> {
    let name = args.name.as_ref().map(RepositoryId::named);
    if name.is_some() && args.sources.len() > 1 {
        return Err(
            anyhow!("--name is for one source, and {} are given", args.sources.len()).into()
        );
    }
    let by = who::actor(setup, None);
    let mut candidates = Vec::new();
    let listed = ledger.inventory().await?;
    for source in &args.sources {
        let candidate = candidate(source, name.clone())?;
        let known = listed.iter().find(|one| one.answers_to(&candidate.url));
        match known {
            Some(one) if matches!(one.watch, Watch::Retired { .. }) => {
                amend(ledger, one, InventoryEvent::Restored, &by, setup.now).await?;
                output::notice(&format!("{} is watched again", one.id));
            }
            _ => candidates.push(candidate),
        }
    }
    if candidates.is_empty() {
        return Ok(Exit::clean());
    }
    let enlisted = enlist(ledger, &candidates, false, &by, setup.now).await?;
    repos::print_enlisted(&enlisted, false)?;
    Ok(exit_of(&enlisted))
}

async fn import(setup: &Setup, ledger: &Ledger, args: &Import) -> Result<Exit, Failure> {
    let mut candidates = Vec::new();
    if let Some(file) = &args.file {
        let text = read(file)?;
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split_once('#').map_or(line, |(before, _)| before).trim();
            let mut words = line.split_whitespace();
            let Some(source) = words.next() else { continue };
            let (name, more) = (words.next().map(RepositoryId::named), words.next());
            let place = || format!("{}, line {number}", file.display());
            if more.is_some() {
                return Err(anyhow!(
                    "{}: a line is a URL or folder, and a name if it needs one",
                    place()
                )
                .into());
            }
            candidates.push(candidate(source, name).with_context(place)?);
        }
    }
    for folder in &args.clones {
        let clones = clones_in(folder).with_context(|| format!("reading {}", folder.display()))?;
        for clone in clones {
            candidates.push(candidate(&clone.display().to_string(), None)?);
        }
    }
    if args.forges || !args.forge.is_empty() {
        candidates.extend(told_by_forges(setup, &args.forge).await.map_err(Failure::source)?);
    }
    let enlisted =
        enlist(ledger, &candidates, args.dry_run, &who::actor(setup, None), setup.now).await?;
    match args.format {
        ListFormat::Table => repos::print_enlisted(&enlisted, args.dry_run)?,
        ListFormat::Json => repos::print_enlisted_json(&enlisted)?,
    }
    Ok(exit_of(&enlisted))
}

/// What the forges of these names tell of; all of the configuration for none. All of it or nothing.
pub(crate) async fn told_by_forges(setup: &Setup, names: &[String]) -> Result<Vec<Candidate>> {
    let forges = setup.config.forges(names)?;
    let settings = setup.config.validation()?;
    let reader = Reader::new(&settings, forges.iter().map(|forge| forge.api.as_str()))?;
    let began = std::time::Instant::now();
    let clock = || {
        let seconds = i64::try_from(began.elapsed().as_secs()).unwrap_or(0);
        setup.now.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(setup.now)
    };
    let mut candidates = Vec::new();
    for forge in &forges {
        candidates.extend(list(forge, &reader, &clock).await?);
    }
    Ok(candidates)
}

/// A repository that nothing tells from others could not be read.
fn exit_of(enlisted: &quietus_track::Enlisted) -> Exit {
    let mut exit = Exit::clean();
    exit.add_if(!enlisted.nameless.is_empty(), Reason::Source);
    exit
}

fn read(file: &Path) -> Result<String> {
    if file != Path::new("-") {
        return std::fs::read_to_string(file)
            .with_context(|| format!("reading {}", file.display()));
    }
    let mut text = String::new();
    std::io::stdin().lock().read_to_string(&mut text).context("reading standard input")?;
    Ok(text)
}

fn candidate(source: &str, name: Option<RepositoryId>) -> Result<Candidate> {
    check_url(source)?;
    let url = absolute(source);
    let identity = if is_remote(&url) { None } else { identify_at(Path::new(&url)) };
    Ok(Candidate { url, name, forge: None, identity })
}

fn stated(reason: &str) -> Result<String> {
    match reason.trim() {
        "" => bail!("give a --reason: it is what an assessor will read"),
        reason => Ok(reason.to_owned()),
    }
}

async fn named(ledger: &Ledger, text: &str) -> Result<Listed> {
    let listed = ledger.inventory().await?;
    let whole = absolute(text);
    listed.into_iter().find(|one| one.answers_to(text) || one.answers_to(&whole)).ok_or_else(|| {
        anyhow!("no repository of the inventory is called \"{text}\"; see `repos list`")
    })
}

async fn rename(
    setup: &Setup,
    ledger: &Ledger,
    repository: &str,
    url: &str,
    reason: Option<&str>,
) -> Result<Exit, Failure> {
    check_url(url)?;
    let one = named(ledger, repository).await?;
    let url = absolute(url);
    let listed = ledger.inventory().await?;
    if let Some(other) = listed.iter().find(|other| other.id != one.id && other.answers_to(&url)) {
        return Err(anyhow!("{url} is that of {} already", other.id).into());
    }
    let common = tokio::task::block_in_place(|| {
        setup.mirrors().first_commit_in_common(one.source.as_str(), &url)
    });
    let evidence = match (common, reason) {
        (Ok(Some(oid)), _) => MoveEvidence::Commit { oid },
        (_, Some(reason)) => MoveEvidence::Person { reason: stated(reason)? },
        (Ok(None), None) => {
            return Err(Failure::source(anyhow!(
                "what lies at {url} has no first commit in common with {}; if it is the same \
                 repository all the same, say why with --reason",
                one.id
            )));
        }
        (Err(error), None) => return Err(Failure::source(error)),
    };
    let told = match &evidence {
        MoveEvidence::Commit { oid } => format!("its first commit {oid} is the same"),
        _ => "on your word".to_owned(),
    };
    let event = InventoryEvent::Moved { url: url.clone(), evidence };
    amend(ledger, &one, event, &who::actor(setup, None), setup.now).await?;
    output::notice(&format!("{} is fetched from {url} now: {told}", one.id));
    Ok(Exit::clean())
}
