//! What stands where in an export.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod samples;

use data_encoding::BASE64;
use quietus_export::ExportError;
use quietus_export::oscal::{NS, OscalOptions, poam};
use quietus_model::Digest;
use quietus_poam::{Event, PoamItem, Recorded};
use samples::world::at;
use samples::{every_phase, fedramp, found, now, options, scans};
use serde_json::Value;

fn export(items: &[PoamItem], options: &OscalOptions) -> Value {
    let mut document = poam(items, &scans(), options, now()).unwrap().to_value();
    document["plan-of-action-and-milestones"].take()
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

/// The values of the properties of this name.
fn props<'a>(value: &'a Value, ns: Option<&str>, name: &str) -> Vec<&'a str> {
    list(value, "props")
        .iter()
        .filter(|prop| prop["name"] == name && prop["ns"].as_str() == ns)
        .map(|prop| prop["value"].as_str().unwrap())
        .collect()
}

/// The only value of our own property of this name.
fn own<'a>(value: &'a Value, name: &str) -> &'a str {
    let values = props(value, Some(NS), name);
    assert_eq!(values.len(), 1, "{name}: {values:?}");
    values[0]
}

fn remediations<'a>(risk: &'a Value, lifecycle: &str) -> Vec<&'a Value> {
    list(risk, "remediations").iter().filter(|r| r["lifecycle"] == lifecycle).collect()
}

#[test]
fn one_item_is_one_risk_one_finding_and_all_its_events() {
    let items = every_phase();
    let document = export(&items, &options());
    for part in ["poam-items", "risks", "findings"] {
        assert_eq!(list(&document, part).len(), items.len());
    }
    for (index, item) in items.iter().enumerate() {
        let written = &document["poam-items"][index];
        assert_eq!(own(written, "poam-id"), item.id());
        assert_eq!(
            own(written, "secret-fingerprint"),
            format!("hmac-sha256:{}", item.fingerprint())
        );
        let related = list(written, "related-risks");
        assert_eq!(related.len(), 1);
        assert_eq!(related[0]["risk-uuid"], document["risks"][index]["uuid"]);
        let entries = list(&document["risks"][index]["risk-log"], "entries");
        assert_eq!(entries.len(), item.history.len());
        let evidence = |recorded: &&Recorded| {
            matches!(
                recorded.event,
                Event::Opened { .. }
                    | Event::Sighted { .. }
                    | Event::LeftHead { .. }
                    | Event::Absent { .. }
                    | Event::Judged { .. }
                    | Event::Attested { .. }
                    | Event::Closed { .. }
            )
        };
        let count = item.history.iter().filter(evidence).count();
        assert_eq!(list(written, "related-observations").len(), count);
    }
}

#[test]
fn a_phase_is_a_risk_status_and_a_finding() {
    let items = every_phase();
    let document = export(&items, &options());
    for (index, item) in items.iter().enumerate() {
        let phase = item.phase().to_string();
        let (status, finding) = match phase.as_str() {
            "detected" => ("investigating", "not-satisfied"),
            "open" => ("open", "not-satisfied"),
            "in progress" | "pending verification" => ("remediating", "not-satisfied"),
            "closed" | "closed (attested)" => ("closed", "satisfied"),
            _ => ("deviation-approved", "not-satisfied"),
        };
        assert_eq!(document["risks"][index]["status"], status, "{phase}");
        let target = &document["findings"][index]["target"];
        assert_eq!(target["status"]["state"], finding, "{phase}");
        assert_eq!(target["target-id"], "ia-5.7_smt");
    }
}

#[test]
fn the_plan_has_four_milestones_with_dates_and_order() {
    let items = every_phase();
    let document = export(&items, &options());
    for (item, risk) in items.iter().zip(list(&document, "risks")) {
        assert_eq!(remediations(risk, "recommendation").len(), 1);
        let plans = remediations(risk, "planned");
        assert_eq!(plans.len(), item.earlier_rounds.len() + 1);
        let closings = item.history.iter().filter(|r| matches!(r.event, Event::Closed { .. }));
        assert_eq!(remediations(risk, "completed").len(), closings.count());
        let tasks = list(plans[plans.len() - 1], "tasks");
        let kinds: Vec<&str> = tasks.iter().map(|task| own(task, "milestone")).collect();
        let order: Vec<&str> = item.order().iter().map(|kind| kind.as_str()).collect();
        assert_eq!(kinds, order);
        let latest = item.round.milestones.iter().map(|m| m.due).max().unwrap();
        assert_eq!(risk["deadline"], latest.to_string());
        let waits_for = |task: usize| -> Vec<&str> {
            let uuid = |dependency: &Value| dependency["task-uuid"].clone();
            let wanted: Vec<Value> = list(&tasks[task], "dependencies").iter().map(uuid).collect();
            let kinds = tasks.iter().filter(|task| wanted.contains(&task["uuid"]));
            kinds.map(|task| own(task, "milestone")).collect()
        };
        assert_eq!(waits_for(0), Vec::<&str>::new());
        assert_eq!(waits_for(1), [order[0]]);
        let mut before_retest = waits_for(3);
        before_retest.sort_unstable();
        assert_eq!(before_retest, ["remove", "revoke"]);
    }
    assert!(items.iter().any(|item| item.order()[0].as_str() == "revoke"));
}

#[test]
fn a_deviation_says_which_by_whom_and_until_when() {
    let document = export(&every_phase(), &fedramp());
    let nist: Vec<_> = list(&document, "risks")
        .iter()
        .filter(|risk| risk["status"] == "deviation-approved")
        .map(|risk| {
            assert_eq!(own(risk, "deviation-by"), "os:1000@host");
            assert!(own(risk, "deviation-until") > "2026-12");
            let fedramp = Some("https://fedramp.gov/ns/oscal");
            (
                own(risk, "deviation"),
                props(risk, None, "false-positive").len(),
                props(risk, None, "accepted").len(),
                props(risk, fedramp, "false-positive").len(),
                props(risk, fedramp, "operational-requirement").len(),
                props(risk, fedramp, "vendor-dependency").len(),
            )
        })
        .collect();
    assert_eq!(
        nist,
        [
            ("false-positive", 1, 0, 1, 0, 0),
            ("risk-accepted", 0, 1, 0, 0, 0),
            ("operational-requirement", 0, 0, 0, 1, 0),
            ("vendor-dependency", 0, 0, 0, 0, 1),
        ]
    );
}

#[test]
fn the_closing_event_stands_whole_beside_its_digest() {
    let items = every_phase();
    let document = export(&items, &options());
    let mut seen = 0;
    for item in &items {
        for (index, recorded) in item.history.iter().enumerate() {
            if !matches!(recorded.event, Event::Closed { .. }) {
                continue;
            }
            let title = format!("Closing event of {}", item.id());
            let file = format!("{}-event-{}.json", item.id(), index + 1);
            let resource = list(&document["back-matter"], "resources")
                .iter()
                .find(|r| r["title"] == title.as_str() && r["base64"]["filename"] == file.as_str())
                .unwrap();
            let bytes =
                BASE64.decode(resource["base64"]["value"].as_str().unwrap().as_bytes()).unwrap();
            assert_eq!(serde_json::from_slice::<Recorded>(&bytes).unwrap(), *recorded);
            assert_eq!(own(resource, "sha256"), Digest::of(&bytes).as_str());
            let href = format!("#{}", resource["uuid"].as_str().unwrap());
            let points = |seen: &&Value| seen["links"][0]["href"] == href.as_str();
            let observation = list(&document, "observations").iter().find(points).unwrap();
            assert_eq!(observation["types"][0], "closure");
            assert_eq!(observation["relevant-evidence"][0]["href"], href.as_str());
            seen += 1;
        }
    }
    assert_eq!(seen, 5);
}

#[test]
fn a_verdict_expires_when_it_is_stale() {
    let mut world = found("one", |_| {});
    world.ask(6, "one", vec![samples::world::live(6)]);
    let items = [world.item("one")];
    let checks = |options: &OscalOptions| -> Vec<Value> {
        let document = export(&items, options);
        let checks = list(&document, "observations").iter();
        checks.filter(|seen| seen["types"][0] == "liveness-check").cloned().collect()
    };
    assert_eq!(checks(&options())[0].get("expires"), None);
    let stale_after = Some(jiff::SignedDuration::from_hours(72));
    let check = &checks(&OscalOptions { stale_after, ..options() })[0];
    assert_eq!(check["expires"], at(6 + 72).to_string());
    assert_eq!(own(&check["relevant-evidence"][0], "verdict"), "live");
}

#[test]
fn each_repository_says_when_it_was_last_scanned_completely() {
    let document = export(&every_phase(), &options());
    let components = list(&document["local-definitions"], "components");
    let last = |id: &str| {
        let component = components.iter().find(|c| c["title"] == id).unwrap();
        own(component, "last-complete-scan").to_owned()
    };
    // The scan of hour 30 had a gap; the other repository saw only its index.
    assert_eq!(last("git.example.org/team/app"), at(0).to_string());
    assert_eq!(last("git.example.org/team/other"), "never");
    let metadata = &document["metadata"];
    assert_eq!(own(metadata, "repositories"), "2");
    assert_eq!(own(metadata, "repositories-scanned-completely"), "1");
    assert_eq!(own(metadata, "ledger-sequence"), "42");
    assert_eq!(own(metadata, "ledger-hash"), "ab".repeat(32));
}

#[test]
fn fedramps_names_appear_on_request_only() {
    let items = every_phase();
    let plain = poam(&items, &scans(), &options(), now()).unwrap().to_string_pretty();
    assert!(!plain.to_ascii_lowercase().contains("fedramp"));
    let document = export(&items, &fedramp());
    let ns = Some("https://fedramp.gov/ns/oscal");
    assert_eq!(props(&document["poam-items"][0], ns, "POAM-ID"), ["V-1"]);
    let controls = props(&document["risks"][0], ns, "impacted-control-id");
    assert_eq!(controls, ["ia-5.7", "ia-5"]);
    assert_eq!(document["import-ssp"]["href"], "./ssp.json");
    assert_eq!(document.get("system-id"), None);
}

#[test]
fn the_same_ledger_gives_the_same_bytes_in_any_order() {
    let (mut items, mut scans) = (every_phase(), scans());
    let first = poam(&items, &scans, &options(), now()).unwrap().to_string_pretty();
    items.reverse();
    scans.reverse();
    let second = poam(&items, &scans, &options(), now()).unwrap().to_string_pretty();
    assert_eq!(first, second);
}

#[test]
fn what_cannot_be_exported_says_what_to_do() {
    let items = every_phase();
    let error = |items: &[PoamItem], options| poam(items, &[], &options, now()).unwrap_err();
    let nothing = error(&[], options());
    assert_eq!(nothing, ExportError::NothingToExport);
    assert!(nothing.to_string().contains("quietus track"), "{nothing}");
    let plan = OscalOptions { import_ssp: None, ..fedramp() };
    assert_eq!(error(&items, plan), ExportError::NoSecurityPlan);
    for reference in ["", "a b", "<x>", "caf\u{e9}"] {
        let options = OscalOptions { import_ssp: Some(reference.into()), ..fedramp() };
        let reference = reference.to_owned();
        assert_eq!(error(&items, options), ExportError::BadReference { reference });
    }
}

/// Calls `each` for every text with the field that holds it.
fn texts(value: &Value, field: &str, each: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => each(field, text),
        Value::Array(values) => {
            assert!(!values.is_empty(), "{field} is empty");
            values.iter().for_each(|inner| texts(inner, field, each));
        }
        Value::Object(object) => {
            object.iter().for_each(|(name, inner)| texts(inner, name, each));
        }
        _ => {}
    }
}

#[test]
fn hostile_text_stays_text() {
    let hostile = OscalOptions { system_name: samples::HOSTILE.into(), ..fedramp() };
    let mut escaped = 0;
    texts(&export(&every_phase(), &hostile), "", &mut |field, text| {
        assert!(!text.is_empty() && text.trim() == text, "{field}: {text:?}");
        let markup = ["title", "description", "statement", "remarks"].contains(&field);
        if markup {
            assert!(!text.contains("<script>") && !text.contains("[a]("), "{field}: {text}");
            escaped += usize::from(text.contains("\\<script\\>"));
        }
    });
    assert!(escaped > 10, "the hostile text is in the samples");
}
