//! Secrets stand in every place of a repository, every command runs over it, and their bytes are
//! in nothing that any command writes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "support/issuer.rs"]
mod issuer;
#[path = "support/sandbox.rs"]
mod sandbox;

#[path = "canary/actions.rs"]
mod actions;
#[path = "canary/commands.rs"]
mod commands;
#[cfg(feature = "escrow")]
#[path = "canary/escrow.rs"]
mod escrow;
#[path = "canary/failures.rs"]
mod failures;
#[path = "canary/ground.rs"]
mod ground;
#[path = "canary/scans.rs"]
mod scans;
#[cfg(unix)]
#[path = "canary/terminal.rs"]
mod terminal;
