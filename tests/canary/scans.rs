//! `scan` in all its kinds and formats, and the proof that the search sees what is there.

use crate::ground::Ground;

#[test]
fn only_show_secrets_shows_secrets_and_the_search_sees_them() {
    let ground = Ground::new();
    let repository = ground.repository();
    let scan = ["scan", repository.arg(), "--show-secrets", "--confidence", "low"];
    for format in ["terminal", "jsonl", "json"] {
        let ran = ground.sandbox.run(&[&scan[..], &["--format", format]].concat());
        let search = ground.search();
        let missing =
            ["file", "name", "carrier", "message", "tag", "note", "staged", "url", "remote"]
                .into_iter()
                .chain(["key", "aws", "everywhere", "branch", "author", "path"])
                .filter(|name| !search.names(ran.stdout()).contains(name));
        assert_eq!(missing.collect::<Vec<_>>(), Vec::<&str>::new(), "{format}");
        assert_eq!(search.names(ran.stderr()), Vec::<&str>::new(), "{format}");
    }
    // The search through files finds what is there.
    ground.sandbox.write("tmp/deep/left", ground.secret("file"));
    let found = ground.search().files(&ground.sandbox.path("tmp"), &|_| false);
    assert!(found.iter().all(|one| one.contains("tmp/deep/left: file (raw)")), "{found:?}");
    assert!(!found.is_empty());
    let encoded = data_encoding::BASE64.encode(format!("x {}", ground.secret("file")).as_bytes());
    assert_eq!(ground.search().names(encoded.as_bytes()), ["file"]);
}

#[test]
fn no_scan_shows_a_secret() {
    let ground = Ground::new();
    let repository = ground.repository();
    let path = repository.arg();
    let kinds: [&[&str]; 6] = [
        &[path],
        &[path, "--tree-only"],
        &[path, "--history-only"],
        &[path, "--staged"],
        &[path, "--since", "HEAD~1"],
        &[path, "--path", "keys"],
    ];
    for kind in kinds {
        for format in ["terminal", "jsonl", "json", "sarif"] {
            let rest = ["--confidence", "low", "--format", format];
            ground.quiet(1, &[&["scan"], kind, &rest].concat());
        }
    }
    let input = format!("token: {}\n{}\n", ground.secret("stdin"), ground.secret("everywhere"));
    for format in ["terminal", "jsonl", "json", "sarif"] {
        let ran = ground.sandbox.feed(&["scan", "-", "--format", format], input.as_bytes());
        ground.checked(1, ran);
    }
    ground.disk_is_quiet();
}

#[test]
fn nothing_that_silences_shows_or_keeps_a_secret() {
    let ground = Ground::new();
    let repository = ground.repository();
    let path = repository.arg();
    ground.quiet(0, &["init"]);
    let shown = ["scan", path, "--show-secrets", "--confidence", "low", "--format", "jsonl"];
    let shown = ground.sandbox.run(&shown);
    assert!(!ground.search().names(shown.stdout()).is_empty());
    let why = ["--reason", "all that is known today", "--approver", "ann"];
    let words = [&["suppress", "--from", "-"], &why[..]].concat();
    let ran = ground.sandbox.feed(&words, shown.stdout());
    ground.checked(0, ran);
    for format in ["terminal", "jsonl", "json", "sarif"] {
        ground.quiet(0, &["scan", path, "--format", format]);
        let silenced = ["scan", path, "--suppressions", "none.toml", "--exclude", "keys/"];
        ground.sandbox.write("work/none.toml", "");
        let more = ["--honor", "kingfisher", "--disable-rule", "jwt", "--format", format];
        ground.quiet(1, &[&silenced[..], &more].concat());
    }
    for format in ["table", "json"] {
        ground.quiet(0, &["track", path, "--format", format]);
    }
    ground.quiet(0, &["item", "show", "V-1"]);
    for mistake in ["file", "url"] {
        ground.quiet(2, &[&["suppress", ground.secret(mistake)], &why[..]].concat());
    }
    let wrong = format!("suppression = \"{}\"", ground.secret("file"));
    let wrong = ground.sandbox.write("work/wrong.toml", wrong);
    ground.quiet(2, &["scan", path, "--suppressions", wrong.to_str().unwrap()]);
    ground.disk_is_quiet();
}
