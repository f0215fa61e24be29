//! Work spread over threads: chunks with a state for each thread, or two things at once.

use rayon::ThreadPoolBuilder;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Runs `work` over chunks of `items` on `threads` threads. Each thread makes its state once;
/// a thread whose state cannot be made leaves its share to the others.
///
/// The results come in the order of the chunks, whatever thread had which. `cancel` is looked at
/// between chunks.
pub(crate) fn chunks<T: Sync, S, R: Send, E: Send>(
    items: &[T],
    chunk: usize,
    threads: usize,
    cancel: &AtomicBool,
    state: impl Fn() -> Result<S, E> + Sync,
    work: impl Fn(&mut S, &[T]) -> R + Sync,
) -> Result<Vec<R>, E> {
    let chunks: Vec<&[T]> = items.chunks(chunk.max(1)).collect();
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(chunks.len()));
    let failed: Mutex<Option<E>> = Mutex::new(None);
    let share = || {
        let mut mine = match state() {
            Ok(mine) => mine,
            Err(error) => {
                *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                return;
            }
        };
        while !cancel.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(share) = chunks.get(at) else { break };
            let result = work(&mut mine, share);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
        }
    };
    match ThreadPoolBuilder::new().num_threads(threads.clamp(1, chunks.len().max(1))).build() {
        Ok(pool) => drop(pool.broadcast(|_| share())),
        // Where the system gives no more threads, the one there is does all.
        Err(_) => share(),
    }
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let cancelled = cancel.load(Ordering::Relaxed);
    if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner)
        && done.len() < chunks.len()
        && !cancelled
    {
        return Err(error);
    }
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// Does two things, at the same time where there may be more than one thread.
pub(crate) fn both<A: Send, B>(
    threads: usize,
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B,
) -> (A, B) {
    if threads < 2 {
        return (one(), other());
    }
    thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|panic| resume_unwind(panic)), other)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_work() {
        let items: Vec<u32> = (0..1000).collect();
        let cancel = AtomicBool::new(false);
        for threads in [1, 7] {
            let sums =
                chunks(&items, 9, threads, &cancel, || Ok::<_, ()>(()), |(), share| share.to_vec());
            assert_eq!(sums.unwrap().concat(), items);
        }
    }

    #[test]
    fn both_are_done_with_any_number_of_threads() {
        for threads in [1, 2] {
            let mut here = 0;
            assert_eq!(both(threads, || 3, || here += 4), (3, ()));
            assert_eq!(here, 4);
        }
    }

    #[test]
    fn nothing_is_begun_after_a_cancel_and_no_state_is_an_error() {
        let cancel = AtomicBool::new(true);
        let ran = chunks(&[1, 2], 1, 2, &cancel, || Ok::<_, ()>(()), |(), _| 1).unwrap();
        assert!(ran.is_empty());
        let cancel = AtomicBool::new(false);
        let none = chunks(&[1, 2], 1, 2, &cancel, || Err::<(), _>("no"), |(), _| 1);
        assert_eq!(none.unwrap_err(), "no");
    }
}
