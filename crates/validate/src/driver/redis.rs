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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::Terms;
    use crate::settings::Settings;
    use crate::tls;
    use quietus_model::Secret;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// What is said of a login to a server that answers everything like this.
    async fn said(answer: &'static str) -> Result<Said, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 256]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        });
        let tls = Arc::new(tls::config(&Settings::default()).unwrap());
        let host = "127.0.0.1".to_owned();
        let terms = Terms { tls, host, known_hosts: "".into(), clear: false };
        let line = Line::open(&[address], terms).await.unwrap();
        let [user, secret, passphrase] = ["app", "a word", ""].map(Secret::from);
        ask(line, &Credentials { user, secret, passphrase }).await
    }

    #[tokio::test]
    async fn an_error_is_told_by_its_own_code_and_no_answer_is_none() {
        for (answer, code) in [
            ("-WRONGPASS invalid username-password pair or user is disabled.\r\n", "WRONGPASS"),
            ("-LOADING Redis is loading the dataset in memory\r\n", "LOADING"),
            ("-MASTERDOWN Link with MASTER is down\r\n", "MASTERDOWN"),
            ("-ERR max number of clients reached\r\n", "ERR"),
        ] {
            let Said { body, .. } = said(answer).await.ok().unwrap();
            assert_eq!(
                (body["code"].as_str(), body["authenticated"].as_bool()),
                (Some(code), Some(false))
            );
        }
        for broken in ["", "-WRONGPASS", "HTTP/1.1 401 Unauthorized\r\n"] {
            assert!(matches!(said(broken).await, Err(Failure::Unreachable(_))), "{broken}");
        }
    }
}
