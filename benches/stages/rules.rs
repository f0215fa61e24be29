//! The rules that are measured: those that ship, and those of the folders that `RULES` names.

use quietus_model::RuleSet;
use std::path::PathBuf;
use std::sync::Arc;

/// The rules that ship with the caller's own, as the program takes them by `--rules`.
pub(crate) fn rules() -> Arc<RuleSet> {
    let named = std::env::var_os("RULES").unwrap_or_default();
    let mut files = Vec::new();
    for folder in std::env::split_paths(&named).filter(|folder| folder.as_os_str() != "") {
        let entries = std::fs::read_dir(folder).expect("RULES names folders");
        let paths = entries.map(|entry| entry.expect("it can be listed").path());
        let is_rule = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "toml");
        files.extend(paths.filter(is_rule).map(|path| {
            (path.display().to_string(), std::fs::read_to_string(path).expect("it can be read"))
        }));
    }
    files.sort();
    let files = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    Arc::new(quietus_catalogue::shipped_with(files).expect("the files hold rules"))
}
