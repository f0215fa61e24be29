//! The challenge of a container registry: where it sends those who want a token.
//!
//! Source of the format: "Token Authentication Specification" of the Distribution registry, and RFC
//! 9110, 11.6.1.

use crate::transport::Received;
use url::Url;

/// The token service that an answer sends to, with what it wants to be told; `None` when it is no such
/// challenge.
pub(crate) fn token_service(answer: &Received) -> Option<Url> {
    let challenge = answer.headers.get("www-authenticate")?;
    let (scheme, parameters) = challenge.trim().split_once(' ')?;
    if answer.status != 401 || !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut url = Url::parse(&parameter(parameters, "realm")?).ok()?;
    if let Some(service) = parameter(parameters, "service") {
        url.query_pairs_mut().append_pair("service", &service);
    }
    Some(url)
}

/// The value of one parameter, in quotes or not.
fn parameter(parameters: &str, name: &str) -> Option<String> {
    let mut rest = parameters;
    while let Some((key, after)) = rest.split_once('=') {
        let key = key.trim().trim_start_matches(',').trim();
        let (value, next) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(',').unwrap_or((after, "")),
        };
        if key.eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned());
        }
        rest = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn service(status: u16, challenge: &str) -> Option<String> {
        let headers = BTreeMap::from([("www-authenticate".to_owned(), challenge.to_owned())]);
        let answer = Received { status, code: None, headers, body: Vec::new() };
        token_service(&answer).map(|url| url.to_string())
    }

    #[test]
    fn a_challenge_names_its_token_service() {
        let challenge = r#"Bearer realm="https://auth.x.org/token",service="x.org",scope="a:b:c""#;
        let expected = "https://auth.x.org/token?service=x.org";
        assert_eq!(service(401, challenge).as_deref(), Some(expected));
        let turned = r#"bearer service=x.org, realm="https://auth.x.org/token""#;
        assert_eq!(service(401, turned).as_deref(), Some(expected));
        let query = r#"Bearer realm="https://x.org/jwt/auth?a=b",service="c=d""#;
        assert_eq!(
            service(401, query).as_deref(),
            Some("https://x.org/jwt/auth?a=b&service=c%3Dd")
        );
    }

    #[test]
    fn anything_else_is_no_challenge() {
        let bearer = r#"Bearer realm="https://auth.x.org/token""#;
        assert_eq!(service(200, bearer), None);
        assert_eq!(service(403, bearer), None);
        for other in ["", "Bearer", r#"Basic realm="x""#, r#"Bearer realm="here""#, "Bearer a=b"] {
            assert_eq!(service(401, other), None, "{other}");
        }
    }
}
