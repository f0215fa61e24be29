//! Rules, policies, settings and ledgers that cannot be used.

use crate::leaky;
use crate::sandbox::Sandbox;

const POLICY: &str = include_str!("../../crates/poam/policies/default.toml");

#[test]
fn a_rule_file_with_a_mistake_is_named() {
    let sandbox = Sandbox::new();
    let good = leaky(&sandbox, "good");
    let rule = |more: &str| {
        format!(
            "provider = {{ id = \"acme\", name = \"Acme\" }}\n[[rule]]\nid = \"acme-key\"\n\
             name = \"Acme key\"\nseverity = \"high\"\nconfidence = \"high\"\n\
             anchors = [\"acme_\"]\n{more}\n"
        )
    };
    let fine = "pattern = '\\b(?P<secret>acme_[0-9a-f]{8})\\b'";
    for (text, words) in [
        ("[provider\n".to_owned(), vec!["acme.toml", "line 1"]),
        (rule(&format!("{fine}\nseverty = \"low\"")), vec!["acme.toml", "severty"]),
        (rule("pattern = '(?P<secret>acme_['"), vec!["acme.toml", "acme-key", "unclosed"]),
        (rule(fine).replace("\"high\"", "\"huge\""), vec!["acme.toml", "huge"]),
    ] {
        let path = sandbox.write("config/rules/acme.toml", &text);
        let folder = path.parent().unwrap().to_str().unwrap();
        for command in ["scan", "track"] {
            sandbox.run(&[command, good.arg(), "--rules", folder]).exits(2).complains(&words);
        }
        let ran = sandbox.run(&["rules", "check", path.to_str().unwrap()]);
        ran.exits(2);
        for word in &words {
            assert!(ran.out().contains(word) || ran.err().contains(word), "{word}: {}", ran.out());
        }
    }
    let path = sandbox.write("config/rules/acme.toml", rule(fine));
    let folder = path.parent().unwrap().to_str().unwrap();
    sandbox.run(&["scan", good.arg(), "--rules", folder]).exits(1);
    let ran = sandbox.run(&["scan", good.arg(), "--rules", "/no/such/rules"]);
    ran.exits(2).complains(&["/no/such/rules"]);
}

#[test]
fn a_policy_below_the_floor_and_a_typo_in_a_setting_are_refused() {
    let sandbox = Sandbox::new();
    let good = leaky(&sandbox, "good");
    for (from, to, words) in [
        ("confirmations = 2", "confirmations = 0", ["proof.confirmations", "floor"]),
        ("spread = \"20h\"", "spread = \"1m\"", ["proof.spread", "floor"]),
        ("closure = \"automatic\"", "closure = \"never\"", ["never", "automatic"]),
        ("[cadence]", "[cadense]", ["cadense", "policy"]),
    ] {
        assert!(POLICY.contains(from), "{from}");
        let path = sandbox.write("config/policy.toml", POLICY.replace(from, to));
        let ran = sandbox.run(&["track", good.arg(), "--policy", path.to_str().unwrap()]);
        ran.exits(2).complains(&words).complains(&["policy.toml"]);
    }
    sandbox.run(&["track", good.arg(), "--policy", "/no/such"]).exits(2).complains(&["/no/such"]);
    for (text, word) in [
        ("ledgr = \"x\"\n", "ledgr"),
        ("\n[validate]\ntime_out = 3\n", "time_out"),
        ("\n\n[issuers\n", "line 3"),
    ] {
        sandbox.write("config/quietus/config.toml", text);
        let ran = sandbox.run(&["scan", good.arg()]);
        ran.exits(2).complains(&["config.toml", "line", word]);
    }
    std::fs::remove_file(sandbox.path("config/quietus/config.toml")).unwrap();
    sandbox.run(&["scan", good.arg(), "--config", "/no/such"]).exits(2).complains(&["/no/such"]);
}

#[test]
fn a_foreign_ledger_is_refused_and_left_as_it_is() {
    let sandbox = Sandbox::new();
    let good = leaky(&sandbox, "good");
    sandbox.run(&["item", "list"]).exits(2).complains(&["quietus init"]);
    sandbox.run(&["track", good.arg()]).exits(1);
    let copy = sandbox.path("work/copy.db");
    sandbox.run(&["ledger", "backup", copy.to_str().unwrap()]).exits(0);
    let ours = std::fs::read(&copy).unwrap();

    let refused = |name: &str, bytes: &[u8], words: &[&str]| {
        let path = sandbox.write(&format!("work/{name}"), bytes);
        let url = format!("sqlite://{}", path.display());
        for command in [vec!["item", "list"], vec!["track", good.arg()], vec!["ledger", "verify"]] {
            let ran = sandbox.run(&[&command[..], &["--ledger", &url]].concat());
            ran.exits(2).complains(words).complains(&[name]);
        }
        assert!(std::fs::read(&path).unwrap() == bytes, "{name} was written to");
    };
    // The name and the value of a setting stand side by side in SQLite's records.
    let at = ours.windows(7).position(|part| part == b"schema2").unwrap();
    let mut newer = ours.clone();
    newer[at + 6] = b'9';
    refused("newer.db", &newer, &["schema 9", "upgrade"]);
    refused("text.db", &b"no database at all\n".repeat(100), &["not a Quietus ledger"]);
    // Another organisation's key.
    std::fs::rename(sandbox.path("data/quietus"), sandbox.path("data/before")).unwrap();
    sandbox.run(&["init"]).exits(0);
    refused("copy.db", &ours, &["belongs to key", "init --key-from"]);
    // What the advice says helps.
    std::fs::remove_dir_all(sandbox.path("data/quietus")).unwrap();
    let key = sandbox.path("data/before/key");
    sandbox.run(&["init", "--key-from", key.to_str().unwrap()]).exits(0);
    let url = format!("sqlite://{}", copy.display());
    sandbox.run(&["ledger", "verify", "--ledger", &url]).exits(0);
}
