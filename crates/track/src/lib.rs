//! Takes repositories through the whole loop: fetch, scan, validate, reconcile, append.
//!
//! [`look()`] reads sources and gathers hits, [`Tracker::assess`] asks the issuers and lets go of
//! the secrets, [`Tracker::record`] reconciles the survey with the ledger. [`Tracker::retest`] is
//! the same loop with another source: the places where the credentials are known to be. [`find()`]
//! tells where a value stands at all. [`act()`] is the way of a person's action.

mod act;
mod ask;
mod confirm;
mod decide;
mod error;
mod escrow;
mod evidence;
mod find;
mod inventory;
mod look;
mod mirror;
mod names;
mod newer;
mod night;
mod notify;
mod record;
mod retest;
mod sealed;
mod silencing;
mod tickets;

pub use act::{ActError, act, act_showing, named};
pub use ask::ask_all;
pub use error::TrackError;
pub use escrow::Opening;
pub use evidence::{EvidenceFolder, Kept};
pub use find::{Standing, find};
pub use inventory::{Enlisted, amend, clones_in, enlist, scanned_sources};
pub use look::{Look, Looking, SourceError, look};
pub use mirror::{Fetching, HostToken, Mirrors, check_url, host_of, is_remote, private_folder};
pub use night::{
    Due, LEASE, Night, NightLimits, PieceOutcome, PieceReport, Told, begin, end, figures, order,
    reclaim,
};
pub use notify::{Plan, Route, Sent, plan, send};
pub use record::{Outcome, Tracker, seeing_rules};
pub use retest::{Retest, Wanted};
pub use sealed::{SurveyError, SurveyKey, SurveyKeyError, open_sealed, seal};
pub use silencing::{
    Silencing, SilencingError, SilencingOptions, Stale, Suppression, SuppressionError,
    SuppressionReport, Suppressions, entries_text, is_live,
};
pub use tickets::{TicketDeed, TicketRun, TicketWish, Ticketing};
