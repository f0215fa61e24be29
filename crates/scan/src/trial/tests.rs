//! Each question finds what it is there for, and a sound rule passes all of them.

use super::*;
use quietus_model::RuleId;

const SOUND: &str = r#"
provider = { id = "acme", name = "Acme" }
[[rule]]
id = "acme-key"
name = "Acme key"
severity = "high"
confidence = "high"
anchors = ["acme_"]
pattern = '\b(?P<secret>acme_(?P<body>[0-9A-Za-z]{20})(?P<check>[0-9A-Za-z]{6}))\b'
check = { name = "crc32-base62", firm = true }
shape.parts = [ { lit = "acme_" }, { chars = "0-9A-Za-z", len = 20 }, { check = "crc32-base62", over = "body" } ]
tests.positive = ["key = {secret}", "{secret}"]
tests.negative = ["key = acme_<key>"]
"#;

fn subjects(text: &str) -> Vec<Subject> {
    let set = Arc::new(RuleSet::parse([("acme.toml", text)]).unwrap());
    let all = Arc::new(Detector::new(Arc::clone(&set)).unwrap());
    let subject = |rule: &Arc<Rule>| Subject::new(Arc::clone(rule), Arc::clone(&all)).unwrap();
    set.rules().iter().map(subject).collect()
}

/// The questions that a rule fails.
fn failed(text: &str) -> Vec<Question> {
    let subject = &subjects(text)[0];
    Question::ALL.into_iter().filter(|question| !subject.ask(*question).is_empty()).collect()
}

#[test]
fn a_sound_rule_passes_every_question() {
    assert_eq!(failed(SOUND), []);
}

#[test]
fn each_question_finds_what_it_is_there_for() {
    for (from, to, question) in [
        ("{20})(?P<check>", "{19})(?P<check>", Question::Positive),
        ("firm = true", "firm = false", Question::Mutants),
        (r"{6}))\b'", "{6})) '", Question::Boundaries),
        (r"'\b(?P", "'(?P", Question::Boundaries),
        ("acme_<key>", "key = acme_{secret}", Question::Negative),
    ] {
        let text = SOUND.replacen(from, to, 1);
        assert_ne!(text, SOUND, "{from}");
        if question == Question::Negative {
            // A negative text holds no credential that is built: it says one itself.
            let set = RuleSet::parse([("acme.toml", SOUND)]).unwrap();
            let id = RuleId::from("acme-key");
            let rule = set.get(&id).unwrap();
            let secret = sample::positives(rule).remove(0).secret().to_vec();
            let text = SOUND.replace("acme_<key>", &String::from_utf8(secret).unwrap());
            assert_eq!(failed(&text), [Question::Negative]);
        } else {
            assert!(failed(&text).contains(&question), "{from}: {:?}", failed(&text));
        }
    }
}

#[test]
fn a_pattern_that_takes_more_than_the_secret_is_told_of() {
    // With so much before it, a mask is no longer most of what is taken.
    let lead = "k9-q2_".repeat(30);
    let wide = SOUND
        .replace("'\\b(?P<secret>acme_", "'(?P<secret>[a-z0-9_-]{180}acme_")
        .replace("(?P<body>[0-9A-Za-z]{20})(?P<check>[0-9A-Za-z]{6})", "[0-9A-Za-z*]{26}")
        .replace("check = { name = \"crc32-base62\", firm = true }\n", "")
        .replace("\"{secret}\"", &format!("\"{lead}{{secret}}\""));
    let subject = &subjects(&wide)[0];
    let placeholders = subject.ask(Question::Placeholder);
    assert!(placeholders.iter().any(|wrong| wrong.contains("xxxx")), "{placeholders:?}");
    assert_eq!(subject.ask(Question::Dummy).len(), 2);
}

#[test]
fn rules_that_claim_the_same_with_the_same_precedence_are_rivals() {
    let other = "[[rule]]\nid = \"other\"\nname = \"Other\"\nseverity = \"low\"\n\
                 confidence = \"low\"\nanchors = [\"acme\"]\npattern = '(?P<secret>acme_[a-zA-Z0-9]{10,40})'\n";
    let both = format!("{SOUND}{other}");
    let rivals = subjects(&both)[0].rivals();
    assert!(rivals.len() == 1 && rivals[0].starts_with("other claims"), "{rivals:?}");
    assert_eq!(subjects(&format!("{both}precedence = 40\n"))[0].rivals(), [""; 0]);
}

#[test]
fn texts_are_tried_among_others_and_with_the_line_ends_of_windows() {
    let lines = SOUND.replace(r"'\b(?P", r"'acme:\n(?P");
    let lines = lines.replace(r#"["key = {secret}", "{secret}"]"#, r#"["acme:\n{secret}"]"#);
    let wrong = |text: &str| subjects(text)[0].ask(Question::Positive);
    assert!(wrong(&lines).iter().any(|wrong| wrong.contains("with CRLF")), "{:?}", wrong(&lines));
    assert_eq!(wrong(&lines.replace(r"'acme:\n(?P", r"'acme:\r?\n(?P")), [""; 0]);
    // One that stands first in a file is not looked for behind other lines.
    let first = lines.replace(r"'acme:\n(?P", r"'^acme:\r?\n(?P");
    assert_eq!(wrong(&first), [""; 0]);
    let later = lines.replace(r"'acme:\n(?P", r"'\nacme:\r?\n(?P");
    assert!(
        wrong(&later)
            .iter()
            .any(|wrong| wrong.contains("as it stands") || wrong.contains("text 0, "))
    );
}

const PAIR: &str = r#"
provider = { id = "acme", name = "Acme" }
[[rule]]
id = "acme-pair"
name = "Acme pair"
severity = "high"
confidence = "high"
anchors = ["acme_"]
pattern = '\bacme_[^;]{0,200}?key=(?P<secret>[0-9A-Za-z]{20})\b'
shape.parts = [ { chars = "0-9A-Za-z", len = 20 } ]
tests.positive = ["acme_id={client}\nkey={secret}\n"]
tests.negative = ["key = acme_<key>"]
[[rule.companion]]
name = "client"
pattern = 'acme_id=(?P<secret>[0-9]{12})\b'
within = 100
needed = true
shape.parts = [ { chars = "0-9", len = 12 } ]
"#;

#[test]
fn a_part_that_stands_within_the_match_is_found_and_a_missing_one_is_told() {
    let subject = &subjects(PAIR)[0];
    assert_eq!(subject.ask(Question::Positive), [""; 0]);
    assert_eq!(subject.ask(Question::Lone), [""; 0]);
    let lone = b"acme_id=\nkey=vQ8mZr2LkT5xW9pBnC3d\n";
    let found = subject.all().detect(lone);
    assert_eq!((found.len(), &found[0].missing[..]), (1, &["client".to_owned()][..]));
    assert_eq!(found[0].confidence, quietus_model::Confidence::High);
    // One that takes anything for its part does not notice that it is gone.
    let lax = PAIR.replace("(?P<secret>[0-9]{12})\\b", "\\s?(?P<secret>[0-9a-z]{1,12})");
    assert_ne!(lax, PAIR);
    assert_eq!(subjects(&lax)[0].ask(Question::Lone).len(), 1);
}
