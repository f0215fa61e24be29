//! Secrets that let people in: made here, shown once, kept as digests.

use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use quietus_model::Digest;
use quietus_poam::Roles;
use quietus_store::{AccessToken, Ledger, StoreError};
use std::fmt;

/// How many random bytes: more than anybody guesses.
const LENGTH: usize = 32;

/// What a token begins with, so that people and scanners know one when they see it.
const TOKEN: &str = "quietus_";

/// Why nobody can be let in.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The ledger's database refuses.
    #[error(transparent)]
    Ledger(#[from] StoreError),
    /// There is nothing to make a secret of.
    #[error("the system gives no random bytes ({0}), so no secret can be made")]
    NoRandomness(String),
}

/// Something only its holder knows. It is never printed by habit.
pub(crate) struct Secret(String);

impl Secret {
    /// A new one. Bytes that anybody can guess must never stand for one.
    pub(crate) fn fresh() -> Result<Self, DoorError> {
        let mut bytes = [0; LENGTH];
        getrandom::fill(&mut bytes).map_err(|error| DoorError::NoRandomness(error.to_string()))?;
        Ok(Self(BASE64URL_NOPAD.encode(&bytes)))
    }

    /// What somebody gave, whatever it is.
    pub(crate) fn given(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// What is kept of it.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of_parts([b"access".as_slice(), self.0.as_bytes()])
    }

    /// Whether both are the same. Compares digests, so that the time it takes tells nothing.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.digest() == other.digest()
    }

    /// What a form of this session must carry: known to its pages, and to nobody who cannot read
    /// them or the cookie.
    pub(crate) fn form_key(&self) -> String {
        let digest = Digest::of_parts([b"form".as_slice(), self.0.as_bytes()]);
        digest.as_str()[..32].to_owned()
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

/// The value of a new token, to be shown once.
pub struct TokenValue(Secret);

impl TokenValue {
    /// The value.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

impl fmt::Debug for TokenValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenValue(…)")
    }
}

/// Makes a token that lets `subject` in with `roles` until `expires_at`, and keeps its digest.
///
/// # Errors
/// [`DoorError`] when the ledger's database refuses, or there is no randomness.
pub async fn new_token(
    ledger: &Ledger,
    subject: &str,
    roles: Roles,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<(AccessToken, TokenValue), DoorError> {
    ledger.prepare_access().await?;
    let secret = Secret(format!("{TOKEN}{}", Secret::fresh()?.0));
    let id = secret.digest().as_str()[..8].to_owned();
    let subject = subject.trim().to_owned();
    let token = AccessToken { id, subject, roles, made_at: now, expires_at, ended_at: None };
    ledger.add_token(&token, &secret.digest()).await?;
    Ok((token, TokenValue(secret)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_secrets_are_alike_and_neither_digest_tells_the_other() {
        let (one, two) = (Secret::fresh().unwrap(), Secret::fresh().unwrap());
        assert!(!one.is(&two) && one.is(&Secret::given(one.reveal())));
        assert_eq!(one.reveal().len(), 43);
        assert_ne!(one.form_key(), two.form_key());
        assert!(!one.digest().as_str().contains(&one.form_key()));
    }
}
