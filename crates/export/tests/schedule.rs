//! What was first planned never changes, whatever happens to an item.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod samples;

use quietus_export::fedramp::{COLUMNS, PoamOptions, SHEETS, row_texts};
use quietus_export::{About, Register};
use quietus_poam::{PoamItem, Policy};
use samples::{every_phase, now};

/// The cells of an item's row, as text.
fn row(item: &PoamItem) -> Vec<String> {
    let policy = Policy::default();
    let register = Register::new(std::slice::from_ref(item), &[], About::default(), &policy, now());
    row_texts(&register.items[0], &register, &PoamOptions::default())
}

fn column(name: &str) -> usize {
    COLUMNS.iter().position(|known| *known == name).unwrap()
}

#[test]
fn detection_completion_and_planned_milestones_stay_as_they_were_first() {
    let fixed = ["Original Detection Date", "Scheduled Completion Date", "Planned Milestones"];
    let mut changed = 0;
    for item in every_phase() {
        let first = row(&PoamItem::fold(&item.history[..1]).unwrap());
        for length in 1..=item.history.len() {
            let then = row(&PoamItem::fold(&item.history[..length]).unwrap());
            for name in fixed {
                assert_eq!(then[column(name)], first[column(name)], "{} {name}", item.id());
            }
            changed += usize::from(then != first);
        }
    }
    assert!(changed > 20, "the samples must change something");
}

#[test]
fn milestones_and_their_changes_have_the_prescribed_form() {
    let planned = regex(r"^\([1-4]\) \d{4}-\d\d-\d\d: \S");
    let change = regex(r"^\(\d+\) (New|Update|Complete) \d{4}-\d\d-\d\d : \S");
    let (mut new, mut updated, mut completed) = (0, 0, 0);
    for item in every_phase() {
        let row = row(&item);
        let milestones: Vec<&str> = row[column("Planned Milestones")].split("\n\n").collect();
        assert_eq!(milestones.len(), 4);
        assert!(milestones.iter().all(|line| planned(line)), "{milestones:?}");
        for line in row[column("Milestone Changes")].split("\n\n").filter(|line| !line.is_empty()) {
            assert!(change(line), "{line}");
            new += usize::from(line.contains(" New "));
            updated += usize::from(line.contains(" Update "));
            completed += usize::from(line.contains(" Complete "));
        }
    }
    assert!(new >= 8 && updated >= 4 && completed >= 8, "{new} {updated} {completed}");
}

#[test]
fn what_is_reopened_gets_new_numbers() {
    let reopened = every_phase().into_iter().find(|item| item.earlier_rounds.len() == 1).unwrap();
    let row = row(&reopened);
    let changes = &row[column("Milestone Changes")];
    for number in 5..=8 {
        assert!(changes.contains(&format!("({number}) New ")), "{changes}");
    }
}

#[test]
fn the_sheets_are_those_of_the_template() {
    assert_eq!(SHEETS.len(), 4);
    assert_eq!(COLUMNS.len(), 31);
}

/// Whether a line matches, without a regex engine: the crate needs none otherwise.
fn regex(pattern: &'static str) -> impl Fn(&str) -> bool {
    let schema = serde_json::json!({ "type": "string", "pattern": pattern });
    let validator = jsonschema::validator_for(&schema).unwrap();
    move |text| validator.is_valid(&serde_json::Value::from(text))
}
