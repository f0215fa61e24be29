//! Who a path belongs to, by the CODEOWNERS and mailmap of the default branch.

use crate::store;
use git2::{Mailmap, Repository, Signature};
use globset::{GlobBuilder, GlobMatcher};
use std::path::Path;

/// Where forges look for the file, first found first.
const PLACES: [&str; 4] =
    [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

/// What the default branch says of owners. It suggests; it confers no rights.
pub(crate) struct Owners {
    sections: Vec<Vec<Line>>,
    mailmap: Option<Mailmap>,
}

/// One pattern with its owners.
struct Line {
    globs: Vec<GlobMatcher>,
    owners: Vec<String>,
}

impl Owners {
    /// Nobody is known.
    pub(crate) fn none() -> Self {
        Self { sections: Vec::new(), mailmap: None }
    }

    /// Reads both files from the commit that HEAD names.
    pub(crate) fn read(repository: &Repository) -> Self {
        let Some(tree) = store::head_tree(repository) else {
            return Self::none();
        };
        let file = |path: &str| {
            let object = tree.get_path(Path::new(path)).ok()?.to_object(repository).ok()?;
            object.as_blob().map(|blob| blob.content().to_vec())
        };
        let text = PLACES.iter().find_map(|path| file(path)).unwrap_or_default();
        // Not `Repository::mailmap`, which follows the scanned repository's configuration.
        let mailmap = file(".mailmap")
            .and_then(|text| String::from_utf8(text).ok())
            .and_then(|text| Mailmap::from_buffer(&text).ok());
        Self { sections: parse(&String::from_utf8_lossy(&text)), mailmap }
    }

    /// The owners of a path: in each section those of the last pattern that matches.
    pub(crate) fn of(&self, path: &[u8]) -> Vec<String> {
        let text = String::from_utf8_lossy(path);
        let mut owners: Vec<String> = Vec::new();
        for section in &self.sections {
            let line = section
                .iter()
                .rev()
                .find(|line| line.globs.iter().any(|glob| glob.is_match(text.as_ref())));
            for owner in line.map_or(&[][..], |line| &line.owners) {
                if !owners.contains(owner) {
                    owners.push(owner.clone());
                }
            }
        }
        owners
    }

    /// `Name <mail>` as the person is called now.
    pub(crate) fn current_name(&self, person: &[u8]) -> Vec<u8> {
        let resolved = self.mailmap.as_ref().and_then(|mailmap| {
            let text = std::str::from_utf8(person).ok()?;
            let (name, mail) = text.rsplit_once(" <")?;
            let time = git2::Time::new(0, 0);
            let signature = Signature::new(name, mail.trim_end_matches('>'), &time).ok()?;
            let now = mailmap.resolve_signature(&signature).ok()?;
            Some([now.name_bytes(), b" <", now.email_bytes(), b">"].concat())
        });
        resolved.unwrap_or_else(|| person.to_vec())
    }
}

/// Reads a CODEOWNERS file. Sections are GitLab's; a file without any is one section.
fn parse(text: &str) -> Vec<Vec<Line>> {
    let mut sections: Vec<Vec<Line>> = vec![Vec::new()];
    let mut default_owners: Vec<String> = Vec::new();
    let mut in_section = false;
    for line in text.lines() {
        let words = words(line);
        let Some((first, owners)) = words.split_first() else { continue };
        let owners: Vec<String> = owners.to_vec();
        if first.trim_start_matches('^').starts_with('[') {
            default_owners = owners.into_iter().filter(|word| word.contains('@')).collect();
            sections.push(Vec::new());
            in_section = true;
            continue;
        }
        if first.starts_with('!') {
            continue;
        }
        let owners = if owners.is_empty() && in_section { default_owners.clone() } else { owners };
        if let Some(section) = sections.last_mut() {
            section.push(Line { globs: globs(first), owners });
        }
    }
    sections
}

/// Splits a line at spaces that no backslash escapes, up to a comment.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut characters = line.trim().chars();
    while let Some(c) = characters.next() {
        let is_first = words.last().is_some_and(String::is_empty);
        match c {
            '\\' => {
                if let (Some(word), Some(next)) = (words.last_mut(), characters.next()) {
                    if !matches!(next, ' ' | '#') {
                        word.push('\\');
                    }
                    word.push(next);
                }
            }
            '#' if is_first => break,
            c if c.is_whitespace() => {
                if !is_first {
                    words.push(String::new());
                }
            }
            c => {
                if let Some(word) = words.last_mut() {
                    word.push(c);
                }
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The globs of a pattern, which follows `.gitignore`'s rules: a slash at the start or in the
/// middle binds it to the top, a folder owns all that is in it.
fn globs(pattern: &str) -> Vec<GlobMatcher> {
    let body = pattern.trim_start_matches('/');
    let is_bound = body.len() < pattern.len() || body.trim_end_matches('/').contains('/');
    let folder = body.trim_end_matches('/');
    let base = if is_bound { folder.to_owned() } else { format!("**/{folder}") };
    let mut texts = Vec::new();
    if body.is_empty() {
        texts.push("**".to_owned());
    } else if body.ends_with('/') {
        texts.push(format!("{base}/**"));
    } else {
        // `docs/*` are the files of one folder; `docs/x` is also all of a folder of that name.
        if !(is_bound && folder.ends_with("/*")) {
            texts.push(format!("{base}/**"));
        }
        texts.push(base);
    }
    texts
        .iter()
        .filter_map(|text| {
            let glob = GlobBuilder::new(text).literal_separator(true).build().ok()?;
            Some(glob.compile_matcher())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(text: &str, path: &str) -> Vec<String> {
        Owners { sections: parse(text), mailmap: None }.of(path.as_bytes())
    }

    const GITHUB: &str = "\
# who owns what
*            @all
*.js         @js #inline comment
/build/logs/ @doctocat
docs/*       docs@example.org
apps/        @octocat
/scripts/x   @a @b
with\\ space/ @s
/apps/github
";

    #[test]
    fn the_last_pattern_that_matches_wins() {
        for (path, owner) in [
            ("README", "@all"),
            ("a/b.js", "@js"),
            ("build/logs/x/y", "@doctocat"),
            ("sub/build/logs/x", "@all"),
            ("docs/getting-started.md", "docs@example.org"),
            ("docs/build-app/troubleshooting.md", "@all"),
            ("deep/apps/x", "@octocat"),
            ("with space/f", "@s"),
        ] {
            assert_eq!(owners(GITHUB, path), [owner], "{path}");
        }
        assert_eq!(owners(GITHUB, "scripts/x/y"), ["@a", "@b"]);
        assert_eq!(owners(GITHUB, "apps/github/x"), Vec::<String>::new());
    }

    #[test]
    fn sections_add_up_and_lend_their_owners() {
        let text = "* @top\n[Docs] @docs\n*.md\n^[Data][2] @data\n*.sql\n/x.md @x\n";
        assert_eq!(owners(text, "a.md"), ["@top", "@docs"]);
        assert_eq!(owners(text, "a.sql"), ["@top", "@data"]);
        assert_eq!(owners(text, "x.md"), ["@top", "@docs", "@x"]);
    }
}
