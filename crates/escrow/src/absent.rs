//! What there is to seal with in a program that was built without escrow: nothing.

use crate::{EscrowError, NewIdentity};
use zeroize::Zeroizing;

/// The public keys that values are sealed to: none, because none can be.
#[derive(Debug, Default)]
pub struct Recipients(());

impl Recipients {
    /// None.
    ///
    /// # Errors
    /// [`EscrowError::NotBuilt`] when there are any.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, EscrowError> {
        if texts.is_empty() { Ok(Self(())) } else { Err(EscrowError::NotBuilt) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        true
    }

    pub(crate) fn names(&self) -> &[String] {
        &[]
    }

    pub(crate) fn seal(&self, _: &[u8]) -> Result<Vec<u8>, EscrowError> {
        Err(EscrowError::NotBuilt)
    }
}

/// None can be made.
///
/// # Errors
/// [`EscrowError::NotBuilt`], always.
pub fn new_identity() -> Result<NewIdentity, EscrowError> {
    Err(EscrowError::NotBuilt)
}

/// Private keys; there are none.
#[derive(Debug)]
pub struct Identities(());

impl Identities {
    /// None.
    ///
    /// # Errors
    /// [`EscrowError::NotBuilt`], always.
    pub fn read(_: &str) -> Result<Self, EscrowError> {
        Err(EscrowError::NotBuilt)
    }

    pub(crate) fn open(
        &self,
        _: &[u8],
        _: impl Fn() -> String,
    ) -> Result<Zeroizing<Vec<u8>>, EscrowError> {
        Err(EscrowError::NotBuilt)
    }
}
