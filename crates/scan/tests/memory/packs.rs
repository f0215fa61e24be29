//! Objects that are packed, packed otherwise, pruned, and back.

use crate::ground::{Ground, git};
use crate::line;
use crate::look::{Eye, Way};

#[test]
fn packs_made_anew_of_the_same_objects_are_not_read_again() {
    let ground = Ground::new();
    for number in 0..20 {
        let text = format!("{}{}{number}\n", line("a"), "another line\n".repeat(number + 40));
        ground.commit("main", "Ann", &[("a", Some(&text)), ("d/b", Some(&line("b")))]);
    }
    git(&ground.path(), &["repack", "-q", "-a", "-d"]);
    let mut eye = Eye::new();
    assert_eq!(eye.look(&ground.history(), "first"), Way::Anew);
    let mut written = eye.file().unwrap();
    let packs = ground.repository.path().join("objects/pack");
    for file in std::fs::read_dir(&packs).unwrap() {
        let file = std::fs::File::options().write(true).open(file.unwrap().path()).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
    }
    assert_eq!(eye.look(&ground.history(), "touched"), Way::Same);
    assert!(eye.file().unwrap() == written, "that is known without a look at their names");
    for more in [&["--depth=1", "--window=0"], &["--depth=50", "--window=50"]] {
        git(&ground.path(), &[&["repack", "-q", "-a", "-d", "-f"], &more[..]].concat());
        assert_eq!(eye.look(&ground.history(), "packed otherwise"), Way::Same, "{more:?}");
        assert!(eye.file().unwrap() != written, "{more:?}");
        written = eye.file().unwrap();
        assert_eq!(eye.look(&ground.history(), "once more"), Way::Same, "{more:?}");
        assert!(eye.file().unwrap() == written, "{more:?}");
    }
    ground.commit("main", "Bob", &[("c", Some(&line("c")))]);
    git(&ground.path(), &["repack", "-q", "-a", "-d", "-f"]);
    assert_eq!(eye.look(&ground.history(), "with a commit more"), Way::Grown);
    // The commit, its tree and its blob.
    assert_eq!(eye.read, Some(3));
}

#[test]
fn a_pack_that_ends_otherwise_is_another_one() {
    // Nothing of it is read again to be sure of a secret.
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some("nothing")), ("b", Some("nothing else"))]);
    git(&ground.path(), &["repack", "-q", "-a", "-d"]);
    git(&ground.path(), &["prune-packed", "-q"]);
    let packs = std::fs::read_dir(ground.repository.path().join("objects/pack")).unwrap();
    let mut packs = packs.map(|file| file.unwrap().path());
    let pack = packs.find(|path| path.extension().unwrap() == "pack").unwrap();
    // A file of no bytes, which ends as it ends.
    let empty = pack.with_extension("promisor");
    std::fs::write(&empty, "").unwrap();
    let mut eye = Eye::new();
    eye.look(&ground.history(), "first");
    let whole = std::fs::read(&pack).unwrap();
    let mut spoilt = whole.clone();
    *spoilt.last_mut().unwrap() ^= 1;
    for (bytes, way) in [(&whole, Way::Same), (&spoilt, Way::Anew), (&whole, Way::Anew)] {
        let known = eye.file();
        for (path, bytes) in [(&pack, &bytes[..]), (&empty, b"")] {
            std::fs::remove_file(path).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        assert_eq!(eye.look(&ground.history(), "written to"), way);
        assert_eq!(eye.file() == known, way == Way::Same);
    }
}

#[test]
fn what_is_pruned_is_forgotten_and_read_when_it_is_back() {
    let ground = Ground::new();
    let base = ground.commit("main", "Ann", &[("a", Some(&line("a")))]);
    let pair = "pair-1 and id-3\n";
    ground.commit("main", "Ann", &[("b", Some(&line("b"))), ("e/pair", Some("pair-1\n"))]);
    let side = ground.commit_on(
        &[base],
        "Bob",
        &line("c"),
        &[("c", Some(&line("a"))), ("d", Some(&line("d"))), ("pair", Some(pair))],
    );
    ground.set("side", side);
    let mut eye = Eye::new();
    assert_eq!(eye.look(&ground.history(), "first"), Way::Anew);
    let folder = tempfile::tempdir().unwrap();
    let away = folder.path().display().to_string();
    git(&ground.path(), &["clone", "-q", "--bare", "--no-hardlinks", ".", &away]);
    ground.repository.find_reference("refs/heads/side").unwrap().delete().unwrap();
    assert_eq!(eye.look(&ground.history(), "nothing leads to it"), Way::Same);
    git(&ground.path(), &["prune", "--expire=now"]);
    assert_eq!(eye.look(&ground.history(), "pruned"), Way::Grown);
    assert_eq!(eye.read, Some(0));
    assert_eq!(eye.look(&ground.history(), "pruned, again"), Way::Same);
    git(&ground.path(), &["fetch", "-q", &away, "side:side"]);
    assert_eq!(eye.look(&ground.history(), "back"), Way::Grown);
    // The commit, its tree and the blobs `d` and `pair`; `c` is what `a` is.
    assert_eq!(eye.read, Some(4));
}

#[test]
fn what_comes_once_more_in_another_pack_is_not_new() {
    let ground = Ground::new();
    let mut eye = Eye::new();
    for number in 0..8 {
        let label = number.to_string();
        // Nothing that a pack has already: git would touch that pack.
        ground.commit("main", "Ann", &[(&label, Some(&line(&label)))]);
        git(&ground.path(), &["repack", "-q", "-a"]);
        git(&ground.path(), &["prune-packed", "-q"]);
        let way = if number == 0 { Way::Anew } else { Way::Grown };
        assert_eq!(eye.look(&ground.history(), &label), way, "{number}");
    }
}
