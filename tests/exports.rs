//! Other programs' reading of our exports: spreadsheets are read back, converted and rendered.
//!
//! `tests/tools.sh` installs what reads them. Without it a test says so and passes, except in CI.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]

#[path = "../crates/export/tests/samples/mod.rs"]
mod samples;

#[path = "exports/emass.rs"]
mod emass;
#[path = "exports/fedramp.rs"]
mod fedramp;
#[path = "exports/oscal_validate.rs"]
mod oscal_validate;
#[path = "exports/readers.rs"]
mod readers;
#[path = "support/tools.rs"]
mod tools;
#[path = "exports/trestle.rs"]
mod trestle;
