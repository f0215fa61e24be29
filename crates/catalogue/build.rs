//! Writes the list of the rule files under `rules/`, so that adding one needs no code; the rules once
//! more as JSON, which a program reads at its start many times faster than TOML; and what would take
//! it longer still to find out: what every pattern says of its matches, its program, and the rules'
//! digest.

use quietus_model::{Rule, RuleSet};
use quietus_pattern::{Outline, Program};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let rules = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../rules");
    println!("cargo::rerun-if-changed={}", rules.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(&rules)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.ok_or("a rule file's name is not UTF-8")?.to_owned();
            files.push((name, fs::read_to_string(&path)?));
        }
    }
    files.sort();
    let mut read = Vec::new();
    for (name, text) in &files {
        let table: toml::Table =
            toml::from_str(text).map_err(|error| format!("{name}: {error}"))?;
        read.push(table);
    }
    let set = RuleSet::parse(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("files.rs"), list(&files)?)?;
    let (known, written) = known(&set)?;
    fs::write(out.join("known.rs"), known)?;
    fs::write(out.join("written.bin"), written)?;
    fs::write(out.join("rules.json"), serde_json::to_string(&read)?)?;
    Ok(())
}

/// The files with their texts.
fn list(files: &[(String, String)]) -> Result<String, Box<dyn Error>> {
    let mut list = String::from("pub(crate) static FILES: &[(&str, &str)] = &[\n");
    for (name, _) in files {
        let path = format!("/../../rules/{name}");
        writeln!(
            list,
            "    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {path:?}))),"
        )?;
    }
    list.push_str("];\n");
    Ok(list)
}

/// The digest of the rules; by pattern, in the order of these, the lengths of its matches and its
/// program; and the outlines of the rules by their keys. Programs and outlines are parts of what is
/// given beside that.
fn known(set: &RuleSet) -> Result<(String, Vec<u8>), Box<dyn Error>> {
    let mut written = Vec::new();
    let mut write = |bytes: Vec<u8>| {
        let from = written.len();
        written.extend_from_slice(&bytes);
        format!("written({from}, {})", bytes.len())
    };
    let patterns = |rule: &'_ Rule| {
        let companions = rule.companions.iter().map(|companion| companion.pattern.clone());
        companions.chain([rule.pattern.clone()]).collect::<Vec<_>>()
    };
    let patterns: BTreeSet<String> = set.rules().iter().flat_map(|rule| patterns(rule)).collect();
    let mut known = format!("pub(crate) const DIGEST: &str = {:?};\n", set.digest().to_string());
    known.push_str("pub(crate) static PATTERNS: &[(&str, Lengths, &[u8])] = &[\n");
    for pattern in patterns {
        let read = quietus_pattern::parse(&pattern);
        let hir = read.map_err(|error| format!("{pattern}: {error}"))?;
        let lengths = quietus_pattern::lengths(&hir);
        let program = Program::new(&pattern).and_then(|program| program.write());
        let program = write(program.map_err(|error| format!("{pattern}: {error}"))?);
        writeln!(known, "    ({pattern:?}, {lengths:?}, {program}),")?;
    }
    known.push_str("];\npub(crate) static OUTLINES: &[(&str, &[u8])] = &[\n");
    let mut outlines = BTreeMap::new();
    for rule in set.rules() {
        let outline = Outline::of(rule).map_err(|error| format!("{}: {error}", rule.id))?;
        outlines.insert(Outline::key(rule).to_string(), outline.write()?);
    }
    for (key, outline) in outlines {
        writeln!(known, "    ({key:?}, {}),", write(outline))?;
    }
    known.push_str("];\n");
    Ok((known, written))
}
