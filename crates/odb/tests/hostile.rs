//! Whatever is wrong with a store is said of the objects it is wrong with; the others come.
#![expect(clippy::unwrap_used, reason = "a test's own parts are right or the test fails")]

mod forged;
mod repository;

use forged::{Forged, adding, copy, deflate, header, id, length, open};
use quietus_odb::{Kinds, ObjectId, Options, Reason, Selection};
use repository::{Keep, walk};
use std::path::Path;

const ALL: Selection<'static> = Selection { kinds: Kinds::ALL, wanted: None };

/// What came, and what did not and why.
type Outcome = (Vec<(ObjectId, Vec<u8>)>, Vec<(String, Reason)>);

/// Walks a store mapped and not, on one thread and on several, with memory and without; all must
/// hand over the same.
fn walk_all(objects: &Path, largest: u64) -> Outcome {
    let mut answers = Vec::new();
    for (mapped, threads, memory) in [(true, 1, 192 << 20), (false, 1, 0), (true, 3, 0)] {
        let store = open(objects, &Options { memory, largest, mapped });
        let kept = walk(&store, &ALL, threads);
        let mut wanted: Vec<_> =
            kept.content().into_iter().map(|(id, (_, data))| (id, data)).collect();
        wanted.sort();
        let mut problems: Vec<_> =
            kept.problems.iter().map(|it| (it.subject.clone(), it.reason)).collect();
        problems.sort();
        // Reading one by one must agree.
        for number in 0..store.len() {
            let id = store.id(number);
            let there = wanted.iter().find(|it| it.0 == id);
            match store.read(number, u64::MAX) {
                // That two ids have one place is only seen when all are looked at.
                Ok((_, data)) => assert!(there.is_none_or(|it| it.1 == data), "{id}"),
                Err(problem) => {
                    // Problems of walks and of reads may differ in words only.
                    assert!(
                        there.is_none() || problem.reason == Reason::TooLarge,
                        "{id} {problem:?}"
                    );
                }
            }
        }
        answers.push((wanted, problems));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    answers.remove(0)
}

/// Says which of the objects of a forged pack come and which do not.
fn outcome(forged: &Forged, largest: u64) -> (Vec<ObjectId>, Vec<(ObjectId, Reason)>) {
    let folder = tempfile::tempdir().unwrap();
    forged.write(folder.path(), "a");
    let (wanted, problems) = walk_all(folder.path(), largest);
    let problems =
        problems.iter().map(|it| (ObjectId::from_hex(it.0.as_bytes()).unwrap(), it.1)).collect();
    (wanted.into_iter().map(|it| it.0).collect(), problems)
}

const LARGEST: u64 = 1 << 20;

/// A pack with a good family and one bad object: the good ones come, the bad one is a problem.
fn one_bad(name: &str, reason: Reason, add: impl Fn(&mut Forged, ObjectId, u64)) {
    let mut forged = Forged::new();
    let base = forged.blob(id(1), b"The quick brown fox jumps over the lazy dog. ");
    forged.at(id(2), base, &adding(45, b"Twice."));
    add(&mut forged, id(3), base);
    forged.at(id(4), base, &adding(45, b"Thrice."));
    let (wanted, problems) = outcome(&forged, LARGEST);
    let mut good = vec![id(1), id(2), id(4)];
    good.sort();
    assert_eq!(wanted, good, "{name}");
    assert_eq!(problems, [(id(3), reason)], "{name}");
}

#[test]
fn a_good_pack_is_good() {
    let mut forged = Forged::new();
    let base = forged.blob(id(1), b"one");
    let second = forged.at(id(2), base, &adding(3, b"two"));
    forged.named(id(3), id(2), &adding(6, b"three"));
    forged.named(id(4), id(5), &adding(14, b"five"));
    forged.at(id(5), second, &adding(6, b"thirteen"));
    forged.blob(id(6), b"");
    let folder = tempfile::tempdir().unwrap();
    forged.write(folder.path(), "a");
    let (wanted, problems) = walk_all(folder.path(), LARGEST);
    assert_eq!(problems, []);
    let content = |number| &wanted.iter().find(|it| it.0 == id(number)).unwrap().1[..];
    assert_eq!(content(3), b"onetwothree");
    assert_eq!(content(4), b"onetwothirteenfive");
    assert_eq!(content(6), b"");
}

#[test]
fn deltas_that_lie() {
    let delta = |parts: &[&[u8]]| parts.concat();
    let (l45, l10) = (length(45), length(10));
    let cases = [
        ("copies from beyond its base", delta(&[&l45, &l10, &copy(40, 10)])),
        ("copies from far beyond its base", delta(&[&l45, &l10, &copy(u32::MAX, 10)])),
        ("copies 64 KiB", delta(&[&l45, &l10, &copy(0, 0)])),
        ("copies more than it says", delta(&[&l45, &l10, &copy(0, 11)])),
        ("makes less than it says", delta(&[&l45, &l10, &copy(0, 9)])),
        ("adds more than it says", delta(&[&l45, &l10, &copy(0, 8), b"\x03abc"])),
        ("adds more than there is", delta(&[&l45, &l10, &copy(0, 5), b"\x05abc"])),
        ("has an instruction that is reserved", delta(&[&l45, &l10, &copy(0, 10), b"\0"])),
        ("is for another base", delta(&[&length(44), &l10, &copy(0, 10)])),
        ("ends within a copy", delta(&[&l45, &l10, b"\xff\x01\x02"])),
        ("ends within a length", b"\x2d\x80".to_vec()),
        ("has nothing", Vec::new()),
        ("has an endless length", vec![0xff; 40]),
    ];
    for (name, delta) in cases {
        one_bad(name, Reason::Corrupt, |forged, id, base| {
            forged.at(id, base, &delta);
        });
    }
    let huge = delta(&[&l45, &length(1 << 40), &copy(0, 10)]);
    one_bad("makes a terabyte", Reason::TooLarge, |forged, id, base| {
        forged.at(id, base, &huge);
    });
}

#[test]
fn headers_that_lie() {
    let good = deflate(b"0123456789");
    let cases: [(&str, Vec<u8>); 9] = [
        ("more than there is", [header(3, 11), good.clone()].concat()),
        ("less than there is", [header(3, 9), good.clone()].concat()),
        ("no kind", [header(0, 10), good.clone()].concat()),
        ("the reserved kind", [header(5, 10), good.clone()].concat()),
        ("a size without an end", [vec![0xff; 20], good.clone()].concat()),
        ("a base before the pack", [header(6, 10), vec![0xff, 0xff, 0x7f], good.clone()].concat()),
        ("a base without an end", [header(6, 10), vec![0xff; 20], good.clone()].concat()),
        ("itself as its base", [header(6, 10), vec![0], good.clone()].concat()),
        ("more than deflate can make", [header(3, 1 << 19), good].concat()),
    ];
    for (name, bytes) in cases {
        one_bad(name, Reason::Corrupt, |forged, id, _| {
            forged.raw(id, &bytes);
        });
    }
    for flip in [0, 1, 5, 14] {
        one_bad("a flipped bit", Reason::Corrupt, |forged, id, _| {
            let mut bytes = [header(3, 10), deflate(b"0123456789")].concat();
            let at = 1 + flip.min(bytes.len() - 2);
            bytes[at] ^= 0x10;
            forged.raw(id, &bytes);
        });
    }
    one_bad("what is not at an object", Reason::Corrupt, |forged, id, base| {
        let distance = forged::back(forged.pack.len() as u64 - base - 3);
        let delta = adding(45, b"x");
        forged.raw(id, &[header(6, delta.len() as u64), distance, deflate(&delta)].concat());
    });
    one_bad("a base that is not there", Reason::Missing, |forged, id, _| {
        forged.named(id, forged::id(77), &adding(45, b"x"));
    });
    one_bad("a base by its own name", Reason::Corrupt, |forged, id, _| {
        forged.named(id, id, &adding(45, b"x"));
    });
}

#[test]
fn an_index_that_lies() {
    one_bad("a place beyond the pack", Reason::Corrupt, |forged, id, _| {
        forged.entries.push((id, 1 << 30));
    });
    one_bad("a place far beyond the pack", Reason::Corrupt, |forged, id, _| {
        forged.entries.push((id, u64::MAX));
    });
    one_bad("a place in the header", Reason::Corrupt, |forged, id, _| {
        forged.entries.push((id, 4));
    });
    let mut forged = Forged::new();
    let base = forged.blob(id(1), b"one");
    forged.entries.push((id(2), base));
    forged.entries.push((id(3), base));
    let (wanted, problems) = outcome(&forged, LARGEST);
    assert_eq!((wanted.len(), problems.len()), (1, 2), "one place cannot be of three objects");
    assert!(problems.iter().all(|it| it.1 == Reason::Corrupt));
    assert!(!problems.iter().any(|it| it.0 == wanted[0]));
}

#[test]
fn a_broken_base_breaks_what_hangs_on_it_and_nothing_else() {
    let mut forged = Forged::new();
    let bad = forged.raw(id(1), &[header(3, 11), deflate(b"0123456789")].concat());
    let child = forged.at(id(2), bad, &adding(11, b"x"));
    forged.at(id(3), child, &adding(12, b"y"));
    forged.named(id(4), id(3), &adding(13, b"y"));
    forged.blob(id(5), b"good");
    let (wanted, problems) = outcome(&forged, LARGEST);
    assert_eq!(wanted, [id(5)]);
    let mut expected: Vec<_> = (1..5).map(|number| (id(number), Reason::Corrupt)).collect();
    expected.sort();
    assert_eq!(problems, expected);
}

#[test]
fn circles() {
    for length in [2, 3, 50] {
        let mut forged = Forged::new();
        forged.blob(id(1000), b"good");
        for number in 0..length {
            forged.named(id(number), id((number + 1) % length), &adding(1, b"x"));
        }
        forged.named(id(999), id(0), &adding(1, b"x"));
        let (wanted, problems) = outcome(&forged, LARGEST);
        assert_eq!(wanted, [id(1000)]);
        assert_eq!(problems.len(), length as usize + 1);
        assert!(problems.iter().all(|it| it.1 == Reason::Corrupt));
    }
    // Over two packs.
    let folder = tempfile::tempdir().unwrap();
    for (name, one, other) in [("a", 1, 2), ("b", 2, 1)] {
        let mut forged = Forged::new();
        forged.named(id(one), id(other), &adding(1, b"x"));
        forged.write(folder.path(), name);
    }
    let (wanted, problems) = walk_all(folder.path(), LARGEST);
    assert_eq!(wanted, []);
    assert_eq!(problems.len(), 2);
}

#[test]
fn bases_in_other_packs() {
    let folder = tempfile::tempdir().unwrap();
    let mut thin = Forged::new();
    thin.named(id(1), id(2), &adding(4, b"one"));
    thin.named(id(3), id(1), &adding(7, b"three"));
    thin.write(folder.path(), "a");
    let mut other = Forged::new();
    other.blob(id(2), b"base");
    other.write(folder.path(), "b");
    let (wanted, problems) = walk_all(folder.path(), LARGEST);
    assert_eq!(problems, []);
    let all: Vec<_> = wanted.iter().map(|it| String::from_utf8_lossy(&it.1).into_owned()).collect();
    assert_eq!(all.len(), 3);
    assert!(all.contains(&"baseonethree".to_owned()), "{all:?}");
}

#[test]
fn another_copy_serves_where_one_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let mut broken = Forged::new();
    let bad = broken.raw(id(1), &[header(3, 11), deflate(b"0123456789")].concat());
    broken.at(id(2), bad, &adding(11, b"x"));
    broken.entries.push((id(4), 1 << 20));
    broken.write(folder.path(), "a");
    let mut good = Forged::new();
    good.blob(id(1), b"0123456789+");
    good.blob(id(4), b"four");
    good.write(folder.path(), "b");
    let (wanted, problems) = walk_all(folder.path(), LARGEST);
    assert_eq!(problems, []);
    let content = |number| &wanted.iter().find(|it| it.0 == id(number)).unwrap().1[..];
    assert_eq!(wanted.len(), 3);
    assert_eq!(content(2), b"0123456789+x");
    assert_eq!(content(4), b"four");
}

#[test]
fn long_objects_come_in_pieces() {
    let mut forged = Forged::new();
    let long: Vec<u8> = (0..30_000u32).map(|at| ((at * at) >> 5) as u8).collect();
    let base = forged.blob(id(1), &long);
    forged.at(id(2), base, &adding(30_000, b"more"));
    let longer = vec![7; 50_000];
    let far = forged.blob(id(3), &longer);
    forged.at(id(4), far, &adding(50_000, b"more"));
    // A change of what is too long to be held, into what is not.
    forged.at(id(5), far, &[length(50_000), length(10), copy(9, 10)].concat());
    let folder = tempfile::tempdir().unwrap();
    forged.write(folder.path(), "a");
    for (threads, mapped) in [(1, true), (3, false)] {
        let options = Options { largest: 20_000, mapped, ..Options::default() };
        let kept = walk(&open(folder.path(), &options), &ALL, threads);
        let content = kept.content();
        let mut streamed = kept.streamed.clone();
        streamed.sort();
        let mut expected = vec![id(1), id(3)];
        expected.sort();
        assert_eq!(streamed, expected);
        assert_eq!(content[&id(1)].1, long);
        assert_eq!(content[&id(2)].1, [&long[..], b"more"].concat());
        assert_eq!(content[&id(3)].1, longer);
        let mut problems: Vec<_> =
            kept.problems.iter().map(|it| (&it.subject, it.reason)).collect();
        problems.sort();
        let (four, five) = (id(4).to_string(), id(5).to_string());
        let mut expected = vec![(&four, Reason::TooLarge), (&five, Reason::TooLarge)];
        expected.sort();
        assert_eq!(problems, expected);
    }
}

#[test]
fn a_stream_that_is_cut_short_ends_in_an_error() {
    for (name, bytes) in [
        ("cut", [header(3, 100_000), deflate(&[7; 99_999])].concat()),
        ("too long", [header(3, 100_000), deflate(&[7; 100_001])].concat()),
    ] {
        let mut forged = Forged::new();
        forged.raw(id(1), &bytes);
        forged.blob(id(2), b"good");
        let (wanted, problems) = outcome(&forged, 1000);
        assert_eq!((wanted, problems), (vec![id(2)], vec![(id(1), Reason::Corrupt)]), "{name}");
    }
}

#[test]
fn cut_and_flipped_files_never_panic() {
    let mut forged = Forged::new();
    let mut base = forged.blob(id(1), &b"The quick brown fox. ".repeat(9));
    for number in 2..12 {
        base = forged.at(id(number), base, &adding(189 + number as usize - 2, b"x"));
    }
    forged.named(id(20), id(3), &adding(191, b"named"));
    let (pack, idx) = forged.bytes();
    let run = |pack: &[u8], idx: &[u8]| -> Option<Keep> {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("pack");
        std::fs::create_dir(&files).unwrap();
        std::fs::write(files.join("pack-a.pack"), pack).unwrap();
        std::fs::write(files.join("pack-a.idx"), idx).unwrap();
        let store = open(folder.path(), &Options { largest: 4096, ..Options::default() });
        (!store.packs().is_empty()).then(|| {
            let kept = walk(&store, &ALL, 1);
            // Whatever is asked for comes, or is a problem.
            let mut subjects: Vec<_> = kept.problems.iter().map(|it| it.subject.clone()).collect();
            subjects.sort();
            let before = subjects.len();
            subjects.dedup();
            assert_eq!(subjects.len(), before, "each problem is said once");
            assert_eq!(kept.content().len() + before, store.len() as usize);
            kept
        })
    };
    let whole = run(&pack, &idx).unwrap();
    assert_eq!(whole.problems, []);
    for len in 0..pack.len() {
        if let Some(kept) = run(&pack[..len], &idx) {
            assert!(!kept.problems.is_empty() || len + 20 > pack.len(), "{len}");
        }
    }
    for len in (0..idx.len()).filter(|len| len % 7 == 0 || *len > 1000) {
        run(&pack, &idx[..len]);
    }
    for at in 0..pack.len() {
        let mut flipped = pack.clone();
        flipped[at] ^= 1 << (at % 8);
        run(&flipped, &idx);
    }
    for at in (0..idx.len()).filter(|at| at % 5 == 0 || *at > 1000) {
        let mut flipped = idx.clone();
        flipped[at] ^= 0x81;
        run(&pack, &flipped);
    }
}
