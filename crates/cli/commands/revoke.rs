//! `quietus revoke`: ask the issuer to end a credential, and see whether it is dead then.

use crate::args::Revoke;
use crate::commands::item::find;
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, revoke};
use crate::setup::Setup;
use crate::sight::Sight;
use crate::who;
use anyhow::{Context, Result, anyhow};
use quietus_model::{Effect, Hit, Identity};
use quietus_poam::{PoamItem, Policy, ScanRecord};
use quietus_scan::Detector;
use quietus_store::{Append, Ledger};
use quietus_track::{Retest, Tracker, Wanted};
use quietus_validate::{Revoking, Validator};
use std::io::IsTerminal;
use std::sync::Arc;

/// Everything that revoking one item needs.
struct Room<'a> {
    setup: &'a Setup,
    args: &'a Revoke,
    ledger: &'a Ledger,
    policy: &'a Policy,
    validator: &'a Validator,
    tracker: Tracker<'a>,
}

/// How it went with one item.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Revoked,
    /// Nothing was called, and it still works or nobody knows.
    Left,
    /// It was called, and what came of it is not known.
    Failed,
}

pub(crate) async fn run(setup: &Setup, args: &Revoke) -> Result<Exit, Failure> {
    allowed(setup)?;
    if args.ids.len() > args.limit && !args.dry_run {
        let (ids, limit) = (args.ids.len(), args.limit);
        return Err(
            anyhow!("{ids} items and --limit {limit}; say --limit {ids} to mean all").into()
        );
    }
    let key = setup.key()?;
    let ledger = setup.ledger(&key).await?;
    let policy = setup.policy()?;
    let rules = setup.rules()?;
    let shipped = quietus_catalogue::shipped()?;
    let validator = setup.validator(&rules, None)?;
    let detector = setup.detector(Arc::clone(&rules))?;
    let tracker = Tracker {
        ledger: &ledger,
        rules: &rules,
        shipped: &shipped,
        policy: &policy,
        validator: Some(&validator),
        tool: env!("CARGO_PKG_VERSION"),
    };
    let room =
        Room { setup, args, ledger: &ledger, policy: &policy, validator: &validator, tracker };
    let mut exit = Exit::clean();
    for id in &args.ids {
        let outcome = room.revoke(id, &detector).await?;
        exit.add_if(outcome == Outcome::Left, Reason::Findings);
        exit.add_if(outcome == Outcome::Failed, Reason::Validator);
    }
    ledger.close().await;
    Ok(exit)
}

/// Whether this account may revoke at all.
fn allowed(setup: &Setup) -> Result<()> {
    let by = &setup.config.revoke.by;
    let me = who::actor(None);
    let me = me.person_id().unwrap_or_default();
    if by.is_empty() || by.iter().any(|account| account == me) {
        return Ok(());
    }
    Err(anyhow!("{me} may not revoke; [revoke] by of the configuration names who may"))
}

impl Room<'_> {
    async fn revoke(&self, id: &str, detector: &Detector) -> Result<Outcome, Failure> {
        let item = find(self.ledger, id).await?;
        let hit = self.bytes_of(&item, detector).await?;
        let again = || Retest { hits: vec![hit.clone()], ..Retest::default() };
        self.tracker.retest(again(), self.setup.now).await?;
        let asked = find(self.ledger, &item.fingerprint().to_string()).await?;
        let mut judgements = asked.judgements();
        judgements.retain(|judgement| judgement.at >= self.setup.now);
        let revoking = match self.validator.revoking(&hit, &judgements) {
            Ok(revoking) => revoking,
            Err(why) => {
                revoke::print_refusal(&asked, &why)?;
                return Ok(Outcome::Left);
            }
        };
        revoke::print_plan(&asked, &revoking)?;
        if self.args.dry_run || !self.agreed(&asked, &revoking.identity)? {
            return Ok(Outcome::Left);
        }
        let receipt = match self.validator.revoke(&hit, &revoking).await {
            Ok(receipt) => receipt,
            Err(error) => {
                output::error_text(&format!("{}: {error}", asked.id()));
                return Ok(Outcome::Failed);
            }
        };
        let effect = receipt.effect;
        self.record(&asked, &revoking, receipt).await?;
        if effect != Effect::Queued {
            self.tracker.retest(again(), self.setup.now).await?;
        }
        let after = find(self.ledger, &item.fingerprint().to_string()).await?;
        output::item::print_change(&asked, &after, self.validator.now())?;
        Ok(Outcome::Revoked)
    }

    /// The credential itself, read from a place where it is known to stand.
    async fn bytes_of(&self, item: &PoamItem, detector: &Detector) -> Result<Hit> {
        let key = self.setup.key()?;
        let scans: Vec<ScanRecord> =
            self.ledger.scans().await?.into_iter().map(|scans| scans.latest).collect();
        let sight = Sight::of_known_places(self.setup);
        let looking = sight.looking(detector, &key, &());
        let read = Wanted::of([item], &scans).read(&looking, self.setup.now);
        let hit = read.hits.into_iter().next();
        hit.ok_or_else(|| {
            anyhow!("{}: its bytes can no longer be read; revoke it by hand", item.id())
        })
    }

    /// Whether the user wants it: by word of mouth, or by `--yes` for what is known to be ours.
    fn agreed(&self, item: &PoamItem, identity: &Identity) -> Result<bool> {
        if self.args.yes {
            let ours = &self.setup.config.revoke.accounts;
            let named = |account: &String| {
                identity.fields.iter().any(|(_, value)| value.as_str() == account)
            };
            let is_ours = ours.iter().any(named);
            if !is_ours {
                let what = "the issuer does not name an account of [revoke] accounts for it";
                output::error_text(&format!("{}: {what}; leave out --yes to decide", item.id()));
            }
            return Ok(is_ours);
        }
        if !std::io::stdin().is_terminal() {
            let what =
                "nobody is there to be asked; use --yes, or --dry-run to see what it would do";
            return Err(anyhow!("{}: {what}", item.id()));
        }
        output::ask(&format!("Type {} to revoke it: ", item.id()))?;
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).context("reading your answer")?;
        Ok(line.trim() == item.id())
    }

    async fn record(
        &self,
        item: &PoamItem,
        revoking: &Revoking,
        receipt: quietus_model::Receipt,
    ) -> Result<(), Failure> {
        let said = receipt.sentence();
        self.keep(item, &receipt).await.with_context(|| {
            let target = &revoking.target;
            format!("{target} revoked {} ({said}), and that could not be recorded", item.id())
        })?;
        Ok(())
    }

    /// A receipt comes once: whoever changes the item meanwhile must not make it lost.
    async fn keep(&self, item: &PoamItem, receipt: &quietus_model::Receipt) -> Result<()> {
        let by = who::actor(self.args.claims.clone());
        let print = item.fingerprint();
        let now = || self.validator.now();
        let decided = self.tracker.decide(now, |items| {
            let item = items.iter().find(|item| item.fingerprint() == print);
            let item = item.ok_or_else(|| anyhow!("its item is gone"))?;
            let events = item.revoked(receipt.clone(), &by, self.policy, now())?;
            anyhow::Ok((vec![Append::events(print, item.version, events)], ()))
        });
        decided.await.map(drop)
    }
}
