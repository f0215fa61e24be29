//! The programs that `tests/tools.sh` installs: CI must have every one, elsewhere tests go without.

use std::path::{Path, PathBuf};

/// What `tests/tools.sh` installed at this path of its own folder.
pub(crate) fn installed(path: impl AsRef<Path>) -> Option<PathBuf> {
    let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let root = above.find(|folder| folder.join("tests/tools.sh").exists())?;
    let tools = std::env::var_os("QUIETUS_TEST_TOOLS")
        .map_or_else(|| root.join("target/test-tools"), |dir| root.join(dir));
    there(tools.join(path))
}

/// `path`, if there is something. CI must have every tool; elsewhere its tests are skipped.
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn there(path: PathBuf) -> Option<PathBuf> {
    if path.exists() {
        return Some(path);
    }
    let missing = format!("{} does not exist; run tests/tools.sh", path.display());
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{missing}");
    eprintln!("SKIPPED: {missing}");
    None
}
