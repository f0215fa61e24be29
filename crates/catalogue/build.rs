//! Writes the list of the rule files under `rules/`, so that adding one needs no code; and the
//! rules once more as JSON, which a program reads at its start many times faster than TOML.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let rules = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../rules");
    println!("cargo::rerun-if-changed={}", rules.display());
    let mut names = Vec::new();
    let mut read = Vec::new();
    for entry in fs::read_dir(&rules)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().and_then(|name| name.to_str());
            names.push(name.ok_or("a rule file's name is not UTF-8")?.to_owned());
        }
    }
    names.sort();
    for name in &names {
        let text = fs::read_to_string(rules.join(name))?;
        let table: toml::Table =
            toml::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
        read.push(table);
    }
    let mut list = String::from("pub(crate) static FILES: &[(&str, &str)] = &[\n");
    for name in &names {
        let path = format!("/../../rules/{name}");
        writeln!(
            list,
            "    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {path:?}))),"
        )?;
    }
    list.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("files.rs"), list)?;
    fs::write(out.join("rules.json"), serde_json::to_string(&read)?)?;
    Ok(())
}
