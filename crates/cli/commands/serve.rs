//! `quietus serve`: items in a browser, until Ctrl-C.

use crate::args::Serve;
use crate::commands::{attach, item};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::setup::Setup;
use crate::sign_in;
use crate::who;
use anyhow::{Context, Result, bail};
use quietus_poam::PoamItem;
use quietus_store::Ledger;
use quietus_web::{Address, Clock, Evidence, Settings, Site, Targets};
use std::sync::Arc;
use tokio::net::TcpListener;

pub(crate) async fn run(setup: Setup, args: &Serve) -> Result<Exit, Failure> {
    let key = setup.key()?;
    let ledger = setup.ledger(&key).await?;
    // The port is taken first: port 0 means any, and the address must name the real one.
    let listener = TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("listening at {}; name another with --listen", args.listen))?;
    let listen = listener.local_addr().context("reading the address that is listened at")?;
    let address = Address::new(listen, args.url.as_deref()).context("nothing is served")?;
    let account = address.is_loopback().then(|| who::actor(&setup, None));
    let provider = sign_in::provider(&setup)?;
    if account.is_none() && provider.is_none() {
        somebody_may_come_in(&ledger, &setup).await?;
    }
    let start = setup.now;
    let clock: Clock = Arc::new(move || crate::now().unwrap_or(start));
    let policy = setup.policy()?;
    let quiet = setup.quiet;
    let setup = Arc::new(setup);
    let (targets, evidence) = (targets(Arc::clone(&setup)), Some(evidence(setup)));
    let settings = Settings { address, policy, account, targets, provider, evidence };
    let site = Site::new(ledger, settings, clock).await.context("making the pages ready")?;
    output::lines(&[site.link()])?;
    if !quiet {
        output::notice("Ctrl-C ends it");
    }
    quietus_web::serve(listener, site, told_to_stop()).await.context("serving")?;
    Ok(Exit::clean())
}

/// What anybody can reach needs somebody who may come in; else it would only be a way in for others.
async fn somebody_may_come_in(ledger: &Ledger, setup: &Setup) -> Result<()> {
    ledger.prepare_access().await?;
    if !ledger.tokens().await?.iter().any(|token| token.is_valid(setup.now)) {
        bail!(
            "nobody could sign in there: make a token first, with \
             `quietus token new --for ID --role ROLE`, or name a provider in [sign_in] of the \
             configuration, or listen at a loopback address"
        );
    }
    Ok(())
}

/// Where files lie that show something, and how they are looked through before.
fn evidence(setup: Arc<Setup>) -> Evidence {
    let folder = setup.evidence();
    let look = move |item: &PoamItem, name: &str, bytes: &[u8]| {
        attach::look_through(&setup, item, name, bytes, true).map_err(|error| format!("{error:#}"))
    };
    Evidence { folder, look_through: Arc::new(look) }
}

fn targets(setup: Arc<Setup>) -> Targets {
    Arc::new(move |found, issuer| {
        item::target(&setup, found, issuer).map_err(|error| format!("{error:#}"))
    })
}

async fn told_to_stop() {
    #[cfg(unix)]
    if let Ok(mut ended) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    {
        tokio::select! {
            _ = ended.recv() => return,
            _ = tokio::signal::ctrl_c() => return,
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
