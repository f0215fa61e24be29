//! Absence is claimed only by a scan that could have seen.

mod support;
use quietus_model::{Place, RefTip, RuleId, SafeText, ScopeKind, Trust};
use quietus_poam::{MilestoneKind, shown_gone};
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
fn a_scan_whose_rules_do_not_see_it_where_it_stands_shows_nothing() {
    assert!(!removed_after(|s| s.unrecognised.extend([print_of("token")])));
    assert!(removed_after(|s| s.unrecognised.extend([print_of("other")])));
    // Nor that what was first seen in history is at no head.
    let mut world = World::new();
    let mut first = removed(0);
    first.unrecognised.extend([print_of("token")]);
    world.take(&first);
    assert!(!world.item("token").milestone(MilestoneKind::Remove).is_done());
    world.take(&removed(5));
    assert!(world.item("token").milestone(MilestoneKind::Remove).is_done());
}

#[test]
fn what_a_survey_would_show_gone_is_named_before_it_does() {
    let world = leaked();
    let gone = |survey: &quietus_model::Survey| {
        shown_gone(&world.items(), survey, &world.policy, survey.taken_at)
    };
    assert_eq!(gone(&survey(5, Vec::new())), [print_of("token")].into());
    assert_eq!(gone(&removed(5)), [print_of("token")].into());
    let stays = finding("token", vec![place("app.env", &[MAIN], -100)]);
    let new = finding("new", vec![place("old.env", &[], -100)]);
    assert_eq!(gone(&survey(5, vec![stays, new])), [print_of("new")].into());
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
    assert!(removed_after(|s| {
        s.scopes[0].refs =
            vec![RefTip { name: SafeText::plain("refs/heads/dev"), oid: "tip".into() }];
    }));
    assert!(!removed_after(|s| s.scopes[0].refs.clear()), "a repository without any ref");
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

/// A finding of the token in one source, at these heads.
fn seen_in(source: &str, heads: &[&str]) -> quietus_model::Finding {
    let mut at = place("app.env", heads, -100);
    at.source = SafeText::plain(source);
    finding("token", vec![at])
}

fn clone_at(source: &str, refs: &[&str]) -> quietus_model::Scope {
    let mut clone = scope(ScopeKind::Whole);
    clone.source = SafeText::plain(source);
    clone.refs =
        refs.iter().map(|name| RefTip { name: SafeText::plain(name), oid: "tip".into() }).collect();
    clone
}

const FEATURE: &str = "refs/heads/feature";

#[test]
fn two_clones_in_one_run_are_heard_both() {
    let mut world = World::new();
    let mut both = survey(0, vec![seen_in("/srv/app", &[])]);
    both.assessments[0].finding.locations.extend(seen_in("/home/bob/app", &[FEATURE]).locations);
    both.scopes.push(clone_at("/home/bob/app", &[MAIN, FEATURE]));
    world.take(&both);
    let item = world.item("token");
    assert!(!item.milestone(MilestoneKind::Remove).is_done(), "it stands in the second clone");
    assert_eq!((item.presence.len(), item.presence.repositories().len()), (1, 1));
    // The first clone alone does not answer for what the second showed.
    let mut first = survey(1, vec![seen_in("/srv/app", &[])]);
    first.scopes = vec![clone_at("/srv/app", &[MAIN])];
    world.take(&first);
    assert!(!world.item("token").milestone(MilestoneKind::Remove).is_done());
}

#[test]
fn a_clone_with_fewer_branches_does_not_hide_the_others() {
    let removed = |world: &World| world.item("token").milestone(MilestoneKind::Remove).is_done();
    let mut world = World::new();
    let mut first = survey(0, vec![seen_in("/srv/app", &[MAIN, FEATURE])]);
    first.scopes = vec![clone_at("/srv/app", &[MAIN, FEATURE])];
    world.take(&first);
    // A single-branch clone sees main only, and then no head at all.
    for (hours, heads) in [(1, &[MAIN][..]), (2, &[][..])] {
        let mut narrow = survey(hours, vec![seen_in("/home/bob/app", heads)]);
        narrow.scopes = vec![clone_at("/home/bob/app", &[MAIN])];
        world.take(&narrow);
        assert!(!removed(&world), "hour {hours}: it still stands at feature in the first");
    }
    // Only a scan that has the feature branch as well answers for it.
    let mut clean = survey(3, vec![seen_in("/srv/app", &[])]);
    clean.scopes = vec![clone_at("/srv/app", &[MAIN, FEATURE])];
    world.take(&clean);
    assert!(removed(&world));
}

#[test]
fn a_scan_of_files_alone_takes_no_head_away() {
    let mut world = World::new();
    let mut first = survey(0, vec![seen_in("/srv/app", &[MAIN, FEATURE])]);
    first.scopes = vec![clone_at("/srv/app", &[MAIN, FEATURE])];
    world.take(&first);
    let mut files = survey(1, vec![seen_in("/srv/app", &[MAIN])]);
    files.scopes = vec![scope(ScopeKind::WorkTree)];
    assert_eq!(world.take(&files), 0);
    // Even when its line moved, so that there is something to record.
    files.assessments[0].finding.locations[0].line = 7;
    assert_eq!(world.take(&files), 1);
    let heads = world.item("token").presence.iter().next().unwrap().1.heads();
    assert_eq!(heads.len(), 2, "{heads:?}");
}

#[test]
fn a_clone_that_never_knew_it_has_nothing_to_say() {
    let mut world = leaked();
    for hours in [1, 2] {
        let mut other = survey(hours, Vec::new());
        other.scopes = vec![clone_at("/home/bob/app", &[MAIN])];
        assert_eq!(world.take(&other), 0, "hour {hours}");
    }
}
