//! Surveys from elsewhere: what a CI job saw counts as far as its seal goes, and once.

use crate::canary::{Search, token};
use crate::sandbox::{Ran, Sandbox};
use serde_json::Value;
use std::path::Path;

const KEY: &str = "a key of the pipeline that is long enough";

/// Where the ledger is, and where the pipeline runs: they share the organisation's key.
struct Two {
    home: Sandbox,
    pipeline: Sandbox,
}

impl Two {
    /// The pipeline's key is for the repositories of this pattern.
    fn new(pattern: &str) -> Self {
        let (home, pipeline) = (Sandbox::new(), Sandbox::new());
        home.run(&["init"]).exits(0);
        let key = pipeline.write("org-key", std::fs::read(home.key()).unwrap());
        pipeline.run(&["init", "--key-from", key.to_str().unwrap()]).exits(0);
        let file = home.write("survey-key", format!("{KEY}\n"));
        let text = format!(
            "[[survey_key]]\nkey_file = \"{}\"\nrepositories = [\"{pattern}\"]\n",
            file.display()
        );
        home.write("config/quietus/config.toml", text);
        pipeline.write("survey-key", format!("{KEY}\n"));
        let repository = pipeline.repository("work/app");
        repository.git(&["remote", "add", "origin", "https://git.example.org/team/app.git"]);
        repository.commit("app.env", format!("TOKEN={}\n", token("pipeline")), "first");
        Self { home, pipeline }
    }

    fn scan(&self, name: &str, sealed: bool) -> String {
        let key = self.pipeline.path("survey-key");
        let mut args = vec!["scan", "app", "--survey", name];
        if sealed {
            args.extend(["--survey-key", key.to_str().unwrap()]);
        }
        let code = self.pipeline.run(&args).code();
        assert!(matches!(code, Some(0 | 1)), "{code:?}");
        std::fs::read_to_string(self.pipeline.path("work").join(name)).unwrap()
    }

    fn import(&self, text: &str) -> Ran {
        let file = self.home.write("survey.json", text);
        self.home.run(&["import", "survey", file.to_str().unwrap(), "--format", "json"])
    }

    fn item(&self) -> Value {
        let list = self.home.run(&["item", "list", "--format", "json"]).exits(0).json();
        list[0].clone()
    }
}

fn is_removed(item: &Value) -> bool {
    let all = item["milestones"].as_array().unwrap();
    all.iter().any(|one| one["milestone"] == "remove" && one["progress"] == "verified")
}

fn take_away(two: &Two) {
    let repository = two.pipeline.repository("work/app");
    repository.git(&["rm", "-q", "app.env"]);
    repository.git(&["commit", "-q", "-m", "gone"]);
}

#[test]
fn a_sealed_survey_counts_as_one_of_our_own_and_once() {
    let two = Two::new("git.example.org/team/*");
    let first = two.scan("first.json", true);
    let search = Search::new([("the leak", &*token("pipeline")), ("the key", KEY)]);
    assert_eq!(search.found(first.as_bytes()), Vec::<String>::new());
    let told = two.import(&first).exits(1).json();
    assert_eq!((told["trust"].as_str(), &told["doubt"]), (Some("authenticated"), &Value::Null));
    assert!(!is_removed(&two.item()));
    two.import(&first).exits(2).complains(&["counted already"]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    take_away(&two);
    two.import(&two.scan("second.json", true)).exits(1);
    assert!(is_removed(&two.item()), "{:#}", two.item());
    two.home.run(&["ledger", "verify"]).exits(0);
}

#[test]
fn without_a_seal_it_only_adds_sightings() {
    let two = Two::new("git.example.org/team/*");
    let told = two.import(&two.scan("first.json", false)).exits(1).json();
    assert_eq!(told["trust"], "untrusted");
    assert!(two.item().is_object());
    std::thread::sleep(std::time::Duration::from_millis(1100));
    take_away(&two);
    two.import(&two.scan("second.json", false)).exits(1);
    assert!(!is_removed(&two.item()), "{:#}", two.item());
}

/// What was seen later is not shown gone by what was not seen before.
#[test]
fn a_survey_that_was_overtaken_only_adds_sightings() {
    let two = Two::new("git.example.org/team/*");
    let repository = two.pipeline.repository("work/app");
    repository.git(&["mv", "app.env", "kept"]);
    repository.git(&["rm", "-q", "--cached", "kept"]);
    repository.git(&["commit", "-q", "-m", "gone"]);
    std::fs::rename(repository.path.join("kept"), two.pipeline.path("kept")).unwrap();
    let before = two.scan("before.json", true);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let text = std::fs::read(two.pipeline.path("kept")).unwrap();
    repository.commit("app.env", text, "back");
    two.import(&two.scan("after.json", true)).exits(1);
    let told = two.import(&before).exits(1).json();
    assert_eq!(told["trust"], "untrusted");
    assert!(told["doubt"].as_str().unwrap().contains("later scan"), "{told:#}");
    assert!(!is_removed(&two.item()));
}

#[test]
fn a_wrong_seal_another_repository_and_another_key_count_for_nothing() {
    let two = Two::new("git.example.org/other/*");
    let sealed = two.scan("first.json", true);
    two.import(&sealed).exits(2).complains(&["not for git.example.org/team/app"]);
    let two = Two::new("git.example.org/team/*");
    let sealed = two.scan("first.json", true);
    // A word is changed after it was sealed.
    let changed = sealed.replace("app.env", "abb.env");
    assert_ne!(changed, sealed);
    two.import(&changed).exits(2).complains(&["seal"]);
    two.import("{}").exits(2).complains(&["no survey"]);
    let other = Two::new("git.example.org/team/*");
    other.import(&sealed).exits(2).complains(&["fingerprints mean nothing here"]);
    for home in [&two.home, &other.home] {
        let list = home.run(&["item", "list", "--format", "json"]).exits(0).json();
        assert_eq!(list, serde_json::json!([]));
    }
    let nobody = Sandbox::new();
    nobody.repository("work/app").commit("a", "a", "a");
    nobody.run(&["scan", "app", "--survey", "x.json"]).exits(2).complains(&["--key-from"]);
    assert!(!Path::new(&nobody.path("work/x.json")).exists());
}
