//! `quietus validate --plan`: which hosts would be called, and how.

use crate::args::{ListFormat, Validate};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::setup::Setup;

pub(crate) fn run(setup: &Setup, args: &Validate) -> Result<Exit, Failure> {
    let rules = setup.rules()?;
    let validator = setup.validator(&rules, None)?;
    let calls: Vec<_> = rules.rules().iter().flat_map(|rule| validator.plan(rule)).collect();
    match args.format {
        ListFormat::Json => output::json::print_value(&calls)?,
        ListFormat::Table => {
            let rows = calls.iter().map(|call| {
                vec![
                    call.host.clone(),
                    format!("{} {}", call.method.as_str(), call.url),
                    call.headers.join(", "),
                    call.rule.to_string(),
                ]
            });
            output::table(&["HOST", "CALL", "HEADERS", "RULE"], rows.collect())?;
        }
    }
    Ok(Exit::clean())
}
