//! Facts that the bytes of a credential tell without asking anybody.

use data_encoding::{BASE32, BASE64URL_NOPAD};
use jiff::Timestamp;
use quietus_model::{Fact, SafeText};
use serde_json::Value;

/// AWS accounts whose keys are traps, as published by those who study them: those of Thinkst's
/// canarytokens first, then look-alikes.
const DECOY_ACCOUNTS: &[&str] = &[
    "052310077262",
    "171436882533",
    "534261010715",
    "595918472158",
    "717712589309",
    "819147034852",
    "992382622183",
    "730335385048",
    "266735846894",
    "893192397702",
    "044858866125",
    "251535659677",
    "344043088457",
    "351906852752",
    "390477818340",
    "426127672474",
    "427150556519",
    "439872796651",
    "445142720921",
    "465867158099",
    "637958123769",
    "693412236332",
    "732624840810",
    "735421457923",
    "959235150393",
    "982842642351",
];

/// The algorithms of signed tokens (RFC 7518, RFC 8037, RFC 8812).
const ALGORITHMS: &[&str] = &[
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256",
    "PS384", "PS512", "ES256K", "EdDSA", "none",
];

/// The longest name that can be resolved.
const LONGEST_HOST: usize = 253;

/// What a JSON web token says of itself; empty for anything else.
#[derive(Clone, Debug, Default)]
pub(super) struct Token {
    pub(super) expires: Option<Timestamp>,
    pub(super) facts: Vec<Fact>,
    /// It is the sample that every page about JSON web tokens shows.
    pub(super) is_sample: bool,
    /// It has the form of one and no header that can be read: masked, cut, or something else.
    pub(super) is_broken: bool,
}

pub(super) fn fact(name: &str, value: &str) -> Fact {
    Fact { name: name.to_owned(), value: SafeText::plain(value) }
}

/// Reads a JSON web token (RFC 7519). It is a broken one when its header is not a JSON object that
/// names an algorithm.
pub(super) fn jwt(value: &[u8]) -> Token {
    read_jwt(value).unwrap_or(Token { is_broken: true, ..Token::default() })
}

fn read_jwt(value: &[u8]) -> Option<Token> {
    let mut pieces = value.split(|byte| *byte == b'.');
    let header = pieces.next().unwrap_or_default();
    let (Some(payload), Some(_)) = (pieces.next(), pieces.next()) else {
        return Some(Token::default());
    };
    if !header.starts_with(b"eyJ") {
        return Some(Token::default());
    }
    let header = json(header)?;
    let algorithm = header.get("alg")?.as_str();
    // Without a readable payload it is an encrypted one (JWE), which tells nothing.
    let Some(claims) = json(payload) else { return Some(Token::default()) };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let is_sample = text("sub") == Some("1234567890")
        && text("name") == Some("John Doe")
        && claims.get("iat").and_then(Value::as_i64) == Some(1_516_239_022);
    let time = |name: &str| {
        let seconds = claims.get(name)?;
        let seconds = seconds.as_i64().or_else(|| seconds.as_f64().map(|at| at as i64))?;
        Timestamp::from_second(seconds).ok()
    };
    let expires = time("exp");
    // Anything may stand in a claim, another credential as well: only what can hold none is told.
    let facts = [
        expires.map(|at| fact("expires", &at.to_string())),
        time("iat").map(|at| fact("issued", &at.to_string())),
        algorithm.filter(|name| ALGORITHMS.contains(name)).map(|name| fact("algorithm", name)),
        text("iss").and_then(https_host).map(|host| fact("issuer", &host)),
    ];
    let facts = facts.into_iter().flatten().collect();
    Some(Token { expires, facts, is_sample, is_broken: false })
}

/// The host of an `https` URL, without user, port, path and query.
fn https_host(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split(':').next()?;
    let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    (is_name && !host.is_empty() && host.len() <= LONGEST_HOST).then(|| host.to_ascii_lowercase())
}

fn json(piece: &[u8]) -> Option<Value> {
    let piece = piece.trim_ascii_end();
    let end = piece.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
    let mut decoding = BASE64URL_NOPAD.specification();
    // Some issuers leave bits set in the last character.
    decoding.check_trailing_bits = false;
    let bytes = decoding.encoding().ok()?.decode(&piece[..end]).ok()?;
    serde_json::from_slice(&bytes).ok().filter(Value::is_object)
}

/// The account in an AWS key id: the 40 bits after the first of the base 32 part. Older ids carry
/// none, which their first bit tells.
pub(super) fn aws_account(id: &[u8]) -> Option<String> {
    let prefixed = id.len() == 20
        && [&b"AK"[..], b"AS", b"AB", b"AC"].iter().any(|start| id.starts_with(start))
        && (id[2..].starts_with(b"IA") || id.starts_with(b"ACCA"));
    if !prefixed {
        return None;
    }
    let bytes = BASE32.decode(&id[4..]).ok()?;
    let number = bytes[..6].iter().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
    let is_carried = number >> 47 == 1;
    is_carried.then(|| format!("{:012}", (number & 0x7fff_ffff_ff80) >> 7))
}

pub(super) fn is_decoy_account(account: &str) -> bool {
    DECOY_ACCOUNTS.contains(&account)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> Vec<u8> {
        let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        format!("{}.{}.{}", part(header), part(claims), part("signature")).into_bytes()
    }

    fn read(header: &str, claims: &str) -> Option<Token> {
        Some(jwt(&token(header, claims))).filter(|token| !token.is_broken)
    }

    #[test]
    fn an_aws_key_id_tells_its_account() {
        let id = ["AK", "IA", "RZPUZDIKAAAAAAAA"].concat();
        assert_eq!(aws_account(id.as_bytes()).unwrap(), "123456789012");
        let older = ["AK", "IA", "IOSFODNN7", "EXAMPLE"].concat();
        assert_eq!(aws_account(older.as_bytes()), None);
        assert_eq!(aws_account(b"AKIA"), None);
        assert!(is_decoy_account("171436882533") && !is_decoy_account("123456789012"));
    }

    #[test]
    fn a_json_web_token_tells_issuer_and_expiry() {
        let claims = r#"{"iss":"https://u:p@Id.example.org:8443/t/x?k=v","exp":1300819380}"#;
        let token = read(r#"{"alg":"HS256"}"#, claims).unwrap();
        assert_eq!(token.expires.unwrap().as_second(), 1_300_819_380);
        let expires = fact("expires", "2011-03-22T18:43:00Z");
        let told = [expires, fact("algorithm", "HS256"), fact("issuer", "id.example.org")];
        assert_eq!(token.facts, told);
        assert!(!token.is_sample);
    }

    #[test]
    fn what_claims_say_in_words_is_not_told() {
        let claims = r#"{"sub":"kQ8zrT2m","iss":"kQ8zrT2m","name":"kQ8zrT2m","iat":1300819380}"#;
        let token = read(r#"{"alg":"kQ8zrT2m","kid":"kQ8zrT2m"}"#, claims).unwrap();
        assert_eq!(token.facts, [fact("issued", "2011-03-22T18:43:00Z")]);
        for issuer in ["http://a.example", "https://", "https://a b", "https://\u{202e}x", "a"] {
            assert_eq!(https_host(issuer), None, "{issuer}");
        }
    }

    #[test]
    fn the_sample_of_every_page_is_known_and_nonsense_is_a_broken_token() {
        let sample = r#"{"sub":"1234567890","name":"John Doe","iat":1516239022}"#;
        assert!(read(r#"{"alg":"RS256"}"#, sample).unwrap().is_sample);
        assert!(read(r#"{"typ":"x"}"#, sample).is_none());
        assert!(jwt(b"eyJhbGciO.x.y").is_broken);
        assert!(!jwt(b"pk.eyJ1").is_broken);
    }
}
