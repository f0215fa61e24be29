//! Many repositories: the inventory, and the nights in which it is watched.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "fleet/inventory.rs"]
mod inventory;
#[path = "support/sandbox.rs"]
mod sandbox;
