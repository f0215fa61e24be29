//! Where a rule has to look: around its anchors, and nowhere else.

use super::anchors::Occurrence;
use super::matcher::Reach;
use std::ops::Range;

/// The ranges in which a rule of this reach has to look; those that touch become one.
pub(super) fn merge(of_rule: &[Occurrence], reach: Reach, len: usize) -> Vec<Range<usize>> {
    let mut windows: Vec<Range<usize>> = Vec::new();
    for Occurrence { start, end, .. } in of_rule {
        let start = start.saturating_sub(reach.before);
        let end = end.saturating_add(reach.after).min(len);
        match windows.last_mut() {
            Some(last) if start <= last.end => last.end = last.end.max(end),
            _ => windows.push(start..end),
        }
    }
    windows
}
