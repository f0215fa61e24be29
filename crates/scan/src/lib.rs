//! Bytes in, hits out: sources, prefilter, rules, decoding, sifting, pairing, attribution.

mod attribute;
mod changes;
mod detector;
mod gaps;
mod gather;
mod graph;
mod heads;
mod history;
mod identity;
mod lint;
mod located;
mod owners;
mod parallel;
mod problem;
mod recall;
mod repository;
mod run;
mod scan;
mod source;
mod staged;
mod store;
mod tree;
mod vault;
mod worktree;

pub use detector::{Detection, Detector};
pub use identity::identify;
pub use lint::lint;
pub use problem::RuleProblem;
pub use recall::{Recalled, recall};
pub use scan::scan;
pub use source::{Options, Progress, ScanError, Scanned, Source, Stage};
