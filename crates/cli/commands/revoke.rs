//! `quietus revoke`: ask the issuer to end credentials, and see whether they are dead then.
//!
//! All of them are read again and asked about first. What cannot be revoked from here is told, item
//! by item, and stands in nobody's way; then one answer of the user decides about the rest.

use crate::args::Revoke;
use crate::commands::escrow;
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, plural, revoke};
use crate::setup::{Setup, tracker};
use crate::sight::Sight;
use crate::who;
use anyhow::{Context, Result, anyhow};
use jiff::Timestamp;
use quietus_model::{Effect, Fingerprint, Hit, Judgement, Receipt, SealUse};
use quietus_poam::{Duty, Event, PoamItem, Policy, ScanRecord};
use quietus_store::{Append, Ledger};
use quietus_track::{Retest, Tracker, Wanted, named};
use quietus_validate::{Revoking, Validator};
use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::sync::Arc;

/// Everything that revoking needs.
struct Room<'a> {
    setup: &'a Setup,
    args: &'a Revoke,
    ledger: &'a Ledger,
    policy: &'a Policy,
    validator: &'a Validator,
    tracker: Tracker<'a>,
}

/// An item whose credential can be revoked from here.
struct Ready {
    item: PoamItem,
    hit: Hit,
    revoking: Revoking,
}

/// How it went with one item that was to be revoked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Revoked,
    /// It was called, and what came of it is not known.
    Failed,
}

pub(crate) async fn run(setup: &Setup, args: &Revoke) -> Result<Exit, Failure> {
    allowed(setup)?;
    let key = setup.key()?;
    let ledger = setup.ledger(&key).await?;
    let items = chosen(setup, args, &ledger).await?;
    if items.len() > args.limit && !args.dry_run {
        let (count, limit) = (items.len(), args.limit);
        return Err(anyhow!(
            "{count} items and --limit {limit}; say --limit {count} to mean all, or --dry-run to \
             see them"
        )
        .into());
    }
    let policy = setup.policy()?;
    let rules = setup.rules()?;
    let shipped = quietus_catalogue::shipped()?;
    let validator = setup.validator(&rules, None)?;
    let sealed = setup.escrow()?;
    let tracker = tracker(&ledger, &rules, &shipped, &policy, Some(&validator), Some(&sealed));
    let room =
        Room { setup, args, ledger: &ledger, policy: &policy, validator: &validator, tracker };
    let scans: Vec<ScanRecord> =
        ledger.scans().await?.into_iter().map(|scans| scans.latest).collect();
    let detector = setup.detector(Arc::clone(&rules))?;
    let sight = Sight::of_known_places(setup);
    let mut read = Wanted::of(&items, &scans).read(&sight.looking(&detector, &key, &()), setup.now);
    if let Some(file) = &args.identity {
        let why = (SealUse::Revoke, setup);
        escrow::open(&room.tracker, &mut read, file, &key, why).await?;
    }
    let hits = read.hits.into_iter().map(|hit| (hit.finding.fingerprint, hit)).collect();
    let ready = room.ready(&items, hits).await?;
    if items.len() > 1 {
        output::lines(&[format!(
            "{} of {} can be revoked from here",
            ready.len(),
            plural(items.len() as u64, "item")
        )])?;
    }
    let mut exit = Exit::clean();
    let agreed = if args.dry_run { Vec::new() } else { room.agreed(ready)? };
    exit.add_if(agreed.len() < items.len(), Reason::Findings);
    for ready in agreed {
        let outcome = room.revoke(ready).await?;
        exit.add_if(outcome == Outcome::Failed, Reason::Validator);
    }
    ledger.close().await;
    Ok(exit)
}

/// Whether this account may revoke at all.
fn allowed(setup: &Setup) -> Result<()> {
    let by = &setup.config.revoke.by;
    let me = who::actor(setup, None);
    Duty::Revoke.asked_of(&me)?;
    let me = me.person_id().unwrap_or_default();
    if by.is_empty() || by.iter().any(|account| account == me) {
        return Ok(());
    }
    Err(anyhow!("{me} may not revoke; [revoke] by of the configuration names who may"))
}

/// The named items, each once; or every open one of which all holds that was asked for.
async fn chosen(setup: &Setup, args: &Revoke, ledger: &Ledger) -> Result<Vec<PoamItem>, Failure> {
    if args.only.is_empty() {
        let (mut items, mut seen) = (Vec::new(), BTreeSet::new());
        for id in &args.ids {
            let item = named(ledger, id).await?;
            if seen.insert(item.fingerprint()) {
                items.push(item);
            }
        }
        return Ok(items);
    }
    let mut items = ledger.listed().await?;
    items.retain(|item| item.is_active() && args.only.iter().all(|o| o.holds(item, setup.now)));
    if items.is_empty() {
        return Err(anyhow!("no open item is like that; `quietus item list` shows them").into());
    }
    Ok(items)
}

/// What each target said last since `now`: by the order of the record, because two answers may be of
/// one second.
fn last_words(item: &PoamItem, now: Timestamp) -> Vec<Judgement> {
    let said = item.history.iter().filter_map(|recorded| match &recorded.event {
        Event::Judged { judgement } if judgement.at >= now => Some(judgement),
        _ => None,
    });
    let last: BTreeMap<_, _> = said.map(|judgement| (&judgement.target, judgement)).collect();
    last.into_values().map(|judgement| (**judgement).clone()).collect()
}

impl Room<'_> {
    /// Asks about all of them, shows what would be called, and why what cannot be called cannot.
    async fn ready(
        &self,
        items: &[PoamItem],
        mut hits: BTreeMap<Fingerprint, Hit>,
    ) -> Result<Vec<Ready>, Failure> {
        let asked = hits.values().cloned().collect();
        self.tracker.retest(Retest { hits: asked, ..Retest::default() }, self.setup.now).await?;
        let mut ready = Vec::new();
        for item in items {
            let item = named(self.ledger, &item.fingerprint().to_string()).await?;
            let Some(hit) = hits.remove(&item.fingerprint()) else {
                revoke::print_lost(&item)?;
                continue;
            };
            let judgements = last_words(&item, self.setup.now);
            match self.validator.revoking(&hit, &judgements) {
                Ok(revoking) => {
                    revoke::print_plan(&item, &revoking)?;
                    ready.push(Ready { item, hit, revoking });
                }
                Err(why) => revoke::print_refusal(&item, &why)?,
            }
        }
        Ok(ready)
    }

    /// What of it the user wants: by word of mouth all or nothing, by `--yes` what is known to be
    /// ours.
    fn agreed(&self, mut ready: Vec<Ready>) -> Result<Vec<Ready>> {
        if self.args.yes {
            ready.retain(|ready| self.is_ours(ready));
            return Ok(ready);
        }
        let word = match ready.as_slice() {
            [] => return Ok(ready),
            [one] => one.item.id(),
            several => several.len().to_string(),
        };
        if !std::io::stdin().is_terminal() {
            let what =
                "nobody is there to be asked; use --yes, or --dry-run to see what it would do";
            return Err(anyhow!("{what}"));
        }
        let what = if ready.len() == 1 { "it" } else { "them all" };
        output::ask(&format!("Type {word} to revoke {what}: "))?;
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).context("reading your answer")?;
        if line.trim() != word {
            ready.clear();
        }
        Ok(ready)
    }

    /// Whether the issuer names one of our accounts for it.
    fn is_ours(&self, ready: &Ready) -> bool {
        let fields = &ready.revoking.identity.fields;
        let named = |account: &String| fields.iter().any(|(_, value)| value.as_str() == account);
        let is_ours = self.setup.config.revoke.accounts.iter().any(named);
        if !is_ours {
            let what = "the issuer does not name an account of [revoke] accounts for it";
            output::error_text(&format!("{}: {what}; leave out --yes to decide", ready.item.id()));
        }
        is_ours
    }

    /// Revokes one credential and asks again: only seen dead is dead.
    async fn revoke(&self, ready: Ready) -> Result<Outcome, Failure> {
        let Ready { item, hit, revoking } = ready;
        let receipt = match self.validator.revoke(&hit, &revoking).await {
            Ok(receipt) => receipt,
            Err(error) => {
                output::error_text(&format!("{}: {error}", item.id()));
                return Ok(Outcome::Failed);
            }
        };
        let (effect, said) = (receipt.effect, receipt.sentence());
        self.keep(&item, &receipt).await.with_context(|| {
            let target = &revoking.target;
            format!("{target} revoked {} ({said}), and that could not be recorded", item.id())
        })?;
        if effect != Effect::Queued {
            let again = Retest { hits: vec![hit], ..Retest::default() };
            self.tracker.retest(again, self.setup.now).await?;
        }
        let after = named(self.ledger, &item.fingerprint().to_string()).await?;
        output::item::print_change(&item, &after, self.validator.now())?;
        Ok(Outcome::Revoked)
    }

    /// A receipt comes once: whoever changes the item meanwhile must not make it lost.
    async fn keep(&self, item: &PoamItem, receipt: &Receipt) -> Result<()> {
        let by = who::actor(self.setup, self.args.claims.clone());
        let print = item.fingerprint();
        let now = || self.validator.now();
        let this = |_: &_| (BTreeSet::from([print]), ());
        let decided = self.tracker.decide(now, this, |items, ()| {
            let item = items.first().ok_or_else(|| anyhow!("its item is gone"))?;
            let events = item.revoked(receipt.clone(), &by, self.policy, now())?;
            anyhow::Ok((vec![Append::events(print, item.version, events)], ()))
        });
        decided.await.map(drop)
    }
}
