//! The detector against small rules of its own.

use super::*;
use crate::made_up;
use proptest::prelude::*;
use quietus_model::RuleId;
use quietus_model::checksum::Checksum;
use quietus_model::shape::{Stream, alphabet};
use std::sync::LazyLock;

const RULES: &str = r#"
[[rule]]
id = "acme-key"
name = "Acme key"
severity = "high"
confidence = "high"
anchors = ["acme_"]
pattern = '\b(?P<secret>acme_[0-9a-f]{16})\b'
dummies = ["DUMMY"]

[[rule]]
id = "acme-checked"
name = "Acme key with a check part"
severity = "high"
confidence = "high"
anchors = ["acmk_"]
pattern = '\b(?P<secret>acmk_(?P<body>[0-9A-Za-z]{20})(?P<check>[0-9A-Za-z]{6}))\b'
check = { name = "crc32-base62", firm = true }
entropy = 3.0

[[rule]]
id = "acme-soft"
name = "Acme key with a doubtful check part"
severity = "high"
confidence = "high"
anchors = ["acms_"]
pattern = '\b(?P<secret>acms_(?P<body>[0-9A-Za-z]{20})(?P<check>[0-9A-Za-z]{6}))\b'
check = { name = "crc32-base62", firm = false }

[[rule]]
id = "acme-pair"
name = "Acme id and secret"
severity = "high"
confidence = "high"
anchors = ["ACID"]
pattern = '\b(?P<id>ACID[A-Z2-7]{12})\b'
[[rule.companion]]
name = "secret"
pattern = '\b(?P<secret>[0-9a-z]{24})\b'
within = 200
required = true

[[rule]]
id = "any-password"
name = "Password"
severity = "medium"
confidence = "low"
precedence = 10
anchors = ["password", "key"]
anchors_any_case = true
pattern = '(?i)(?:password|key)\s{0,3}[=:]\s{0,3}["\x27]?(?P<secret>[^\s"\x27]{4,64})'

[[rule]]
id = "block"
name = "A block of lines without end"
severity = "high"
confidence = "high"
anchors = ["BEGIN BLOCK"]
pattern = '(?s)-BEGIN BLOCK-(?P<secret>.+?)-END BLOCK-'
reach = 400

[[rule]]
id = "run"
name = "A run without end"
severity = "high"
confidence = "high"
anchors = ["run:"]
pattern = 'run:(?P<secret>[a-z]+)'
reach = 20
"#;

pub(super) static DETECTOR: LazyLock<Detector> = LazyLock::new(|| {
    let text = RULES.replace("DUMMY", &Sha::of(&key("dummy")));
    Detector::new(made_up::set(&made_up::file(&[text, made_up::token()]))).unwrap()
});

/// Every rule's pattern, for a search over all of a text.
static WHOLE: LazyLock<Vec<regex::bytes::Regex>> = LazyLock::new(|| {
    DETECTOR.set.rules().iter().map(|rule| matcher::compile(&rule.pattern)).collect()
});

static MATCHERS: LazyLock<Vec<Matcher>> = LazyLock::new(|| {
    let rules = DETECTOR.set.rules().iter().enumerate();
    rules
        .map(|(at, rule)| Matcher::new(&DETECTOR.set, rule, DETECTOR.outlines.of(at)).unwrap())
        .collect()
});

fn detector() -> &'static Detector {
    &DETECTOR
}

struct Sha;
impl Sha {
    fn of(text: &str) -> String {
        use sha2::Digest as _;
        data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(text))
    }
}

fn random(label: &str, ranges: &str, len: usize) -> String {
    String::from_utf8(Stream::fixture(label).take(&alphabet(ranges), len)).unwrap()
}

pub(super) fn key(label: &str) -> String {
    format!("acme_{}", random(label, "0-9a-f", 16))
}

fn checked(prefix: &str, label: &str) -> String {
    let body = random(label, "0-9A-Za-z", 20);
    format!("{prefix}{body}{}", Checksum::Crc32Base62.compute(body.as_bytes()))
}

fn found(text: &str) -> Vec<(String, String)> {
    let detections = detector().detect(text.as_bytes());
    detections
        .iter()
        .map(|d| {
            assert_eq!(d.secret.expose(), &text.as_bytes()[d.secret_span.clone()]);
            (d.rule.id.to_string(), text[d.secret_span.clone()].to_owned())
        })
        .collect()
}

#[test]
fn a_key_is_found_at_the_start_the_end_and_next_to_marks() {
    let key = key("a");
    for text in [key.clone(), format!("\"{key}\""), format!("x={key}."), format!("\n{key}\n")] {
        assert_eq!(found(&text), [("acme-key".to_owned(), key.clone())], "{text}");
    }
    assert_eq!(found(&format!("x{key}")), []);
    assert_eq!(found(&format!("{key}0")), []);
    assert_eq!(found(&key.replace("acme", "ACME")), []);
}

#[test]
fn the_narrow_rule_wins_over_the_broad_one() {
    let key = key("a");
    let text = format!("password = \"{key}\"\nPassWord: kJ8#mQ2!zz");
    let rules: Vec<_> = found(&text).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(rules, ["acme-key", "any-password"]);
}

#[test]
fn a_published_example_is_named_by_whatever_rule_sees_it() {
    let dummy = key("dummy");
    let detections = detector().detect(dummy.as_bytes());
    assert_eq!(detections[0].offline, Offline::Dummy);
    assert_eq!(detector().detect(key("a").as_bytes())[0].offline, Offline::Plausible);
}

#[test]
fn a_firm_check_part_decides_and_a_doubtful_one_lowers() {
    let good = checked("acmk_", "a");
    assert_eq!(detector().detect(good.as_bytes())[0].offline, Offline::Verified);
    let mut bad = good.into_bytes();
    bad[10] ^= 1;
    assert!(detector().detect(&bad).is_empty());

    let mut soft = checked("acms_", "a").into_bytes();
    assert_eq!(detector().detect(&soft)[0].confidence, Confidence::High);
    soft[10] ^= 1;
    let doubtful = &detector().detect(&soft)[0];
    assert_eq!(doubtful.offline, Offline::ChecksumFailed);
    assert_eq!(doubtful.confidence, Confidence::Medium);
}

#[test]
fn words_and_entropy_do_not_silence_what_a_firm_check_part_proves() {
    for body in ["EXAMPLEEXAMPLEexampl", "0000000000000000000a"] {
        let check = Checksum::Crc32Base62.compute(body.as_bytes());
        assert_eq!(found(&format!("acmk_{body}{check}")).len(), 1, "{body}");
    }
    assert_eq!(found("password=EXAMPLEEXAMPLEexampl"), []);
}

#[test]
fn a_credential_in_parts_is_keyed_on_its_secret() {
    let id = format!("ACID{}", random("id", "A-Z2-7", 12));
    let secret = random("secret", "0-9a-z", 24);
    let text = format!("id = {id}\nsecret = {secret}\n");
    let one = &detector().detect(text.as_bytes())[0];
    assert_eq!(one.secret.expose(), secret.as_bytes());
    assert_eq!((one.parts[0].name.as_str(), one.parts[0].secret.expose()), ("id", id.as_bytes()));
    assert!(one.missing.is_empty() && one.confidence == Confidence::High);

    let far = format!("id = {id}\n{}\nsecret = {secret}\n", "-".repeat(300));
    let partial = &detector().detect(far.as_bytes())[0];
    assert_eq!(partial.secret.expose(), id.as_bytes());
    assert_eq!(partial.missing, ["secret"]);
    assert_eq!(partial.confidence, Confidence::Medium);
}

#[test]
fn each_id_gets_the_secret_of_its_own_block() {
    let ids: Vec<_> =
        (0..3).map(|n| format!("ACID{}", random(&n.to_string(), "A-Z2-7", 12))).collect();
    let secrets: Vec<_> = (0..3).map(|n| random(&n.to_string(), "0-9a-z", 24)).collect();
    let mut id_first = String::new();
    let mut secret_first = String::new();
    for (id, secret) in ids.iter().zip(&secrets) {
        id_first.push_str(&format!("[p]\nid = {id}\nsecret = {secret}\n\n"));
        secret_first.push_str(&format!("[p]\nsecret = {secret}\nid = {id}\n\n"));
    }
    for text in [id_first, secret_first] {
        let pairs: Vec<_> = detector()
            .detect(text.as_bytes())
            .iter()
            .map(|d| (d.parts[0].secret.expose().to_vec(), d.secret.expose().to_vec()))
            .collect();
        let wanted: Vec<_> = ids
            .iter()
            .zip(&secrets)
            .map(|(id, secret)| (id.clone().into_bytes(), secret.clone().into_bytes()))
            .collect();
        assert_eq!(pairs, wanted, "{text}");
    }
}

#[test]
fn two_ids_do_not_share_a_secret_and_none_takes_two() {
    let id = |n: &str| format!("ACID{}", random(n, "A-Z2-7", 12));
    let (one, two) = (random("one", "0-9a-z", 24), random("two", "0-9a-z", 24));
    let shared = format!("{}\n{}\n{one}\n", id("far"), id("near"));
    let found = detector().detect(shared.as_bytes());
    let found: Vec<_> = found.iter().map(|d| (d.secret.expose(), d.missing.len())).collect();
    assert_eq!(found, [(id("far").as_bytes(), 1), (one.as_bytes(), 0)]);

    let greedy = format!("{} {one} {two}\n\n\n{}", id("a"), id("b"));
    let found = detector().detect(greedy.as_bytes());
    let parts = |d: &Detection| (d.parts[0].secret.expose().to_vec(), d.secret.expose().to_vec());
    let found: Vec<_> = found.iter().map(parts).collect();
    let pair = |id: String, secret: &str| (id.into_bytes(), secret.as_bytes().to_vec());
    assert_eq!(found, [pair(id("a"), &one), pair(id("b"), &two)]);
}

#[test]
fn a_match_that_the_reach_cuts_is_no_match() {
    assert_eq!(found(&format!("run:{}", random("run", "a-z", 18))).len(), 1);
    assert_eq!(found(&format!("run:{} ", random("run", "a-z", 18))).len(), 1);
    assert_eq!(found(&format!("run:{} ", random("run", "a-z", 60))), []);
}

#[test]
fn a_file_of_nothing_but_ids_and_secrets_is_no_trap() {
    let line = |n: usize| {
        let id = random(&format!("i{n}"), "A-Z2-7", 12);
        format!("ACID{id}\n{}\n", random(&format!("s{n}"), "0-9a-z", 24))
    };
    let lines: String = (0..300).map(line).collect::<String>().repeat(20);
    let started = std::time::Instant::now();
    let found = detector().detect(lines.as_bytes());
    assert_eq!(found.iter().filter(|one| one.missing.is_empty()).count(), 6000);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn a_token_past_its_own_expiry_is_expired_only_then() {
    let part = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
    let signature = random("signature", "0-9A-Za-z", 40);
    let token = [&part(r#"{"alg":"HS256"}"#), &part(r#"{"exp":1300819380}"#), &signature]
        .map(String::as_str)
        .join(".");
    let one = &detector().detect(token.as_bytes())[0];
    let at = |second| jiff::Timestamp::from_second(second).unwrap();
    assert_eq!(one.offline_at(at(1_300_000_000)), Offline::Plausible);
    assert_eq!(one.offline_at(at(1_400_000_000)), Offline::Expired { at: at(1_300_819_380) });
}

#[test]
fn an_allow_comment_is_seen_on_its_own_line_only() {
    let key = key("a");
    let allowed = |text: String| !detector().detect(text.as_bytes())[0].allowed_inline.is_empty();
    assert!(allowed(format!("a\nkey = {key} # quietus:allow test server\nb")));
    assert!(allowed(format!("/* quietus:allow */ {key}")));
    assert!(!allowed(format!("# quietus:allow\n{key}\n# quietus:allow")));
}

#[test]
fn a_rule_that_could_never_match_is_refused_by_name() {
    let broken = [
        (r"pattern = '\b(?P<secret>acme_[0-9a-f]{16})\b'", r"pattern = '('", "cannot be read"),
        (r#"anchors = ["acme_"]"#, "anchors = []", "no anchor"),
        ("reach = 400", "", "reach"),
    ];
    for (from, to, says) in broken {
        let text = RULES.replace(from, to).replace("DUMMY", "");
        let set = made_up::set(&made_up::file(&[text]));
        let problems = Detector::new(set).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].to_string().contains(says), "{}", problems[0]);
    }
}

#[test]
fn a_pattern_that_cannot_be_run_is_told_and_the_rest_works() {
    let huge = r"pattern = '\b(?P<secret>acme_(?:(?:[0-9a-f]?){300}){300})\b'";
    let text =
        RULES.replace(r"pattern = '\b(?P<secret>acme_[0-9a-f]{16})\b'", huge).replace("DUMMY", "");
    let set = made_up::set(&made_up::file(&[text]));
    let detector = Detector::new(set).unwrap();
    let bytes = format!("{} {}", key("a"), checked("acmk_", "a"));
    assert_eq!(detector.detect(bytes.as_bytes()).len(), 1);
    assert_eq!(detector.failed().len(), 1);
    assert_eq!(detector.failed()[0].rule, "acme-key");
}

/// What a search of all rules over all of the text finds: the measure for the windows.
fn brute_force(bytes: &[u8]) -> Vec<(usize, Range<usize>)> {
    let mut all = Vec::new();
    for (index, whole) in WHOLE.iter().enumerate() {
        all.extend(whole.find_iter(bytes).map(|m| (index, m.range())));
    }
    all
}

fn windowed(detector: &Detector, bytes: &[u8]) -> Vec<(usize, Range<usize>)> {
    let mut all = Vec::new();
    for (index, matcher) in MATCHERS.iter().enumerate() {
        let mut found = Vec::new();
        detector.anchors.find(bytes, 0..bytes.len(), &mut found);
        found.sort();
        let mine: Vec<_> = found.into_iter().filter(|o| o.rule as usize == index).collect();
        for window in window::merge(&mine, matcher.reach(), bytes.len()) {
            all.extend(matcher.matches(bytes, window, &mine).into_iter().map(|m| (index, m.span)));
        }
    }
    all
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9_ =:\"\n.-]{0,40}",
        "[0-9a-f]{1,20}",
        (0..50u32).prop_map(|n| key(&n.to_string())),
        (0..50u32).prop_map(|n| checked("acmk_", &n.to_string())),
        (0..50u32).prop_map(|n| format!("ACID{}", random(&n.to_string(), "A-Z2-7", 12))),
        Just("acme_".to_owned()),
        Just("key=".to_owned()),
        Just("PASSWORD: ".to_owned()),
        Just("-BEGIN BLOCK-".to_owned()),
        Just("-END BLOCK-".to_owned()),
        Just("eyJhbGciOiJ.eyJzdWIi.c2ln".to_owned()),
    ]
}

/// `old` with some ranges copied, swapped or repeated and new text between them.
fn edited(old: &[u8], edits: &[(u16, u16, String)]) -> (Vec<u8>, Vec<Copied>) {
    let (mut new, mut copies) = (Vec::new(), Vec::new());
    let mut copy = |new: &mut Vec<u8>, range: Range<usize>| {
        if !range.is_empty() {
            let (source, target, len) = (range.start as u32, new.len() as u32, range.len() as u32);
            copies.push(Copied { source, target, len });
            new.extend_from_slice(&old[range]);
        }
    };
    let mut at = 0;
    for (from, skip, text) in edits {
        let from = usize::from(*from) % (old.len() + 1);
        copy(&mut new, at.min(from)..from);
        new.extend_from_slice(&text.as_bytes()[..text.len() * usize::from(skip % 3) / 2]);
        at = if skip % 5 == 0 { from } else { (from + usize::from(skip % 40)).min(old.len()) };
    }
    copy(&mut new, at..old.len());
    (new, copies)
}

fn told(trace: &Trace) -> Vec<(RuleId, Range<usize>, String)> {
    let told = trace.detections().map(|(detection, span)| {
        let Detection { rule, parts, missing, offline, confidence, allowed_inline, secret, .. } =
            &*detection;
        let parts: Vec<_> = parts.iter().map(|p| (&p.name, p.secret.expose())).collect();
        let facts = (parts, missing, offline, confidence, allowed_inline, secret.expose());
        (rule.id.clone(), span, format!("{facts:?}"))
    });
    told.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn windows_find_what_the_whole_text_holds(
        pieces in proptest::collection::vec(piece(), 0..25),
    ) {
        let text = pieces.concat();
        let detector = detector();
        // A block longer than its reach is by definition no match; keep to what both can see.
        let (block, whole): (Vec<_>, Vec<_>) = brute_force(text.as_bytes())
            .into_iter()
            .partition(|(index, _)| detector.set.rules()[*index].reach.is_some());
        let near = windowed(detector, text.as_bytes());
        for one in &whole {
            prop_assert!(near.contains(one), "lost {one:?} in {text:?}");
        }
        for (index, span) in &near {
            let holds = |(other, range): &(usize, Range<usize>)| other == index && range == span;
            prop_assert!(
                whole.iter().any(holds) || block.iter().any(holds),
                "invented {span:?} of rule {index} in {text:?}"
            );
        }
        for (index, span) in block.iter().filter(|(_, span)| span.len() < 400) {
            prop_assert!(near.contains(&(*index, span.clone())), "lost {span:?} in {text:?}");
        }
    }

    #[test]
    fn what_is_carried_over_is_what_would_be_found(
        pieces in proptest::collection::vec(piece(), 1..25),
        edits in proptest::collection::vec((any::<u16>(), any::<u16>(), piece()), 1..6),
    ) {
        let detector = detector();
        let mut old = pieces.concat().into_bytes();
        let mut base = Trace::default();
        detector.trace(&old, &mut base);
        // Several in a row, so that what was carried over is carried over again.
        for edit in edits.chunks(2) {
            let (new, copies) = edited(&old, edit);
            let mut carried = Trace::default();
            detector.retrace(&new, &base, &copies, &mut carried);
            let mut whole = Trace::default();
            detector.trace(&new, &mut whole);
            prop_assert_eq!(told(&carried), told(&whole));
            prop_assert_eq!(&carried.occurrences, &whole.occurrences);
            (old, base) = (new, carried);
        }
    }

    #[test]
    fn any_bytes_are_safe(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for detection in detector().detect(&bytes) {
            prop_assert!(detection.secret_span.end <= bytes.len());
        }
    }
}

#[test]
fn what_is_known_beforehand_of_shipped_patterns_is_what_they_say() {
    let rules = quietus_catalogue::shipped().unwrap();
    let companions =
        |rule: &Rule| rule.companions.iter().map(|part| part.pattern.clone()).collect();
    for rule in rules.rules() {
        let companions: Vec<String> = companions(rule);
        for pattern in companions.iter().chain([&rule.pattern]) {
            let hir = parse(pattern).unwrap();
            let known = rules.lengths(pattern).unwrap();
            assert_eq!(Some(known.least), hir.properties().minimum_len(), "{pattern}");
            assert_eq!(known.greatest, hir.properties().maximum_len(), "{pattern}");
        }
    }
}
