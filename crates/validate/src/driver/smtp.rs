//! `AUTH` of a mail server (RFC 4954), over TLS. Nothing is sent after it: no mail, no address.
//!
//! The answer: `authenticated`; `code`, the number of the last reply; `enhanced`, its enhanced status
//! code (RFC 3463) where it has one; `message`, its text.

use super::{Credentials, Said};
use crate::line::{Line, unreachable};
use crate::transport::Failure;
use data_encoding::BASE64;
use quietus_model::Secret;
use serde_json::json;

/// More lines than this are no reply.
const MOST_LINES: usize = 100;

/// One reply, its lines joined.
struct Reply {
    code: u16,
    lines: Vec<String>,
}

pub(super) async fn ask(mut line: Line, credentials: &Credentials) -> Result<Said, Failure> {
    let greeting = reply(&mut line).await?;
    if greeting.code != 220 {
        return Ok(said(&greeting, false));
    }
    let mut offered = command(&mut line, b"EHLO [127.0.0.1]").await?;
    if line.wants_tls()
        && offered.has("STARTTLS")
        && command(&mut line, b"STARTTLS").await?.code == 220
    {
        line = line.into_tls().await?;
        // What was offered before could have been anybody's words (RFC 3207, 4.2).
        offered = command(&mut line, b"EHLO [127.0.0.1]").await?;
    }
    line.require_private()?;
    let (user, password) = (credentials.user()?, credentials.password()?);
    let answer = if offered.has_mechanism("PLAIN") {
        let plain = Secret::new([b"\0", user.as_bytes(), b"\0", password].concat());
        let words = format!("AUTH PLAIN {}", BASE64.encode(plain.expose()));
        command(&mut line, words.as_bytes()).await?
    } else if offered.has_mechanism("LOGIN") {
        let asked = command(&mut line, b"AUTH LOGIN").await?;
        let named = match asked.code {
            334 => command(&mut line, BASE64.encode(user.as_bytes()).as_bytes()).await?,
            _ => asked,
        };
        match named.code {
            334 => command(&mut line, BASE64.encode(password).as_bytes()).await?,
            _ => named,
        }
    } else {
        return Err(unreachable("the server offers neither AUTH PLAIN nor AUTH LOGIN"));
    };
    // It closes by itself; whether it says so changes nothing.
    let _ = line.send(b"QUIT\r\n").await;
    Ok(said(&answer, answer.code == 235))
}

fn said(reply: &Reply, authenticated: bool) -> Said {
    let text = reply.lines.join(" ");
    let enhanced = enhanced(&text);
    let mut body = json!({
        "authenticated": authenticated,
        "code": reply.code.to_string(),
        "message": text,
    });
    let mut code = format!("SMTP {}", reply.code);
    if let Some(enhanced) = enhanced {
        code = format!("{code} {enhanced}");
        body["enhanced"] = enhanced.into();
    }
    Said { code, body, request_id: None }
}

/// The enhanced status code that a text begins with: `5.7.8`.
fn enhanced(text: &str) -> Option<&str> {
    let word = text.split(' ').next()?;
    let parts: Vec<&str> = word.split('.').collect();
    let number =
        |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    (parts.len() == 3 && parts.iter().all(number)).then_some(word)
}

async fn command(line: &mut Line, words: &[u8]) -> Result<Reply, Failure> {
    let whole = Secret::new([words, b"\r\n"].concat());
    line.send(whole.expose()).await?;
    reply(line).await
}

async fn reply(line: &mut Line) -> Result<Reply, Failure> {
    let mut lines = Vec::new();
    while lines.len() < MOST_LINES {
        let text = line.text().await?;
        let number = text.get(..3).filter(|number| number.bytes().all(|b| b.is_ascii_digit()));
        let code = number.and_then(|number| number.parse().ok()).ok_or_else(no_smtp)?;
        lines.push(text.get(4..).unwrap_or_default().to_owned());
        match text.as_bytes().get(3) {
            Some(b'-') => {}
            Some(b' ') | None => return Ok(Reply { code, lines }),
            Some(_) => return Err(no_smtp()),
        }
    }
    Err(no_smtp())
}

impl Reply {
    fn has(&self, extension: &str) -> bool {
        self.lines.iter().any(|line| line.eq_ignore_ascii_case(extension))
    }

    fn has_mechanism(&self, mechanism: &str) -> bool {
        self.lines.iter().any(|line| {
            let mut words = line.split([' ', '=']);
            words.next().is_some_and(|word| word.eq_ignore_ascii_case("AUTH"))
                && words.any(|word| word.eq_ignore_ascii_case(mechanism))
        })
    }
}

fn no_smtp() -> Failure {
    unreachable("what answers there does not speak SMTP")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_enhanced_code_is_one() {
        assert_eq!(enhanced("5.7.8 Error: authentication failed"), Some("5.7.8"));
        assert_eq!(enhanced("5.7.139 Authentication unsuccessful"), Some("5.7.139"));
        for none in ["", "Authentication failed", "5.7", "1.2.3.4 is blocked", "5.7.x no"] {
            assert_eq!(enhanced(none), None, "{none}");
        }
    }
}
