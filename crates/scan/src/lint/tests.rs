//! Each problem is found by its own name, and a sound rule has none.

use super::*;

const SOUND: &str = r#"
[provider]
id = "acme"
name = "Acme"

[[rule]]
id = "acme-key"
name = "Acme key"
severity = "high"
confidence = "high"
anchors = ["acme_"]
pattern = '\b(?P<secret>acme_(?P<body>[0-9A-Za-z]{20})(?P<check>[0-9A-Za-z]{6}))\b'
check = { name = "crc32-base62", firm = true }
dummies = ["0011223344556677001122334455667700112233445566770011223344556677"]
shape.parts = [ { lit = "acme_" }, { chars = "0-9A-Za-z", len = 20 } ]
tests.positive = ["key = {secret}"]
tests.negative = ["key = <key>"]
remedy.rotate = "Make another."
remedy.revoke = "Delete it."
remedy.after_revoke = ["Read the log."]
[[rule.companion]]
name = "host"
pattern = '[a-z]{3,20}\.acme\.example'
within = 300
[rule.validate]
issuer = "acme"
endpoint = "https://api.acme.example"
self_hosted = false
path = "/me?for={query host}"
headers = { Authorization = "Basic {basic 'api' secret}" }
body = '{"a": {"b": "{host}"}}'
live = [ { name = "user", status = [200], json = [ { at = "/id" } ] } ]
dead = [ { name = "bad key", status = [401], text = ["bad key"] } ]
basis = "documented"
source = "docs"
[[rule.validate.answer]]
outcome = "live"
status = 200
body = '{"id": 1}'
source = "docs"
[[rule.validate.answer]]
outcome = "dead"
status = 401
body = 'bad key'
invented = true
"#;

fn problems(text: &str) -> Vec<String> {
    let file = RuleFile::parse("acme.toml", text).unwrap();
    lint("acme.toml", &file).iter().map(ToString::to_string).collect()
}

#[test]
fn a_sound_rule_has_no_problem() {
    assert_eq!(problems(SOUND), Vec::<String>::new());
}

#[test]
fn every_problem_is_named() {
    let spoilt = [
        (r#"id = "acme-key""#, r#"id = "Acme_key""#, "kebab-case"),
        (r#"anchors = ["acme_"]"#, "anchors = []", "no anchors"),
        (r#"anchors = ["acme_"]"#, r#"anchors = ["a"]"#, "shorter than"),
        (r#"anchors = ["acme_"]"#, r#"anchors = ["acme-"]"#, "none of its anchors stands"),
        (r"(?P<secret>acme_", "(?P<secret>acme[_-]", "none of its anchors stands"),
        (r"\b(?P<secret>", r"\b(?P<secret>(", "cannot be read"),
        (r"\b(?P<secret>", "(?P<part>", "neither a group `secret`"),
        (r"\b'", r"|'", "empty text"),
        (r"\b(?P<secret>", r"\bacme_(?P<id>[a-z]{0,9})(?P<secret>", "`id` matches the empty text"),
        (
            r"\b(?P<secret>acme_",
            r"\bacme_(?:x(?P<secret>[a-z]*)){1,2}(?:",
            "`secret` matches the empty",
        ),
        ("{20})", "{20,})", "no greatest length"),
        (r#"["key = {secret}"]"#, r#"["key"]"#, "no positive test"),
        (r#"["key = <key>"]"#, "[]", "no negative test"),
        (r#"["Read the log."]"#, r#"[""]"#, "not yet containment"),
        ("{20})", "{20}(?:(?:x?){200}){200})", "its pattern cannot be run"),
        ("check = {", "reach = 10\ncheck = {", "less than the 31 bytes"),
        ("check = {", "reach = 100000\ncheck = {", "farther than"),
        ("(?P<body>", "(?:", "groups `body`"),
        ("check = {", "entropy = 9.0\ncheck = {", "entropy floor"),
        ("dummies = [\"0011", "dummies = [\"", "no SHA-256"),
        (r#"tests.positive = ["key = {secret}"]"#, "", "no positive test"),
        ("shape.parts = [ {", "precedence = 50\n#", "states no shape"),
        (r#"remedy.rotate = "Make another.""#, "", "rotate"),
        (r#"remedy.revoke = "Delete it.""#, "", "revoke"),
        ("within = 300", "within = 0", "0 bytes away"),
        ("within = 300", "within = 9000", "9000 bytes away"),
        (r"[a-z]{3,20}\.acme\.example", "(", "companion host"),
        (r"[a-z]{3,20}\.acme\.example", "x*", "companion host matches the empty text"),
        (r"[a-z]{3,20}\.acme\.example", "host=(?P<secret>x*)", "companion host matches the empty"),
        (r#"name = "host""#, r#"name = "Host""#, "no name"),
        (r#"name = "host""#, r#"name = "port""#, "names \"host\""),
        (r#"endpoint = "https"#, r#"endpoint = "http"#, "not https"),
        (r#", text = ["bad key"]"#, "", "status alone"),
        ("status = [401], text", "status = [], text", "no HTTP status"),
        ("outcome = \"live\"", "outcome = \"indeterminate\"", "no live answer"),
        ("outcome = \"dead\"", "outcome = \"indeterminate\"", "no dead answer"),
        ("invented = true", "", "does not say where it was read"),
        (
            r#"source = "docs"
[["#,
            "source = \"\"\n[[",
            "where the call was read",
        ),
    ];
    for (from, to, says) in &spoilt {
        assert!(SOUND.contains(from), "{from}");
        let found = problems(&SOUND.replacen(from, to, 1));
        let told = found.iter().find(|p| p.contains(says));
        let told = told.unwrap_or_else(|| panic!("{from} -> {to}: {found:?}"));
        // Which file, which rule, what is wrong, what to do.
        assert!(told.starts_with("acme.toml: rule ") && told.contains("; "), "{told}");
    }
}

#[test]
fn what_cannot_be_read_is_named_with_its_place() {
    for (from, to, says) in [
        ("within = 300\n", "", "missing field `within`"),
        ("within = 300", "distance = 300", "unknown field `distance`"),
        ("severity = \"high\"", "severity = \"severe\"", "unknown variant `severe`"),
        ("confidence = \"high\"\n", "", "missing field `confidence`"),
    ] {
        let error = RuleFile::parse("acme.toml", &SOUND.replacen(from, to, 1)).unwrap_err();
        let told = error.to_string();
        assert!(told.starts_with("acme.toml: ") && told.contains(says), "{told}");
        assert!(told.contains("line "), "{told}");
    }
}

#[test]
fn an_id_may_stand_only_once() {
    let rule = &SOUND[SOUND.find("[[rule]]").unwrap()..];
    assert!(problems(&format!("{SOUND}{rule}")).iter().any(|p| p.contains("stands twice")));
}
