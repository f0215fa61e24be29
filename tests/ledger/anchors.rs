//! `quietus ledger anchor`, into a file and into tags of a git repository: what was cut short or written
//! anew is named by its first entry.

use crate::sandbox::{Ran, Sandbox};
use crate::world::token;
use rcgen::{KeyPair, PKCS_ED25519};
use std::path::PathBuf;
use std::time::Duration;

/// A tracked leak, and a pair of keys.
struct Ground {
    sandbox: Sandbox,
    private: PathBuf,
    public: PathBuf,
}

impl Ground {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let app = sandbox.repository("work/app");
        app.commit("ci.env", format!("GITLAB_TOKEN={}\n", token("anchored")), "Add CI");
        sandbox.run(&["track", app.arg()]).exits(1);
        let pair = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let private = sandbox.write("keys/private.pem", pair.serialize_pem());
        let public = sandbox.write("keys/public.pem", pair.public_key_pem());
        // Who audits it keeps it where whoever writes the ledger does not come.
        sandbox.repository("audit").commit("README", "anchors\n", "Begin");
        Self { sandbox, private, public }
    }

    fn path(&self, name: &str) -> String {
        self.sandbox.path(name).display().to_string()
    }

    fn anchor(&self, to: &str) -> Ran {
        let (key, to) = (self.private.to_str().unwrap(), self.path(to));
        self.sandbox.run(&["ledger", "anchor", "--key", key, "--to", &to])
    }

    fn verify(&self, ledger: &str, anchors: &str) -> Ran {
        let ledger = format!("sqlite://{}", self.path(ledger));
        let (key, anchors) = (self.public.to_str().unwrap(), self.path(anchors));
        let known = ["--anchors", &anchors, "--public-key", key, "--ledger", &ledger];
        self.sandbox.run(&[&["ledger", "verify"][..], &known].concat())
    }
}

const LEDGER: &str = "data/quietus/ledger.db";

#[test]
fn a_ledger_that_is_cut_short_or_written_anew_is_named_by_a_file_and_by_tags() {
    let ground = Ground::new();
    let early = ground.path("early.db");
    ground.sandbox.run(&["ledger", "backup", &early]).exits(0);
    ground.sandbox.run(&["item", "act", "V-1", "note", "somebody looks at it"]).exits(0);
    for to in ["anchors.jsonl", "audit"] {
        let told = ground.verify(LEDGER, to);
        told.exits(2).complains(&[to]);
        ground.anchor(to).exits(0);
        let told = ground.verify(LEDGER, to).exits(0).out();
        assert!(told.contains("internally consistent, anchored up to entry"), "{told}");
        // It is whole in itself, and shorter than what was signed.
        ground
            .sandbox
            .run(&["ledger", "verify", "--ledger", &format!("sqlite://{early}")])
            .exits(0);
        ground.verify("early.db", to).exits(2).complains(&["entry", "is missing", "it was signed"]);
    }
    // All of it written anew, with the same key. Ledgers of one second begin alike.
    std::thread::sleep(Duration::from_millis(1100));
    ground.sandbox.run(&["track", &ground.path("work/app"), "--ledger", &ground.fresh()]).exits(1);
    for to in ["anchors.jsonl", "audit"] {
        let told = ground.verify("anew.db", to);
        told.exits(2).complains(&["entry 1 ", "is not the one that was signed"]);
    }
}

#[test]
fn tags_are_many_and_each_is_signed() {
    let ground = Ground::new();
    ground.anchor("audit").exits(0);
    ground.anchor("audit").exits(2).complains(&["quietus-ledger-", "is there already"]);
    ground.sandbox.run(&["item", "act", "V-1", "note", "a word"]).exits(0);
    ground.anchor("audit").exits(0);
    let audit = ground.sandbox.repository("audit");
    let tags = audit.git(&["tag", "--list"]);
    assert_eq!(tags.lines().count(), 2, "{tags}");
    ground.verify(LEDGER, "audit").exits(0);

    // Somebody makes one up, without the key.
    let last = tags.lines().last().unwrap();
    let said = audit.git(&["tag", "--list", "--format=%(contents)", last]);
    let forged = said.replacen("\"seq\":", "\"seq\":1", 1);
    audit.git(&["tag", "-a", "quietus-ledger-99", "-m", &forged]);
    ground
        .verify(LEDGER, "audit")
        .exits(2)
        .complains(&["quietus-ledger-99", "is not signed by this"]);
    audit.git(&["tag", "-d", "quietus-ledger-99"]);
    audit.git(&["tag", "quietus-ledger-99"]);
    ground.verify(LEDGER, "audit").exits(2).complains(&["quietus-ledger-99"]);
    audit.git(&["tag", "-d", "quietus-ledger-99"]);
    ground.verify(LEDGER, "audit").exits(0);

    std::fs::create_dir(ground.sandbox.path("folder")).unwrap();
    ground.anchor("folder").exits(2).complains(&["folder"]);
    ground.sandbox.repository("empty");
    ground.anchor("empty").exits(2).complains(&["no commit"]);
}

impl Ground {
    fn fresh(&self) -> String {
        format!("sqlite://{}", self.path("anew.db"))
    }
}
