//! One file for each command: it fetches what the command needs and hands it to the crates below.

mod audit;
pub(crate) mod doctor;
pub(crate) mod escrow;
pub(crate) mod evidence;
pub(crate) mod export;
pub(crate) mod find;
pub(crate) mod generate;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod item;
pub(crate) mod ledger;
pub(crate) mod metrics;
pub(crate) mod nightly;
pub(crate) mod policy;
pub(crate) mod remind;
pub(crate) mod repos;
pub(crate) mod retest;
pub(crate) mod revoke;
pub(crate) mod rules;
pub(crate) mod scan;
pub(crate) mod serve;
pub(crate) mod suppress;
pub(crate) mod token;
pub(crate) mod track;
pub(crate) mod triage;
pub(crate) mod validate;
pub(crate) mod worker;
