//! Streams every object of a git object store once, and says which bytes of it are new.
//!
//! ```text
//! Store ── packs ── idx / midx   which objects there are, and where
//!   │        └───── forest       which is stored as a change to which
//!   └───── loose                 a file each
//!
//! walk: a root of the forest ── inflate ──▶ Visitor::object
//!          └─ each child: inflate its delta, apply it to the bytes of its parent ──▶ Visitor::object
//! ```
//!
//! Git stores most objects as a change to another one: copies out of it, and some bytes of their
//! own. [`Store::walk`] makes every object once, from its base, which is still in memory then; the
//! [`Visitor`] is told what was copied from where, and keeps what it found out about the base for as
//! long as objects made of it may come. Threads take one family of objects after the other and share
//! large ones.
//!
//! A store is hostile input: whatever is wrong with it is a [`Problem`] with one object, and the
//! rest is handed over. What is not looked at is whether an object has the hash that it is named by.
//!
//! ```
//! use quietus_odb::{Format, Kinds, Object, ObjectId, Kind, Options, Problem, Selection, Store, Visitor};
//! use std::sync::atomic::AtomicBool;
//!
//! #[derive(Default)]
//! struct Sizes(u64);
//!
//! impl Visitor for Sizes {
//!     type State = ();
//!
//!     fn object(&mut self, object: Object<'_>, _base: Option<&()>, _state: &mut ()) {
//!         if object.wanted {
//!             self.0 += object.data.len() as u64;
//!         }
//!     }
//!
//!     fn stream(&mut self, _: u32, _: ObjectId, _: Kind, size: u64, _: &mut dyn std::io::Read) {
//!         self.0 += size;
//!     }
//!
//!     fn problem(&mut self, problem: Problem) {
//!         eprintln!("{}: {}", problem.subject, problem.detail);
//!     }
//! }
//!
//! # let folder = tempfile::tempdir()?;
//! # let objects = folder.path();
//! let store = Store::open(objects, Format::Sha1, &Options::default())?;
//! let blobs = Selection { kinds: Kinds::BLOBS, wanted: None };
//! let visitors = store.walk(&blobs, 2, &AtomicBool::new(false), Sizes::default);
//! let bytes: u64 = visitors.iter().map(|visitor| visitor.0).sum();
//! # assert_eq!(bytes, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// What writes packs by hand for tests knows this crate by its name.
#[cfg(test)]
extern crate self as quietus_odb;
#[cfg(test)]
#[path = "../tests/forged/mod.rs"]
mod forged;

mod alternates;
mod buffer;
mod bytes;
mod delta;
mod fault;
mod forest;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod id;
mod idx;
mod index;
mod inflate;
mod inventory;
mod loose;
mod lost;
mod map;
mod midx;
mod pack;
mod read;
mod store;
mod visit;
mod walk;

pub use id::{Format, Kind, ObjectId};
pub use inventory::{Inventory, Piece};
pub use pack::PackName;
pub use read::Reader;
pub use store::{OpenError, Options, Store};
pub use visit::{Copied, Delta, Object, Problem, Reason, Visitor};
pub use walk::{Kinds, Selection};
