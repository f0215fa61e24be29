//! What a ledger survives through the command itself: kills in the middle of every deed, moves between
//! databases and schemas, and people who rewrite it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/configured.rs"]
mod configured;
#[path = "support/issuer.rs"]
mod issuer;
#[path = "fleet/postgres.rs"]
mod postgres;
#[path = "support/repository.rs"]
mod repository;
#[path = "support/sandbox.rs"]
mod sandbox;
#[path = "support/world.rs"]
mod world;

#[path = "ledger/anchors.rs"]
mod anchors;
#[cfg(target_os = "linux")]
#[path = "ledger/killed.rs"]
mod killed;
#[path = "ledger/moves.rs"]
mod moves;
#[path = "ledger/read_only.rs"]
mod read_only;
