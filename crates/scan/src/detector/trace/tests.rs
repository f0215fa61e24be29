//! What may be carried over, at the very borders of what it depends on.

use super::super::tests::{DETECTOR, key};
use super::*;
use quietus_model::Comments;

fn line_round(bytes: &[u8], span: &Range<usize>) -> (usize, usize) {
    lines_round(bytes, span, 1)
}

fn copied(source: u32, target: u32, len: u32) -> Copied {
    Copied { source, target, len }
}

#[test]
fn a_line_ends_at_newlines_at_the_limit_or_where_the_bytes_end() {
    assert_eq!(line_round(b"a\nbcSd\ne", &(4..5)), (3, 2));
    assert_eq!(lines_round(b"x\na\nbcSd\ne", &(6..7), 2), (5, 4));
    assert_eq!(line_round(b"bcSd", &(2..3)), (3, 2));
    let long = [b'x'; 3 * LINE_LIMIT];
    assert_eq!(line_round(&long, &(5000..5001)), (LINE_LIMIT + 1, LINE_LIMIT + 1));
}

#[test]
fn the_limit_of_a_line_is_exact() {
    let most = LINE_LIMIT + 1;
    for len in [LINE_LIMIT - 1, LINE_LIMIT, LINE_LIMIT + 1] {
        let expected = (len + 1).min(most);
        let line = vec![b'x'; len];
        let ended = [&line[..], b"S", &line].concat();
        assert_eq!(line_round(&ended, &(len..len + 1)), (expected, expected), "{len} to the ends");
        let text = [b"\n", &ended[..], b"\n"].concat();
        let at = len + 1;
        assert_eq!(line_round(&text, &(at..at + 1)), (expected, expected), "{len} to newlines");
    }
}

#[test]
fn what_is_new_and_every_seam_is_dirty() {
    let base = Trace { len: 100, ..Trace::default() };
    let dirty = |copies: &[Copied], len| {
        let carry = Carry { base: &base, copies, len };
        carry.dirty(3, 3).map(|range| (range.start, range.end)).collect::<Vec<_>>()
    };
    assert!(dirty(&[copied(0, 0, 100)], 100).is_empty());
    assert_eq!(dirty(&[copied(0, 0, 100)], 120), [(97, 120)]);
    assert_eq!(dirty(&[copied(0, 0, 90)], 90), [(87, 90)]);
    assert_eq!(dirty(&[copied(10, 0, 90)], 90), [(0, 3)]);
    assert_eq!(dirty(&[copied(10, 0, 80)], 80), [(0, 3), (77, 80)]);
    assert_eq!(dirty(&[copied(0, 0, 50), copied(60, 50, 40)], 90), [(47, 53)]);
    assert_eq!(dirty(&[copied(0, 0, 50), copied(50, 70, 50)], 120), [(47, 73)]);
    assert_eq!(dirty(&[copied(0, 20, 100)], 120), [(0, 23)]);
    assert_eq!(dirty(&[], 7), [(0, 7)]);
}

#[test]
fn bytes_round_a_range_are_held_to_the_last_one() {
    let part = |at_start, at_end| Part { source: 5, target: 10, len: 20, at_start, at_end };
    let inner = part(false, false);
    assert!(inner.holds(&(12..28), 2, 2));
    assert!(!inner.holds(&(12..28), 3, 2), "one byte too few before");
    assert!(!inner.holds(&(12..28), 2, 3), "one byte too few after");
    assert!(!inner.holds(&(9..28), 0, 0), "it begins before the copy");
    assert!(!inner.holds(&(12..31), 0, 0), "it ends after the copy");
    let whole = part(true, true);
    assert!(whole.holds(&(10..30), 99, 99), "there is nothing beyond");
    assert!(!whole.holds(&(9..30), 0, 0) && !whole.holds(&(10..31), 0, 0));
    assert!(!part(true, false).holds(&(12..28), 99, 3));
    assert!(!part(false, true).holds(&(12..28), 3, 99));
}

#[test]
fn a_window_is_carried_with_the_byte_before_it_and_with_its_end() {
    let window = |start, end| Window { rule: 1, start, end, matches: 0..0 };
    let is_carried = |old: (usize, usize, usize), copy: Copied, new: (usize, usize, usize)| {
        let windows = vec![window(old.0, old.1)];
        let base = Trace { len: old.2, windows, ..Trace::default() };
        let carry = Carry { base: &base, copies: &[copy], len: new.2 };
        assert!(carry.window(0, &(new.0..new.1)).is_none(), "it is another rule's");
        carry.window(1, &(new.0..new.1)).is_some()
    };
    assert!(is_carried((10, 50, 70), copied(0, 0, 70), (10, 50, 70)));
    assert!(is_carried((10, 50, 70), copied(9, 29, 41), (30, 70, 90)));
    assert!(!is_carried((10, 50, 70), copied(10, 30, 40), (30, 70, 90)), "the byte before");
    assert!(!is_carried((10, 50, 70), copied(9, 29, 40), (30, 70, 90)), "the last byte");
    assert!(!is_carried((10, 50, 70), copied(0, 0, 70), (10, 49, 70)), "another end");
    assert!(!is_carried((10, 50, 70), copied(0, 0, 70), (11, 50, 70)), "another start");
    // Whether anything follows decides whether a match that reaches the end may be cut off.
    assert!(is_carried((10, 50, 50), copied(0, 0, 50), (10, 50, 50)));
    assert!(is_carried((10, 50, 50), copied(5, 25, 45), (30, 70, 70)));
    assert!(!is_carried((10, 50, 50), copied(0, 0, 50), (10, 50, 51)), "it was the last one");
    assert!(!is_carried((10, 50, 51), copied(0, 0, 50), (10, 50, 50)), "it is the last one now");
    // So does whether anything stands before.
    assert!(is_carried((0, 40, 70), copied(0, 0, 60), (0, 40, 70)));
    assert!(!is_carried((0, 40, 70), copied(0, 9, 60), (9, 49, 70)));
    assert!(!is_carried((9, 49, 70), copied(9, 0, 60), (0, 40, 70)));
}

/// All that is told of a text, after looking at another one that it was made from by putting `new`
/// in the place of a range; and the same after looking at the whole of it.
fn both_ways(old: &[u8], range: Range<usize>, new: &[u8]) -> [Vec<(usize, String, Comments)>; 2] {
    let text = [&old[..range.start], new, &old[range.end..]].concat();
    let head = copied(0, 0, range.start as u32);
    let target = range.start + new.len();
    let tail = copied(range.end as u32, target as u32, (old.len() - range.end) as u32);
    let copies: Vec<Copied> = [head, tail].into_iter().filter(|copied| copied.len > 0).collect();
    let (mut base, mut whole, mut carried) = (Trace::default(), Trace::default(), Trace::default());
    DETECTOR.trace(old, &mut base);
    DETECTOR.trace(&text, &mut whole);
    DETECTOR.retrace(&text, &base, &copies, &mut carried);
    [carried, whole].map(|trace| {
        let told = trace.detections().map(|(detection, span)| {
            let Detection { rule, allowed_inline, .. } = &*detection;
            (span.start, rule.id.to_string(), *allowed_inline)
        });
        told.collect()
    })
}

/// What allows a secret on its line, or on the one next to it, as near and as far as it is seen, comes and goes on both sides.
#[test]
fn what_stands_at_the_limit_of_a_line_is_seen_to_come_and_go() {
    let on_its_line: (&[u8], &[u8]) = (b"quietus:allow", b"");
    let next_to_it: (&[u8], &[u8]) = (b"kingfisher:ignore", b"\n");
    let key = key("line").into_bytes();
    let (mut allowed, mut refused) = (0, 0);
    let mut compare = |old: &[u8], range: Range<usize>, new: &[u8]| {
        let [carried, whole] = both_ways(old, range, new);
        assert_eq!(carried, whole);
        assert_eq!(whole.len(), 1);
        *(if !whole[0].2.is_empty() { &mut allowed } else { &mut refused }) += 1;
    };
    let ways = [on_its_line, next_to_it];
    let cases = ways.iter().flat_map(|(allow, glue)| {
        let most = LINE_LIMIT - glue.len();
        (most - allow.len() - 8..most + 3).map(move |far| (*allow, *glue, far))
    });
    for (allow_text, glue, far) in cases {
        let filler = [glue, &vec![b' '; far]].concat();
        let far = filler.len();
        for beyond in [&b""[..], b"\n"] {
            let before = [beyond, allow_text, &filler, &key].concat();
            let filler: Vec<u8> = filler.iter().rev().copied().collect();
            let after = [&key, &filler, allow_text, beyond].concat();
            let (head, tail) = (beyond.len(), key.len() + far);
            let secret = head + allow_text.len() + far;
            for (old, at, places) in [
                (before, head, [head + allow_text.len(), secret]),
                (after, tail, [key.len(), tail]),
            ] {
                let allow = at..at + allow_text.len();
                compare(&old, allow.clone(), b"");
                compare(&old, allow.start..allow.start + 1, b"Q");
                compare(&old, allow.end - 1..allow.end, b"W");
                let without = [&old[..allow.start], &old[allow.end..]].concat();
                compare(&without, allow.start..allow.start, allow_text);
                // A newline next to it, or at the secret, hides it.
                for place in places {
                    compare(&old, place..place, b"\n");
                }
            }
        }
    }
    assert!(allowed > 30 && refused > 300, "{allowed} {refused}");
}

/// A run that goes on beyond what its rule sees is none; where the bytes end there, it is one.
#[test]
fn what_follows_a_window_is_seen_to_come_and_go() {
    let run = b"run:".iter().chain(b"qhzvtkwxmbrpdjycnlgf").copied().collect::<Vec<u8>>();
    let longer = [&run[..], b"a"].concat();
    let [carried, whole] = both_ways(&run, run.len()..run.len(), b"a");
    assert_eq!((carried.len(), whole.len()), (0, 0));
    let [carried, whole] = both_ways(&longer, run.len()..longer.len(), b"");
    assert_eq!((carried.len(), whole.len()), (1, 1));
}
