//! What follows from names, and what is refused.

use crate::{Rule, RuleFile, RuleSet};

const HEAD: &str = "provider = { id = \"x\", name = \"X\" }\n[[rule]]\nid = \"x-key\"\nname = \"X\"\n\
                    severity = \"high\"\nconfidence = \"medium\"\n";

fn read(rule: &str) -> Result<Rule, String> {
    RuleFile::parse("x.toml", &format!("{HEAD}{rule}"))
        .map(|mut file| file.rules.remove(0))
        .map_err(|error| error.to_string())
}

fn anchors(names: &str) -> Vec<String> {
    read(&format!("names = [{names}]\nvalue = '[0-9a-f]{{32}}'\n")).unwrap().anchors
}

#[test]
fn an_anchor_is_the_word_that_tells_whose_it_is() {
    for (names, wanted) in [
        ("'datadog api key'", &["datadog"][..]),
        ("'Datadog-API_key', 'datadog app key'", &["datadog"]),
        ("'access token acmecorp'", &["acmecorp"]),
        ("'dd api key'", &["dd api", "dd-api", "dd.api", "dd_api", "ddapi"]),
        ("'api key dd'", &["key dd", "key-dd", "key.dd", "key_dd", "keydd"]),
        ("'secret key'", &["secret key", "secret-key", "secret.key", "secret_key", "secretkey"]),
        ("'okta'", &["okta"]),
        ("'hooli workspace token', 'hooli key'", &["hooli"]),
    ] {
        assert_eq!(anchors(names), wanted, "{names}");
    }
}

#[test]
fn a_rule_by_name_is_whole_once_read() {
    let rule = read("names = ['dd api key']\nvalue = '[0-9a-f]{32}'\n").unwrap();
    assert!(rule.anchors_any_case && rule.pattern.contains("(?P<secret>[0-9a-f]{32})"));
    assert_eq!(rule.precedence, 40);
    assert_eq!(
        rule.tests.positive,
        ["DD_API_KEY={secret}", "\"ddApiKey\": \"{secret}\"", "dd-api-key: {secret}\n"]
    );
    assert_eq!(rule.tests.negative, ["DD_API_KEY=${DD_API_KEY}", "dd-api-key: <dd-api-key>\n"]);
    let grouped = read("names = ['dd id']\nvalue = '(?P<id>[0-9]{9})'\n").unwrap();
    assert!(!grouped.pattern.contains("secret"), "{}", grouped.pattern);
}

#[test]
fn what_a_rule_says_itself_stays() {
    let rule = read(
        "names = ['datadog api key']\nvalue = '[0-9a-f]{32}'\nanchors = ['dog']\nprecedence = 60\n\
         tests.positive = ['DATADOG_API_KEY={secret}']\ntests.negative = ['dog']\n",
    )
    .unwrap();
    assert_eq!((rule.anchors.as_slice(), rule.precedence), (&["dog".to_owned()][..], 60));
    assert_eq!((rule.tests.positive.len(), rule.tests.negative.len()), (1, 1));
    let own = read("anchors = ['x']\npattern = 'x'\n").unwrap();
    assert_eq!((own.precedence, own.anchors_any_case), (50, false));
}

#[test]
fn a_companion_may_go_by_name_too() {
    let rule = read(
        "names = ['acmecorp secret']\nvalue = '[0-9a-f]{32}'\n[[rule.companion]]\nname = 'account'\n\
         names = ['acmecorp account']\nvalue = '[0-9]{9}'\nwithin = 300\n",
    )
    .unwrap();
    assert!(rule.companions[0].pattern.contains("(?P<secret>[0-9]{9})"));
    assert_eq!(rule.tests.positive[0], "ACMECORP_SECRET={secret}\nACMECORP_ACCOUNT={account}");
}

#[test]
fn what_is_written_out_is_read_again_as_it_was() {
    for anchors in ["", "anchors = ['dd']\n"] {
        let text = format!("{HEAD}names = ['dd api key']\nvalue = '[0-9a-f]{{32}}'\n{anchors}");
        let file = RuleFile::parse("x.toml", &text).unwrap();
        let again: RuleFile = serde_json::from_str(&serde_json::to_string(&file).unwrap()).unwrap();
        assert_eq!(file, again);
    }
}

#[test]
fn the_digest_follows_names_and_value() {
    let digest = |rule: &str| {
        let text = format!("{HEAD}{rule}");
        RuleSet::parse([("x.toml", &*text)]).unwrap().digest().clone()
    };
    let of = digest("names = ['acmecorp key']\nvalue = '[0-9a-f]{32}'\n");
    assert_eq!(of, digest("names = ['ACMECORP_KEY']\nvalue = '[0-9a-f]{32}'\n"));
    assert_ne!(of, digest("names = ['acmecorp key']\nvalue = '[0-9a-f]{40}'\n"));
    assert_ne!(of, digest("names = ['acmecorp keys']\nvalue = '[0-9a-f]{32}'\n"));
}

#[test]
fn halves_and_doubles_are_refused_by_name() {
    for (rule, said) in [
        ("names = ['acme key']\n", "`names` without a `value`"),
        ("value = 'x'\n", "`value` without `names`"),
        ("anchors = ['x']\n", "no `pattern`"),
        ("names = ['acme key']\nvalue = 'x'\npattern = 'x'\n", "both a `pattern` and `names`"),
        ("names = ['token']\nvalue = 'x'\n", "does not say whose it is"),
        ("names = ['a+b key']\nvalue = 'x'\n", "words of letters and digits"),
        ("names = ['  ']\nvalue = 'x'\n", "words of letters and digits"),
    ] {
        let error = read(rule).unwrap_err();
        assert!(error.contains("x-key") && error.contains(said), "{rule}: {error}");
    }
}
