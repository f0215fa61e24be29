//! Paths by patterns as in a `.gitignore`.

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use quietus_model::SafeText;

/// Patterns of paths. The last one that speaks of a path decides; `!` takes back.
#[derive(Clone, Debug)]
pub(super) struct Patterns(Gitignore);

impl Patterns {
    /// Reads patterns, each as a line of a `.gitignore` at the top of a repository.
    ///
    /// # Errors
    /// The first that is none, and why.
    pub(super) fn read(
        patterns: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, (String, String)> {
        let mut builder = GitignoreBuilder::new("");
        for pattern in patterns {
            let pattern = pattern.as_ref();
            let told = |error: ignore::Error| (pattern.to_owned(), error.to_string());
            builder.add_line(None, pattern).map_err(told)?;
        }
        builder.build().map(Self).map_err(|error| (String::new(), error.to_string()))
    }

    /// Whether they name a file of this path, or a folder above it. What has no path has none.
    pub(super) fn matches(&self, path: &SafeText) -> bool {
        let path = path.as_str().trim_start_matches('/');
        !path.is_empty() && self.0.matched_path_or_any_parents(path, false).is_ignore()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_gitignore() {
        let patterns =
            Patterns::read(["vendor/", "*.lock", "/docs/**/*.md", "!keep.lock"]).unwrap();
        for (path, expected) in [
            ("vendor/a/b.c", true),
            ("x/vendor/b.c", true),
            ("vendor", false),
            ("a/b.lock", true),
            ("a/keep.lock", false),
            ("docs/a/b.md", true),
            ("x/docs/a.md", false),
            ("/vendor/a", true),
            ("../vendor/a", true),
            ("", false),
        ] {
            assert_eq!(patterns.matches(&SafeText::plain(path)), expected, "{path}");
        }
        assert!(Patterns::read(["[z-a]"]).is_err());
    }
}
