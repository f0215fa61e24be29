//! Text of office documents: their XML without its tags, so that what is split over runs is whole.

use crate::spans::entity;
use crate::walk::Walk;
use memchr::{memchr, memchr2, memmem};

/// Namespaces of ECMA-376 and of OpenDocument.
const SPACES: [&[u8]; 2] =
    [b"schemas.openxmlformats.org/", b"urn:oasis:names:tc:opendocument:xmlns:"];

/// Whether it is XML in one of their namespaces.
pub(crate) fn looks_so(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let head = &bytes[..bytes.len().min(4096)];
    head.starts_with(b"<") && SPACES.iter().any(|space| memmem::find(head, space).is_some())
}

/// Opens a part of an office document: its text, a line for each paragraph, row or shared string.
pub(crate) fn read(walk: &mut Walk<'_>, bytes: &[u8]) {
    walk.text(b"text", &text(bytes));
}

fn text(bytes: &[u8]) -> Vec<u8> {
    let (mut text, mut at) = (Vec::new(), 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let plain = memchr2(b'<', b'&', rest).unwrap_or(rest.len());
        text.extend_from_slice(&rest[..plain]);
        at += plain;
        match rest.get(plain) {
            Some(b'<') => {
                let tag = &rest[plain + 1..];
                let end = memchr(b'>', tag).unwrap_or(tag.len());
                ends_with(&mut text, separator(&tag[..end]));
                at += end + 2;
            }
            Some(_) => match entity(&rest[plain..], &mut text) {
                Some(len) => at += len,
                None => {
                    text.push(b'&');
                    at += 1;
                }
            },
            None => {}
        }
    }
    if text.iter().all(u8::is_ascii_whitespace) { Vec::new() } else { text }
}

/// What stands in the text for a tag.
fn separator(tag: &[u8]) -> Option<u8> {
    let closes = tag.starts_with(b"/");
    let alone = tag.ends_with(b"/");
    let name = tag.strip_prefix(b"/").unwrap_or(tag);
    let name = &name
        [..name.iter().position(|b| b.is_ascii_whitespace() || *b == b'/').unwrap_or(name.len())];
    let name = &name[memchr(b':', name).map_or(0, |colon| colon + 1)..];
    match name {
        b"br" | b"cr" | b"line-break" => Some(b'\n'),
        b"p" | b"h" | b"si" | b"row" | b"tr" | b"comment" if closes || alone => Some(b'\n'),
        b"tab" | b"s" if alone => Some(b' '),
        b"c" | b"tc" | b"v" | b"f" | b"table-cell" if closes => Some(b'\t'),
        _ => None,
    }
}

/// No separator follows another or begins the text.
fn ends_with(text: &mut Vec<u8>, separator: Option<u8>) {
    if let Some(separator) = separator
        && text
            .last()
            .is_some_and(|last| !last.is_ascii_whitespace() || separator == b'\n' && *last != b'\n')
    {
        text.push(separator);
    }
}
