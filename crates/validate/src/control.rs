//! The negative control: what an endpoint makes of a credential that nobody ever issued.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// How the negative control of one rule at one endpoint ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Denied by a `dead` clause: a "live" may be believed.
    Denied,
    /// It looked live: the recipe decides nothing here.
    Accepted,
    /// None was sent, because failed logins count.
    NotSent,
    /// It met with something else.
    Failed(String),
}

/// How often a control that gets no answer is sent in a run.
const TRIES: usize = 3;

/// The controls of one rule at one endpoint.
#[derive(Default)]
struct Cell {
    answer: OnceCell<Outcome>,
    failed: AtomicUsize,
}

/// The controls of a run, each answered once.
#[derive(Default)]
pub(crate) struct Controls {
    cells: Mutex<HashMap<(String, String), Arc<Cell>>>,
}

impl Controls {
    /// The outcome for `rule` at `endpoint`. One that failed may have met with a public part that is
    /// wrong, so that another credential may try again, a few times.
    pub(crate) async fn answered<F>(
        &self,
        endpoint: &str,
        rule: &str,
        run: impl FnOnce() -> F,
    ) -> Outcome
    where
        F: Future<Output = Outcome>,
    {
        let cell = self.cell(endpoint, rule);
        let tried = async || match run().await {
            Outcome::Failed(why) if cell.failed.fetch_add(1, Ordering::Relaxed) + 1 < TRIES => {
                Err(Outcome::Failed(why))
            }
            answer => Ok(answer),
        };
        cell.answer.get_or_try_init(tried).await.map_or_else(|failed| failed, Clone::clone)
    }

    fn cell(&self, endpoint: &str, rule: &str) -> Arc<Cell> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(cells.entry((endpoint.to_owned(), rule.to_owned())).or_default())
    }
}
