//! What a value is when it is no secret: a place, a number, sealed, or keys in a row.

use super::value::LEAST_HEX;
use data_encoding::BASE64;

/// Where fingers walk.
const ROWS: &[&str] = &[
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1234567890",
    "qwertzuiop",
    "azertyuiop",
    "abcdefghijklmnopqrstuvwxyz",
];

/// What hashes of passwords begin with.
pub(super) const STORED_HASHES: &[&str] = &[
    "$2a$",
    "$2b$",
    "$2y$",
    "$1$",
    "$5$",
    "$6$",
    "$y$",
    "$argon2",
    "$apr1$",
    "$pbkdf2",
    "$scrypt",
    "$P$",
    "$H$",
    "pbkdf2_",
    "pbkdf2:",
    "scrypt:",
    "scrypt$",
    "argon2",
    "bcrypt",
    "{sha}",
    "{ssha}",
    "{crypt}",
    "sha1$",
    "md5$",
    "sha256$",
    "scram-sha-",
    "md5:",
    "sha1:",
    "sha256:",
    "sha512:",
    "sha512-",
    "sha256-",
    "sha384-",
    "sha1-",
];

/// What is sealed, public or a reference begins with.
const SEALED: &[&str] = &[
    "enc[",
    "enc(",
    "{cipher}",
    "vault:",
    "$ansible_vault",
    "age1",
    "age-encryption",
    "pgp message",
    "agaaa",
    "agb",
    "aqaaab",
    "{aqaaab",
    "ssh-rsa",
    "ssh-ed25519",
    "ssh-dss",
    "ecdsa-sha2",
    "aaaab3nza",
    "aaaac3nza",
    "-----begin",
    "data:",
    "arn:",
    "urn:",
    "op://",
    "secretref:",
    "keyring:",
    "kms:",
    "sops:",
    "ref+",
    "file:",
    "classpath:",
    "env:",
];

/// A version, an address, an object identifier, a number of a program.
pub(super) fn is_number(value: &str) -> bool {
    let value = value.trim_start_matches(['-', '+']);
    let dotted = value
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b':' | b'/' | b','));
    let has_marks = value.bytes().any(|byte| !byte.is_ascii_digit());
    let lower = value.to_ascii_lowercase();
    let hex = lower.strip_prefix("0x").is_some_and(|rest| {
        rest.len() <= 22
            && rest.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b'_' | b'u' | b'l'))
    });
    let one_letter = lower.starts_with("\\u") && value.len() <= 8;
    dotted && has_marks || hex || one_letter
}

/// Neighbouring keys.
pub(super) fn is_walk(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let back: String = lower.chars().rev().collect();
    ROWS.iter().any(|row| row.contains(&lower) || row.contains(&back))
}

pub(super) fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_alphanumeric(),
        })
}

pub(super) fn is_sealed(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    SEALED.iter().any(|start| lower.starts_with(start))
}

/// A path, an address without user information, a media type, a mail address.
pub(super) fn is_place(value: &str) -> bool {
    if let Some((scheme, rest)) = value.split_once("://") {
        return !(rest.contains('@') || scheme.contains(' '));
    }
    let starts = ["/", "./", "../", "~/", "C:\\", "c:\\", "\\\\", "www."];
    let ends = [
        ".json",
        ".pem",
        ".key",
        ".txt",
        ".yml",
        ".yaml",
        ".xml",
        ".html",
        ".php",
        ".js",
        ".css",
        ".py",
        ".rb",
        ".crt",
        ".cer",
        ".p12",
        ".pfx",
        ".jks",
        ".conf",
        ".cfg",
        ".ini",
        ".properties",
        ".com",
        ".org",
        ".net",
        ".io",
        ".md",
        ".ts",
        ".dll",
        ".so",
        ".png",
        ".svg",
        ".sh",
        ".go",
        ".rs",
        ".dat",
        ".db",
        ".pub",
        ".keystore",
        ".local",
        ".env",
    ];
    let is_path = starts.iter().any(|start| value.starts_with(start))
        && value[1..].contains(['/', '\\', '.']);
    let is_base64 = || {
        value.len().is_multiple_of(4)
            && BASE64.decode(value.as_bytes()).is_ok()
            && value.len() >= 24
    };
    let is_short_path = value.starts_with('/') && value.len() < LEAST_HEX;
    (is_path && !is_base64())
        || is_short_path
        || ends.iter().any(|end| ends_with(value, end))
        || is_mail(value)
}

/// Whether a value ends with these lower-case letters in any case.
fn ends_with(value: &str, end: &str) -> bool {
    let from = value.len().checked_sub(end.len());
    from.is_some_and(|from| value.as_bytes()[from..].eq_ignore_ascii_case(end.as_bytes()))
}

fn is_mail(value: &str) -> bool {
    value.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty()
            && host.rsplit_once('.').is_some_and(|(_, top)| {
                (2..=6).contains(&top.len()) && top.bytes().all(|byte| byte.is_ascii_lowercase())
            })
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
    })
}
