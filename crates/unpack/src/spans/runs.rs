//! Base64 and hex: long runs of one alphabet.

use super::{Encoding, Mark, Span, is_worthwhile};
use std::ops::Range;

/// So many characters make 16 bytes of base64.
const SHORTEST: usize = 22;
/// And so many make 16 bytes of hex.
const SHORTEST_HEX: usize = 32;
/// Lines of wrapped base64 are 60, 64 or 76 long, and seldom anything less than this.
pub(super) const SHORTEST_LINE: usize = 40;

/// Bytes that are looked at together.
pub const STEP: usize = 64;

const STANDARD: u8 = 1;
const URL: u8 = 2;
const ANY: u8 = STANDARD | URL;
const HEX: u8 = 4;
/// Of these a run of base64 has all three: else it is a name, a number, or a path.
const UPPER: u8 = 8;
const LOWER: u8 = 16;
const OTHER: u8 = 32;
const MIXED: u8 = UPPER | LOWER | OTHER;

const CLASS: [u8; 256] = classes();
static VALUE: [u8; 256] = values();
static DIGIT: [u8; 256] = digits();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let c = byte as u8;
        if c.is_ascii_alphanumeric() {
            table[byte] = STANDARD | URL;
        }
        if c.is_ascii_uppercase() {
            table[byte] |= UPPER;
        }
        if c.is_ascii_lowercase() {
            table[byte] |= LOWER;
        }
        if c.is_ascii_digit() {
            table[byte] |= OTHER;
        }
        if c.is_ascii_hexdigit() {
            table[byte] |= HEX;
        }
        byte += 1;
    }
    table[b'+' as usize] = STANDARD | OTHER;
    table[b'/' as usize] = STANDARD | OTHER;
    table[b'-' as usize] = URL | OTHER;
    table[b'_' as usize] = URL | OTHER;
    table
}

const fn values() -> [u8; 256] {
    let mut table = [0; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut at = 0;
    while at < 64 {
        table[alphabet[at] as usize] = at as u8;
        at += 1;
    }
    table[b'-' as usize] = 62;
    table[b'_' as usize] = 63;
    table
}

const fn digits() -> [u8; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 16 {
        let digit = b"0123456789abcdef"[at];
        table[digit as usize] = at as u8;
        table[digit.to_ascii_uppercase() as usize] = at as u8;
        at += 1;
    }
    table
}

fn class(byte: u8) -> u8 {
    CLASS[usize::from(byte)]
}

/// Whether a byte may be one of a run of base64 or hex.
pub const fn may_be_encoded(byte: u8) -> bool {
    CLASS[byte as usize] & ANY != 0
}

/// So many steps are marked at a time.
const BATCH: usize = 8;

/// Finds runs that are long enough.
pub(super) fn find(text: &[u8], mark: &Mark<'_>, found: &mut Vec<Span>) {
    each(text, mark, |range| run(text, range, found));
}

/// Tells `found` where in a text a run begins that may hold a stretch.
pub(super) fn glance(text: &[u8], mark: &Mark<'_>, mut found: impl FnMut(usize)) {
    each(text, mark, |range| {
        if is_promising(&text[range.clone()]) {
            found(range.start);
        }
        range.end
    });
}

/// Calls `look` for each run that is long enough; it tells where what it found there ends, and no run
/// begins before that.
fn each(text: &[u8], mark: &Mark<'_>, mut look: impl FnMut(Range<usize>) -> usize) {
    if text.len() < SHORTEST {
        return;
    }
    let (steps, rest) = text.as_chunks::<STEP>();
    // What comes behind the last whole step.
    let mut last = [[0; STEP]];
    last[0][..rest.len()].copy_from_slice(rest);
    let mut runs = Runs { text, base: 0, before: 0, from: 0 };
    let mut marks = [0; BATCH];
    for steps in steps.chunks(BATCH).chain([&last[..]]) {
        let marks = &mut marks[..steps.len()];
        mark(steps, marks);
        marks.iter().for_each(|mark| runs.step(*mark, &mut look));
    }
}

/// The search for runs.
struct Runs<'a> {
    text: &'a [u8],
    /// Where the step begins that is looked at.
    base: usize,
    /// How many bytes before it may belong to a run in it.
    before: usize,
    /// Where the last run ends.
    from: usize,
}

impl Runs<'_> {
    fn step(&mut self, marks: u64, look: &mut impl FnMut(Range<usize>) -> usize) {
        let start = (self.base - self.before).max(self.from);
        if start < self.base && self.base - start + marks.trailing_ones() as usize >= SHORTEST {
            self.run(start, look);
        }
        let mut starts = following::<SHORTEST>(marks);
        while starts != 0 {
            let start = self.base + starts.trailing_zeros() as usize;
            if start >= self.from {
                self.run(start, look);
            }
            let done = self.from.saturating_sub(self.base);
            starts = if done < STEP { starts >> done << done } else { 0 };
        }
        self.before = marks.leading_ones() as usize;
        self.base += STEP;
    }

    fn run(&mut self, start: usize, look: &mut impl FnMut(Range<usize>) -> usize) {
        let end = end_of(self.text, start + SHORTEST, ANY);
        self.from = look(start..end).max(end);
    }
}

/// At which marks so many begin to follow one another.
fn following<const MANY: usize>(marks: u64) -> u64 {
    let (mut all, mut many) = (marks, 1);
    while many < MANY {
        let more = many.min(MANY - many);
        all &= all >> more;
        many += more;
    }
    all
}

/// Whether a run may be a stretch, or the beginning of one: as [`run`] asks, with a little to spare.
fn is_promising(run: &[u8]) -> bool {
    let (mut any, mut others) = (0, 0);
    for &byte in run {
        any |= class(byte);
        others += usize::from(class(byte) & HEX == 0);
    }
    // `\n` and `0x` may stand before hex.
    any & MIXED == MIXED || (run.len() >= SHORTEST_HEX && others <= 2)
}

/// Marks one byte after the other.
pub(super) fn mark(steps: &[[u8; STEP]], marks: &mut [u64]) {
    for (step, mark) in steps.iter().zip(marks) {
        let bit = |at: usize| u64::from(may_be_encoded(step[at])) << at;
        *mark = (0..STEP).fold(0, |mark, at| mark | bit(at));
    }
}

fn end_of(text: &[u8], from: usize, wanted: u8) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().position(|&byte| class(byte) & wanted == 0).unwrap_or(rest.len())
}

/// Looks at one run of either alphabet. Returns where the stretches that begin in it end.
fn run(text: &[u8], mut run: Range<usize>, found: &mut Vec<Span>) -> usize {
    // `\n` and the like before it belong to the text round it.
    if run.start > 0
        && text[run.start - 1] == b'\\'
        && matches!(text[run.start], b'n' | b'r' | b't')
    {
        run.start += 1;
    }
    if let Some(end) = hex(text, &run, found) {
        return end;
    }
    let mut last = run.end;
    let (mut any, mut lacking) = (0, 0);
    for &byte in &text[run.clone()] {
        any |= class(byte);
        lacking |= !class(byte);
    }
    // Most long runs are names.
    if any & MIXED != MIXED {
        return last;
    }
    for (alphabet, other, encoding) in
        [(STANDARD, URL, Encoding::Base64), (URL, STANDARD, Encoding::Base64Url)]
    {
        // Where both read the same, the first has it.
        if alphabet == URL && lacking & STANDARD == 0 {
            break;
        }
        let mut at = run.start;
        while at < run.end {
            let end = end_of(&text[..run.end], at, alphabet);
            let own = text[at..end].iter().any(|&byte| class(byte) & other == 0);
            if end - at >= SHORTEST && (alphabet == STANDARD || own) {
                last = last.max(base64(text, at..end, alphabet, encoding, found));
            }
            at = end + 1;
        }
    }
    last
}

/// Lines of a stretch: their characters, and where it ends.
fn lines(text: &[u8], first: Range<usize>, wanted: u8) -> (Vec<Range<usize>>, usize) {
    let mut lines = vec![first.clone()];
    let mut line = first;
    while line.len() >= SHORTEST_LINE && line.len().is_multiple_of(4) {
        let Some(next) = after_break(text, line.end) else { break };
        let end = end_of(text, next, wanted);
        // A line that goes on in another alphabet is none of these.
        if end == next || text.get(end).is_some_and(|&byte| class(byte) & ANY != 0) {
            break;
        }
        line = next..end;
        lines.push(line.clone());
    }
    (lines, line.end)
}

/// Where the next line begins: behind the end of a line and its spaces, or behind `\n` as it stands
/// in strings.
fn after_break(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    for escaped in [&b"\\r\\n"[..], b"\\n"] {
        if rest.starts_with(escaped) {
            return Some(at + escaped.len());
        }
    }
    let broken = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"))?;
    let spaces = broken.iter().position(|byte| !matches!(byte, b' ' | b'\t'));
    Some(text.len() - broken.len() + spaces.unwrap_or(broken.len()))
}

/// A stretch of base64 that begins with a run. Returns where it ends.
fn base64(
    text: &[u8],
    first: Range<usize>,
    alphabet: u8,
    encoding: Encoding,
    found: &mut Vec<Span>,
) -> usize {
    let start = first.start;
    let mixed = text[first.clone()].iter().fold(0, |all, &byte| all | class(byte));
    if mixed & MIXED != MIXED {
        return first.end;
    }
    let (lines, mut end) = lines(text, first, alphabet);
    let bytes = decode(lines.iter().flat_map(|line| &text[line.clone()]));
    for _ in 0..2 {
        end += usize::from(text.get(end) == Some(&b'='));
    }
    if is_worthwhile(&bytes) {
        found.push(Span { range: start..end, encoding, bytes });
    }
    // All lines but the last are whole fours, so that none of them says more by itself.
    end
}

/// Four characters are three bytes. What is left over at the end counts as far as it makes bytes.
fn decode<'a>(characters: impl Iterator<Item = &'a u8>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(characters.size_hint().0 / 4 * 3 + 3);
    let (mut value, mut bits) = (0u32, 0);
    for &character in characters {
        value = value << 6 | u32::from(VALUE[usize::from(character)]);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((value >> bits) as u8);
        }
    }
    bytes
}

/// A whole text of base64, whatever else stands between its characters.
pub(crate) fn decode_base64(text: &[u8]) -> Vec<u8> {
    decode(text.iter().filter(|&&byte| class(byte) & STANDARD != 0))
}

/// A stretch of hex, if the run is nothing else. Returns where it ends.
fn hex(text: &[u8], run: &Range<usize>, found: &mut Vec<Span>) -> Option<usize> {
    let mut start = run.start;
    if text[start..].starts_with(b"0x") || text[start..].starts_with(b"0X") {
        start += 2;
    }
    if end_of(&text[..run.end], start, HEX) != run.end {
        return None;
    }
    let (lines, end) = lines(text, start..run.end, HEX);
    let mut digits = lines.iter().flat_map(|line| &text[line.clone()]);
    let mut bytes = Vec::with_capacity((end - start) / 2);
    while let (Some(&high), Some(&low)) = (digits.next(), digits.next()) {
        bytes.push(nibble(high) << 4 | nibble(low));
    }
    if (end - start) >= SHORTEST_HEX && is_worthwhile(&bytes) {
        found.push(Span { range: start..end, encoding: Encoding::Hex, bytes });
    }
    // Digits alone are hex or nothing: base64 has more letters.
    Some(end)
}

/// The value of a hex digit; of anything else, 0.
pub(super) fn nibble(digit: u8) -> u8 {
    DIGIT[usize::from(digit)]
}
