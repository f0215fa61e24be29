//! Leaked, live, rotated, revoked, denied twice, removed, closed; and what opens it again.

use crate::issuer::Issuer;
use crate::repository::Repository;
use crate::world::{World, accepted, at, issuer, listing, revoked, token};
use quietus_export::oscal::{ReadItem, ReadMilestone};
use quietus_poam::{Class, ClosureBasis, MilestoneKind, Phase, ReopenReason};
use quietus_validate::Settings;

/// When the token was committed, and when the item is opened.
const LEAKED: i64 = -48;
const FOUND: i64 = 0;
/// When the new token takes its place, and when a scan sees that.
const ROTATED: i64 = 2;
const ROTATION_SEEN: i64 = 3;
/// When it is asked about after its revocation.
const FIRST_DENIAL: i64 = 6;
const SECOND_DENIAL: i64 = 27;
/// When it is taken out of the head, and when a complete scan sees that.
const REMOVED: i64 = 28;
const CLOSED: i64 = 29;

/// Where the story happens. The token leaks in two files: one gets the new token, the other is
/// deleted later.
struct Story {
    world: World,
    repository: Repository,
    issuer: Issuer,
    token: String,
}

impl Story {
    async fn begin() -> Self {
        let world = World::new().await;
        let repository = world.repository("app");
        let (issuer, token) = (issuer(), token("leaked"));
        issuer.set(&token, accepted());
        repository.commit(at(LEAKED - 1), "README", "An app.\n");
        repository.commit(at(LEAKED), "config/ci.env", &format!("GITLAB_TOKEN={token}\n"));
        repository.commit(at(LEAKED), "deploy.sh", &format!("push --token {token}\n"));
        Self { world, repository, issuer, token }
    }

    fn asking(&self) -> Settings {
        listing(&self.issuer)
    }

    async fn scan(&self, hours: i64) -> quietus_track::Outcome {
        self.world.track(&[self.repository.source()], None, at(hours)).await
    }

    async fn ask(&self, hours: i64) -> quietus_track::Outcome {
        self.world.retest(&self.asking(), at(hours)).await
    }

    /// The item as the export has it; ledger and export are checked on the way.
    async fn exported(&self, hours: i64) -> ReadItem {
        self.world.exported(&self.token, at(hours)).await
    }

    async fn open(&self) {
        let sources = [self.repository.source()];
        let outcome = self.world.track(&sources, Some(&self.asking()), at(FOUND)).await;
        assert_eq!(outcome.opened, [self.world.fingerprint(&self.token)]);
    }

    async fn rotate(&self) {
        let new = token("replacement");
        self.issuer.set(&new, accepted());
        let text = format!("GITLAB_TOKEN={new}\n");
        self.repository.commit(at(ROTATED), "config/ci.env", &text);
        let outcome = self.scan(ROTATION_SEEN).await;
        assert_eq!(outcome.opened, [self.world.fingerprint(&new)]);
    }

    /// All of it, with `rotate` left out, up to the closure.
    async fn close(&self) {
        self.open().await;
        self.issuer.set(&self.token, revoked());
        self.ask(FIRST_DENIAL).await;
        self.ask(SECOND_DENIAL).await;
        self.repository.delete(at(REMOVED), "deploy.sh");
        self.repository.delete(at(REMOVED), "config/ci.env");
        let outcome = self.scan(CLOSED).await;
        assert_eq!(outcome.closed, [self.world.fingerprint(&self.token)]);
    }
}

fn milestone(item: &ReadItem, kind: MilestoneKind) -> &ReadMilestone {
    let round = item.rounds.last().unwrap();
    round.milestones.iter().find(|milestone| milestone.kind == kind).unwrap()
}

/// How far each milestone is, in the order rotate, revoke, remove, retest.
fn progress(item: &ReadItem) -> [&str; 4] {
    MilestoneKind::ALL.map(|kind| milestone(item, kind).progress.as_str())
}

#[tokio::test]
async fn a_leak_is_rotated_revoked_removed_proven_dead_and_closed() {
    let story = Story::begin().await;

    story.open().await;
    let item = story.exported(FOUND).await;
    assert_eq!(item.phase, Phase::Open);
    assert_eq!(item.detected_at, at(FOUND));
    assert_eq!(item.owner.as_deref(), Some("Ann <ann@example.org>"));
    assert_eq!(progress(&item), ["planned"; 4]);
    let policy = &story.world.policy;
    for kind in MilestoneKind::ALL {
        let due = at(FOUND) + policy.allowance(Class::LivePrivileged, kind);
        assert_eq!(milestone(&item, kind).due, due, "{kind}");
    }
    assert_eq!(story.world.item(&story.token).await.liveness(at(FOUND)), "live");

    story.rotate().await;
    let item = story.exported(ROTATION_SEEN).await;
    assert_eq!(item.phase, Phase::InProgress);
    assert_eq!(progress(&item), ["verified", "planned", "planned", "planned"]);
    assert_eq!(milestone(&item, MilestoneKind::Rotate).date, Some(at(ROTATED)));

    story.issuer.set(&story.token, revoked());
    story.ask(FIRST_DENIAL).await;
    let item = story.exported(FIRST_DENIAL).await;
    assert_eq!(progress(&item), ["verified", "planned", "planned", "planned"]);
    let missing = story.world.blockers(&story.token, at(FIRST_DENIAL)).await;
    assert!(missing.contains("1 of 2 denials"), "{missing}");

    story.ask(SECOND_DENIAL).await;
    let item = story.exported(SECOND_DENIAL).await;
    assert_eq!(progress(&item), ["verified", "verified", "planned", "planned"]);
    assert_eq!(milestone(&item, MilestoneKind::Revoke).date, Some(at(FIRST_DENIAL)));
    assert_eq!(item.phase, Phase::InProgress);

    story.repository.delete(at(REMOVED), "deploy.sh");
    let outcome = story.scan(CLOSED).await;
    assert_eq!(outcome.closed, [story.world.fingerprint(&story.token)]);
    let item = story.exported(CLOSED).await;
    assert_eq!(item.phase, Phase::Closed(ClosureBasis::Verified));
    assert_eq!(progress(&item), ["verified"; 4]);
    assert_eq!(milestone(&item, MilestoneKind::Remove).date, Some(at(CLOSED)));
    let closure = item.closure.unwrap();
    assert_eq!((closure.at, closure.dead_since), (at(CLOSED), at(FIRST_DENIAL)));
    let evidence = closure.evidence.join("\n");
    assert!(evidence.contains(&format!("gitlab at {}", story.issuer.url())), "{evidence}");
    assert!(evidence.contains("denied it twice") && evidence.contains("HTTP 401"), "{evidence}");

    let expected = [
        "opened",
        "sighted",
        "sighted",
        "judged live",
        "left_head",
        "verified rotate",
        "judged dead",
        "judged dead",
        "verified revoke",
        "left_head",
        "verified remove",
        "verified retest",
        "closed",
    ];
    assert_eq!(story.world.events(&story.token).await, expected);
    // The token that took its place is live and stands at a head: it has an item of its own.
    let new = story.world.exported(&token("replacement"), at(CLOSED)).await;
    assert_eq!((new.phase, new.id.as_str()), (Phase::Open, "V-2"));
    assert_eq!(new.rounds[0].milestones[0].progress, "planned");
}

#[tokio::test]
async fn its_known_place_in_history_does_not_reopen_it() {
    let story = Story::begin().await;
    story.close().await;
    let closed = story.world.item(&story.token).await;
    story.repository.commit(at(40), "README", "The same app.\n");
    for hours in [41, 24 * 9] {
        let outcome = story.scan(hours).await;
        assert_eq!((outcome.events, outcome.reopened.len()), (0, 0));
        let item = story.exported(hours).await;
        assert_eq!(item.phase, Phase::Closed(ClosureBasis::Verified));
    }
    // Its bytes are still in history, so its issuer can be asked whether it stays dead.
    let outcome = story.ask(24 * 10).await;
    assert_eq!((outcome.events, outcome.reopened.len()), (1, 0));
    let item = story.world.item(&story.token).await;
    assert_eq!((item.version, item.closure), (closed.version + 1, closed.closure));
}

#[tokio::test]
async fn committed_elsewhere_it_opens_again_and_can_close_again() {
    let story = Story::begin().await;
    story.close().await;
    let again = format!("export TOKEN={}\n", story.token);
    story.repository.commit(at(50), "scripts/new.sh", &again);
    let outcome = story.scan(51).await;
    assert_eq!(outcome.reopened, [story.world.fingerprint(&story.token)]);
    let item = story.exported(51).await;
    assert_eq!(item.rounds.len(), 2);
    assert_eq!((item.phase, item.closure.as_ref()), (Phase::Open, None));
    assert_eq!((item.rounds[1].began, progress(&item)), (at(51), ["planned"; 4]));
    let reason = story.world.item(&story.token).await.round.reason;
    assert!(matches!(reason, Some(ReopenReason::BackAtHead { .. })), "{reason:?}");

    // What closed it before does not close it again: the issuer must deny it anew.
    story.repository.delete(at(52), "scripts/new.sh");
    let outcome = story.scan(53).await;
    assert_eq!((outcome.closed.len(), progress(&story.exported(53).await)[1]), (0, "planned"));
    story.ask(54).await;
    let item = story.exported(54).await;
    assert_eq!(item.phase, Phase::Closed(ClosureBasis::Verified));
    assert_eq!(item.closure.unwrap().at, at(54));
    let events = story.world.events(&story.token).await;
    let turns = events.iter().filter(|name| ["closed", "reopened"].contains(&name.as_str()));
    assert_eq!(turns.collect::<Vec<_>>(), ["closed", "reopened", "closed"]);
}

#[tokio::test]
async fn committed_elsewhere_and_taken_out_before_the_next_scan_it_opens_again() {
    let story = Story::begin().await;
    story.close().await;
    story.repository.commit(at(50), "new.sh", &format!("export TOKEN={}\n", story.token));
    story.repository.delete(at(50), "new.sh");
    let outcome = story.scan(51).await;
    assert_eq!(outcome.reopened, [story.world.fingerprint(&story.token)]);
    assert_eq!(story.exported(51).await.rounds.len(), 2);
    let reason = story.world.item(&story.token).await.round.reason;
    assert!(matches!(reason, Some(ReopenReason::Introduced { .. })), "{reason:?}");
}

#[tokio::test]
async fn accepted_again_after_its_closure_it_opens_again() {
    let story = Story::begin().await;
    story.close().await;
    story.issuer.set(&story.token, accepted());
    let outcome = story.ask(24 * 9).await;
    assert_eq!(outcome.reopened, [story.world.fingerprint(&story.token)]);
    let item = story.exported(24 * 9).await;
    assert_ne!(item.phase, Phase::Closed(ClosureBasis::Verified));
    assert_eq!(milestone(&item, MilestoneKind::Revoke).progress, "planned");
    let item = story.world.item(&story.token).await;
    assert_eq!((item.liveness(at(24 * 9)), item.class), ("live", Class::LivePrivileged));
    assert!(matches!(item.round.reason, Some(ReopenReason::Live { .. })));
}

#[tokio::test]
async fn one_accepted_answer_between_two_denials_starts_the_proof_anew() {
    let story = Story::begin().await;
    story.open().await;
    story.repository.delete(at(1), "deploy.sh");
    story.repository.delete(at(1), "config/ci.env");
    story.scan(2).await;
    story.issuer.set(&story.token, revoked());
    story.ask(6).await;
    story.issuer.set(&story.token, accepted());
    story.ask(16).await;
    story.issuer.set(&story.token, revoked());
    story.ask(27).await;
    let item = story.exported(27).await;
    assert_eq!(progress(&item), ["planned", "planned", "verified", "planned"]);
    let outcome = story.ask(48).await;
    assert_eq!(outcome.closed, [story.world.fingerprint(&story.token)]);
    assert_eq!(story.exported(48).await.closure.unwrap().dead_since, at(27));
}

#[tokio::test]
async fn denials_too_close_together_or_too_old_are_no_proof() {
    let story = Story::begin().await;
    story.issuer.set(&story.token, revoked());
    story.world.track(&[story.repository.source()], Some(&story.asking()), at(0)).await;
    story.ask(1).await;
    story.ask(19).await;
    assert_eq!(progress(&story.exported(19).await)[1], "planned");
    story.ask(21).await;
    assert_eq!(progress(&story.exported(21).await)[1], "verified");

    story.repository.delete(at(45), "deploy.sh");
    story.repository.delete(at(45), "config/ci.env");
    let outcome = story.scan(46).await;
    assert_eq!(outcome.closed.len(), 0);
    assert_eq!(progress(&story.exported(46).await)[2..], ["verified", "planned"]);
    let missing = story.world.blockers(&story.token, at(46)).await;
    assert!(missing.contains("too old by now"), "{missing}");
    let outcome = story.ask(47).await;
    assert_eq!(outcome.closed, [story.world.fingerprint(&story.token)]);
    assert_eq!(story.exported(47).await.closure.unwrap().dead_since, at(0));
}

#[tokio::test]
async fn a_denial_does_not_hide_what_was_accepted_at_the_same_moment() {
    let story = Story::begin().await;
    story.issuer.set(&story.token, revoked());
    story.world.track(&[story.repository.source()], Some(&story.asking()), at(FOUND)).await;
    story.ask(21).await;
    assert_eq!(progress(&story.exported(21).await)[1], "verified");
    story.issuer.set(&story.token, accepted());
    story.ask(21).await;
    let item = story.exported(21).await;
    assert_eq!(progress(&item), ["in progress", "in progress", "planned", "planned"]);
    assert_eq!(story.world.item(&story.token).await.liveness(at(21)), "live");
}
