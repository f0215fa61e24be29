//! What a name promises of its value.

use super::LONGEST_NAME;
use super::weights::Weights;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

/// What a name is worth, and what it asks of its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Named {
    pub(super) weight: f32,
    /// The least evidence in the value itself, without which the name says nothing.
    pub(super) needs: f32,
    /// People choose the value, so that it may be short and of letters only.
    pub(super) is_password: bool,
}

impl Named {
    /// What tells it from others.
    pub(super) fn key(self) -> (u32, u32, bool) {
        (self.weight.to_bits(), self.needs.to_bits(), self.is_password)
    }

    /// Whether it is called a password, so that words with figures are what one expects.
    pub(super) fn is_chosen(&self) -> bool {
        self.is_password && self.needs <= 0.0
    }
}

/// What a word of a name says.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Claim {
    Auth,
    Key,
    SomeKey,
    KeyOf,
    Token,
    Secret,
    Password,
}

/// The words of `rules/judge/names.txt`, list by list.
static WORDS: LazyLock<HashMap<&str, HashSet<&str>>> = LazyLock::new(|| {
    let mut lists: HashMap<&str, HashSet<&str>> = HashMap::new();
    for line in include_str!("../../../../../rules/judge/names.txt").lines() {
        if let Some((list, words)) = line.split_once(':').filter(|_| !line.starts_with('#')) {
            lists.entry(list).or_default().extend(words.split_whitespace());
        }
    }
    lists
});

/// Whether the word stands in this list.
fn is_in(list: &str, word: &str) -> bool {
    WORDS.get(list).is_some_and(|words| words.contains(word))
}

/// Whether a word of this list meets a test.
fn any_of(list: &str, test: impl Fn(&str) -> bool) -> bool {
    WORDS.get(list).is_some_and(|words| words.iter().any(|word| test(word)))
}

fn weighed(name: &[u8], weights: &Weights) -> Option<Named> {
    let text = std::str::from_utf8(name).ok()?;
    let words = words(text);
    let (at, claim) = words
        .iter()
        .enumerate()
        .rev()
        .filter_map(|(at, word)| Some((at, claim(word, at.checked_sub(1).map(|at| &*words[at]))?)))
        .reduce(|best, other| if other.1 > best.1 { other } else { best })?;
    if words.iter().any(|word| is_in("public", word)) && claim < Claim::Password {
        return None;
    }
    if words[..at].iter().any(|word| is_in("gets", word)) {
        return None;
    }
    let before = at.checked_sub(1).and_then(|at| words.get(at));
    if claim == Claim::Token && before.is_some_and(|word| is_in("of_requests", word)) {
        return None;
    }
    let mut weight = match claim {
        Claim::Password => weights.password,
        Claim::Secret => weights.secret,
        Claim::Token => weights.token,
        Claim::KeyOf => weights.key_of,
        Claim::SomeKey => weights.some_key,
        Claim::Key => weights.key,
        Claim::Auth => weights.auth,
    };
    for word in &words[at + 1..] {
        if is_in("about", word) {
            return None;
        }
        if !is_in("neutral", word) && word.parse::<u32>().is_err() {
            weight += weights.unknown_tail;
        }
    }
    let (needs, is_password) = match claim {
        Claim::Password => (0.0, true),
        Claim::Secret => (1.0, true),
        Claim::Token | Claim::KeyOf => (2.0, false),
        Claim::SomeKey | Claim::Key | Claim::Auth => (4.0, false),
    };
    Some(Named { weight, needs, is_password })
}

/// How many names are remembered, and how long they may be.
const MOST_NAMES: usize = 4096;
const LONGEST: usize = 256;

thread_local! {
    /// What was said of names: source text holds few, again and again.
    static KNOWN: RefCell<HashMap<Box<[u8]>, Option<Named>>> = RefCell::default();
}

/// Weighs a name, or remembers what it was found to be worth; `None` when it names no secret.
pub(super) fn weigh(name: &[u8]) -> Option<Named> {
    if name.len() > LONGEST {
        return weighed(name, Weights::get());
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(named) = known.get(name) {
            return *named;
        }
        let named = weighed(name, Weights::get());
        if known.len() == MOST_NAMES {
            known.clear();
        }
        known.insert(name.into(), named);
        named
    })
}

fn claim(word: &str, before: Option<&str>) -> Option<Claim> {
    let holds = |list: &str| any_of(list, |stem| word.contains(stem));
    let is_of = |word: &str| is_in("of_secret", word);
    if holds("password") || is_in("password_word", word) {
        return Some(Claim::Password);
    }
    if any_of("password_end", |end| word.ends_with(end)) && !holds("not_pass") {
        let own = word.len() <= 4 || word.len() > 6;
        return own.then_some(Claim::Password);
    }
    if holds("secret") && !holds("not_secret") || matches!(word, "creds" | "cred") {
        return Some(Claim::Secret);
    }
    if holds("token") && !holds("not_token") || matches!(word, "jwt" | "otp" | "totp" | "hotp") {
        return Some(Claim::Token);
    }
    if word == "key" || word == "keys" {
        let of = before.is_some_and(is_of);
        return Some(match before {
            _ if of => Claim::KeyOf,
            Some(_) => Claim::SomeKey,
            None => Claim::Key,
        });
    }
    if let Some(of) = word.strip_suffix("key") {
        return if holds("not_key") { None } else { is_of(of).then_some(Claim::KeyOf) };
    }
    let is_auth =
        matches!(word, "auth" | "oauth" | "authorization" | "authcode" | "authn" | "xauth");
    is_auth.then_some(Claim::Auth)
}

/// The words of a name in lower case, figures at their ends left out: `dbPassword2` is db and
/// password.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let letters: Vec<char> = name.chars().collect();
    let mut end = |word: &mut String| {
        let text = word.trim_end_matches(|c: char| c.is_ascii_digit());
        if !text.is_empty() {
            words.push(text.to_lowercase());
        }
        word.clear();
    };
    for (at, letter) in letters.iter().enumerate() {
        if !letter.is_alphanumeric() {
            end(&mut word);
            continue;
        }
        let last = at.checked_sub(1).map(|at| letters[at]);
        let next = letters.get(at + 1);
        let begins = letter.is_uppercase()
            && last.is_some_and(|last| {
                last.is_lowercase()
                    || last.is_ascii_digit()
                    || last.is_uppercase() && next.is_some_and(|next| next.is_lowercase())
            });
        if begins {
            end(&mut word);
        }
        word.push(*letter);
    }
    end(&mut word);
    words
}

pub(super) fn is_of_name(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || !byte.is_ascii()
}

/// A name with what stands before the part of it that is known, from `floor` on.
pub(super) fn whole(bytes: &[u8], floor: usize, known: Range<usize>) -> Range<usize> {
    let from = floor.max(known.start.saturating_sub(LONGEST_NAME));
    let before = bytes[from..known.start].iter().rev().take_while(|b| is_of_name(b)).count();
    let mut start = known.start - before;
    // Never half a character.
    while start < known.start && bytes[start] & 0xC0 == 0x80 {
        start += 1;
    }
    // `a.b.password`: what the thing is part of says little.
    let dots = bytes[start..known.start].iter().rposition(|byte| *byte == b'.');
    dots.map_or(start, |at| start + at + 1)..known.end
}

/// Whether a text says password in any language, and nothing that could be one: what is read beside
/// a field.
pub(super) fn is_label(text: &str) -> bool {
    let is_spoken =
        |c: char| c.is_alphabetic() || c.is_whitespace() || matches!(c, '-' | ':' | '*');
    let lower = text.to_lowercase();
    let bare: String = lower.chars().filter(|c| c.is_alphabetic()).collect();
    text.chars().all(is_spoken)
        && (any_of("password", |word| bare.contains(word))
            || any_of("password_word", |word| bare == word))
}

/// The words of a value, for what is called like itself.
pub(super) fn bare(text: &[u8]) -> Vec<u8> {
    text.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(name: &str) -> Option<f32> {
        weigh(name.as_bytes()).map(|named| named.weight)
    }

    #[test]
    fn names_are_taken_apart() {
        assert_eq!(words("dbPassword2"), ["db", "password"]);
        assert_eq!(words("AWSSecretKey"), ["aws", "secret", "key"]);
        assert_eq!(words("spring.mail-pass_word"), ["spring", "mail", "pass", "word"]);
    }

    #[test]
    fn labels_say_password_in_many_languages() {
        for text in ["Wachtwoord", "Mot de passe", "Lösenord:", "Ваш пароль", "Heslo", "密码"]
        {
            assert!(is_label(text), "{text}");
        }
        for text in ["Wachtwoord1", "heslovqz", "vqkzmr", "mot de passe!"] {
            assert!(!is_label(text), "{text}");
        }
        for name in ["haslo", "db_heslo", "usuarioClave", "l\u{f6}senord", "contrase\u{f1}a"] {
            assert_eq!(weight(name), Some(Weights::get().password), "{name}");
        }
        assert_eq!(weight("enclave"), None);
    }

    #[test]
    fn names_of_secrets_weigh_more_than_names_of_their_surroundings() {
        let weights = Weights::get();
        for name in
            ["password", "DB_PASSWD", "userPwd", "contrase\u{f1}a", "\u{5bc6}\u{7801}", "smtpPass"]
        {
            assert_eq!(weight(name), Some(weights.password), "{name}");
        }
        assert_eq!(weight("api_key"), Some(weights.key_of));
        assert_eq!(weight("tenantKey"), Some(weights.some_key));
        assert_eq!(weight("key"), Some(weights.key));
        for name in [
            "passwordField",
            "password_file",
            "token_type",
            "nextToken",
            "publicKey",
            "bypass",
            "getPassword",
            "tokenizer",
            "csrf_token",
            "monkey",
            "author",
            "secretName",
        ] {
            assert_eq!(weight(name), None, "{name}");
        }
        assert!(weight("passwordFoo") < weight("password"));
    }
}
