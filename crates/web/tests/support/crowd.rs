//! A ledger of any size with items in every phase of their life, each made by the real decisions.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses its own part; what cannot fail here is unwrapped"
)]

#[path = "../../../export/tests/samples/mod.rs"]
pub mod samples;

use jiff::{SignedDuration, Timestamp};
use quietus_model::{Digest, Fingerprint, Location};
use quietus_poam::{Event, Recorded, ScanRecord};
use quietus_store::{Append, Ledger};
use serde_json::Value;

const KINDS: [(&str, &str, &str); 6] = [
    ("Cloud access key", "cloud-access-key", "AKX9…Q2LM"),
    ("Chat bot token", "chat-bot-token", "xbt-…f81c"),
    ("Database password", "database-password", "p…9"),
    ("Personal access token", "forge-token", "fpt_…7aQe"),
    ("Payment API key", "payment-key", "pk_l…20Zt"),
    ("Private key", "private-key", "-----…"),
];

const PATHS: [&str; 8] = [
    "config/production.env",
    "deploy/terraform/main.tf",
    "src/main/resources/application-production.properties",
    "notebooks/2024-03 churn model.ipynb",
    ".github/workflows/release.yml",
    "docker-compose.yml",
    "scripts/backup.sh",
    "services/billing/internal/gateway/testdata/recorded-session.json",
];

const REPOSITORIES: [&str; 7] = [
    "git.example.org/payments/billing",
    "git.example.org/payments/gateway",
    "git.example.org/data/warehouse",
    "git.example.org/platform/infrastructure",
    "git.example.org/mobile/app-ios",
    "git.example.org/web/storefront",
    "git.example.org/research/models",
];

const OWNERS: [&str; 5] = [
    "@example/payments",
    "Ada Okafor <ada@example.org>",
    "@example/platform-security",
    "Bruno Silva <bruno@example.org>",
    "Chen Wei <chen@example.org>",
];

/// The moment at which pages are looked at.
pub fn now() -> Timestamp {
    samples::now()
}

/// The fingerprint of the item that opened as number `number`, from 1.
pub fn print(number: usize) -> Fingerprint {
    Digest::of(format!("credential {number}").as_bytes()).as_str().parse().unwrap()
}

/// Opens items up to number `count` and records scans of every repository.
pub async fn fill(ledger: &Ledger, from: usize, count: usize) {
    let templates: Vec<Vec<Recorded>> =
        samples::every_phase().into_iter().map(|item| item.history).collect();
    let mut batch = Vec::new();
    for number in from + 1..=count {
        let template = &templates[number % templates.len()];
        batch.push(Append::events(print(number), 0, varied(template, number)));
        if batch.len() == 500 || number == count {
            ledger.append(std::mem::take(&mut batch), now()).await.unwrap();
        }
    }
    ledger.append(scans(from).into_iter().map(Append::scan).collect(), now()).await.unwrap();
}

fn scans(from: usize) -> Vec<ScanRecord> {
    let mut scans = samples::scans();
    for (number, repository) in (from..).zip(REPOSITORIES) {
        let mut scan = scans[0].clone();
        scan.scope.repository = quietus_model::RepositoryId::named(repository);
        scan.scope.source = quietus_model::SafeText::plain(format!("https://{repository}.git"));
        scan.taken_at = back(now(), number as i64 % 60);
        scan.findings = number as u64;
        scans.push(scan);
    }
    for (number, scan) in (from as u128 + 1..).zip(&mut scans) {
        scan.survey = quietus_model::SurveyId(uuid::Uuid::from_u128(number << 64));
    }
    scans
}

fn back(at: Timestamp, hours: i64) -> Timestamp {
    at.checked_sub(SignedDuration::from_hours(hours)).unwrap()
}

/// The same history of another credential elsewhere, some days before or after.
fn varied(template: &[Recorded], number: usize) -> Vec<Recorded> {
    let mut history = template.to_vec();
    let (kind, rule, redacted) = KINDS[number % KINDS.len()];
    let mut text_changes = Vec::new();
    for recorded in &mut history {
        match &mut recorded.event {
            Event::Opened { detection, owner, .. } => {
                detection.fingerprint = print(number);
                detection.kind.name = kind.into();
                detection.rule = quietus_model::RuleId::from(rule);
                detection.redacted = serde_json::from_value(redacted.into()).unwrap();
                detection.severity = [
                    quietus_model::Severity::Critical,
                    quietus_model::Severity::High,
                    quietus_model::Severity::High,
                    quietus_model::Severity::Medium,
                    quietus_model::Severity::Low,
                ][number % 5];
                if let Some(owner) = owner {
                    owner.name = quietus_model::SafeText::plain(OWNERS[number % OWNERS.len()]);
                }
            }
            Event::Sighted { location, .. } => {
                let before = location.id().to_string();
                move_to(location, number);
                text_changes.push((before, location.id().to_string()));
            }
            _ => {}
        }
    }
    let mut text = serde_json::to_string(&history).unwrap();
    for (before, after) in text_changes {
        text = text.replace(&before, &after);
    }
    let mut value: Value = serde_json::from_str(&text).unwrap();
    shift(&mut value, SignedDuration::from_hours((number as i64 * 37) % (24 * 120) - 24 * 35));
    serde_json::from_value(value).unwrap()
}

fn move_to(location: &mut Location, number: usize) {
    let path = PATHS[number % PATHS.len()];
    let repository = REPOSITORIES[number % REPOSITORIES.len()];
    location.repository = quietus_model::RepositoryId::named(repository);
    location.path = quietus_model::SafeText::plain(path);
    location.path_key = format!("key of {path} {number}");
    location.line = (number % 400) as u32 + 1;
}

/// Moves every date back.
fn shift(value: &mut Value, by: SignedDuration) {
    match value {
        Value::String(text) if text.len() >= 20 && text.ends_with('Z') => {
            if let Ok(at) = text.parse::<Timestamp>() {
                *text = at.checked_sub(by).unwrap().to_string();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| shift(value, by)),
        Value::Object(map) => map.values_mut().for_each(|value| shift(value, by)),
        _ => {}
    }
}
