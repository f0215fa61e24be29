//! A simple bind to an LDAP directory (RFC 4511), over TLS.
//!
//! Three requests and their results are all there is to say. The client library resolves names and
//! dials by itself, beside the guards, and brings parsers of search filters and certificates.
//!
//! The answer: `authenticated`; `code`, the number of the result; `message`, its diagnostic text;
//! `data`, the reason in hexadecimal that Active Directory puts there (`52e`); `policy`, the number
//! that a password policy gives (1: locked), each `none` where the server tells none; of an accepted one also `user`, as "Who am I?" tells it.

use super::{Credentials, Said};
use crate::line::{Line, unreachable};
use crate::transport::Failure;
use serde_json::json;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const BIND: u8 = 0x60;
const BIND_RESPONSE: u8 = 0x61;
const UNBIND: u8 = 0x42;
const EXTENDED: u8 = 0x77;
const EXTENDED_RESPONSE: u8 = 0x78;
const CONTROLS: u8 = 0xa0;

/// RFC 4511, 4.14.
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";
/// RFC 4532.
const WHO_AM_I: &[u8] = b"1.3.6.1.4.1.4203.1.11.3";
/// draft-behera-ldap-password-policy: asks a server to tell a locked account from a wrong password.
const PASSWORD_POLICY: &[u8] = b"1.3.6.1.4.1.42.2.27.8.5.1";

/// Success, and the bind was right although the password must be changed first.
const SUCCESS: u64 = 0;

/// What a server answers to a request.
struct Response {
    code: u64,
    message: String,
    /// The value of an extended response.
    value: Vec<u8>,
    /// The error that the password policy tells.
    policy: Option<u64>,
}

pub(super) async fn ask(mut line: Line, credentials: &Credentials) -> Result<Said, Failure> {
    let name = credentials.user()?;
    if name.is_empty() {
        return Err(Failure::Refused("a bind without a name is nobody's".to_owned()));
    }
    if line.wants_tls() {
        let started = request(&mut line, 1, &extended(START_TLS), &[], EXTENDED_RESPONSE).await?;
        if started.code == SUCCESS {
            line = line.into_tls().await?;
        }
    }
    line.require_private()?;
    let password = credentials.password()?;
    let bind = [element(INTEGER, &[3]), element(OCTETS, name.as_bytes()), element(0x80, password)];
    let control = element(SEQUENCE, &element(OCTETS, PASSWORD_POLICY));
    let bind = element(BIND, &bind.concat());
    let bound = request(&mut line, 2, &bind, &element(CONTROLS, &control), BIND_RESPONSE).await?;
    let mut body = json!({
        "authenticated": bound.code == SUCCESS,
        "code": bound.code.to_string(),
        "message": bound.message,
        "data": data(&bound.message).unwrap_or_else(none),
        "policy": bound.policy.map_or_else(none, |policy| policy.to_string()),
    });
    if bound.code == SUCCESS {
        let asked = request(&mut line, 3, &extended(WHO_AM_I), &[], EXTENDED_RESPONSE).await;
        if let Some(who) = asked.ok().filter(|who| who.code == SUCCESS && !who.value.is_empty()) {
            body["user"] = String::from_utf8_lossy(&who.value).into();
        }
    }
    // It closes by itself; whether it hears that changes nothing.
    let _ = line.send(&message(4, &element(UNBIND, &[]), &[])).await;
    Ok(Said { code: format!("LDAP result {}", bound.code), body, request_id: None })
}

async fn request(
    line: &mut Line,
    id: u8,
    operation: &[u8],
    controls: &[u8],
    expected: u8,
) -> Result<Response, Failure> {
    line.send(&message(id, operation, controls)).await?;
    let whole = whole(line).await?;
    response(&whole, id, expected).ok_or_else(no_ldap)
}

fn message(id: u8, operation: &[u8], controls: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[&element(INTEGER, &[id]), operation, controls].concat())
}

fn extended(name: &[u8]) -> Vec<u8> {
    element(EXTENDED, &element(0x80, name))
}

/// An element of BER: tag, length, content.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u8::try_from(content.len()) {
        Ok(length) if length < 0x80 => out.push(length),
        _ => {
            out.push(0x84);
            out.extend(u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes());
        }
    }
    out.extend_from_slice(content);
    out
}

/// The content of the next message.
async fn whole(line: &mut Line) -> Result<Vec<u8>, Failure> {
    let head = line.exact(2).await?;
    if head[0] != SEQUENCE {
        return Err(no_ldap());
    }
    let length = match head[1] {
        short @ 0..=0x7f => usize::from(short),
        long @ 0x81..=0x84 => {
            let bytes = line.exact(usize::from(long & 0x7f)).await?;
            bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
        }
        _ => return Err(no_ldap()),
    };
    line.exact(length).await
}

fn response(content: &[u8], id: u8, expected: u8) -> Option<Response> {
    let mut rest = content;
    let (tag, number) = take(&mut rest)?;
    let (operation, result) = take(&mut rest)?;
    if tag != INTEGER || integer(number) != u64::from(id) || operation != expected {
        return None;
    }
    let mut fields = result;
    let (_, code) = take(&mut fields)?;
    let (_, _matched) = take(&mut fields)?;
    let (_, message) = take(&mut fields)?;
    let mut value = Vec::new();
    while let Some((tag, content)) = take(&mut fields) {
        if tag == 0x8b {
            value = content.to_vec();
        }
    }
    Some(Response {
        code: integer(code),
        message: String::from_utf8_lossy(message).into_owned(),
        value,
        policy: take(&mut rest)
            .filter(|(tag, _)| *tag == CONTROLS)
            .and_then(|(_, all)| policy(all)),
    })
}

/// The error in the control of the password policy: `error [1] ENUMERATED`.
fn policy(mut controls: &[u8]) -> Option<u64> {
    while let Some((_, mut control)) = take(&mut controls) {
        let (_, name) = take(&mut control)?;
        let value = std::iter::from_fn(|| take(&mut control)).find(|(tag, _)| *tag == OCTETS);
        if let (true, Some((_, mut value))) = (name == PASSWORD_POLICY, value) {
            let (_, mut fields) = take(&mut value)?;
            return std::iter::from_fn(|| take(&mut fields))
                .find(|(tag, _)| *tag == 0x81)
                .map(|(_, error)| integer(error));
        }
    }
    None
}

/// The first element of `rest`, which then holds what follows.
fn take<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (tag, after) = rest.split_first()?;
    let (first, mut after) = after.split_first()?;
    let mut length = usize::from(*first);
    if *first >= 0x80 {
        let (bytes, more) = after.split_at_checked(usize::from(first & 0x7f))?;
        length =
            (bytes.len() <= 4).then(|| bytes.iter().fold(0, |l, b| l << 8 | usize::from(*b)))?;
        after = more;
    }
    let (content, more) = after.split_at_checked(length)?;
    *rest = more;
    Some((*tag, content))
}

fn integer(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Why Active Directory refused: `AcceptSecurityContext error, data 52e, v2580`.
fn data(message: &str) -> Option<String> {
    let (_, rest) = message.split_once(", data ")?;
    let word = rest.split([',', ' ']).next()?;
    let is_code = (1..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_hexdigit());
    is_code.then(|| word.to_ascii_lowercase())
}

/// A reason that the server does not tell, so that clauses can ask for its absence.
fn none() -> String {
    "none".to_owned()
}

fn no_ldap() -> Failure {
    unreachable("what answers there does not speak LDAP")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_with_their_reasons() {
        let text = b"80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 775, v4563";
        let result = [element(0x0a, &[49]), element(OCTETS, b""), element(OCTETS, text)].concat();
        let error = element(SEQUENCE, &element(0x81, &[1]));
        let control = [element(OCTETS, PASSWORD_POLICY), element(OCTETS, &error)].concat();
        let controls = element(CONTROLS, &element(SEQUENCE, &control));
        let whole = [element(INTEGER, &[2]), element(BIND_RESPONSE, &result), controls].concat();
        let read = response(&whole, 2, BIND_RESPONSE).unwrap();
        assert_eq!((read.code, read.policy), (49, Some(1)));
        assert_eq!(data(&read.message).as_deref(), Some("775"));
        assert!(response(&whole, 3, BIND_RESPONSE).is_none(), "another request's answer");
        for end in 0..whole.len() - control.len() {
            let cut = response(&whole[..end], 2, BIND_RESPONSE);
            assert!(cut.is_none_or(|cut| cut.policy.is_none()), "{end}");
        }
    }

    /// What is said of a bind to a server that has no TLS and answers with this result.
    async fn said(code: u8) -> Said {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            for (id, kind, code) in [(1, EXTENDED_RESPONSE, 2), (2, BIND_RESPONSE, code)] {
                let _ = stream.read(&mut [0; 512]).await;
                let result = [element(0x0a, &[code]), element(OCTETS, b""), element(OCTETS, b"")];
                let answer = message(id, &element(kind, &result.concat()), &[]);
                let _ = stream.write_all(&answer).await;
            }
        });
        let tls = crate::tls::config(&crate::settings::Settings::default()).unwrap();
        let terms = crate::line::Terms {
            tls: std::sync::Arc::new(tls),
            host: "127.0.0.1".to_owned(),
            known_hosts: "".into(),
            clear: false,
        };
        let line = Line::open(&[address], terms).await.unwrap();
        let [user, secret, passphrase] = ["cn=app", "a word", ""].map(quietus_model::Secret::from);
        ask(line, &Credentials { user, secret, passphrase }).await.ok().unwrap()
    }

    /// Denied, of another strength of authentication, busy, unavailable, unwilling.
    #[tokio::test]
    async fn a_result_is_told_as_it_is() {
        for code in [49, 8, 51, 52, 53] {
            let Said { body, .. } = said(code).await;
            assert_eq!(body["code"].as_str(), Some(code.to_string().as_str()));
            assert_eq!(body["authenticated"].as_bool(), Some(false));
        }
    }
}
