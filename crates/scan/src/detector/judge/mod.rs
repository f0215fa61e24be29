//! Weighs a value that no format proves: by the name it is assigned to or the syntax it stands
//! in, by itself, and by its line.
//!
//! What is found depends on the match and on the rest of its lines, never on a path: an outcome is
//! carried over to other versions of a file and shared by all paths of a blob. What its paths are
//! worth is added to its [`Evidence`] when it is reported.

mod letters;
mod line;
mod name;
mod other;
mod path;
mod value;
mod weights;

use super::matcher::Match;
use super::placeholder;
use data_encoding::BASE64_NOPAD;
use name::Named;
use quietus_model::{Confidence, Judge};
use std::ops::Range;
use value::Value;
use weights::Weights;

/// What was made of a match.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Judged {
    /// Where the secret stands, without its quotes.
    pub(super) secret: Range<usize>,
    pub(super) evidence: Evidence,
    /// Half the world has this password: what else speaks against the value makes it weak, and no
    /// more.
    pub(super) is_common: bool,
}

/// What name, value and line are worth together, in hundredths of a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Evidence(i32);

impl Evidence {
    /// `None` when it is not worth telling.
    fn new(sum: f32, weights: &Weights) -> Option<Self> {
        weights.is_worth_it(sum).then_some(Self((sum * 100.0) as i32))
    }

    /// Of a value that walks along the alphabet, though its format is right: made up more often than
    /// not, so that its place decides.
    pub(super) fn typed() -> Self {
        Self((Weights::get().typed * 100.0) as i32)
    }

    /// Of a password that half the world has: a default, an example or in use, so that its place
    /// decides.
    pub(super) fn weak() -> Self {
        Self((Weights::get().weak * 100.0) as i32)
    }

    /// Whether nothing speaks for it but that somebody may use such a password.
    pub(crate) fn is_weak(self) -> bool {
        self == Self::weak()
    }

    /// How likely it is a secret, wherever it stands.
    pub(crate) fn confidence(self) -> Confidence {
        Weights::get().confidence(self.0 as f32 / 100.0)
    }

    /// How likely it is one that stands in files of these paths: the best of them counts.
    pub(crate) fn confidence_at<'p>(self, paths: impl IntoIterator<Item = &'p str>) -> Confidence {
        let weights = Weights::get();
        let each = paths.into_iter().map(|path| path::weigh(path, weights));
        let best = each.max_by(f32::total_cmp).unwrap_or_default();
        weights.confidence(self.0 as f32 / 100.0 + best)
    }
}

/// Whether a value is looked up elsewhere: `${NAME}`, `process.env.NAME`.
pub(super) fn is_lookup(value: &[u8]) -> bool {
    let bare = value.iter().position(|byte| !matches!(byte, b'"' | b'\'' | b'`' | b'@'));
    let is_env = |three: &[u8]| three.eq_ignore_ascii_case(b"env");
    value[bare.unwrap_or(0)..].starts_with(b"${") || value.windows(3).any(is_env)
}

/// Weighs one match; `None` when it is no secret, or hardly.
pub(super) fn judge(kind: Judge, bytes: &[u8], one: &Match) -> Option<Judged> {
    let weights = Weights::get();
    let raw = one.secret.clone()?;
    let value = match kind {
        Judge::Column => Value::whole(raw)?,
        _ => Value::split(bytes, raw)?,
    };
    let line = line::Line::new(bytes, one, &value);
    if !line.is_text() {
        return None;
    }
    let named = match kind {
        Judge::Given => weights.given,
        Judge::Issued => weights.issued(),
        Judge::Random => weights.random(),
        Judge::Basic => return basic(bytes, one, value, weights),
        Judge::Assigned | Judge::Column => {
            let name = one.parts.iter().find(|(name, _)| &**name == "name").map(|(_, at)| at)?;
            let floor = if kind == Judge::Column { 0 } else { line.start() };
            name::weigh(&bytes[name::whole(bytes, floor, name.clone())])?
        }
    };
    let text = &bytes[value.at.clone()];
    if kind == Judge::Issued && value::is_typed_key(text) {
        let is_key = line.weigh(text, weights.mixed, kind, weights)? >= 0.0;
        return is_key.then(|| Judged {
            secret: value.at,
            evidence: Evidence::typed(),
            is_common: false,
        });
    }
    let is_common = named.is_chosen()
        && placeholder::is_common_password(text)
        && line
            .weigh(text, 0.0, kind, weights)
            .is_some_and(|around| around >= weights.weak_least(value.is_quoted));
    let evidence = weigh(text, named, &line, kind, weights);
    let evidence = evidence.or(is_common.then(Evidence::weak))?;
    Some(Judged { secret: value.at, evidence, is_common })
}

/// What name, value and line are worth together.
fn weigh(
    text: &[u8],
    named: Named,
    line: &line::Line<'_>,
    kind: Judge,
    weights: &Weights,
) -> Option<Evidence> {
    let by_itself = value::weigh(text, named, weights)?;
    let around = line.weigh(text, by_itself, kind, weights)?;
    let walk = value::walk(text, weights)?;
    Evidence::new(named.weight + by_itself + around + walk, weights)
}

/// The longest name that is looked at, in bytes.
pub(super) const LONGEST_NAME: usize = 64;

/// Whether the name that a word stands in, which a match begins with, may be that of a secret:
/// all other matches are rejected, so that they need not be looked for. Depends on nothing but
/// the name, of which no more than [`LONGEST_NAME`] bytes stand before the word.
pub(super) fn promises(bytes: &[u8], word: Range<usize>) -> bool {
    let rest = bytes[word.end..].iter().take(LONGEST_NAME + 1);
    let rest = rest.take_while(|byte| name::is_of_name(byte)).count();
    let floor = word.start.saturating_sub(LONGEST_NAME);
    let whole = name::whole(bytes, floor, word.start..word.end + rest);
    rest > LONGEST_NAME || name::weigh(&bytes[whole]).is_some()
}

/// A user name and a password in base 64: what is weighed is the password.
fn basic(bytes: &[u8], one: &Match, value: Value, weights: &Weights) -> Option<Judged> {
    let text = &bytes[value.at.clone()];
    let free = text.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
    let decoded = BASE64_NOPAD.decode(&text[..free]).ok()?;
    let plain = decoded.iter().filter(|byte| (b' '..=b'~').contains(*byte)).count();
    if plain * 4 < decoded.len() * 3 {
        return None;
    }
    // A NUL in place of the colon, and another one before the user: RFC 4616.
    let parted = |mark: u8| decoded.iter().rposition(|byte| *byte == mark);
    let colon = match decoded.iter().filter(|byte| **byte == 0).count() {
        2 => parted(0)?,
        _ => decoded.iter().position(|byte| *byte == b':')?,
    };
    let password = String::from_utf8_lossy(&decoded[colon + 1..]).into_owned();
    if placeholder::is_placeholder(password.as_bytes())
        || placeholder::is_reference(password.as_bytes())
    {
        return None;
    }
    let by_itself = value::weigh(password.as_bytes(), weights.given, weights)?;
    let around =
        line::Line::new(bytes, one, &value).weigh(text, by_itself, Judge::Basic, weights)?;
    let evidence = Evidence::new(weights.given.weight + by_itself + around, weights)?;
    Some(Judged { secret: value.at, evidence, is_common: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Detector;

    fn found(text: &str) -> Vec<String> {
        let rules = quietus_catalogue::shipped().unwrap();
        let detector = Detector::new(std::sync::Arc::new(rules)).unwrap();
        let secret = |one: &[u8]| String::from_utf8(one.to_vec()).unwrap();
        detector.detect(text.as_bytes()).iter().map(|one| secret(one.secret.expose())).collect()
    }

    #[test]
    fn a_name_promises_what_the_weighing_of_it_says() {
        for (text, is_promise) in [
            ("db_password = ", true),
            ("api.secretKey2: ", true),
            ("public_key = ", false),
            ("keyboard: ", false),
            ("monkey = ", false),
        ] {
            let known = ["password", "secret", "key"]
                .into_iter()
                .find_map(|word| text.find(word).map(|at| at..at + word.len()));
            assert_eq!(promises(text.as_bytes(), known.unwrap()), is_promise, "{text}");
        }
    }

    #[test]
    fn what_was_typed_in_place_of_an_issued_key_is_left_to_its_place() {
        let typed = ["abcdefghijklmnop", "qrst12345678"].concat();
        for text in ["pepipost_api_key=", "pepipost secret key ", "pepipost: "] {
            assert_eq!(found(&format!("{text}{typed}\n")), [typed.as_str()], "{text}");
        }
        for value in ["abcabcabcabcabcabcabc", "/abcdefgh/ijklmnop/index.js", "the-abcdefgh-of-all"]
        {
            assert_eq!(found(&format!("pepipost_api_key={value}\n")), [""; 0], "{value}");
        }
        assert_eq!(found(&format!("commit of pepipost: {}", "0123456789abcdef01234567")), [""; 0]);
    }

    #[test]
    fn what_fills_up_base_64_is_part_of_a_value_without_quotes() {
        let value = ["vQ8mZr2L", "kT5xWn7Bq0Qz=="].concat();
        for text in ["auth_token: ", "API_KEY=", "token = "] {
            assert_eq!(found(&format!("{text}{value}\n")), [value.as_str()], "{text}");
        }
        assert_eq!(found("if token == vQ8mZr2LkT5x==Qz9Kw3Lp {"), [""; 0]);
    }

    #[test]
    fn a_name_that_promises_nothing_hides_no_secret_behind_it() {
        let value = ["vQ8mZr2L", "kT5xWn7Bq"].concat();
        assert_eq!(found(&format!("public_key: \"auth_token={value}\"")), [value.as_str()]);
        assert_eq!(found(&format!("public_key: \"{value}\"")), [""; 0]);
    }
}
