//! A login to MySQL or MariaDB (protocol version 10).
//!
//! Packets, a handshake and two ways to prove a password are all there is to say. The client library
//! resolves names and dials by itself, beside the guards, and brings some eighty crates.
//!
//! The answer: `authenticated`; `code`, the number of an error, or `0`; `message`, the error's text;
//! of an accepted one also `user`, the account as the server wrote it (`name@host`).

use super::{Credentials, Said};
use crate::endpoint::Endpoint;
use crate::line::{Line, unreachable};
use crate::transport::Failure;
use serde_json::json;
use sha1::Sha1;
use sha2::{Digest, Sha256};

// What a client may say it can (the protocol's capability flags).
const LONG_PASSWORD: u32 = 1;
const CONNECT_WITH_DB: u32 = 1 << 3;
const PROTOCOL_41: u32 = 1 << 9;
const SSL: u32 = 1 << 11;
const TRANSACTIONS: u32 = 1 << 13;
const SECURE_CONNECTION: u32 = 1 << 15;
const PLUGIN_AUTH: u32 = 1 << 19;

/// The longest packet that we take, in bytes.
const MOST: u32 = 1 << 16;

/// `utf8mb4_general_ci`, which both know.
const CHARSET: u8 = 45;

/// What the first packet of the server says.
struct Greeting {
    connection: u32,
    capabilities: u32,
    scramble: Vec<u8>,
    plugin: String,
}

/// A login under way.
struct Session {
    line: Line,
    sequence: u8,
    connection: Option<u32>,
}

/// An error of the server.
struct Refused {
    code: u16,
    message: String,
}

pub(super) async fn ask(
    line: Line,
    endpoint: &Endpoint,
    credentials: &Credentials,
) -> Result<Said, Failure> {
    let mut session = Session { line, sequence: 0, connection: None };
    let first = session.packet().await?;
    if let Some(refused) = refused(&first) {
        return Ok(session.denied(&refused));
    }
    let greeting = greeting(&first).ok_or_else(no_mysql)?;
    session.connection = Some(greeting.connection);
    let database = endpoint.database().unwrap_or_default();
    let mut flags = LONG_PASSWORD | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION | PLUGIN_AUTH;
    if !database.is_empty() {
        flags |= CONNECT_WITH_DB;
    }
    if session.line.wants_tls() && greeting.capabilities & SSL != 0 {
        flags |= SSL;
        session.send(&head(flags)).await?;
        session.line = session.line.into_tls().await?;
    }
    session.line.require_private()?;
    let password = credentials.password()?;
    // Of a way that is not known nothing is sent; the server may then offer another.
    let proof = proof(&greeting.plugin, &greeting.scramble, password).unwrap_or_default();
    let mut login = head(flags);
    login.extend(terminated(credentials.user()?));
    login.push(u8::try_from(proof.len()).unwrap_or(0));
    login.extend(proof);
    if !database.is_empty() {
        login.extend(terminated(database));
    }
    login.extend(terminated(&greeting.plugin));
    session.send(&login).await?;
    session.converse(password).await
}

impl Session {
    /// Answers what the server asks until it accepts or refuses.
    async fn converse(mut self, password: &[u8]) -> Result<Said, Failure> {
        loop {
            let packet = self.packet().await?;
            if let Some(refused) = refused(&packet) {
                return Ok(self.denied(&refused));
            }
            match packet.split_first() {
                Some((0x00, _)) => return self.accepted().await,
                // Another way to prove it, with another scramble.
                Some((0xfe, rest)) => {
                    let (plugin, scramble) = switch(rest).ok_or_else(|| unknown_way(""))?;
                    let proof = proof(&plugin, &scramble, password);
                    self.send(&proof.ok_or_else(|| unknown_way(&plugin))?).await?;
                }
                // caching_sha2_password: it remembers the hash, and "ok" follows.
                Some((0x01, [3])) => {}
                // It does not, and wants the password itself.
                Some((0x01, [4])) if self.line.is_tls() => {
                    let whole = [password, b"\0"].concat();
                    self.send(&whole).await?;
                }
                Some((0x01, [4])) => {
                    return Err(unreachable("the server wants the password itself, over TLS only"));
                }
                _ => return Err(no_mysql()),
            }
        }
    }

    async fn accepted(mut self) -> Result<Said, Failure> {
        let mut body = json!({ "authenticated": true, "code": "0" });
        if let Ok(Some(user)) = self.who().await {
            body["user"] = user.into();
        }
        self.sequence = 0;
        // COM_QUIT; whether it hears that changes nothing.
        let _ = self.send(&[1]).await;
        Ok(self.said("OK".to_owned(), body))
    }

    /// The account that the server matched: `CURRENT_USER()`.
    async fn who(&mut self) -> Result<Option<String>, Failure> {
        self.sequence = 0;
        self.send(b"\x03SELECT CURRENT_USER()").await?;
        // One column, its description, the end of descriptions, one row, the end of rows.
        let columns = self.packet().await?;
        if columns != [1] {
            return Ok(None);
        }
        self.packet().await?;
        self.packet().await?;
        let row = self.packet().await?;
        let text = row.split_first().and_then(|(length, text)| text.get(..usize::from(*length)));
        Ok(text.map(|text| String::from_utf8_lossy(text).into_owned()))
    }

    fn denied(&self, Refused { code, message }: &Refused) -> Said {
        let body = json!({ "authenticated": false, "code": code.to_string(), "message": message });
        self.said(format!("error {code}"), body)
    }

    fn said(&self, code: String, body: serde_json::Value) -> Said {
        let request_id = self.connection.map(|connection| connection.to_string());
        Said { code: format!("MySQL {code}"), body, request_id }
    }

    async fn packet(&mut self) -> Result<Vec<u8>, Failure> {
        let head = self.line.exact(4).await?;
        let length = u32::from_le_bytes([head[0], head[1], head[2], 0]);
        self.sequence = head[3].wrapping_add(1);
        self.line.exact(usize::try_from(length).map_err(|_| no_mysql())?).await
    }

    async fn send(&mut self, payload: &[u8]) -> Result<(), Failure> {
        let length = u32::try_from(payload.len()).map_err(|_| no_mysql())?;
        let mut packet = length.to_le_bytes()[..3].to_vec();
        packet.push(self.sequence);
        // Two may follow one another: the request for TLS and the login.
        self.sequence = self.sequence.wrapping_add(1);
        packet.extend_from_slice(payload);
        self.line.send(&packet).await
    }
}

/// What both the request for TLS and the login begin with.
fn head(flags: u32) -> Vec<u8> {
    let mut head = flags.to_le_bytes().to_vec();
    head.extend(MOST.to_le_bytes());
    head.push(CHARSET);
    head.extend([0; 23]);
    head
}

fn terminated(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().chain([0])
}

fn greeting(packet: &[u8]) -> Option<Greeting> {
    let rest = packet.strip_prefix(&[10])?;
    let version = rest.iter().position(|byte| *byte == 0)?;
    let rest = rest.get(version + 1..)?;
    let connection = u32::from_le_bytes(rest.get(..4)?.try_into().ok()?);
    let mut scramble = rest.get(4..12)?.to_vec();
    let low = u16::from_le_bytes(rest.get(13..15)?.try_into().ok()?);
    let high = u16::from_le_bytes(rest.get(18..20)?.try_into().ok()?);
    let length = usize::from(*rest.get(20)?);
    let rest = rest.get(31..)?;
    let second = length.saturating_sub(8).max(13);
    // The last byte is no part of it but an end.
    scramble.extend_from_slice(rest.get(..second.checked_sub(1)?)?);
    scramble.truncate(20);
    let plugin = rest.get(second..)?.split(|byte| *byte == 0).next()?;
    Some(Greeting {
        connection,
        capabilities: u32::from(low) | u32::from(high) << 16,
        scramble,
        plugin: String::from_utf8(plugin.to_vec()).ok()?,
    })
}

fn switch(rest: &[u8]) -> Option<(String, Vec<u8>)> {
    let end = rest.iter().position(|byte| *byte == 0)?;
    let plugin = String::from_utf8(rest[..end].to_vec()).ok()?;
    let scramble = rest[end + 1..].strip_suffix(&[0]).unwrap_or(&rest[end + 1..]);
    Some((plugin, scramble.to_vec()))
}

/// The proof that a plugin asks for: the password's hash, masked with one over the scramble.
fn proof(plugin: &str, scramble: &[u8], password: &[u8]) -> Option<Vec<u8>> {
    match plugin {
        "mysql_native_password" => {
            let once = Sha1::digest(password);
            let mask =
                Sha1::new().chain_update(scramble).chain_update(Sha1::digest(once)).finalize();
            Some(masked(&once, &mask))
        }
        "caching_sha2_password" => {
            let once = Sha256::digest(password);
            let twice = Sha256::digest(once);
            let mask = Sha256::new().chain_update(twice).chain_update(scramble).finalize();
            Some(masked(&once, &mask))
        }
        _ => None,
    }
}

fn masked(hash: &[u8], mask: &[u8]) -> Vec<u8> {
    hash.iter().zip(mask).map(|(one, other)| one ^ other).collect()
}

/// The error that a packet is: its number, then perhaps `#` and five characters, then the text.
fn refused(packet: &[u8]) -> Option<Refused> {
    let rest = packet.strip_prefix(&[0xff])?;
    let code = u16::from_le_bytes(rest.get(..2)?.try_into().ok()?);
    let text = rest.get(2..)?;
    let text = if text.first() == Some(&b'#') { text.get(6..)? } else { text };
    Some(Refused { code, message: String::from_utf8_lossy(text).into_owned() })
}

fn no_mysql() -> Failure {
    unreachable("what answers there does not speak MySQL's protocol")
}

/// Nothing is known of the credential when it could not be proven. The plugin's name is the
/// server's, so that only a plain word is repeated.
fn unknown_way(plugin: &str) -> Failure {
    let is_word =
        plugin.len() <= 40 && plugin.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let name = if is_word && !plugin.is_empty() { plugin } else { "another way" };
    unreachable(&format!("the server asks for {name}, which is not spoken here"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_greeting_is_none() {
        let mut whole = vec![10];
        whole.extend(b"8.0.0\0\x07\0\0\0abcdefgh\0\xff\xff\x2d\x02\0\xff\xff\x15");
        whole.extend([0; 10]);
        whole.extend(b"ijklmnopqrst\0caching_sha2_password\0");
        let read = greeting(&whole).unwrap();
        assert_eq!((read.connection, read.scramble.as_slice()), (7, &b"abcdefghijklmnopqrst"[..]));
        assert_eq!(read.plugin, "caching_sha2_password");
        for end in 0..whole.len() - 23 {
            assert!(greeting(&whole[..end]).is_none(), "{end}");
        }
        assert!(refused(&[0xff, 0x15]).is_none() && switch(b"name").is_none());
    }
}
