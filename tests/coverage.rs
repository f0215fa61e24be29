//! The coverage probe: one key stands in one place of a repository, and a whole scan tells of it.
//!
//! Each place is tried in each layout of the store in which it can be, and then there are the
//! stores that are made of more than one folder, or of less than everything.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "coverage/forms.rs"]
mod forms;
#[path = "coverage/layouts.rs"]
mod layouts;
#[path = "coverage/places.rs"]
mod places;
#[path = "support/sandbox.rs"]
mod sandbox;
#[path = "coverage/stores.rs"]
mod stores;

use layouts::Layout;
use places::Planted;
use sandbox::{Repository, Sandbox};
use serde_json::Value;
use std::path::Path;

/// What a scan of one source told.
struct Told(Value);

/// Scans all of `path`.
fn scan(sandbox: &Sandbox, path: &Path) -> Told {
    let path = path.to_str().unwrap();
    Told(sandbox.run(&["scan", path, "--format", "json", "--show-secrets"]).json())
}

impl Told {
    /// Where `key` was found, each place once.
    fn paths(&self, key: &str) -> Vec<&str> {
        let findings = self.0["findings"].as_array().unwrap().iter();
        findings.filter(|f| f["secret"] == key).map(|f| f["path"].as_str().unwrap()).collect()
    }

    /// The reasons of the gaps and what they name.
    fn gaps(&self) -> Vec<(&str, &str)> {
        let scopes = self.0["scopes"].as_array().unwrap();
        let gaps = scopes.iter().flat_map(|scope| scope["gaps"].as_array().unwrap());
        gaps.map(|gap| (gap["reason"].as_str().unwrap(), gap["object"].as_str().unwrap())).collect()
    }

    /// Fails unless `key` was found at `path` and nowhere else, and all was read.
    fn is_only_at(&self, key: &str, path: &str) {
        assert_eq!(self.paths(key), [path], "{:#}", self.0);
        assert_eq!(self.gaps(), [], "{:#}", self.0);
    }
}

/// One key in one place of a repository in one layout.
fn probe(layout: &Layout, place: &str, plant: fn(&Repository<'_>, &str) -> Planted) {
    let sandbox = Sandbox::new();
    let repository = layout.begin(&sandbox);
    repository.commit("plain.txt", "Nothing to see.\n", "Begin");
    let key = canary::token(place);
    let planted = plant(&repository, &key);
    let path = layout.finish(&repository);
    scan(&sandbox, &path).is_only_at(&key, layout.shown(planted.path));
}

/// One test for each place in one layout.
macro_rules! probes {
    ($layout:ident: $($place:ident)+) => {
        mod $layout {
            $(#[test]
            fn $place() {
                crate::probe(&crate::layouts::$layout(), stringify!($place), crate::places::$place);
            })+
        }
    };
}

probes!(loose: head deleted_file deleted_on_a_merged_branch only_in_a_merge stash stash_untracked
    reflog unreachable commit_message tag_message note index own_configuration);
probes!(packed: head deleted_file deleted_on_a_merged_branch only_in_a_merge stash stash_untracked
    reflog unreachable commit_message tag_message note index own_configuration);
probes!(bare: head deleted_file deleted_on_a_merged_branch only_in_a_merge stash stash_untracked
    reflog unreachable commit_message tag_message note own_configuration);
probes!(sha256_loose: head deleted_file deleted_on_a_merged_branch only_in_a_merge stash
    stash_untracked reflog unreachable commit_message tag_message note index own_configuration);
probes!(sha256_packed: head deleted_file deleted_on_a_merged_branch only_in_a_merge stash
    stash_untracked reflog unreachable commit_message tag_message note index own_configuration);

/// A clean repository tells of nothing, so that what the probes find is what they planted.
#[test]
fn nothing_is_found_where_nothing_is() {
    for layout in [layouts::loose(), layouts::packed(), layouts::bare()] {
        let sandbox = Sandbox::new();
        let repository = layout.begin(&sandbox);
        repository.commit("plain.txt", "Nothing to see.\n", "Begin");
        let told = scan(&sandbox, &layout.finish(&repository));
        assert_eq!(told.0["findings"], serde_json::json!([]));
        assert_eq!(told.gaps(), []);
    }
}
