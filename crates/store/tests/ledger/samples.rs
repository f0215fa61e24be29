//! Events, scans and names to fill ledgers with.

use jiff::{Timestamp, ToSpan};
use quietus_model::{
    Binding, Confidence, Control, Digest, Fingerprint, FingerprintKey, Gap, GapReason, Identity,
    Judgement, KeyId, Kind, Observation, Offline, Redacted, Remedy, RepositoryId, SafeText, Scope,
    ScopeKind, Secret, Severity, Stats, SurveyId, Target, Verdict,
};
use quietus_poam::{Actor, Class, Detection, Event, Recorded, ScanRecord};
use uuid::Uuid;

/// The key of all samples.
pub(crate) fn key() -> KeyId {
    FingerprintKey::new([7; 32]).id()
}

/// A moment some hours into the samples' time.
pub(crate) fn at(hours: i64) -> Timestamp {
    let start: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    start + hours.hours()
}

/// The fingerprint that ends in `number`.
pub(crate) fn fingerprint(number: u64) -> Fingerprint {
    format!("ab{number:062x}").parse().unwrap()
}

pub(crate) fn survey(number: u128) -> SurveyId {
    SurveyId(Uuid::from_u128(number))
}

fn recorded(event: Event) -> Recorded {
    Recorded { at: at(0), by: Actor::System, policy: Digest::of(b"policy"), event }
}

/// The event that opens an item.
pub(crate) fn opened(fingerprint: Fingerprint) -> Recorded {
    let detection = Detection {
        fingerprint,
        key_id: key(),
        rule: "sample".into(),
        kind: Kind { name: "Sample".to_owned(), askable: true, remedy: Remedy::default() },
        severity: Severity::High,
        confidence: Confidence::High,
        redacted: Redacted::new(&Secret::from("a sample secret"), "a "),
        offline: Offline::Plausible,
        tags: Vec::new(),
        decoded: Vec::new(),
        missing: Vec::new(),
        survey: survey(0),
        detected_at: at(0),
    };
    recorded(Event::Opened {
        detection: Box::new(detection),
        plan: Vec::new(),
        class: Class::Unknown,
        owner: None,
        audit: None,
    })
}

/// A remark, with what JSON and SQL must both survive.
pub(crate) fn noted(note: &str) -> Recorded {
    recorded(Event::Noted { note: format!("{note} ' \" \\ \u{0} \u{1F512} $1 --") })
}

/// That its issuer accepted it on the night `night`.
pub(crate) fn asked(night: i64) -> Recorded {
    let seen = Observation {
        recipe: Digest::of(b"recipe"),
        custom: false,
        unpaired: false,
        code: None,
        status: 200,
        clause: "who it is".to_owned(),
        restricted: false,
        request_id: Some(SafeText::plain(format!("request {night}"))),
        issuer_date: None,
        identity: Identity::default(),
        control: Control::Denied,
        vantage: "local".to_owned(),
        known_good: false,
        tool: "0.1.0".to_owned(),
    };
    let endpoint = "https://issuer.example/api".to_owned();
    let target = Target { issuer: "issuer".to_owned(), endpoint, principal: None };
    let (binding, verdict) = (Binding::SoleIssuer, Verdict::Live(seen));
    let judgement = Judgement { target, binding, at: at(24 * night), verdict };
    recorded(Event::Judged { judgement: Box::new(judgement) })
}

/// A scan of `repository` at `hours`, complete or not.
pub(crate) fn scan(repository: &str, number: u128, hours: i64, complete: bool) -> ScanRecord {
    let gap = Gap {
        object: SafeText::plain("a.txt"),
        reason: GapReason::Unreadable,
        detail: SafeText::plain("permission denied"),
    };
    ScanRecord {
        survey: survey(number),
        taken_at: at(hours),
        rules_digest: Digest::of(b"rules"),
        tool: "0.1.0".to_owned(),
        scope: Scope {
            repository: RepositoryId::named(repository),
            source: SafeText::plain(repository),
            kind: ScopeKind::Whole,
            refs: Vec::new(),
            path_filter: Vec::new(),
            ignored_left_out: false,
            gaps: if complete { Vec::new() } else { vec![gap] },
            stats: Stats::default(),
        },
        findings: 1,
    }
}
