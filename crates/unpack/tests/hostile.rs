//! Bombs, lies and damage: never a panic, never more than the bounds.

mod made;

use made::{PLANTED, made, open, planted, python, reasons};
use proptest::prelude::*;
use quietus_unpack::{Bounds, Kind, Reason, Text, members, members_of, spans};

fn tight() -> Bounds {
    Bounds { depth: 4, total: 1 << 20, member: 1 << 18, members: 500, ratio: 50 }
}

#[test]
fn a_bomb_of_zeros_is_cut() {
    // Ten gigabytes, as one stream of 640 that follow one another.
    let one = made("head -c 16M /dev/zero | gzip -9 >made");
    let bomb = one.repeat(640);
    let mut largest = 0;
    let gaps = members(&bomb, &Bounds { total: 32 << 20, ..Bounds::default() }, &mut |member| {
        largest = largest.max(member.bytes.len());
    });
    assert_eq!(largest, 32 << 20);
    assert_eq!(reasons(&gaps), [Reason::Total]);
    for tool in ["bzip2", "xz", "zstd -q", "gzip"] {
        let bomb = made(&format!("head -c 40M /dev/zero | {tool} >made"));
        let (all, gaps) = open(&bomb, &Bounds::default());
        assert_eq!(reasons(&gaps), [Reason::Ratio], "{tool}");
        let limit = (16 << 20) + 250 * bomb.len();
        assert_eq!(all[0].bytes.len(), limit, "{tool}");
    }
}

#[test]
fn a_bomb_of_zips_in_zips_is_cut() {
    let program = "import zipfile as z\ninner=b'\\0'*1000000\nfor depth in range(6):\n  f=z.ZipFile('made','w',z.ZIP_DEFLATED)\n  for n in range(16): f.writestr(str(n)+'.zip',inner)\n  f.close(); inner=open('made','rb').read()\n";
    let bomb = python(program);
    let bounds = Bounds { total: 16 << 20, ..Bounds::default() };
    let mut sum = 0;
    let gaps = members(&bomb, &bounds, &mut |member| sum += member.bytes.len() as u64);
    assert!(sum <= bounds.total, "{sum}");
    assert!(reasons(&gaps).contains(&Reason::Total));
}

#[test]
fn entries_that_share_bytes_are_read_once() {
    // A directory that lists the same entry a thousand times.
    let zip = made("zip -q z.zip planted.txt; mv z.zip made");
    let at = memchr::memmem::find(&zip, b"PK\x01\x02").expect("a directory");
    let end = memchr::memmem::find(&zip, b"PK\x05\x06").expect("an end");
    let directory = zip[at..end].repeat(1000);
    let mut bomb = [&zip[..at], &directory, &zip[end..]].concat();
    let end = at + directory.len();
    bomb[end + 12..end + 16].copy_from_slice(&(directory.len() as u32).to_le_bytes());
    let (all, gaps) = open(&bomb, &Bounds::default());
    assert_eq!(all.len(), 1);
    assert!(gaps.iter().all(|gap| gap.reason == Reason::Overlapping) && !gaps.is_empty());
}

#[test]
fn depth_is_bounded() {
    let line = "cp planted.txt x; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do gzip -c x >y; mv y x; done; mv x made";
    let (all, gaps) = open(&made(line), &Bounds { depth: 5, ..Bounds::default() });
    assert_eq!(all.iter().map(|one| one.depth).max(), Some(5));
    assert_eq!(reasons(&gaps), [Reason::Depth]);
    let all_of_it = Bounds { depth: u32::MAX, ..Bounds::default() };
    let (all, gaps) = open(&made(line), &all_of_it);
    assert_eq!(gaps, []);
    assert!(made::holding(&all, PLANTED).is_some());
}

#[test]
fn members_are_bounded() {
    let program = "import tarfile\nt=tarfile.open('made','w')\nfor n in range(20000): t.addfile(tarfile.TarInfo(str(n)))\nt.close()";
    let bytes = python(program);
    let (all, gaps) = open(&bytes, &Bounds { members: 10_000, ..Bounds::default() });
    assert_eq!(all.len(), 10_000);
    assert_eq!(reasons(&gaps), [Reason::Members]);
    let (all, gaps) = open(&bytes, &Bounds::default());
    assert_eq!((all.len(), gaps), (20_000, vec![]));
    // As many streams in a row.
    let streams = made("gzip -c </dev/null >made").repeat(1000);
    let (_, gaps) = open(&streams, &tight());
    assert_eq!(reasons(&gaps), [Reason::Members]);
}

#[test]
fn a_large_member_is_cut_and_the_next_is_whole() {
    let bytes = made("head -c 1M /dev/urandom >a; zip -q z.zip a planted.txt; mv z.zip made");
    let (all, gaps) = open(&bytes, &Bounds { member: 1000, ..Bounds::default() });
    assert_eq!(all[0].bytes.len(), 1000);
    assert_eq!(all[1].bytes, PLANTED.as_bytes());
    assert_eq!(reasons(&gaps), [Reason::Member]);
}

#[test]
fn lying_sizes_are_told() {
    let mut tar = made("tar --format=ustar -cf made planted.txt");
    tar[124..135].copy_from_slice(b"77777777777");
    tar[148..156].fill(b' ');
    let sum: u32 = tar[..512].iter().map(|&byte| u32::from(byte)).sum();
    tar[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let (all, gaps) = open(&tar, &Bounds::default());
    assert!(all[0].bytes.starts_with(PLANTED.as_bytes()));
    assert_eq!(reasons(&gaps)[0], Reason::Damaged);

    let mut zip = made("zip -q0 z.zip planted.txt; mv z.zip made");
    let at = memchr::memmem::find(&zip, b"PK\x01\x02").expect("a directory");
    zip[at + 20..at + 24].copy_from_slice(&0x7fff_ffffu32.to_le_bytes());
    let (all, gaps) = open(&zip, &Bounds::default());
    assert!(all[0].bytes.starts_with(PLANTED.as_bytes()));
    assert_eq!(reasons(&gaps), [Reason::Damaged]);

    // A window of 1.5 GB, in 30 bytes.
    let zstd = [&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa4][..], &[1, 0, 0]].concat();
    let (_, gaps) = open(&zstd, &Bounds::default());
    assert_eq!(reasons(&gaps), [Reason::Unsupported]);
    let mut xz = made("xz -c planted.txt >made");
    // The size of the dictionary of LZMA2: 4 GB. The checksum of the block header is made right.
    let len = (usize::from(xz[12]) + 1) * 4;
    let place = 12 + memchr::memmem::find(&xz[12..12 + len], &[0x21, 1]).expect("LZMA2") + 2;
    xz[place] = 40;
    let mut crc = flate2::Crc::new();
    crc.update(&xz[12..12 + len - 4]);
    xz[12 + len - 4..12 + len].copy_from_slice(&crc.sum().to_le_bytes());
    let (_, gaps) = open(&xz, &Bounds::default());
    assert_eq!(reasons(&gaps), [Reason::Unsupported]);
}

/// One of each kind, small.
fn one_of_each() -> Vec<Vec<u8>> {
    let database = "import sqlite3\nc=sqlite3.connect('made',isolation_level=None)\nc.execute('pragma page_size=512')\nc.execute('create table t(a text,b blob)')\nfor n in range(9): c.execute('insert into t values(?,?)',('word '*n*9,b'x'*n*90))\n";
    let mut all = vec![
        made("gzip -c planted.txt >made"),
        made("bzip2 -c planted.txt >made"),
        made("xz -c planted.txt >made"),
        made("zstd -q -c planted.txt >made"),
        made("tar --format=pax -cf made planted.txt"),
        made("zip -q z.zip planted.txt; zip -q y.zip z.zip planted.txt; mv y.zip made"),
        python(database),
        python(
            "import py_compile\nopen('a.py','w').write('def f(a=1.5,b=(1,2**70,None)):\\n  return \"word\" + b\"x\".decode()\\n')\npy_compile.compile('a.py','made')",
        ),
        python("import zipfile as z\nz.ZipFile('made','w',z.ZIP_LZMA).write('planted.txt')"),
    ];
    all.push(b"{\"cells\": [{\"source\": [\"a\\n\", \"b \\u00e9\"]}], \"nbformat\": 4}".to_vec());
    all.push(b"A: b\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"xx\"\n\n--xx\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n--xx\nContent-Transfer-Encoding: quoted-printable\n\na=3Db=\nc\n--xx--\n".to_vec());
    all.push(
        b"%PDF-1.4\n1 0 obj\n<< >>\nstream\nBT (a\\(b\\051) Tj [(c) -300 <64>] TJ ET\nendstream\n"
            .to_vec(),
    );
    all.push(
        b"<?xml?><w xmlns='http://schemas.openxmlformats.org/'><w:p>a<w:t>b&amp;</w:t></w:p></w>"
            .to_vec(),
    );
    all.push(b"\x7fELF....a string of some length\0w\0i\0d\0e\0r\0 \0o\0n\0e\0\0\0".to_vec());
    all.push(b"\xca\xfe\xba\xbe\0\0\0\x34\0\x03\x01\0\x05hello\x08\0\x01".to_vec());
    all
}

const KINDS: [Kind; 14] = [
    Kind::Gzip,
    Kind::Bzip2,
    Kind::Xz,
    Kind::Zstd,
    Kind::Tar,
    Kind::Zip,
    Kind::Notebook,
    Kind::Sqlite,
    Kind::Pdf,
    Kind::Pyc,
    Kind::Class,
    Kind::Executable,
    Kind::Mail,
    Kind::Office,
];

fn check(bytes: &[u8], kind: Option<Kind>) {
    let bounds = tight();
    let (mut sum, mut count) = (0, 0);
    let mut found = |member: quietus_unpack::Member<'_>| {
        sum += member.bytes.len() as u64;
        count += 1;
        assert!(member.bytes.len() as u64 <= bounds.member);
        assert!((1..=bounds.depth).contains(&member.depth));
        assert!(!member.path.chars().any(char::is_control));
    };
    match kind {
        Some(kind) => members_of(kind, bytes, &bounds, &mut found),
        None => members(bytes, &bounds, &mut found),
    };
    assert!(sum <= bounds.total && count <= bounds.members);
}

#[test]
fn truncated_at_every_length() {
    for bytes in one_of_each() {
        assert!(Kind::of(&bytes).is_some(), "{:?}", &bytes[..8]);
        let step = 1 + bytes.len() / 3000;
        for len in (0..bytes.len()).step_by(step) {
            check(&bytes[..len], None);
        }
    }
}

#[test]
fn what_is_cut_short_is_told() {
    // Headers, footers and all: a byte less is never taken for the whole, where the format can tell.
    for bytes in &one_of_each()[..6] {
        let (_, gaps) = open(&bytes[..bytes.len() - 1], &Bounds::default());
        assert!(!gaps.is_empty(), "{:?}", Kind::of(bytes));
    }
}

#[test]
fn every_byte_flipped() {
    for bytes in one_of_each() {
        let kind = Kind::of(&bytes);
        let step = 1 + bytes.len() / 1500;
        for at in (0..bytes.len()).step_by(step) {
            for flip in [0xff, 1, 0x80] {
                let mut bytes = bytes.clone();
                bytes[at] ^= flip;
                check(&bytes, kind);
            }
        }
    }
}

#[test]
fn a_quine_ends() {
    // A zip that holds itself cannot be made here in a line; one that is as deep as any is the same
    // to the walk. What is checked is that depth holds for zips that differ in nothing but a name.
    let program = "import zipfile as z\nd=open('planted.txt','rb').read()\nfor n in range(40):\n  f=z.ZipFile('made','w'); f.writestr('r.zip',d); f.close(); d=open('made','rb').read()\n";
    let (all, gaps) = open(&python(program), &Bounds { depth: 1000, ..Bounds::default() });
    assert_eq!(all.len(), 32);
    assert_eq!(reasons(&gaps), [Reason::Depth]);
}

#[test]
fn planted_text_survives_the_helpers() {
    assert_eq!(planted(&made("gzip -c planted.txt >made")), "contents");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_as_any_kind(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        for kind in KINDS {
            check(&bytes, Some(kind));
        }
        check(&bytes, None);
        for span in spans(&bytes) {
            prop_assert!(span.range.end <= bytes.len());
        }
        let text = Text::of(&bytes);
        for at in 0..text.bytes().len() {
            prop_assert!(text.original(at) < bytes.len());
        }
    }
}
