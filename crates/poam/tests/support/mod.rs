//! A small world for deciding in: surveys made by hand, events kept by item, time as a number.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses its own part; what cannot fail here is unwrapped"
)]

use jiff::{SignedDuration, Timestamp};
use quietus_model::{
    Assessment, Binding, Confidence, Control, Digest, Doubt, Finding, Fingerprint, FingerprintKey,
    Gap, GapReason, Identity, Introduced, Judgement, Kind, Location, Observation, Offline, Place,
    Redacted, RefTip, Remedy, RepositoryId, RuleId, SafeText, Scope, ScopeKind, Secret, Severity,
    Stats, Survey, SurveyId, Target, Trust, Verdict,
};
use quietus_poam::{Action, Actor, PoamItem, Policy, Recorded, Refusal, reconcile};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub const MAIN: &str = "refs/heads/main";
pub const REPO: &str = "git.example.org/team/app";

pub fn key() -> FingerprintKey {
    FingerprintKey::new([1; 32])
}

pub fn print_of(secret: &str) -> Fingerprint {
    key().fingerprint(&Secret::from(secret))
}

/// `hours` after the beginning of this world.
pub fn at(hours: i64) -> Timestamp {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    start.checked_add(SignedDuration::from_hours(hours)).unwrap()
}

pub fn github() -> Target {
    target("https://issuer.example/api")
}

pub fn target(endpoint: &str) -> Target {
    Target { issuer: "issuer".into(), endpoint: endpoint.into(), principal: None }
}

pub fn observation() -> Observation {
    Observation {
        recipe: Digest::of(b"recipe"),
        custom: false,
        unpaired: false,
        code: None,
        status: 401,
        clause: "bad credentials".into(),
        restricted: false,
        request_id: None,
        issuer_date: None,
        identity: Identity::default(),
        control: Control::Denied,
        known_good: false,
        vantage: "local".into(),
        tool: "test".into(),
    }
}

pub fn live(hours: i64) -> Judgement {
    answer(github(), Binding::SoleIssuer, hours, Verdict::Live(observation()))
}

pub fn dead(hours: i64) -> Judgement {
    answer(github(), Binding::SoleIssuer, hours, Verdict::Dead(observation()))
}

pub fn doubtful(hours: i64, doubt: Doubt) -> Judgement {
    answer(github(), Binding::SoleIssuer, hours, Verdict::Indeterminate(doubt))
}

pub fn answer(target: Target, binding: Binding, hours: i64, verdict: Verdict) -> Judgement {
    Judgement { target, binding, at: at(hours), verdict }
}

pub fn place(path: &str, heads: &[&str], introduced_at: i64) -> Location {
    Location {
        inside: SafeText::default(),
        decoded: Vec::new(),
        repository: RepositoryId::named(REPO),
        source: SafeText::default(),
        place: Place::History,
        path: SafeText::plain(path),
        path_key: key().path_key(path.as_bytes()),
        ordinal: 0,
        line: 1,
        column: 1,
        end_line: 1,
        end_column: 9,
        offset: 0,
        blob: Some(format!("blob-of-{path}")),
        versions: 1,
        introduced: Some(Introduced {
            commit: "c0ffee".into(),
            author: SafeText::plain("Ann <ann@example.org>"),
            at: at(introduced_at),
        }),
        last_author: Some(SafeText::plain("Ann <ann@example.org>")),
        code_owners: Vec::new(),
        at_head: heads.iter().map(SafeText::plain).collect(),
        allowed_inline: Default::default(),
    }
}

pub fn kind(askable: bool) -> Kind {
    Kind { name: "Issuer token".into(), askable, remedy: Remedy::default() }
}

pub fn finding(secret: &str, locations: Vec<Location>) -> Finding {
    Finding {
        fingerprint: print_of(secret),
        renamed_from: None,
        aliases: std::collections::BTreeSet::new(),
        rule: RuleId::from("issuer-token"),
        severity: Severity::Critical,
        confidence: Confidence::High,
        redacted: Redacted::new(&Secret::from(secret), ""),
        offline: Offline::Plausible,
        missing: Vec::new(),
        decoded: Vec::new(),
        tags: Vec::new(),
        locations,
    }
}

pub fn scope(kind: ScopeKind) -> Scope {
    Scope {
        repository: RepositoryId::named(REPO),
        source: SafeText::plain("/srv/app"),
        kind,
        refs: vec![RefTip { name: SafeText::plain(MAIN), oid: "tip".into() }],
        path_filter: Vec::new(),
        ignored_left_out: false,
        gaps: Vec::new(),
        stats: Stats::default(),
    }
}

pub fn gap() -> Gap {
    Gap {
        object: SafeText::plain("0123"),
        reason: GapReason::Missing,
        detail: SafeText::plain("not in the store"),
    }
}

/// A complete survey of everything.
pub fn survey(hours: i64, findings: Vec<Finding>) -> Survey {
    Survey {
        id: SurveyId(Uuid::from_u128(hours as u128 + 1)),
        key_id: key().id(),
        taken_at: at(hours),
        rules_digest: Digest::of(b"rules"),
        rules: vec![RuleId::from("issuer-token")],
        tool: "test".into(),
        trust: Trust::Own,
        scopes: vec![scope(ScopeKind::Whole)],
        assessments: findings
            .into_iter()
            .map(|finding| Assessment {
                finding,
                kind: kind(true),
                judgements: Vec::new(),
                silence: None,
                sealed: None,
            })
            .collect(),
        unrecognised: BTreeSet::new(),
    }
}

/// The events of all items, and time.
pub struct World {
    pub policy: Policy,
    pub events: BTreeMap<Fingerprint, Vec<Recorded>>,
}

impl World {
    pub fn new() -> Self {
        Self { policy: Policy::default(), events: BTreeMap::new() }
    }

    pub fn items(&self) -> Vec<PoamItem> {
        self.events.values().map(|events| PoamItem::fold(events).unwrap()).collect()
    }

    pub fn item(&self, secret: &str) -> PoamItem {
        PoamItem::fold(&self.events[&print_of(secret)]).unwrap()
    }

    /// Reconciles a survey at its own time; how many events that gave.
    pub fn take(&mut self, survey: &Survey) -> usize {
        self.take_at(survey, survey.taken_at)
    }

    pub fn take_at(&mut self, survey: &Survey, now: Timestamp) -> usize {
        let events = reconcile(&self.items(), survey, &self.policy, now);
        let count = events.len();
        for (fingerprint, event) in events {
            self.events.entry(fingerprint).or_default().push(event);
        }
        count
    }

    /// A retest: known locations only, with these judgements.
    pub fn ask(&mut self, hours: i64, secret: &str, judgements: Vec<Judgement>) -> usize {
        let known = self.item(secret);
        let mut recall = survey(hours, vec![finding(secret, Vec::new())]);
        recall.scopes = vec![scope(ScopeKind::Recall)];
        recall.assessments[0].kind = known.detection.kind.clone();
        recall.assessments[0].judgements = judgements;
        recall.id = SurveyId(Uuid::from_u128(hours as u128 + 1_000_000));
        self.take(&recall)
    }

    pub fn act(
        &mut self,
        hours: i64,
        secret: &str,
        who: &str,
        action: &Action,
    ) -> Result<usize, Refusal> {
        let item = self.item(secret);
        let events = item.act(action, &Actor::person(who), &self.policy, at(hours))?;
        let count = events.len();
        self.events.entry(print_of(secret)).or_default().extend(events);
        Ok(count)
    }
}

/// A world in which `token` was found at hour 0 on main and is live.
pub fn leaked() -> World {
    let mut world = World::new();
    let mut first = survey(0, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]);
    first.assessments[0].judgements = vec![live(0)];
    world.take(&first);
    world
}

/// The token is gone from main, and history still holds it.
pub fn removed(hours: i64) -> Survey {
    survey(hours, vec![finding("token", vec![place("app.env", &[], -100)])])
}

/// A world in which `token` is closed at hour 30.
pub fn closed() -> World {
    let mut world = leaked();
    world.take(&removed(5));
    world.ask(8, "token", vec![dead(8)]);
    world.ask(30, "token", vec![dead(30)]);
    assert!(
        world.item("token").closure.is_some(),
        "{:#?}",
        world.item("token").why(&world.policy, at(30))
    );
    world
}

pub fn approve(note: &str) -> Action {
    Action::Approve { note: note.into(), break_glass: None }
}
