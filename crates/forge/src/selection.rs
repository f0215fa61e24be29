//! Which of a forge's repositories are taken.

use crate::Found;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Which of a forge's repositories are taken.
#[derive(Clone, Debug)]
pub struct Selection {
    include: Option<GlobSet>,
    exclude: GlobSet,
    topics: Vec<String>,
    forks: bool,
    archived: bool,
}

/// A pattern that is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("\"{pattern}\" is no pattern of repository paths, such as team/*")]
pub struct SelectionError {
    /// The pattern.
    pub pattern: String,
}

impl Selection {
    /// Takes what one of `include` matches (all if there is none), none of `exclude` does, and, if
    /// `topics` are named, has one of these. `*` stays within one part of the path, `**` does not.
    ///
    /// # Errors
    /// [`SelectionError`] names the first pattern that is none.
    pub fn new(
        include: &[String],
        exclude: &[String],
        topics: &[String],
        forks: bool,
        archived: bool,
    ) -> Result<Self, SelectionError> {
        let include = if include.is_empty() { None } else { Some(globs(include)?) };
        let topics = topics.iter().map(|topic| topic.to_lowercase()).collect();
        Ok(Self { include, exclude: globs(exclude)?, topics, forks, archived })
    }

    /// Whether `found` is taken.
    pub fn takes(&self, found: &Found) -> bool {
        let path = found.path.to_lowercase();
        let has_topic = || found.topics.iter().any(|t| self.topics.contains(&t.to_lowercase()));
        self.include.as_ref().is_none_or(|include| include.is_match(&path))
            && !self.exclude.is_match(&path)
            && (self.topics.is_empty() || has_topic())
            && (self.forks || !found.fork)
            && (self.archived || !found.archived)
            && !found.disabled
    }
}

/// Forges do not tell paths apart by the case of their letters.
fn globs(patterns: &[String]) -> Result<GlobSet, SelectionError> {
    let wrong = |pattern: &str| SelectionError { pattern: pattern.to_owned() };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(&pattern.to_lowercase()).literal_separator(true).build();
        set.add(glob.map_err(|_| wrong(pattern))?);
    }
    set.build().map_err(|_| wrong(patterns.first().map_or("", String::as_str)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_topics_and_marks_decide() {
        let found = |path: &str| Found {
            id: "1".into(),
            path: path.into(),
            https: format!("https://git.example.org/{path}.git"),
            ssh: None,
            fork: path.ends_with("fork"),
            archived: path.ends_with("old"),
            disabled: path.ends_with("off"),
            topics: vec!["Payments".into()],
        };
        let words = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let takes = |include: &[&str], exclude: &[&str], topics: &[&str], path: &str| {
            Selection::new(&words(include), &words(exclude), &words(topics), false, true)
                .unwrap()
                .takes(&found(path))
        };
        assert!(takes(&[], &[], &[], "team/app") && takes(&[], &[], &[], "team/old"));
        assert!(!takes(&[], &[], &[], "team/fork") && !takes(&[], &[], &[], "team/off"));
        assert!(takes(&["Team/*"], &[], &[], "team/App"));
        assert!(!takes(&["team/*"], &[], &[], "team/sub/app"), "* stays within one part");
        assert!(takes(&["team/**"], &["**/app-*"], &[], "team/sub/app"));
        assert!(!takes(&["team/**"], &["**/app-*"], &[], "team/sub/app-x"));
        assert!(takes(&[], &[], &["payments"], "a/b") && !takes(&[], &[], &["other"], "a/b"));
        assert!(Selection::new(&words(&["a[b"]), &[], &[], true, true).is_err());
    }
}
