//! `quietus validate`: one credential on standard input, or which hosts would be called, and how.

use crate::CANCEL;
use crate::args::{ListFormat, Validate};
use crate::commands::scan::failed;
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, plural, verdicts};
use crate::places;
use crate::setup::{Setup, given_secret};
use anyhow::{Context, anyhow};
use quietus_model::{
    Finding, FingerprintKey, Hit, Offline, Redacted, Rule, RuleId, RuleSet, Secret, Verdict,
};
use quietus_poam::PoamItem;
use quietus_scan::{Options, Source, scan};
use quietus_validate::PlannedCall;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) async fn run(setup: &Setup, args: &Validate) -> Result<Exit, Failure> {
    match (&args.rule, &args.input) {
        (Some(rule), Some(input)) => one(setup, args, rule, input).await,
        _ => plan(setup, args).await,
    }
}

/// Asks about the credential on standard input.
async fn one(setup: &Setup, args: &Validate, rule: &str, input: &str) -> Result<Exit, Failure> {
    let rules = setup.rules()?;
    let rule = named(&rules, rule)?;
    if rule.validate.is_none() {
        return Err(anyhow!("no recipe asks about credentials of the rule {}", rule.id).into());
    }
    let validator = setup.validator(&rules, None)?;
    let key = match setup.existing_key()? {
        Some(key) => key,
        None => places::new_key()?,
    };
    let hit = hit(setup, &rule, given_secret(input)?, &key)?;
    let judgements = validator.judge(&hit, &[]).await;
    match args.format {
        ListFormat::Table => verdicts::print(&judgements)?,
        ListFormat::Json => output::json::print_value(&judgements)?,
    }
    let mut exit = Exit::clean();
    exit.add_if(judgements.iter().any(|j| matches!(j.verdict, Verdict::Live(_))), Reason::Live);
    exit.add_if(judgements.iter().any(failed), Reason::Validator);
    Ok(exit)
}

/// The rule of this id.
fn named(rules: &RuleSet, id: &str) -> anyhow::Result<Arc<Rule>> {
    rules
        .get(&RuleId::from(id))
        .map(Arc::clone)
        .ok_or_else(|| anyhow!("there is no rule \"{id}\"; `quietus rules list` names them all"))
}

/// What the rule sees in the text that was given, with all of its parts; else the text itself.
fn hit(setup: &Setup, rule: &Arc<Rule>, text: Secret, key: &FingerprintKey) -> anyhow::Result<Hit> {
    let detector = setup.detector(setup.rules()?)?;
    let source = Source::Stdin(text.expose().to_vec());
    let found = scan(&source, &detector, key, &Options::default(), setup.now, &(), &CANCEL)
        .context("reading standard input")?;
    let seen = found.hits.into_iter().find(|hit| hit.finding.rule == rule.id);
    Ok(seen.unwrap_or_else(|| Hit {
        finding: Finding {
            fingerprint: key.fingerprint(&text),
            renamed_from: None,
            aliases: std::collections::BTreeSet::new(),
            rule: rule.id.clone(),
            severity: rule.severity,
            confidence: rule.confidence,
            redacted: Redacted::new(&text, ""),
            offline: Offline::Plausible,
            missing: Vec::new(),
            decoded: Vec::new(),
            tags: Vec::new(),
            locations: Vec::new(),
        },
        secret: text,
        parts: Vec::new(),
    }))
}

/// A call that a run would make, and about how many open items.
struct Planned {
    call: PlannedCall,
    items: usize,
}

impl Planned {
    /// How many calls a run makes at most, the negative control included.
    fn calls(&self) -> usize {
        self.items + usize::from(self.items > 0 && self.call.control)
    }
}

async fn plan(setup: &Setup, args: &Validate) -> Result<Exit, Failure> {
    let rules = setup.rules()?;
    let validator = setup.validator(&rules, None)?;
    let items = open_items(setup).await?;
    let planned = |call: PlannedCall| {
        let items = items.iter().filter(|item| item.detection.rule == call.rule).count();
        Planned { call, items }
    };
    let wanted = match &args.rule {
        Some(id) => vec![named(&rules, id)?],
        None => rules.rules().to_vec(),
    };
    let calls = wanted.iter().flat_map(|rule| validator.plan(rule));
    let mut plan: Vec<Planned> = calls.map(planned).collect();
    plan.sort_by_key(|planned| std::cmp::Reverse(planned.items));
    if args.hosts {
        let host = |call: &PlannedCall| {
            let name = call.host.strip_suffix(&format!(":{}", call.port)).unwrap_or(&call.host);
            format!("{name} {}", call.port)
        };
        let hosts: BTreeSet<String> = plan.iter().map(|planned| host(&planned.call)).collect();
        output::lines(&hosts.into_iter().collect::<Vec<_>>())?;
        return Ok(Exit::clean());
    }
    match args.format {
        ListFormat::Json => {
            let values = plan.iter().map(|planned| {
                let mut value = serde_json::to_value(&planned.call)?;
                value["items"] = planned.items.into();
                value["calls"] = planned.calls().into();
                anyhow::Ok(value)
            });
            output::json::print_value(&values.collect::<anyhow::Result<Vec<_>>>()?)?;
        }
        ListFormat::Table => {
            let rows = plan.iter().map(|planned| {
                let call = &planned.call;
                vec![
                    call.host.clone(),
                    format!("{} {}", call.method, call.url),
                    call.headers.join(", "),
                    call.rule.to_string(),
                    planned.items.to_string(),
                ]
            });
            output::table(&["HOST", "CALL", "HEADERS", "RULE", "ITEMS"], rows.collect())?;
            if !setup.quiet {
                let calls = plural(plan.iter().map(Planned::calls).sum::<usize>() as u64, "call");
                output::notice(&format!("{calls} at most for the open items of the ledger"));
            }
        }
    }
    Ok(Exit::clean())
}

/// What a run would ask about, where there is a ledger.
async fn open_items(setup: &Setup) -> Result<Vec<PoamItem>, Failure> {
    let Some(key) = setup.existing_key()? else { return Ok(Vec::new()) };
    let Ok(ledger) = setup.ledger(&key).await else { return Ok(Vec::new()) };
    let mut items = ledger.listed().await?;
    ledger.close().await;
    items.retain(PoamItem::is_active);
    Ok(items)
}
