//! The life of a leaked credential, from its first sighting to its proven end and beyond, through
//! the whole pipe: real repositories, a real ledger, an issuer on loopback.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/configured.rs"]
mod configured;
#[path = "support/issuer.rs"]
mod issuer;
#[path = "support/repository.rs"]
mod repository;
#[path = "support/sandbox.rs"]
mod sandbox;
#[path = "support/world.rs"]
mod world;

#[path = "lifecycle/command.rs"]
mod command;
#[path = "lifecycle/fedramp.rs"]
mod fedramp;
#[path = "lifecycle/issuers.rs"]
mod issuers;
#[path = "lifecycle/presence.rs"]
mod presence;
#[path = "lifecycle/recording.rs"]
mod recording;
#[path = "lifecycle/spelling.rs"]
mod spelling;
#[path = "lifecycle/story.rs"]
mod story;
