//! How the objects of a pack are made: inflated, made of their bases, or found elsewhere.

use super::frame::{Frame, Held};
use super::plan::Part;
use super::worker::Worker;
use crate::buffer::Buffer;
use crate::fault::Fault;
use crate::forest::Root;
use crate::index::Copy;
use crate::inflate::Inflater;
use crate::pack::Base;
use crate::read::{self, Spot};
use crate::{Kind, Visitor, delta};

/// An object made.
pub(super) struct Made {
    pub(super) bytes: Buffer,
    pub(super) kind: Kind,
    /// It was made of its base, and the copies are known.
    pub(super) by_delta: bool,
}

impl<V: Visitor> Worker<'_, V> {
    /// Makes an object of its base.
    pub(super) fn make(
        &mut self,
        part: &Part<'_>,
        node: u32,
        base: &Buffer,
        kind: Kind,
    ) -> Result<Made, Fault> {
        self.inflate_delta(part, node)?;
        let head = delta::head(self.delta.content())?;
        self.fits(head.result)?;
        self.reserve(head.result);
        let mut bytes = self.pool.take();
        let (delta, copies) = (self.delta.content(), &mut self.copies);
        let made = delta::apply(base, delta, head, &mut bytes, copies);
        match made {
            Ok(()) => Ok(Made { bytes, kind, by_delta: true }),
            Err(fault) => {
                self.pool.put(bytes);
                Err(fault)
            }
        }
    }

    pub(super) fn inflate_delta(&mut self, part: &Part<'_>, node: u32) -> Result<(), Fault> {
        let size = u64::from(part.forest.size(node));
        self.fits(size)?;
        self.reserve(size);
        inflate(&mut self.inflater, part, node, &mut self.delta)
    }

    pub(super) fn fits(&self, size: u64) -> Result<(), Fault> {
        let cap = self.store.cap();
        if size <= cap {
            return Ok(());
        }
        Err(Fault::too_large(format!("it has {size} bytes, more than the {cap} that are held")))
    }

    pub(super) fn inflate_root(&mut self, part: &Part<'_>, node: u32) -> Result<Made, Fault> {
        let forest = part.forest;
        let size = u64::from(forest.size(node));
        self.fits(size)?;
        self.reserve(size);
        let mut bytes = self.pool.take();
        inflate(&mut self.inflater, part, node, &mut bytes)?;
        let kind = forest.kind(node).ok_or_else(|| Fault::corrupt("it is of no kind"))?;
        Ok(Made { bytes, kind, by_delta: false })
    }

    /// A root that is one because its base is not in the pack.
    pub(super) fn odd_root(&mut self, part_at: u32, node: u32) -> Result<Made, Fault> {
        let part = self.part(part_at);
        let offset = part.forest.offset(node);
        let base = part.pack.entry(offset)?.base;
        match (part.forest.base(node), base) {
            (Err(Root::Missing), Base::Named(id)) => Err(read::missing(&id)),
            (Err(Root::Cycle), _) => {
                Err(Fault::corrupt("it is stored as a change to what is made of it"))
            }
            (Err(Root::Outer), _) => {
                let spot = Spot::Packed { pack: part_at, offset };
                let kind = self.reader.resolve(spot, self.store.cap())?;
                let bytes = self.reader.take();
                self.reserve(bytes.room());
                Ok(Made { bytes, kind, by_delta: false })
            }
            _ => Err(Fault::corrupt("it is stored as a change to what is no object")),
        }
    }

    /// Makes the bytes of an object on the stack again, which had this hash.
    pub(super) fn rebuild(&mut self, frame: &mut Frame<V::State>, hash: u64) {
        let part = self.part(frame.part);
        self.reserve(u64::from(part.forest.size(frame.node)));
        let offset = part.forest.offset(frame.node);
        frame.held = match self.again(frame.part, frame.node, offset) {
            Ok(bytes) => {
                self.held += bytes.room();
                // A store may have copies that differ, though it says that they are one object.
                if self.share.hash(bytes.content()) != hash {
                    frame.state = None;
                }
                Held::Own(bytes)
            }
            Err(fault) => Held::Failed(fault.of_base()),
        };
    }

    pub(super) fn again(&mut self, part: u32, node: u32, offset: u64) -> Result<Buffer, Fault> {
        let read = self.reader.resolve(Spot::Packed { pack: part, offset }, self.store.cap());
        read.or_else(|fault| self.elsewhere(part, node).ok_or(fault))?;
        Ok(self.reader.take())
    }

    /// Reads another copy of an object of a pack.
    pub(super) fn elsewhere(&mut self, part: u32, node: u32) -> Option<Kind> {
        let position = self.part(part).forest.position(node)?;
        let here = Copy::Packed { pack: part, position };
        let mut others = self.store.index.copies(self.store.index.number(part, position));
        others.find_map(|copy| {
            (copy != here).then(|| self.reader.copy(copy, self.store.cap()).ok()).flatten()
        })
    }

    /// Where an object cannot be made, another copy of it may be there.
    pub(super) fn rescue(&mut self, part: u32, node: u32, fault: Fault) -> Result<Made, Fault> {
        let kind = self.elsewhere(part, node).ok_or(fault)?;
        let bytes = self.reader.take();
        self.reserve(bytes.room());
        Ok(Made { bytes, kind, by_delta: false })
    }
}

/// Inflates what is stored of a node. Where that goes on into what comes next in the pack, which no
/// honest pack does, it is what a [`Reader`](crate::Reader) makes of it.
fn inflate(
    inflater: &mut Inflater,
    part: &Part<'_>,
    node: u32,
    into: &mut Buffer,
) -> Result<(), Fault> {
    let (forest, bytes, last) = (part.forest, &part.pack.bytes, part.pack.end);
    let (start, size) = (forest.data(node), u64::from(forest.size(node)));
    let end = forest.end(node).unwrap_or(last);
    bytes.touch(forest.offset(node), end);
    let made = inflater.inflate(bytes, (start, end), size, into);
    if made.is_ok() || end == last {
        return made;
    }
    inflater.inflate(bytes, (start, last), size, into)
}
