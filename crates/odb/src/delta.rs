//! Deltas: copies out of a base and bytes of their own.
//!
//! The format is that of git's `gitformat-pack`, "Deltified representation".

use crate::Copied;
use crate::buffer::Buffer;
use crate::fault::Fault;

/// Copies of up to so many bytes are made as one of exactly so many.
const STEP: usize = 16;

/// What a delta says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The length of what it changes.
    pub(crate) base: u64,
    /// The length of what comes out.
    pub(crate) result: u64,
    /// Where its instructions begin.
    pub(crate) start: usize,
}

/// Reads the two lengths that a delta begins with.
pub(crate) fn head(delta: &[u8]) -> Result<Head, Fault> {
    let (base, at) = length(delta, 0)?;
    let (result, start) = length(delta, at)?;
    Ok(Head { base, result, start })
}

fn length(delta: &[u8], mut at: usize) -> Result<(u64, usize), Fault> {
    let mut value = 0u64;
    for shift in (0..63).step_by(7) {
        let byte = *delta.get(at).ok_or(CUT)?;
        at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok((value, at));
        }
    }
    Err(Fault::corrupt("a length in its delta is too long"))
}

/// Makes of a base and a delta what comes out of them, and lists what was copied. The result has
/// been checked to fit in memory, and its length in 32 bits, as that of the base.
pub(crate) fn apply(
    base: &Buffer,
    delta: &[u8],
    head: Head,
    out: &mut Buffer,
    copies: &mut Vec<Copied>,
) -> Result<(), Fault> {
    copies.clear();
    let (source, base_len) = base.with_slack();
    if head.base != base_len as u64 {
        return Err(Fault::corrupt("its delta is for another length of its base"));
    }
    let len = head.result as usize;
    let target = out.begin(len);
    let mut left = delta.get(head.start..).ok_or(CUT)?;
    let mut done = 0;
    while let Some((&instruction, rest)) = left.split_first() {
        if instruction & 0x80 != 0 {
            let (from, count, used) = copy_arguments(instruction, rest).ok_or(CUT)?;
            left = &rest[used..];
            if count > base_len || from > base_len - count || count > len - done {
                return Err(Fault::corrupt("its delta copies from outside of its base"));
            }
            if count <= STEP && from + STEP <= source.len() {
                // The slack takes what is too much; later instructions write over it.
                target[done..done + STEP].copy_from_slice(&source[from..from + STEP]);
            } else {
                target[done..done + count].copy_from_slice(&source[from..from + count]);
            }
            note(copies, from as u32, done as u32, count as u32);
            done += count;
        } else {
            let count = usize::from(instruction);
            if count == 0 || count > rest.len() || count > len - done {
                return Err(Fault::corrupt("its delta has an instruction that makes no sense"));
            }
            if count <= STEP && STEP <= rest.len() {
                target[done..done + STEP].copy_from_slice(&rest[..STEP]);
            } else {
                target[done..done + count].copy_from_slice(&rest[..count]);
            }
            left = &rest[count..];
            done += count;
        }
    }
    if done == len { Ok(()) } else { Err(CUT) }
}

/// Where a copy begins, how long it is, and how many bytes said so.
#[inline]
fn copy_arguments(instruction: u8, rest: &[u8]) -> Option<(usize, usize, usize)> {
    let used = (instruction & 0x7f).count_ones() as usize;
    let mut bytes = [0; 8];
    if let Some(eight) = rest.first_chunk::<8>() {
        bytes = *eight;
    } else {
        bytes[..used].copy_from_slice(rest.get(..used)?);
    }
    let mut at = 0;
    let mut value = 0u64;
    for bit in 0..7 {
        let there = instruction >> bit & 1;
        let mask = u64::from(there).wrapping_neg();
        value |= (u64::from(bytes[at & 7]) & mask) << (8 * bit);
        at += usize::from(there);
    }
    let count = (value >> 32) as usize;
    Some((value as u32 as usize, if count == 0 { 0x1_0000 } else { count }, used))
}

#[inline]
fn note(copies: &mut Vec<Copied>, source: u32, target: u32, len: u32) {
    if let Some(last) = copies.last_mut()
        && last.source + last.len == source
        && last.target + last.len == target
    {
        last.len += len;
        return;
    }
    copies.push(Copied { source, target, len });
}

const CUT: Fault = Fault {
    reason: crate::Reason::Corrupt,
    detail: std::borrow::Cow::Borrowed("its delta does not make what it says it makes"),
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn buffer(content: &[u8]) -> Buffer {
        let mut buffer = Buffer::default();
        buffer.begin(content.len())[..content.len()].copy_from_slice(content);
        buffer
    }

    fn length(mut length: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while length > 0x7f {
            bytes.push(0x80 | (length & 0x7f) as u8);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes
    }

    /// The same, slowly: what comes out, and for each byte of it where it was copied from.
    fn naive(base: &[u8], delta: &[u8]) -> Option<(Vec<u8>, Vec<Option<usize>>)> {
        let mut rest = delta.iter().copied();
        let mut number = || {
            let (mut value, mut shift) = (0u64, 0);
            loop {
                let byte = rest.next()?;
                value |= u64::from(byte & 0x7f).checked_shl(shift)?;
                shift += 7;
                if byte < 0x80 {
                    return Some(value);
                }
            }
        };
        let (from, to) = (number()?, number()?);
        let (mut out, mut origin) = (Vec::new(), Vec::new());
        while let Some(op) = rest.next() {
            if op >= 0x80 {
                let (mut offset, mut count) = (0, 0);
                for bit in 0..7 {
                    if op >> bit & 1 == 0 {
                    } else if bit < 4 {
                        offset |= usize::from(rest.next()?) << (8 * bit);
                    } else {
                        count |= usize::from(rest.next()?) << (8 * (bit - 4));
                    }
                }
                let count = if count == 0 { 0x1_0000 } else { count };
                out.extend_from_slice(base.get(offset..offset + count)?);
                origin.extend((offset..offset + count).map(Some));
            } else if op == 0 {
                return None;
            } else {
                for _ in 0..op {
                    out.push(rest.next()?);
                    origin.push(None);
                }
            }
        }
        (from == base.len() as u64 && to == out.len() as u64).then_some((out, origin))
    }

    fn agrees(base: &[u8], delta: &[u8], out: &mut Buffer) {
        let mut copies = Vec::new();
        let fast = head(delta).and_then(|head| {
            if head.result > 1 << 22 {
                return Err(CUT);
            }
            apply(&buffer(base), delta, head, out, &mut copies)
        });
        let slow = naive(base, delta);
        assert_eq!(fast.is_ok(), slow.is_some(), "{fast:?}");
        let Some((content, origin)) = slow else { return };
        assert!(out.content() == content);
        let mut told = vec![None; content.len()];
        for copy in copies {
            for at in 0..copy.len {
                let place = &mut told[(copy.target + at) as usize];
                assert_eq!(*place, None);
                *place = Some((copy.source + at) as usize);
            }
        }
        assert!(told == origin);
    }

    /// An instruction: a copy of somewhere, or bytes of its own.
    fn instruction() -> impl Strategy<Value = (usize, usize, Vec<u8>)> {
        let own = proptest::collection::vec(any::<u8>(), 0..40);
        (any::<usize>(), prop_oneof![1usize..40, 1usize..3000], own)
    }

    #[test]
    fn neighbours_are_joined() {
        let base: Vec<u8> = (0..100).collect();
        // 10 bytes from 0, 5 and 5 from where these end, 5 from elsewhere; 2 of its own, and then
        // from where the last copy ended.
        let delta = b"\x64\x20\x90\x0a\x91\x0a\x05\x91\x0f\x05\x91\x32\x05\x02ab\x91\x37\x05";
        let (mut out, mut copies) = (Buffer::default(), Vec::new());
        apply(&buffer(&base), delta, head(delta).unwrap(), &mut out, &mut copies).unwrap();
        let told: Vec<_> = copies.iter().map(|it| (it.source, it.target, it.len)).collect();
        assert_eq!(told, [(0, 0, 20), (50, 20, 5), (55, 27, 5)]);
    }

    proptest! {
        #[test]
        fn what_is_made_is_what_the_instructions_say(
            base in 0u32..70_000,
            instructions in proptest::collection::vec(instruction(), 0..40),
            break_at in proptest::option::weighted(0.4, any::<(usize, u8)>()),
        ) {
            let base: Vec<u8> =
                (0..base).map(|at| (at.wrapping_mul(0x9e37_79b1) >> 24) as u8).collect();
            let (mut body, mut made) = (Vec::new(), 0);
            for (from, count, own) in instructions {
                if own.is_empty() && !base.is_empty() {
                    let from = from % base.len();
                    let count = count.min(base.len() - from);
                    let (mut op, mut rest) = (0x80, Vec::new());
                    let bytes = [&from.to_le_bytes()[..4], &count.to_le_bytes()[..3]].concat();
                    for (bit, byte) in bytes.into_iter().enumerate().filter(|it| it.1 != 0) {
                        op |= 1 << bit;
                        rest.push(byte);
                    }
                    body.push(op);
                    body.extend(rest);
                    made += count;
                } else if !own.is_empty() {
                    body.push(own.len() as u8);
                    made += own.len();
                    body.extend(own);
                }
            }
            let mut delta = [length(base.len()), length(made), body].concat();
            let mut out = buffer(&[0xaa; 5000]);
            if let Some((at, flip)) = break_at {
                let at = at % delta.len();
                delta[at] ^= flip;
            }
            agrees(&base, &delta, &mut out);
        }

        #[test]
        fn anything_is_refused_or_made(
            base in proptest::collection::vec(any::<u8>(), 0..300),
            delta in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            let mut out = Buffer::default();
            agrees(&base, &delta, &mut out);
            let whole = [length(base.len()), length(3), delta].concat();
            agrees(&base, &whole, &mut out);
        }
    }
}
