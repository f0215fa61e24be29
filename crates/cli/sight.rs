//! What a command reads repositories with, beside rules, key and progress.

use crate::CANCEL;
use crate::setup::Setup;
use quietus_model::{FingerprintKey, RepositoryId};
use quietus_scan::{Detector, Options, Progress};
use quietus_track::{Looking, Mirrors};
use std::collections::BTreeMap;

/// The parts that stay the same for a whole run.
pub(crate) struct Sight {
    /// Threads, limits, what to leave out.
    pub(crate) options: Options,
    /// Names that configuration gives to sources.
    pub(crate) names: BTreeMap<String, RepositoryId>,
    /// The repositories that earlier scans read at a source.
    pub(crate) known: BTreeMap<String, RepositoryId>,
    /// Where mirrors of remote repositories are kept.
    pub(crate) mirrors: Mirrors,
}

impl Sight {
    /// One that names nothing and knows nothing of earlier scans.
    pub(crate) fn new(setup: &Setup, options: Options) -> Self {
        let mirrors = setup.mirrors();
        Self { options, names: BTreeMap::new(), known: BTreeMap::new(), mirrors }
    }

    /// One for known places, which need no more than the threads that the user allows.
    pub(crate) fn of_known_places(setup: &Setup) -> Self {
        Self::new(setup, Options { threads: setup.threads, ..Options::default() })
    }

    /// It, with rules, key and somebody to tell how far the work is.
    pub(crate) fn looking<'a>(
        &'a self,
        detector: &'a Detector,
        key: &'a FingerprintKey,
        progress: &'a dyn Progress,
    ) -> Looking<'a> {
        Looking {
            detector,
            key,
            options: &self.options,
            mirrors: &self.mirrors,
            names: &self.names,
            known: &self.known,
            progress,
            cancel: &CANCEL,
        }
    }
}
