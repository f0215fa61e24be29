//! The story of docs/story.md: a live, privileged key in three repositories, from its first sight to its
//! closure under `fedramp-moderate`, with a false start, an extension and a regression. The export is
//! validated at each step.

use crate::issuer::Issuer;
use crate::repository::Repository;
use crate::world::{World, accepted, at, issuer, listing, revoked, token};
use quietus_model::Digest;
use quietus_poam::{
    Action, Actor, Class, ClosureBasis, Impact, MilestoneKind, Phase, Policy, Progress, Refusal,
    RootCause, StepDeed, Subject,
};

/// Who plays in it: the owner, an analyst, an approver, the authorising official.
const OLGA: &str = "os:1000@dev";
const ANSELM: &str = "os:1001@soc";
const ADA: &str = "os:1002@sec";
const OFFICIAL: &str = "os:7@agency";

struct Story {
    world: World,
    repositories: Vec<Repository>,
    issuer: Issuer,
    key: String,
}

impl Story {
    async fn begin() -> Self {
        let mut world = World::new().await;
        let own = format!("extends = \"fedramp-moderate\"\npeople.officials = [\"{OFFICIAL}\"]\n");
        world.policy = Policy::parse("own.toml", &own).unwrap();
        let (issuer, key) = (issuer(), token("cloud"));
        issuer.set(&key, accepted());
        let repositories: Vec<Repository> =
            ["api", "web", "infra"].map(|name| world.repository(name)).into();
        for (repository, name) in repositories.iter().zip(["api", "web", "infra"]) {
            // Repositories with the same first commit are clones of one.
            repository.commit(at(-49), "README", name);
            repository.commit(at(-48), "deploy/prod.env", &format!("DEPLOY_TOKEN={key}\n"));
        }
        Self { world, repositories, issuer, key }
    }

    fn sources(&self) -> Vec<String> {
        self.repositories.iter().map(Repository::source).collect()
    }

    async fn ask(&self, hours: i64) {
        self.world.retest(&listing(&self.issuer), at(hours)).await;
    }

    async fn act(&self, who: &str, hours: i64, action: Action) {
        self.world.act(&self.key, &action, who, at(hours)).await;
        self.validated(hours).await;
    }

    async fn refused(&self, who: &str, hours: i64, action: Action) -> Refusal {
        let item = self.world.item(&self.key).await;
        item.act(&action, &Actor::person(who), &self.world.policy, at(hours)).unwrap_err()
    }

    async fn claim(&self, who: &str, hours: i64, step: &str) {
        let digest = Some(Digest::of(step.as_bytes()));
        let deed = StepDeed::Claim { note: format!("{step} is done"), digest, break_glass: None };
        self.act(who, hours, Action::Step { step: step.into(), deed }).await;
    }

    /// The ledger verifies, the export is valid, and tells the phase that the item is in.
    async fn validated(&self, hours: i64) -> Phase {
        let exported = self.world.exported(&self.key, at(hours)).await;
        assert_eq!(exported.phase, self.world.item(&self.key).await.phase());
        exported.phase
    }

    async fn is_done(&self, kind: MilestoneKind) -> bool {
        self.world.item(&self.key).await.milestone(kind).is_done()
    }
}

fn said(what: &str) -> String {
    format!("{what}, as the record of the incident tells")
}

#[tokio::test]
async fn a_live_privileged_key_in_three_repositories_comes_to_its_proven_end() {
    let story = Story::begin().await;
    let Story { world, issuer, key, .. } = &story;

    // Found: one item, three repositories, four hours to revoke it, two playbooks beside it.
    world.track(&story.sources(), Some(&listing(issuer)), at(0)).await;
    assert_eq!(story.validated(0).await, Phase::Open);
    let item = world.item(key).await;
    assert_eq!((world.items().await.len(), item.class), (1, Class::LivePrivileged));
    assert_eq!(item.consumers().len(), 3);
    let exposure = item.exposure(at(0));
    assert_eq!((exposure.first_commit, exposure.days_live), (Some(at(-48)), Some(2)));
    let books: Vec<&str> =
        item.round.playbooks.iter().map(|book| book.opening.playbook.as_str()).collect();
    assert_eq!(books, ["over-privileged-identity", "third-party-shared-secret"]);
    let original = item.milestone(MilestoneKind::Revoke).due;
    assert_eq!(original, at(4));
    story.act(ANSELM, 1, Action::Assign { to: "os:1000@dev".into() }).await;

    // A later date for what is live and privileged takes the official, and moves no original date.
    let revoke = MilestoneKind::Revoke;
    let later =
        Action::Extend { milestone: revoke, due: at(7), reason: said("the consumers restart") };
    story.act(OLGA, 2, later).await;
    let grant = |note: &str| Action::Grant {
        subject: Subject::Extension(revoke),
        note: note.into(),
        break_glass: None,
    };
    assert!(matches!(story.refused(ADA, 2, grant("fine")).await, Refusal::NotOfficial { .. }));
    story.act(OFFICIAL, 3, grant("read the plan")).await;
    let item = world.item(key).await;
    assert_eq!(
        (item.milestone(revoke).due, item.milestone(revoke).original_due),
        (at(7), original)
    );

    // The false start: rotated, and the old key works on.
    let rotated =
        Action::Claim { milestone: MilestoneKind::Rotate, note: said("a new key is used") };
    story.act(OLGA, 4, rotated).await;
    story.ask(5).await;
    story.validated(5).await;
    let missing = world.blockers(key, at(5)).await;
    assert!(missing.contains("accepted it at"), "{missing}");
    assert!(!story.is_done(revoke).await);

    // Revoked, and denied twice a day apart.
    issuer.set(key, revoked());
    story.ask(6).await;
    assert!(!story.is_done(revoke).await, "one denial is provisional");
    story.ask(27).await;
    story.validated(27).await;
    assert!(story.is_done(revoke).await);

    // The regression: somebody switched it on again.
    issuer.set(key, accepted());
    story.ask(30).await;
    story.validated(30).await;
    let progress = world.item(key).await.milestone(revoke).progress.clone();
    assert!(matches!(progress, Progress::InProgress { .. }), "{progress:?}");
    issuer.set(key, revoked());
    story.ask(32).await;
    story.ask(54).await;
    assert!(story.is_done(revoke).await);

    // Out of every head of all three: two are not enough.
    for (number, repository) in story.repositories.iter().enumerate() {
        repository.delete(at(55), "deploy/prod.env");
        world.track(&[repository.source()], None, at(56)).await;
        story.validated(56).await;
        assert_eq!(story.is_done(MilestoneKind::Remove).await, number == 2);
    }
    assert!(story.is_done(MilestoneKind::Retest).await);

    // The weaknesses beside the leak. Nobody approves or confirms what they did.
    for step in ["design", "inventory"] {
        story.claim(OLGA, 57, step).await;
    }
    story.claim(ADA, 58, "approve").await;
    story.claim(OLGA, 59, "apply").await;
    story.claim(ANSELM, 60, "contract").await;
    story.claim(ADA, 61, "confirm").await;
    assert!(world.item(key).await.is_worked_through());
    assert_eq!(story.validated(61).await, Phase::PendingVerification);

    // How it leaked, whether it was used, and somebody independent.
    let approve = || Action::Approve { note: said("the evidence was read"), break_glass: None };
    let early = story.refused(ADA, 62, approve()).await.to_string();
    assert!(early.contains("how it leaked"), "{early}");
    let cause = RootCause::Configuration;
    story
        .act(ANSELM, 63, Action::Cause { cause, note: said("a file of settings"), digest: None })
        .await;
    let impact = Impact::Unused;
    story
        .act(ANSELM, 64, Action::Impact { impact, note: said("the audit log"), digest: None })
        .await;
    let own = story.refused(OLGA, 65, approve()).await;
    assert!(matches!(own, Refusal::NotIndependent { .. }), "{own}");
    story.act(ADA, 66, approve()).await;

    assert_eq!(story.validated(66).await, Phase::Closed(ClosureBasis::Verified));
    let item = world.item(key).await;
    let closure = item.closure.as_ref().unwrap();
    assert_eq!((closure.at, closure.dead_since), (at(66), at(32)));
    let told = closure.evidence.join("\n");
    for words in ["denied it twice", "root cause", "impact", "approved by os:1002@sec", "confirm"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(item.milestone(revoke).original_due, original, "the date that was missed stays");
    assert_eq!(item.exposure(at(66)).dead_since, Some(at(32)));
}
