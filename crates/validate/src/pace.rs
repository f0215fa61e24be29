//! How hard one origin is asked: few at once, with time between, patiently, and no more once it fails.

use crate::endpoint::Origin;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

/// How one origin is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How many calls may be under way at the same time.
    pub at_once: usize,
    /// The time from the beginning of one call to that of the next.
    pub every: Duration,
    /// The longest wait that an origin may ask for; a longer one ends its turn in this run.
    pub patience: Duration,
    /// After so many calls in a row without any answer it is left alone for the rest of the run.
    pub failures: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            at_once: 2,
            every: Duration::from_millis(200),
            patience: Duration::from_secs(60),
            failures: 5,
        }
    }
}

/// Why an origin is not asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// It asked for more patience than there is.
    Waiting,
    /// It failed too often.
    Broken,
}

/// The origins of a run.
pub(crate) struct Paces {
    pace: Pace,
    gates: Mutex<HashMap<Origin, Arc<Gate>>>,
}

/// What one origin may be asked, and when.
pub(crate) struct Gate {
    pace: Pace,
    credentials: Semaphore,
    slots: Semaphore,
    state: Mutex<State>,
}

struct State {
    /// When the next call may begin.
    next: Instant,
    /// How many calls in a row met with no answer.
    failed: u32,
    /// How often in a row it asked for patience without saying how much.
    asked: u32,
}

impl Paces {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, gates: Mutex::default() }
    }

    /// The gate of one origin.
    pub(crate) fn gate(&self, origin: &Origin) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = gates.entry(origin.clone()).or_insert_with(|| Arc::new(Gate::new(self.pace)));
        Arc::clone(gate)
    }
}

impl Gate {
    fn new(pace: Pace) -> Self {
        let state = State { next: Instant::now(), failed: 0, asked: 0 };
        let few = || Semaphore::new(pace.at_once.max(1));
        Self { pace, credentials: few(), slots: few(), state: Mutex::new(state) }
    }

    /// Waits until this origin can be asked about one more credential, which is under way as long as
    /// the permit is held. All calls about one come after another, so that a control need not wait
    /// until everything else was asked.
    pub(crate) async fn credential(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.credentials.acquire().await.ok()
    }

    /// Waits until a call may begin. The call is under way as long as the permit is held.
    pub(crate) async fn enter(&self) -> Result<SemaphorePermit<'_>, Closed> {
        // The semaphore is never closed.
        let permit = self.slots.acquire().await.map_err(|_| Closed::Broken)?;
        loop {
            let now = Instant::now();
            let turn = {
                let mut state = self.state();
                if state.failed >= self.pace.failures {
                    return Err(Closed::Broken);
                }
                if state.next > now + self.pace.patience {
                    return Err(Closed::Waiting);
                }
                if state.next <= now {
                    state.next = now + self.pace.every;
                    return Ok(permit);
                }
                state.next
            };
            sleep_until(turn).await;
        }
    }

    /// It answered, and did not ask for patience.
    pub(crate) fn answered(&self) {
        let mut state = self.state();
        state.failed = 0;
        state.asked = 0;
    }

    /// It did not answer.
    pub(crate) fn failed(&self) {
        self.state().failed += 1;
    }

    /// It asked for patience: for so long, or without saying how long.
    pub(crate) fn asked_for(&self, wait: Option<Duration>) {
        let mut state = self.state();
        state.failed = 0;
        // 1, 2, 4 … seconds, and more than anybody waits for in the end.
        let wait = wait.unwrap_or_else(|| Duration::from_secs(1 << state.asked.min(16)));
        state.asked += 1;
        let until = Instant::now().checked_add(wait);
        // A wait that no clock can hold is longer than any patience.
        let until = until.unwrap_or_else(|| Instant::now() + 2 * self.pace.patience);
        state.next = state.next.max(until);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(pace: Pace) -> Gate {
        Gate::new(pace)
    }

    async fn enter_after(gate: &Gate) -> Result<Duration, Closed> {
        let before = Instant::now();
        gate.enter().await.map(|_| before.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn calls_begin_one_after_the_other() {
        let gate = gate(Pace::default());
        let every = Pace::default().every;
        let begun = Instant::now();
        for _ in 0..10 {
            drop(gate.enter().await.unwrap());
        }
        assert_eq!(begun.elapsed(), every * 9);
        tokio::time::sleep(every * 5).await;
        assert_eq!(enter_after(&gate).await, Ok(Duration::ZERO), "time unused is not owed");
    }

    #[tokio::test(start_paused = true)]
    async fn only_so_many_are_under_way() {
        let gate = gate(Pace { at_once: 2, every: Duration::ZERO, ..Pace::default() });
        let first = gate.enter().await.unwrap();
        let _second = gate.enter().await.unwrap();
        let third = tokio::time::timeout(Duration::from_secs(3600), gate.enter()).await;
        assert!(third.is_err(), "it waits for as long as the two take");
        drop(first);
        assert!(gate.enter().await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn an_origin_gets_the_time_it_asks_for_within_reason() {
        let gate = gate(Pace { every: Duration::ZERO, ..Pace::default() });
        gate.asked_for(Some(Duration::from_secs(60)));
        assert_eq!(enter_after(&gate).await, Ok(Duration::from_secs(60)));
        gate.asked_for(Some(Duration::from_secs(61)));
        assert_eq!(enter_after(&gate).await, Err(Closed::Waiting));
        // Later in the run what is left of it may be waited for.
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_eq!(enter_after(&gate).await, Ok(Duration::from_secs(31)));
        gate.asked_for(Some(Duration::MAX));
        assert_eq!(enter_after(&gate).await, Err(Closed::Waiting));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_time_the_waits_double_until_it_is_given_up() {
        let gate = gate(Pace { every: Duration::ZERO, ..Pace::default() });
        let mut waits = Vec::new();
        let end = loop {
            gate.asked_for(None);
            match enter_after(&gate).await {
                Ok(wait) => waits.push(wait.as_secs()),
                Err(closed) => break closed,
            }
        };
        assert_eq!((waits, end), (vec![1, 2, 4, 8, 16, 32], Closed::Waiting));
        tokio::time::sleep(Duration::from_secs(3600)).await;
        gate.answered();
        gate.asked_for(None);
        assert_eq!(enter_after(&gate).await, Ok(Duration::from_secs(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_never_answers_is_left_alone() {
        let gate = gate(Pace { failures: 3, ..Pace::default() });
        for _ in 0..2 {
            gate.failed();
        }
        gate.answered();
        for _ in 0..3 {
            assert!(enter_after(&gate).await.is_ok());
            gate.failed();
        }
        assert_eq!(enter_after(&gate).await, Err(Closed::Broken));
    }
}
