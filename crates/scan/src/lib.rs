//! Bytes in, hits out: sources, prefilter, rules, decoding, sifting, pairing, attribution.
//!
//! ```text
//! Source ──▶ worktree   files as they lie on disk        ┐
//!            history    every object of the store once   ├─ bytes ─▶ reading ────────▶ Vault
//!            staged     blobs that HEAD has not          ┘  as they are, decoded,    one entry a secret,
//!                                                           opened ─▶ Detector       one sighting a place
//!                                                           anchors ▸ windows ▸ rule   │
//!                                                           ▸ pairing ▸ sift           │
//! Scanned ◀── gather ◀── attribute ◀── changes ◀── graph ◀─────────────────────────────┘
//! scope, hits            paths, heads   one pass over the commits,
//!                        and authors    only for blobs that hit
//! ```
//!
//! The [`Detector`] knows rules and bytes and nothing else; [`scan()`] feeds it from a [`Source`]
//! and makes of every secret one hit with all of its places; [`recall()`] reads known places again, and [`stands()`]
//! looks for what is known by its bytes.
//! Whatever cannot be read is a gap of the scope, never a silence. No part of a scan runs or
//! obeys anything that the scanned repository brings along.
//!
//! ```
//! use quietus_model::{FingerprintKey, RuleSet};
//! use quietus_scan::{Detector, Options, Source, scan};
//! use std::sync::{Arc, atomic::AtomicBool};
//!
//! let rules = RuleSet::parse([("acme.toml", r#"
//!     provider = { id = "acme", name = "Acme" }
//!     [[rule]]
//!     id = "acme-key"
//!     name = "Acme key"
//!     severity = "high"
//!     confidence = "high"
//!     anchors = ["acme_"]
//!     pattern = '\b(?P<secret>acme_[0-9a-f]{8})\b'
//! "#)])?;
//! let detector = Detector::new(Arc::new(rules)).map_err(|problems| problems[0].clone())?;
//! let source = Source::Stdin(b"key = acme_92b0c7d1\n".to_vec());
//! let scanned = scan(
//!     &source,
//!     &detector,
//!     &FingerprintKey::new([7; 32]),
//!     &Options::default(),
//!     "2026-01-01T00:00:00Z".parse()?,
//!     &(),
//!     &AtomicBool::new(false),
//! )?;
//! assert_eq!(scanned.hits.len(), 1);
//! assert_eq!(scanned.hits[0].finding.locations[0].line, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod attribute;
mod bounds;
mod certificates;
mod changes;
mod configuration;
mod detector;
mod folders;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod gaps;
mod gather;
mod graph;
mod guard;
mod heads;
mod history;
mod identity;
mod index;
mod lead;
mod lint;
mod located;
#[cfg(test)]
#[path = "../tests/ground/rules.rs"]
mod made_up;
mod memory;
mod modules;
mod names;
mod owners;
mod parallel;
mod pieces;
mod problem;
mod reader;
mod reading;
mod recall;
mod repository;
mod run;
mod scan;
mod shown;
mod since;
mod source;
mod staged;
mod stands;
mod store;
mod tree;
pub mod trial;
mod vault;
mod worktree;

pub use detector::{Detection, Detector};
pub use identity::{identify, identify_at};
pub use lint::lint;
pub use problem::RuleProblem;
pub use recall::{Recalled, recall};
pub use scan::scan;
pub use shown::shown;
pub use source::{Options, Progress, ScanError, Scanned, Source, Stage};
pub use stands::{can_be_sought, stands};
