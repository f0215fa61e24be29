//! Strings of compiled Python, found in marshalled objects (CPython's Python/marshal.c).

use crate::bounds::Reason;
use crate::number::{le, place};
use crate::walk::Walk;

/// Bit of a type that asks for the object to be remembered.
const REMEMBER: u8 = 0x80;

/// Whether it begins with a magic number of CPython: two bytes of version, then CR LF, then what a
/// marshalled code object begins with.
pub(crate) fn looks_so(bytes: &[u8]) -> bool {
    bytes.get(2..4) == Some(b"\r\n") && code(bytes).is_some()
}

/// Where the code object lies: behind 8, 12 or 16 bytes, by version.
fn code(bytes: &[u8]) -> Option<usize> {
    [16, 12, 8].into_iter().find(|&at| bytes.get(at).is_some_and(|kind| kind & !REMEMBER == b'c'))
}

/// How many numbers a code object begins with, and which of its objects a number comes before.
struct Layout {
    numbers: usize,
    objects_before_line: usize,
    objects: usize,
}

fn layout(bytes: &[u8]) -> Option<Layout> {
    let magic = le(bytes, 0, 2)?;
    Some(match magic {
        // 3.0 to 3.7, 3.8 to 3.10, 3.11 on.
        3000..3400 => Layout { numbers: 5, objects_before_line: 8, objects: 9 },
        3400..3450 => Layout { numbers: 6, objects_before_line: 8, objects: 9 },
        3450..10_000 => Layout { numbers: 5, objects_before_line: 8, objects: 10 },
        // 2.x
        62_000..=62_999 => Layout { numbers: 4, objects_before_line: 8, objects: 9 },
        _ => return None,
    })
}

/// Opens compiled Python: every string and bytes constant, one a line. What cannot be followed to
/// its end is read as a program is.
pub(crate) fn read(walk: &mut Walk<'_>, bytes: &[u8]) {
    let mut text = Vec::new();
    let whole = code(bytes)
        .zip(layout(bytes))
        .and_then(|(at, layout)| marshalled(bytes, at, &layout, &mut text));
    if whole.is_none() {
        walk.gap(b"", Reason::Damaged);
        text.extend(super::strings::ascii(bytes, walk.allowed()));
    }
    walk.text(b"constants", &text);
}

/// What is still to be read, the next last.
enum Due {
    Objects(usize),
    Number,
    /// Keys and values until a NULL.
    Pairs,
}

/// Reads objects until none is due. Nothing if they make no sense.
fn marshalled(bytes: &[u8], mut at: usize, layout: &Layout, text: &mut Vec<u8>) -> Option<()> {
    let mut due = vec![Due::Objects(1)];
    while let Some(next) = due.pop() {
        match next {
            Due::Number => at += 4,
            Due::Objects(0) => continue,
            Due::Objects(count) => {
                due.push(Due::Objects(count - 1));
                at = object(bytes, at, layout, &mut due, text)?;
            }
            Due::Pairs => {
                if *bytes.get(at)? == b'0' {
                    at += 1;
                } else {
                    due.push(Due::Pairs);
                    at = object(bytes, at, layout, &mut due, text)?;
                }
            }
        }
    }
    Some(())
}

/// Reads one object, or the beginning of one that holds others. Returns where it ends.
fn object(
    bytes: &[u8],
    at: usize,
    layout: &Layout,
    due: &mut Vec<Due>,
    text: &mut Vec<u8>,
) -> Option<usize> {
    let kind = *bytes.get(at)? & !REMEMBER;
    let at = at + 1;
    Some(match kind {
        b'0' | b'N' | b'F' | b'T' | b'S' | b'.' => at,
        b'i' | b'r' | b'R' => at + 4,
        b'I' | b'g' => at + 8,
        b'y' => at + 16,
        b'f' => at + 1 + usize::from(*bytes.get(at)?),
        b'x' => {
            let real = at + 1 + usize::from(*bytes.get(at)?);
            real + 1 + usize::from(*bytes.get(real)?)
        }
        // Digits of 15 bits; the sign is that of their number.
        b'l' => at + 4 + 2 * (le(bytes, at, 4)? as u32 as i32).unsigned_abs() as usize,
        b's' | b't' | b'u' | b'a' | b'A' => string(bytes, at + 4, place(bytes, at, 4)?, text)?,
        b'z' | b'Z' => string(bytes, at + 1, place(bytes, at, 1)?, text)?,
        b')' => holds(due, place(bytes, at, 1)?, at + 1),
        b'(' | b'[' | b'<' | b'>' => holds(due, place(bytes, at, 4)?, at + 4),
        b'{' => {
            due.push(Due::Pairs);
            at
        }
        b':' => holds(due, 3, at),
        b'c' => {
            due.push(Due::Objects(layout.objects - layout.objects_before_line));
            due.push(Due::Number);
            due.push(Due::Objects(layout.objects_before_line));
            at + 4 * layout.numbers
        }
        _ => return None,
    })
}

fn holds(due: &mut Vec<Due>, count: usize, at: usize) -> usize {
    due.push(Due::Objects(count));
    at
}

fn string(bytes: &[u8], at: usize, len: usize, text: &mut Vec<u8>) -> Option<usize> {
    let string = bytes.get(at..at.checked_add(len)?)?;
    // Bytecode and tables of lines are strings as well; of those, what can be read.
    if std::str::from_utf8(string).is_ok() && !string.iter().any(|&byte| byte < 9) {
        text.extend_from_slice(string);
        text.push(b'\n');
    } else {
        text.extend(super::strings::ascii(string, len));
    }
    Some(at + len)
}
