//! Counts how well leaked credentials are dealt with.
//!
//! Pure: items and a moment in, [`Metrics`] out. Nothing here decides anything about an item; what
//! is verified and what people only gave their word for is counted apart throughout, and what
//! nobody knows counts as valid. Spans are in seconds, days have 24 hours, shares lie between 0 and
//! 1, and a figure over nothing is `None`, never 0.

mod backlog;
mod closures;
mod end;
mod figures;
mod half_done;
mod spans;
mod still_valid;
mod survival;
mod verification;
mod weeks;

pub use backlog::{Age, Backlog, Kept};
pub use closures::{Closures, Reopenings};
pub use figures::{Figures, Metrics};
pub use half_done::HalfDone;
pub use spans::{Spans, Times};
pub use still_valid::{PUBLISHED, Published, StillValid};
pub use survival::{DAYS, Point, Subject, Survival, kaplan_meier};
pub use verification::Verification;
pub use weeks::Week;
