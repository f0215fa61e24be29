//! The walk over all objects of a store: families depth first, on several threads.

mod frame;
mod make;
mod plan;
mod pool;
mod share;
mod single;
mod worker;

use crate::store::Store;
use crate::{Kind, Visitor};
use plan::Plan;
use share::Share;
use std::sync::atomic::AtomicBool;
use std::thread;
use worker::Worker;

/// Some of the four kinds of objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// All four.
    pub const ALL: Self = Self(0xf);
    /// None.
    pub const NONE: Self = Self(0);
    /// Files.
    pub const BLOBS: Self = Self::NONE.with(Kind::Blob);

    /// These and one more.
    #[must_use]
    pub const fn with(self, kind: Kind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }

    /// Whether one is among them.
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 >> kind as u8 & 1 != 0
    }
}

impl FromIterator<Kind> for Kinds {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::NONE, Self::with)
    }
}

/// What a walk hands over.
#[derive(Clone, Copy)]
pub struct Selection<'a> {
    /// Objects of these kinds.
    pub kinds: Kinds,
    /// Of these, those whose numbers it says yes to; all of them if there is nothing to ask. It is
    /// asked at most once about each.
    pub wanted: Option<&'a (dyn Fn(u32) -> bool + Sync)>,
}

impl Selection<'_> {
    fn wants(&self, number: u32) -> bool {
        self.wanted.is_none_or(|wanted| wanted(number))
    }
}

pub(crate) fn run<V: Visitor>(
    store: &Store,
    selection: &Selection<'_>,
    threads: usize,
    cancel: &AtomicBool,
    visitor: impl Fn() -> V + Sync,
) -> Vec<V> {
    let threads = threads.max(1);
    let plan = Plan::new(store, selection, threads, cancel);
    let share = Share::new(threads);
    let work = || {
        let _end = share.end_if_panicking();
        Worker::new(store, &plan, &share, cancel, visitor()).run()
    };
    if threads == 1 {
        return vec![work()];
    }
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, V>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    })
}
