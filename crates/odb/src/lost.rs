//! What could not be read, so that it is not tried again for every object that is made of it.
//!
//! Chains of changes may be long and have copies in other packs, and each link of each copy may be
//! tried in its turn: without this, a small store could keep a reader busy for days.

use crate::Reason;
use crate::fault::Fault;
use crate::read::Spot;
use std::collections::HashMap;

/// So many spots are remembered, in up to 20 MB; then all are forgotten.
const MOST: usize = 1 << 18;

/// The spots that cannot be read, and why, while bases of one greatest length are asked for.
#[derive(Default)]
pub(crate) struct Lost {
    inner: u64,
    /// Places in `faults`, by the spot and by whether other copies of what it is made of were tried.
    spots: HashMap<(Spot, bool), u32>,
    /// The same one is mostly that of a whole chain.
    faults: Vec<Fault>,
}

impl Lost {
    /// From now on bases may have so many bytes; what was too large before may not be any more.
    pub(crate) fn begin(&mut self, inner: u64) {
        if self.inner != inner {
            *self = Self { inner, ..Self::default() };
        }
    }

    /// Why a spot cannot be read, if that is known: as it is stored, or, with `mend`, not even by
    /// way of other copies.
    pub(crate) fn why(&self, spot: Spot, mend: bool) -> Option<Fault> {
        if self.spots.is_empty() {
            return None;
        }
        let at = *self.spots.get(&(spot, mend))?;
        self.faults.get(at as usize).cloned()
    }

    /// Remembers it. What the system would not let be read may be had the next time.
    pub(crate) fn note(&mut self, spot: Spot, fault: &Fault, mend: bool) {
        if fault.reason == Reason::Unreadable {
            return;
        }
        if self.spots.len() == MOST {
            self.spots.clear();
            self.faults.clear();
        }
        if self.faults.last() != Some(fault) {
            self.faults.push(fault.clone());
        }
        self.spots.insert((spot, mend), self.faults.len() as u32 - 1);
    }
}
