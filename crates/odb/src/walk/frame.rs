//! What is on the stack of a walk: objects of which there are children to come.

use crate::Kind;
use crate::buffer::Buffer;
use crate::fault::Fault;
use std::sync::Arc;

/// An object of which there are children to come.
pub(super) struct Frame<S> {
    pub(super) part: u32,
    pub(super) node: u32,
    pub(super) kind: Kind,
    /// The next child that is needed, as a place in the list of children; never `end`.
    pub(super) next: u32,
    pub(super) end: u32,
    pub(super) held: Held,
    /// What the visitor keeps of it; `None` if it was not handed over.
    pub(super) state: Option<S>,
}

/// The bytes of an object.
pub(super) enum Held {
    Own(Buffer),
    Shared(Arc<Buffer>),
    /// They were let go of, and can be made again; and a hash of them.
    Dropped(u64),
    /// They could not be had.
    Failed(Fault),
}

impl<S: Clone> Frame<S> {
    /// Another frame of the same object, for the children from `start` on.
    pub(super) fn split(&mut self, start: u32) -> Self {
        let held = match std::mem::replace(&mut self.held, Held::Dropped(0)) {
            Held::Own(bytes) => Held::Shared(Arc::new(bytes)),
            held => held,
        };
        self.held = held.again();
        let end = std::mem::replace(&mut self.end, start);
        let (part, node, kind) = (self.part, self.node, self.kind);
        Self { part, node, kind, next: start, end, held, state: self.state.clone() }
    }
}

impl Held {
    pub(super) fn room(&self) -> u64 {
        match self {
            Self::Own(bytes) => bytes.room(),
            Self::Shared(bytes) => bytes.room(),
            Self::Dropped(_) | Self::Failed(_) => 0,
        }
    }

    pub(super) fn content(&self) -> Result<&Buffer, Fault> {
        match self {
            Self::Own(bytes) => Ok(bytes),
            Self::Shared(bytes) => Ok(bytes),
            Self::Dropped(_) => Err(Fault::corrupt("its base was let go of")),
            Self::Failed(fault) => Err(fault.clone()),
        }
    }

    /// The same bytes once more. Only what is shared can be had twice.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Shared(bytes) => Self::Shared(Arc::clone(bytes)),
            Self::Failed(fault) => Self::Failed(fault.clone()),
            Self::Dropped(hash) => Self::Dropped(*hash),
            Self::Own(_) => Self::Dropped(0),
        }
    }
}
