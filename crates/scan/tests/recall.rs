//! Known places are read again, and only what agrees comes back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod ground;

use ground::{Ground, detector, key, look, now, secret};
use quietus_model::{Fingerprint, Location, Secret};
use quietus_scan::{Options, Recalled, Source, recall};
use std::sync::atomic::AtomicBool;

fn line(label: &str) -> String {
    format!("key: {}\n", secret(label))
}

fn again(source: &Source, wanted: &[(Fingerprint, Vec<Location>)]) -> Recalled {
    let cancel = AtomicBool::new(false);
    recall(source, wanted, &detector(), &key(), &Options::default(), now(), &cancel).unwrap()
}

fn print(label: &str) -> Fingerprint {
    key().fingerprint(&Secret::from(secret(label).as_str()))
}

#[test]
fn what_still_stands_comes_back_with_its_bytes() {
    let ground = Ground::new();
    let message = format!("m\n\n{}", line("message"));
    let first = ground.commit_on(&[], "Ann", &message, &[("a", Some(&line("a")))]);
    ground.set("main", first);
    ground.commit("main", "Ann", &[("a", None)]);
    ground.write("disk", &line("disk"));
    ground.write("gone", &line("gone"));
    let scanned = look(&ground.whole());
    let mut wanted: Vec<_> = scanned
        .hits
        .iter()
        .map(|hit| (hit.finding.fingerprint, hit.finding.locations.clone()))
        .collect();
    assert_eq!(wanted.len(), 4);
    ground.write("gone", "rotated\n");
    ground.write("unrelated", &line("unrelated"));
    let recalled = again(&ground.whole(), &wanted);
    assert_eq!(recalled.lost, [print("gone")]);
    assert_eq!(recalled.hits.len(), 3);
    for label in ["a", "disk", "message"] {
        let hit = recalled.hits.iter().find(|hit| hit.finding.fingerprint == print(label)).unwrap();
        assert_eq!(hit.secret.expose(), secret(label).as_bytes());
        assert_eq!(hit.finding.locations.len(), 1);
    }
    assert_eq!(recalled.gaps, []);

    // Another secret at the place of the one that was wanted does not count.
    let at_a = wanted.iter().find(|(f, _)| *f == print("a")).unwrap().1.clone();
    let at_disk = wanted.iter().find(|(f, _)| *f == print("disk")).unwrap().1.clone();
    let both = [at_a.clone(), at_disk.clone()].concat();
    let recalled = again(&ground.whole(), &[(print("disk"), both)]);
    assert_eq!(recalled.hits[0].finding.locations, at_disk);
    wanted = vec![(print("disk"), at_a)];
    let recalled = again(&ground.whole(), &wanted);
    assert!(recalled.hits.is_empty());
    assert_eq!(recalled.lost, [print("disk")]);
}

#[test]
fn a_place_outside_the_folder_is_not_read() {
    let ground = Ground::new();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f"), line("outside")).unwrap();
    ground.write("f", &line("outside"));
    std::os::unix::fs::symlink(folder.path(), ground.path().join("link")).unwrap();
    let scanned = look(&Source::Tree(ground.path()));
    let mut place = scanned.hits[0].finding.locations[0].clone();
    std::fs::remove_file(ground.path().join("f")).unwrap();
    let absolute = folder.path().join("f").display().to_string();
    let climbing = format!("../{}/f", folder.path().file_name().unwrap().to_str().unwrap());
    for path in [absolute.as_str(), climbing.as_str(), "link/f", "./../x"] {
        place.path = quietus_model::SafeText::plain(path);
        let recalled = again(&ground.whole(), &[(print("outside"), vec![place.clone()])]);
        assert_eq!(recalled.lost, [print("outside")], "{path}");
    }
}

#[test]
fn an_object_that_is_gone_is_a_gap() {
    let ground = Ground::new();
    ground.commit("main", "Ann", &[("a", Some(&line("a")))]);
    let scanned = look(&ground.history());
    let places = scanned.hits[0].finding.locations.clone();
    let blob = git2::Oid::from_str(places[0].blob.as_deref().unwrap()).unwrap();
    std::fs::remove_file(ground.loose(blob)).unwrap();
    let recalled = again(&ground.history(), &[(print("a"), places)]);
    assert_eq!(recalled.lost, [print("a")]);
    assert_eq!(recalled.gaps[0].object.as_str(), blob.to_string());
}
