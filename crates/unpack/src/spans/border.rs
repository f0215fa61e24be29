//! Where a text can be cut without cutting a stretch, so that a part of it can be looked at alone.

use super::runs::{SHORTEST_LINE, may_be_encoded};
use std::ops::Range;

/// The last place in `range` of a text before which it can be cut, and the beginning of `range` where
/// there is none: the stretches of either part alone are those that [`spans`](crate::spans()) finds
/// there in all of the text, and no stretch lies on both sides. At the beginning itself the text must
/// be known to fall apart, or to begin.
///
/// ```
/// use quietus_unpack::border_before;
///
/// assert_eq!(border_before(b"one two three", 0..6), 4);
/// ```
pub fn border_before(text: &[u8], range: Range<usize>) -> usize {
    let Range { start, end } = range;
    let blanks = text[start..end].iter().enumerate().rev().filter(|(_, byte)| **byte <= b' ');
    let mut borders = blanks.map(|(blank, _)| start + blank + 1);
    borders.find(|&at| is_border(&text[..at], true)).unwrap_or(start)
}

/// The first place behind `from` before which a text can be cut, whatever stands before `from`.
///
/// ```
/// use quietus_unpack::border_behind;
///
/// assert_eq!(border_behind(b"one two three", 5), 8);
/// ```
pub fn border_behind(text: &[u8], from: usize) -> usize {
    let blanks = text[from..].iter().enumerate().filter(|(_, byte)| **byte <= b' ');
    let mut borders = blanks.map(|(blank, _)| from + blank + 1);
    borders.find(|&at| is_border(&text[from..at], false)).unwrap_or(text.len())
}

/// Whether a text can be cut behind `before`, which ends with a blank, and with which the text begins
/// unless anything may stand before it: a stretch reaches over the end of a line, if that is long enough
/// or ends with `=`, and over the blanks that follow it, and over no others.
fn is_border(before: &[u8], begins: bool) -> bool {
    match before.split_last() {
        Some((b' ' | b'\t', rest)) => !matches!(rest.last(), None | Some(b' ' | b'\t' | b'\n')),
        Some((b'\n', rest)) => {
            let line = rest.strip_suffix(b"\r").unwrap_or(rest);
            let mut last = line.iter().rev().take(SHORTEST_LINE);
            let is_short = begins && line.len() < SHORTEST_LINE;
            line.last() != Some(&b'=') && (is_short || !last.all(|&byte| may_be_encoded(byte)))
        }
        _ => false,
    }
}
