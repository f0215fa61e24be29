//! What the place of a file says of what is found in it.
//!
//! The detector knows no paths: what is said here is added when a finding is reported, once for
//! each place it was seen at.

use super::weights::Weights;
use std::sync::LazyLock;

/// A kind of file, and what it is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Login,
    Kept,
    Test,
    Example,
    Document,
    Template,
    Recording,
    Generated,
    Minified,
    Translation,
    Lockfile,
}

/// One pattern of `rules/judge/paths.txt`.
#[derive(Debug)]
enum Pattern {
    /// `name/`: a folder of that name.
    Folder(&'static str),
    /// `*end`: how the file's name ends.
    End(&'static str),
    /// `start*`: how it begins.
    Start(&'static str),
    /// `name`: all of it.
    Name(&'static str),
}

/// The patterns of `rules/judge/paths.txt`, each with the kind that it tells.
static PATTERNS: LazyLock<Vec<(Pattern, Kind)>> =
    LazyLock::new(|| read(include_str!("../../../../../rules/judge/paths.txt")));

fn read(text: &'static str) -> Vec<(Pattern, Kind)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let lists = lines.filter_map(|line| {
        let (name, patterns) = line.split_once(':')?;
        Some((kind(name)?, patterns))
    });
    let each = lists.flat_map(|(kind, patterns)| {
        patterns.split_whitespace().map(move |pattern| (Pattern::read(pattern), kind))
    });
    each.collect()
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "login" => Kind::Login,
        "kept" => Kind::Kept,
        "test" => Kind::Test,
        "example" => Kind::Example,
        "document" => Kind::Document,
        "template" => Kind::Template,
        "recording" => Kind::Recording,
        "generated" => Kind::Generated,
        "minified" => Kind::Minified,
        "translation" => Kind::Translation,
        "lockfile" => Kind::Lockfile,
        _ => return None,
    })
}

impl Pattern {
    fn read(text: &'static str) -> Self {
        if let Some(name) = text.strip_suffix('/') {
            Self::Folder(name)
        } else if let Some(end) = text.strip_prefix('*') {
            Self::End(end)
        } else if let Some(start) = text.strip_suffix('*') {
            Self::Start(start)
        } else {
            Self::Name(text)
        }
    }

    fn fits(&self, folders: &str, name: &str) -> bool {
        match self {
            Self::Folder(one) => folders.split('/').any(|folder| folder == *one),
            Self::End(end) => name.ends_with(end),
            Self::Start(start) => name.starts_with(start),
            Self::Name(one) => name == *one,
        }
    }
}

/// What this path says, in bits: the most that speaks for a secret, and the most that speaks
/// against one.
pub(super) fn weigh(path: &str, weights: &Weights) -> f32 {
    let lower = path.to_lowercase();
    let (folders, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
    let (mut best, mut worst) = (0.0f32, 0.0f32);
    for (_, kind) in PATTERNS.iter().filter(|(pattern, _)| pattern.fits(folders, name)) {
        let weight = weights.place(*kind);
        best = best.max(weight);
        worst = worst.min(weight);
    }
    best + worst
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> f32 {
        weigh(path, Weights::get())
    }

    #[test]
    fn a_path_is_of_the_kind_that_speaks_loudest() {
        let weights = Weights::get();
        for (path, kind) in [
            ("tests/login.rs", Kind::Test),
            ("src/app/LoginTest.java", Kind::Test),
            ("pkg/login_test.go", Kind::Test),
            ("web/login.spec.ts", Kind::Test),
            ("spec/fixtures/users.yml", Kind::Test),
            ("examples/login.py", Kind::Example),
            ("docs/login.md", Kind::Document),
            ("README.rst", Kind::Document),
            ("config/database.yml.example", Kind::Template),
            ("spec/cassettes/login.yml", Kind::Recording),
            ("api/login.pb.go", Kind::Generated),
            ("public/app.min.js", Kind::Minified),
            ("config/locales/fr.yml", Kind::Translation),
            ("po/fr.po", Kind::Translation),
            ("Cargo.lock", Kind::Lockfile),
            ("web/package-lock.json", Kind::Lockfile),
            ("home/.netrc", Kind::Login),
            ("deploy/.env.production", Kind::Kept),
        ] {
            assert_eq!(of(path), weights.place(kind), "{path}");
        }
        for path in ["src/login.rs", "contest/latest.rs", "src/attest.c", "", "/", "testing"] {
            assert_eq!(of(path), 0.0, "{path}");
        }
        let both = weights.place(Kind::Kept) + weights.place(Kind::Test);
        assert_eq!(of("tests/.env"), both);
        assert!(weights.place(Kind::Lockfile) < weights.place(Kind::Test));
    }

    #[test]
    fn every_line_of_the_file_names_a_kind() {
        let text = include_str!("../../../../../rules/judge/paths.txt");
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let (name, patterns) = line.split_once(':').unwrap();
            assert!(kind(name).is_some(), "{line}");
            assert_eq!(patterns, patterns.to_lowercase(), "never met: {line}");
        }
    }
}
