//! What is silent, what breaks through, and what is told of suppressions.

use super::*;
use quietus_model::{
    FingerprintKey, Ground, Introduced, KeyId, Offline, Place, Redacted, Secret, Stats, Suppressed,
};

const NOW: &str = "2026-11-22T12:00:00Z";

fn key() -> FingerprintKey {
    FingerprintKey::new([7; 32])
}

fn print(label: &str) -> Fingerprint {
    key().fingerprint(&Secret::from(label))
}

fn rules() -> RuleSet {
    let rule = |id: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\nname = \"{id}\"\nseverity = \"high\"\nconfidence = \"high\"\n\
             anchors = [\"{id}\"]\npattern = '{id}'\n"
        )
    };
    let file = format!("[provider]\nid = \"x\"\nname = \"X\"\n{}{}", rule("one"), rule("two"));
    RuleSet::parse([("x.toml", &*file)]).unwrap()
}

fn location(path: &str) -> Location {
    Location {
        inside: quietus_model::SafeText::default(),
        decoded: Vec::new(),
        repository: RepositoryId::named("app"),
        source: SafeText::default(),
        place: Place::History,
        path: SafeText::plain(path),
        path_key: path.to_owned(),
        ordinal: 0,
        line: 1,
        column: 1,
        end_line: 1,
        end_column: 9,
        offset: 0,
        blob: None,
        versions: 1,
        introduced: None::<Introduced>,
        last_author: None,
        code_owners: Vec::new(),
        at_head: Vec::new(),
        allowed_inline: Comments::default(),
    }
}

/// A finding of rule `one`.
fn finding(label: &str, paths: &[&str]) -> Finding {
    Finding {
        fingerprint: print(label),
        renamed_from: None,
        aliases: std::collections::BTreeSet::new(),
        rule: "one".into(),
        severity: Severity::High,
        confidence: Confidence::Medium,
        redacted: Redacted::new(&Secret::from(label), ""),
        offline: Offline::Plausible,
        missing: Vec::new(),
        decoded: Vec::new(),
        tags: Vec::new(),
        locations: paths.iter().map(|path| location(path)).collect(),
    }
}

fn silencing(options: SilencingOptions) -> Silencing {
    let (now, longest) = (NOW.parse().unwrap(), SignedDuration::from_hours(24 * 365));
    Silencing::new(options, &rules(), now, longest).unwrap()
}

fn suppressions(text: &str) -> Suppressions {
    let mut all = Suppressions::default();
    all.add("known.toml", text, &key().id()).unwrap();
    all
}

/// An entry of these fields beside the usual ones.
fn entry(label: &str, expires: &str, more: &str) -> String {
    format!(
        "[[suppression]]\nfingerprint = \"{}\"\nreason = \"a sample\"\napprover = \"ann\"\n\
         expires = \"{expires}\"\n{more}\n",
        print(label)
    )
}

fn by_entries(text: &str) -> Silencing {
    silencing(SilencingOptions { suppressions: suppressions(text), ..Default::default() })
}

fn scope() -> Scope {
    Scope {
        repository: RepositoryId::named("app"),
        source: SafeText::plain("app"),
        kind: ScopeKind::Whole,
        refs: Vec::new(),
        path_filter: Vec::new(),
        ignored_left_out: false,
        gaps: Vec::new(),
        stats: Stats::default(),
    }
}

fn allowed(path: &str, comment: Comment) -> Location {
    Location { allowed_inline: comment.into(), ..location(path) }
}

#[test]
fn only_what_is_silent_at_each_of_its_places_is_silent() {
    let exclude = vec!["vendor/".to_owned()];
    let vendor = silencing(SilencingOptions { exclude, ..Default::default() });
    assert_eq!(vendor.of(&finding("a", &["vendor/x", "y/vendor/z"])), Some(Silence::Path));
    assert_eq!(vendor.of(&finding("a", &["vendor/x", "src/x"])), None);
    assert_eq!(vendor.of(&finding("a", &[])), None);
    // A message has no path.
    assert_eq!(vendor.of(&finding("a", &[""])), None);
    let mut mixed = finding("a", &["vendor/x"]);
    mixed.locations.push(allowed("src/x", Comment::Quietus));
    assert_eq!(vendor.of(&mixed), Some(Silence::Comment { comment: Comment::Quietus }));
}

#[test]
fn comments_of_other_tools_are_heeded_on_request() {
    let with = |honor: &[&str], comment| {
        let honor = honor.iter().map(ToString::to_string).collect();
        let silencing = silencing(SilencingOptions { honor, ..Default::default() });
        let finding = Finding { locations: vec![allowed("a", comment)], ..finding("a", &[]) };
        silencing.of(&finding).is_some()
    };
    assert!(with(&[], Comment::Quietus));
    assert!(!with(&[], Comment::Gitleaks));
    assert!(with(&["gitleaks"], Comment::Gitleaks));
    assert!(!with(&["gitleaks", "kingfisher"], Comment::Betterleaks));
    assert!(with(&["betterleaks"], Comment::Gitleaks));
    let options = SilencingOptions { honor: vec!["gitleeks".into()], ..Default::default() };
    let error = Silencing::new(options, &rules(), NOW.parse().unwrap(), SignedDuration::ZERO);
    assert!(error.unwrap_err().to_string().contains("gitleeks"));
}

#[test]
fn rules_are_switched_off_and_graded_by_their_names() {
    let silent = silencing(SilencingOptions {
        disabled_rules: vec!["one".into()],
        severity: BTreeMap::from([("two".into(), Severity::Low)]),
        ..Default::default()
    });
    let mut two = Finding { rule: "two".into(), ..finding("a", &["a"]) };
    assert_eq!(silent.of(&finding("a", &["a"])), Some(Silence::Rule));
    assert_eq!(silent.of(&two), None);
    silent.grade(&mut two);
    assert_eq!(two.severity, Severity::Low);
    let unknown = SilencingOptions { disabled_rules: vec!["on".into()], ..Default::default() };
    let error = Silencing::new(unknown, &rules(), NOW.parse().unwrap(), SignedDuration::ZERO);
    assert!(error.unwrap_err().to_string().contains("no such rule"));
}

#[test]
fn an_entry_speaks_until_its_date_and_no_longer_than_the_policy_allows() {
    let silent = |expires: &str, more: &str| {
        by_entries(&entry("a", expires, more)).of(&finding("a", &["src/x"])).is_some()
    };
    assert!(silent("2026-11-22", ""));
    assert!(!silent("2026-11-21", ""));
    assert!(silent("2027-11-21", ""));
    assert!(!silent("2027-11-23", ""));
    for (more, expected) in [
        ("rule = \"one\"", true),
        ("rule = \"two\"", false),
        ("path = \"src/\"", true),
        ("path = \"test/\"", false),
        ("repository = \"app\"", true),
        ("repository = \"other\"", false),
    ] {
        assert_eq!(silent("2026-12-01", more), expected, "{more}");
    }
    assert!(by_entries(&entry("b", "2026-12-01", "")).of(&finding("a", &["x"])).is_none());
    // Of several the one that lasts; of several places the one that ends first.
    let two = entry("a", "2026-12-01", "path = \"x\"\n") + &entry("a", "2027-01-01", "");
    let both = by_entries(&two).of(&finding("a", &["x", "y"]));
    let Some(Silence::Suppression(says)) = both else { panic!("{both:?}") };
    assert_eq!(says.until, "2027-01-01T23:59:59Z".parse().unwrap());
    let here =
        entry("a", "2026-12-01", "path = \"x\"\n") + &entry("a", "2027-01-01", "path = \"y\"");
    let Some(Silence::Suppression(says)) = by_entries(&here).of(&finding("a", &["x", "y"])) else {
        panic!("both places are suppressed");
    };
    assert_eq!(says.until, "2026-12-01T23:59:59Z".parse().unwrap());
}

#[test]
fn what_an_entry_says_is_told_and_what_is_dead_weight() {
    let text = entry("a", "2026-12-01", "kind = \"risk-accepted\"")
        + &entry("b", "2026-10-01", "")
        + &entry("c", "2029-10-01", "")
        + &entry("d", "2026-12-01", "")
        + &entry("e", "2026-12-01", "repository = \"elsewhere\"");
    let silencing = by_entries(&text);
    let all = [finding("a", &["x"]), finding("b", &["x"]), finding("c", &["x"])];
    let says = Suppressed {
        ground: Ground::RiskAccepted,
        reason: SafeText::plain("a sample"),
        approver: SafeText::plain("ann"),
        until: "2026-12-01T23:59:59Z".parse().unwrap(),
    };
    assert_eq!(silencing.of(&all[0]), Some(Silence::Suppression(says)));
    assert!(silencing.of(&all[1]).is_none() && silencing.of(&all[2]).is_none());
    let report = silencing.report(&all, &[scope()], true);
    let lines = |stale: &[Stale]| stale.iter().map(|one| one.line).collect::<Vec<_>>();
    assert_eq!(report.matched, 2);
    assert_eq!(lines(&report.expired), [7]);
    assert_eq!(lines(&report.too_long), [13]);
    assert_eq!(lines(&report.unmatched), [19]);
    assert_eq!(report.unmatched[0].fingerprint, print("d"));
    // Only where all was read can an entry be said to match nothing.
    let staged = Scope { kind: ScopeKind::Staged, ..scope() };
    let part = Scope { path_filter: vec![SafeText::plain("src")], ..scope() };
    for (scopes, is_whole) in
        [(vec![staged], true), (vec![part, scope()], true), (vec![scope()], false), (vec![], true)]
    {
        assert!(silencing.report(&all, &scopes, is_whole).unmatched.is_empty());
    }
}

#[test]
fn bad_entries_are_named_with_file_and_line_and_not_repeated() {
    let wrong = |text: &str| {
        let mut all = Suppressions::default();
        all.add("known.toml", text, &key().id()).unwrap_err().to_string()
    };
    let value = "hunter2hunter2";
    let good = entry("a", "2026-12-01", "");
    for (from, to, line, part) in [
        ("fingerprint = \"", "fingerprint = \"hunter2hunter2", 2, "64 hex digits"),
        ("reason = \"a sample\"", "reason = \" \"", 3, "reason"),
        ("approver = \"ann\"", "approver = \"\"", 4, "approver"),
        ("2026-12-01", "hunter2hunter2", 5, "YYYY-MM-DD"),
        ("approver = \"ann\"\n", "", 1, "approver"),
        ("reason =", "reeson =", 3, "reeson"),
        ("reason = \"a sample\"", "reason = [\"hunter2hunter2\"]", 3, "string"),
        ("approver = \"ann\"", "approver = \"ann\"\nkind = \"hunter2hunter2\"", 5, "kind"),
        ("approver = \"ann\"", "approver = \"ann\"\npath = \"[z-a]hunter2hunter2\"", 5, "path"),
        ("[[suppression]]", "suppression = \"hunter2hunter2\"\n[x]", 1, "sequence"),
        ("approver =", "\"hunter2hunter2\" =", 4, "unknown field"),
    ] {
        assert!(good.contains(from), "{from}");
        let error = wrong(&good.replacen(from, to, 1));
        assert!(error.contains(&format!("known.toml, line {line}: ")), "{to}: {error}");
        assert!(error.contains(part), "{to}: {error}");
        assert!(!error.contains(value), "{error}");
    }
    // All bad entries at once.
    let bad = entry("a", "soon", "") + &good + &entry("b", "later", "");
    assert_eq!(wrong(&bad).lines().count(), 2);
    assert!(wrong(&bad).contains("line 17"));
    let other = format!("key = \"{}\"\n{good}", FingerprintKey::new([8; 32]).id());
    assert!(wrong(&other).contains("line 1: key"));
}

#[test]
fn what_is_written_is_read_again() {
    let id: KeyId = key().id();
    let one = Suppression {
        fingerprint: print("a"),
        says: Suppressed {
            ground: Ground::RiskAccepted,
            reason: SafeText::plain("they said \"known\" \\ and that is all"),
            approver: SafeText::plain("Ann <ann@example.org>"),
            until: "2026-12-01T23:59:59Z".parse().unwrap(),
        },
        rule: Some("one".into()),
        path: Some("a b/*".into()),
        repository: Some("app".into()),
    };
    let plain = Suppression { rule: None, path: None, repository: None, ..one.clone() };
    let remark = SafeText::plain("one at a\nb");
    let mut text = entries_text(&[(one.clone(), remark)], &id, true);
    text += &entries_text(&[(plain.clone(), SafeText::default())], &id, false);
    let read = suppressions(&text);
    let both: Vec<&Suppression> = read.iter().collect();
    for (read, written) in both.iter().zip([&one, &plain]) {
        assert_eq!((&read.says, read.fingerprint), (&written.says, written.fingerprint));
        assert_eq!((&read.rule, &read.path), (&written.rule, &written.path));
    }
    assert!(plain.covers(&one) && !one.covers(&plain));
}

#[test]
fn a_comment_proposes_nothing_about_what_is_certain_and_nothing_silences_what_is_live() {
    let silencing = by_entries(&entry("s", "2026-12-01", ""));
    let of = |finding: Finding, confidence, judgements: Vec<Judgement>| {
        let finding = Finding { confidence, ..finding };
        let kind = quietus_model::Kind {
            name: "x".into(),
            askable: true,
            remedy: quietus_model::Remedy::default(),
        };
        let mut all = [Assessment { finding, kind, judgements, silence: None, sealed: None }];
        silencing.note(&mut all);
        all[0].silence.clone()
    };
    let commented =
        || Finding { locations: vec![allowed("a", Comment::Quietus)], ..finding("a", &[]) };
    assert!(of(commented(), Confidence::Medium, Vec::new()).is_some());
    assert!(of(commented(), Confidence::High, Vec::new()).is_none());
    let suppressed = || finding("s", &["a"]);
    assert!(of(suppressed(), Confidence::High, Vec::new()).is_some());
}
