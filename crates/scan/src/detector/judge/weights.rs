//! The weights of `rules/judge/weights.toml`, as numbers by name.

use super::name::Named;
use super::path::Kind;
use quietus_model::Confidence;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The file as it stands: a change of it is a change of the program, as one of the code here is.
const FILE: &str = include_str!("../../../../../rules/judge/weights.toml");

static WEIGHTS: LazyLock<Weights> = LazyLock::new(|| Weights::read(FILE));

/// Every weight, in bits of evidence for a secret.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Weights {
    pub(super) given: Named,
    random: f32,
    pub(super) password: f32,
    pub(super) secret: f32,
    pub(super) token: f32,
    pub(super) key_of: f32,
    pub(super) some_key: f32,
    pub(super) key: f32,
    pub(super) auth: f32,
    pub(super) unknown_tail: f32,
    pub(super) letters: f32,
    pub(super) letters_most: f32,
    pub(super) words_most: f32,
    pub(super) hex: f32,
    pub(super) uuid: f32,
    pub(super) mixed: f32,
    pub(super) strewn: f32,
    pub(super) long: f32,
    pub(super) digits: f32,
    pub(super) digits_long: f32,
    pub(super) marks: f32,
    pub(super) sequence: f32,
    pub(super) typed: f32,
    pub(super) weak: f32,
    pub(super) chosen: f32,
    pub(super) short: f32,
    pub(super) spaces: f32,
    pub(super) stored_hash: f32,
    pub(super) same_as_name: f32,
    pub(super) bare_in_code: f32,
    pub(super) bare_in_setting: f32,
    pub(super) looked_up: f32,
    pub(super) near_hash: f32,
    login: f32,
    kept: f32,
    test: f32,
    example: f32,
    document: f32,
    template: f32,
    recording: f32,
    generated: f32,
    minified: f32,
    translation: f32,
    lockfile: f32,
    low: f32,
    medium: f32,
    high: f32,
}

impl Weights {
    pub(super) fn get() -> &'static Self {
        &WEIGHTS
    }

    /// What a syntax is worth that also stands in prose.
    pub(super) fn random(&self) -> Named {
        Named { needs: self.random, is_password: false, ..self.given }
    }

    /// What the name of an issuer is worth: nobody chooses the values.
    pub(super) fn issued(&self) -> Named {
        Named { needs: -self.given.weight, is_password: false, ..self.given }
    }

    /// One `name = number` a line. A weight that is missing counts nothing; a test sees to it that
    /// none is.
    fn read(text: &str) -> Self {
        let lines = text.lines().filter_map(|line| {
            let (name, rest) = line.split_once('=')?;
            let number = rest.split('#').next()?.trim().parse::<f32>().ok()?;
            Some((name.trim(), number))
        });
        let all: HashMap<&str, f32> = lines.collect();
        let of = |name: &str| all.get(name).copied().unwrap_or_default();
        Self {
            given: Named { weight: of("given"), needs: 0.0, is_password: true },
            random: of("random"),
            password: of("password"),
            secret: of("secret"),
            token: of("token"),
            key_of: of("key_of"),
            some_key: of("some_key"),
            key: of("key"),
            auth: of("auth"),
            unknown_tail: of("unknown_tail"),
            letters: of("letters"),
            letters_most: of("letters_most"),
            words_most: of("words_most"),
            hex: of("hex"),
            uuid: of("uuid"),
            mixed: of("mixed"),
            strewn: of("strewn"),
            long: of("long"),
            digits: of("digits"),
            digits_long: of("digits_long"),
            marks: of("marks"),
            sequence: of("sequence"),
            typed: of("typed"),
            weak: of("weak"),
            chosen: of("chosen"),
            short: of("short"),
            spaces: of("spaces"),
            stored_hash: of("stored_hash"),
            same_as_name: of("same_as_name"),
            bare_in_code: of("bare_in_code"),
            bare_in_setting: of("bare_in_setting"),
            looked_up: of("looked_up"),
            near_hash: of("near_hash"),
            login: of("login"),
            kept: of("kept"),
            test: of("test"),
            example: of("example"),
            document: of("document"),
            template: of("template"),
            recording: of("recording"),
            generated: of("generated"),
            minified: of("minified"),
            translation: of("translation"),
            lockfile: of("lockfile"),
            low: of("low"),
            medium: of("medium"),
            high: of("high"),
        }
    }

    /// What the kind of file is worth that something stands in.
    pub(super) fn place(&self, kind: Kind) -> f32 {
        match kind {
            Kind::Login => self.login,
            Kind::Kept => self.kept,
            Kind::Test => self.test,
            Kind::Example => self.example,
            Kind::Document => self.document,
            Kind::Template => self.template,
            Kind::Recording => self.recording,
            Kind::Generated => self.generated,
            Kind::Minified => self.minified,
            Kind::Translation => self.translation,
            Kind::Lockfile => self.lockfile,
        }
    }

    /// What a line must say at least of a password that everybody knows: that it is no name in a
    /// program and not what is looked up. Between quotes it may be its own name.
    pub(super) fn weak_least(&self, is_quoted: bool) -> f32 {
        if is_quoted { self.same_as_name } else { self.bare_in_setting }
    }

    /// Whether a sum of evidence says anything.
    pub(super) fn is_worth_it(&self, sum: f32) -> bool {
        sum >= self.low
    }

    /// What a sum of evidence is worth.
    pub(super) fn confidence(&self, sum: f32) -> Confidence {
        match sum {
            sum if sum >= self.high => Confidence::High,
            sum if sum >= self.medium => Confidence::Medium,
            _ => Confidence::Low,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_file_is_a_weight_that_is_used_and_says_why() {
        let lines: Vec<&str> =
            FILE.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
        for line in &lines {
            let without = FILE.replace(line, "");
            assert_ne!(Weights::read(&without), *Weights::get(), "nobody reads: {line}");
            assert!(line.contains(" # "), "no comment: {line}");
        }
        assert_eq!(lines.len(), 47);
    }
}
