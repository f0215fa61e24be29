//! Documents: what they say, without what they are wrapped in.

pub(crate) mod class;
pub(crate) mod mail;
pub(crate) mod notebook;
pub(crate) mod office;
pub(crate) mod pdf;
pub(crate) mod pyc;
pub(crate) mod sqlite;
pub(crate) mod strings;
