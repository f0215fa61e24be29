//! One thread of a walk: takes families, goes through them depth first, and hands objects over.

use super::frame::{Frame, Held};
use super::make::Made;
use super::plan::{Part, Plan, Unit};
use super::pool::Pool;
use super::share::Share;
use crate::buffer::{self, Buffer};
use crate::fault::Fault;
use crate::forest::Root;
use crate::inflate::Inflater;
use crate::read::Reader;
use crate::store::Store;
use crate::{Copied, Delta, Kind, Object, Visitor};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, MutexGuard};

/// Progress is told after so many objects.
const PROGRESS: u64 = 512;
/// Less than so many objects are not worth giving away, unless they are long.
const GIFT: u32 = 16;
/// From so many bytes on an object is long.
const LONG: u64 = 1 << 20;

pub(super) struct Worker<'a, V: Visitor> {
    pub(super) store: &'a Store,
    pub(super) plan: &'a Plan<'a>,
    pub(super) share: &'a Share<V::State>,
    pub(super) cancel: &'a AtomicBool,
    pub(super) visitor: V,
    pub(super) stack: Vec<Frame<V::State>>,
    pub(super) pool: Pool,
    pub(super) states: Vec<V::State>,
    pub(super) inflater: Inflater,
    pub(super) reader: Reader<'a>,
    pub(super) delta: Buffer,
    pub(super) copies: Vec<Copied>,
    /// Bytes of memory that frames hold, and how many they may.
    pub(super) held: u64,
    pub(super) limit: u64,
    /// How many they held at most.
    #[cfg(test)]
    peak: u64,
    pub(super) large: Option<MutexGuard<'a, ()>>,
    pub(super) passed: u64,
}

impl<'a, V: Visitor> Worker<'a, V> {
    pub(super) fn new(
        store: &'a Store,
        plan: &'a Plan<'a>,
        share: &'a Share<V::State>,
        cancel: &'a AtomicBool,
        visitor: V,
    ) -> Self {
        // A quarter is for buffers at rest.
        let limit = store.options.memory / share.threads() as u64 / 4;
        Self {
            store,
            plan,
            share,
            cancel,
            visitor,
            stack: Vec::new(),
            pool: Pool::new(limit),
            states: Vec::new(),
            inflater: Inflater::new(),
            reader: store.reader(),
            delta: Buffer::default(),
            copies: Vec::new(),
            held: 0,
            limit: limit * 3,
            #[cfg(test)]
            peak: 0,
            large: None,
            passed: 0,
        }
    }

    pub(super) fn run(mut self) -> V {
        self.work();
        self.visitor
    }

    fn work(&mut self) {
        while !self.cancel.load(Relaxed) {
            let unit = self.plan.units.get(self.share.unit());
            match unit {
                Some(&Unit::Family { part, node }) => self.root(part, node),
                Some(&Unit::Astray { part, at }) => self.astray(part, at),
                Some(&Unit::Loose { at, number }) => self.loose(at, number),
                None => match self.share.take() {
                    Some(gift) => {
                        self.held += gift.held.room();
                        self.stack.push(gift);
                    }
                    None => break,
                },
            }
            self.descend();
            self.settle();
        }
        if self.cancel.load(Relaxed) {
            self.share.finish();
        }
        self.visitor.progress(self.passed);
    }

    /// Goes through all that hangs on what is on the stack.
    fn descend(&mut self) {
        while let Some(frame) = self.stack.pop() {
            if self.cancel.load(Relaxed) {
                self.stack.clear();
                return;
            }
            self.stack.push(frame);
            if self.share.is_hungry() {
                self.give();
            }
            if let Some(frame) = self.stack.pop() {
                self.child(frame);
            }
        }
    }

    pub(super) fn part(&self, part: u32) -> &'a Part<'a> {
        &self.plan.parts[part as usize]
    }

    /// Makes the next child of an object and hands it over.
    fn child(&mut self, mut parent: Frame<V::State>) {
        let part = self.part(parent.part);
        let node = part.forest.child(parent.next);
        if let Held::Dropped(hash) = parent.held {
            self.rebuild(&mut parent, hash);
        }
        let made = match parent.held.content() {
            Ok(base) => self.make(part, node, base, parent.kind),
            Err(fault) => Err(fault),
        };
        let held = match made {
            Ok(made) => Ok(made),
            Err(fault) => self.rescue(parent.part, node, fault),
        };
        let base = parent.held.content().ok().zip(parent.state.as_ref());
        let child = self.hand_over(parent.part, node, held, base);
        parent.next = part.next_needed(parent.next + 1, parent.end);
        if parent.next < parent.end {
            self.stack.push(parent);
        } else {
            // Before anything is made of the child, so that a long chain holds one buffer.
            self.let_go(parent);
        }
        self.stack.extend(child);
    }

    /// Sees to it that so many more bytes may be held.
    pub(super) fn reserve(&mut self, more: u64) {
        let more = buffer::room(more as usize) as u64;
        let long = more > self.store.options.largest;
        if self.held + more <= self.limit && !long {
            return;
        }
        for frame in &mut self.stack {
            if self.held + more <= self.limit {
                break;
            }
            if let Held::Own(_) | Held::Shared(_) = &frame.held
                && let Ok(bytes) = frame.held.content()
            {
                let hash = self.share.hash(bytes.content());
                self.held -= frame.held.room();
                frame.held = Held::Dropped(hash);
            }
        }
        if (long || self.held + more > self.limit) && self.large.is_none() {
            self.large = Some(self.share.large());
        }
    }

    /// Lets others hold much again once nothing is held here.
    fn settle(&mut self) {
        if self.delta.room() > LONG {
            self.delta = Buffer::default();
        }
        self.large = None;
    }

    /// Hands an object over, or says why not. Returns it if there are children to come.
    pub(super) fn hand_over(
        &mut self,
        part_at: u32,
        node: u32,
        made: Result<Made, Fault>,
        base: Option<(&Buffer, &V::State)>,
    ) -> Option<Frame<V::State>> {
        self.pass();
        let part = self.part(part_at);
        let mut state = None;
        if let Some(position) = part.forest.position(node) {
            let number = self.store.index.number(part_at, position);
            let selected = part.selected.get(node);
            match &made {
                Ok(made) => {
                    let base = base.filter(|_| made.by_delta);
                    let mut kept = self.states.pop().unwrap_or_default();
                    let object = Object {
                        store: self.store,
                        number,
                        kind: made.kind,
                        data: made.bytes.content(),
                        delta: base
                            .map(|base| Delta { base: base.0.content(), copies: &self.copies }),
                        wanted: selected && self.plan.kinds.contains(made.kind),
                    };
                    self.visitor.object(object, base.map(|base| base.1), &mut kept);
                    state = Some(kept);
                }
                Err(fault) if selected => {
                    let id = self.store.id(number);
                    self.visitor.problem(fault.clone().about(id));
                }
                Err(_) => {}
            }
        }
        let children = part.forest.children(node);
        let next = part.next_needed(children.start, children.end);
        let held_kind = made.as_ref().map_or(Kind::Blob, |made| made.kind);
        let held = match made {
            Ok(made) => Held::Own(made.bytes),
            Err(fault) => Held::Failed(fault.of_base()),
        };
        self.held += held.room();
        #[cfg(test)]
        {
            self.peak = self.peak.max(self.held);
        }
        let frame =
            Frame { part: part_at, node, kind: held_kind, next, end: children.end, held, state };
        if next < children.end {
            return Some(frame);
        }
        self.let_go(frame);
        None
    }

    pub(super) fn let_go(&mut self, frame: Frame<V::State>) {
        self.held -= frame.held.room();
        match frame.held {
            Held::Own(bytes) => self.pool.put(bytes),
            Held::Shared(bytes) => {
                if let Ok(bytes) = Arc::try_unwrap(bytes) {
                    self.pool.put(bytes);
                }
            }
            Held::Dropped(_) | Held::Failed(_) => {}
        }
        self.states.extend(frame.state);
    }

    pub(super) fn pass(&mut self) {
        self.passed += 1;
        if self.passed == PROGRESS {
            self.visitor.progress(std::mem::take(&mut self.passed));
        }
    }

    /// Hands over the root of a family.
    fn root(&mut self, part_at: u32, node: u32) {
        let part = self.part(part_at);
        let size = part.forest.size(node);
        let whole = part.forest.base(node) == Err(Root::Whole);
        if whole && u64::from(size) > self.store.options.largest {
            self.large_root(part_at, node);
            return;
        }
        let made = if whole { self.inflate_root(part, node) } else { self.odd_root(part_at, node) };
        let made = made.or_else(|fault| self.rescue(part_at, node, fault));
        let frame = self.hand_over(part_at, node, made, None);
        self.stack.extend(frame);
    }

    /// Gives part of what is to be done to somebody who has nothing to do: what is lowest on the
    /// stack, since most hangs on it.
    fn give(&mut self) {
        let top = self.stack.len() - 1;
        for at in 0..=top {
            let frame = &mut self.stack[at];
            let part = &self.plan.parts[frame.part as usize];
            let start = if at < top {
                frame.next
            } else {
                let middle = frame.next + (frame.end - frame.next).div_ceil(2);
                let after = part.next_needed(middle, frame.end);
                if after < frame.end { after } else { part.next_needed(frame.next + 1, frame.end) }
            };
            if start == frame.end {
                continue;
            }
            let heaviest = part.forest.weight(part.forest.child(frame.end - 1));
            if frame.end - start + heaviest < GIFT && frame.held.room() < LONG {
                continue;
            }
            let gift = if at < top {
                let frame = self.stack.remove(at);
                self.held -= frame.held.room();
                frame
            } else {
                frame.split(start)
            };
            self.share.give(gift);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forged::{self, Forged, adding, id};
    use crate::{Kinds, ObjectId, Options, Problem, Selection};
    use std::io::Read;

    /// The longest object.
    #[derive(Default)]
    struct Longest(usize);

    impl Visitor for Longest {
        type State = ();

        fn object(&mut self, object: Object<'_>, _: Option<&()>, _: &mut ()) {
            self.0 = self.0.max(object.data.len());
        }

        fn stream(&mut self, _: u32, _: ObjectId, _: Kind, _: u64, _: &mut dyn Read) {}

        fn problem(&mut self, problem: Problem) {
            unreachable!("{problem:?}");
        }
    }

    /// Bytes held at most, and the length of the longest object.
    fn peak(store: &Store) -> (u64, u64) {
        let selection = Selection { kinds: Kinds::ALL, wanted: None };
        let cancel = AtomicBool::new(false);
        let (plan, share) = (Plan::new(store, &selection, 1, &cancel), Share::new(1));
        let mut worker = Worker::new(store, &plan, &share, &cancel, Longest::default());
        worker.work();
        assert_eq!(worker.held, 0, "whatever was held was let go of");
        (worker.peak, worker.visitor.0 as u64)
    }

    #[test]
    fn no_more_is_held_than_may_be() {
        // Two are made of each, ten times over: at most ten wait for their second.
        let folder = tempfile::tempdir().unwrap();
        let mut forged = Forged::new();
        let mut places = vec![forged.blob(id(0), &[b'x'; 10_000])];
        for number in 1..2047u32 {
            let place = places[(number as usize - 1) / 2];
            let base = 10_000 + (number + 1).ilog2() as usize - 1;
            places.push(forged.at(id(number), place, &adding(base, b"y")));
        }
        forged.write(folder.path(), "a");
        let open = |memory| forged::open(folder.path(), &Options { memory, ..Options::default() });
        let (free, longest) = peak(&open(192 << 20));
        let (bound, same) = peak(&open(0));
        assert_eq!((longest, same), (10_010, 10_010));
        let one = buffer::room(longest as usize) as u64;
        assert!(bound <= 2 * one, "an object and its base: {bound} bytes, {one} each");
        assert!((8 * one..=12 * one).contains(&free), "{free} bytes, {one} each");
    }
}
