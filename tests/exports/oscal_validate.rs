//! What oscal-validate says of our OSCAL exports: it checks identifiers and references as well.

use crate::readers::{everything, file};
use crate::samples;
use crate::tools::installed;
use quietus_export::oscal::{OscalOptions, poam};
use std::path::Path;
use std::process::{Command, Output};

fn validated(program: &Path, text: &str) -> Output {
    let (_folder, path) = file("poam.json", text.as_bytes());
    Command::new(program).arg(path).output().unwrap()
}

#[test]
fn oscal_validate_finds_no_error_in_any_export_and_finds_those_that_are_made() {
    let Some(program) = installed("oscal-validate/bin/oscal-validate") else { return };
    let items = samples::every_phase();
    for options in [OscalOptions::default(), samples::fedramp()] {
        let document = poam(&items, &samples::scans(), &options, samples::now()).unwrap();
        let text = document.to_string_pretty();
        let output = validated(&program, &text);
        let told = everything(&output);
        assert!(output.status.success() && told.contains(" 0 ERROR,"), "{told}");
        // One that two things share.
        let ids: Vec<&str> = text.split("\"uuid\": \"").skip(1).map(|rest| &rest[..36]).collect();
        let output = validated(&program, &text.replace(ids[ids.len() - 1], ids[0]));
        assert!(!output.status.success(), "{}", everything(&output));
    }
}
