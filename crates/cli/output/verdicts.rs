//! What issuers said of one credential.

use super::{DIM, GREEN, RED, YELLOW, out};
use anyhow::Result;
use quietus_model::{Binding, Judgement, Verdict};
use std::io::Write;

pub(crate) fn print(judgements: &[Judgement]) -> Result<()> {
    let mut out = out();
    for Judgement { target, binding, verdict, .. } in judgements {
        let (style, said) = match verdict {
            Verdict::Live(seen) => (RED, format!("live ({})", seen.sentence())),
            Verdict::Dead(seen) => (GREEN, format!("denied ({})", seen.sentence())),
            Verdict::Indeterminate(doubt) => (YELLOW, format!("not known: {doubt}")),
        };
        writeln!(out, "{target}  {style}{said}{style:#}")?;
        if let (Verdict::Dead(_), Binding::Unbound) = (verdict, binding) {
            let what = "it is not known that this is the issuer; list all under [issuers]";
            writeln!(out, "  {DIM}{what}{DIM:#}")?;
        }
        let identity = verdict.observation().map(|seen| &seen.identity);
        for (name, value) in identity.into_iter().flat_map(|identity| &identity.fields) {
            writeln!(out, "  {DIM}{name:10}{DIM:#} {value}")?;
        }
        if let Some(scopes) = identity.map(|identity| &identity.scopes).filter(|s| !s.is_empty()) {
            let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
            writeln!(out, "  {DIM}{:10}{DIM:#} {}", "scopes", scopes.join(" "))?;
        }
    }
    Ok(out.flush()?)
}
