//! `quietus import`: what was seen elsewhere.

use crate::args::{ImportCommand, ListFormat};
use crate::exit::{Exit, Failure, Reason};
use crate::output;
use crate::setup::{Setup, tracker};
use anyhow::{Context, Result, bail};
use quietus_model::{Secret, Trust};
use quietus_poam::PoamItem;
use quietus_track::{SurveyKey, open_sealed};
use serde_json::json;
use std::path::Path;

/// A larger file is no survey.
const MOST: u64 = 256 << 20;

/// The least length of a key that surveys are sealed with, in bytes.
const KEY: usize = 16;

pub(crate) async fn run(setup: &Setup, command: &ImportCommand) -> Result<Exit, Failure> {
    let ImportCommand::Survey { file, format } = command;
    let size = std::fs::metadata(file).with_context(|| format!("reading {}", file.display()))?;
    if size.len() > MOST {
        return Err(anyhow::anyhow!("{} has more than {MOST} bytes", file.display()).into());
    }
    let text =
        std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let keys = keys(setup)?;
    let ledger = setup.ledger(&setup.key()?).await?;
    let (rules, shipped) = (setup.rules()?, quietus_catalogue::shipped()?);
    let policy = setup.policy()?;
    let opened = open_sealed(&text, &keys, &ledger, setup.now).await;
    let (survey, doubt) = opened.with_context(|| format!("in {}", file.display()))?;
    let tracker = tracker(&ledger, &rules, &shipped, &policy, None, None);
    let outcome = tracker.record(&survey, None, setup.now).await?;
    let items = ledger.listed().await?;
    let mut exit = Exit::clean();
    exit.add_if(items.iter().any(PoamItem::is_active), Reason::Findings);
    match format {
        ListFormat::Table => {
            let believed = match (survey.trust, doubt) {
                (Trust::Untrusted, Some(why)) => {
                    format!("only its sightings count, because {why}")
                }
                _ => "it is sealed, and counts as our own".to_owned(),
            };
            output::lines(&[
                format!("survey {} of {}: {believed}", survey.id, survey.taken_at),
                format!(
                    "{} opened, {} reopened, {} closed",
                    outcome.opened.len(),
                    outcome.reopened.len(),
                    outcome.closed.len()
                ),
            ])?;
        }
        ListFormat::Json => output::json::print_value(&json!({
            "survey": survey.id,
            "taken_at": survey.taken_at,
            "trust": survey.trust,
            "doubt": doubt,
            "opened": outcome.opened,
            "reopened": outcome.reopened,
            "closed": outcome.closed,
            "events": outcome.events,
            "summary": { "exit": exit.names() },
        }))?,
    }
    ledger.close().await;
    Ok(exit)
}

/// The keys of the configuration that surveys may be sealed with.
fn keys(setup: &Setup) -> Result<Vec<SurveyKey>> {
    let read = |one: &crate::settings::SurveyKeyConfig| {
        Ok(SurveyKey::new(read_key(&one.key_file)?, &one.repositories)?)
    };
    setup.config.survey_key.iter().map(read).collect()
}

/// The key in a file, without the line end behind it.
pub(crate) fn read_key(file: &Path) -> Result<Secret> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("reading the survey key {}", file.display()))?;
    let key = text.trim();
    if key.len() < KEY {
        bail!("the survey key {} is shorter than {KEY} bytes", file.display());
    }
    Ok(Secret::from(key))
}
