//! Authentication by public key at an SSH server (RFC 4252), and nothing behind it: no session, no
//! command. The key never leaves this machine; what is sent is a signature for this connection.
//!
//! Only a host whose key the user knows is asked, as with the certificates of TLS: anybody else could
//! deny.
//!
//! The answer: `authenticated`; `publickey`, whether the server takes keys of this account at all;
//! `code`: `accepted`, `partial` (accepted, and something else is asked for as well) or `denied`;
//! of an accepted one also `user`, the account.

use super::{Credentials, Said, known_hosts};
use crate::endpoint::Endpoint;
use crate::line::{Line, unreachable};
use crate::transport::Failure;
use quietus_model::Secret;
use russh::client::{AuthResult, Config, Handler, connect_stream};
use russh::keys::ssh_key::Kdf;
use russh::keys::{
    HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKeyBase64, PublicKeyOrCertificate,
    decode_secret_key,
};
use russh::{Disconnect, MethodKind};
use serde_json::json;
use std::sync::Arc;

/// More rounds of the passphrase's hash than this nobody asks for: ssh-keygen writes 16 or 24.
const MOST_ROUNDS: u32 = 256;

/// What looks at the key of the host.
struct Host {
    /// The host's keys that the user knows, in base 64.
    known: Vec<String>,
}

impl Handler for Host {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        Ok(match key {
            PublicKeyOrCertificate::PublicKey { key, .. } => {
                self.known.contains(&key.public_key_base64())
            }
            PublicKeyOrCertificate::Certificate(_) => false,
        })
    }
}

pub(super) async fn ask(
    line: Line,
    endpoint: &Endpoint,
    credentials: &Credentials,
) -> Result<Said, Failure> {
    let known = endpoint
        .origin()
        .map(|origin| known_hosts::keys(line.known_hosts(), &origin.host, origin.port));
    let known = known.filter(|keys| !keys.is_empty()).ok_or_else(unknown_host)?;
    let key = Arc::new(key(credentials)?);
    let config = Arc::new(Config::default());
    let session = connect_stream(config, line.into_stream(), Host { known }).await;
    let mut session = session.map_err(|error| failure(&error))?;
    // SHA-1 is not signed with: who takes nothing else is not asked.
    let offered = match key.algorithm().is_rsa() {
        true => session.best_supported_rsa_hash().await.map_err(|error| failure(&error))?,
        false => None,
    };
    let hash = offered.flatten().unwrap_or(HashAlg::Sha512);
    let account = endpoint.account();
    let signed = PrivateKeyWithHashAlg::new(key, Some(hash));
    let result = session.authenticate_publickey(account, signed).await;
    let result = result.map_err(|error| failure(&error))?;
    // It closes by itself; whether it hears that changes nothing.
    let _ = session.disconnect(Disconnect::ByApplication, "", "").await;
    let (code, publickey) = match result {
        AuthResult::Success => ("accepted", true),
        AuthResult::Failure { partial_success: true, .. } => ("partial", true),
        AuthResult::Failure { remaining_methods, .. } => {
            ("denied", remaining_methods.contains(&MethodKind::PublicKey))
        }
    };
    let authenticated = code != "denied";
    let mut body = json!({ "authenticated": authenticated, "publickey": publickey, "code": code });
    if authenticated {
        body["user"] = account.into();
    }
    Ok(Said { code: format!("SSH {code}"), body, request_id: None })
}

/// The private key, decrypted where that takes no long time.
fn key(credentials: &Credentials) -> Result<PrivateKey, Failure> {
    let text = std::str::from_utf8(credentials.secret.expose()).map_err(|_| no_key())?;
    // In JSON and in code its line ends are written as `\n`, and in YAML its lines are indented.
    let lines = text.replace("\\r", "").replace("\\n", "\n");
    let lines: Vec<&str> = lines.lines().map(str::trim).collect();
    let text = Secret::new(lines.join("\n").into_bytes());
    let text = std::str::from_utf8(text.expose()).map_err(|_| no_key())?;
    if credentials.passphrase.is_empty() {
        return decode_secret_key(text, None).map_err(|_| no_key());
    }
    let passphrase = std::str::from_utf8(credentials.passphrase.expose()).map_err(|_| no_key())?;
    // Whoever wrote the key chose how much work it takes to open it.
    let locked = PrivateKey::from_openssh(text).map_err(|_| no_key())?;
    match locked.kdf() {
        Kdf::Bcrypt { rounds, .. } if *rounds <= MOST_ROUNDS => {}
        _ => return Err(Failure::Refused("opening the key takes too much work".to_owned())),
    }
    locked.decrypt(passphrase).map_err(|_| {
        Failure::Refused("the passphrase that stands near it does not open it".to_owned())
    })
}

fn failure(error: &russh::Error) -> Failure {
    match error {
        russh::Error::UnknownKey => {
            let what = "the host shows another key than the one in known_hosts";
            Failure::Refused(what.to_owned())
        }
        _ => unreachable("what answers there does not speak SSH, or hung up"),
    }
}

fn unknown_host() -> Failure {
    let what = "the host's key is not known; name a file with it as validate.known_hosts";
    Failure::Refused(what.to_owned())
}

fn no_key() -> Failure {
    Failure::Refused("it cannot be read as a private key, or a passphrase protects it".to_owned())
}
