//! Writes items and surveys in other people's formats.
//!
//! One module a format; each is converted *from* [`PoamItem`](quietus_poam::PoamItem) and is never
//! a dump of it, so that an item may change without breaking those who read the exports. Nothing
//! here reads a clock, a file or a ledger.

pub mod digest;
mod error;
pub mod object;
pub mod oscal;
pub mod prometheus;
mod text;
pub mod words;

pub use error::ExportError;
