//! `quietus track`: scan, ask if wanted, reconcile with the ledger, show the board.

use crate::args::{ListFormat, Track};
use crate::commands::init;
use crate::commands::scan::{failed, is_incomplete, was_cut_short};
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, board};
use crate::progress::Bar;
use crate::setup::{Setup, absolute, tracker};
use crate::sight::Sight;
use quietus_model::{Assessment, RepositoryId, Scope, Silence, Verdict};
use quietus_poam::{Listed, PoamItem, Policy, Watch};
use quietus_store::Ledger;
use quietus_track::{Look, look, scanned_sources};
use quietus_validate::Validator;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) async fn run(setup: &Setup, args: &Track, policy: Policy) -> Result<Exit, Failure> {
    let key = init::key_or_new(setup)?;
    let ledger = Ledger::open(&setup.ledger_url, &key.id(), setup.now).await?;
    let rules = setup.rules()?;
    let shipped = quietus_catalogue::shipped()?;
    let validator = if args.validate { Some(setup.validator(&rules, args.max_age)?) } else { None };
    let detector = setup.detector(Arc::clone(&rules))?;
    let silencing = setup.silencing(&args.silence, &args.sources, &rules, Some(&key), &policy)?;
    // Paths are remembered in the ledger, so they must mean the same from every folder.
    let sources: Vec<String> = args.sources.list().iter().map(|name| absolute(name)).collect();
    let bar = Bar::new(setup.quiet);
    let mut names = inventory_names(&ledger.inventory().await?);
    names.extend(setup.names(&args.sources)?);
    let sight = Sight {
        names,
        known: scanned_sources(&ledger).await?,
        ..Sight::new(setup, setup.options(&args.sources, true))
    };
    let looking = sight.looking(&detector, &key, &bar);
    let Look { scopes, hits, errors } = look(&looking, &sources, args.sources.kind(), setup.now);
    if validator.is_some() {
        bar.say(format!(
            "asking issuers about {}",
            output::plural(hits.len() as u64, "credential")
        ));
    }
    let escrow = setup.escrow()?;
    let tracker = tracker(&ledger, &rules, &shipped, &policy, validator.as_ref(), Some(&escrow));
    let findings = hits.iter().map(|hit| &hit.finding);
    let suppressions = silencing.report(findings, &scopes, errors.is_empty());
    let mut assessments = tracker.assess(hits, ledger.current().await?.items()).await?;
    silencing.note(&mut assessments);
    let mut exit = exit_of(&scopes, &assessments, !errors.is_empty());
    exit.add_if(validator.is_some() && was_cut_short(), Reason::Incomplete);
    let survey = tracker.survey(scopes, assessments, setup.now);
    // What was answered meanwhile is decided on as well.
    let now = validator.as_ref().map_or(setup.now, Validator::now);
    let outcome = tracker.record(&survey, Some(&looking), now).await?;
    bar.done();
    for error in &errors {
        output::error_text(&error.to_string());
    }
    let items = ledger.listed().await?;
    exit.add_if(items.iter().any(PoamItem::is_active), Reason::Findings);
    exit.add_if(items.iter().any(|item| item.is_overdue(now)), Reason::Overdue);
    let board = board::Board {
        items: &items,
        scans: &ledger.scans().await?,
        outcome: &outcome,
        policy: &policy,
        ledger: ledger.location(),
        now,
        exit: &exit,
        this_run: &survey.scopes,
        silenced: &silenced(&survey.assessments, &items),
        suppressions: &suppressions,
    };
    match args.format {
        ListFormat::Table => board::print(&board)?,
        ListFormat::Json => board::print_json(&board)?,
    }
    ledger.close().await;
    Ok(exit)
}

/// What the inventory calls its repositories, by the URL that each is fetched from.
fn inventory_names(listed: &[Listed]) -> BTreeMap<String, RepositoryId> {
    let watched = listed.iter().filter(|one| one.watch == Watch::On);
    watched.map(|one| (one.url.clone(), one.id.clone())).collect()
}

/// What silence came to, counted aloud: it opens no item, sets one aside, or only proposes to.
fn silenced(assessments: &[Assessment], items: &[PoamItem]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for assessment in assessments {
        let Some(silence) = &assessment.silence else { continue };
        let item = items.iter().find(|item| item.fingerprint() == assessment.finding.fingerprint);
        let what = match (silence, item) {
            (Silence::Comment { .. }, Some(_)) => "only proposed",
            (Silence::Suppression(_), Some(item)) if item.deviation.is_some() => "set aside",
            (_, None) => "not tracked",
            // It has an item, and nothing of that is silent.
            (_, Some(_)) => continue,
        };
        *counts.entry(format!("{what}: {silence}")).or_default() += 1;
    }
    counts
}

/// What went wrong, and what is live, in this run.
pub(crate) fn exit_of(scopes: &[Scope], assessments: &[Assessment], unreadable: bool) -> Exit {
    let mut exit = Exit::clean();
    let judgements = || assessments.iter().flat_map(|assessment| &assessment.judgements);
    exit.add_if(unreadable, Reason::Source);
    exit.add_if(is_incomplete(scopes), Reason::Incomplete);
    exit.add_if(judgements().any(|j| matches!(j.verdict, Verdict::Live(_))), Reason::Live);
    exit.add_if(judgements().any(failed), Reason::Validator);
    exit
}
