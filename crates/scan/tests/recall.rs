//! Known places are read again, and only what agrees comes back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod ground;

use ground::{Ground, detector, key, look, now, secret};
use quietus_model::{Finding, Fingerprint, Location, Secret};
use quietus_scan::{Detector, Options, Recalled, Source, recall};
use std::sync::atomic::AtomicBool;

fn line(label: &str) -> String {
    format!("key: {}\n", secret(label))
}

fn again(source: &Source, wanted: &[Finding]) -> Recalled {
    by(&detector(), source, wanted)
}

fn by(detector: &Detector, source: &Source, wanted: &[Finding]) -> Recalled {
    let cancel = AtomicBool::new(false);
    recall(source, wanted, detector, &key(), &Options::default(), now(), &cancel).unwrap()
}

/// The finding of this label at other places.
fn at(findings: &[Finding], label: &str, locations: Vec<Location>) -> Finding {
    let finding = findings.iter().find(|finding| finding.fingerprint == print(label)).unwrap();
    Finding { locations, ..finding.clone() }
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
    let wanted: Vec<Finding> = scanned.hits.iter().map(|hit| hit.finding.clone()).collect();
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
    let places =
        |label| wanted.iter().find(|f| f.fingerprint == print(label)).unwrap().locations.clone();
    let both = [places("a"), places("disk")].concat();
    let recalled = again(&ground.whole(), &[at(&wanted, "disk", both)]);
    assert_eq!(recalled.hits[0].finding.locations, places("disk"));
    // An object that is said to hold it and does not is no proof that it is gone; a file is.
    let recalled = again(&ground.whole(), &[at(&wanted, "disk", places("a"))]);
    assert!(recalled.hits.is_empty());
    assert_eq!(recalled.unrecognised, [print("disk")]);
    let recalled = again(&ground.whole(), &[at(&wanted, "a", places("disk"))]);
    assert_eq!((recalled.lost, recalled.unrecognised), (vec![print("a")], vec![]));
}

#[test]
fn what_no_rule_sees_any_more_comes_back_by_its_bytes() {
    let ground = Ground::new();
    let key_file = format!("-----BEGIN-----\n{}\n", line("disk"));
    ground.commit("main", "Ann", &[("a", Some(&line("a")))]);
    ground.write("disk", &key_file);
    let scanned = look(&ground.whole());
    let wanted: Vec<Finding> = scanned.hits.iter().map(|hit| hit.finding.clone()).collect();
    let blind = Detector::new(ground::rules::set(&ground::rules::file(&[ground::rules::rule(
        "other",
        &["other_"],
        "(?P<secret>other_[0-9]{9})",
    )])))
    .unwrap();
    let recalled = by(&blind, &ground.whole(), &wanted);
    assert_eq!((recalled.hits.len(), recalled.unseen.len()), (0, 2));
    for hit in &recalled.unseen {
        let label = if hit.finding.fingerprint == print("a") { "a" } else { "disk" };
        assert_eq!(hit.secret.expose(), secret(label).as_bytes());
        assert_eq!(hit.finding.locations.len(), 1);
    }
    // Other bytes at that place are another secret.
    ground.write("disk", &key_file.replace(&secret("disk"), &secret("rotated")));
    let recalled = by(&blind, &ground.whole(), &wanted);
    assert_eq!((recalled.unseen.len(), recalled.lost), (1, vec![print("disk")]));
    ground.write("disk", "short");
    assert_eq!(by(&blind, &ground.whole(), &wanted).lost, [print("disk")]);
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
        let findings = [scanned.hits[0].finding.clone()];
        let recalled = again(&ground.whole(), &[at(&findings, "outside", vec![place.clone()])]);
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
    let recalled = again(&ground.history(), &[scanned.hits[0].finding.clone()]);
    assert_eq!(recalled.lost, [print("a")]);
    assert_eq!(recalled.gaps[0].object.as_str(), blob.to_string());
}
