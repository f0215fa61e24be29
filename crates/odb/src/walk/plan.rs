//! What a walk has to do: which objects are selected, and which are needed to make these.

use super::{Kinds, Selection};
use crate::forest::{EMPTY, Forest};
use crate::index::Copy;
use crate::pack::Pack;
use crate::store::Store;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// All that is to be done.
pub(super) struct Plan<'s> {
    pub(super) kinds: Kinds,
    pub(super) parts: Vec<Part<'s>>,
    pub(super) units: Vec<Unit>,
}

/// One pack.
pub(super) struct Part<'s> {
    pub(super) pack: &'s Pack,
    pub(super) forest: &'s Forest,
    /// Nodes that are handed over because somebody asked for them.
    pub(super) selected: Bits,
    /// Nodes that are selected or have such nodes below them.
    pub(super) needed: Bits,
}

/// What one thread does at a time, unless another one helps.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    /// A root of the forest of a pack and all that hangs on it.
    Family { part: u32, node: u32 },
    /// An object of a pack that is not where it should be, by its place in the list of these.
    Astray { part: u32, at: u32 },
    /// A loose object.
    Loose { at: u32, number: u32 },
}

impl<'s> Plan<'s> {
    pub(super) fn new(
        store: &'s Store,
        selection: &Selection<'_>,
        threads: usize,
        cancel: &AtomicBool,
    ) -> Self {
        let mut plan = Self { kinds: selection.kinds, parts: Vec::new(), units: Vec::new() };
        for (at, pack) in (0u32..).zip(&store.packs) {
            if cancel.load(Relaxed) {
                return plan;
            }
            plan.part(store, selection, threads, at, pack);
        }
        for number in 0..if store.has_loose() { store.len() } else { 0 } {
            if let Copy::Loose(at) = store.index.first(number)
                && selection.wants(number)
            {
                plan.units.push(Unit::Loose { at, number });
            }
        }
        plan
    }

    fn part(
        &mut self,
        store: &'s Store,
        selection: &Selection<'_>,
        threads: usize,
        at: u32,
        pack: &'s Pack,
    ) {
        let mut chosen = Bits::new(pack.list.count());
        let mut is_any = false;
        for position in 0..pack.list.count() {
            let number = store.index.number(at, position);
            if store.index.first(number) == (Copy::Packed { pack: at, position })
                && selection.wants(number)
            {
                chosen.set(position);
                is_any = true;
            }
        }
        // What hangs on what is not asked of a pack of which nothing is wanted.
        let forest = if is_any { store.forest(at, threads) } else { &EMPTY };
        let count = forest.len();
        let (mut selected, mut needed) = (Bits::new(count), Bits::new(count));
        for node in 0..count {
            if forest.kind(node).is_none_or(|kind| selection.kinds.contains(kind))
                && forest.position(node).is_some_and(|position| chosen.get(position))
            {
                selected.set(node);
                let mut above = node;
                while needed.set(above) {
                    match forest.base(above) {
                        Ok(base) => above = base,
                        Err(_) => self.units.push(Unit::Family { part: at, node: above }),
                    }
                }
            }
        }
        for (place, (position, _)) in (0u32..).zip(&forest.astray) {
            if chosen.get(*position) {
                self.units.push(Unit::Astray { part: at, at: place });
            }
        }
        self.parts.push(Part { pack, forest, selected, needed });
    }
}

impl Part<'_> {
    /// The first place from `at` on, but before `end`, among the children where there is one that
    /// is needed; or else `end`.
    pub(super) fn next_needed(&self, at: u32, end: u32) -> u32 {
        (at..end).find(|&at| self.needed.get(self.forest.child(at))).unwrap_or(end)
    }
}

/// A bit for each node.
pub(super) struct Bits(Vec<u64>);

impl Bits {
    fn new(count: u32) -> Self {
        Self(vec![0; (count as usize).div_ceil(64)])
    }

    /// Sets a bit; whether it was not set before.
    fn set(&mut self, at: u32) -> bool {
        let (word, bit) = (&mut self.0[at as usize / 64], 1 << (at % 64));
        let before = *word;
        *word |= bit;
        before != *word
    }

    pub(super) fn get(&self, at: u32) -> bool {
        self.0[at as usize / 64] >> (at % 64) & 1 != 0
    }
}
