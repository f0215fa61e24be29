//! A login to MongoDB: `saslStart` with SCRAM-SHA-256 (RFC 5802, RFC 7677) in messages of the wire
//! protocol (`OP_MSG`).
//!
//! Three commands are all there is to say. The client library resolves names, dials and watches
//! servers by itself, beside the guards, and brings more than a hundred crates.
//!
//! The answer: `authenticated`; `code`, the name of an error (`AuthenticationFailed`) or `OK`;
//! `number`, the error's number; `message`, its text.

mod bson;
mod scram;
#[cfg(test)]
mod tests;

use super::{Credentials, Said};
use crate::endpoint::Endpoint;
use crate::line::{Line, unreachable};
use crate::transport::Failure;
use bson::{Document, Writer};
use scram::Scram;
use serde_json::json;

/// `OP_MSG`, which servers understand since 3.6.
const MESSAGE: i32 = 2013;

/// The bytes of a message's head: length, id, the id it answers, and what it is.
const HEAD: usize = 16;

/// The longest answer that we take, in bytes.
const MOST: usize = 48 * 1024;

/// Where users are kept if the endpoint names no database.
const USERS: &str = "admin";

/// What the server said instead of going on.
struct Refused {
    name: String,
    number: i32,
    message: String,
}

pub(super) async fn ask(
    line: Line,
    endpoint: &Endpoint,
    credentials: &Credentials,
) -> Result<Said, Failure> {
    // TLS begins with the first byte or never, as with the clients' `tls=true`.
    let line = if line.wants_tls() { line.into_tls().await? } else { line };
    line.require_private()?;
    let database = endpoint.database().unwrap_or(USERS);
    let mut scram = Scram::new(credentials.user()?, credentials.password()?)?;
    let mut session = Session { line, database: database.to_owned(), sent: 0 };
    let mut start = Writer::new();
    start.int("saslStart", 1).text("mechanism", "SCRAM-SHA-256");
    start.binary("payload", scram.first().as_bytes());
    let first = session.command(start).await?;
    if let Some(refused) = refused(&first) {
        return Ok(denied(&refused));
    }
    let last = scram.last(&payload(&first)?).ok_or_else(no_mongodb)?;
    let conversation = first.number("conversationId").ok_or_else(no_mongodb)?;
    let second = session.command(continued(conversation, last.as_bytes())).await?;
    if let Some(refused) = refused(&second) {
        return Ok(denied(&refused));
    }
    // Who accepts anything cannot prove that they know the password.
    if !scram.is_signed(&payload(&second)?) {
        return Err(unreachable("what answers there does not know the password either"));
    }
    if !second.is_true("done") {
        let third = session.command(continued(conversation, b"")).await?;
        if let Some(refused) = refused(&third) {
            return Ok(denied(&refused));
        }
    }
    let body = json!({ "authenticated": true, "code": "OK" });
    Ok(Said { code: "MongoDB OK".to_owned(), body, request_id: None })
}

fn continued(conversation: i32, payload: &[u8]) -> Writer {
    let mut next = Writer::new();
    next.int("saslContinue", 1).int("conversationId", conversation).binary("payload", payload);
    next
}

/// A login under way.
struct Session {
    line: Line,
    database: String,
    sent: i32,
}

impl Session {
    async fn command(&mut self, mut command: Writer) -> Result<Document, Failure> {
        command.text("$db", &self.database);
        self.sent += 1;
        self.line.send(&message(self.sent, &command.into_bytes())).await?;
        let head = self.line.exact(HEAD).await?;
        let number = |at: usize| bson::int(&head[at..at + 4]);
        let len = usize::try_from(number(0)).ok().filter(|len| (HEAD + 5..=MOST).contains(len));
        let rest = self.line.exact(len.ok_or_else(no_mongodb)? - HEAD).await?;
        if number(8) != self.sent || number(12) != MESSAGE {
            return Err(no_mongodb());
        }
        // Flags, none of which this asks for, and one section with the answer.
        match rest.split_at(4) {
            (_, [0, document @ ..]) => Document::read(document).ok_or_else(no_mongodb),
            _ => Err(no_mongodb()),
        }
    }
}

/// One section with one document and no flags.
fn message(id: i32, document: &[u8]) -> Vec<u8> {
    let len = i32::try_from(HEAD + 5 + document.len()).unwrap_or(i32::MAX);
    let mut bytes = Vec::with_capacity(HEAD + 5 + document.len());
    for number in [len, id, 0, MESSAGE, 0] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.push(0);
    bytes.extend_from_slice(document);
    bytes
}

fn refused(answer: &Document) -> Option<Refused> {
    if answer.is_true("ok") {
        return None;
    }
    Some(Refused {
        name: answer.text("codeName").unwrap_or("error").to_owned(),
        number: answer.number("code").unwrap_or(0),
        message: answer.text("errmsg").unwrap_or_default().to_owned(),
    })
}

fn payload(answer: &Document) -> Result<String, Failure> {
    let bytes = answer.binary("payload").ok_or_else(no_mongodb)?;
    String::from_utf8(bytes.to_vec()).map_err(|_| no_mongodb())
}

fn denied(refused: &Refused) -> Said {
    let Refused { name, number, message } = refused;
    let is_name = (1..=40).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric());
    let shown = if is_name { name.as_str() } else { "error" };
    let body = json!({
        "authenticated": false, "code": shown, "number": number, "message": message,
    });
    Said { code: format!("MongoDB {number} {shown}"), body, request_id: None }
}

fn no_mongodb() -> Failure {
    unreachable("what answers there does not speak MongoDB")
}
