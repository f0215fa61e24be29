//! Rules that know a credential by its name, against the syntaxes in which a name is set.

use super::*;

const RULES: &str = r#"
provider = { id = "acme", name = "Acme" }
[[rule]]
id = "by-word"
name = "Acme key"
severity = "high"
confidence = "medium"
names = ["acmecorp api key"]
value = "[0-9a-f]{32}"
[[rule]]
id = "by-pair"
name = "Quux token"
severity = "high"
confidence = "medium"
names = ["qux auth token"]
value = "[0-9A-Za-z+/]{20,40}={0,2}"
[[rule]]
id = "by-dots"
name = "Dotted"
severity = "high"
confidence = "medium"
names = ["acmedots"]
value = "[0-9a-z.]{20}"
"#;

const HEX: &str = "92b0c7d1e34f5a6892b0c7d1e34f5a68";

fn found(text: &str) -> Vec<String> {
    let set = RuleSet::parse([("acme.toml", RULES)]).unwrap();
    let detector = Detector::new(Arc::new(set)).unwrap();
    let text_of = |one: Detection| String::from_utf8(one.secret.expose().to_vec()).unwrap();
    detector.detect(text.as_bytes()).into_iter().map(text_of).collect()
}

#[test]
fn a_value_is_found_in_every_way_to_set_a_name_to_it() {
    for syntax in [
        // Shells, environments, images.
        "ACMECORP_API_KEY=§",
        "export ACMECORP_API_KEY='§'",
        "ACMECORP_API_KEY_PROD = \"§\"",
        "set ACMECORP_API_KEY=§\r\n",
        "setx ACMECORP_API_KEY \"§\"",
        "ENV ACMECORP_API_KEY §\n",
        "ARG ACMECORP_API_KEY=§\n",
        "$env:ACMECORP_API_KEY = \"§\"",
        "${ACMECORP_API_KEY:-§}",
        "run --acmecorp-api-key § --fast",
        "run --acmecorp-api-key=§",
        "docker run -e \"ACMECORP_API_KEY=§\" image",
        "-DacmecorpApiKey=§",
        "ACMECORP_API_KEY ?= §\n",
        // Data.
        "acmecorp_api_key: §\n",
        "acmecorp-api-key: '§' # why\n",
        "acmecorp:\n  api_key: §\n",
        "acmecorp:\n    api:\n      key: \"§\"\n",
        "{\"acmecorpApiKey\": \"§\"}",
        "{\"acmecorp\": {\"api_key\": \"§\"}}",
        "{\\\"acmecorp_api_key\\\": \\\"§\\\"}",
        "acmecorp.api.key=§\n",
        "[acmecorp]\napi_key = §\n",
        "[acmecorp]\napi_key = \"§\"\n",
        "- name: ACMECORP_API_KEY\n  value: §\n",
        "- name: ACMECORP_API_KEY\n  value: \"§\"\n",
        "{\"name\": \"ACMECORP_API_KEY\", \"value\": \"§\"}",
        "variable \"acmecorp_api_key\" {\n  default = \"§\"\n}",
        "<acmecorp-api-key>§</acmecorp-api-key>",
        "<add key=\"AcmecorpApiKey\" value=\"§\" />",
        "<property name=\"acmecorp.api.key\" value=\"§\"/>",
        "<key>AcmecorpApiKey</key>\n  <string>§</string>",
        "| ACMECORP_API_KEY | §  |",
        "ACMECORP_API_KEY,§\n",
        "Acmecorp-Api-Key: §\r\n",
        "curl -H 'Acmecorp-Api-Key: §' https://x.example",
        "https://x.example/?acmecorp_api_key=§&x=1",
        // Programs.
        "const acmecorpApiKey = \"§\";",
        "acmecorpAPIKey := `§`",
        "var acmecorpApiKey string = \"§\"",
        "let acmecorp_api_key: &str = \"§\";",
        "const ACMECORP_API_KEY: &'static str = \"§\";",
        "const acmecorpApiKey: string = '§';",
        "val acmecorpApiKey: String = \"§\"",
        "private static final String ACMECORP_API_KEY = \"§\";",
        "#define ACMECORP_API_KEY \"§\"",
        "acmecorp_api_key = b'§'",
        "var acmecorpApiKey = @\"§\";",
        "os.environ[\"ACMECORP_API_KEY\"] = \"§\"",
        "os.environ.get('ACMECORP_API_KEY', '§')",
        "process.env.ACMECORP_API_KEY || '§'",
        "ENV['ACMECORP_API_KEY'] ||= '§'",
        "'acmecorp_api_key' => '§',",
        ":acmecorp_api_key => \"§\"",
        "define('ACMECORP_API_KEY', '§');",
        "$acmecorp->apiKey = '§';",
        "Acmecorp(api_key=\"§\")",
        "Acmecorp::Api.key = '§'",
        "let acmecorp_api_key = String::from(\"§\");",
        "acmecorp_api_key = SecretStr(\"§\")",
        "acmecorpApiKeys: [\"§\"]",
        "if acmecorp_api_key == \"§\":",
        "ACMECORP_API_KEY=§",
    ] {
        let text = syntax.replace('§', HEX);
        assert_eq!(found(&text), [HEX], "{syntax}");
        let among = format!("x = 1;\n{text}\ny = 2;\n{text}");
        assert_eq!(found(&among), [HEX, HEX], "twice: {syntax}");
    }
}

#[test]
fn a_short_name_is_found_only_as_a_word_of_its_own() {
    let value = "Qm9+vT/3kZp7Rw2sXy5L";
    for name in
        ["QUX_AUTH_TOKEN", "MY_QUX_AUTH_TOKEN", "quxAuthToken", "qux.auth.token", "QUX AUTH TOKEN"]
    {
        for whole in [value.to_owned(), format!("{value}=="), format!("{value}{}", &value[..15])] {
            let one = format!("{name}={whole}");
            assert_eq!(found(&one), [whole.as_str()], "{name}");
            let row = format!("{one},{one}");
            assert_eq!(found(&row), [whole.as_str(), &whole], "{name}");
        }
    }
    for text in ["FAQUX_AUTH_TOKEN", "qux: { authToken", "qux authentic"] {
        assert_eq!(found(&format!("{text}={value}")), [""; 0], "{text}");
    }
}

#[test]
fn what_is_no_assignment_and_no_whole_value_is_left_alone() {
    for text in [
        format!("acmecorp api key or so, see {HEX}"),
        format!("ACMECORP_API_KEY=$(cat {HEX})"),
        format!("ACMECORP_API_KEY={HEX}0"),
        format!("ACMECORP_API_KEY={HEX}-0"),
        format!("ACMECORP_API_KEY=0{HEX}"),
        format!("ACMECORP_API_KEY=x-{HEX}"),
        format!("ACMECORP_API_KEY={HEX}_x"),
        format!("acmecorp_api_key\n\n{HEX}"),
        format!("acmecorp_key = {HEX}"),
        "acmedots = k3.zq8wmvx2bt.7opzra.t".to_owned(),
        "ACMECORP_API_KEY=${ACMECORP_API_KEY}".to_owned(),
    ] {
        assert_eq!(found(&text), [""; 0], "{text}");
    }
    assert_eq!(found("acmedots = k3.zq8wmvx2bt.7opzra"), ["k3.zq8wmvx2bt.7opzra"]);
}

#[test]
fn a_rule_by_name_has_a_gate_for_each_of_its_anchors() {
    let set = RuleSet::parse([("acme.toml", RULES)]).unwrap();
    let outlines = Outlines::new(Arc::new(set));
    let anchors = Anchors::new(Arc::new(outlines)).unwrap();
    let count = |text: &str| {
        let mut found = Vec::new();
        anchors.find(text.as_bytes(), 0..text.len(), &mut found);
        found.len()
    };
    for prose in [
        "We ship to Acmecorp, and acmecorp ships on.",
        "the acmecorp api is down",
        "Acmecorp API keys are made by administrators.",
        "https://acmecorp.example/api/key",
        "if qux_auth_token is None: raise",
        "a qux auth token, please",
        "qux_auth_token_from_environment()",
    ] {
        assert_eq!(count(prose), 0, "{prose}");
    }
    assert_eq!(count(&format!("acmecorp_api_key={HEX} qux_auth_token: {HEX}")), 2);
}
