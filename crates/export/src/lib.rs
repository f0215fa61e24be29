//! Writes items and surveys in other people's formats.
//!
//! One module a format; each is converted *from* [`PoamItem`](quietus_poam::PoamItem) and is never
//! a dump of it, so that an item may change without breaking those who read the exports. Nothing
//! here reads a clock, a file or a ledger.

mod audience;
pub mod bundle;
pub mod chart;
mod coverage;
pub mod csv;
pub mod digest;
pub mod emass;
mod error;
pub mod fedramp;
pub mod html;
mod junit;
pub mod markdown;
pub mod object;
pub mod oscal;
pub mod prometheus;
mod register;
pub mod sarif;
mod schedule;
pub mod story;
mod text;
pub mod ticket;
mod weakness;
pub mod words;
mod workbook;

pub use audience::{Audience, WITHHELD};
pub use error::ExportError;
pub use junit::junit;
pub use register::{About, Register, Watched};
pub use weakness::Rating;
