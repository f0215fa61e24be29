//! One attempt to sign in with a provider. All of it stands in a cookie of the browser that began it,
//! so that nobody can be made to end another's attempt, and nothing is kept for strangers.

use crate::door::{DoorError, Secret};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use quietus_model::Digest;

/// How long an attempt may take, in seconds.
pub(crate) const LASTS: i64 = 600;

/// The longest address within the site that is remembered.
const LONGEST: usize = 1000;

/// One attempt. What the provider is told of it are digests of its secret, each for one purpose.
pub(crate) struct Attempt {
    secret: Secret,
    /// Where the person wanted to go.
    pub(crate) next: String,
}

impl Attempt {
    /// A new one.
    pub(crate) fn begun(next: String) -> Result<Self, DoorError> {
        let next = if next.len() > LONGEST { "/".to_owned() } else { next };
        Ok(Self { secret: Secret::fresh()?, next })
    }

    /// The one that a cookie holds. Where it leads is checked by whoever follows it.
    pub(crate) fn of_cookie(value: &str) -> Option<Self> {
        let (secret, next) = value.split_once('.')?;
        let next = BASE64URL_NOPAD.decode(next.as_bytes()).ok()?;
        let next = String::from_utf8(next).ok()?;
        (!secret.is_empty()).then(|| Self { secret: Secret::given(secret), next })
    }

    /// The value of its cookie.
    pub(crate) fn cookie(&self) -> String {
        format!("{}.{}", self.secret.reveal(), BASE64URL_NOPAD.encode(self.next.as_bytes()))
    }

    /// What the provider sends the browser back with.
    pub(crate) fn state(&self) -> String {
        self.part(b"state")
    }

    /// What the ID token must repeat.
    pub(crate) fn nonce(&self) -> String {
        self.part(b"nonce")
    }

    /// What shows that who gives the code back is who asked for it (RFC 7636, 4.1).
    pub(crate) fn verifier(&self) -> String {
        self.part(b"verifier")
    }

    /// The verifier, so that nobody can tell it from this: method S256 (RFC 7636, 4.2).
    pub(crate) fn challenge(&self) -> String {
        let digest = Digest::of(self.verifier().as_bytes());
        let bytes = HEXLOWER.decode(digest.as_str().as_bytes()).unwrap_or_default();
        BASE64URL_NOPAD.encode(&bytes)
    }

    fn part(&self, purpose: &[u8]) -> String {
        let digest = Digest::of_parts([b"sign-in", purpose, self.secret.reveal().as_bytes()]);
        digest.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_holds_the_whole_attempt_and_its_parts_tell_nothing_of_each_other() {
        let attempt = Attempt::begun("/?q=a b".to_owned()).unwrap();
        let again = Attempt::of_cookie(&attempt.cookie()).unwrap();
        assert_eq!((again.state(), &again.next), (attempt.state(), &attempt.next));
        assert_eq!(again.verifier(), attempt.verifier());
        let parts = [attempt.state(), attempt.nonce(), attempt.verifier(), attempt.challenge()];
        for (at, part) in parts.iter().enumerate() {
            assert!((43..=128).contains(&part.len()), "{part}");
            assert!(parts[..at].iter().all(|other| other != part));
        }
        assert_ne!(Attempt::begun("/".to_owned()).unwrap().state(), attempt.state());
        for wrong in ["", ".", "x", "x.%", ".Lw"] {
            assert!(Attempt::of_cookie(wrong).is_none(), "{wrong}");
        }
        assert_eq!(Attempt::begun("/".repeat(2000)).unwrap().next, "/");
    }

    /// The example of RFC 7636, appendix B.
    #[test]
    fn the_challenge_is_the_digest_of_the_verifier() {
        let digest = Digest::of(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        let bytes = HEXLOWER.decode(digest.as_str().as_bytes()).unwrap();
        assert_eq!(BASE64URL_NOPAD.encode(&bytes), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
