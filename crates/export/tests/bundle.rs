//! A bundle proves what it says, and whatever is changed in it is found.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod samples;

use quietus_export::bundle::{
    Bundle, BundleError, BundledFile, Check, Holdings, Outcome, PolicyText, bundle,
};
use quietus_export::{About, Audience, ExportError, Register};
use quietus_model::{Digest, SafeText, Survey};
use quietus_poam::{
    Action, Actor, Attachment, Event, PoamItem, Policy, Recorded, ScanRecord, SealedEntry, presets,
};
use samples::world::survey;
use samples::{every_phase, now};

fn policy_text() -> PolicyText {
    let name = Policy::default().name;
    let (_, text) = presets().find(|(known, _)| *known == name).unwrap();
    PolicyText { name, text: text.to_owned() }
}

/// Entries that a ledger could hold, three apart from each other.
fn sealed(stream: &str, bodies: Vec<String>, first: u64) -> Vec<SealedEntry> {
    let mut entries: Vec<SealedEntry> = Vec::new();
    for (version, body) in (1_u64..).zip(bodies) {
        let seq = first + 3 * (version - 1);
        let mut entry = SealedEntry {
            seq,
            stream: stream.to_owned(),
            version,
            recorded_at: 1_700_000_000_000_000 + seq.cast_signed(),
            body,
            prev: "00".repeat(32),
            hash: String::new(),
        };
        entry.hash = entry.seal().to_string();
        entries.push(entry);
    }
    entries
}

fn events(item: &PoamItem) -> Vec<String> {
    item.history.iter().map(|recorded| serde_json::to_string(recorded).unwrap()).collect()
}

/// Records of the surveys that showed it gone, as complete scans leave them.
fn scans(item: &PoamItem) -> Vec<SealedEntry> {
    let needed = item.presence.clearing_surveys();
    let record = |id| {
        let taken = Survey { id, ..survey(0, Vec::new()) };
        serde_json::to_string(&ScanRecord::of(&taken)[0]).unwrap()
    };
    sealed("repository:git.example.org/team/app", needed.into_iter().map(record).collect(), 2)
}

fn made(item: &PoamItem, about: About) -> Result<String, ExportError> {
    let policy = Policy::default();
    let register = Register::new(std::slice::from_ref(item), &[], about, &policy, now());
    let stream = format!("item:{}", item.fingerprint());
    let entries = sealed(&stream, events(item), 1);
    // Where a sample has an attachment, these are its bytes.
    let kept = item.attachments.iter().map(|known| known.attachment.name.as_str());
    let files = kept.map(|name| BundledFile::of(name, PAGE)).collect();
    let holdings = Holdings { entries, scans: scans(item), files };
    bundle(item, &register, holdings, Some(policy_text()))
}

fn of(item: &PoamItem) -> Bundle {
    let about = About { head: Some((10_000, "ab".repeat(32))), ..About::default() };
    Bundle::read(&made(item, about).unwrap()).unwrap()
}

/// The sample of an id.
fn sample(id: &str) -> PoamItem {
    every_phase().into_iter().find(|item| item.id() == id).unwrap()
}

/// The checks that fail.
fn failing(checks: &[Check]) -> Vec<&'static str> {
    let fails = |check: &&Check| matches!(check.outcome, Outcome::Fails(_));
    checks.iter().filter(fails).map(|check| check.what).collect()
}

/// The bytes of the only file that is attached anywhere here.
const PAGE: &[u8] = b"a page of the console";

/// `item`, with that page attached as the last thing that happened.
fn with_page(item: &PoamItem) -> PoamItem {
    let attachment = Attachment {
        digest: Digest::of(PAGE),
        name: SafeText::plain("console.html"),
        size: PAGE.len() as u64,
        shows: SafeText::plain("the key is deleted"),
        collected: now(),
        expires: None,
        collector: SafeText::plain("Ann"),
        scope: SafeText::plain(""),
        kept: true,
    };
    let action = Action::Attach { attachment: Box::new(attachment) };
    let events = item.act(&action, &Actor::person("ann"), &Policy::default(), now()).unwrap();
    let mut history = item.history.clone();
    history.extend(events);
    PoamItem { number: item.number, ..PoamItem::fold(&history).unwrap() }
}

#[test]
fn attached_files_are_checked_to_the_byte() {
    let good = of(&with_page(&sample("V-9")));
    let files = |bundle: &Bundle| {
        let check = bundle.check(None).into_iter().find(|check| check.what == "files");
        check.unwrap().outcome
    };
    assert!(matches!(files(&good), Outcome::Holds(_)), "{:?}", files(&good));
    let mut altered = good.clone();
    altered.files[0] = BundledFile::of("console.html", b"another page");
    assert_eq!(failing(&altered.check(None)), ["files"]);
    let mut broken = good.clone();
    broken.files[0].base64 = "no base64".to_owned();
    assert_eq!(failing(&broken.check(None)), ["files"]);
    // Without its bytes nobody can tell, and nothing contradicts it.
    let mut without = good;
    without.files.clear();
    assert!(matches!(files(&without), Outcome::Unknown(text) if text.contains("console.html")));
    assert!(failing(&without.check(None)).is_empty());
    // Readers outside get the digest alone.
    let about = About { audience: Audience::External, ..About::default() };
    let outside = Bundle::read(&made(&with_page(&sample("V-9")), about).unwrap()).unwrap();
    assert!(outside.files.is_empty());
}

const ALL: [&str; 8] =
    ["seals", "order", "head", "identity", "closure", "milestones", "proof", "scans"];

#[test]
fn every_closed_item_is_shown_to_be_rightly_closed() {
    let closed: Vec<PoamItem> =
        every_phase().into_iter().filter(|item| item.closure.is_some()).collect();
    assert!(closed.len() >= 3);
    for item in closed {
        let checks = of(&item).check(None);
        let what: Vec<&str> = checks.iter().map(|check| check.what).collect();
        assert_eq!(what, ALL);
        let bad = checks.iter().find(|check| !matches!(check.outcome, Outcome::Holds(_)));
        assert_eq!(bad, None, "{} {}", item.id(), item.phase());
    }
}

#[test]
fn what_is_open_is_told_to_be_open() {
    for id in ["V-1", "V-4", "V-8", "V-11"] {
        assert_eq!(failing(&of(&sample(id)).check(None)), ["closure"], "{id}");
    }
}

#[test]
fn any_byte_that_was_changed_is_found() {
    let good = of(&sample("V-9"));
    for at in 0..good.entries.len() {
        let mut bundle = good.clone();
        bundle.entries[at].body = bundle.entries[at].body.replace("2026", "2025");
        assert!(failing(&bundle.check(None)).contains(&"seals"), "entry {at}");
        let mut later = good.clone();
        later.entries[at].recorded_at += 1;
        assert_eq!(failing(&later.check(None)), ["seals"], "entry {at}");
    }
    let mut scan = good;
    scan.scans[0].body = scan.scans[0].body.replace("test", "best");
    assert_eq!(failing(&scan.check(None)), ["seals"]);
}

#[test]
fn an_event_that_is_left_out_is_missed() {
    let good = of(&sample("V-9"));
    for at in 0..good.entries.len() - 1 {
        let mut bundle = good.clone();
        bundle.entries.remove(at);
        assert!(failing(&bundle.check(None)).contains(&"order"), "entry {at}");
    }
    let mut beyond = good.clone();
    beyond.head = Some((2, "ab".repeat(32)));
    assert_eq!(failing(&beyond.check(None)), ["head"]);
    let mut linked = good;
    linked.entries[1].seq = linked.entries[0].seq + 1;
    linked.entries[1].hash = linked.entries[1].seal().to_string();
    assert_eq!(failing(&linked.check(None)), ["order"], "a neighbour that is sealed to another");
}

/// A forger who seals everything anew still cannot show what never happened.
fn forged(item: &PoamItem, keep: impl Fn(&Event) -> bool) -> Vec<&'static str> {
    let history: Vec<Recorded> =
        item.history.iter().filter(|recorded| keep(&recorded.event)).cloned().collect();
    let bodies = history.iter().map(|recorded| serde_json::to_string(recorded).unwrap()).collect();
    let mut bundle = of(item);
    bundle.entries = sealed(&format!("item:{}", item.fingerprint()), bodies, 1);
    failing(&bundle.check(None))
}

#[test]
fn a_closure_without_proof_is_refused_however_well_it_is_sealed() {
    let verified = sample("V-9");
    assert_eq!(forged(&verified, |_| true), Vec::<&str>::new());
    let without_denials = forged(&verified, |event| !matches!(event, Event::Judged { .. }));
    assert_eq!(without_denials, ["proof"]);
    let without_steps = forged(&verified, |event| !matches!(event, Event::Verified { .. }));
    assert_eq!(without_steps, ["milestones"]);
    let attested = sample("V-10");
    let without_words = forged(&attested, |event| !matches!(event, Event::Attested { .. }));
    assert_eq!(without_words, ["proof"]);
    let mut unseen = of(&verified);
    unseen.scans.clear();
    assert_eq!(failing(&unseen.check(None)), ["scans"]);
    let mut stranger = of(&verified);
    stranger.fingerprint = "ab".repeat(32);
    assert_eq!(failing(&stranger.check(None)), ["order", "identity"]);
}

#[test]
fn without_the_policy_that_closed_it_the_proof_is_not_known() {
    let mut bundle = of(&sample("V-9"));
    bundle.policy = None;
    let proof =
        |checks: Vec<Check>| checks.into_iter().find(|check| check.what == "proof").unwrap();
    assert!(matches!(proof(bundle.check(None)).outcome, Outcome::Unknown(_)));
    let other = Policy::preset("strict").unwrap();
    assert!(matches!(proof(bundle.check(Some(&other))).outcome, Outcome::Unknown(_)));
    let right = Policy::default();
    assert!(matches!(proof(bundle.check(Some(&right))).outcome, Outcome::Holds(_)));
}

#[test]
fn readers_outside_get_no_bundle_of_what_may_still_work() {
    let about = || About { audience: Audience::External, ..About::default() };
    let refused = made(&sample("V-2"), about());
    assert!(matches!(refused, Err(ExportError::Withheld { .. })), "{refused:?}");
    assert!(made(&sample("V-9"), about()).is_ok());
}

#[test]
fn another_text_is_no_bundle() {
    assert!(matches!(Bundle::read("{}"), Err(BundleError::Syntax(_))));
    let text = made(&sample("V-9"), About::default()).unwrap();
    let newer = text.replace("quietus-evidence/1", "quietus-evidence/2");
    assert_eq!(Bundle::read(&newer), Err(BundleError::Format("quietus-evidence/2".into())));
}
