//! Jupyter notebooks: cells and outputs as text, by the nbformat documentation.

use crate::bounds::Reason;
use crate::walk::Walk;
use memchr::{memchr2, memmem};

/// Whether it is JSON with what every notebook has.
pub(crate) fn looks_so(bytes: &[u8]) -> bool {
    // Keys are sorted: `nbformat` comes last, near the end, or first in those written by hand.
    let tail = &bytes[bytes.len().saturating_sub(64 << 10)..];
    let head = &bytes[..bytes.len().min(4096)];
    bytes.trim_ascii_start().starts_with(b"{")
        && (memmem::find(head, b"\"cells\"").is_some()
            || memmem::find(head, b"\"worksheets\"").is_some()
            || memmem::find(head, b"\"nbformat\"").is_some())
        && (memmem::find(tail, b"\"nbformat\"").is_some()
            || memmem::find(head, b"\"nbformat\"").is_some())
}

/// Opens a notebook: every string in it that is no key, in order. Strings of one list belong
/// together, as lines of a cell do; pictures are left out.
pub(crate) fn read(walk: &mut Walk<'_>, bytes: &[u8]) {
    let (mut text, mut at) = (Vec::new(), 0);
    let mut picture = false;
    // Whether nothing but a comma came since the last value.
    let mut joined = false;
    let mut whole = false;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let start = text.len();
                let Some(end) = string(bytes, at + 1, &mut text) else { break };
                at = end;
                let after = bytes[at..].trim_ascii_start();
                if after.starts_with(b":") {
                    picture = is_picture(&text[start..]);
                    text.truncate(start);
                    joined = false;
                } else if picture {
                    text.truncate(start);
                } else {
                    if !joined && start > 0 && text[start - 1] != b'\n' {
                        text.insert(start, b'\n');
                    }
                    joined = true;
                }
                continue;
            }
            b'[' | b']' | b'{' | b'}' => joined = false,
            _ => {}
        }
        whole = byte == b'}' || (whole && byte.is_ascii_whitespace());
        at += 1;
    }
    if !whole {
        walk.gap(b"", Reason::Damaged);
    }
    walk.text(b"cells", &text);
}

fn is_picture(key: &[u8]) -> bool {
    key.starts_with(b"image/") && key != b"image/svg+xml"
}

/// A string of JSON whose first character is at `at`. Returns where it ends, behind the quote.
fn string(bytes: &[u8], mut at: usize, text: &mut Vec<u8>) -> Option<usize> {
    loop {
        let rest = bytes.get(at..)?;
        let plain = memchr2(b'"', b'\\', rest)?;
        text.extend_from_slice(&rest[..plain]);
        at += plain + 1;
        if rest[plain] == b'"' {
            return Some(at);
        }
        match *bytes.get(at)? {
            b'n' => text.push(b'\n'),
            b't' => text.push(b'\t'),
            b'r' => text.push(b'\r'),
            b'b' | b'f' => text.push(b' '),
            b'u' => {
                let (c, more) = unicode(&bytes[at + 1..])?;
                text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                at += more;
            }
            other => text.push(other),
        }
        at += 1;
    }
}

/// The character of four digits, or of four, `\u`, and four more; and how many bytes they take.
fn unicode(bytes: &[u8]) -> Option<(char, usize)> {
    let unit = |bytes: &[u8]| u16::from_str_radix(std::str::from_utf8(bytes).ok()?, 16).ok();
    let first = unit(bytes.get(..4)?)?;
    if let Some(c) = char::from_u32(first.into()) {
        return Some((c, 4));
    }
    let second = bytes.get(4..10).filter(|next| next.starts_with(b"\\u"));
    let pair = second
        .and_then(|next| unit(&next[2..]))
        .and_then(|second| char::decode_utf16([first, second]).next()?.ok());
    Some(pair.map_or((char::REPLACEMENT_CHARACTER, 4), |c| (c, 10)))
}
