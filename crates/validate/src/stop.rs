//! The user's wish to stop: no more is sent, and what may be given up is given up.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How soon the wish is noticed while something else is waited for.
const NOTICED: Duration = Duration::from_millis(50);

/// Where the wish is told; nowhere when nobody can have it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stop(Option<&'static AtomicBool>);

impl Stop {
    pub(crate) fn new(flag: Option<&'static AtomicBool>) -> Self {
        Self(flag)
    }

    /// Whether the user wants to stop.
    pub(crate) fn is_wanted(self) -> bool {
        self.0.is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// What `work` comes to; `None` when the user wants to stop first.
    pub(crate) async fn or<T>(self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.wanted() => None,
            done = work => Some(done),
        }
    }

    async fn wanted(self) {
        if self.0.is_none() {
            std::future::pending::<()>().await;
        }
        while !self.is_wanted() {
            tokio::time::sleep(NOTICED).await;
        }
    }
}
