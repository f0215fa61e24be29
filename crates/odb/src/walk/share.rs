//! What the threads of a walk share: who does what, and help for those who have too much to do.

use super::frame::Frame;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub(super) struct Share<S> {
    /// The next unit of the plan.
    next: AtomicUsize,
    /// Some thread has nothing to do, and nothing has been given to it yet.
    hungry: AtomicBool,
    inner: Mutex<Inner<S>>,
    changed: Condvar,
    /// Whoever holds more than its share of the memory holds this.
    large: Mutex<()>,
    threads: usize,
    /// Keyed anew in each walk, so that nobody can make two objects of one hash.
    hashes: RandomState,
}

struct Inner<S> {
    gifts: Vec<Frame<S>>,
    waiting: usize,
    done: bool,
}

impl<S> Share<S> {
    pub(super) fn new(threads: usize) -> Self {
        Self {
            next: AtomicUsize::new(0),
            hungry: AtomicBool::new(false),
            inner: Mutex::new(Inner { gifts: Vec::new(), waiting: 0, done: false }),
            changed: Condvar::new(),
            large: Mutex::new(()),
            threads,
            hashes: RandomState::new(),
        }
    }

    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    /// A hash of bytes by which they are known again.
    pub(super) fn hash(&self, bytes: &[u8]) -> u64 {
        self.hashes.hash_one(bytes)
    }

    /// The place of a unit that nobody else does.
    pub(super) fn unit(&self) -> usize {
        self.next.fetch_add(1, Relaxed)
    }

    /// Whether somebody would take what is given.
    pub(super) fn is_hungry(&self) -> bool {
        self.hungry.load(Relaxed)
    }

    /// Gives work away.
    pub(super) fn give(&self, frame: Frame<S>) {
        let mut inner = self.lock();
        inner.gifts.push(frame);
        self.hungry.store(inner.waiting > inner.gifts.len(), Relaxed);
        drop(inner);
        self.changed.notify_one();
    }

    /// Waits for work; `None` once everybody does.
    pub(super) fn take(&self) -> Option<Frame<S>> {
        let mut inner = self.lock();
        inner.waiting += 1;
        loop {
            if inner.waiting == self.threads && inner.gifts.is_empty() {
                inner.done = true;
                self.changed.notify_all();
            }
            if inner.done {
                return None;
            }
            if let Some(gift) = inner.gifts.pop() {
                inner.waiting -= 1;
                return Some(gift);
            }
            self.hungry.store(true, Relaxed);
            inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets nobody wait any more.
    pub(super) fn finish(&self) {
        self.lock().done = true;
        self.changed.notify_all();
    }

    /// Waits until nobody else holds more than its share.
    pub(super) fn large(&self) -> MutexGuard<'_, ()> {
        self.large.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something to hold for as long as a thread works: should it panic, the others do not wait
    /// for it for ever.
    pub(super) fn end_if_panicking(&self) -> End<'_, S> {
        End(self)
    }

    fn lock(&self) -> MutexGuard<'_, Inner<S>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct End<'a, S>(&'a Share<S>);

impl<S> Drop for End<'_, S> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.finish();
        }
    }
}
