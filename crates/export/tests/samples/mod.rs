//! Items in every phase of their life, made by the real decisions of `poam`.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses its own part; what cannot fail here is unwrapped"
)]

#[path = "../../../poam/tests/support/mod.rs"]
pub mod world;

use jiff::Timestamp;
use quietus_export::oscal::OscalOptions;
use quietus_model::{Doubt, Finding, Location, RuleId, SafeText, ScopeKind, Verdict};
use quietus_poam::{Action, DeviationKind, MilestoneKind, Phase, PoamItem, ScanRecord};
use world::{MAIN, World, at, dead, doubtful, finding, kind, live, place, survey};

/// Text of people and repositories that nothing may choke on.
pub const HOSTILE: &str =
    " <script>alert(1)</script>\n[a](javascript:b) {{ insert: c }}\t`d` \u{202E}_e_ \u{FEFF}";

/// When the exports are made.
pub fn now() -> Timestamp {
    at(24 * 40)
}

pub fn options() -> OscalOptions {
    OscalOptions {
        system_name: "Payments".into(),
        organization: "Example Org".into(),
        head: Some((42, "ab".repeat(32))),
        ..OscalOptions::default()
    }
}

pub fn fedramp() -> OscalOptions {
    OscalOptions { fedramp: true, import_ssp: Some("./ssp.json".into()), ..options() }
}

/// A world in which `secret` was found at hour 0 on main.
pub fn found(secret: &str, adjust: impl FnOnce(&mut Finding)) -> World {
    let mut world = World::new();
    let mut finding = finding(secret, vec![place("config/app.env", &[MAIN], -100)]);
    adjust(&mut finding);
    world.take(&survey(0, vec![finding]));
    world
}

/// It is at no head any more; history holds it.
pub fn remove(world: &mut World, secret: &str, hours: i64) {
    let findings = vec![finding(secret, vec![place("config/app.env", &[], -100)])];
    world.take(&keeping_kind(world, secret, survey(hours, findings)));
}

/// It stands at main again.
pub fn bring_back(world: &mut World, secret: &str, hours: i64) {
    let findings = vec![finding(secret, vec![place("config/app.env", &[MAIN], -100)])];
    world.take(&keeping_kind(world, secret, survey(hours, findings)));
}

/// A complete scan sees it nowhere.
pub fn purge(world: &mut World, hours: i64) {
    world.take(&survey(hours, Vec::new()));
}

fn keeping_kind(
    world: &World,
    secret: &str,
    mut survey: quietus_model::Survey,
) -> quietus_model::Survey {
    survey.assessments[0].kind = world.item(secret).detection.kind.clone();
    survey
}

pub fn close(world: &mut World, secret: &str, hours: i64) {
    remove(world, secret, hours);
    world.ask(hours + 1, secret, vec![dead(hours + 1)]);
    world.ask(hours + 25, secret, vec![dead(hours + 25)]);
    assert!(world.item(secret).closure.is_some());
}

fn anonymous(finding: &mut Finding) {
    finding.locations.iter_mut().for_each(|location: &mut Location| location.last_author = None);
}

/// An item that no recipe can ask about.
fn mute(secret: &str) -> World {
    let mut world = World::new();
    let finding = finding(secret, vec![place("config/app.env", &[MAIN], -100)]);
    let mut first = survey(0, vec![finding]);
    first.assessments[0].kind = kind(false);
    world.take(&first);
    world
}

fn dismissed(secret: &str, kind: DeviationKind) -> PoamItem {
    let mut world = found(secret, |_| {});
    let reason = format!("a reason that is long enough {HOSTILE}");
    world.act(5, secret, "os:1000@host", &Action::Dismiss { kind, reason, until: None }).unwrap();
    world.item(secret)
}

fn in_progress(secret: &str) -> PoamItem {
    let mut world = found(secret, |_| {});
    let who = "os:1000@host";
    world.act(2, secret, who, &Action::Assign { to: format!("@org/team {HOSTILE}") }).unwrap();
    world.act(3, secret, who, &Action::Start { milestone: MilestoneKind::Rotate }).unwrap();
    let until = at(24 * 13);
    let extend = |due| Action::Extend {
        milestone: MilestoneKind::Rotate,
        due,
        reason: "the vendor is on holiday until then".into(),
    };
    world.act(4, secret, who, &extend(until)).unwrap();
    world.act(5, secret, who, &Action::Note { text: HOSTILE.into() }).unwrap();
    world.ask(6, secret, vec![doubtful(6, Doubt::RateLimited)]);
    world.item(secret)
}

fn waiting(secret: &str) -> PoamItem {
    let mut world = found(secret, |_| {});
    world.ask(1, secret, vec![live(1)]);
    let claim = |milestone| Action::Claim { milestone, note: HOSTILE.into() };
    world.act(3, secret, "os:1000@host", &claim(MilestoneKind::Rotate)).unwrap();
    world.act(4, secret, "os:1000@host", &claim(MilestoneKind::Revoke)).unwrap();
    remove(&mut world, secret, 5);
    world.ask(8, secret, vec![dead(8)]);
    world.item(secret)
}

fn attested(secret: &str) -> PoamItem {
    let mut world = mute(secret);
    let waive = Action::Waive {
        milestone: MilestoneKind::Rotate,
        reason: "the service is switched off\n\nfor good".into(),
    };
    world.act(3, secret, "os:1000@host", &waive).unwrap();
    remove(&mut world, secret, 4);
    for who in ["os:1001@host", "os:1002@host"] {
        let note = format!("seen to be deleted {HOSTILE}");
        world.act(6, secret, who, &Action::Attest { note, digest: None }).unwrap();
    }
    world.item(secret)
}

fn reopened(secret: &str) -> PoamItem {
    let mut world = found(secret, |_| {});
    close(&mut world, secret, 5);
    world.ask(40, secret, vec![live(40)]);
    assert_eq!(world.item(secret).earlier_rounds.len(), 1);
    world.item(secret)
}

fn closed_twice(secret: &str) -> PoamItem {
    let mut world = found(secret, |_| {});
    close(&mut world, secret, 5);
    bring_back(&mut world, secret, 40);
    close(&mut world, secret, 50);
    purge(&mut world, 100);
    world.item(secret)
}

/// Live, privileged, and better understood by a later rule.
fn escalated(secret: &str) -> PoamItem {
    let mut world = found(secret, |_| {});
    let mut answer = live(2);
    if let Verdict::Live(seen) = &mut answer.verdict {
        seen.identity.privileged = Some(true);
        seen.identity.fields = vec![("login".into(), SafeText::plain(HOSTILE))];
        seen.identity.scopes = vec![SafeText::plain("admin")];
    }
    world.ask(2, secret, vec![answer]);
    let mut better = finding(secret, vec![place("config/app.env", &[MAIN], -100)]);
    better.rule = RuleId::from("issuer-admin-token");
    better.severity = quietus_model::Severity::High;
    let mut second = survey(3, vec![better]);
    second.assessments[0].kind.name = "Issuer admin token".into();
    second.assessments[0].kind.remedy.after_revoke = vec!["Read the issuer's log.".into()];
    world.take(&second);
    world.item(secret)
}

/// Several items in each phase of life, numbered from 1.
pub fn every_phase() -> Vec<PoamItem> {
    let mut items = vec![
        found("detected", anonymous).item("detected"),
        found("open", |_| {}).item("open"),
        in_progress("in progress"),
        waiting("waiting"),
        dismissed("false positive", DeviationKind::FalsePositive),
        dismissed("accepted", DeviationKind::RiskAccepted),
        dismissed("requirement", DeviationKind::OperationalRequirement),
        dismissed("vendor", DeviationKind::VendorDependency),
        {
            let mut world = found("closed", |_| {});
            close(&mut world, "closed", 5);
            world.item("closed")
        },
        attested("attested"),
        reopened("reopened"),
        closed_twice("closed twice"),
        escalated("escalated"),
    ];
    for (number, item) in (1..).zip(&mut items) {
        item.number = number;
    }
    items
}

/// The phases that [`every_phase`] must contain.
pub const PHASES: [&str; 10] = [
    "detected",
    "open",
    "in progress",
    "pending verification",
    "false positive",
    "risk accepted",
    "operational requirement",
    "vendor dependency",
    "closed",
    "closed (attested)",
];

/// A complete scan of the repository, an incomplete one, and one of another repository.
pub fn scans() -> Vec<ScanRecord> {
    let complete = survey(0, Vec::new());
    let mut gapped = survey(30, Vec::new());
    gapped.scopes[0].gaps = vec![world::gap()];
    let mut other = survey(31, Vec::new());
    other.scopes[0].kind = ScopeKind::Staged;
    other.scopes[0].repository = quietus_model::RepositoryId::named("git.example.org/team/other");
    [complete, gapped, other].iter().flat_map(ScanRecord::of).collect()
}

/// Whether the samples are what they claim to be.
pub fn phases(items: &[PoamItem]) -> Vec<String> {
    items.iter().map(PoamItem::phase).map(|phase: Phase| phase.to_string()).collect()
}
