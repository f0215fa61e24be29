//! A login to PostgreSQL, or to what speaks its protocol (version 3).
//!
//! `postgres-protocol` has the messages and SCRAM; the loop is ours, because a client library does
//! not tell whether the server asked for the password at all. One that does not (`trust`) accepts
//! everybody and says nothing of the credential.
//!
//! The answer: `authenticated`; `asked`, whether it wanted the password; `code`, the SQLSTATE of an
//! error, or `00000`; `message`, the error's text; of an accepted one also `user`, `database`,
//! `superuser` (`true`, `false`), `createrole` and `expires`.

use super::{Credentials, Said};
use crate::endpoint::Endpoint;
use crate::line::{Line, unreachable};
use crate::transport::Failure;
use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{
    AuthenticationSaslBody, DataRowBody, ErrorResponseBody, Message,
};
use postgres_protocol::message::frontend;
use serde_json::{Value, json};
use std::io;

/// Whose login it is and what the role may do. Names are qualified, so that nobody's own schema can
/// answer instead.
const WHO: &str = "SELECT session_user, pg_catalog.current_database(), rolsuper, rolcreaterole, \
                   rolvaliduntil FROM pg_catalog.pg_roles WHERE rolname = session_user";

/// The names of those columns in the answer.
const COLUMNS: [&str; 5] = ["user", "database", "superuser", "createrole", "expires"];

/// The database that every server has.
const DATABASE: &str = "postgres";

/// More iterations of the password's hash than this no server asks for.
const MOST_WORK: u32 = 1_000_000;

/// A login under way.
struct Session {
    line: Line,
    scram: Option<ScramSha256>,
    /// The server asked for the password.
    asked: bool,
    /// The number of the connection, which is in the server's log.
    process: Option<i32>,
}

pub(super) async fn ask(
    line: Line,
    endpoint: &Endpoint,
    credentials: &Credentials,
) -> Result<Said, Failure> {
    let mut session =
        Session { line: private(line).await?, scram: None, asked: false, process: None };
    let database = endpoint.database().unwrap_or(DATABASE);
    let parameters = [
        ("user", credentials.user()?),
        ("database", database),
        ("application_name", "quietus"),
        ("client_encoding", "UTF8"),
    ];
    let mut out = BytesMut::new();
    frontend::startup_message(parameters, &mut out).map_err(unspeakable)?;
    session.line.send(&out).await?;
    let mut authenticated = false;
    loop {
        match session.message().await? {
            Message::AuthenticationOk => authenticated = true,
            Message::BackendKeyData(body) => session.process = Some(body.process_id()),
            Message::ErrorResponse(body) => return session.refused(authenticated, &body),
            Message::ReadyForQuery(_) if authenticated => return session.accepted().await,
            Message::ParameterStatus(_) | Message::NoticeResponse(_) => {}
            other => session.prove(other, credentials).await?,
        }
    }
}

/// Asks for TLS first of all (section 53.2.9 of the manual), where it is wanted.
async fn private(mut line: Line) -> Result<Line, Failure> {
    if line.wants_tls() {
        let mut out = BytesMut::new();
        frontend::ssl_request(&mut out);
        line.send(&out).await?;
        match line.exact(1).await?.as_slice() {
            b"S" => line = line.into_tls().await?,
            b"N" => {}
            _ => return Err(no_postgresql()),
        }
    }
    line.require_private()?;
    Ok(line)
}

impl Session {
    async fn message(&mut self) -> Result<Message, Failure> {
        let mut whole = self.line.exact(5).await?;
        let length = u32::from_be_bytes([whole[1], whole[2], whole[3], whole[4]]);
        let rest = usize::try_from(length).unwrap_or(usize::MAX).checked_sub(4);
        whole.extend(self.line.exact(rest.ok_or_else(no_postgresql)?).await?);
        let parsed = Message::parse(&mut BytesMut::from(whole.as_slice()));
        parsed.ok().flatten().ok_or_else(no_postgresql)
    }

    /// Answers one question of the authentication.
    async fn prove(&mut self, asked: Message, credentials: &Credentials) -> Result<(), Failure> {
        let password = credentials.password()?;
        let mut out = BytesMut::new();
        match asked {
            Message::AuthenticationCleartextPassword => {
                frontend::password_message(password, &mut out)
            }
            Message::AuthenticationMd5Password(body) => {
                let hash = md5_hash(credentials.user.expose(), password, body.salt());
                frontend::password_message(hash.as_bytes(), &mut out)
            }
            Message::AuthenticationSasl(body) => self.begin_scram(&body, password, &mut out)?,
            Message::AuthenticationSaslContinue(body) => {
                if !is_cheap(body.data()) {
                    return Err(unreachable("the server asks for too much work"));
                }
                let scram = self.scram.as_mut().ok_or_else(no_postgresql)?;
                scram.update(body.data()).map_err(unspeakable)?;
                frontend::sasl_response(scram.message(), &mut out)
            }
            Message::AuthenticationSaslFinal(body) => {
                let scram = self.scram.as_mut().ok_or_else(no_postgresql)?;
                let unproven = |_| unreachable("the server did not prove that it knows the role");
                return scram.finish(body.data()).map_err(unproven);
            }
            // Kerberos and the like: nothing that a password could answer.
            _ => return Err(unreachable("the server asks for another proof than a password")),
        }
        .map_err(unspeakable)?;
        self.asked = true;
        self.line.send(&out).await
    }

    fn begin_scram(
        &mut self,
        offered: &AuthenticationSaslBody,
        password: &[u8],
        out: &mut BytesMut,
    ) -> Result<io::Result<()>, Failure> {
        let known = offered.mechanisms().any(|name| Ok(name == SCRAM_SHA_256)).unwrap_or(false);
        if !known {
            return Err(unreachable("the server asks for a mechanism that is not spoken here"));
        }
        let scram = ScramSha256::new(password, ChannelBinding::unsupported());
        let begun = frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), out);
        self.scram = Some(scram);
        Ok(begun)
    }

    fn refused(&self, authenticated: bool, error: &ErrorResponseBody) -> Result<Said, Failure> {
        let field = |wanted: u8| {
            let mut fields = error.fields();
            let found = fields.find(|field| Ok(field.type_() == wanted)).ok().flatten()?;
            Some(String::from_utf8_lossy(found.value_bytes()).into_owned())
        };
        let is_code =
            |code: &String| code.len() == 5 && code.bytes().all(|b| b.is_ascii_alphanumeric());
        let code = field(b'C').filter(is_code).ok_or_else(no_postgresql)?;
        let body = json!({
            "authenticated": authenticated,
            "asked": self.asked,
            "code": code,
            "message": field(b'M'),
        });
        Ok(self.said(&code, body))
    }

    async fn accepted(mut self) -> Result<Said, Failure> {
        let mut body = json!({ "authenticated": true, "asked": self.asked, "code": "00000" });
        // Whose it is may be unknown to a pooler in between: it is accepted all the same.
        if let (Ok(Some(row)), Value::Object(fields)) = (self.who().await, &mut body) {
            fields.extend(row);
        }
        let mut out = BytesMut::new();
        frontend::terminate(&mut out);
        // It closes by itself; whether it hears that changes nothing.
        let _ = self.line.send(&out).await;
        Ok(self.said("00000", body))
    }

    async fn who(&mut self) -> Result<Option<Vec<(String, Value)>>, Failure> {
        let mut out = BytesMut::new();
        frontend::query(WHO, &mut out).map_err(unspeakable)?;
        self.line.send(&out).await?;
        let mut found = None;
        loop {
            match self.message().await? {
                Message::DataRow(row) => found = columns(&row),
                Message::ReadyForQuery(_) => return Ok(found),
                Message::ErrorResponse(_) => found = None,
                _ => {}
            }
        }
    }

    fn said(&self, code: &str, body: Value) -> Said {
        let request_id = self.process.map(|process| process.to_string());
        Said { code: format!("SQLSTATE {code}"), body, request_id }
    }
}

/// Whether the iterations that the server asks for (`i=` of RFC 5802) are done in no time.
fn is_cheap(challenge: &[u8]) -> bool {
    let text = String::from_utf8_lossy(challenge);
    let count = text.split(',').find_map(|field| field.strip_prefix("i="));
    count.and_then(|count| count.parse::<u32>().ok()).is_some_and(|count| count <= MOST_WORK)
}

fn columns(row: &DataRowBody) -> Option<Vec<(String, Value)>> {
    let mut ranges = row.ranges();
    let mut found = Vec::new();
    for name in COLUMNS {
        if let Some(range) = ranges.next().ok()?? {
            let text = String::from_utf8_lossy(row.buffer().get(range)?).into_owned();
            let value = match name {
                "superuser" | "createrole" => Value::Bool(text == "t"),
                _ => Value::String(text),
            };
            found.push((name.to_owned(), value));
        }
    }
    Some(found)
}

fn no_postgresql() -> Failure {
    unreachable("what answers there does not speak PostgreSQL's protocol")
}

/// Something of ours that no message can carry, or of the server's that no message is.
fn unspeakable(_: io::Error) -> Failure {
    no_postgresql()
}
