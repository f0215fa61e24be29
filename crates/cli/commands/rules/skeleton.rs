//! `quietus rules new`: a rule to begin with, every field with a word about it.

use crate::args::NewRule;
use crate::exit::{Exit, Failure};
use crate::output;
use anyhow::{Context, anyhow};
use std::fs::OpenOptions;
use std::io::Write;

const HEAD: &str = include_str!("skeleton/head.toml");
const BY_FORMAT: &str = include_str!("skeleton/by_format.toml");
const BY_NAME: &str = include_str!("skeleton/by_name.toml");
const TAIL: &str = include_str!("skeleton/tail.toml");

pub(super) fn run(new: &NewRule) -> Result<Exit, Failure> {
    let provider = new.provider.as_str();
    let rule = new.rule.clone().unwrap_or_else(|| format!("{provider}-api-key"));
    for id in [provider, &rule] {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if !id.split('-').all(is_word) || !id.starts_with(|c: char| c.is_ascii_lowercase()) {
            return Err(anyhow!(
                "\"{id}\" is not in kebab-case; use lower case letters, digits and single hyphens"
            )
            .into());
        }
    }
    let kind = if new.by_name { BY_NAME } else { BY_FORMAT };
    let written_to = match &new.output {
        Some(path) => path.display().to_string(),
        None => format!("{provider}.toml"),
    };
    let text = [HEAD, kind, TAIL]
        .concat()
        .replace("WRITTEN_TO", &written_to)
        .replace("PROVIDER_NAME", &title(provider))
        .replace("RULE_NAME", &title(&rule))
        .replace("RULE_WORDS", &rule.replace('-', " "))
        .replace("RULE_UPPER", &rule.replace('-', "_").to_ascii_uppercase())
        .replace("PROVIDER", provider)
        .replace("PREFIX", &provider.replace('-', "_"))
        .replace("RULE", &rule);
    let Some(path) = &new.output else {
        output::bytes(text.as_bytes())?;
        return Ok(Exit::clean());
    };
    let mut file =
        OpenOptions::new().write(true).create_new(true).open(path).with_context(|| {
            format!("making {}; a file that is there is never written over", path.display())
        })?;
    file.write_all(text.as_bytes()).with_context(|| format!("writing {}", path.display()))?;
    output::lines(&[format!(
        "{} is made; fill its blanks, then: quietus rules test {0}",
        path.display()
    )])?;
    Ok(Exit::clean())
}

/// `acme-api-key` as people write it: `Acme api key`.
fn title(id: &str) -> String {
    let words = id.replace('-', " ");
    words[..1].to_ascii_uppercase() + &words[1..]
}
