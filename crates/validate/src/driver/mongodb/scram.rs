//! The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), which proves the password to the server
//! and has the server prove that it knows it.

use crate::line::unreachable;
use crate::transport::Failure;
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use rustls::crypto::ring;
use sha2::{Digest, Sha256};

/// Nobody asks for less (RFC 7677), and more than this only keeps us busy.
const ROUNDS: std::ops::RangeInclusive<u32> = 4096..=1_000_000;

/// Who asks for no channel binding says so: `n,,`, in base 64.
const NO_BINDING: &str = "biws";

pub(super) struct Scram {
    password: Vec<u8>,
    bare: String,
    nonce: String,
    /// What the server must sign with, once it has told its salt.
    signature: Option<[u8; 32]>,
}

impl Scram {
    /// One for a login with a nonce of its own.
    pub(super) fn new(user: &str, password: &[u8]) -> Result<Self, Failure> {
        let mut bytes = [0; 24];
        let random = ring::default_provider().secure_random.fill(&mut bytes);
        random.map_err(|_| unreachable("this machine gave no random bytes"))?;
        Self::with(user, password, BASE64.encode(&bytes))
    }

    fn with(user: &str, password: &[u8], nonce: String) -> Result<Self, Failure> {
        // SASLprep leaves these as they are; what it makes of others would need its tables.
        if !password.iter().all(|byte| (0x20..0x7f).contains(byte)) || !user.is_ascii() {
            let what = "its password or account has characters beyond ASCII, which this login does \
                        not prepare";
            return Err(Failure::Refused(what.to_owned()));
        }
        let user = user.replace('=', "=3D").replace(',', "=2C");
        let bare = format!("n={user},r={nonce}");
        Ok(Self { password: password.to_vec(), bare, nonce, signature: None })
    }

    /// The first message.
    pub(super) fn first(&self) -> String {
        format!("n,,{}", self.bare)
    }

    /// The last message, which answers the server's first; `None` when that is none.
    pub(super) fn last(&mut self, server: &str) -> Option<String> {
        let part = |name: &str| server.split(',').find_map(|part| part.strip_prefix(name));
        let (nonce, salt) = (part("r=")?, BASE64.decode(part("s=")?.as_bytes()).ok()?);
        let rounds: u32 = part("i=")?.parse().ok()?;
        let is_ours = nonce.starts_with(&self.nonce) && nonce.len() > self.nonce.len();
        if !is_ours || !ROUNDS.contains(&rounds) {
            return None;
        }
        let salted = stretched(&self.password, &salt, rounds);
        let client = keyed(&salted, b"Client Key");
        let last = format!("c={NO_BINDING},r={nonce}");
        let all = format!("{},{server},{last}", self.bare);
        let signed = keyed(&Sha256::digest(client), all.as_bytes());
        let proof: Vec<u8> = client.iter().zip(signed).map(|(a, b)| a ^ b).collect();
        self.signature = Some(keyed(&keyed(&salted, b"Server Key"), all.as_bytes()));
        Some(format!("{last},p={}", BASE64.encode(&proof)))
    }

    /// Whether the server's last message shows that it knows the password too.
    pub(super) fn is_signed(&self, server: &str) -> bool {
        let said = server.split(',').find_map(|part| part.strip_prefix("v="));
        let said = said.and_then(|text| BASE64.decode(text.as_bytes()).ok());
        said.is_some_and(|said| self.signature.is_some_and(|known| said == known))
    }
}

/// PBKDF2 with one block, which is what `Hi` is.
pub(super) fn stretched(password: &[u8], salt: &[u8], rounds: u32) -> [u8; 32] {
    let mut last = keyed(password, &[salt, &1u32.to_be_bytes()].concat());
    let mut sum = last;
    for _ in 1..rounds {
        last = keyed(password, &last);
        for (byte, other) in sum.iter_mut().zip(last) {
            *byte ^= other;
        }
    }
    sum
}

pub(super) fn keyed(key: &[u8], message: &[u8]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677, section 3.
    #[test]
    fn the_published_exchange_is_met() {
        let nonce = "rOprNGfwEbeRWgbNEkqO".to_owned();
        let mut scram = Scram::with("user", b"pencil", nonce).unwrap();
        assert_eq!(scram.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let server = format!("r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        let proof = "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        assert_eq!(scram.last(&server), Some(format!("c=biws,r={nonce},{proof}")));
        assert!(scram.is_signed("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert!(!scram.is_signed("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert!(!scram.is_signed(""));
    }

    #[test]
    fn a_server_that_asks_for_less_or_repeats_an_old_nonce_gets_no_proof() {
        let mut scram = Scram::with("user", b"pencil", "abc".to_owned()).unwrap();
        for server in
            ["r=abcd,s=AAAA,i=1", "r=abc,s=AAAA,i=4096", "r=xyz,s=AAAA,i=4096", "e=other", ""]
        {
            assert_eq!(scram.last(server), None, "{server}");
        }
        assert!(!scram.is_signed("v="));
        assert!(Scram::with("user", "pencíl".as_bytes(), "abc".to_owned()).is_err());
    }
}
