//! `quietus escrow`: what is sealed, and its end; and the opening of it for a retest or a revocation.

use crate::args::{Escrow as EscrowArgs, ListFormat};
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, escrow as print, plural};
use crate::places::{refuse_if_others_can_read, write_new};
use crate::setup::{Setup, tracker};
use crate::who;
use anyhow::{Context, Result};
use quietus_escrow::{Condition, Escrow, Identities};
use quietus_model::{FingerprintKey, SealId, SealUse};
use quietus_poam::{Event, PoamItem};
use quietus_store::Ledger;
use quietus_track::{Opening, Retest, Tracker, named};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use zeroize::Zeroizing;

pub(crate) async fn run(setup: &Setup, command: EscrowArgs) -> Result<Exit, Failure> {
    if let EscrowArgs::Keygen { file } = &command {
        return keygen(file);
    }
    let key = setup.key()?;
    let ledger = setup.ledger(&key).await?;
    let escrow = setup.closed_escrow();
    let exit = match command {
        EscrowArgs::List { format } => list(setup, &ledger, &escrow, format).await?,
        EscrowArgs::Keygen { .. } => Exit::clean(),
        EscrowArgs::Destroy { unrecorded: true, .. } => sweep(&ledger, &escrow).await?,
        EscrowArgs::Destroy { ids, reason, claims, .. } => {
            let reason = reason.unwrap_or_default();
            destroy(setup, &ledger, &escrow, &ids, &reason, claims).await?
        }
    };
    ledger.close().await;
    Ok(exit)
}

/// The identity goes to a new file that its owner alone can read, the recipient to whoever asks.
fn keygen(file: &Path) -> Result<Exit, Failure> {
    let made = quietus_escrow::new_identity()?;
    write_new(file, made.text.as_bytes())
        .with_context(|| format!("writing the identity to {}", file.display()))?;
    output::lines(&[made.recipient])?;
    Ok(Exit::clean())
}

async fn list(
    setup: &Setup,
    ledger: &Ledger,
    escrow: &Escrow,
    format: ListFormat,
) -> Result<Exit, Failure> {
    let items = ledger.listed().await?;
    let policy = setup.policy()?;
    let mut sealed = Vec::new();
    for item in &items {
        let Some(seal) = &item.seal else { continue };
        sealed.push(print::Sealed {
            item,
            seal,
            at: item.history.iter().find(|recorded| is_sealing(&recorded.event, seal.id)),
            condition: escrow.condition(seal)?,
            ends: item.escrow_ends(&policy),
        });
    }
    let listed = print::Listed {
        folder: escrow.folder(),
        sealed: &sealed,
        unrecorded: &unrecorded(&items, escrow)?,
    };
    match format {
        ListFormat::Table => print::print(&listed)?,
        ListFormat::Json => print::print_json(&listed)?,
    }
    let mut exit = Exit::clean();
    exit.add_if(sealed.iter().any(|one| one.condition != Condition::Whole), Reason::Source);
    Ok(exit)
}

fn is_sealing(event: &Event, id: SealId) -> bool {
    matches!(event, Event::Escrowed { seal } if seal.id == id)
}

/// What lies in the folder and is no item's of this ledger.
fn unrecorded(items: &[PoamItem], escrow: &Escrow) -> Result<Vec<SealId>> {
    let known: BTreeSet<SealId> =
        items.iter().filter_map(|item| Some(item.seal.as_ref()?.id)).collect();
    Ok(escrow.ids()?.into_iter().filter(|id| !known.contains(id)).collect())
}

/// Removes what no item of this ledger knows: an interrupted run left it.
async fn sweep(ledger: &Ledger, escrow: &Escrow) -> Result<Exit, Failure> {
    let ids = unrecorded(&ledger.items().await?, escrow)?;
    for id in &ids {
        escrow.destroy(*id)?;
    }
    output::lines(&[format!("{} destroyed", plural(ids.len() as u64, "sealed value"))])?;
    Ok(Exit::clean())
}

async fn destroy(
    setup: &Setup,
    ledger: &Ledger,
    escrow: &Escrow,
    ids: &[String],
    reason: &str,
    claims: Option<String>,
) -> Result<Exit, Failure> {
    let (policy, rules) = (setup.policy()?, setup.rules()?);
    let tracker = tracker(ledger, &rules, &rules, &policy, None, Some(escrow));
    let by = who::actor(setup, claims);
    let mut items = Vec::new();
    for id in ids {
        let item = named(ledger, id).await?;
        // Nothing is destroyed that could not be recorded as destroyed.
        item.escrow_destroyed(reason, &by, &policy, setup.now).with_context(|| item.id())?;
        items.push(item);
    }
    let items: Vec<&PoamItem> = items.iter().collect();
    tracker.destroy(escrow, &items, reason, &by, setup.now).await?;
    output::lines(&[format!("{} destroyed", plural(items.len() as u64, "sealed value"))])?;
    Ok(Exit::clean())
}

/// Opens the escrow of what could not be read anywhere with the identities in `file`, and says of
/// which item that failed.
pub(crate) async fn open(
    tracker: &Tracker<'_>,
    read: &mut Retest,
    file: &Path,
    key: &FingerprintKey,
    (purpose, setup): (SealUse, &Setup),
) -> Result<()> {
    let identities = identities(file)?;
    let by = who::actor(setup, None);
    let opening = Opening { identities: &identities, key, purpose, by };
    for (id, error) in tracker.open_escrow(read, &opening, setup.now).await? {
        output::error_text(&format!("{id}: in escrow: {error}"));
    }
    Ok(())
}

fn identities(file: &Path) -> Result<Identities> {
    let shown = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("reading {shown}"))?;
    let text = Zeroizing::new(text);
    // A pipe has no readers but this one.
    if file.is_file() {
        refuse_if_others_can_read(file)?;
    }
    Identities::read(&text).with_context(|| format!("reading {shown}"))
}
