//! The lint of what a rule matches: pattern, anchors, reach, check part, companions.

use super::Problems;
use super::anchored;
use crate::detector::parse;
use quietus_model::template::is_name;
use quietus_model::{CompanionRule, Judge, Rule};
use quietus_pattern::Program;
use regex_syntax::hir::{Hir, HirKind};

/// The farthest a companion may stand; beyond it any two parts of a file would pair.
const WITHIN_LIMIT: usize = 8192;

/// The farthest a pattern may look around its anchor: a large private key and then some.
const REACH_LIMIT: usize = 64 << 10;

/// Anchors shorter than this stand in every file and open a window there.
const SHORTEST_ANCHOR: usize = 2;

pub(super) fn lint(rule: &Rule, problems: &mut Problems<'_>) {
    anchors(rule, problems);
    let groups = pattern(rule, problems);
    if let Some(groups) = groups {
        group_names(rule, &groups, problems);
    }
    companions(rule, problems);
    problems.unless(
        rule.entropy.is_finite() && (0.0..=8.0).contains(&rule.entropy),
        "its entropy floor is no number of bits from 0 to 8",
        "correct `entropy`",
    );
}

fn anchors(rule: &Rule, problems: &mut Problems<'_>) {
    problems.unless(
        !rule.anchors.is_empty(),
        "it has no anchors",
        "name texts of which one stands in every match",
    );
    for anchor in &rule.anchors {
        problems.unless(
            anchor.len() >= SHORTEST_ANCHOR,
            &format!("the anchor \"{anchor}\" is shorter than {SHORTEST_ANCHOR} bytes"),
            "name a longer text that stands in every match",
        );
    }
}

/// Checks the pattern and gives its group names, when it can be read.
fn pattern(rule: &Rule, problems: &mut Problems<'_>) -> Option<Vec<String>> {
    let hir = match parse(&rule.pattern) {
        Ok(hir) => hir,
        Err(error) => {
            problems.add(format!("its pattern cannot be read: {error}"), "correct it");
            return None;
        }
    };
    problems.unless(
        hir.properties().minimum_len() != Some(0),
        "its pattern matches the empty text",
        "require at least one character of the secret",
    );
    for name in ["secret", "id"] {
        problems.unless(
            !can_be_empty(&hir, name),
            &format!("its group `{name}` matches the empty text"),
            "require at least one character in the group: give its repetitions a lower bound",
        );
    }
    // Beside names, anchors say in which of their spellings these are looked for.
    let is_told = rule.anchors.is_empty() || !rule.names.is_empty();
    problems.unless(
        is_told || !anchored::can_match_without(rule, &hir),
        "its pattern matches texts in which none of its anchors stands, and these are never found",
        "name an anchor for every way to write it, or make the pattern narrower",
    );
    match (hir.properties().maximum_len(), rule.reach) {
        (None, None) => problems.add(
            "its pattern has no greatest length and it names no `reach`",
            "set `reach`, or give every repetition an upper bound",
        ),
        (Some(longest), Some(reach)) if reach < longest => problems.add(
            format!("its reach of {reach} is less than the {longest} bytes its pattern can match"),
            "leave `reach` out: it is derived",
        ),
        (longest, reach) if reach.max(longest).unwrap_or(0) > REACH_LIMIT => problems.add(
            format!("it looks farther than {REACH_LIMIT} bytes from its anchor"),
            "give its repetitions a smaller upper bound",
        ),
        _ => {}
    }
    match Program::new(&rule.pattern) {
        Ok(program) => Some(program.group_names().flatten().map(str::to_owned).collect()),
        Err(error) => {
            problems.add(format!("its pattern cannot be run: {error}"), "simplify it");
            None
        }
    }
}

fn group_names(rule: &Rule, groups: &[String], problems: &mut Problems<'_>) {
    let has = |name: &str| groups.iter().any(|group| group == name);
    let keyed_on_companion = rule.companions.iter().any(|c| c.name == "secret");
    if rule.judge == Some(Judge::Column) {
        problems.unless(
            has("name") && !has("secret"),
            "it is judged by its column, and its pattern has no group `name`, or a group `secret`",
            "let the pattern take the head of the column as (?P<name>…) and nothing more",
        );
    } else if !has("secret") {
        problems.unless(
            has("id") && keyed_on_companion,
            "its pattern has neither a group `secret` nor a group `id` with a companion `secret`",
            "name the secret part (?P<secret>…)",
        );
    } else {
        problems.unless(
            !keyed_on_companion,
            "both its pattern and a companion name a `secret`",
            "rename the one that the credential is not keyed on",
        );
    }
    if let Some(check) = &rule.check {
        problems.unless(
            has("body") && (has("check") || check.name.is_sealed()),
            "it has a check part, but its pattern lacks the groups `body` or `check`",
            "name what the check part is computed from (?P<body>…) and itself (?P<check>…)",
        );
    }
    for companion in &rule.companions {
        problems.unless(
            companion.name == "secret" || !has(&companion.name),
            &format!("\"{}\" is both a group and a companion", companion.name),
            "rename one of them",
        );
    }
}

fn companions(rule: &Rule, problems: &mut Problems<'_>) {
    for companion in &rule.companions {
        let name = &companion.name;
        problems.unless(
            is_name(name),
            &format!("the companion name \"{name}\" is no name"),
            "use lower case letters, digits and `_`",
        );
        problems.unless(
            companion.within > 0 && companion.within <= WITHIN_LIMIT,
            &format!("the companion {name} may stand {} bytes away", companion.within),
            &format!("set `within` to something from 1 to {WITHIN_LIMIT}"),
        );
        companion_pattern(companion, problems);
    }
}

fn companion_pattern(companion: &CompanionRule, problems: &mut Problems<'_>) {
    let name = &companion.name;
    let read =
        parse(&companion.pattern).and_then(|hir| Program::new(&companion.pattern).map(|_| hir));
    match read {
        Ok(hir) => problems.unless(
            hir.properties().minimum_len() != Some(0) && !can_be_empty(&hir, "secret"),
            &format!("the pattern of companion {name} matches the empty text"),
            "require at least one character of the part",
        ),
        Err(error) => {
            problems.add(format!("the pattern of companion {name}: {error}"), "correct it");
        }
    }
}

/// Whether a group of this name takes part in a match without a single byte.
fn can_be_empty(pattern: &Hir, group: &str) -> bool {
    match pattern.kind() {
        HirKind::Capture(capture) => {
            let is_it = capture.name.as_deref() == Some(group);
            (is_it && capture.sub.properties().minimum_len() == Some(0))
                || can_be_empty(&capture.sub, group)
        }
        HirKind::Repetition(repetition) => can_be_empty(&repetition.sub, group),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().any(|part| can_be_empty(part, group))
        }
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => false,
    }
}
