use super::*;
use crate::ClosureMode;

fn default_text() -> &'static str {
    presets::text("default").unwrap()
}

#[test]
fn every_shipped_policy_is_valid_whole_and_bears_its_name() {
    for (name, text) in presets::presets() {
        let policy = Policy::preset(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(policy.name, name);
        assert_eq!(*policy.digest(), Digest::of(text.as_bytes()), "{name} extends nothing");
        assert!(policy.extends.is_none() && !policy.summary.is_empty());
    }
}

#[test]
fn the_shipped_policy_says_what_the_documentation_says() {
    let policy = Policy::default();
    assert_eq!(policy.closure, ClosureMode::Automatic);
    assert_eq!(policy.proof.confirmations, 2);
    assert_eq!(policy.proof.spread, SignedDuration::from_hours(20));
    assert_eq!(
        policy.allowance(Class::Unknown, MilestoneKind::Revoke),
        SignedDuration::from_hours(168)
    );
}

#[test]
fn no_policy_may_close_on_nothing() {
    for (field, weak) in [
        ("confirmations = 2", "confirmations = 0"),
        ("confirmations = 2", "confirmations = 1"),
        ("spread = \"20h\"", "spread = \"0s\""),
        ("freshness = \"24h\"", "freshness = \"30d\""),
        ("freshness = \"24h\"", "freshness = \"0s\""),
        ("vantages = 1", "vantages = 0"),
        ("attestors = 2", "attestors = 0"),
    ] {
        let text = default_text().replace(field, weak);
        assert_ne!(text, default_text(), "{field} stands in the shipped policy");
        let error = Policy::parse("weak", &text).unwrap_err();
        let PolicyError::Unsound { problems, .. } = &error else { panic!("{weak}: {error}") };
        let line = text.lines().position(|line| line.contains(weak)).unwrap() + 1;
        assert_eq!(problems.len(), 1, "{error}");
        assert_eq!(problems[0].line, Some(line), "{error}");
    }
}

#[test]
fn no_floor_is_left_by_extending() {
    let error = Policy::parse("own.toml", "proof.confirmations = 1").unwrap_err();
    assert!(matches!(error, PolicyError::Unsound { .. }), "{error}");
}

#[test]
fn all_that_will_not_do_is_told_at_once() {
    let text = "name = \"own\"\n\n[sla.live]\nrevoke = \"1h\"\nretest = \"30m\"\n\n\
                [deviations.risk_accepted]\nlongest = \"400d\"\n";
    let told = Policy::parse("own.toml", text).unwrap_err().to_string();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    assert!(lines[0].starts_with("policy own.toml, line 5: sla.live.retest = 30 minutes: "));
    assert!(lines[1].contains("proof takes 20 hours"), "{told}");
    assert!(lines[2].starts_with("policy own.toml, line 8: deviations.risk_accepted.longest"));
}

#[test]
fn a_misspelt_field_or_duration_is_named_with_its_line() {
    let told = |text: &str| Policy::parse("p.toml", text).unwrap_err().to_string();
    let text = told("\n[proof]\nspraed = \"20h\"\n");
    assert!(text.starts_with("policy p.toml, line 3: ") && text.contains("spraed"), "{text}");
    let text = told("[proof]\n\nspread = \"soon\"\n");
    assert!(text.starts_with("policy p.toml, line 3: \"soon\" is no duration"), "{text}");
    let text = told("name = \"x\"\nclosure = \n");
    assert!(text.starts_with("policy p.toml, line 2: "), "{text}");
    let text = told("\nextends = \"fedramp\"\n");
    assert!(text.contains("line 2: extends names a shipped policy, one of: default, "), "{text}");
    let text = told("proof = 3\n");
    assert!(text.starts_with("policy p.toml, line 1: "), "{text}");
}

#[test]
fn what_a_file_leaves_out_is_said_by_what_it_extends() {
    let own = "extends = \"strict\"\nname = \"ours\"\n[people]\nofficials = [\"os:7@ops\"]\n";
    let policy = Policy::parse("own.toml", own).unwrap();
    let strict = Policy::preset("strict").unwrap();
    assert_eq!(policy.proof, strict.proof);
    assert_eq!((policy.name.as_str(), policy.people.break_glass), ("ours", false));
    assert!(policy.people.is_official(&crate::Actor::person("os:7@elsewhere")));
    assert!(!policy.people.is_official(&crate::Actor::person("os:8@ops")));
    assert!(policy.remarks().is_empty() && !strict.remarks().is_empty());
    let other = Policy::parse("own.toml", &own.replace("strict", "default")).unwrap();
    assert_ne!(policy.digest(), other.digest());
    assert_eq!(Policy::parse("", "name = \"x\"").unwrap().proof, Policy::default().proof);
}

/// The presets that ask for more than another never ask for less anywhere.
#[test]
fn what_is_stricter_is_stricter_in_everything() {
    let preset = |name| Policy::preset(name).unwrap();
    let order = ["fedramp-low", "fedramp-moderate", "fedramp-high"].map(preset);
    let strict = preset("strict");
    let pairs = order.windows(2).map(|pair| (&pair[0], &pair[1]));
    let of_default = order.iter().chain([&strict]).map(|policy| (policy, true));
    let default = Policy::default();
    for (less, more) in pairs.chain(of_default.map(|(policy, _)| (&default, policy))) {
        let names = format!("{} and {}", less.name, more.name);
        assert!(more.proof.confirmations >= less.proof.confirmations, "{names}");
        assert!(more.proof.spread >= less.proof.spread, "{names}");
        assert!(more.proof.freshness <= less.proof.freshness, "{names}");
        assert!(more.proof.vantages >= less.proof.vantages, "{names}");
        assert!(more.proof.attestors >= less.proof.attestors, "{names}");
        assert!(!more.people.break_glass || less.people.break_glass, "{names}");
        assert!(more.extensions.consent >= less.extensions.consent, "{names}");
        for (name, class) in CLASSES {
            for milestone in MilestoneKind::ALL {
                let (a, b) = (less.allowance(class, milestone), more.allowance(class, milestone));
                assert!(b <= a, "{names}: sla.{name}.{milestone}");
            }
        }
        for (name, kind) in DEVIATIONS {
            let (a, b) = (less.deviation(kind), more.deviation(kind));
            assert!(b.consent >= a.consent && b.longest <= a.longest, "{names}: {name}");
        }
    }
}
