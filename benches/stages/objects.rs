//! Ends a scan of a history when every object has been read, before it asks who brought what in.

use quietus_scan::{Progress, Stage};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Cancels a scan of two threads or more as soon as the threads that read its objects are gone.
///
/// The stage that follows is told of too late: by then the trees have been read. But each of the
/// threads says that it got on before it ends, and the scan waits for all of them before it goes on.
pub(crate) struct ObjectsOnly(Arc<Readers>);

struct Readers {
    left: AtomicUsize,
    are_gone: AtomicBool,
}

/// Lies in each of the threads, and is dropped with it.
struct Reader(Arc<Readers>);

thread_local! {
    static READER: RefCell<Option<Reader>> = const { RefCell::new(None) };
}

impl Drop for Reader {
    fn drop(&mut self) {
        if self.0.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.are_gone.store(true, Ordering::SeqCst);
        }
    }
}

impl ObjectsOnly {
    /// For a scan of so many threads.
    pub(crate) fn new(threads: usize) -> Self {
        assert!(threads > 1, "with one thread there is none that would be gone");
        let left = AtomicUsize::new(threads);
        Self(Arc::new(Readers { left, are_gone: AtomicBool::new(false) }))
    }

    /// The flag that ends the scan.
    pub(crate) fn cancel(&self) -> &AtomicBool {
        &self.0.are_gone
    }
}

impl Progress for ObjectsOnly {
    fn stage(&self, _: Stage, _: Option<u64>) {}

    fn advance(&self, _: u64, _: u64) {
        READER.with_borrow_mut(|reader| {
            reader.get_or_insert_with(|| Reader(Arc::clone(&self.0)));
        });
    }
}
