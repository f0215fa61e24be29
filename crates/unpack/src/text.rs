//! Text in other encodings, as UTF-8, and where in the original each byte of it came from.

use memchr::memchr;
use std::borrow::Cow;

/// How a text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Charset {
    /// UTF-8, ASCII, or one that agrees with ASCII, as Latin-1 and Windows-1252 do: left as it is.
    Ascii,
    /// UTF-8 with a byte order mark, which is left out.
    Utf8Marked,
    /// UTF-16, the low byte first.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
}

impl Charset {
    /// Its name, as it is told to people and programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ascii => "ascii",
            Self::Utf8Marked => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
        }
    }

    /// How `bytes` are encoded, if they are text: by the first 4096 bytes.
    pub fn of(bytes: &[u8]) -> Self {
        charset(bytes).0
    }
}

/// A text as UTF-8 (or as it is, where ASCII can be read in it), and the way back.
///
/// ```
/// use quietus_unpack::{Charset, Text};
///
/// let original: Vec<u8> = "key = välue".encode_utf16().flat_map(u16::to_le_bytes).collect();
/// let text = Text::of(&original);
/// assert_eq!(text.charset(), Charset::Utf16Le);
/// assert_eq!(text.bytes(), "key = välue".as_bytes());
/// assert_eq!(text.original(9), 16); // the l, behind a letter of two bytes in either
/// ```
#[derive(Clone, Debug)]
pub struct Text<'a> {
    charset: Charset,
    original: &'a [u8],
    bytes: Cow<'a, [u8]>,
    /// For each so many decoded bytes, a place in both: decoded, original.
    marks: Vec<(usize, usize)>,
}

/// Decoded bytes between two marks, about.
const STEP: usize = 1024;
/// So much of a text without a mark is looked at.
const SAMPLE: usize = 4096;

impl<'a> Text<'a> {
    /// Recognises how `original` is encoded and decodes it. UTF-16 takes a byte order mark, or NULs
    /// in every second byte as often as Latin text has them; the first 4096 bytes decide. Anything else
    /// is borrowed as it is. What is no character in UTF-16 becomes U+FFFD.
    pub fn of(original: &'a [u8]) -> Self {
        match charset(original) {
            (charset @ (Charset::Utf16Le | Charset::Utf16Be), mark) => {
                Self::utf16(original, charset, mark)
            }
            (charset, mark) => Self {
                charset,
                original,
                bytes: Cow::Borrowed(&original[mark..]),
                marks: Vec::new(),
            },
        }
    }

    fn utf16(original: &'a [u8], charset: Charset, mark: usize) -> Self {
        let mut bytes = Vec::with_capacity(original.len() / 2 + 16);
        let mut marks = vec![(0, mark)];
        let (mut at, mut next) = (mark, STEP);
        while let Some((c, len)) = character(original, at, charset) {
            if bytes.len() >= next {
                marks.push((bytes.len(), at));
                next = bytes.len() + STEP;
            }
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            at += len;
        }
        Self { charset, original, bytes: Cow::Owned(bytes), marks }
    }

    /// How the original is encoded.
    pub fn charset(&self) -> Charset {
        self.charset
    }

    /// The text.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where in the original the character begins that the decoded byte `at` belongs to. For the
    /// length of the text, or more, the length of the original.
    pub fn original(&self, at: usize) -> usize {
        if at >= self.bytes.len() {
            return self.original.len();
        }
        let after = self.marks.partition_point(|&(decoded, _)| decoded <= at);
        let Some(&(mut decoded, mut place)) = self.marks[..after].last() else {
            return at + (self.original.len() - self.bytes.len());
        };
        while let Some((c, len)) = character(self.original, place, self.charset) {
            decoded += c.len_utf8();
            if decoded > at {
                break;
            }
            place += len;
        }
        place
    }
}

/// The character at `at`, and how many bytes it takes. An odd byte at the end is none.
fn character(bytes: &[u8], at: usize, charset: Charset) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let pair = [*bytes.get(at)?, *bytes.get(at + 1)?];
        let big = charset == Charset::Utf16Be;
        Some(if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) })
    };
    let first = unit(at)?;
    if let Some(c) = char::from_u32(first.into()) {
        return Some((c, 2));
    }
    let pair = unit(at + 2).and_then(|second| char::decode_utf16([first, second]).next()?.ok());
    Some(pair.map_or((char::REPLACEMENT_CHARACTER, 2), |c| (c, 4)))
}

/// How a text is encoded, and how long its mark is.
fn charset(bytes: &[u8]) -> (Charset, usize) {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => return (Charset::Utf8Marked, 3),
        // UTF-32 with its mark begins so as well; two NULs in a row are no UTF-16 text.
        [0xff, 0xfe, 0, 0, ..] => {}
        [0xff, 0xfe, ..] => return (Charset::Utf16Le, 2),
        [0xfe, 0xff, ..] => return (Charset::Utf16Be, 2),
        _ => {}
    }
    let sample = &bytes[..bytes.len().min(SAMPLE) & !1];
    if sample.len() < 8 || memchr(0, sample).is_none() {
        return (Charset::Ascii, 0);
    }
    // Pairs of a NUL and a byte of text, one way round and the other.
    let (mut little, mut big, mut both) = (0, 0, 0);
    for pair in sample.chunks_exact(2) {
        match (pair[0], pair[1]) {
            (0, 0) => both += 1,
            (byte, 0) => little += usize::from(is_text(byte)),
            (0, byte) => big += usize::from(is_text(byte)),
            _ => {}
        }
    }
    let pairs = sample.len() / 2;
    // Text in which most letters are ASCII. UTF-32 and tables of numbers have NULs in both places.
    let most = pairs * 7 / 10;
    let few = pairs / 20;
    if both <= few && little >= most.max(4) && big <= few {
        (Charset::Utf16Le, 0)
    } else if both <= few && big >= most.max(4) && little <= few {
        (Charset::Utf16Be, 0)
    } else {
        (Charset::Ascii, 0)
    }
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0xa0..=0xff)
}
