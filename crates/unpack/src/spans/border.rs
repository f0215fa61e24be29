//! Where a text can be cut without cutting a stretch, so that a part of it can be looked at alone.

use super::runs::{SHORTEST_LINE, may_be_encoded};
use std::ops::Range;

/// So many bytes before a border decide that it is one; nothing behind it does.
pub const BORDER_SIGHT: usize = SHORTEST_LINE + 2;

/// The least range with all of `range` in it at whose ends `text` can be cut: the stretches of that
/// part alone are those that [`spans`](crate::spans()) finds there in all of the text, and no stretch
/// of it lies on both sides of an end.
///
/// ```
/// use quietus_unpack::around;
///
/// assert_eq!(around(b"one two three", 5..6), 4..8);
/// ```
pub fn around(text: &[u8], range: Range<usize>) -> Range<usize> {
    let end = range.end.min(text.len());
    border_before(text, range.start.min(end))..border_behind(text, end)
}

/// The last border that is not behind `at`.
fn border_before(text: &[u8], at: usize) -> usize {
    let blanks = text[..at].iter().enumerate().rev().filter(|(_, byte)| **byte <= b' ');
    blanks.map(|(blank, _)| blank + 1).find(|&at| is_border(text, at)).unwrap_or(0)
}

/// The first border that is not before `at`.
fn border_behind(text: &[u8], at: usize) -> usize {
    let from = at.saturating_sub(1);
    let blanks = text[from..].iter().enumerate().filter(|(_, byte)| **byte <= b' ');
    let mut borders = blanks.map(|(blank, _)| from + blank + 1).filter(|&at| is_border(text, at));
    if at == 0 { 0 } else { borders.next().unwrap_or(text.len()) }
}

/// Whether a text can be cut before the byte at `at`, behind a blank: a stretch reaches over the end of a line, if
/// that is long enough or ends with `=`, and over the blanks that follow it, and over no others.
fn is_border(text: &[u8], at: usize) -> bool {
    let Some(before) = text[..at].split_last() else { return true };
    match before {
        (b' ' | b'\t', rest) => !matches!(rest.last(), None | Some(b' ' | b'\t' | b'\n')),
        (b'\n', rest) => {
            let line = rest.strip_suffix(b"\r").unwrap_or(rest);
            let mut last = line.iter().rev().take(SHORTEST_LINE);
            line.last() != Some(&b'=')
                && (line.len() < SHORTEST_LINE || !last.all(|&byte| may_be_encoded(byte)))
        }
        _ => false,
    }
}
