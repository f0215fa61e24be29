//! What we wrote into a workbook is read back from it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod samples;

use quietus_export::fedramp::{PoamOptions, WorkbookError, poam, read};
use quietus_export::{About, Register, words};
use quietus_poam::{PoamItem, Policy};
use samples::{every_phase, now};

fn workbook(items: &[PoamItem]) -> Vec<u8> {
    let policy = Policy::default();
    let register = Register::new(items, &[], About::default(), &policy, now());
    poam(&register, &PoamOptions::default()).unwrap()
}

#[test]
fn every_item_is_read_back_as_it_was() {
    let items = every_phase();
    let rows = read(&workbook(&items)).unwrap();
    assert_eq!(rows.len(), items.len());
    for row in &rows {
        let item = items.iter().find(|item| item.id() == row.id).unwrap();
        assert_eq!(row.fingerprint, item.fingerprint());
        assert_eq!(row.state, item.phase().to_string());
        assert_eq!(row.closed, item.closure.is_some());
        assert_eq!(row.detected.to_string(), words::day(item.detection.detected_at));
        assert_eq!(row.milestones.len(), 4);
        let last = row.milestones.iter().map(|line| &line[4..14]).max().unwrap();
        assert_eq!(row.scheduled.to_string(), last, "{}", row.id);
        let reopened = row.changes.iter().filter(|line| line.contains(" New ")).count();
        assert_eq!(reopened, 4 * item.earlier_rounds.len());
    }
    assert_eq!(read(&workbook(&[])).unwrap(), Vec::new());
}

#[test]
fn another_file_is_told_apart() {
    assert!(matches!(read(b"PK no archive"), Err(WorkbookError::Syntax(_))));
    assert!(matches!(read(b""), Err(WorkbookError::Syntax(_))));
}
