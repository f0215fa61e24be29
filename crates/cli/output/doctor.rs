//! What `doctor` found: one line a check, what to do under it.

use super::{DIM, GREEN, RED, YELLOW, out};
use anyhow::Result;
use std::io::Write;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    Good,
    Missing,
    Bad,
}

/// One check.
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) health: Health,
    pub(crate) found: String,
    pub(crate) advice: Vec<String>,
}

pub(crate) fn print(checks: &[Check]) -> Result<()> {
    let mut out = out();
    for check in checks {
        let (style, word) = match check.health {
            Health::Good => (GREEN, "ok"),
            Health::Missing => (YELLOW, "missing"),
            Health::Bad => (RED, "wrong"),
        };
        writeln!(out, "{style}{word:8}{style:#} {:14} {}", check.name, check.found)?;
        for advice in &check.advice {
            writeln!(out, "{:23} {DIM}{advice}{DIM:#}", "")?;
        }
    }
    Ok(out.flush()?)
}
