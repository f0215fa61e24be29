//! `quietus find -`: where a credential stands in every tracked repository, and what is known of it.

use crate::args::{Find, ListFormat};
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, find};
use crate::progress::Bar;
use crate::setup::{Setup, given_secret};
use crate::sight::Sight;
use anyhow::anyhow;
use quietus_model::{Fingerprint, GapReason};
use quietus_poam::{PoamItem, ScanRecord};
use quietus_scan::can_be_sought;
use quietus_track::Standing;
use std::sync::Arc;

/// How many lines may lie between a value and a credential that it belongs to.
const NEAR: u32 = 10;

pub(crate) async fn run(setup: &Setup, args: &Find) -> Result<Exit, Failure> {
    let key = setup.key()?;
    let ledger = setup.ledger(&key).await?;
    let value = given_secret(&args.input)?;
    let rules = setup.rules()?;
    let detector = setup.detector(Arc::clone(&rules))?;
    let items = ledger.listed().await?;
    let scans: Vec<ScanRecord> =
        ledger.scans().await?.into_iter().map(|scans| scans.latest).collect();
    ledger.close().await;
    let names = key.names(&value);
    let item = items.iter().find(|item| names.iter().any(|name| item.is_named(name)));
    if item.is_none() && !can_be_sought(&value) {
        let what = "this is too short or too plain to be told from other text";
        return Err(anyhow!("{what}; give 12 characters or more of more than one kind").into());
    }
    let rule = item.and_then(|item| rules.get(&item.detection.rule)).or(rules.rules().first());
    let rule = rule.ok_or_else(|| anyhow!("there are no rules"))?;
    let bar = Bar::new(setup.quiet);
    let sight = Sight::of_known_places(setup);
    let looking = sight.looking(&detector, &key, &bar);
    let (standings, errors) =
        quietus_track::find(&looking, &value, rule, &scans, args.fetch, setup.now);
    bar.done();
    for error in &errors {
        output::error_text(&error.to_string());
    }
    let beside = beside(&items, &standings, item.map(PoamItem::fingerprint));
    let found = find::Found { item, beside: &beside, standings: &standings, now: setup.now };
    match args.format {
        ListFormat::Table => find::print(&found)?,
        ListFormat::Json => find::print_json(&found)?,
    }
    let mut exit = Exit::clean();
    exit.add_if(standings.iter().any(|one| !one.locations.is_empty()), Reason::Findings);
    exit.add_if(!errors.is_empty(), Reason::Source);
    let whole = |one: &Standing| one.gaps.iter().all(|gap| gap.reason == GapReason::Empty);
    exit.add_if(standings.len() < scans.len() || !standings.iter().all(whole), Reason::Incomplete);
    Ok(exit)
}

/// The items of credentials that stand near the value: a public id is found by its secret's item.
fn beside<'i>(
    items: &'i [PoamItem],
    standings: &[Standing],
    own: Option<Fingerprint>,
) -> Vec<&'i PoamItem> {
    let places = || standings.iter().flat_map(|standing| &standing.locations);
    let is_near = |item: &&PoamItem| {
        item.presence.iter().any(|(_, sighting)| {
            let known = &sighting.location;
            places().any(|place| {
                place.repository == known.repository
                    && place.path_key == known.path_key
                    && place.line.abs_diff(known.line) <= NEAR
            })
        })
    };
    items.iter().filter(|item| Some(item.fingerprint()) != own).filter(is_near).collect()
}
