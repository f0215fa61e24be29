//! The matcher against brute force: every rule's pattern over every byte of real files.

use super::anchors::tests::planted;
use super::*;
use quietus_model::Judge;
use quietus_pattern::{Begins, Program};
use regex::bytes::Regex;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Files larger than this are left out: brute force takes seconds for each million bytes.
const LARGEST: u64 = 200_000;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() && entry.file_name() != "target" && entry.file_name() != ".git" {
            files(&path, found);
        } else if kind.is_file() && entry.metadata().unwrap().len() <= LARGEST {
            found.push(path);
        }
    }
}

/// What the windows of a rule hold in `bytes`.
fn windowed(
    detector: &Detector,
    number: usize,
    occurrences: &[Occurrence],
    bytes: &[u8],
) -> BTreeSet<(usize, usize)> {
    let rule = &detector.set.rules()[number];
    let matcher = detector.matchers[number]
        .get_or_init(|| Matcher::new(&detector.set, rule, detector.outlines.of(number)))
        .as_ref()
        .unwrap();
    let mine: Vec<_> =
        occurrences.iter().filter(|one| one.rule as usize == number).cloned().collect();
    window::merge(&mine, matcher.reach(), bytes.len())
        .into_iter()
        .flat_map(|window| matcher.matches(bytes, window, &mine))
        .map(|one| (one.span.start, one.span.end))
        .collect()
}

/// Every match of a rule in `bytes`. One whose name promises nothing hides none that begins in it.
fn everywhere(rule: &Rule, pattern: &Regex, bytes: &[u8]) -> Vec<(usize, usize)> {
    if rule.judge != Some(Judge::Assigned) || !rule.pattern.starts_with("(?P<name>") {
        return pattern.find_iter(bytes).map(|found| (found.start(), found.end())).collect();
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(groups) = pattern.captures_at(bytes, at) {
        let (whole, name) = (groups.get(0).unwrap(), groups.name("name").unwrap());
        if judge::promises(bytes, name.range()) {
            found.push((whole.start(), whole.end()));
            let secret = groups.name("secret").filter(|secret| judge::is_lookup(secret.as_bytes()));
            at = secret.map_or(whole.end(), |secret| secret.start());
        } else {
            at = whole.start() + 1;
        }
    }
    found
}

/// The rules and sources of this repository, or the folder that `QUIETUS_BRUTE_TREE` names.
#[test]
fn the_matcher_finds_what_brute_force_finds() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    match std::env::var_os("QUIETUS_BRUTE_TREE") {
        Some(folder) => files(Path::new(&folder), &mut all),
        None => ["../../crates", "../../rules", "../../tests"]
            .iter()
            .for_each(|folder| files(&own.join(folder), &mut all)),
    }
    assert!(!all.is_empty(), "there must be files");
    let detector = Detector::new(Arc::new(quietus_catalogue::shipped().unwrap())).unwrap();
    let whole: Vec<Regex> =
        detector.set.rules().iter().map(|rule| matcher::compile(&rule.pattern)).collect();
    let (mut matches, mut size) = (0, 0);
    for path in &all {
        let bytes = &std::fs::read(path).unwrap()[..];
        size += bytes.len();
        let mut occurrences = Vec::new();
        detector.anchors.find(bytes, 0..bytes.len(), &mut occurrences);
        occurrences.sort();
        for (number, pattern) in whole.iter().enumerate() {
            let rule = &detector.set.rules()[number];
            // Its pattern takes the head of a column, and its matches are the values below.
            if rule.judge == Some(Judge::Column) {
                continue;
            }
            // By its own word a rule sees no farther than this.
            let reach = rule.reach.unwrap_or(usize::MAX);
            let brute: BTreeSet<_> = everywhere(rule, pattern, bytes)
                .into_iter()
                .filter(|(start, end)| end - start <= reach)
                .collect();
            matches += brute.len();
            let near = windowed(&detector, number, &occurrences, bytes);
            assert_eq!(near, brute, "rule {} in {}", rule.id, path.display());
        }
    }
    println!("{} files, {size} bytes, {matches} matches", all.len());
    assert!(matches > 20, "only {matches} matches: this shows nothing");
}

/// What ships is run by programs of our own: with all groups, it is what the library says.
#[test]
fn every_shipped_pattern_takes_what_the_library_takes() {
    let rules = quietus_catalogue::shipped().unwrap();
    let mut matches = 0;
    for rule in rules.rules() {
        let texts: Vec<_> = (0..2).flat_map(|seed| planted(rule, seed)).collect();
        let companions = rule.companions.iter().map(|companion| &companion.pattern);
        for pattern in companions.chain([&rule.pattern]) {
            let library = matcher::compile(pattern);
            let program = Program::read(rules.program(pattern).unwrap()).unwrap();
            for text in &texts {
                let mut at = 0;
                loop {
                    let wanted = library.captures_at(text, at).map(|all| {
                        all.iter().map(|group| group.map(|group| group.range())).collect::<Vec<_>>()
                    });
                    let found = program.find(text, at, Begins::Anywhere).map(|groups| {
                        (0..library.captures_len()).map(|n| groups.group(n)).collect::<Vec<_>>()
                    });
                    assert_eq!(found, wanted, "{} from {at} in {:?}", rule.id, text.escape_ascii());
                    let Some(whole) = found.and_then(|groups| groups[0].clone()) else { break };
                    at = whole.start + 1;
                    matches += 1;
                }
            }
        }
    }
    assert!(matches > 5000, "{matches}");
}
