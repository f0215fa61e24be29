//! Rules are begun, tried and corrected with the program alone, as the guide tells.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/sandbox.rs"]
mod sandbox;

use sandbox::Sandbox;

const GUIDE: &str = include_str!("../docs/rules.md");

/// The rule files that the guide shows.
fn examples() -> Vec<&'static str> {
    let blocks = GUIDE.split("```toml\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap()).collect()
}

fn filled(skeleton: &str) -> String {
    skeleton.replace("= \"\"", "= \"Some words.\"").replace("[\"\"]", "[\"Some words.\"]")
}

#[test]
fn every_example_of_the_guide_passes_every_question() {
    let sandbox = Sandbox::new();
    let examples = examples();
    assert_eq!(examples.len(), 4);
    for (number, example) in examples.iter().enumerate() {
        let path = sandbox.write(&format!("rules/{number}.toml"), example);
        let ran = sandbox.run(&["rules", "test", path.to_str().unwrap()]);
        assert!(ran.exits(0).out().contains(" 0 failed"), "{}", ran.out());
    }
    // All of them at once, from their folder.
    let folder = sandbox.path("rules");
    let ran = sandbox.run(&["rules", "test", folder.to_str().unwrap()]);
    assert!(ran.exits(0).out().contains("4 rules in 4 files"), "{}", ran.out());
}

#[test]
fn a_skeleton_passes_once_its_blanks_are_filled_and_not_before() {
    let sandbox = Sandbox::new();
    for kind in [&[][..], &["--by-name"]] {
        let skeleton = sandbox.run(&[&["rules", "new", "acme-corp"], kind].concat()).exits(0).out();
        let path = sandbox.write("acme-corp.toml", &skeleton);
        let path = path.to_str().unwrap();
        let blank = sandbox.run(&["rules", "test", path]);
        for field in ["remedy.rotate", "remedy.revoke", "remedy.after_revoke"] {
            assert!(blank.exits(2).out().contains(field), "{}", blank.out());
        }
        sandbox.write("acme-corp.toml", filled(&skeleton));
        let ran = sandbox.run(&["rules", "test", path]);
        assert!(ran.exits(0).out().contains(" 0 failed"), "{}", ran.out());
        sandbox.run(&["rules", "check", path]).exits(0);
    }
}

#[test]
fn a_new_file_is_never_written_over_and_a_bad_name_is_refused() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("acme.toml");
    let path = path.to_str().unwrap();
    let new = ["rules", "new", "acme", "acme-token", "--output", path];
    assert!(sandbox.run(&new).exits(0).out().contains("rules test"));
    assert!(std::fs::read_to_string(path).unwrap().contains("id = \"acme-token\""));
    sandbox.run(&new).exits(2).complains(&["acme.toml", "never written over"]);
    sandbox.run(&["rules", "new", "Acme"]).exits(2).complains(&["Acme", "kebab-case"]);
    sandbox.run(&["rules", "new", ""]).exits(2).complains(&["kebab-case"]);
}

#[test]
fn each_question_that_fails_is_one_line_and_overlaps_with_shipped_rules_show() {
    let sandbox = Sandbox::new();
    let sound = filled(&sandbox.run(&["rules", "new", "acme"]).exits(0).out());
    let negative = ["acme_", "vQ8mZr2L", "kT5xWn7B", "qJ4pYc6H", "sD9fGt3N"].concat();
    for (from, to, said) in [
        ("[0-9A-Za-z]{32})", "[0-9A-Za-z]{31})", "acme-api-key: positive: "),
        ("{32})\\b", "{32})", "acme-api-key: mutants: "),
        ("<your key>", &negative, "acme-api-key: negative: "),
        ("pattern = '", "pattern = '(", "cannot be read"),
        ("severity", "severty", "severty"),
    ] {
        let text = sound.replace(from, to);
        assert_ne!(text, sound, "{from}");
        let path = sandbox.write("acme.toml", text);
        let ran = sandbox.run(&["rules", "test", path.to_str().unwrap()]);
        let told = format!("{}{}", ran.exits(2).out(), ran.err());
        assert!(told.contains(said), "{from}: {told}");
    }
    // A rule by the name that a shipped one knows: which of the two is reported would be chance.
    let path = sandbox.write("dog.toml", DOG);
    for command in ["test", "check"] {
        let ran = sandbox.run(&["rules", command, path.to_str().unwrap()]);
        assert!(ran.exits(2).out().contains("datadog-api-key claims"), "{}", ran.out());
    }
    sandbox.write("dog.toml", DOG.replace("entropy", "precedence = 41\nentropy"));
    sandbox.run(&["rules", "check", path.to_str().unwrap()]).exits(0);
}

const DOG: &str = r#"
provider = { id = "dog", name = "Dog" }
[[rule]]
id = "dog-key"
name = "Dog key"
severity = "high"
confidence = "medium"
names = ["datadog api key"]
value = "[0-9a-f]{32}"
entropy = 3.0
shape.parts = [{ chars = "0-9a-f", len = 32 }]
remedy = { rotate = "Make another.", revoke = "Delete it.", after_revoke = ["Read the log."] }
"#;
