//! Archives and compressed files.

pub(crate) mod stream;
pub(crate) mod tar;
pub(crate) mod zip;
