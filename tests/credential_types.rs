//! The page about every credential type says what the rules say.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/sandbox.rs"]
mod sandbox;

use sandbox::Sandbox;

const PAGE: &str = include_str!("../docs/credential-types.md");

fn page(rules: &[&str]) -> String {
    Sandbox::new().run(&[&["rules", "list", "--format", "markdown"], rules].concat()).exits(0).out()
}

#[test]
fn the_page_is_that_of_the_rules() {
    let now = page(&[]);
    let told: Vec<&str> = PAGE.lines().collect();
    let differing = now.lines().find(|line| !told.contains(line));
    let differing =
        differing.or_else(|| told.into_iter().find(|line| !now.lines().any(|l| l == *line)));
    assert!(
        now == PAGE,
        "docs/credential-types.md does not say what rules/ says, first in the line\n\n{}\n\nRun:\n\n    \
         cargo run -- rules list --format markdown > docs/credential-types.md\n",
        differing.unwrap_or("(their order)")
    );
}

#[test]
fn every_type_has_one_row_of_nine_cells() {
    let rows: Vec<&str> = PAGE.lines().filter(|line| line.contains("<br>`")).collect();
    let rules = quietus_catalogue::shipped().unwrap();
    for rule in rules.rules() {
        let own = rows.iter().filter(|row| row.contains(&format!("<br>`{}` |", rule.id)));
        assert_eq!(own.count(), 1, "{}", rule.id);
    }
    for row in &rows {
        let cells: Vec<&str> = row.split(" | ").collect();
        assert_eq!(cells.len(), 9, "{row}");
        // A cell that is longer than this makes the others of its row narrow.
        assert!(cells.iter().all(|cell| cell.chars().count() <= 240), "{row}");
    }
    let providers: Vec<String> =
        rows.iter().map(|row| row.split(" | ").next().unwrap().to_lowercase()).collect();
    assert!(providers.is_sorted());
}

#[test]
fn a_rule_of_ones_own_stands_among_them() {
    let sandbox = Sandbox::new();
    let rule = sandbox.run(&["rules", "new", "zzz-corp"]).exits(0).out();
    let rule = rule.replace("= \"\"", "= \"Some words.\"").replace("[\"\"]", "[\"Some words.\"]");
    sandbox.write("own/zzz-corp.toml", rule);
    let folder = sandbox.path("own");
    let page = page(&["--rules", folder.to_str().unwrap()]);
    assert!(
        page.contains("| Zzz corp | Zzz corp api key<br>`zzz-corp-api-key` | `zzz_corp_` + 32 of")
    );
}
