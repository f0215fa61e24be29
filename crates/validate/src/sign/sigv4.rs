//! AWS Signature Version 4.
//!
//! Source of the format: "Create a signed AWS API request" in the IAM user guide of Amazon Web
//! Services, and the examples of its "Signature Version 4 test suite".

use super::Request;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use quietus_model::Secret;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use url::Url;

/// The credential, and what it signs for.
pub(super) struct Key<'a> {
    pub(super) id: &'a Secret,
    pub(super) secret: &'a Secret,
    /// The session token of temporary credentials.
    pub(super) session: Option<&'a Secret>,
    pub(super) service: &'a str,
    /// Where the host names none.
    pub(super) region: &'a str,
}

/// The headers to be added to `request`.
pub(super) fn headers(
    key: &Key<'_>,
    request: &Request<'_>,
    now: Timestamp,
) -> Vec<(String, Secret)> {
    let time = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let date = &time[..8];
    let mut added = vec![("x-amz-date".to_owned(), Secret::from(time.as_str()))];
    if let Some(token) = key.session {
        added.push(("x-amz-security-token".to_owned(), token.clone()));
    }
    if key.service == "s3" {
        let hash = HEXLOWER.encode(&Sha256::digest(request.body.expose()));
        added.push(("x-amz-content-sha256".to_owned(), Secret::from(hash.as_str())));
    }
    let host = host(request.url);
    let mut signed: BTreeMap<String, &[u8]> = BTreeMap::new();
    signed.insert("host".to_owned(), host.as_bytes());
    for (name, value) in request.headers.iter().chain(&added) {
        signed.insert(name.to_ascii_lowercase(), value.expose());
    }
    let names = signed.keys().map(String::as_str).collect::<Vec<_>>().join(";");
    let region = region(request.url).unwrap_or(key.region);
    let scope = format!("{date}/{region}/{}/aws4_request", key.service);
    let canonical = canonical(request, &signed, &names);
    let text = format!(
        "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
        HEXLOWER.encode(&Sha256::digest(canonical.expose()))
    );
    let first = Secret::new([b"AWS4".as_slice(), key.secret.expose()].concat());
    let signing = [date, region, key.service, "aws4_request"]
        .into_iter()
        .fold(first, |key, part| mac(&key, part.as_bytes()));
    let signature = HEXLOWER.encode(mac(&signing, text.as_bytes()).expose());
    let mut authorization = b"AWS4-HMAC-SHA256 Credential=".to_vec();
    authorization.extend_from_slice(key.id.expose());
    authorization.extend(format!("/{scope}, SignedHeaders={names}, Signature={signature}").bytes());
    added.push(("authorization".to_owned(), Secret::new(authorization)));
    added
}

/// The request as both sides write it down before they sign it.
fn canonical(request: &Request<'_>, signed: &BTreeMap<String, &[u8]>, names: &str) -> Secret {
    let mut query: Vec<(String, String)> =
        request.url.query_pairs().map(|(name, value)| (encoded(&name), encoded(&value))).collect();
    query.sort();
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let head = format!("{}\n{}\n{}\n", request.method, request.url.path(), query.join("&"));
    let mut text = head.into_bytes();
    for (name, value) in signed {
        text.extend(name.bytes());
        text.push(b':');
        // Outer spaces do not count, and several inner ones count as one.
        let words = value.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        text.extend(words.collect::<Vec<_>>().join(&b' '));
        text.push(b'\n');
    }
    let hash = HEXLOWER.encode(&Sha256::digest(request.body.expose()));
    text.extend(format!("\n{names}\n{hash}").bytes());
    Secret::new(text)
}

/// As RFC 3986 has it: all but unreserved characters in percent.
fn encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one =
        |byte: u8| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The region that a host names, as `sts.eu-west-1.amazonaws.com` does.
fn region(url: &Url) -> Option<&str> {
    let is_region = |label: &&str| {
        let parts: Vec<&str> = label.split('-').collect();
        let letters =
            |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
        matches!(parts.as_slice(), [area, middle @ .., number]
            if area.len() == 2
                && letters(area)
                && (1..=2).contains(&middle.len())
                && middle.iter().all(letters)
                && number.len() == 1
                && number.bytes().all(|b| b.is_ascii_digit()))
    };
    url.host_str()?.split('.').find(is_region)
}

fn mac(key: &Secret, text: &[u8]) -> Secret {
    // A key of any length will do, so this never happens.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.expose()) else { return Secret::from("") };
    mac.update(text);
    Secret::new(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of the published test suite, in parts.
    fn signature(method: &str, url: &str, session: Option<&str>, body: &str) -> String {
        let (id, secret) =
            (["AKID", "EXAMPLE"].concat(), ["wJalrXUtnFEMI/K7MDENG+", "bPxRfiCYEXAMPLEKEY"]);
        let (id, secret) = (Secret::from(id.as_str()), Secret::from(secret.concat().as_str()));
        let session = session.map(Secret::from);
        let key = Key {
            id: &id,
            secret: &secret,
            session: session.as_ref(),
            service: "service",
            region: "us-east-1",
        };
        let url = Url::parse(url).unwrap();
        let headers = if body.is_empty() {
            Vec::new()
        } else {
            let form = Secret::from("application/x-www-form-urlencoded");
            vec![("Content-Type".to_owned(), form)]
        };
        let body = Secret::from(body);
        let request = Request { method, url: &url, headers: &headers, body: &body };
        let now = "2015-08-30T12:36:00Z".parse().unwrap();
        let (name, value) = super::headers(&key, &request, now).pop().unwrap();
        assert_eq!(name, "authorization");
        let text = String::from_utf8(value.expose().to_vec()).unwrap();
        assert!(text.contains("/20150830/us-east-1/service/aws4_request, "), "{text}");
        text.rsplit_once("Signature=").unwrap().1.to_owned()
    }

    #[test]
    fn the_published_examples_are_met() {
        let cases = [
            (
                "GET",
                "https://example.amazonaws.com/",
                "",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "GET",
                "https://example.amazonaws.com/?Param2=value2&Param1=value1",
                "",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "POST",
                "https://example.amazonaws.com/",
                "",
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                "POST",
                "https://example.amazonaws.com/",
                "Param1=value1",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
        ];
        for (method, url, body, expected) in cases {
            assert_eq!(signature(method, url, None, body), expected, "{method} {url} {body}");
        }
    }

    #[test]
    fn the_host_names_the_region() {
        let named = |url: &str| region(&Url::parse(url).unwrap()).map(str::to_owned);
        assert_eq!(named("https://sts.us-gov-west-1.amazonaws.com").unwrap(), "us-gov-west-1");
        assert_eq!(named("https://sts.cn-north-1.amazonaws.com.cn").unwrap(), "cn-north-1");
        assert_eq!(named("https://nyc3.digitaloceanspaces.com"), None);
        assert_eq!(named("https://sts.amazonaws.com"), None);
        assert_eq!(named("https://127.0.0.1:5000"), None);
    }

    #[test]
    fn a_session_token_is_sent_and_signed() {
        let plain = signature("GET", "https://example.amazonaws.com/", None, "");
        assert_ne!(signature("GET", "https://example.amazonaws.com/", Some("token"), ""), plain);
    }
}
