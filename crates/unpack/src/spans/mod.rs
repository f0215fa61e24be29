//! Encoded stretches of a text, found and decoded.

mod border;
mod escapes;
mod glance;
mod runs;

pub use border::{border_before, border_behind};
pub(crate) use escapes::{entity, quoted};
pub use glance::may_hold;
pub(crate) use runs::decode_base64;
pub use runs::{STEP, may_be_encoded};

use crate::kind::Kind;
use std::ops::Range;

/// Shorter than any secret without a name.
const SHORTEST: usize = 16;
/// What is readable in decoded bytes is at least so long.
const READABLE: usize = 12;

/// How a stretch is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Encoding {
    /// Base64 with `+` and `/`, RFC 4648 section 4.
    Base64,
    /// Base64 with `-` and `_`, RFC 4648 section 5.
    Base64Url,
    /// Two hex digits for each byte.
    Hex,
    /// `%40`, RFC 3986 section 2.1.
    Percent,
    /// `\u0040`, `\u{40}`, `\U00000040`, `\x40` and `\/`, as in JSON and most languages.
    Escapes,
    /// `&#64;`, `&#x40;`, `&amp;`: HTML and XML.
    Entities,
    /// `=40` and `=` at the end of a line, RFC 2045 section 6.7.
    QuotedPrintable,
    /// Colours of a terminal between the characters (ECMA-48, section 8.3.117), as in logs of builds.
    Colours,
}

impl Encoding {
    /// Its name, as it is told to people and programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
            Self::Hex => "hex",
            Self::Percent => "percent",
            Self::Escapes => "escapes",
            Self::Entities => "entities",
            Self::QuotedPrintable => "quoted-printable",
            Self::Colours => "colours",
        }
    }

    /// Whether it encodes single characters and leaves the others as they are.
    pub fn is_escaping(self) -> bool {
        !matches!(self, Self::Base64 | Self::Base64Url | Self::Hex)
    }
}

/// A stretch of a text that is encoded, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where in the text it lies.
    pub range: Range<usize>,
    /// How it is encoded.
    pub encoding: Encoding,
    /// What it says.
    pub bytes: Vec<u8>,
}

/// Finds the encoded stretches of `text` that may hold a secret, by where they begin: such that
/// decode to at least 16 bytes, of which some are readable, or which are a container by their
/// magic. Stretches of different encodings may overlap.
///
/// What a stretch decodes to depends on its own bytes alone. That it is one, and where it ends,
/// depends on the byte before it and the byte after it; where base64 or hex is followed by the end of
/// a line (or by a backslash), on the spaces behind that and one byte more.
///
/// Escapes that a stretch holds keep the plain text round them, so that `p%40ssword` comes out whole.
/// Call it again with what it found for what is encoded twice.
///
/// ```
/// use quietus_unpack::{Encoding, spans};
///
/// let found = spans(b"data: dGhlIHBhc3N3b3JkIGlzIGluIGhlcmU=\n");
/// assert_eq!(found.len(), 1);
/// assert_eq!((found[0].encoding, &found[0].range), (Encoding::Base64, &(6..38)));
/// assert_eq!(found[0].bytes, b"the password is in here");
/// ```
pub fn spans(text: &[u8]) -> Vec<Span> {
    spans_by(text, &runs::mark)
}

/// Tells of so many times [`STEP`] bytes which [may be encoded](may_be_encoded): sets a bit for each
/// such byte, the lowest for the first, in as many numbers.
pub type Mark<'a> = dyn Fn(&[[u8; STEP]], &mut [u64]) + 'a;

/// As [`spans`], for those who can tell faster which bytes may be encoded.
pub fn spans_by(text: &[u8], mark: &Mark<'_>) -> Vec<Span> {
    let mut found = Vec::new();
    // No encoding says more than it has bytes, and most parts of a text are words.
    if text.len() < SHORTEST {
        return found;
    }
    runs::find(text, mark, &mut found);
    escapes::find(text, &mut found);
    found.sort_by_key(|span| (span.range.start, span.range.end, span.encoding));
    found
}

/// Whether decoded bytes may hold what can be found in them.
fn is_worthwhile(bytes: &[u8]) -> bool {
    bytes.len() >= SHORTEST
        && (has_readable(bytes) || bytes.starts_with(&[0x30, 0x82]) || Kind::of(bytes).is_some())
}

/// Whether there are enough bytes of text in a row, or of text in UTF-16.
fn has_readable(bytes: &[u8]) -> bool {
    let (mut run, mut wide) = (0, 0);
    let mut before = 1;
    for &byte in bytes {
        let readable = matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
        run = if readable { run + 1 } else { 0 };
        // One NUL and one readable byte in turn.
        wide = if (byte == 0) != (before == 0) && (readable || byte == 0) { wide + 1 } else { 0 };
        if run >= READABLE || wide >= 2 * READABLE {
            return true;
        }
        before = byte;
    }
    false
}
