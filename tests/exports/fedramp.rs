//! FedRAMP's workbook: the official template beside it, another reader, another converter.

use crate::readers::{Sheet, accepted, everything, file, python_tool, read_workbook};
use crate::samples::{every_phase, now, scans};
use quietus_export::fedramp::{COLUMNS, PoamOptions, SHEETS, poam};
use quietus_export::{About, Audience, Rating, Register};
use quietus_poam::Policy;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

fn workbook(audience: Audience) -> Vec<u8> {
    let policy = Policy::default();
    let records = scans();
    let about = About {
        system_name: "Payments".into(),
        organization: "Example Org".into(),
        head: Some((42, "ab".repeat(32))),
        audience,
        ..About::default()
    };
    let register = Register::new(&every_phase(), &records, about, &policy, now());
    let options =
        PoamOptions { impact_level: Some(Rating::Moderate), service: Some("Payments API".into()) };
    poam(&register, &options).unwrap()
}

fn sheet<'a>(sheets: &'a [Sheet], title: &str) -> &'a Sheet {
    sheets.iter().find(|sheet| sheet.title == title).unwrap()
}

fn column(name: &str) -> usize {
    COLUMNS.iter().position(|known| *known == name).unwrap()
}

#[test]
fn sheets_labels_and_headers_are_those_of_the_official_file() {
    let Some(python) = python_tool("python") else { return };
    let template = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/schemas/fedramp/FedRAMP-POAM-Template.xlsx");
    let official = read_workbook(&python, &template, Some(6));
    let (_folder, path) = file("poam.xlsx", &workbook(Audience::Internal));
    let ours = read_workbook(&python, &path, None);
    let titles = |sheets: &[Sheet]| -> Vec<String> {
        sheets.iter().take(4).map(|sheet| sheet.title.clone()).collect()
    };
    assert_eq!(titles(&official), SHEETS);
    assert_eq!(titles(&ours), SHEETS);
    for title in &SHEETS[..3] {
        let (official, ours) = (sheet(&official, title), sheet(&ours, title));
        assert_eq!(ours.row(1)[0], official.row(1)[0], "{title}: the title");
        assert_eq!(ours.row(2)[..4], official.row(2)[..4], "{title}: the labels");
        assert_eq!(ours.row(5), official.row(5)[..31], "{title}: the headers");
        assert!(official.row(5)[31..].iter().all(|text| text.is_empty()));
    }
    for row in 2..=5 {
        let ours = sheet(&ours, SHEETS[3]).row(row);
        let official = sheet(&official, SHEETS[3]).row(row);
        assert_eq!(ours[1..3], official[1..3], "Record of Changes, row {row}");
    }
}

#[test]
fn another_reader_finds_each_item_once_and_no_formula() {
    let Some(python) = python_tool("python") else { return };
    let (_folder, path) = file("poam.xlsx", &workbook(Audience::Internal));
    let sheets = read_workbook(&python, &path, None);
    let kinds: Vec<&str> = sheets
        .iter()
        .flat_map(|s| s.rows.iter().flatten())
        .map(|(kind, _)| kind.as_str())
        .collect();
    assert!(!kinds.contains(&"f") && !kinds.contains(&"e"), "a formula or an error");
    let ids = |title: &str| -> Vec<String> {
        let sheet = sheet(&sheets, title);
        (6..=sheet.rows.len()).map(|row| sheet.row(row)[0].to_owned()).collect()
    };
    let expected = |closed: bool| -> Vec<String> {
        let items = every_phase().into_iter();
        items.filter(|item| item.closure.is_some() == closed).map(|item| item.id()).collect()
    };
    assert_eq!(ids(SHEETS[0]), expected(false));
    assert_eq!(ids(SHEETS[1]), expected(true));
    assert_eq!(ids(SHEETS[2]), Vec::<String>::new());
    let open = sheet(&sheets, SHEETS[0]);
    assert_eq!(open.row(3)[..4], ["Example Org", "Payments", "Moderate", "2026-02-10"]);
    assert_eq!(open.rows[5][column("Original Detection Date")].0, "d");
    assert_eq!(open.row(6)[column("Original Detection Date")], "2026-01-01");
    assert_eq!(open.row(6)[column("Controls")], "IA-5(7), IA-5");
    let coverage = sheet(&sheets, "Quietus Coverage");
    let text: Vec<&str> = coverage.rows.iter().flatten().map(|(_, text)| text.as_str()).collect();
    assert!(text.contains(&"42") && text.contains(&"git.example.org/team/other"), "{text:?}");
}

#[test]
fn deviations_stand_in_their_columns_and_stay_open() {
    let Some(python) = python_tool("python") else { return };
    let (_folder, path) = file("poam.xlsx", &workbook(Audience::Internal));
    let sheets = read_workbook(&python, &path, None);
    let open = sheet(&sheets, SHEETS[0]);
    let yes = |name: &str| -> Vec<&str> {
        let rows = (6..=open.rows.len()).map(|row| open.row(row));
        rows.filter(|row| row[column(name)] == "Yes").map(|row| row[0]).collect()
    };
    assert_eq!(yes("False Positive"), ["V-5"]);
    assert_eq!(yes("Operational Requirement"), ["V-7"]);
    assert_eq!(yes("Vendor Dependency"), ["V-8"]);
    let vendor =
        (6..=open.rows.len()).map(|row| open.row(row)).find(|row| row[0] == "V-8").unwrap();
    assert_eq!(vendor[column("Last Vendor Check-in Date")], "2026-01-01");
    assert!(vendor[column("Deviation Rationale")].starts_with("Vendor Dependency : a reason"));
}

#[test]
fn trestle_converts_the_workbook_to_oscal() {
    let Some(trestle) = python_tool("trestle") else { return };
    let (folder, path) = file("poam.xlsx", &workbook(Audience::Internal));
    let run = |arguments: &[&str]| {
        Command::new(&trestle).args(arguments).current_dir(folder.path()).output().unwrap()
    };
    accepted(&run(&["init", "--local"]));
    let config = format!(
        "[task.xlsx-to-oscal-poam]\nxlsx-file = {}\noutput-dir = {}\ntitle = Payments\nversion = 1\n",
        path.display(),
        folder.path().join("out").display()
    );
    std::fs::write(folder.path().join("task.config"), config).unwrap();
    let output = run(&["task", "xlsx-to-oscal-poam", "-c", "task.config"]);
    accepted(&output);
    let written = folder.path().join("out/plan-of-action-and-milestones.json");
    let text =
        std::fs::read_to_string(&written).unwrap_or_else(|_| panic!("{}", everything(&output)));
    let document: Value = serde_json::from_str(&text).unwrap();
    let poam = &document["plan-of-action-and-milestones"];
    let open = every_phase().into_iter().filter(|item| item.closure.is_none()).count();
    assert_eq!(poam["poam-items"].as_array().unwrap().len(), open);
    let titles = poam["poam-items"].to_string();
    assert!(titles.contains("Issuer token leaked in git.example.org/team/app"), "{titles}");
}

#[test]
fn the_same_ledger_gives_the_same_bytes() {
    let first = workbook(Audience::Internal);
    // An archive tells times to two seconds: a clock that is read anywhere would show.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert!(workbook(Audience::Internal) == first);
    assert!(workbook(Audience::Internal) != workbook(Audience::External));
}
