//! Many repositories: the inventory, the forges that tell of them, and the nights in which they are
//! watched.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "fleet/deploy.rs"]
mod deploy;
#[path = "fleet/forge.rs"]
mod forge;
#[path = "fleet/host.rs"]
mod host;
#[path = "fleet/inventory.rs"]
mod inventory;
#[path = "support/issuer.rs"]
mod issuer;
#[path = "fleet/kills.rs"]
mod kills;
#[path = "fleet/namespaces.rs"]
mod namespaces;
#[path = "fleet/nights.rs"]
mod nights;
#[path = "fleet/postgres.rs"]
mod postgres;
#[path = "support/sandbox.rs"]
mod sandbox;
#[path = "support/stand_in.rs"]
mod stand_in;
#[path = "fleet/surveys.rs"]
mod surveys;
