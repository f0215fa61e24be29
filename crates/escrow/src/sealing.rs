//! The age format: X25519 recipients seal, their identities open.

use crate::{EscrowError, NewIdentity};
use age::secrecy::ExposeSecret;
use age::x25519::{Identity, Recipient};
use age::{DecryptError, Decryptor, Encryptor};
use quietus_model::SafeText;
use std::fmt;
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// What an identity begins with, in any case: it must not be shown.
const IDENTITY: &str = "age-secret-key-";

/// The most bytes that a sealed value is opened to.
const LARGEST: u64 = 1 << 20;

/// The public keys that values are sealed to.
#[derive(Default)]
pub struct Recipients {
    keys: Vec<Recipient>,
    names: Vec<String>,
}

impl Recipients {
    /// Reads public keys as `age-keygen` prints them.
    ///
    /// # Errors
    /// [`EscrowError::Recipient`]
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, EscrowError> {
        let mut recipients = Self::default();
        for text in texts {
            let text = text.as_ref().trim();
            let key = text.parse::<Recipient>().map_err(|_| EscrowError::Recipient {
                text: match text.to_ascii_lowercase().starts_with(IDENTITY) {
                    true => SafeText::plain("an identity"),
                    false => SafeText::scrubbed(text.as_bytes(), []),
                },
            })?;
            recipients.names.push(key.to_string());
            recipients.keys.push(key);
        }
        Ok(recipients)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn seal(&self, content: &[u8]) -> Result<Vec<u8>, EscrowError> {
        let failed = |detail: String| EscrowError::Cipher { detail };
        let keys = self.keys.iter().map(|key| key as &dyn age::Recipient);
        let encryptor =
            Encryptor::with_recipients(keys).map_err(|error| failed(error.to_string()))?;
        let mut sealed = Vec::new();
        encryptor
            .wrap_output(&mut sealed)
            .and_then(|mut writer| {
                writer.write_all(content)?;
                writer.finish()
            })
            .map_err(|error| failed(error.to_string()))?;
        Ok(sealed)
    }
}

impl fmt::Debug for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Recipients").field(&self.names).finish()
    }
}

/// A new private key and its public one.
///
/// # Errors
/// None: it is made from the system's random source.
pub fn new_identity() -> Result<NewIdentity, EscrowError> {
    let key = Identity::generate();
    let recipient = key.to_public().to_string();
    let secret = key.to_string();
    let text = Zeroizing::new(format!("# public key: {recipient}\n{}\n", secret.expose_secret()));
    Ok(NewIdentity { text, recipient })
}

/// Private keys that open what was sealed to them.
pub struct Identities(Vec<Identity>);

impl Identities {
    /// Reads a file as `age-keygen` writes it: one key a line, comments after `#`.
    ///
    /// # Errors
    /// [`EscrowError::NoIdentity`] when a line is something else, or there is none.
    pub fn read(text: &str) -> Result<Self, EscrowError> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys = lines.filter(|line| !line.starts_with('#')).map(str::parse::<Identity>);
        let keys = keys.collect::<Result<Vec<_>, _>>().map_err(|_| EscrowError::NoIdentity)?;
        if keys.is_empty() {
            return Err(EscrowError::NoIdentity);
        }
        Ok(Self(keys))
    }

    pub(crate) fn open(
        &self,
        sealed: &[u8],
        recipients: impl Fn() -> String,
    ) -> Result<Zeroizing<Vec<u8>>, EscrowError> {
        let foreign = |error: DecryptError| match error {
            DecryptError::NoMatchingKeys => EscrowError::Foreign { recipients: recipients() },
            _ => EscrowError::Content,
        };
        let keys = self.0.iter().map(|key| key as &dyn age::Identity);
        let opened = Decryptor::new(sealed).and_then(|decryptor| decryptor.decrypt(keys));
        let opened = opened.map_err(foreign)?;
        // What is opened is never longer than what was sealed, so this is not moved while it grows.
        let mut content = Zeroizing::new(Vec::with_capacity(sealed.len()));
        let read = opened.take(LARGEST).read_to_end(&mut content);
        read.map_err(|_| EscrowError::Content)?;
        Ok(content)
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identities({})", self.0.len())
    }
}
