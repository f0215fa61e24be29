//! `quietus token`: who may come in at `quietus serve`.

use crate::args::{ListFormat, TokenCommand};
use crate::exit::{Exit, Failure};
use crate::output::{self, day};
use crate::setup::Setup;
use anyhow::{Context, Result, anyhow, bail};
use jiff::SignedDuration;
use quietus_poam::{Role, Roles};
use quietus_store::Ledger;
use serde_json::json;

pub(crate) async fn run(setup: &Setup, command: TokenCommand) -> Result<Exit, Failure> {
    let key = setup.key()?;
    let ledger = setup.ledger(&key).await?;
    ledger.prepare_access().await?;
    match command {
        TokenCommand::New { subject, roles, days } => {
            make(setup, &ledger, &subject, roles, days).await?;
        }
        TokenCommand::List { format } => list(setup, &ledger, format).await?,
        TokenCommand::Revoke { id } => {
            if !ledger.end_token(&id, setup.now).await? {
                let why = "no token \"{id}\" lets anybody in; `quietus token list` shows all";
                return Err(anyhow!("{}", why.replace("{id}", &id)).into());
            }
            output::lines(&[format!("{id} lets nobody in any more")])?;
        }
    }
    ledger.close().await;
    Ok(Exit::clean())
}

async fn make(
    setup: &Setup,
    ledger: &Ledger,
    subject: &str,
    roles: Vec<Role>,
    days: u16,
) -> Result<()> {
    if subject.trim().is_empty() || subject.chars().any(char::is_control) {
        bail!("--for says whom the token lets in, such as ann@example.org");
    }
    let expires = setup
        .now
        .checked_add(SignedDuration::from_hours(24 * i64::from(days)))
        .context("reckoning its last day")?;
    let roles = Roles::held(roles);
    let (token, value) = quietus_web::new_token(ledger, subject, roles, expires, setup.now).await?;
    output::lines(&[value.reveal()])?;
    if !setup.quiet {
        output::notice(&format!(
            "token {} lets {} in ({}) until {}; it is not shown again",
            token.id,
            token.subject,
            token.roles,
            day(token.expires_at)
        ));
    }
    Ok(())
}

async fn list(setup: &Setup, ledger: &Ledger, format: ListFormat) -> Result<()> {
    let tokens = ledger.tokens().await?;
    match format {
        ListFormat::Json => {
            let value = |token: &quietus_store::AccessToken| {
                json!({
                    "id": token.id,
                    "for": token.subject,
                    "roles": token.roles,
                    "made_at": token.made_at,
                    "expires_at": token.expires_at,
                    "ended_at": token.ended_at,
                    "valid": token.is_valid(setup.now),
                })
            };
            output::json::print_value(&tokens.iter().map(value).collect::<Vec<_>>())
        }
        ListFormat::Table => {
            let row = |token: &quietus_store::AccessToken| {
                let state = match (token.ended_at, token.is_valid(setup.now)) {
                    (Some(at), _) => format!("taken back {}", day(at)),
                    (None, true) => format!("until {}", day(token.expires_at)),
                    (None, false) => format!("expired {}", day(token.expires_at)),
                };
                vec![token.id.clone(), token.subject.clone(), token.roles.to_string(), state]
            };
            output::table(&["ID", "FOR", "ROLES", "STATE"], tokens.iter().map(row).collect())
        }
    }
}
