//! The pass against a naive search, and the gates against brute force.

use super::*;
use crate::detector::matcher::compile;
use crate::detector::parse;
use crate::made_up;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use quietus_model::shape::{Length, Stream};
use quietus_model::{Rule, RuleSet};
use quietus_pattern::Outline;
use regex_syntax::hir::{Class, Hir, HirKind, Repetition};
use std::sync::LazyLock;

static SHIPPED: LazyLock<RuleSet> = LazyLock::new(|| quietus_catalogue::shipped().unwrap());

fn rule(anchors: &[&str], any_case: bool, pattern: &str) -> Arc<Rule> {
    let more = format!("anchors_any_case = {any_case}\nreach = 100\n");
    let file = made_up::file(&[made_up::rule("x", anchors, pattern), more]);
    Arc::clone(&made_up::set(&file).rules()[0])
}

/// A rule whose pattern tells nothing of its anchors, so that all of them count.
fn ungated(anchors: &[&str], any_case: bool) -> Arc<Rule> {
    rule(anchors, any_case, "[0-9]{40}")
}

fn anchors_of(rules: &[Arc<Rule>]) -> Result<Anchors, RuleProblem> {
    Anchors::new(Arc::new(Outlines::new(Arc::new(RuleSet::new(rules.to_vec())))))
}

/// The anchors with every set of instructions there is, the portable one first.
fn with_every_set(rules: &[Arc<Rule>]) -> Vec<Anchors> {
    let with = |instructions| Anchors { instructions, ..anchors_of(rules).unwrap() };
    Instructions::available().map(with).collect()
}

fn found(anchors: &Anchors, bytes: &[u8], range: Range<usize>) -> Vec<Occurrence> {
    let mut found = Vec::new();
    anchors.find(bytes, range, &mut found);
    found.sort_unstable();
    found
}

fn naive(rules: &[Arc<Rule>], bytes: &[u8], range: Range<usize>) -> Vec<Occurrence> {
    let mut all = Vec::new();
    for (rule, of) in (0u32..).zip(rules) {
        for anchor in &of.anchors {
            for start in range.clone() {
                let end = start + anchor.len();
                let there = bytes.get(start..end).filter(|_| end <= range.end);
                let same = |there: &[u8]| match of.anchors_any_case {
                    true => there.eq_ignore_ascii_case(anchor.as_bytes()),
                    false => there == anchor.as_bytes(),
                };
                if there.is_some_and(same) {
                    all.push(Occurrence { rule, start, end });
                }
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn an_anchor_is_found_at_every_place_of_texts_of_every_length() {
    let anchors = [
        "a",
        "ab",
        "abc",
        "wxyz",
        "a_long_anchor_that_fills_more_than_one_block_of_the_text_it_is_in",
    ];
    let rules: Vec<_> = anchors.iter().map(|anchor| ungated(&[anchor], false)).collect();
    let sets = with_every_set(&rules);
    for (rule, anchor) in (0u32..).zip(anchors) {
        // Beyond two blocks only what ends near a seam.
        let lens = (anchor.len()..300).filter(|len| *len < 140 || (len + 7) % 64 < 15);
        for len in lens {
            // Around every seam of blocks, and at both ends.
            let seams = (0..len).filter(|at| at % 64 < 6 || at % 64 > 58 || at + 70 > len);
            for start in seams.filter(|start| start + anchor.len() <= len) {
                let mut text = vec![b'.'; len];
                let end = start + anchor.len();
                text[start..end].copy_from_slice(anchor.as_bytes());
                let wanted = naive(&rules, &text, 0..len);
                assert!(wanted.contains(&Occurrence { rule, start, end }));
                for all in &sets {
                    let found = found(all, &text, 0..len);
                    assert_eq!(found, wanted, "{all:?}: {anchor} at {start} of {len}");
                }
            }
        }
    }
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        8 => prop::sample::select(b"abABk_-".to_vec()),
        1 => any::<u8>(),
    ];
    prop::collection::vec(byte, 0..300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_set_of_instructions_finds_what_a_naive_search_finds(
        some in prop::collection::vec((prop::collection::vec("[abABk_é-]{1,9}", 1..4), any::<bool>()), 1..40),
        bytes in text(),
        (from, to) in (0usize..310, 0usize..310),
    ) {
        let rules: Vec<_> = some
            .iter()
            .map(|(anchors, any_case)| {
                let anchors: Vec<&str> = anchors.iter().map(String::as_str).collect();
                ungated(&anchors, *any_case)
            })
            .collect();
        let whole = naive(&rules, &bytes, 0..bytes.len());
        let part = from.min(bytes.len())..to.min(bytes.len());
        for all in with_every_set(&rules) {
            prop_assert_eq!(&found(&all, &bytes, 0..bytes.len()), &whole);
            prop_assert_eq!(found(&all, &bytes, part.clone()), naive(&rules, &bytes, part.clone()));
        }
    }

    #[test]
    fn what_counts_depends_on_the_bytes_in_sight_and_on_no_range(
        pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 1..60),
        (from, to) in (0usize..600, 0usize..600),
        noise in any::<u8>(),
    ) {
        let bytes = pieces.concat().into_bytes();
        let all = &*ANCHORS;
        let whole = found(all, &bytes, 0..bytes.len());
        let part = from.min(bytes.len())..to.min(bytes.len());
        let inside = |one: &&Occurrence| one.start >= part.start && one.end <= part.end;
        prop_assert_eq!(
            found(all, &bytes, part.clone()),
            whole.iter().filter(inside).cloned().collect::<Vec<_>>()
        );
        let seen = part.start + all.sight()..part.end.saturating_sub(all.sight());
        let mut changed = bytes.clone();
        changed[..part.start].fill(noise);
        changed[part.end.max(part.start)..].fill(noise);
        prop_assert_eq!(
            found(all, &changed, seen.clone()),
            found(all, &bytes, seen)
        );
    }
}

const PIECES: &[&str] = &[
    "password",
    "token",
    "Secret",
    "auth",
    "key-",
    "://",
    "eyJ",
    "api-",
    "-us",
    " = ",
    ": ",
    "\"",
    "'",
    "AKIA",
    "glpat-",
    "hf_",
    "QWERTYUIOPASDFGH",
    "Zm9vYmFyYmF6cXV4MTIz",
    "0123456789abcdef",
    "\n",
    " ",
    "user:pa55word@host",
    ".",
    "x",
    "_",
    "okta",
    "heroku",
    "=>",
    "(",
    ")",
    "é",
];

static ANCHORS: LazyLock<Anchors> =
    LazyLock::new(|| Anchors::new(Arc::new(Outlines::new(Arc::new(SHIPPED.clone())))).unwrap());

/// Every match holds an occurrence that counts, wherever a search for it begins.
fn check_matches(
    anchors: &Anchors,
    rule: u32,
    pattern: &regex::bytes::Regex,
    text: &[u8],
) -> usize {
    let occurrences = found(anchors, text, 0..text.len());
    let (mut at, mut matches) = (0, 0);
    while let Some(one) = pattern.find_at(text, at) {
        let held = |o: &Occurrence| o.rule == rule && o.start >= one.start() && o.end <= one.end();
        assert!(
            occurrences.iter().any(held),
            "{pattern}: nothing counts in {:?}, a match in {:?}",
            String::from_utf8_lossy(one.as_bytes()),
            String::from_utf8_lossy(text),
        );
        matches += 1;
        at = one.start() + 1;
    }
    matches
}

/// Texts that hold a credential of `rule`, some of them spoilt.
pub(in crate::detector) fn planted(rule: &Rule, seed: usize) -> Vec<Vec<u8>> {
    let mut stream = Stream::fixture(&format!("{}:{seed}", rule.id));
    let shape = rule.shape.as_ref().unwrap();
    let length = if seed.is_multiple_of(2) { Length::Min } else { Length::Max };
    let mut secrets = vec![shape.build(&mut stream, length)];
    secrets.extend(shape.mutants(&mut stream).into_iter().map(|(_, _, spoilt)| spoilt));
    let mut texts = Vec::new();
    for secret in secrets {
        for template in
            rule.tests.positive.iter().map(String::as_str).chain(["{secret}", "\n\"{secret}\""])
        {
            let Some((before, after)) = template.split_once("{secret}") else { continue };
            let text = [before.as_bytes(), &secret, after.as_bytes()].concat();
            // At both ends, between others of its kind, and pressed against words.
            texts.push([&text[..], b"\n", &text, b" ", &text].concat());
            texts.push([b"x_y ", &text[..], b"z"].concat());
            texts.push([b"x", &text[..], b"-", &secret, &secret].concat());
            texts.push(text);
        }
    }
    texts
}

#[test]
fn no_gate_of_a_shipped_rule_shuts_out_a_match() {
    let (mut rules, mut matches) = (0, 0);
    for (index, rule) in (0u32..).zip(SHIPPED.rules()) {
        if !ANCHORS.gates.knows(index as usize) {
            continue;
        }
        let pattern = compile(&rule.pattern);
        let texts: Vec<_> = (0..2).flat_map(|seed| planted(rule, seed)).collect();
        let of_rule: usize =
            texts.iter().map(|text| check_matches(&ANCHORS, index, &pattern, text)).sum();
        rules += usize::from(of_rule > 0);
        matches += of_rule;
    }
    assert!(rules > 125 && matches > 5000, "{rules} rules, {matches} matches");
}

/// Patterns around the anchor `ab` or `cd`, with everything a gate is made from.
fn pattern() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        prop::sample::select(vec![
            "a", "b", "cd", "ab", "x", "-", "=", "[ab]", "[a-c1]", "[^a]", r"\s", r"\w", "."
        ])
        .prop_map(str::to_owned),
    ];
    let counted =
        (atom, prop::sample::select(vec!["", "", "?", "*", "+", "{2}", "{0,2}", "{1,9}", "{3,}"]))
            .prop_map(
                |(atom, count)| if count.is_empty() { atom } else { format!("(?:{atom}){count}") },
            );
    let row = prop::collection::vec(counted, 0..4).prop_map(|parts| parts.concat());
    let group =
        (prop::collection::vec(row.clone(), 1..4), prop::sample::select(vec!["", "?", "{2}", "*"]))
            .prop_map(|(rows, count)| format!("(?:{}){count}", rows.join("|")));
    let side = (row.clone(), group, row).prop_map(|(a, b, c)| a + &b + &c);
    let look = || {
        prop::sample::select(vec!["", "", r"\b", "^", "$", r"\B", "(?m:^)", "(?:$|-)", "(?:^|x)"])
    };
    let anchor = prop::sample::select(vec![
        "ab",
        "(?:ab|cd)",
        "c?ab",
        "a[b]",
        "(?:ab|ab=cd)",
        "(?:x|yy)ab",
        "(ab){2}",
    ]);
    (look(), side.clone(), look(), anchor, look(), side, look())
        .prop_map(|(a, b, c, d, e, f, g)| format!("{a}{b}{c}{d}{e}{f}{g}"))
}

/// A text that `pattern` takes but for what only looks, chosen by `choose`.
fn sample(pattern: &Hir, choose: &mut impl Iterator<Item = u8>, text: &mut Vec<u8>) {
    let mut below = |limit: usize| usize::from(choose.next().unwrap()) % limit;
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.extend_from_slice(&literal.0),
        HirKind::Class(class) => {
            let class = match class {
                Class::Bytes(class) => class.clone(),
                Class::Unicode(class) => class.to_byte_class().unwrap(),
            };
            let all: Vec<u8> = class.iter().flat_map(|r| r.start()..=r.end()).collect();
            let shown: Vec<u8> =
                b"abcdxyz1-= ".iter().filter(|b| all.contains(b)).copied().collect();
            let from = if shown.is_empty() { all } else { shown };
            text.push(from[below(from.len())]);
        }
        HirKind::Repetition(Repetition { min, max, sub, .. }) => {
            let more = max.map_or(5, |max| (max - min).min(5)) as usize;
            let times = *min as usize + below(more + 1);
            (0..times).for_each(|_| sample(sub, choose, text));
        }
        HirKind::Capture(capture) => sample(&capture.sub, choose, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| sample(part, choose, text)),
        HirKind::Alternation(branches) => {
            let branch = below(branches.len());
            sample(&branches[branch], choose, text);
        }
    }
}

#[test]
fn no_gate_of_any_pattern_shuts_out_a_match() {
    let (mut gated, mut matches) = (0, 0);
    let mut runner = TestRunner::deterministic();
    let any = (pattern(), any::<bool>(), prop::collection::vec(any::<u8>(), 64));
    for _ in 0..3000 {
        let (pattern, any_case, choices) = any.new_tree(&mut runner).unwrap().current();
        let pattern = if any_case { format!("(?i){pattern}") } else { pattern };
        let rules = [rule(&["ab", "cd"], any_case, &pattern)];
        let anchors = anchors_of(&rules).unwrap();
        if !anchors.gates.knows(0) {
            continue;
        }
        gated += 1;
        let (compiled, hir) = (compile(&pattern), parse(&pattern).unwrap());
        let mut choose = choices.into_iter().cycle();
        for edges in ["", "-", "b", "\n", "=x", " ab"] {
            let mut text = edges.as_bytes().to_vec();
            sample(&hir, &mut choose, &mut text);
            text.extend(edges.bytes().rev());
            matches += check_matches(&anchors, 0, &compiled, &text);
        }
    }
    assert!(gated > 1000 && matches > 4000, "{gated} patterns with a gate, {matches} matches");
}

#[test]
fn a_gate_looks_no_farther_than_its_sight() {
    let far = rule(&["xk_"], false, r"\bxk_[0-9a-f]{60}");
    let wide = rule(&["_xk"], false, r"[0-9a-f]{60}_xk");
    let anchors = anchors_of(&[far, wide]).unwrap();
    for (sight, after, before) in [(anchors.sight() - 1, 0, 0), (anchors.sight(), 1, 1)] {
        let run = "0".repeat(sight);
        let counts = |text: &str| found(&anchors, text.as_bytes(), 0..text.len()).len();
        assert_eq!(counts(&format!("xk_{run}!")), after);
        assert_eq!(counts(&format!("xk_{run}")), after, "the end of the text");
        assert_eq!(counts(&format!("!{run}_xk")), before);
        assert_eq!(counts(&format!("{run}_xk")), before, "the start of the text");
    }
}

fn counted(rule: &Arc<Rule>, text: &str) -> usize {
    found(&anchors_of(std::slice::from_ref(rule)).unwrap(), text.as_bytes(), 0..text.len()).len()
}

#[test]
fn a_gate_shuts_out_what_cannot_be_part_of_a_match() {
    let id = |id: &str| SHIPPED.get(&id.into()).unwrap();
    for (rule, none, one) in [
        ("generic-secret-assignment", "check(password)", "password = 'abcdefgh'"),
        ("generic-token-assignment", "author(Somebody)", "auth: abcdefgh1"),
        ("url-userinfo", "https://example.org/a", "https://u:pass@h"),
        ("mailchimp-key", "lang-us", "0123456789abcdef0123456789abcdef-us1"),
        (
            "datadog-api-key",
            "sent to datadog by an agent",
            "datadog_api_key: 0123456789abcdef0123456789abcdef",
        ),
        (
            "datadog-api-key",
            "Datadog API keys are made here",
            "Datadog API key 0123456789abcdef0123456789abcdef",
        ),
        (
            "datadog-api-key",
            "https://api.datadoghq.com/v1",
            "datadog: { apiKey: \"0123456789abcdef0123456789abcdef",
        ),
        (
            "cloudflare-token-legacy",
            "a cf_api_token, made by people",
            "cf-token: 0123456789abcdef0123456789abcdef01234567",
        ),
        (
            "datadog-api-key",
            "if dd_api_key is None:",
            "dd_api_key = String::from(\"0123456789abcdef0123456789abcdef",
        ),
    ] {
        assert_eq!(counted(id(rule), none), 0, "{rule}: {none}");
        assert_eq!(counted(id(rule), one), 1, "{rule}: {one}");
    }
    let key = rule(&["xk_"], false, r"\b(?P<secret>xk_[0-9a-f]{8})\b");
    for (text, count) in [
        ("xk_0123abcd", 1),
        ("-xk_0123abcd.", 1),
        ("xk_0123abc", 0),
        ("xk_0123abcg", 0),
        ("xk_0123abcd0", 0),
        ("_xk_0123abcd", 0),
    ] {
        assert_eq!(counted(&key, text), count, "{text}");
    }
}

#[test]
fn a_pattern_that_does_not_fix_its_anchor_has_no_gate() {
    for (anchors, pattern) in [
        (&["key"][..], "[a-z]{3}=[0-9]{4}"),
        (&["key"], "(?:key|token)=[0-9]{4}"),
        (&["api_key"], "api[_-]?key"),
        (&["Key"], "(?i)key"),
    ] {
        let rule = rule(anchors, false, pattern);
        assert_eq!(Outline::of(&rule).unwrap().surroundings, None, "{pattern}");
    }
}

#[test]
fn every_shipped_rule_has_a_gate() {
    let without: Vec<_> = (0..SHIPPED.rules().len())
        .filter(|rule| !ANCHORS.gates.knows(*rule))
        .map(|rule| &SHIPPED.rules()[rule].id)
        .collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn an_empty_anchor_is_refused_by_name() {
    let problem = anchors_of(&[ungated(&["ok", ""], false)]).unwrap_err();
    assert_eq!(problem.rule, "x");
}

#[test]
fn all_instructions_mark_what_may_be_encoded() {
    let bytes: Vec<u8> = (0..=255u8).chain((0..=255).rev()).collect();
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    for instructions in Instructions::available() {
        let mut marks = vec![u64::MAX; blocks.len()];
        instructions.mark_encoded(blocks, &mut marks);
        for (at, byte) in bytes.iter().enumerate() {
            let is_marked = marks[at / BLOCK] >> (at % BLOCK) & 1 == 1;
            assert_eq!(is_marked, quietus_unpack::may_be_encoded(*byte), "{instructions:?} {byte}");
        }
    }
}
