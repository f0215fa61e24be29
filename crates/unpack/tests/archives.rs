//! Archives and compressed files by the programs that make them.

mod made;

use made::{PLANTED, made, open, planted, python, reasons};
use quietus_unpack::{Bounds, Kind, Reason};

#[test]
fn compressed_files_of_every_kind() {
    for (line, kind) in [
        ("gzip -c planted.txt >made", Kind::Gzip),
        ("bzip2 -c planted.txt >made", Kind::Bzip2),
        ("xz -9 -c planted.txt >made", Kind::Xz),
        ("xz --check=sha256 -T2 -c planted.txt >made", Kind::Xz),
        ("zstd -q -c planted.txt >made", Kind::Zstd),
        ("zstd -q --ultra -22 -c planted.txt >made", Kind::Zstd),
    ] {
        let bytes = made(line);
        assert_eq!(Kind::of(&bytes), Some(kind), "{line}");
        planted(&bytes);
    }
}

#[test]
fn streams_that_follow_one_another_are_one() {
    for tool in ["gzip", "bzip2", "xz", "zstd"] {
        let line =
            format!("echo first >a; : >b; for f in a b planted.txt; do {tool} -c $f; done >made");
        let bytes = made(&line);
        let (all, gaps) = open(&bytes, &Bounds::default());
        assert_eq!(gaps, [], "{tool}");
        assert_eq!(all[0].bytes, format!("first\n{PLANTED}").as_bytes(), "{tool}");
    }
}

#[test]
fn tars_of_every_format() {
    let long = "d/".repeat(90) + &"n".repeat(90);
    for format in ["v7", "ustar", "gnu", "pax"] {
        assert_eq!(
            planted(&made(&format!("tar --format={format} -cf made planted.txt"))),
            "planted.txt"
        );
    }
    for format in ["gnu", "pax"] {
        let line =
            format!("mkdir -p {0}; cp planted.txt {0}/x; tar --format={format} -cf made d", long);
        assert_eq!(planted(&made(&line)), format!("{long}/x"));
    }
    let line = "tar -cf a planted.txt; echo x >y; tar -cf b y; cat b a >made";
    assert_eq!(planted(&made(line)), "planted.txt");
}

#[test]
fn a_sparse_file_comes_without_its_holes() {
    let line = "truncate -s 100M s; cat planted.txt >>s; cp planted.txt t; tar -cSf made s t";
    let bytes = made(line);
    let (all, gaps) = open(&bytes, &Bounds::default());
    assert_eq!(gaps, []);
    assert_eq!(made::names(&all), ["s", "t"]);
    assert!(all[0].bytes.len() < 1 << 20 && made::holding(&all[..1], PLANTED).is_some());
}

#[test]
fn zips_of_every_method() {
    assert_eq!(planted(&made("zip -q0 made.zip planted.txt; mv made.zip made")), "planted.txt");
    assert_eq!(planted(&made("zip -q made.zip planted.txt; mv made.zip made")), "planted.txt");
    // To a pipe, sizes stand behind the content.
    assert_eq!(planted(&made("cat planted.txt | zip -q - - >made")), "-");
    for method in ["ZIP_BZIP2", "ZIP_LZMA"] {
        let program =
            format!("import zipfile as z\nz.ZipFile('made','w',z.{method}).write('planted.txt')");
        assert_eq!(planted(&python(&program)), "planted.txt");
    }
    let wide = "import zipfile as z\nf=z.ZipFile('made','w')\nwith f.open('x','w',force_zip64=True) as o: o.write(open('planted.txt','rb').read())\nf.close()";
    assert_eq!(planted(&python(wide)), "x");
}

#[test]
fn archives_in_archives() {
    let line = "tar -cf a.tar planted.txt; xz a.tar; zip -q b.zip a.tar.xz; zip -q0 c.jar b.zip; \
                tar -cf d.tar c.jar; gzip d.tar; mv d.tar.gz made";
    assert_eq!(planted(&made(line)), "contents!/c.jar!/b.zip!/a.tar.xz!/a.tar!/planted.txt");
    let image = "mkdir l; tar -cf l/layer.tar planted.txt; echo '[]' >manifest.json; tar -cf made manifest.json l";
    assert_eq!(planted(&made(image)), "l/layer.tar!/planted.txt");
}

#[test]
fn a_zip_behind_other_bytes() {
    let program = made("zip -q z.zip planted.txt; cat /bin/true z.zip >made");
    assert_eq!(Kind::of(&program), Some(Kind::Executable));
    assert_eq!(planted(&program), "planted.txt");
    // A browser extension: magic, version, lengths, signature.
    let zip = made("zip -q z.zip planted.txt; mv z.zip made");
    let crx = [b"Cr24\x03\0\0\0\x04\0\0\0sign".as_slice(), &zip].concat();
    assert_eq!(planted(&crx), "planted.txt");
}

#[test]
fn what_no_directory_lists_is_found() {
    let hidden = made("zip -q z.zip planted.txt; mv z.zip made");
    let central = memchr::memmem::find(&hidden, b"PK\x01\x02").expect("there is one");
    let listed = made("echo seen >s; zip -q z.zip s; mv z.zip made");
    let bytes = [&hidden[..central], &listed].concat();
    assert_eq!(planted(&bytes), "planted.txt");
}

#[test]
fn what_is_encrypted_is_told() {
    let bytes = made("zip -q -P word z.zip planted.txt; mv z.zip made");
    let (all, gaps) = open(&bytes, &Bounds::default());
    assert!(all.is_empty());
    assert_eq!(reasons(&gaps), [Reason::Encrypted]);
    assert_eq!(gaps[0].path, "planted.txt");
}

#[test]
fn paths_are_told_and_never_used() {
    let program = "import tarfile,io\nt=tarfile.open('made','w')\nfor n in ['../../up','/abs','a\\x1b[2J','n\\nl']:\n  i=tarfile.TarInfo(n); i.size=1; t.addfile(i,io.BytesIO(b'x'))\nt.close()";
    let (all, gaps) = open(&python(program), &Bounds::default());
    assert_eq!(gaps, []);
    assert_eq!(made::names(&all), ["../../up", "/abs", "a\u{fffd}[2J", "n\u{fffd}l"]);
}
