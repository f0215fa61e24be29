//! Which self-hosted issuers nobody has listed yet, the lines that list them, and who is asked.

use crate::output::{self, plural};
use crate::places;
use crate::settings::Config;
use crate::setup::Setup;
use anyhow::{Context, Result};
use quietus_model::RuleSet;
use quietus_poam::PoamItem;
use std::collections::BTreeMap;
use std::fs;
use std::io::{IsTerminal, stdin, stdout};

/// The table of the configuration that lists instances.
const TABLE: &str = "[issuers]";

/// A kind of issuer that can be self-hosted and is not listed: a denial by it proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unlisted {
    /// Its name under `[issuers]`.
    pub(crate) kind: String,
    /// The instance that everybody can use, where there is one.
    pub(crate) public: Option<String>,
    /// How many open items hang on it. Those that a person bound need no list.
    pub(crate) items: usize,
}

impl Unlisted {
    /// The line to add. Its example host is one that no name server knows, so that a line which
    /// nobody corrected lets nothing close.
    pub(crate) fn line(&self) -> String {
        let own = format!("https://{}.example", self.kind);
        let all: Vec<&str> = self.public.as_deref().into_iter().chain([own.as_str()]).collect();
        line(&self.kind, &all)
    }
}

/// Every kind that is not listed, those that most items hang on first.
pub(crate) fn unlisted(config: &Config, rules: &RuleSet, items: &[PoamItem]) -> Vec<Unlisted> {
    let mut kinds: BTreeMap<&str, Unlisted> = BTreeMap::new();
    for recipe in rules.rules().iter().filter_map(|rule| rule.validate.as_ref()) {
        if recipe.self_hosted && !config.issuers.contains_key(&recipe.issuer) {
            let public = Some(&recipe.endpoint).filter(|url| !url.is_empty() && !url.contains('{'));
            let kind = || Unlisted { kind: recipe.issuer.clone(), public: None, items: 0 };
            let known = kinds.entry(&recipe.issuer).or_insert_with(kind);
            known.public = known.public.take().or(public.cloned());
        }
    }
    for item in items.iter().filter(|item| item.is_active() && item.bound().is_empty()) {
        let rule = rules.get(&item.detection.rule);
        let recipe = rule.and_then(|rule| rule.validate.as_ref());
        if let Some(kind) = recipe.and_then(|recipe| kinds.get_mut(recipe.issuer.as_str())) {
            kind.items += 1;
        }
    }
    let mut all: Vec<Unlisted> = kinds.into_values().collect();
    all.sort_by(|a, b| (b.items, &a.kind).cmp(&(a.items, &b.kind)));
    all
}

/// What is found of `unlisted`, and what to add to the configuration at `file`.
pub(crate) fn advice(unlisted: &[Unlisted], file: &str) -> (String, Vec<String>) {
    let pressing: Vec<&Unlisted> = unlisted.iter().filter(|kind| kind.items > 0).collect();
    let rest: Vec<&str> =
        unlisted.iter().filter(|kind| kind.items == 0).map(|kind| kind.kind.as_str()).collect();
    let named: Vec<String> = pressing
        .iter()
        .map(|kind| format!("{} ({})", kind.kind, plural(kind.items as u64, "open item")))
        .collect();
    let mut found = match named.as_slice() {
        [] => "no open item hangs on a kind that is not listed".to_owned(),
        named => format!("not listed, so that no denial counts: {}", named.join(", ")),
    };
    if !rest.is_empty() {
        let names = rest.join(", ");
        found += &format!("; not listed either, with rules and no open item: {names}");
    }
    let mut lines = Vec::new();
    if !pressing.is_empty() {
        lines.push(format!("add to {file}, with ALL instances you use in place of these:"));
        lines.push(TABLE.to_owned());
        lines.extend(pressing.iter().map(|kind| kind.line()));
        lines.push("or settle a single item: `quietus item act ID bind HOST --note …`".to_owned());
    }
    (found, lines)
}

/// Asks, if somebody is there, for the instances of each kind that open items hang on, and adds what
/// is said to the configuration. Whether anything was added.
pub(crate) fn ask(setup: &Setup, unlisted: &[Unlisted]) -> Result<bool> {
    if setup.quiet || !stdin().is_terminal() || !stdout().is_terminal() {
        return Ok(false);
    }
    let mut lines = Vec::new();
    for kind in unlisted.iter().filter(|kind| kind.items > 0) {
        let public = kind.public.as_deref().map(|url| format!(" (the public one is {url})"));
        output::ask(&format!(
            "{}: every instance you use, as URLs with blanks between them{}; \
             nothing leaves it open: ",
            kind.kind,
            public.unwrap_or_default()
        ))?;
        let mut said = String::new();
        stdin().read_line(&mut said).context("reading your answer")?;
        let urls: Vec<&str> = said.split_whitespace().collect();
        if !urls.is_empty() {
            lines.push(line(&kind.kind, &urls));
        }
    }
    if lines.is_empty() {
        return Ok(false);
    }
    add(setup, &lines)?;
    Ok(true)
}

/// Adds lines to `[issuers]` of the configuration file, unless that would spoil it.
fn add(setup: &Setup, lines: &[String]) -> Result<()> {
    let path = &setup.config_file;
    let shown = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("reading {shown}"))?;
    let text = with_lines(&text, lines);
    let read: Config = crate::settings::read_toml(path, &text)?;
    setup.check(&read).with_context(|| format!("{shown} was left as it is"))?;
    places::write_whole(path, &text)?;
    output::notice(&format!("added to {TABLE} of {shown}: {}", lines.join(", ")));
    Ok(())
}

/// `text` with `lines` behind the head of its table, which is added where there is none.
fn with_lines(text: &str, lines: &[String]) -> String {
    let added = lines.join("\n");
    let mut whole = String::new();
    let mut is_done = false;
    for own in text.lines() {
        whole += own;
        whole.push('\n');
        let head = own.split('#').next().unwrap_or_default().trim();
        if !is_done && head == TABLE {
            whole += &format!("{added}\n");
            is_done = true;
        }
    }
    if !is_done {
        whole += &format!("\n{TABLE}\n{added}\n");
    }
    whole
}

fn line(kind: &str, urls: &[&str]) -> String {
    let urls: Vec<toml::Value> = urls.iter().map(|url| (*url).into()).collect();
    format!("{kind} = {}", toml::Value::Array(urls))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(kind: &str, public: Option<&str>, items: usize) -> Unlisted {
        Unlisted { kind: kind.to_owned(), public: public.map(str::to_owned), items }
    }

    #[test]
    fn a_line_that_nobody_corrected_binds_nothing_but_what_cannot_answer() {
        let config: Config = toml::from_str(&format!(
            "[issuers]\n{}\n{}\n",
            kind("gitlab", Some("https://gitlab.com"), 1).line(),
            kind("vault", None, 1).line()
        ))
        .unwrap();
        assert_eq!(config.issuers["gitlab"], ["https://gitlab.com", "https://gitlab.example"]);
        assert_eq!(config.issuers["vault"], ["https://vault.example"]);
    }

    #[test]
    fn lines_go_into_the_table_and_nothing_else_changes() {
        let lines = [r#"vault = ["https://v.corp"]"#.to_owned()];
        let with = "ledger = \"sqlite:///x\"\n[issuers] # ours\ngitlab = [\"https://a\"]\n[scan]\n";
        let without = "ledger = \"sqlite:///x\"\n[scan]\n# [issuers]\n";
        for text in [with, without, ""] {
            let whole = with_lines(text, &lines);
            let before: Config = toml::from_str(text).unwrap();
            let after: Config = toml::from_str(&whole).unwrap();
            assert_eq!(after.issuers["vault"], ["https://v.corp"]);
            assert_eq!(after.issuers.len(), before.issuers.len() + 1);
            assert_eq!(after.ledger, before.ledger);
            assert!(text.lines().all(|line| whole.lines().any(|other| other == line)), "{whole}");
        }
    }
}
