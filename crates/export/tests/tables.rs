//! CSV, JUnit and Markdown: complete, of the right form, and the same every time.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod samples;

use quietus_export::{About, Register, csv, html, junit, markdown};
use quietus_poam::{PoamItem, Policy};
use samples::{every_phase, now, scans};

fn with<T>(items: &[PoamItem], of: impl FnOnce(&Register<'_>) -> T) -> T {
    let policy = Policy::default();
    let records = scans();
    let about = About { head: Some((42, "ab".repeat(32))), ..About::default() };
    of(&Register::new(items, &records, about, &policy, now()))
}

#[test]
fn a_csv_has_a_row_for_each_item_and_a_cell_for_each_column() {
    let text = with(&every_phase(), |register| csv::csv(register).unwrap());
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), csv::COLUMNS);
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    let ids: Vec<&str> = rows.iter().map(|row| &row[0]).collect();
    let items = every_phase();
    assert_eq!(ids, items.iter().map(PoamItem::id).collect::<Vec<_>>());
    let at = |name: &str| csv::COLUMNS.iter().position(|column| *column == name).unwrap();
    for (row, item) in rows.iter().zip(&items) {
        assert_eq!(row[at("phase")], item.phase().to_string());
        assert_eq!(row[at("ledger_sequence")], *"42");
        assert_eq!(row[at("closed_at")].is_empty(), item.closure.is_none());
        assert!(row[at("last_complete_scans")].contains("git.example.org/team/app 20"));
    }
    assert!(text.lines().all(|line| line.len() > 30) && text.ends_with("\r\n"));
}

#[test]
fn junit_fails_what_is_open_skips_what_is_set_aside_and_passes_what_is_closed() {
    let items = every_phase();
    let text = with(&items, junit);
    let document = roxmltree::Document::parse(&text).unwrap();
    let suites: Vec<_> =
        document.descendants().filter(|node| node.has_tag_name("testsuite")).collect();
    assert_eq!(suites.len(), 2);
    let count = |name: &str| suites[0].descendants().filter(|node| node.has_tag_name(name)).count();
    let of = |wanted: fn(&PoamItem) -> bool| items.iter().filter(|item| wanted(item)).count();
    assert_eq!(count("testcase"), items.len());
    assert_eq!(count("failure"), of(PoamItem::is_active));
    assert_eq!(count("skipped"), of(|item| item.closure.is_none() && item.deviation.is_some()));
    for suite in &suites {
        for (attribute, tag) in
            [("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped")]
        {
            let counted = suite.descendants().filter(|node| node.has_tag_name(tag)).count();
            assert_eq!(suite.attribute(attribute).unwrap(), counted.to_string(), "{attribute}");
        }
    }
    let root = document.root_element();
    let all: usize =
        suites.iter().map(|s| s.attribute("tests").unwrap().parse::<usize>().unwrap()).sum();
    assert_eq!(root.attribute("tests").unwrap(), all.to_string());
    assert!(text.contains("no complete scan"), "a repository that was never scanned fails");
}

#[test]
fn a_summary_names_what_is_live_first_and_cuts_the_rest() {
    let text = with(&every_phase(), |register| markdown::markdown(register, 3));
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| V-")).collect();
    assert_eq!(rows.len(), 3);
    assert!(rows[0].contains("| live |"), "{text}");
    let open = every_phase().iter().filter(|item| item.is_active()).count();
    assert!(text.contains(&format!("{open} leaked credentials open")), "{text}");
    assert!(text.contains(&format!("And {} more items.", open - 3)), "{text}");
    assert!(text.contains("**never scanned completely**: `git.example.org/team/other`"), "{text}");
    assert!(text.contains("Ledger entry 42 (`abababababab`)"), "{text}");
    let nothing = with(&[], |register| markdown::markdown(register, 3));
    assert!(nothing.starts_with("## No leaked credential is open\n"), "{nothing}");
}

#[test]
fn the_report_is_one_file_without_script_that_holds_every_item() {
    let items = every_phase();
    let text = with(&items, |register| html::html(register).unwrap());
    for item in &items {
        assert!(text.contains(&format!(">{}<", item.id())), "{}", item.id());
    }
    for fetched in ["<script", "<link", "<img", "<iframe", "@import", "url("] {
        assert!(!text.contains(fetched), "{fetched}");
    }
    let outside = text.matches("http").count();
    let namespaces = text.matches("http://www.w3.org/2000/svg").count();
    let issuers = text.matches("https://issuer.example").count();
    let policy = text.matches("http-equiv").count();
    assert_eq!(outside, namespaces + issuers + policy, "nothing is fetched");
    assert_eq!(text.matches("<svg").count(), 3);
    assert!(text.contains("Ledger hash") && text.contains(&"ab".repeat(32)));
    let nothing = with(&[], |register| html::html(register).unwrap());
    assert!(nothing.contains("No leaked credential is open."), "{nothing}");
}

#[test]
fn the_same_items_in_another_order_give_the_same_bytes() {
    let items = every_phase();
    let mut turned = items.clone();
    turned.reverse();
    let each = |items: &[PoamItem]| {
        with(items, |register| {
            [
                csv::csv(register).unwrap(),
                junit(register),
                markdown::markdown(register, 20),
                html::html(register).unwrap(),
            ]
        })
    };
    assert_eq!(each(&items), each(&turned));
}
