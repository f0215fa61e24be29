//! Charts as SVG: plain markup without script or style sheet, for a page, a print or a mail.
//!
//! Text and axes take the colour of the text round them, so that a chart reads well on a light
//! page, a dark one and on paper. Each series has a class (`q-series-1` …) that a page may give
//! another colour. What a chart shows is also told in its description, for those who hear the page.

mod ages;
mod burn_down;
mod drawing;
mod survival;

pub use ages::ages;
pub use burn_down::burn_down;
pub use survival::{Curve, survival};
