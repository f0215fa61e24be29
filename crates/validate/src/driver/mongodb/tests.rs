//! The whole login against a stand-in on loopback that checks the proof as a server does.

use super::bson::{Document, Writer, int};
use super::scram::{keyed, stretched};
use super::*;
use crate::line::Terms;
use crate::settings::Settings;
use crate::tls;
use data_encoding::BASE64;
use quietus_model::Secret;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn login(user: &str, secret: &str) -> Credentials {
    let (user, secret) = (Secret::from(user), Secret::from(secret));
    Credentials { user, secret, passphrase: Secret::from("") }
}

const SALT: &[u8] = b"sixteen bytes ok";
const ROUNDS: u32 = 4096;

/// How the stand-in behaves.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// It knows the password.
    Honest,
    /// It knows it, and ends the conversation in a step of its own, as old servers do.
    Slow,
    /// It accepts anything, and so knows nothing.
    Credulous,
    /// It has no such mechanism.
    Old,
    /// It speaks something else.
    Other,
}

async fn read(stream: &mut TcpStream) -> Option<Document> {
    let mut head = [0; 16];
    stream.read_exact(&mut head).await.ok()?;
    let mut rest = vec![0; usize::try_from(int(&head[..4])).ok()? - 16];
    stream.read_exact(&mut rest).await.ok()?;
    assert_eq!((int(&head[12..]), &rest[..5]), (MESSAGE, &[0; 5][..]));
    Document::read(&rest[5..])
}

async fn reply(stream: &mut TcpStream, to: i32, document: Writer) {
    let mut bytes = message(1000 + to, &document.into_bytes());
    bytes[8..12].copy_from_slice(&to.to_le_bytes());
    stream.write_all(&bytes).await.unwrap();
}

fn refusal(number: i32, name: &str, text: &str) -> Writer {
    let mut refusal = Writer::new();
    refusal.int("ok", 0).text("errmsg", text).int("code", number).text("codeName", name);
    refusal
}

fn step(payload: &str, done: i32) -> Writer {
    let mut step = Writer::new();
    step.int("conversationId", 7).int("done", done).binary("payload", payload.as_bytes());
    step.int("ok", 1);
    step
}

fn said(document: &Document) -> String {
    String::from_utf8(document.binary("payload").unwrap().to_vec()).unwrap()
}

async fn serve(mut stream: TcpStream, password: &'static str, manner: Manner) -> Option<()> {
    let start = read(&mut stream).await?;
    assert_eq!(
        (start.text("mechanism"), start.text("$db")),
        (Some("SCRAM-SHA-256"), Some("users"))
    );
    match manner {
        Manner::Old => {
            reply(&mut stream, 1, refusal(334, "MechanismUnavailable", "no such mechanism")).await;
            return None;
        }
        Manner::Other => {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
            return None;
        }
        Manner::Honest | Manner::Slow | Manner::Credulous => {}
    }
    let first = said(&start);
    let bare = first.strip_prefix("n,,").unwrap();
    assert!(bare.starts_with("n=a=3Db,r="), "{bare}");
    let nonce = format!("{}server", bare.rsplit_once("r=").unwrap().1);
    let challenge = format!("r={nonce},s={},i={ROUNDS}", BASE64.encode(SALT));
    reply(&mut stream, 1, step(&challenge, 0)).await;
    let proof = said(&read(&mut stream).await?);
    let (last, proof) = proof.rsplit_once(",p=").unwrap();
    let salted = stretched(password.as_bytes(), SALT, ROUNDS);
    let stored = Sha256::digest(keyed(&salted, b"Client Key"));
    let all = format!("{bare},{challenge},{last}");
    let signature = keyed(&stored, all.as_bytes());
    let proof = BASE64.decode(proof.as_bytes()).unwrap();
    let client: Vec<u8> = proof.iter().zip(signature).map(|(a, b)| a ^ b).collect();
    if manner != Manner::Credulous && Sha256::digest(client) != stored {
        reply(&mut stream, 2, refusal(18, "AuthenticationFailed", "Authentication failed.")).await;
        return None;
    }
    let signed = keyed(&keyed(&salted, b"Server Key"), all.as_bytes());
    let signed = format!("v={}", BASE64.encode(&signed));
    reply(&mut stream, 2, step(&signed, i32::from(manner != Manner::Slow))).await;
    assert!(
        manner == Manner::Slow || manner == Manner::Credulous || read(&mut stream).await.is_none()
    );
    if manner == Manner::Slow {
        assert_eq!(said(&read(&mut stream).await?), "");
        reply(&mut stream, 3, step("", 1)).await;
    }
    None
}

/// What the driver hears when it logs in with `given`.
async fn heard(known: &'static str, given: &str, manner: Manner) -> Result<Said, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream, known, manner).await;
    });
    let terms = Terms {
        tls: Arc::new(tls::config(&Settings::default()).unwrap()),
        host: "127.0.0.1".to_owned(),
        known_hosts: "".into(),
        clear: true,
    };
    let line = Line::open(&[address], terms).await.unwrap();
    let endpoint = Endpoint::any(&format!("mongodb://{address}/users")).unwrap();
    let credentials = login("a=b", given);
    let heard = ask(line, &endpoint, &credentials).await;
    server.await.unwrap();
    heard
}

#[tokio::test]
async fn the_right_password_is_accepted_and_a_wrong_one_denied_in_the_servers_words() {
    for manner in [Manner::Honest, Manner::Slow] {
        let said = heard("right", "right", manner).await.ok().unwrap();
        assert_eq!((said.code.as_str(), &said.body["authenticated"]), ("MongoDB OK", &true.into()));
        let said = heard("right", "wrong", manner).await.ok().unwrap();
        assert_eq!(said.code, "MongoDB 18 AuthenticationFailed");
        assert_eq!(
            said.body,
            json!({
                "authenticated": false,
                "code": "AuthenticationFailed",
                "number": 18,
                "message": "Authentication failed.",
            })
        );
    }
}

#[tokio::test]
async fn a_server_that_takes_any_password_or_none_of_this_is_no_answer() {
    let unreachable = heard("right", "wrong", Manner::Credulous).await.err().unwrap();
    assert!(matches!(unreachable, Failure::Unreachable(why) if why.contains("does not know")));
    let other = heard("right", "right", Manner::Other).await.err().unwrap();
    assert!(matches!(other, Failure::Unreachable(why) if why.contains("does not speak")));
    let old = heard("right", "right", Manner::Old).await.ok().unwrap();
    assert_eq!(old.code, "MongoDB 334 MechanismUnavailable");
}

#[tokio::test]
async fn no_password_goes_out_without_tls_unless_the_user_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut first = [0; 1];
        stream.read_exact(&mut first).await.unwrap();
        first[0]
    });
    let terms = Terms {
        tls: Arc::new(tls::config(&Settings::default()).unwrap()),
        host: "127.0.0.1".to_owned(),
        known_hosts: "".into(),
        clear: false,
    };
    let line = Line::open(&[address], terms).await.unwrap();
    let endpoint = Endpoint::any(&format!("mongodb://{address}")).unwrap();
    let credentials = login("a", "right");
    assert!(ask(line, &endpoint, &credentials).await.is_err());
    assert_eq!(server.await.unwrap(), 0x16, "TLS begins with the first byte");
}
