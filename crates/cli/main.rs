//! The `quietus` command: flags, settings, printing. All decisions are made by the crates below.

mod anchors;
mod args;
mod commands;
mod desks;
mod exit;
mod forges;
mod held;
mod issuers;
mod known_good;
mod output;
mod places;
mod progress;
mod routes;
mod settings;
mod setup;
mod sight;
mod sign_in;
mod silencing;
mod who;

use anyhow::Context;
use args::{Cli, Command};
use clap::Parser;
use exit::{Exit, Failure};
use jiff::Timestamp;
use setup::Setup;
use std::io::ErrorKind;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set by the first Ctrl-C: scans stop where they are and say so; a second one ends the program.
static CANCEL: AtomicBool = AtomicBool::new(false);

/// What a shell reports for a program whose reader went away.
const READER_GONE: u8 = 141;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(exit) => exit.into(),
        Err(failure) if reader_is_gone(&failure.error) => ExitCode::from(READER_GONE),
        Err(failure) => {
            output::error(&failure.error);
            Exit::from(failure.reason).into()
        }
    }
}

fn run(cli: Cli) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers(&cli.command))
        .enable_all()
        .build()
        .context("starting the runtime")?;
    runtime.spawn(watch_for_interrupt());
    let setup = Setup::new(&cli.global, now()?)?;
    runtime.block_on(async {
        match cli.command {
            Command::Scan(args) => commands::scan::run(&setup, &args).await,
            Command::Track(args) => {
                let policy = setup.policy()?;
                commands::track::run(&setup, &args, policy).await
            }
            Command::Onboard(args) => commands::triage::onboard(&setup, &args).await,
            Command::Retest(args) => commands::retest::run(&setup, &args).await,
            Command::Find(args) => commands::find::run(&setup, &args).await,
            Command::Validate(args) => commands::validate::run(&setup, &args).await,
            Command::Suppress(args) => commands::suppress::run(&setup, &args).await,
            Command::Revoke(args) => commands::revoke::run(&setup, &args).await,
            Command::Escrow(args) => commands::escrow::run(&setup, args).await,
            Command::Item(args) => commands::item::run(&setup, args).await,
            Command::Metrics(args) => commands::metrics::run(&setup, &args).await,
            Command::Remind(args) => commands::remind::run(&setup, &args).await,
            Command::Tickets(args) => commands::tickets::run(&setup, &args).await,
            Command::Serve(args) => commands::serve::run(setup, &args).await,
            Command::Token(args) => commands::token::run(&setup, args).await,
            Command::Export(args) => commands::export::run(&setup, args).await,
            Command::Ledger(args) => commands::ledger::run(&setup, args).await,
            Command::Repos(args) => commands::repos::run(&setup, &args).await,
            Command::Import(args) => commands::import::run(&setup, &args).await,
            Command::Nightly(args) => commands::nightly::run(&setup, &args).await,
            Command::Worker(args) => commands::worker::run(&setup, &args).await,
            Command::Rules(args) => commands::rules::run(&setup, args),
            Command::Policy(args) => commands::policy::run(&setup, &args),
            Command::Init(args) => commands::init::run(&setup, &args).await,
            Command::Doctor => commands::doctor::run(&setup).await,
            Command::Completions { shell } => commands::generate::completions(shell),
            Command::Man { dir } => commands::generate::man(dir.as_deref()),
        }
    })
}

/// Commands do one thing after another; a server has many visitors.
fn workers(command: &Command) -> usize {
    match command {
        Command::Serve(_) => std::thread::available_parallelism().map_or(2, usize::from),
        _ => 1,
    }
}

/// The one reading of the clock, to the second: no date of a POA&M is finer.
fn now() -> Result<Timestamp, Failure> {
    #[expect(clippy::disallowed_methods, reason = "the one reading of the clock")]
    let exact = Timestamp::now();
    Ok(Timestamp::from_second(exact.as_second()).context("reading the clock")?)
}

async fn watch_for_interrupt() {
    while asked_to_stop().await {
        if CANCEL.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
        output::notice("stopping; press Ctrl-C again to end at once");
    }
}

/// Waits for Ctrl-C, or for the word of who runs services.
async fn asked_to_stop() -> bool {
    #[cfg(unix)]
    if let Ok(mut term) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    {
        return tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted.is_ok(),
            told = term.recv() => told.is_some(),
        };
    }
    tokio::signal::ctrl_c().await.is_ok()
}

fn reader_is_gone(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|io| io.kind() == ErrorKind::BrokenPipe)
}
