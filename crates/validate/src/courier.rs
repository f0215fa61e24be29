//! Posts messages to places that the configuration names, by the one guarded transport.

use crate::endpoint::Origin;
use crate::settings::{Settings, SettingsError};
use crate::transport::{Call, Failure, Transport};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use quietus_model::{Method, Secret};
use sha2::Sha256;
use std::fmt;
use url::Url;

/// The header that holds the signature.
pub const SIGNATURE: &str = "quietus-signature";

/// The header that holds what tells a message from others.
pub const DELIVERY: &str = "quietus-delivery";

/// Where messages are posted. Its path and query are often all that protects it, so that only its
/// host is ever shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    url: Url,
    origin: Origin,
}

/// Why a text is no destination. Never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// It cannot be read as a URL with a host.
    #[error("this is not a URL such as https://chat.example.org/hooks/1")]
    NotAUrl,
    /// The scheme would send the message in the clear.
    #[error("the scheme must be https")]
    NotHttps,
    /// A user name, a password or a fragment has no place in it.
    #[error("leave out user name, password and fragment")]
    TooMuch,
}

impl Destination {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`DestinationError`] when it is none that may be posted to.
    pub fn parse(text: &str) -> Result<Self, DestinationError> {
        let url = Url::parse(text.trim()).map_err(|_| DestinationError::NotAUrl)?;
        if url.scheme() != "https" {
            return Err(DestinationError::NotHttps);
        }
        let user = !url.username().is_empty() || url.password().is_some();
        if user || url.fragment().is_some() {
            return Err(DestinationError::TooMuch);
        }
        let origin = Origin::of(&url).ok_or(DestinationError::NotAUrl)?;
        Ok(Self { url, origin })
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}/…", self.origin)
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A message, ready to be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What tells it from others; the same when it is sent again, so that a receiver can tell.
    pub id: String,
    /// JSON.
    pub body: Vec<u8>,
}

/// Why a message was not taken. Nothing of the address is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// A guard refused to send.
    #[error("not sent: {0}")]
    Refused(String),
    /// There was no whole answer.
    #[error("no answer ({0})")]
    Unreachable(String),
    /// The answer was no.
    #[error("it was refused with HTTP {0}")]
    Status(u16),
}

/// A client that reaches these destinations and nothing else.
pub struct Courier {
    transport: Transport,
}

impl Courier {
    /// A client for `destinations`, under the same guards as questions to issuers.
    ///
    /// # Errors
    /// [`SettingsError`] when the settings cannot be.
    pub fn new<'a>(
        settings: &Settings,
        destinations: impl IntoIterator<Item = &'a Destination>,
    ) -> Result<Self, SettingsError> {
        let origins = destinations.into_iter().map(|destination| destination.origin.clone());
        Ok(Self { transport: Transport::new(settings, origins)? })
    }

    /// Posts a message, signed when there is a key; the status of the one who took it.
    ///
    /// # Errors
    /// [`NotTaken`] when nobody did.
    pub async fn post(
        &self,
        to: &Destination,
        message: &Message,
        key: Option<&Secret>,
        now: Timestamp,
    ) -> Result<u16, NotTaken> {
        let mut headers = vec![
            ("content-type".to_owned(), Secret::from("application/json")),
            (DELIVERY.to_owned(), Secret::from(message.id.as_str())),
        ];
        if let Some(key) = key {
            let signature = signature(key, now, &message.body);
            headers.push((SIGNATURE.to_owned(), Secret::from(signature.as_str())));
        }
        let body = Secret::new(message.body.clone());
        let (url, headers) = (&to.url, headers.as_slice());
        // Twice the same message is worse than one that comes a day later.
        let call = Call { method: Method::Post, url, headers, body: &body, again: false };
        match self.transport.send(call).await {
            Ok(received) if (200..300).contains(&received.status) => Ok(received.status),
            Ok(received) => Err(NotTaken::Status(received.status)),
            // What it says of a message that it took is of no interest.
            Err(Failure::TooLarge { status }) if (200..300).contains(&status) => Ok(status),
            Err(Failure::TooLarge { status }) => Err(NotTaken::Status(status)),
            Err(Failure::Refused(why)) => Err(NotTaken::Refused(why)),
            Err(Failure::Unreachable(why)) => Err(NotTaken::Unreachable(why)),
            Err(Failure::Waiting) => Err(NotTaken::Unreachable("it asked to wait".to_owned())),
            Err(Failure::Stopped) => Err(NotTaken::Unreachable("stopped".to_owned())),
        }
    }
}

/// `t=SECONDS,v1=HEX`: HMAC-SHA256 of the seconds since 1970, a full stop and the body. The time is
/// signed with it, so that an old message cannot be sent again as a new one.
pub fn signature(key: &Secret, at: Timestamp, body: &[u8]) -> String {
    let seconds = at.as_second().to_string();
    // A key of any length is accepted.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.expose()) else { return String::new() };
    mac.update(seconds.as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("t={seconds},v1={}", HEXLOWER.encode(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_without_a_password_is_a_destination_and_none_is_repeated() {
        let hook = format!("https://chat.example.org/hooks/{}", "path-word");
        let destination = Destination::parse(&hook).unwrap();
        assert_eq!(format!("{destination} {destination:?}").matches("path-word").count(), 0);
        assert_eq!(destination.to_string(), "https://chat.example.org/…");
        for (text, wrong) in [
            ("chat", DestinationError::NotAUrl),
            ("http://chat.example.org/", DestinationError::NotHttps),
            ("file:///etc/passwd", DestinationError::NotHttps),
            ("https://u@chat.example.org/", DestinationError::TooMuch),
            ("https://chat.example.org/#x", DestinationError::TooMuch),
        ] {
            assert_eq!(Destination::parse(text), Err(wrong), "{text}");
        }
    }

    /// Computed by another program: `printf '1767225600.{}' | openssl dgst -sha256 -hmac key`.
    #[test]
    fn a_signature_is_the_hmac_of_time_and_body() {
        let at: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let expected = "df344de429b8ee672e1863e0008fdbd0080000536fbccdf0e4f89846acbbe872";
        assert_eq!(
            signature(&Secret::from("key"), at, b"{}"),
            format!("t=1767225600,v1={expected}")
        );
    }

    #[tokio::test]
    async fn nothing_else_is_reached() {
        let hook = Destination::parse("https://127.0.0.1:1/hook").unwrap();
        let other = Destination::parse("https://127.0.0.1:2/hook").unwrap();
        let message = Message { id: "1".into(), body: b"{}".to_vec() };
        let now = Timestamp::UNIX_EPOCH;
        let private = Courier::new(&Settings::default(), [&hook]).unwrap();
        let refused = private.post(&hook, &message, None, now).await.unwrap_err();
        assert!(matches!(&refused, NotTaken::Refused(why) if why.contains("private")), "{refused}");
        let allow_private = vec!["127.0.0.1".to_owned()];
        let settings = Settings { allow_private, ..Settings::default() };
        let courier = Courier::new(&settings, [&hook]).unwrap();
        let refused = courier.post(&other, &message, None, now).await.unwrap_err();
        assert!(matches!(&refused, NotTaken::Refused(why) if why.contains("names")), "{refused}");
        let failed = courier.post(&hook, &message, None, now).await.unwrap_err();
        assert!(matches!(failed, NotTaken::Unreachable(_)), "{failed}");
    }
}
