//! Seals a secret to its recipients, opens it for a retest, destroys it.
//!
//! A value is sealed in the age format (<https://age-encryption.org/v1>) to public keys; whoever holds
//! an identity opens it, this program or `age` itself. Each lies in a file of its own, in a folder
//! that nobody but its owner can enter. Nothing here knows of items: what was sealed, opened and
//! destroyed is for the caller to record.

#[cfg(feature = "age")]
mod sealing;
#[cfg(not(feature = "age"))]
#[path = "absent.rs"]
mod sealing;

mod content;
mod safe;

pub use sealing::{Identities, Recipients, new_identity};

use content::Content;
use quietus_model::{Companion, Digest, Hit, RuleId, SafeText, Seal, SealId, Secret};
use safe::Safe;
use std::path::{Path, PathBuf};
use uuid::Uuid;
use zeroize::Zeroizing;

/// A folder of sealed values, and to whom new ones are sealed.
#[derive(Debug)]
pub struct Escrow {
    safe: Safe,
    recipients: Recipients,
}

/// A value that was opened. Wiped when dropped.
#[derive(Debug)]
pub struct Unsealed {
    /// The rule that recognised it when it was sealed.
    pub rule: RuleId,
    /// The value.
    pub secret: Secret,
    /// The other parts.
    pub parts: Vec<Companion>,
}

/// A private key, as the text of a file, and the public key to seal to.
pub struct NewIdentity {
    /// As `age-keygen` writes it; a secret.
    pub text: Zeroizing<String>,
    /// What values are sealed to.
    pub recipient: String,
}

/// How the file of a sealed value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Condition {
    /// As it was sealed.
    Whole,
    /// Not there.
    Missing,
    /// Not the bytes that were sealed.
    Altered,
}

impl Condition {
    /// In lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Missing => "missing",
            Self::Altered => "altered",
        }
    }
}

/// Why a value was not sealed, opened or destroyed.
#[derive(Debug, thiserror::Error)]
pub enum EscrowError {
    /// This program cannot seal or open.
    #[error("this program was built without escrow; build it with `cargo build --features escrow`")]
    NotBuilt,
    /// This is no public key.
    #[error(
        "\"{text}\" is no age recipient; give the public key that `age-keygen` prints, age1… \
         (never the identity)"
    )]
    Recipient {
        /// What was given, without anything that could be an identity.
        text: SafeText,
    },
    /// The file holds no private key.
    #[error("there is no age identity in it; it is the file that `age-keygen` writes")]
    NoIdentity,
    /// Sealed to others.
    #[error("none of these identities opens it; it was sealed to {recipients}")]
    Foreign {
        /// To whom.
        recipients: String,
    },
    /// Not the bytes that were sealed.
    #[error("{} is not what was sealed; restore it from a backup", path.display())]
    Altered {
        /// The file.
        path: PathBuf,
    },
    /// It was opened and holds something else.
    #[error("what it holds is not understood; a newer version of this program may have sealed it")]
    Content,
    /// A file could not be written, read or removed.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The cipher failed.
    #[error("it could not be sealed: {detail}")]
    Cipher {
        /// What failed.
        detail: String,
    },
}

impl Escrow {
    /// One in `folder`, which is made when the first value is sealed. Without recipients nothing is
    /// sealed.
    pub fn new(folder: impl Into<PathBuf>, recipients: Recipients) -> Self {
        Self { safe: Safe::new(folder.into()), recipients }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        self.safe.root()
    }

    /// Whether new values are sealed.
    pub fn is_on(&self) -> bool {
        !self.recipients.is_empty()
    }

    /// Seals a credential with all its parts; `None` where nothing is sealed. It is not safe from a
    /// power cut before [`Escrow::sync`].
    ///
    /// # Errors
    /// [`EscrowError`] when it could not be sealed or written.
    pub fn seal(&self, hit: &Hit) -> Result<Option<Seal>, EscrowError> {
        if !self.is_on() {
            return Ok(None);
        }
        let content = content::write(&hit.finding.rule, &hit.secret, &hit.parts);
        let sealed = self.recipients.seal(&content)?;
        let id = SealId(Uuid::now_v7());
        self.safe.put(id, &sealed)?;
        let recipients = self.recipients.names().iter().map(SafeText::plain).collect();
        Ok(Some(Seal { id, digest: Digest::of(&sealed), recipients }))
    }

    /// Makes sure that these are on the disk, before anybody relies on them.
    ///
    /// # Errors
    /// [`EscrowError::File`]
    pub fn sync(&self, ids: &[SealId]) -> Result<(), EscrowError> {
        self.safe.sync(ids)
    }

    /// Opens what was sealed.
    ///
    /// # Errors
    /// [`EscrowError`] when its file is gone or altered, or nobody of `identities` can open it.
    pub fn open(&self, seal: &Seal, identities: &Identities) -> Result<Unsealed, EscrowError> {
        let sealed = self.safe.get(seal.id)?;
        if Digest::of(&sealed) != seal.digest {
            return Err(EscrowError::Altered { path: self.safe.path(seal.id) });
        }
        let content = identities.open(&sealed, || {
            let names: Vec<&str> = seal.recipients.iter().map(SafeText::as_str).collect();
            names.join(", ")
        })?;
        let Content { rule, secret, parts } =
            content::read(&content).ok_or(EscrowError::Content)?;
        Ok(Unsealed { rule, secret, parts })
    }

    /// Removes a sealed value for good; one that is gone already is no error.
    ///
    /// # Errors
    /// [`EscrowError::File`]
    pub fn destroy(&self, id: SealId) -> Result<(), EscrowError> {
        self.safe.remove(id)
    }

    /// How the file of a sealed value is.
    ///
    /// # Errors
    /// [`EscrowError::File`] when it cannot be read.
    pub fn condition(&self, seal: &Seal) -> Result<Condition, EscrowError> {
        match self.safe.get(seal.id) {
            Ok(sealed) if Digest::of(&sealed) == seal.digest => Ok(Condition::Whole),
            Ok(_) => Ok(Condition::Altered),
            Err(EscrowError::File { error, .. })
                if error.kind() == std::io::ErrorKind::NotFound =>
            {
                Ok(Condition::Missing)
            }
            Err(error) => Err(error),
        }
    }

    /// Every sealed value that lies in the folder, whoever sealed it.
    ///
    /// # Errors
    /// [`EscrowError::File`]
    pub fn ids(&self) -> Result<Vec<SealId>, EscrowError> {
        self.safe.ids()
    }
}
