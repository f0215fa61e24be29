//! Mails: parts of MIME, decoded, by RFC 5322, 2045 and 2046.

use crate::bounds::Reason;
use crate::spans::{decode_base64, quoted};
use crate::walk::Walk;
use memchr::{memchr, memmem};

/// Headers are looked for in so much of the beginning.
const HEAD: usize = 64 << 10;
/// Parts in parts of one mail; a mail in a mail is opened as any container is.
const DEEPEST: u32 = 16;

/// Whether it begins with lines of headers, and one of them says that it is MIME.
pub(crate) fn looks_so(bytes: &[u8]) -> bool {
    let first = &bytes[..memchr(b'\n', &bytes[..bytes.len().min(1000)]).unwrap_or(0)];
    let Some(colon) = memchr(b':', first) else {
        return first.starts_with(b"From ") && is_mime(bytes);
    };
    colon > 0 && first[..colon].iter().all(|b| b.is_ascii_graphic()) && is_mime(bytes)
}

fn is_mime(bytes: &[u8]) -> bool {
    let (headers, _) = split(&bytes[..bytes.len().min(HEAD)]);
    let has = |name| header(headers, name).is_some();
    has(b"MIME-Version") || (has(b"Content-Type") && has(b"Content-Transfer-Encoding"))
}

/// Headers, and what comes behind the empty line.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let unix = memmem::find(bytes, b"\n\n").map(|at| (at + 1, at + 2));
    let dos = memmem::find(bytes, b"\r\n\r\n").map(|at| (at + 2, at + 4));
    let (end, body) = match (unix, dos) {
        (Some(unix), Some(dos)) => unix.min(dos),
        (unix, dos) => unix.or(dos).unwrap_or((bytes.len(), bytes.len())),
    };
    (&bytes[..end], &bytes[body..])
}

/// The value of a header, with the lines that it goes on in.
fn header(headers: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let mut value: Option<Vec<u8>> = None;
    for line in headers.split(|&byte| byte == b'\n') {
        let goes_on = matches!(line.first(), Some(b' ' | b'\t'));
        if let Some(value) = &mut value {
            if !goes_on {
                break;
            }
            value.extend_from_slice(line.trim_ascii_end());
        } else if line.len() > name.len()
            && line[name.len()] == b':'
            && line[..name.len()].eq_ignore_ascii_case(name)
        {
            value = Some(line[name.len() + 1..].trim_ascii().to_vec());
        }
    }
    value
}

/// A parameter of a header: `; name=value` or `; name="value"`.
fn parameter(value: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    value.split(|&byte| byte == b';').skip(1).find_map(|one| {
        let (key, value) = one.split_at(memchr(b'=', one)?);
        let value = value[1..].trim_ascii();
        let value = value.strip_prefix(b"\"").unwrap_or(value);
        let end = memchr(b'"', value).unwrap_or(value.len());
        key.trim_ascii().eq_ignore_ascii_case(name).then(|| value[..end].to_vec())
    })
}

/// Opens a mail: each of its parts, as a file if it has the name of one.
pub(crate) fn read(walk: &mut Walk<'_>, bytes: &[u8]) {
    part(walk, bytes, &mut 0, 0);
}

fn part(walk: &mut Walk<'_>, bytes: &[u8], number: &mut u32, depth: u32) {
    let (headers, body) = split(bytes);
    let kind = header(headers, b"Content-Type").unwrap_or_default();
    let boundary = parameter(&kind, b"boundary").filter(|boundary| !boundary.is_empty());
    if let Some(boundary) = boundary.filter(|_| starts_as(&kind, b"multipart/")) {
        if depth == DEEPEST {
            return walk.gap(b"", Reason::Depth);
        }
        return parts(walk, body, &boundary, number, depth);
    }
    *number = number.saturating_add(1);
    let disposition = header(headers, b"Content-Disposition").unwrap_or_default();
    let name = parameter(&disposition, b"filename")
        .or_else(|| parameter(&kind, b"name"))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| format!("part {number}").into_bytes());
    let encoding = header(headers, b"Content-Transfer-Encoding").unwrap_or_default();
    if starts_as(&encoding, b"base64") {
        walk.file(&name, &decode_base64(body));
    } else if starts_as(&encoding, b"quoted-printable") {
        walk.file(&name, &unquote(body));
    } else if depth > 0 && !body.is_empty() {
        // Plain as it lies there, but it may be a container.
        walk.file(&name, body);
    }
}

fn starts_as(value: &[u8], with: &[u8]) -> bool {
    value.len() >= with.len() && value[..with.len()].eq_ignore_ascii_case(with)
}

/// The parts between lines of `--boundary`, to that of `--boundary--`.
fn parts(walk: &mut Walk<'_>, body: &[u8], boundary: &[u8], number: &mut u32, depth: u32) {
    let line = [b"--", boundary].concat();
    let mut begun = None;
    for at in memmem::find_iter(body, &line) {
        if at > 0 && body[at - 1] != b'\n' {
            continue;
        }
        if let Some(begun) = begun {
            // The end of the line before belongs to the boundary.
            let end = at.saturating_sub(1).max(begun);
            part(walk, &body[begun..end], number, depth + 1);
        }
        let after = at + line.len();
        if body[after..].starts_with(b"--") {
            return;
        }
        let Some(newline) = memchr(b'\n', &body[after..]) else { return };
        begun = Some(after + newline + 1);
        if walk.is_over() {
            return;
        }
    }
    walk.gap(b"", Reason::Damaged);
    if let Some(begun) = begun.filter(|&begun| begun < body.len()) {
        part(walk, &body[begun..], number, depth + 1);
    }
}

fn unquote(body: &[u8]) -> Vec<u8> {
    let (mut bytes, mut at) = (Vec::with_capacity(body.len()), 0);
    while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
        let plain = memchr(b'=', rest).unwrap_or(rest.len());
        bytes.extend_from_slice(&rest[..plain]);
        at += plain;
        if plain < rest.len() {
            match quoted(&rest[plain..], &mut bytes) {
                Some(len) => at += len,
                None => {
                    bytes.push(b'=');
                    at += 1;
                }
            }
        }
    }
    bytes
}
