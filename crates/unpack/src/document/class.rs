//! Constants of a compiled Java class, by chapter 4.4 of the Java Virtual Machine Specification.

use crate::bounds::Reason;
use crate::number::be;
use crate::walk::Walk;

/// Opens a class: every string in its pool of constants, one a line.
pub(crate) fn read(walk: &mut Walk<'_>, bytes: &[u8]) {
    let mut text = Vec::new();
    if pool(bytes, &mut text).is_none() {
        walk.gap(b"", Reason::Damaged);
    }
    walk.text(b"constants", &text);
}

fn pool(bytes: &[u8], text: &mut Vec<u8>) -> Option<()> {
    let count = be(bytes, 8, 2)?;
    let (mut at, mut number) = (10, 1);
    while number < count {
        let len = match *bytes.get(at)? {
            1 => {
                let len = be(bytes, at + 1, 2)? as usize;
                // NUL is two bytes in it, and that is left as it is.
                text.extend_from_slice(bytes.get(at + 3..at + 3 + len)?);
                text.push(b'\n');
                3 + len
            }
            7 | 8 | 16 | 19 | 20 => 3,
            15 => 4,
            3 | 4 | 9 | 10 | 11 | 12 | 17 | 18 => 5,
            // These take two places of the pool.
            5 | 6 => {
                number += 1;
                9
            }
            _ => return None,
        };
        at += len;
        number += 1;
    }
    Some(())
}
