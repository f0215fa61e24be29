//! `AUTH` of Redis 4 and later, and of Valkey.
//!
//! RESP is lines and counted bytes, and two commands are all there is to say: less than a client
//! library would need to be told not to reconnect, not to resolve names, and not to pool.
//!
//! The answer: `authenticated`; `code`, the first word of an error (`WRONGPASS`); `message`, the
//! error's text; `user` as `ACL WHOAMI` tells it.

use super::{Credentials, Said};
use crate::line::{Line, unreachable};
use crate::transport::Failure;
use serde_json::json;

/// A reply, as far as these commands have one.
enum Reply {
    Text(String),
    Error(String),
}

pub(super) async fn ask(mut line: Line, credentials: &Credentials) -> Result<Said, Failure> {
    line.require_private()?;
    let (user, password) = (credentials.user()?, credentials.password()?);
    let words: &[&[u8]] = match user {
        // Before ACLs there was one password and no name.
        "" => &[b"AUTH", password],
        user => &[b"AUTH", user.as_bytes(), password],
    };
    if let Reply::Error(message) = command(&mut line, words).await? {
        let code = first_word(&message);
        let body = json!({ "authenticated": false, "code": code, "message": message });
        return Ok(Said { code: format!("Redis {code}"), body, request_id: None });
    }
    // A user may lack this right, and an old server this command: it is accepted all the same.
    let body = match command(&mut line, &[b"ACL", b"WHOAMI"]).await {
        Ok(Reply::Text(name)) => json!({ "authenticated": true, "code": "OK", "user": name }),
        Ok(Reply::Error(message)) => {
            json!({ "authenticated": true, "code": "OK", "whoami": first_word(&message) })
        }
        Err(_) => json!({ "authenticated": true, "code": "OK" }),
    };
    // It closes by itself; whether it says so changes nothing.
    let _ = line.send(&encoded(&[b"QUIT"])).await;
    Ok(Said { code: "Redis OK".to_owned(), body, request_id: None })
}

async fn command(line: &mut Line, words: &[&[u8]]) -> Result<Reply, Failure> {
    line.send(&encoded(words)).await?;
    let first = line.text().await?;
    let rest = first.get(1..).unwrap_or_default().to_owned();
    match first.as_bytes().first() {
        Some(b'+') => Ok(Reply::Text(rest)),
        Some(b'-') => Ok(Reply::Error(rest)),
        Some(b'$') => {
            let length = rest.parse::<usize>().map_err(|_| no_redis())?;
            let bytes = line.exact(length.saturating_add(2)).await?;
            Ok(Reply::Text(String::from_utf8_lossy(&bytes).trim_end().to_owned()))
        }
        _ => Err(no_redis()),
    }
}

fn encoded(words: &[&[u8]]) -> Vec<u8> {
    let mut out = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        out.extend(format!("${}\r\n", word.len()).bytes());
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// The code of an error: its first word, if that is one.
fn first_word(message: &str) -> &str {
    let word = message.split(' ').next().unwrap_or_default();
    let is_code = (1..=20).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_uppercase());
    if is_code { word } else { "error" }
}

fn no_redis() -> Failure {
    unreachable("what answers there does not speak Redis")
}
