//! What a walk hands over, and what receives it.

use crate::{Kind, ObjectId, Store};
use std::fmt;
use std::io::Read;

/// One object of a store, resolved.
#[derive(Clone, Copy)]
pub struct Object<'a> {
    pub(crate) store: &'a Store,
    /// Its number in the store; see [`Store::number`](crate::Store::number).
    pub number: u32,
    /// What it is.
    pub kind: Kind,
    /// Its bytes.
    pub data: &'a [u8],
    /// What it is stored as a change to; `None` where it is stored whole.
    pub delta: Option<Delta<'a>>,
    /// It was selected, and this is the one time that it is handed over as such. Objects that are
    /// needed only because others are stored as changes to them, and further copies of an object
    /// in other packs, come with `false`.
    pub wanted: bool,
}

impl Object<'_> {
    /// Its name. It is looked up in the store: most objects are never asked for theirs.
    pub fn id(&self) -> ObjectId {
        self.store.id(self.number)
    }
}

impl fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} of {} bytes", self.kind, self.id(), self.data.len())
    }
}

/// How an object was made from another one.
#[derive(Clone, Copy, Debug)]
pub struct Delta<'a> {
    /// The bytes of the other one.
    pub base: &'a [u8],
    /// What was copied, in the order of the places in the object, neighbours joined. Every byte
    /// that no copy covers is new.
    pub copies: &'a [Copied],
}

/// A range of an object that was copied from its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Where it begins in the base, in bytes.
    pub source: u32,
    /// Where it begins in the object, in bytes.
    pub target: u32,
    /// How many bytes it has; never none.
    pub len: u32,
}

/// Receives the objects of a walk. Each thread has one.
pub trait Visitor: Send {
    /// What is kept of an object for as long as objects that are stored as changes to it may come.
    type State: Default + Clone + Send + Sync;

    /// One object. `base` is what was made of the one that it is stored as a change to, which always
    /// came before; `state` is what is kept of this one, and may hold what was left of another.
    fn object(&mut self, object: Object<'_>, base: Option<&Self::State>, state: &mut Self::State);

    /// An object of more bytes than are held in memory, to be read in pieces. `size` is what the
    /// store says; an error of `bytes` means that the rest cannot be had.
    fn stream(&mut self, number: u32, id: ObjectId, kind: Kind, size: u64, bytes: &mut dyn Read);

    /// Something could not be read.
    fn problem(&mut self, problem: Problem);

    /// So many objects were passed, whether handed over or not. Called every now and then.
    fn progress(&mut self, _objects: u64) {}
}

/// What could not be read, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// What it is about: an object's id in hexadecimal, or the path of a file.
    pub subject: String,
    /// What kind of problem it is.
    pub reason: Reason,
    /// What was found, in words.
    pub detail: String,
}

/// Why something could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It is not in the store, and something in the store needs it.
    Missing,
    /// Its bytes do not say what they should.
    Corrupt,
    /// It has more bytes than may be held, and cannot be read in pieces.
    TooLarge,
    /// The system would not let it be read.
    Unreadable,
}
