//! Text of PDF, by ISO 32000-1: streams that are deflated or plain, and the strings shown in them.
//!
//! Glyphs of fonts with an encoding of their own are not mapped back to letters, and object streams
//! are handed over as they are.

use crate::archive::stream;
use crate::bounds::Reason;
use crate::walk::Walk;
use memchr::memmem;

/// The dictionary of a stream is looked for in so many bytes before it.
const DICTIONARY: usize = 2048;
/// Kerning of more thousandths of the font's size is a space.
const SPACE: f32 = 180.0;

/// Opens a PDF: the text shown in its pages, and every other stream that is no picture.
pub(crate) fn read(walk: &mut Walk<'_>, bytes: &[u8]) {
    if memmem::find(bytes, b"/Encrypt").is_some() {
        return walk.gap(b"", Reason::Encrypted);
    }
    let mut text = Vec::new();
    let (mut at, mut number) = (0, 0u32);
    while let Some(found) = memmem::find(&bytes[at..], b"stream") {
        let begin = at + found;
        let data = begin + 6;
        let rest = &bytes[data..];
        let line = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"));
        let Some(rest) = line.filter(|_| !bytes[at..begin].ends_with(b"end")) else {
            at = data;
            continue;
        };
        if walk.is_over() {
            return;
        }
        number = number.saturating_add(1);
        let before = &bytes[begin.saturating_sub(DICTIONARY).max(at)..begin];
        let dictionary = &before[memmem::rfind(before, b"obj").unwrap_or(0)..];
        let end = memmem::find(rest, b"endstream");
        if end.is_none() {
            walk.gap(b"", Reason::Damaged);
        }
        let data = &rest[..end.unwrap_or(rest.len())];
        one(walk, dictionary, data, number, &mut text);
        at = bytes.len() - rest.len() + data.len();
    }
    walk.text(b"text", &text);
}

/// One stream.
fn one(walk: &mut Walk<'_>, dictionary: &[u8], data: &[u8], number: u32, text: &mut Vec<u8>) {
    let says = |word: &[u8]| memmem::find(dictionary, word).is_some();
    let pictures =
        [&b"/Image"[..], b"/DCTDecode", b"/JPXDecode", b"/CCITTFaxDecode", b"/JBIG2Decode"];
    if pictures.into_iter().any(says) || says(b"/XRef") {
        return;
    }
    let name = format!("stream {number}").into_bytes();
    let others = [&b"/ASCII85Decode"[..], b"/ASCIIHexDecode", b"/LZWDecode", b"/RunLengthDecode"];
    if others.into_iter().any(says) {
        return walk.gap(&name, Reason::Unsupported);
    }
    if !says(b"/Filter") {
        if is_shown(data) {
            shown(data, text);
        }
        return;
    }
    let made = stream::zlib(walk, data);
    if made.end == stream::End::Whole && is_shown(&made.bytes) {
        if text.len() < walk.allowed() {
            shown(&made.bytes, text);
        } else {
            walk.gap(&name, Reason::Member);
        }
    } else {
        made.hand(walk, &name);
    }
}

/// Whether a stream shows text.
fn is_shown(data: &[u8]) -> bool {
    memmem::find(data, b"BT").is_some()
        && (memmem::find(data, b"Tj").is_some() || memmem::find(data, b"TJ").is_some())
}

/// The strings that a stream shows, in its order.
fn shown(data: &[u8], text: &mut Vec<u8>) {
    let mut at = 0;
    let mut numbers = [0.0f32; 2];
    let mut listed = false;
    while let Some(&byte) = data.get(at) {
        match byte {
            b'(' => at = literal(data, at + 1, text),
            b'<' if data.get(at + 1) != Some(&b'<') => at = hex(data, at + 1, text),
            b'[' | b']' => {
                listed = byte == b'[';
                at += 1;
            }
            b'%' => at += memchr::memchr(b'\n', &data[at..]).unwrap_or(data.len() - at),
            b'+' | b'-' | b'.' | b'0'..=b'9' => {
                let end = at + word(&data[at..]);
                let number = std::str::from_utf8(&data[at..end]).ok().and_then(|n| n.parse().ok());
                numbers = [numbers[1], number.unwrap_or(0.0)];
                if listed && numbers[1] < -SPACE {
                    text.push(b' ');
                }
                at = end;
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'\'' | b'"' | b'*' => {
                let end = at + word(&data[at..]);
                match &data[at..end] {
                    // The second number says how far down.
                    b"Td" | b"TD" if numbers[1] == 0.0 => apart(text, b' '),
                    b"Td" | b"TD" | b"T*" | b"Tm" | b"'" | b"\"" | b"ET" => apart(text, b'\n'),
                    _ => {}
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    apart(text, b'\n');
}

fn apart(text: &mut Vec<u8>, separator: u8) {
    if text.last().is_some_and(|last| !last.is_ascii_whitespace()) {
        text.push(separator);
    }
}

fn word(data: &[u8]) -> usize {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"()<>[]{}/%".contains(byte);
    data.iter().position(ends).unwrap_or(data.len()).max(1)
}

/// A string in parentheses. Returns where it ends.
fn literal(data: &[u8], mut at: usize, text: &mut Vec<u8>) -> usize {
    let mut depth = 0;
    let mut string = Vec::new();
    while let Some(&byte) = data.get(at) {
        at += 1;
        match byte {
            b'\\' => at = escaped(data, at, &mut string),
            b')' if depth == 0 => break,
            _ => {
                depth += i32::from(byte == b'(') - i32::from(byte == b')');
                string.push(byte);
            }
        }
    }
    push(&string, text);
    at
}

fn escaped(data: &[u8], at: usize, string: &mut Vec<u8>) -> usize {
    match data.get(at) {
        Some(b'n') => string.push(b'\n'),
        Some(b'r') => string.push(b'\r'),
        Some(b't') => string.push(b'\t'),
        // The end of a line after a backslash is none.
        Some(b'\n') | None => {}
        Some(b'0'..=b'7') => {
            let digits = data[at..].iter().take(3).take_while(|byte| (b'0'..=b'7').contains(byte));
            let (value, len) = digits.fold((0u32, 0), |(value, len), digit| {
                (value << 3 | u32::from(digit - b'0'), len + 1)
            });
            string.push(value as u8);
            return at + len;
        }
        Some(&other) => string.push(other),
    }
    at + 1
}

/// A string in hex digits. Returns where it ends.
fn hex(data: &[u8], at: usize, text: &mut Vec<u8>) -> usize {
    let len = memchr::memchr(b'>', &data[at..]).unwrap_or(data.len() - at);
    let digits: Vec<u8> = data[at..at + len]
        .iter()
        .filter_map(|&byte| (byte as char).to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    let bytes: Vec<u8> =
        digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).unwrap_or(&0)).collect();
    push(&bytes, text);
    at + len
}

/// Strings of two bytes a letter are taken for UTF-16.
fn push(string: &[u8], text: &mut Vec<u8>) {
    let string = string.strip_prefix(b"\xfe\xff").unwrap_or(string);
    let wide = string.len() >= 2 && string.len().is_multiple_of(2);
    if wide && string.iter().step_by(2).all(|&byte| byte == 0) {
        text.extend(string.iter().skip(1).step_by(2));
    } else {
        text.extend_from_slice(string);
    }
}
