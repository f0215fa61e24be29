//! A sighting with its place, before anything of it has been made safe to show.

use crate::vault::{SecretNumber, Sighting};
use quietus_model::Place;

/// One place of one secret. Paths, names and authors are still as the repository has them.
#[derive(Clone, Debug)]
pub(crate) struct Located {
    pub(crate) secret: SecretNumber,
    pub(crate) place: Place,
    pub(crate) path: Vec<u8>,
    pub(crate) sighting: Sighting,
    pub(crate) blob: Option<String>,
    pub(crate) versions: u32,
    pub(crate) introduced: Option<Author>,
    pub(crate) last_author: Option<Vec<u8>>,
    pub(crate) code_owners: Vec<String>,
    pub(crate) at_head: Vec<Vec<u8>>,
}

/// A commit with its author.
#[derive(Clone, Debug)]
pub(crate) struct Author {
    pub(crate) commit: String,
    pub(crate) person: Vec<u8>,
    /// The committer's date, in seconds.
    pub(crate) time: i64,
}

impl Located {
    /// A sighting at a place of which nothing more is known.
    pub(crate) fn new(place: Place, path: &[u8], sighting: &Sighting) -> Self {
        Self {
            secret: sighting.secret,
            place,
            path: path.to_vec(),
            sighting: sighting.clone(),
            blob: None,
            versions: 1,
            introduced: None,
            last_author: None,
            code_owners: Vec::new(),
            at_head: Vec::new(),
        }
    }
}
