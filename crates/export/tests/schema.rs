//! Every export is valid by the official JSON schema of OSCAL 1.2.3.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod samples;

use quietus_export::oscal::{OscalOptions, poam};
use samples::{every_phase, fedramp, now, options, phases, scans};
use serde_json::Value;

const SCHEMA: &str = include_str!("../../../tests/schemas/oscal-1.2.3/oscal_poam_schema.json");

fn errors(document: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    validator
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn the_samples_are_in_every_phase() {
    let found = phases(&every_phase());
    for phase in samples::PHASES {
        assert!(found.iter().any(|known| known == phase), "no sample is {phase}: {found:?}");
    }
}

#[test]
fn items_in_every_phase_are_valid() {
    let stale_after = Some(jiff::SignedDuration::from_hours(72));
    for options in [options(), fedramp(), OscalOptions { stale_after, ..OscalOptions::default() }] {
        let document = poam(&every_phase(), &scans(), &options, now()).unwrap();
        assert_eq!(errors(&document.to_value()), Vec::<String>::new());
    }
}

#[test]
fn each_item_alone_is_valid_without_any_scan() {
    for item in every_phase() {
        let document = poam(std::slice::from_ref(&item), &[], &options(), now()).unwrap();
        assert_eq!(errors(&document.to_value()), Vec::<String>::new(), "{}", item.phase());
    }
}

#[test]
fn names_of_blanks_and_control_characters_are_valid() {
    let blank = OscalOptions {
        system_id: Some(" \n ".into()),
        system_name: " ".into(),
        organization: "\u{FEFF}\n\t".into(),
        version: String::new(),
        head: Some((0, String::new())),
        ..OscalOptions::default()
    };
    let hostile = OscalOptions {
        system_id: Some(samples::HOSTILE.into()),
        system_name: samples::HOSTILE.into(),
        organization: samples::HOSTILE.into(),
        version: samples::HOSTILE.into(),
        ..OscalOptions::default()
    };
    for options in [blank, hostile] {
        let document = poam(&every_phase(), &scans(), &options, now()).unwrap();
        assert_eq!(errors(&document.to_value()), Vec::<String>::new());
    }
}

#[test]
fn dates_at_the_end_of_time_are_valid() {
    let mut item = every_phase().remove(1);
    for milestone in &mut item.round.milestones {
        milestone.due = jiff::Timestamp::MAX;
    }
    let document = poam(&[item], &[], &options(), now()).unwrap();
    assert_eq!(errors(&document.to_value()), Vec::<String>::new());
}

#[test]
fn the_schema_is_asked_at_all() {
    let mut document = poam(&every_phase(), &[], &options(), now()).unwrap().to_value();
    document["plan-of-action-and-milestones"]["risks"][0]["title"] = "two\nlines".into();
    let errors = errors(&document);
    assert!(errors.len() == 1 && errors[0].contains("/risks/0/title"), "{errors:?}");
}
