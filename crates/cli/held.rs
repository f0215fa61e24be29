//! Secrets that the configuration points to and never holds: in a variable or in a file.

use anyhow::{Context, Result, bail};
use quietus_model::Secret;
use std::path::Path;

/// What the variable or the file holds; `None` when neither is named. `place` says whose it is, and
/// `keys` how the two are called.
pub(crate) fn secret(
    place: &str,
    keys: (&str, &str),
    variable: Option<&str>,
    file: Option<&Path>,
) -> Result<Option<Secret>> {
    let text = match (variable, file) {
        (Some(_), Some(_)) => bail!("{place}: give {} or {}, not both", keys.0, keys.1),
        (Some(name), None) => match std::env::var(name) {
            Ok(text) => text,
            Err(_) => bail!("{place}: the variable {name} is not set"),
        },
        (None, Some(file)) => std::fs::read_to_string(file)
            .with_context(|| format!("{place}: reading {}", file.display()))?,
        (None, None) => return Ok(None),
    };
    match text.trim() {
        "" => bail!("{place}: it is empty"),
        secret => Ok(Some(Secret::from(secret))),
    }
}
