//! What a place says of a finding that no format proves.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use quietus_model::{Confidence, FingerprintKey};
use quietus_scan::{Detector, Options, Source, scan};
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};

static DETECTOR: LazyLock<Detector> =
    LazyLock::new(|| Detector::new(Arc::new(quietus_catalogue::shipped().unwrap())).unwrap());

/// The confidence of all that is found in these files.
fn confidences(files: &[(&str, &[u8])]) -> Vec<Confidence> {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let source = Source::Tree(folder.path().to_owned());
    let key = FingerprintKey::new([7; 32]);
    let (options, now) = (Options::default(), "2026-01-01T00:00:00Z".parse().unwrap());
    let scanned =
        scan(&source, &DETECTOR, &key, &options, now, &(), &AtomicBool::new(false)).unwrap();
    scanned.hits.iter().map(|hit| hit.finding.confidence).collect()
}

/// A token that somebody typed: worth telling, and only just.
fn typed() -> String {
    let value = ["12345678", "abcd", "abcd", "abcd", "1234567890ab"].join("-");
    format!("session_token = \"{value}\"\n")
}

#[test]
fn a_doubtful_value_is_worth_as_much_as_the_best_of_its_places() {
    let text = typed();
    let (docs, program) = (("docs/login.py", text.as_bytes()), ("src/login.py", text.as_bytes()));
    assert_eq!(confidences(&[docs]), [Confidence::Low]);
    assert_eq!(confidences(&[program]), [Confidence::Medium]);
    assert_eq!(confidences(&[docs, program]), [Confidence::Medium]);
}

#[test]
fn a_format_never_loses_by_its_place() {
    let token = ["gh", "p_", "vQ8mZr2LkT5xWn7B", "vQ8mZr2LkT5xWn7B", "Ab3d"].concat();
    let key = ["sk", "_live_", "vQ8mZr2LkT5xWn7BvQ8mZr2L"].concat();
    for path in ["src/a.py", "docs/a.md", "tests/a.py", "locales/fr.yml", "yarn.lock"] {
        assert_eq!(confidences(&[(path, key.as_bytes())]), [Confidence::High], "{path}");
        // Its checksum is wrong, wherever it stands.
        assert_eq!(confidences(&[(path, token.as_bytes())]), [], "{path}");
    }
}

#[test]
fn what_only_a_name_gives_away_is_not_looked_for_in_a_program() {
    let value = ["vq8mzr", "w2lktx"].concat();
    let line = format!("password = \"{value}\"");
    assert_eq!(confidences(&[("a", line.as_bytes())]).len(), 1);
    let program = [b"\x00\x01\x7f\x02", line.as_bytes(), b"\x00\x03\xfe\xff\x00"].concat();
    assert_eq!(confidences(&[("a", &program)]), []);
    let latin = [b"gr\xfc\xdfe an alle, ", line.as_bytes(), b" f\xfcr euch"].concat();
    assert_eq!(confidences(&[("a", &latin)]).len(), 1);
}

#[test]
fn the_beginning_of_a_value_with_a_slot_behind_it_is_none() {
    let start = ["vq8mzr", "w2lktx5n"].concat();
    for slot in ["<your-token>", "${REST}", "{secret}", ".{secret}", "{{ rest }}"] {
        let line = format!("SERVICE_TOKEN={start}{slot}\n");
        assert_eq!(confidences(&[("a", line.as_bytes())]), [], "{line}");
    }
    for end in ["", "<br>", "</td>", "; x"] {
        let line = format!("SERVICE_TOKEN={start}{end}\n");
        assert_eq!(confidences(&[("a", line.as_bytes())]).len(), 1, "{line}");
    }
}
