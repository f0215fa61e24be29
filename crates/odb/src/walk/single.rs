//! What is handed over one by one: loose objects, long ones, and those that are not in their place.

use super::frame::{Frame, Held};
use super::worker::Worker;
use crate::buffer::Buffer;
use crate::fault::Fault;
use crate::index::Copy;
use crate::inflate::{Range, Stream};
use crate::loose::Loose;
use crate::{Kind, Object, Visitor};

impl<V: Visitor> Worker<'_, V> {
    /// A root of more bytes than are held, except where others are made of it.
    pub(super) fn large_root(&mut self, part_at: u32, node: u32) {
        let part = self.part(part_at);
        if part.selected.get(node)
            && let (Some(position), Some(kind)) =
                (part.forest.position(node), part.forest.kind(node))
        {
            let number = self.store.index.number(part_at, position);
            let id = self.store.id(number);
            match part.pack.entry(part.forest.offset(node)) {
                Ok(entry) => {
                    let end = part.forest.end(node).unwrap_or(part.pack.end);
                    let stored = Range::new(&part.pack.bytes, entry.data, end);
                    let mut bytes = Stream::new(stored, entry.size);
                    self.visitor.stream(number, id, kind, entry.size, &mut bytes);
                    part.pack.bytes.release();
                }
                Err(fault) => self.visitor.problem(fault.about(id)),
            }
        }
        self.pass();
        let children = part.forest.children(node);
        let next = part.next_needed(children.start, children.end);
        if next < children.end {
            let kind = part.forest.kind(node).unwrap_or(Kind::Blob);
            let held = match self.inflate_root(part, node) {
                Ok(made) => Held::Own(made.bytes),
                Err(fault) => Held::Failed(fault.of_base()),
            };
            self.held += held.room();
            let (part, end) = (part_at, children.end);
            self.stack.push(Frame { part, node, kind, next, end, held, state: None });
        }
    }

    /// An object of which the place in its pack is wrong.
    pub(super) fn astray(&mut self, part_at: u32, at: u32) {
        let (position, fault) = &self.part(part_at).forest.astray[at as usize];
        let number = self.store.index.number(part_at, *position);
        let here = Copy::Packed { pack: part_at, position: *position };
        self.alone(number, here, fault.clone());
    }

    pub(super) fn loose(&mut self, at: u32, number: u32) {
        let (folder, id) = self.store.loose(at);
        match Loose::open(folder, id) {
            Err(fault) => self.alone(number, Copy::Loose(at), fault),
            Ok(loose) if !self.plan.kinds.contains(loose.kind) => self.pass(),
            Ok(mut loose) if loose.size > self.store.options.largest => {
                let (kind, size) = (loose.kind, loose.size);
                self.visitor.stream(number, *id, kind, size, &mut loose);
                self.pass();
            }
            Ok(loose) => {
                self.reserve(loose.size);
                let (kind, mut bytes) = (loose.kind, self.pool.take());
                match loose.read(&mut bytes) {
                    Ok(()) => self.hand_over_alone(number, kind, &bytes),
                    Err(fault) => self.alone(number, Copy::Loose(at), fault),
                }
                self.pool.put(bytes);
            }
        }
    }

    /// An object on which nothing hangs, and of which one copy cannot be read.
    pub(super) fn alone(&mut self, number: u32, here: Copy, fault: Fault) {
        let id = self.store.id(number);
        let mut others = self.store.index.copies(number).filter(|&copy| copy != here);
        match others.find_map(|copy| self.reader.copy(copy, self.store.cap()).ok()) {
            Some(kind) => {
                let bytes = self.reader.take();
                self.hand_over_alone(number, kind, &bytes);
            }
            None => {
                self.pass();
                self.visitor.problem(fault.about(id));
            }
        }
    }

    pub(super) fn hand_over_alone(&mut self, number: u32, kind: Kind, bytes: &Buffer) {
        self.pass();
        if !self.plan.kinds.contains(kind) {
            return;
        }
        let data = bytes.content();
        let store = self.store;
        let object = Object { store, number, kind, data, delta: None, wanted: true };
        let mut state = self.states.pop().unwrap_or_default();
        self.visitor.object(object, None, &mut state);
        self.states.push(state);
    }
}
