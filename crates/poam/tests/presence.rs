//! Absence is claimed only by a scan that could have seen.

mod support;
use quietus_model::{Place, RefTip, RuleId, SafeText, ScopeKind, Trust};
use quietus_poam::MilestoneKind;
use support::*;

fn removed_after(change: impl FnOnce(&mut quietus_model::Survey)) -> bool {
    let mut world = leaked();
    let mut later = survey(5, Vec::new());
    change(&mut later);
    world.take(&later);
    world.item("token").milestone(MilestoneKind::Remove).is_done()
}

#[test]
fn a_complete_scan_that_does_not_see_it_shows_that_it_is_gone() {
    assert!(removed_after(|_| {}));
}

#[test]
fn an_incomplete_scan_shows_nothing() {
    assert!(!removed_after(|s| s.scopes[0].gaps.push(gap())), "a gap");
    assert!(!removed_after(|s| s.scopes[0].path_filter.push(SafeText::plain("src"))), "a path");
    for kind in [ScopeKind::Staged, ScopeKind::Since, ScopeKind::Recall, ScopeKind::WorkTree] {
        assert!(!removed_after(|s| s.scopes[0].kind = kind), "{kind:?}");
    }
    assert!(!removed_after(|s| s.scopes.clear()), "no scope at all");
    assert!(!removed_after(|s| s.trust = Trust::Untrusted), "an untrusted survey");
}

#[test]
fn a_scan_without_the_rule_shows_nothing() {
    assert!(!removed_after(|s| s.rules = vec![RuleId::from("another")]));
}

#[test]
fn another_repository_shows_nothing() {
    assert!(!removed_after(|s| {
        s.scopes[0].repository = quietus_model::RepositoryId::named("git.example.org/team/other");
    }));
}

#[test]
fn a_clone_without_the_branch_shows_nothing() {
    let other_clone = |s: &mut quietus_model::Survey| {
        s.scopes[0].source = SafeText::plain("/home/bob/app");
        s.scopes[0].refs =
            vec![RefTip { name: SafeText::plain("refs/heads/dev"), oid: "tip".into() }];
    };
    assert!(!removed_after(other_clone));
    let with_branch = |s: &mut quietus_model::Survey| {
        s.scopes[0].source = SafeText::plain("/home/bob/app");
        s.scopes[0].refs =
            vec![RefTip { name: SafeText::plain("refs/remotes/origin/main"), oid: "tip".into() }];
    };
    assert!(!removed_after(with_branch), "a clone that is older than the leak");
    assert!(removed_after(|s| {
        let knows = finding("token", vec![place("app.env", &[], -100)]);
        s.assessments = survey(5, vec![knows]).assessments;
        with_branch(s);
    }));
    // In the clone that once held the branch, a missing branch is a deleted branch.
    assert!(removed_after(|s| s.scopes[0].refs.clear()));
}

#[test]
fn a_file_on_disk_is_gone_only_when_the_disk_was_read() {
    let mut world = World::new();
    let mut file = place("notes.txt", &["work tree"], 0);
    file.place = Place::WorkTree;
    world.take(&survey(0, vec![finding("token", vec![file])]));
    let mut history = survey(5, Vec::new());
    history.scopes = vec![scope(ScopeKind::History)];
    world.take(&history);
    assert!(!world.item("token").milestone(MilestoneKind::Remove).is_done());
    let mut tree = survey(6, Vec::new());
    tree.scopes = vec![scope(ScopeKind::WorkTree)];
    tree.scopes[0].ignored_left_out = true;
    world.take(&tree);
    assert!(
        !world.item("token").milestone(MilestoneKind::Remove).is_done(),
        "the file may be one that .gitignore names"
    );
    tree.scopes[0].ignored_left_out = false;
    world.take(&tree);
    assert!(world.item("token").milestone(MilestoneKind::Remove).is_done());
}

#[test]
fn removal_is_never_revocation() {
    let mut world = leaked();
    world.take(&survey(5, Vec::new()));
    let item = world.item("token");
    assert!(item.milestone(MilestoneKind::Remove).is_done());
    assert!(!item.milestone(MilestoneKind::Revoke).is_done());
    assert!(item.closure.is_none());
}

#[test]
fn every_repository_must_be_clean() {
    let mut world = leaked();
    let mut second = place("copy.env", &[MAIN], -50);
    second.repository = quietus_model::RepositoryId::named("git.example.org/team/other");
    let mut both = survey(1, vec![finding("token", vec![place("app.env", &[MAIN], -100), second])]);
    let mut other = scope(ScopeKind::Whole);
    other.repository = quietus_model::RepositoryId::named("git.example.org/team/other");
    other.source = SafeText::plain("/srv/other");
    both.scopes.push(other.clone());
    world.take(&both);
    let item = world.item("token");
    assert_eq!((item.presence.len(), world.items().len()), (2, 1), "one item, two places");
    assert!(item.tags().contains(&"NHI9:2025".to_owned()));
    world.take(&survey(5, Vec::new()));
    assert!(!world.item("token").milestone(MilestoneKind::Remove).is_done());
    let mut clean = survey(6, Vec::new());
    clean.scopes = vec![other];
    world.take(&clean);
    assert!(world.item("token").milestone(MilestoneKind::Remove).is_done());
}

#[test]
fn scanning_twice_changes_nothing() {
    let mut world = leaked();
    let again = survey(3, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]);
    assert_eq!(world.take(&again), 0);
    assert_eq!(world.take(&removed(5)), 2, "left its head, remove verified");
    assert_eq!(world.take(&removed(6)), 0);
}

#[test]
fn it_regresses_when_it_comes_back() {
    let mut world = leaked();
    world.take(&removed(5));
    assert!(world.item("token").milestone(MilestoneKind::Remove).is_done());
    world.take(&survey(6, vec![finding("token", vec![place("app.env", &[MAIN], -100)])]));
    let item = world.item("token");
    assert_eq!(item.milestone(MilestoneKind::Remove).progress.as_str(), "in progress");
}
