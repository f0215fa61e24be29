//! Printable strings of programs, as `strings` shows them, in ASCII and in UTF-16.

use crate::archive::zip;
use crate::walk::Walk;

/// Shorter ones are mostly machine code.
const SHORTEST: usize = 6;

/// Opens a program, and the archive appended to it, if there is one. Strings of ASCII lie bare in it.
pub(crate) fn read(walk: &mut Walk<'_>, bytes: &[u8]) {
    walk.text(b"wide strings", &wide(bytes, walk.allowed().saturating_add(1)));
    if zip::is_appended(bytes) {
        zip::read(walk, bytes);
    }
}

fn is_printable(byte: u8) -> bool {
    byte == b'\t' || (b' '..=b'~').contains(&byte)
}

/// Strings of ASCII, one a line, and no more than `limit` bytes of them.
pub(crate) fn ascii(bytes: &[u8], limit: usize) -> Vec<u8> {
    let mut text = Vec::new();
    for run in bytes.split(|&byte| !is_printable(byte)).filter(|run| run.len() >= SHORTEST) {
        if text.len() >= limit {
            break;
        }
        text.extend_from_slice(run);
        text.push(b'\n');
    }
    text.truncate(limit);
    text
}

/// Strings of UTF-16, the low byte first, that ASCII could say.
fn wide(bytes: &[u8], limit: usize) -> Vec<u8> {
    let mut text = Vec::new();
    let mut at = 0;
    while at + 1 < bytes.len() && text.len() < limit {
        // Each of them has a NUL at its second byte.
        let Some(nul) = memchr::memchr(0, &bytes[at + 1..]) else { break };
        at += nul;
        let run = bytes[at..]
            .chunks_exact(2)
            .take_while(|pair| pair[1] == 0 && is_printable(pair[0]))
            .count();
        if run >= SHORTEST {
            text.extend(bytes[at..at + 2 * run].iter().step_by(2));
            text.push(b'\n');
        }
        at += (2 * run).max(1);
    }
    text.truncate(limit);
    text
}
