//! Programs against the library that the world trusts.

use super::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use regex::bytes::{Regex, RegexBuilder};

fn library(pattern: &str) -> Regex {
    RegexBuilder::new(pattern).unicode(false).build().unwrap()
}

/// Every search of `text` must come to the same groups; how many of them came to a match.
fn compare(pattern: &str, texts: &[&[u8]]) -> usize {
    let (there, here) = (library(pattern), library(&format!("^(?:{pattern})")));
    let program = Program::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    let program = Program::read(&program.write().unwrap()).unwrap();
    assert!(program.group_names().eq(there.capture_names()), "{pattern}");
    let mut matches = 0;
    for text in texts {
        for from in 0..=text.len() {
            let wanted = there.captures_at(text, from).map(|all| {
                Groups(all.iter().map(|group| group.map(|group| group.range())).collect())
            });
            let found = program.find(text, from, Begins::Anywhere);
            assert_eq!(found, wanted, "{pattern} in {:?} from {from}", text.escape_ascii());
            matches += usize::from(found.is_some());
            let wanted = here.captures(&text[from..]).map(|all| {
                Groups(all.iter().map(|group| group.map(|group| group.range())).collect())
            });
            let found = program.find(&text[from..], 0, Begins::Here);
            assert_eq!(found, wanted, "{pattern} at {from} of {:?}", text.escape_ascii());
        }
    }
    matches
}

fn pattern() -> impl Strategy<Value = String> {
    let atoms = vec![
        "a",
        "b",
        "c",
        "ab",
        "bc",
        "[ab]",
        "[^a]",
        r"\w",
        r"\W",
        ".",
        "(?s:.)",
        "(?i:aB)",
        "",
        r"\b",
        r"\B",
        "^",
        "$",
        "(?m:^)",
        "(?m:$)",
        "(?R:(?m:^))",
        "(?R:(?m:$))",
        r"\b{start}",
        r"\b{end}",
        r"\b{start-half}",
        r"\b{end-half}",
        r"\xff",
        "(?u:[äß])",
        "[a&&b]",
    ];
    let atom = prop::sample::select(atoms).prop_map(str::to_owned);
    let counts = || {
        prop::sample::select(vec![
            "", "", "", "?", "*", "+", "{2}", "{0,2}", "{1,3}", "{2,}", "??", "*?", "+?", "{1,3}?",
            "{2,}?", "{0}", "{0,5}", "{4}", "{1,6}?", "{2,9}",
        ])
    };
    atom.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            (inner.clone(), counts()).prop_map(|(inner, count)| format!("(?:{inner}){count}")),
            (inner.clone(), counts()).prop_map(|(inner, count)| format!("({inner}){count}")),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            prop::collection::vec(inner, 1..4).prop_map(|all| format!("(?:{})", all.join("|"))),
        ]
    })
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let symbols = prop::sample::select(b"aaabbbcABC_ \r\n\xff\xc3\xa4\xc3\x9f".to_vec());
    prop::collection::vec(symbols, 0..14)
}

#[test]
fn every_pattern_matches_what_the_library_matches() {
    let mut runner = TestRunner::deterministic();
    let any = (pattern(), prop::collection::vec(text(), 4));
    let mut matches = 0;
    for _ in 0..2500 {
        let (pattern, texts) = any.new_tree(&mut runner).unwrap().current();
        let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        matches += compare(&pattern, &texts);
    }
    assert!(matches > 20_000, "{matches}");
}

#[test]
fn what_has_many_ways_is_found_out_in_the_end() {
    let many = [b'a'; 3000];
    let end = [&many[..], b"!"].concat();
    for pattern in [
        "(?:a|aa)*b",
        "(?:a+)+b",
        "(?:a*)*b",
        "a*a*a*a*b",
        "(?:a{0,50}a{0,50}){0,20}b",
        "(?:aa|a(?:a|aa)){1,40}[b!]",
        "(?:[a-z]+ ?){1,100}b",
        "(?:a{1,9}){1,30}b",
        "(?s)a.*a.*a.*b",
        "(?s)a.*?a.*?a.*?!",
    ] {
        let program = Program::new(pattern).unwrap();
        let whole = library(pattern);
        for text in [&many[..], &end] {
            let found = program.find(text, 0, Begins::Anywhere).map(|groups| groups.whole());
            assert_eq!(found, whole.find(text).map(|found| found.range()), "{pattern}");
        }
    }
}

#[test]
fn of_many_branches_the_first_that_fits_is_taken() {
    let many = "(?i:ab|abc|b|bc|c|ca|cab|ac|aab|[bc]a|cc|(a)b|)";
    let texts: [&[u8]; 4] = [b"abcabcaabbcca", b"ABcaXab", b"xxabx", b""];
    for pattern in [format!("{many}x"), format!("{many}{{2}}"), format!("(?:{many}x|{many}b)+?$")] {
        compare(&pattern, &texts);
    }
}

#[test]
fn the_names_of_groups_stand_in_their_order() {
    compare("(?P<a>x)|(y)|(?P<b>z(?P<c>a))", &[b"zay x"]);
}

#[test]
fn what_cannot_be_a_program_is_told() {
    for (pattern, says) in
        [("(?u:\\b)", "Unicode"), ("(", "unclosed"), ("(?:(?:ab|c?){300}){300}", "20000 parts")]
    {
        let error = Program::new(pattern).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
    assert!(Program::read(b"no program").is_err());
}
