//! Where a credential is, and what may not be taken for its being gone.

use crate::world::{World, accepted, at, issuer, listing, revoked, token};
use quietus_model::shape::{Stream, alphabet};
use quietus_model::{Doubt, GapReason};
use quietus_poam::{MilestoneKind, Proof};

#[tokio::test]
async fn once_its_bytes_are_gone_it_says_so_and_never_closes() {
    let world = World::new().await;
    let repository = world.repository("app");
    let (issuer, token) = (issuer(), token("pruned"));
    let asking = listing(&issuer);
    // Its remote names it, so it stays the same repository when its first commit changes.
    repository.git(at(-2), &["remote", "add", "origin", "https://git.example.org/team/app.git"]);
    repository.commit(at(-2), "README", "An app.\n");
    repository.commit(at(-1), "ci.env", &format!("TOKEN={token}\n"));
    issuer.set(&token, accepted());
    world.track(&[repository.source()], Some(&asking), at(0)).await;
    issuer.set(&token, revoked());
    world.retest(&asking, at(1)).await;
    assert_eq!(issuer.asked_about(&token), 2);

    std::fs::remove_file(repository.path().join("ci.env")).unwrap();
    repository.rewrite_history(at(2));
    for day in 1..=10 {
        world.retest(&asking, at(24 * day)).await;
        let outcome = world.track(&[repository.source()], Some(&asking), at(24 * day + 1)).await;
        assert_eq!(outcome.closed.len(), 0);
    }
    assert_eq!(issuer.asked_about(&token), 2, "nothing was left to ask with");
    let now = at(24 * 10 + 1);
    let item = world.item(&token).await;
    assert!(item.milestone(MilestoneKind::Remove).is_done());
    assert!(!item.milestone(MilestoneKind::Revoke).is_done());
    assert!(matches!(item.proof(&world.policy, now), Proof::NotYet(_)));
    let doubts = item.targets.values().filter_map(|record| record.doubt.as_ref());
    assert_eq!(doubts.map(|(_, doubt)| doubt).collect::<Vec<_>>(), [&Doubt::NoBytes]);
    let story = item.why(&world.policy, now).join("\n");
    assert!(story.contains("its bytes can no longer be read"), "{story}");
    let exported = world.exported(&token, now).await;
    assert!(exported.closure.is_none());
}

#[tokio::test]
async fn one_secret_in_two_repositories_is_one_item_and_gone_only_when_both_are_clean() {
    let world = World::new().await;
    let (app, tool) = (world.repository("app"), world.repository("tool"));
    let (issuer, token) = (issuer(), token("shared"));
    issuer.set(&token, revoked());
    app.commit(at(-2), "ci.env", &format!("TOKEN={token}\n"));
    tool.commit(at(-1), "Makefile", &format!("deploy:\n\tpush {token}\n"));
    let both = [app.source(), tool.source()];
    let asking = listing(&issuer);
    let outcome = world.track(&both, Some(&asking), at(0)).await;
    assert_eq!(outcome.opened, [world.fingerprint(&token)]);
    assert_eq!(world.items().await.len(), 1);
    assert_eq!(world.item(&token).await.presence.repositories().len(), 2);

    app.delete(at(1), "ci.env");
    world.track(&both, Some(&asking), at(22)).await;
    let item = world.item(&token).await;
    assert!(item.milestone(MilestoneKind::Revoke).is_done());
    assert!(!item.milestone(MilestoneKind::Remove).is_done());
    // A scan of the clean one alone says nothing of the other.
    world.track(&both[..1], None, at(23)).await;
    let blockers = world.blockers(&token, at(23)).await;
    assert!(blockers.contains("Makefile:2 at"), "{blockers}");
    assert!(!blockers.contains("ci.env"), "{blockers}");

    tool.delete(at(24), "Makefile");
    let outcome = world.track(&both[1..], None, at(25)).await;
    assert_eq!(outcome.closed, [world.fingerprint(&token)]);
    assert!(world.exported(&token, at(25)).await.closure.is_some());
}

#[tokio::test]
async fn a_clone_that_is_gone_is_unobservable_and_not_clean() {
    let world = World::new().await;
    let repository = world.repository("app");
    let (issuer, token) = (issuer(), token("lost"));
    issuer.set(&token, revoked());
    let asking = listing(&issuer);
    repository.commit(at(-1), "ci.env", &format!("TOKEN={token}\n"));
    let sources = [repository.source()];
    world.track(&sources, Some(&asking), at(0)).await;
    world.retest(&asking, at(21)).await;
    assert!(world.item(&token).await.milestone(MilestoneKind::Revoke).is_done());

    std::fs::remove_dir_all(repository.path()).unwrap();
    let found = world.look(&sources, at(22)).await;
    assert_eq!((found.scopes.len(), found.errors.len()), (1, 1));
    assert_eq!(found.scopes[0].gaps[0].reason, GapReason::Unobservable);
    let outcome = world.record(&world.ledger, found, None, at(22)).await;
    assert_eq!((outcome.events, outcome.closed.len()), (0, 0));
    let item = world.item(&token).await;
    assert!(!item.milestone(MilestoneKind::Remove).is_done());
    let open: Vec<_> = item.presence.open().map(|seen| seen.location.path.as_str()).collect();
    assert_eq!(open, ["ci.env"]);
    let scans = world.ledger.scans().await.unwrap();
    assert_eq!((scans.len(), scans[0].latest.taken_at), (1, at(22)));
    assert!(!scans[0].latest.is_complete());
    assert_eq!(scans[0].latest_complete.as_ref().unwrap().taken_at, at(0));
    assert!(world.exported(&token, at(22)).await.closure.is_none());
}

#[tokio::test]
async fn bytes_that_come_back_are_asked_about_again_and_may_be_lost_again() {
    let world = World::new().await;
    let repository = world.repository("app");
    let (issuer, token) = (issuer(), token("away"));
    issuer.set(&token, accepted());
    let asking = listing(&issuer);
    repository.commit(at(-1), "ci.env", &format!("TOKEN={token}\n"));
    world.track(&[repository.source()], None, at(0)).await;

    let away = world.path().join("away");
    let objects = repository.path().join(".git/objects");
    let lose = || {
        std::fs::rename(&objects, &away).unwrap();
        std::fs::create_dir(&objects).unwrap();
    };
    let lost_since = async |hours| {
        world.retest(&asking, at(hours)).await;
        world.item(&token).await.lost_bytes()
    };
    // A repository that is not there says nothing of the bytes: it may be unmounted.
    let unmounted = world.path().join("unmounted");
    std::fs::rename(repository.path(), &unmounted).unwrap();
    assert_eq!(lost_since(1).await, None);
    std::fs::rename(&unmounted, repository.path()).unwrap();
    lose();
    assert_eq!(lost_since(1).await, Some(at(1)));
    assert_eq!(lost_since(2).await, Some(at(1)), "it is told once");
    assert_eq!(world.events(&token).await.len(), 3);
    std::fs::remove_dir(&objects).unwrap();
    std::fs::rename(&away, &objects).unwrap();
    assert_eq!(lost_since(3).await, None);
    assert_eq!(world.item(&token).await.liveness(at(3)), "live");
    lose();
    assert_eq!(lost_since(4).await, Some(at(4)));
}

/// A secret that only the name beside it gives away.
fn named_secret(label: &str) -> String {
    let digits = Stream::fixture(label).take(&alphabet("0-9a-f"), 32);
    String::from_utf8(digits).unwrap()
}

/// Whether the item's removal is verified.
async fn is_removed(world: &World, token: &str) -> bool {
    world.item(token).await.milestone(MilestoneKind::Remove).is_done()
}

#[tokio::test]
async fn rules_that_see_less_clear_nothing() {
    let mut world = World::new().await;
    let repository = world.repository("app");
    let token = token("narrowed");
    let source = [repository.source()];
    repository.commit(at(-2), "ci.env", &format!("TOKEN={token}\n"));
    repository.commit(at(-1), "old.env", &format!("TOKEN={token}\n"));
    world.track(&source, None, at(0)).await;
    world.narrow_rules();
    world.track(&source, None, at(1)).await;
    let item = world.item(&token).await;
    assert_eq!(item.presence.open().count(), 2, "both files still hold it");

    // One of them is cleaned, and the other one moves.
    repository.delete(at(2), "old.env");
    repository.delete(at(2), "ci.env");
    repository.commit(at(2), "deploy/production.env", &format!("# was\nTOKEN={token}\n"));
    world.track(&source, None, at(3)).await;
    let item = world.item(&token).await;
    let open: Vec<String> = item.presence.open().map(|s| s.location.display()).collect();
    assert_eq!(open, ["deploy/production.env:2"]);
    assert!(!is_removed(&world, &token).await);

    repository.delete(at(4), "deploy/production.env");
    world.track(&source, None, at(5)).await;
    assert!(is_removed(&world, &token).await);
    // What is gone stays gone, and nothing more is said of it.
    assert_eq!(world.track(&source, None, at(6)).await.events, 0);
}

#[tokio::test]
async fn what_no_rule_sees_any_more_is_asked_about_by_its_bytes() {
    let mut world = World::new().await;
    let repository = world.repository("app");
    let (issuer, token) = (issuer(), token("bytes"));
    let asking = listing(&issuer);
    issuer.set(&token, accepted());
    repository.commit(at(-1), "ci.env", &format!("TOKEN={token}\n"));
    world.track(&[repository.source()], Some(&asking), at(0)).await;
    world.narrow_rules();
    issuer.set(&token, revoked());
    world.retest(&asking, at(1)).await;
    assert_eq!(issuer.asked_about(&token), 2);
    assert_eq!(world.events(&token).await.last().unwrap(), "judged dead");
}

#[tokio::test]
async fn a_secret_without_the_name_that_gave_it_away_is_still_there() {
    let world = World::new().await;
    let repository = world.repository("app");
    let secret = named_secret("nameless");
    let source = [repository.source()];
    repository.commit(at(-2), "ci.env", &format!("DD_API_KEY={secret}\n"));
    let outcome = world.track(&source, None, at(0)).await;
    assert_eq!(outcome.opened, [world.fingerprint(&secret)]);

    repository.commit(at(1), "ci.env", &format!("x {secret} y\n"));
    world.track(&source, None, at(2)).await;
    assert!(!is_removed(&world, &secret).await);
    // Inside a longer word it is not that secret.
    repository.commit(at(3), "ci.env", &format!("x a{secret}b y\n"));
    world.track(&source, None, at(4)).await;
    assert!(is_removed(&world, &secret).await);
}

#[tokio::test]
async fn what_was_first_seen_in_history_is_looked_for_at_the_heads_as_well() {
    let world = World::new().await;
    let repository = world.repository("app");
    let secret = named_secret("late");
    repository.commit(at(-2), "ci.env", &format!("DD_API_KEY={secret}\n"));
    repository.commit(at(-1), "ci.env", &format!("x {secret} y\n"));
    world.track(&[repository.source()], None, at(0)).await;
    assert!(!is_removed(&world, &secret).await);
    repository.delete(at(1), "ci.env");
    world.track(&[repository.source()], None, at(2)).await;
    assert!(is_removed(&world, &secret).await);
}

/// A forge keeps what a fork proposed under a ref of its own; everybody may fetch it.
#[tokio::test]
async fn what_only_a_pull_request_of_a_fork_holds_is_an_item_until_it_is_dead() {
    let world = World::new().await;
    let repository = world.repository("app");
    let (issuer, token) = (issuer(), token("proposed"));
    let asking = listing(&issuer);
    repository.commit(at(-3), "README", "An app.\n");
    repository.git(at(-2), &["checkout", "-q", "-b", "proposal"]);
    repository.commit(at(-2), "ci.env", &format!("TOKEN={token}\n"));
    repository.git(at(-1), &["update-ref", "refs/pull/7/head", "proposal"]);
    repository.git(at(-1), &["checkout", "-q", "main"]);
    repository.git(at(-1), &["branch", "-q", "-D", "proposal"]);
    issuer.set(&token, accepted());
    let outcome = world.track(&[repository.source()], Some(&asking), at(0)).await;
    assert_eq!((outcome.opened.len(), outcome.closed.len()), (1, 0));
    let item = world.item(&token).await;
    assert!(item.milestone(MilestoneKind::Remove).is_done(), "no branch has it");
    assert!(!item.milestone(MilestoneKind::Revoke).is_done());

    issuer.set(&token, revoked());
    world.retest(&asking, at(1)).await;
    assert!(world.item(&token).await.closure.is_none());
    world.retest(&asking, at(24)).await;
    world.track(&[repository.source()], Some(&asking), at(25)).await;
    assert!(world.item(&token).await.closure.is_some());
}
