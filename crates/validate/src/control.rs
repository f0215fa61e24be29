//! The negative control: what an endpoint makes of a credential that nobody ever issued.

use std::collections::HashMap;
use std::future::Future;
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

/// One control, keyed by endpoint and rule.
type Cells = HashMap<(String, String), Arc<OnceCell<Outcome>>>;

/// The controls of a run, each done once.
#[derive(Default)]
pub(crate) struct Controls {
    cells: Mutex<Cells>,
}

impl Controls {
    /// The outcome for `rule` at `endpoint`; `run` is called the first time only.
    pub(crate) async fn once<F>(&self, endpoint: &str, rule: &str, run: F) -> Outcome
    where
        F: Future<Output = Outcome>,
    {
        self.cell(endpoint, rule).get_or_init(|| run).await.clone()
    }

    fn cell(&self, endpoint: &str, rule: &str) -> Arc<OnceCell<Outcome>> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(cells.entry((endpoint.to_owned(), rule.to_owned())).or_default())
    }
}
