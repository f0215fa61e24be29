//! The whole pipe as the program runs it, with shipped rules, a real ledger and a clock in hand.

#![allow(dead_code, reason = "each test that includes this file uses its own part of it")]
#![allow(clippy::unwrap_used, reason = "a test's own parts are right or the test fails")]

use crate::issuer::{Behaviour, Issuer};
use crate::repository::Repository;
use jiff::{SignedDuration, Timestamp};
use quietus_export::oscal::{self, OscalOptions, ReadItem};
use quietus_model::shape::{Length, Stream};
use quietus_model::{
    Fingerprint, FingerprintKey, Outcome as Answer, Recipe, Rule, RuleId, RuleSet, ScopeKind,
    Secret,
};
use quietus_poam::{Action, Actor, PoamItem, Policy, ScanRecord};
use quietus_scan::{Detector, Options};
use quietus_store::{Append, Ledger};
use quietus_track::{Look, Looking, Mirrors, Outcome, Tracker, Wanted, look};
use quietus_validate::{Pace, Settings, Validator};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tempfile::TempDir;

/// The rule all these credentials are of: shipped, self-hosted, its denials documented.
const RULE: &str = "gitlab-pat";

/// The official schema of the export.
const SCHEMA: &str = include_str!("../schemas/oscal-1.2.3/oscal_poam_schema.json");

static RULES: LazyLock<Arc<RuleSet>> =
    LazyLock::new(|| Arc::new(quietus_catalogue::shipped().unwrap()));

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(Arc::clone(&RULES)).unwrap());

/// The rules of another day: that of these credentials sees less, and no other takes its place.
static NARROW: LazyLock<Detector> = LazyLock::new(|| {
    let mut rule = Rule::clone(RULES.get(&RuleId::from(RULE)).unwrap());
    rule.pattern = format!("elsewhere: {}", rule.pattern);
    Detector::new(Arc::new(RuleSet::new(vec![Arc::new(rule)]))).unwrap()
});

static CANCEL: AtomicBool = AtomicBool::new(false);

/// So many hours after the noon on which every story begins.
pub(crate) fn at(hours: i64) -> Timestamp {
    let noon: Timestamp = "2026-01-05T12:00:00Z".parse().unwrap();
    noon + SignedDuration::from_hours(hours)
}

/// A token of the rule; another name gives another token.
pub(crate) fn token(name: &str) -> String {
    let shape = RULES.get(&RuleId::from(RULE)).unwrap().shape.as_ref().unwrap();
    String::from_utf8(shape.build(&mut Stream::new(name), Length::Min)).unwrap()
}

fn recipe() -> &'static Recipe {
    RULES.get(&RuleId::from(RULE)).unwrap().validate.as_ref().unwrap()
}

/// The name that the recipe has for this kind of issuer.
pub(crate) fn issuer_kind() -> String {
    recipe().issuer.clone()
}

/// The documented answer of this outcome that holds `words`, as it stands in the shipped rule.
pub(crate) fn documented(outcome: Answer, words: &str) -> Behaviour {
    let known = recipe().answers.iter();
    let answer = known
        .filter(|answer| answer.outcome == outcome && !answer.invented)
        .find(|answer| answer.body.contains(words))
        .unwrap();
    Behaviour::answer(answer.status, answer.body.as_bytes())
        .with_header("content-type", "application/json")
}

/// What the issuer says of a token that works.
pub(crate) fn accepted() -> Behaviour {
    documented(Answer::Live, "")
}

/// What the issuer says of a token that it revoked.
pub(crate) fn revoked() -> Behaviour {
    documented(Answer::Dead, "revoked")
}

/// An issuer that denies, in documented words, every token it does not know.
pub(crate) fn issuer() -> Issuer {
    let issuer = Issuer::start();
    issuer.set_otherwise(documented(Answer::Dead, "Unauthorized"));
    issuer
}

/// A pace without time between calls and without patience.
pub(crate) fn quick() -> Pace {
    Pace { every: Duration::ZERO, patience: Duration::ZERO, ..Pace::default() }
}

/// Settings that list `issuer` as the only instance, trust its CA and allow its address.
pub(crate) fn listing(issuer: &Issuer) -> Settings {
    Settings {
        instances: [(issuer_kind(), vec![issuer.url()])].into(),
        allow_private: vec![issuer.host()],
        ca_pem: Some(issuer.ca_pem()),
        timeout: Duration::from_secs(5),
        pace: quick(),
        ..Settings::default()
    }
}

/// A folder with a ledger, a key and a policy.
pub(crate) struct World {
    folder: TempDir,
    key: FingerprintKey,
    url: String,
    pub(crate) ledger: Ledger,
    pub(crate) policy: Policy,
    detector: &'static Detector,
    rules: Arc<RuleSet>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = FingerprintKey::new([7; 32]);
        let url = format!("sqlite://{}", folder.path().join("ledger.db").display());
        let ledger = Ledger::open(&url, &key.id(), at(0)).await.unwrap();
        let rules = Arc::clone(&RULES);
        Self { folder, key, url, ledger, policy: Policy::default(), detector: &DETECTOR, rules }
    }

    /// From now on the public instance of these credentials' issuer is this one.
    pub(crate) fn public_issuer(&mut self, issuer: &Issuer) {
        let mut rule = Rule::clone(self.rules.get(&RuleId::from(RULE)).unwrap());
        rule.validate.as_mut().unwrap().endpoint = issuer.url();
        self.rules = Arc::new(RuleSet::new(vec![Arc::new(rule)]));
    }

    /// From now on the rule of these credentials, under the same name, sees none of them.
    pub(crate) fn narrow_rules(&mut self) {
        self.detector = &NARROW;
    }

    /// The folder that goes with this world.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A new repository in that folder.
    pub(crate) fn repository(&self, name: &str) -> Repository {
        Repository::new(self.folder.path().join(name))
    }

    /// The ledger through a connection of its own, as another process has it.
    pub(crate) async fn another_ledger(&self) -> Ledger {
        Ledger::open_existing(&self.url, &self.key.id()).await.unwrap()
    }

    pub(crate) fn fingerprint(&self, token: &str) -> Fingerprint {
        self.key.fingerprint(&Secret::from(token))
    }

    /// Scans and records; asks the issuers only with settings.
    pub(crate) async fn track(
        &self,
        sources: &[String],
        asking: Option<&Settings>,
        now: Timestamp,
    ) -> Outcome {
        let found = self.look(sources, now).await;
        assert!(found.errors.is_empty(), "{:?}", found.errors);
        self.record(&self.ledger, found, asking, now).await
    }

    /// Reads the sources whole.
    pub(crate) async fn look(&self, sources: &[String], now: Timestamp) -> Look {
        let scans = self.ledger.scans().await.unwrap().into_iter();
        let known = scans
            .map(|scans| (scans.latest.scope.source.to_string(), scans.repository().clone()))
            .collect();
        self.looking(&known, |looking| look(looking, sources, ScopeKind::Whole, now))
    }

    fn looking<T>(
        &self,
        known: &BTreeMap<String, quietus_model::RepositoryId>,
        read: impl FnOnce(&Looking<'_>) -> T,
    ) -> T {
        read(&Looking {
            detector: self.detector,
            key: &self.key,
            options: &Options { threads: 1, ..Options::default() },
            mirrors: &Mirrors::new(self.folder.path().join("mirrors")),
            names: &BTreeMap::new(),
            known,
            progress: &(),
            cancel: &CANCEL,
        })
    }

    /// Takes what was read to `ledger`.
    pub(crate) async fn record(
        &self,
        ledger: &Ledger,
        found: Look,
        asking: Option<&Settings>,
        now: Timestamp,
    ) -> Outcome {
        let validator = asking.map(|asking| self.validator(asking, now));
        let tracker = self.tracker(ledger, validator.as_ref());
        let items = ledger.items().await.unwrap();
        let assessments = tracker.assess(found.hits, &items).await.unwrap();
        let survey = tracker.survey(found.scopes, assessments, now);
        let mirrors = Mirrors::new(self.folder.path().join("mirrors"));
        let looking = Looking {
            detector: self.detector,
            key: &self.key,
            options: &Options { threads: 1, ..Options::default() },
            mirrors: &mirrors,
            names: &BTreeMap::new(),
            known: &BTreeMap::new(),
            progress: &(),
            cancel: &CANCEL,
        };
        tracker.record(&survey, Some(&looking), now).await.unwrap()
    }

    /// Reads the known places of every item again and asks.
    pub(crate) async fn retest(&self, asking: &Settings, now: Timestamp) -> Outcome {
        let items = self.ledger.items().await.unwrap();
        let scans: Vec<ScanRecord> =
            self.ledger.scans().await.unwrap().into_iter().map(|scans| scans.latest).collect();
        let read =
            self.looking(&BTreeMap::new(), |looking| Wanted::of(&items, &scans).read(looking, now));
        let validator = self.validator(asking, now);
        self.tracker(&self.ledger, Some(&validator)).retest(read, now).await.unwrap()
    }

    fn tracker<'a>(&'a self, ledger: &'a Ledger, validator: Option<&'a Validator>) -> Tracker<'a> {
        Tracker {
            ledger,
            rules: &self.rules,
            shipped: &RULES,
            policy: &self.policy,
            validator,
            escrow: None,
            tool: "test",
        }
    }

    fn validator(&self, settings: &Settings, now: Timestamp) -> Validator {
        Validator::new(Arc::clone(&self.rules), settings.clone(), now).unwrap()
    }

    /// A person does something to the item.
    pub(crate) async fn act(&self, token: &str, action: &Action, account: &str, now: Timestamp) {
        let item = self.item(token).await;
        let by = Actor::person(account);
        let events = item.act(action, &by, &self.policy, now).unwrap();
        let append = Append::events(item.fingerprint(), item.version, events);
        self.ledger.append(vec![append], now).await.unwrap();
    }

    pub(crate) async fn items(&self) -> Vec<PoamItem> {
        self.ledger.items().await.unwrap()
    }

    pub(crate) async fn item(&self, token: &str) -> PoamItem {
        self.ledger.item(&self.fingerprint(token)).await.unwrap().unwrap()
    }

    /// What keeps the item open, in sentences.
    pub(crate) async fn blockers(&self, token: &str, now: Timestamp) -> String {
        let blockers = self.item(token).await.blockers(&self.policy, now);
        blockers.iter().map(|blocker| format!("{blocker}\n")).collect()
    }

    /// The names of the item's events in the order in which the ledger holds them.
    pub(crate) async fn events(&self, token: &str) -> Vec<String> {
        let entries = self.ledger.events(&self.fingerprint(token)).await.unwrap();
        assert!(entries.windows(2).all(|pair| pair[0].seq < pair[1].seq));
        assert!(entries.iter().zip(1..).all(|(entry, version)| entry.version == version));
        let names = entries.iter().map(|entry| {
            let json = serde_json::to_value(&entry.recorded).unwrap();
            match &json["judgement"]["verdict"]["state"] {
                Value::String(state) => format!("judged {state}"),
                _ => match &json["milestone"] {
                    Value::String(milestone) => {
                        format!("{} {milestone}", json["event"].as_str().unwrap())
                    }
                    _ => json["event"].as_str().unwrap().to_owned(),
                },
            }
        });
        names.collect()
    }

    /// Checks the ledger and the export at this moment, and gives the item as the export has it.
    pub(crate) async fn exported(&self, token: &str, now: Timestamp) -> ReadItem {
        let verified = self.ledger.verify().await.unwrap();
        let items = self.items().await;
        let scans: Vec<ScanRecord> = self
            .ledger
            .scans()
            .await
            .unwrap()
            .into_iter()
            .map(|scans| scans.latest_complete.unwrap_or(scans.latest))
            .collect();
        let options = OscalOptions {
            head: Some((verified.head.seq, verified.head.hash.to_string())),
            stale_after: Some(self.policy.cadence.stale),
            ..OscalOptions::default()
        };
        let document = oscal::poam(&items, &scans, &options, now).unwrap();
        let value = document.to_value();
        assert_eq!(oscal::check(&value), Vec::new());
        assert_eq!(schema_errors(&value), Vec::<String>::new());
        let back = oscal::read(&document.to_string_pretty()).unwrap();
        assert_eq!(back.len(), items.len());
        let fingerprint = self.fingerprint(token);
        back.into_iter().find(|item| item.fingerprint == fingerprint).unwrap()
    }
}

fn schema_errors(document: &Value) -> Vec<String> {
    static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
    });
    let errors = VALIDATOR.iter_errors(document);
    errors.map(|error| format!("{}: {error}", error.instance_path())).collect()
}
