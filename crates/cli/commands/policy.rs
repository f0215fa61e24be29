//! `quietus policy`: list the shipped policies, explain one, check your own.

use crate::args::{ListFormat, PolicyCommand};
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, policy};
use crate::setup::Setup;
use anyhow::Result;
use quietus_poam::{Playbook, Policy, presets};
use std::path::PathBuf;

pub(crate) fn run(setup: &Setup, command: &PolicyCommand) -> Result<Exit, Failure> {
    match command {
        PolicyCommand::List { format } => list(*format)?,
        PolicyCommand::Explain { policy } => {
            let policy = match policy {
                Some(path) => setup.policy_named(path)?,
                None => setup.policy()?,
            };
            output::prose(&policy.explain())?;
        }
        PolicyCommand::Playbooks { format } => playbooks(*format)?,
        PolicyCommand::Check { policies } => return check(setup, policies),
    }
    Ok(Exit::clean())
}

fn list(format: ListFormat) -> Result<()> {
    let shipped: Vec<Policy> =
        presets().map(|(name, _)| Policy::preset(name)).collect::<Result<_, _>>()?;
    match format {
        ListFormat::Table => policy::print_list(&shipped),
        ListFormat::Json => policy::print_list_json(&shipped),
    }
}

fn playbooks(format: ListFormat) -> Result<()> {
    match format {
        ListFormat::Table => policy::print_playbooks(Playbook::all()),
        ListFormat::Json => policy::print_playbooks_json(Playbook::all()),
    }
}

/// Reads each policy, and tells what is wrong with it or what it asks for in vain.
fn check(setup: &Setup, paths: &[PathBuf]) -> Result<Exit, Failure> {
    let read: Vec<Result<Policy>> = if paths.is_empty() {
        vec![setup.policy()]
    } else {
        paths.iter().map(|path| setup.policy_named(path)).collect()
    };
    let mut exit = Exit::clean();
    for policy in read {
        match policy {
            Ok(policy) => {
                let digest = policy.digest();
                output::lines(&[format!("policy \"{}\" is sound, digest {digest}", policy.name)])?;
                let remarks = policy.remarks();
                output::lines(
                    &remarks.iter().map(|text| format!("note: {text}")).collect::<Vec<_>>(),
                )?;
            }
            Err(error) => {
                output::lines(&[format!("{error:#}")])?;
                exit.add_if(true, Reason::Usage);
            }
        }
    }
    Ok(exit)
}
