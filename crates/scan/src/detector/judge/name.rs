//! What a name promises of its value.

use super::weights::Weights;

/// What a name is worth, and what it asks of its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Named {
    pub(super) weight: f32,
    /// The least evidence in the value itself, without which the name says nothing.
    pub(super) needs: f32,
    /// People choose the value, so that it may be short and of letters only.
    pub(super) is_password: bool,
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

/// Anywhere in a word.
const PASSWORD: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "passwort",
    "kennwort",
    "contrasena",
    "contraseña",
    "senha",
    "motdepasse",
    "wachtwoord",
    "lozinka",
    "пароль",
    "密码",
    "密碼",
    "口令",
    "パスワード",
    "비밀번호",
];

/// As a word, or at the end of one whose beginning is not part of another word.
const PASSWORD_END: &[&str] = &["pass", "pwd", "pswd", "psw", "mdp", "passw"];

const SECRET: &[&str] = &["secret", "credential", "apikey", "apitoken", "accesskey", "privatekey"];

const NOT_SECRET: &[&str] = &["secretar", "secretion", "secretly"];

const TOKEN: &[&str] = &["token"];

/// Words that begin with or hold another's beginning and are no secret's name.
const NOT_TOKEN: &[&str] = &["tokeniz", "tokenis", "tokenst", "tokenty", "tokenpo"];

const NOT_PASS: &[&str] = &["bypass", "compass", "trespass", "surpass", "overpass", "encompass"];

const NOT_KEY: &[&str] = &[
    "monkey",
    "hotkey",
    "turkey",
    "jockey",
    "hockey",
    "donkey",
    "whiskey",
    "pubkey",
    "publickey",
    "foreignkey",
    "primarykey",
    "hostkey",
    "passkey",
    "sortkey",
    "mapkey",
    "keykey",
];

/// What makes of a key the key of something that is kept secret.
const OF_SECRET: &[&str] = &[
    "api",
    "access",
    "secret",
    "private",
    "priv",
    "encryption",
    "encrypt",
    "enc",
    "cipher",
    "crypt",
    "crypto",
    "auth",
    "session",
    "signing",
    "sign",
    "signature",
    "master",
    "consumer",
    "client",
    "shared",
    "app",
    "application",
    "license",
    "licence",
    "hmac",
    "aes",
    "des",
    "rsa",
    "service",
    "account",
    "storage",
    "subscription",
    "webhook",
    "deploy",
    "admin",
    "security",
    "jwt",
    "cookie",
    "aws",
    "azure",
    "google",
    "gcp",
    "stripe",
    "integration",
    "write",
    "ingest",
    "server",
    "preshared",
    "psk",
    "wpa",
    "seed",
    "decrypt",
    "decryption",
    "hash",
    "user",
    "dev",
    "generated",
    "customer",
];

/// After the telling word: they say that the value is something about the secret, or no value.
const ABOUT: &[&str] = &[
    "id",
    "ids",
    "name",
    "names",
    "url",
    "uri",
    "urls",
    "path",
    "paths",
    "file",
    "files",
    "filename",
    "dir",
    "type",
    "types",
    "kind",
    "length",
    "len",
    "size",
    "count",
    "number",
    "num",
    "index",
    "idx",
    "pos",
    "position",
    "offset",
    "label",
    "title",
    "hint",
    "text",
    "message",
    "msg",
    "error",
    "err",
    "warning",
    "description",
    "desc",
    "help",
    "info",
    "column",
    "col",
    "field",
    "fields",
    "input",
    "form",
    "page",
    "view",
    "button",
    "box",
    "dialog",
    "prompt",
    "placeholder",
    "policy",
    "rule",
    "rules",
    "regex",
    "regexp",
    "pattern",
    "format",
    "prefix",
    "suffix",
    "header",
    "headers",
    "param",
    "params",
    "parameter",
    "arg",
    "args",
    "env",
    "var",
    "variable",
    "expires",
    "expiry",
    "expire",
    "expired",
    "expiration",
    "ttl",
    "timeout",
    "lifetime",
    "age",
    "at",
    "date",
    "time",
    "timestamp",
    "version",
    "algorithm",
    "alg",
    "algo",
    "method",
    "mode",
    "scheme",
    "strategy",
    "provider",
    "manager",
    "service",
    "handler",
    "class",
    "cls",
    "func",
    "function",
    "callback",
    "validator",
    "validators",
    "validation",
    "validate",
    "endpoint",
    "host",
    "port",
    "server",
    "scope",
    "scopes",
    "audience",
    "issuer",
    "enabled",
    "disabled",
    "required",
    "valid",
    "invalid",
    "changed",
    "reset",
    "forgot",
    "strength",
    "hasher",
    "hashers",
    "hashing",
    "encoder",
    "encoding",
    "source",
    "ref",
    "reference",
    "arn",
    "store",
    "bucket",
    "location",
    "event",
    "action",
    "status",
    "state",
    "code",
    "codes",
    "template",
    "subject",
    "email",
    "username",
    "user",
    "login",
    "selector",
    "xpath",
    "css",
    "icon",
    "color",
    "style",
    "usage",
    "limit",
    "max",
    "min",
    "chars",
    "charset",
    "alphabet",
    "bits",
    "bytes",
    "kid",
    "handle",
    "frame",
    "code39",
    "equivalent",
    "binding",
    "bindings",
    "code128",
    "words",
    "word",
    "board",
    "down",
    "up",
    "press",
    "set",
    "map",
    "list",
    "pair",
    "ring",
    "generator",
    "factory",
    "builder",
    "parser",
    "reader",
    "writer",
    "exception",
    "failure",
    "request",
    "response",
    "hash",
    "digest",
    "sum",
    "checksum",
    "sha",
    "sha1",
    "sha256",
    "md5",
    "fingerprint",
    "thumbprint",
    "mismatch",
    "exists",
    "unless",
    "when",
    "if",
    "table",
    "model",
    "schema",
    "property",
    "properties",
    "attribute",
    "attr",
    "option",
    "options",
    "config",
    "command",
    "cmd",
    "script",
    "plugin",
    "module",
    "package",
    "group",
    "role",
    "permission",
    "permissions",
    "grant",
    "update",
    "rotation",
    "manager",
    "generation",
    "confirm_text",
    "space",
    "key_name",
    "question",
    "usage",
    "owner",
    "operator",
    "op",
    "stream",
    "trees",
    "tree",
    "buf",
    "buffer",
    "node",
    "char",
    "value_from",
    "attempts",
    "retries",
    "domain",
    "realm",
    "flow",
    "tag",
    "level",
];

/// After the telling word: they change nothing.
const NEUTRAL: &[&str] = &[
    "confirmation",
    "confirm",
    "old",
    "new",
    "again",
    "repeat",
    "test",
    "prod",
    "production",
    "dev",
    "staging",
    "value",
    "val",
    "str",
    "string",
    "plain",
    "plaintext",
    "raw",
    "hex",
    "base64",
    "b64",
    "default",
    "admin",
    "root",
    "key",
    "token",
    "secret",
    "password",
    "pass",
    "a",
    "b",
    "c",
    "my",
    "current",
    "previous",
    "next",
    "primary_",
    "backup",
    "main",
    "first",
    "second",
    "x",
    "local",
    "sandbox",
    "live",
    "encryption",
    "encrypted",
    "auth",
    "s",
    "es",
    "for",
    "to",
    "of",
    "eu",
    "us",
    "db",
    "database",
    "mysql",
    "postgres",
    "redis",
    "credential",
    "credentials",
    "oauth",
    "api",
    "sid",
    "base",
    "wrong",
    "good",
    "bad",
    "correct",
    "expected",
    "actual",
];

/// Before the telling word: what is asked for is not there.
const GETS: &[&str] = &[
    "get", "fetch", "load", "read", "find", "lookup", "show", "hide", "toggle", "forgot", "reset",
    "validate",
];

/// Right before a token: it tells requests apart and opens nothing.
const OF_REQUESTS: &[&str] = &[
    "next",
    "page",
    "paging",
    "pagination",
    "continuation",
    "continue",
    "lock",
    "request",
    "change",
    "idempotency",
    "idempotent",
    "sequence",
    "update",
    "action",
    "cursor",
    "sync",
    "resume",
    "last",
    "first",
    "prev",
    "previous",
    "start",
    "end",
    "current",
    "stop",
    "special",
    "unk",
    "pad",
    "mask",
    "eos",
    "bos",
    "sep",
    "cls",
    "max",
    "min",
    "num",
    "total",
    "input",
    "output",
    "prompt",
    "completion",
    "word",
    "string",
    "open",
    "close",
    "separator",
    "operator",
    "comment",
    "whitespace",
    "cancel",
    "inactive",
    "core",
];

/// Anywhere: what is public is no secret, whatever else it is called.
const PUBLIC: &[&str] = &[
    "public",
    "pub",
    "primary",
    "foreign",
    "csrf",
    "xsrf",
    "csrftoken",
    "cancellation",
    "author",
    "authors",
    "authority",
    "partition",
    "sort",
    "cache",
    "translation",
    "i18n",
    "keyboard",
    "keyword",
    "keyframe",
    "lex",
    "lexer",
    "parse",
    "syntax",
    "punctuation",
    "delimiter",
    "hidden",
    "known",
    "passthrough",
    "passive",
    "passenger",
    "next_page",
    "page",
    "continuation",
    "unexpected",
    "invalid_",
    "has",
    "is",
    "no",
    "publickey",
    "encrypted",
    "wrapped",
    "sealed",
    "host",
];

/// Weighs a name; `None` when it names no secret.
pub(super) fn weigh(name: &[u8], weights: &Weights) -> Option<Named> {
    let text = std::str::from_utf8(name).ok()?;
    let words = words(text);
    let (at, claim) = words
        .iter()
        .enumerate()
        .rev()
        .filter_map(|(at, word)| Some((at, claim(word, at.checked_sub(1).map(|at| &*words[at]))?)))
        .reduce(|best, other| if other.1 > best.1 { other } else { best })?;
    if words.iter().any(|word| PUBLIC.contains(&&**word)) && claim < Claim::Password {
        return None;
    }
    if words[..at].iter().any(|word| GETS.contains(&&**word)) {
        return None;
    }
    let before = at.checked_sub(1).and_then(|at| words.get(at));
    if claim == Claim::Token && before.is_some_and(|word| OF_REQUESTS.contains(&&**word)) {
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
        if ABOUT.contains(&&**word) {
            return None;
        }
        if !NEUTRAL.contains(&&**word) && word.parse::<u32>().is_err() {
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

fn claim(word: &str, before: Option<&str>) -> Option<Claim> {
    let holds = |stems: &[&str]| stems.iter().any(|stem| word.contains(stem));
    let is_of = |word: &str| OF_SECRET.contains(&word);
    if holds(PASSWORD) {
        return Some(Claim::Password);
    }
    if PASSWORD_END.iter().any(|end| word.ends_with(end)) && !holds(NOT_PASS) {
        let own = word.len() <= 4 || word.len() > 6;
        return own.then_some(Claim::Password);
    }
    if holds(SECRET) && !holds(NOT_SECRET) || matches!(word, "creds" | "cred") {
        return Some(Claim::Secret);
    }
    if holds(TOKEN) && !holds(NOT_TOKEN) || matches!(word, "jwt" | "otp" | "totp" | "hotp") {
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
        return if holds(NOT_KEY) { None } else { is_of(of).then_some(Claim::KeyOf) };
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

/// The words of a value, for what is called like itself.
pub(super) fn bare(text: &[u8]) -> Vec<u8> {
    text.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
}
