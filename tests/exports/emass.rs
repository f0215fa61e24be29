//! eMASS' workbooks: the headers of the official templates, another reader, the rules of eMASS.

use crate::readers::{Sheet, file, python_tool, read_workbook};
use crate::samples::{every_phase, now, scans};
use quietus_export::emass::{EmassOptions, Layout, emass, headers};
use quietus_export::{About, Register};
use quietus_poam::Policy;
use serde_json::Value;
use std::path::Path;

/// Labels and headers of the official templates, as another reader found them.
const OFFICIAL: &str = include_str!("../schemas/emass/headers.json");

const LAYOUTS: [(&str, Layout); 3] =
    [("army", Layout::Army), ("navy", Layout::Navy), ("marine-corps", Layout::MarineCorps)];

fn sheet(python: &Path, layout: Layout) -> Sheet {
    let policy = Policy::default();
    let records = scans();
    let about = About {
        system_name: "Payments".into(),
        organization: "Example Org".into(),
        head: Some((42, "ab".repeat(32))),
        ..About::default()
    };
    let register = Register::new(&every_phase(), &records, about, &policy, now());
    let contact = Some("Ann Other, 555-0100, ann@example.org".to_owned());
    let options = EmassOptions { contact, registration: None };
    let (_folder, path) = file("emass.xlsx", &emass(&register, layout, &options).unwrap());
    let mut sheets = read_workbook(python, &path, None);
    assert_eq!(sheets[0].title, "POA&M");
    sheets.remove(0)
}

/// The item of each row with the texts under some headers; rows without an item follow theirs.
fn cells(sheet: &Sheet, layout: Layout, name: &str) -> Vec<String> {
    let at = headers(layout).iter().position(|known| *known == name).unwrap();
    (8..=sheet.rows.len()).map(|row| sheet.row(row)[at].to_owned()).collect()
}

#[test]
fn labels_and_headers_are_those_of_the_official_templates() {
    let Some(python) = python_tool("python") else { return };
    let official: Value = serde_json::from_str(OFFICIAL).unwrap();
    for (name, layout) in LAYOUTS {
        let sheet = sheet(&python, layout);
        let headers: Vec<String> =
            serde_json::from_value(official[name]["headers"].clone()).unwrap();
        assert_eq!(sheet.row(7), headers, "{name}");
        for (place, label) in official[name]["labels"].as_object().unwrap() {
            let column = usize::from(place.as_bytes()[0] - b'A');
            let row: usize = place[1..].parse().unwrap();
            assert_eq!(sheet.row(row)[column], label.as_str().unwrap(), "{name} {place}");
        }
    }
}

#[test]
fn each_state_keeps_the_rules_of_emass() {
    let Some(python) = python_tool("python") else { return };
    for (name, layout) in LAYOUTS {
        let sheet = sheet(&python, layout);
        let of = |header: &str| cells(&sheet, layout, header);
        let (status, scheduled) = (of("POA&M Status"), of("POA&M Scheduled Completion Date"));
        let (done, milestones) = (of("POA&M Completion Date"), of("Milestone Description"));
        let (states, dates) = (of("Milestone Status"), of("Milestone Scheduled Completion Date"));
        let starts: Vec<usize> = (0..status.len()).filter(|at| !status[*at].is_empty()).collect();
        assert_eq!(starts.len(), every_phase().len(), "{name}");
        for (at, next) in starts.iter().zip(starts.iter().skip(1).chain([&status.len()])) {
            let rows = *at..*next;
            match status[*at].as_str() {
                "Risk Accepted" => {
                    assert_eq!(rows.len(), 1);
                    assert!(milestones[*at].is_empty() && scheduled[*at].is_empty());
                }
                "Completed" => {
                    assert!(!done[*at].is_empty());
                    assert!(states[rows.clone()].iter().all(|state| state == "Completed"));
                }
                other => {
                    assert_eq!(other, "Ongoing");
                    assert!(done[*at].is_empty() && rows.len() >= 4);
                    assert!(states[rows.clone()].iter().any(|state| state != "Completed"));
                }
            }
            // A milestone behind the item's date would ask eMASS for an extension.
            assert!(
                dates[rows]
                    .iter()
                    .all(|date| date.as_str() <= scheduled[*at].as_str() || date.is_empty())
            );
        }
        let office = of("Office/Org");
        assert_eq!(office[0], "Example Org, Ann Other, 555-0100, ann@example.org");
        assert!(sheet.rows.iter().flatten().all(|(kind, _)| kind != "f"), "no formula");
    }
}
