//! What does not show in the bytes is found in every way of reading them, and told where it lies.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod ground;

use data_encoding::{BASE64, HEXLOWER};
use ground::{Ground, detector, key, look, look_with, now, only, places, secret};
use quietus_model::{GapReason, Location, Place, Secret};
use quietus_scan::{Options, Scanned, Source, recall};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;

fn line(label: &str) -> String {
    format!("key: {}\n", secret(label))
}

/// What a shell makes of a file `plain` with a key in it.
fn made(label: &str, commands: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plain"), format!("first\n{}", line(label))).unwrap();
    let mut shell = Command::new("sh");
    let ran = shell.args(["-ec", commands]).current_dir(folder.path()).output().unwrap();
    assert!(ran.status.success(), "{commands}: {ran:?}");
    std::fs::read(folder.path().join("made")).unwrap()
}

fn zip_in_zip(label: &str) -> Vec<u8> {
    made(label, "zip -q inner.zip plain; zip -q made.zip inner.zip; mv made.zip made")
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// How a place says that it is hidden.
fn hidden(location: &Location) -> (&str, Vec<&str>) {
    (location.inside.as_str(), location.decoded.iter().map(String::as_str).collect())
}

fn write(ground: &Ground, name: &str, bytes: &[u8]) {
    std::fs::write(ground.path().join(name), bytes).unwrap();
}

/// Commits what lies on disk.
fn commit(ground: &Ground) {
    git(&ground.path(), &["add", "-A"]);
    git(&ground.path(), &["commit", "-q", "-m", "more"]);
}

fn git(at: &Path, arguments: &[&str]) {
    let who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"];
    let ran = Command::new("git").args(who).args(arguments).current_dir(at).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
}

#[test]
fn what_lies_in_an_archive_is_told_by_its_place_there() {
    let ground = Ground::new();
    write(&ground, "a.zip", &zip_in_zip("deep"));
    let place = only(&look(&Source::Tree(ground.path())), &secret("deep"));
    assert_eq!(hidden(&place), ("inner.zip!/plain", vec!["zip", "zip"]));
    assert_eq!((place.path.as_str(), place.line, place.column), ("a.zip", 2, 6));
    assert_eq!(place.display(), "a.zip!/inner.zip!/plain:2");
}

#[test]
fn every_way_of_reading_sees_it() {
    let ground = Ground::new();
    write(&ground, "begin", b"x\n");
    commit(&ground);
    let base = ground.repository.head().unwrap().target().unwrap().to_string();
    write(&ground, "a.tar.xz", &made("packed", "tar -cJf made plain"));
    write(
        &ground,
        "b",
        BASE64.encode(format!("some text {}", line("encoded")).as_bytes()).as_bytes(),
    );
    write(&ground, "c", &utf16(&line("wide")));
    let labels = ["packed", "encoded", "wide"];
    let all_in = |scanned: &Scanned, place: Place| {
        for label in labels {
            let found = places(scanned, &secret(label));
            assert!(found.iter().any(|at| at.place == place && !at.decoded.is_empty()), "{label}");
        }
    };
    all_in(&look(&Source::Tree(ground.path())), Place::WorkTree);
    git(&ground.path(), &["add", "-A"]);
    all_in(&look(&Source::Staged(ground.path())), Place::Index);
    commit(&ground);
    all_in(&look(&ground.history()), Place::History);
    let since = Source::Since { path: ground.path(), revision: base };
    all_in(&look(&since), Place::History);
    for name in ["a.tar.xz", "b", "c"] {
        let bytes = std::fs::read(ground.path().join(name)).unwrap();
        let stdin = look(&Source::Stdin(bytes));
        assert_eq!(stdin.hits.len(), 1, "{name}");
        assert_eq!(stdin.hits[0].finding.locations[0].place, Place::Stdin);
    }
    let message = format!("m\n\n{}", BASE64.encode(line("message").as_bytes()));
    git(&ground.path(), &["commit", "-q", "--allow-empty", "-m", &message]);
    let told = only(&look(&ground.history()), &secret("message"));
    assert_eq!((told.place, told.line), (Place::Message, 3));

    let scanned = look(&ground.history());
    let wanted: Vec<_> = scanned.hits.iter().map(|hit| hit.finding.clone()).collect();
    let cancel = AtomicBool::new(false);
    let again = recall(
        &ground.history(),
        &wanted,
        &detector(),
        &key(),
        &Options::default(),
        now(),
        &cancel,
    );
    let again = again.unwrap();
    assert_eq!((again.hits.len(), again.lost.len()), (4, 0));
    assert_eq!(again.gaps, []);
}

#[test]
fn encoded_text_is_told_where_it_stands() {
    let inner = format!("a first line\n{}", line("x"));
    let twice = BASE64.encode(BASE64.encode(inner.as_bytes()).as_bytes());
    for (text, chain) in [
        (BASE64.encode(inner.as_bytes()), vec!["base64"]),
        (twice, vec!["base64", "base64"]),
        (HEXLOWER.encode(inner.as_bytes()), vec!["hex"]),
        (inner.bytes().map(|byte| format!("%{byte:02x}")).collect(), vec!["percent"]),
        (inner.bytes().map(|byte| format!("\\u{byte:04x}")).collect(), vec!["escapes"]),
        (inner.bytes().map(|byte| format!("&#{byte};")).collect(), vec!["entities"]),
    ] {
        let whole = format!("nothing\n  data: {text} and more\n");
        let scanned = look(&Source::Stdin(whole.into_bytes()));
        let place = only(&scanned, &secret("x"));
        assert_eq!(hidden(&place), ("", chain.clone()), "{chain:?}");
        assert_eq!((place.line, place.column, place.end_line), (2, 9, 2), "{chain:?}");
        assert_eq!(place.end_column as usize, 9 + text.len(), "{chain:?}");
        assert_eq!(scanned.scope.gaps, []);
    }
}

#[test]
fn text_in_utf16_is_told_by_its_lines_and_its_own_columns() {
    let text = format!("välue\nkey = {} é\n", secret("wide"));
    let big = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let marked = format!("\u{feff}{text}");
    for (bytes, mark) in
        [(utf16(&text), 0), (utf16(&marked), 2), (big(&text), 0), (big(&marked), 2)]
    {
        let place = only(&look(&Source::Stdin(bytes)), &secret("wide"));
        assert_eq!((place.line, place.column, place.end_column), (2, 13, 13 + 58));
        assert_eq!(place.offset, mark + 12 + 12);
        assert!(place.decoded[0].starts_with("utf-16"), "{place:?}");
    }
    // With a mark as well: nothing has to be undone for that.
    let marked = only(&look(&Source::Stdin(marked.into_bytes())), &secret("wide"));
    assert_eq!((marked.line, marked.column, marked.decoded.len()), (2, 7, 0));
}

#[test]
fn one_secret_that_is_read_twice_is_told_once() {
    // A plain tar holds it bare; an escaped form of it is another form of the same.
    let ground = Ground::new();
    write(&ground, "a.tar", &made("bare", "tar -cf made plain"));
    let place = only(&look(&Source::Tree(ground.path())), &secret("bare"));
    assert_eq!(hidden(&place), ("plain", vec!["tar"]));

    let mail = format!(
        "Subject: a\nMIME-Version: 1.0\nContent-Type: text/plain\n\nIt is\n{}",
        line("mail")
    );
    let place = only(&look(&Source::Stdin(mail.into_bytes())), &secret("mail"));
    assert_eq!((hidden(&place), place.line), (("", vec![]), 6));

    let url = "url: https://user:p%21ssw%6Frd-that-is-long@host.example/x\n";
    let scanned = look(&Source::Stdin(url.into()));
    assert_eq!(scanned.hits.len(), 1, "{:#?}", scanned.hits);
    assert_eq!(scanned.hits[0].secret.expose(), b"p!ssword-that-is-long");

    let basic = format!("password = \"{}\"\n", BASE64.encode(line("inner").as_bytes()));
    let scanned = look(&Source::Stdin(basic.into_bytes()));
    assert_eq!(scanned.hits.len(), 1, "the value is nothing but an encoding");
    assert_eq!(only(&scanned, &secret("inner")).decoded, ["base64"]);
}

#[test]
fn what_cannot_be_opened_is_told_and_does_not_end_all_scans() {
    let ground = Ground::new();
    write(&ground, "begin", b"x\n");
    write(
        &ground,
        "locked.zip",
        &made("locked", "zip -q -P open made.zip plain; mv made.zip made"),
    );
    let cut = made("cut", "gzip -n plain; mv plain.gz made");
    write(&ground, "cut.gz", &cut[..cut.len() - 9]);
    commit(&ground);
    let scanned = look(&ground.whole());
    let opaque = scanned.scope.gaps.iter().filter(|gap| gap.reason == GapReason::Opaque);
    assert_eq!(opaque.count(), 4, "two files and two objects: {:#?}", scanned.scope.gaps);
    assert_eq!(scanned.scope.gaps.len(), 4);
    assert!(scanned.scope.gaps.iter().any(|gap| gap.detail.as_str() == "plain: encrypted"));
    assert!(scanned.scope.is_complete() && !scanned.scope.opened_all());
}

#[test]
fn what_a_bound_cuts_off_makes_a_scan_incomplete() {
    let ground = Ground::new();
    let bomb = made("bomb", "head -c 60000000 /dev/zero | gzip -9 > made");
    write(&ground, "bomb.gz", &bomb);
    let scanned = look(&Source::Tree(ground.path()));
    assert_eq!(scanned.scope.gaps.len(), 1, "{:?}", scanned.scope.gaps);
    assert_eq!(scanned.scope.gaps[0].reason, GapReason::TooLarge);
    assert_eq!(scanned.scope.gaps[0].object.as_str(), "bomb.gz");
    assert!(!scanned.scope.is_complete());
    let large = made("large", "tar -cf made plain");
    write(&ground, "bomb.gz", &large);
    let options = Options { max_file_size: 4000, ..Options::default() };
    let scanned = look_with(&Source::Tree(ground.path()), &options);
    assert_eq!(only(&scanned, &secret("large")).decoded, [""; 0], "as it lies in the pieces");
    assert_eq!(scanned.scope.gaps[0].detail.as_str(), "too large to be opened");
}

#[test]
fn a_comment_on_the_line_of_encoded_text_counts() {
    let encoded = BASE64.encode(format!("some {}", line("x")).as_bytes());
    for (end, is_allowed) in [(" # quietus:allow a sample\n", true), ("\n# quietus:allow\n", false)]
    {
        let text = format!("x = {encoded}{end}");
        let place = only(&look(&Source::Stdin(text.into_bytes())), &secret("x"));
        assert_eq!(place.allowed_inline.contains(quietus_model::Comment::Quietus), is_allowed);
    }
}

#[test]
fn a_secret_in_the_name_of_a_member_is_masked_where_it_is_shown() {
    let ground = Ground::new();
    let name = secret("name");
    let commands =
        format!("mkdir {name}; mv plain {name}/plain; zip -qr made.zip {name}; mv made.zip made");
    write(&ground, "a.zip", &made("in", &commands));
    let scanned = look(&Source::Tree(ground.path()));
    assert!(!places(&scanned, &name).is_empty());
    let place = only(&scanned, &secret("in"));
    assert_eq!(place.inside.as_str(), "[secret]/plain");
    assert!(!format!("{:?}", scanned.scope).contains(&name));
}

#[test]
fn what_is_remembered_hides_as_it_did() {
    let ground = Ground::new();
    write(&ground, "begin", b"x\n");
    write(&ground, "a.zip", &zip_in_zip("deep"));
    write(&ground, "b", BASE64.encode(format!("more {}", line("encoded")).as_bytes()).as_bytes());
    write(
        &ground,
        "locked.zip",
        &made("locked", "zip -q -P open made.zip plain; mv made.zip made"),
    );
    commit(&ground);
    let memory = tempfile::tempdir().unwrap();
    let options = Options { memory: Some(memory.path().to_owned()), ..Options::default() };
    let first = look_with(&ground.history(), &options);
    assert_eq!(std::fs::read_dir(memory.path()).unwrap().count(), 1, "it is remembered");
    let again = look_with(&ground.history(), &options);
    let without = look(&ground.history());
    for other in [&again, &without] {
        assert_eq!(format!("{:?}", first.hits), format!("{:?}", other.hits));
        assert_eq!(first.scope, other.scope);
    }
    assert_eq!(only(&first, &secret("deep")).inside.as_str(), "inner.zip!/plain");
    // A secret that is wanted again is known by what hides it.
    let key = key().fingerprint(&Secret::from(secret("deep").as_str()));
    assert!(first.hits.iter().any(|hit| hit.finding.fingerprint == key));
}
