//! Speaks with the APIs that the configuration names, by the one guarded transport.

use crate::endpoint::Origin;
use crate::settings::{Settings, SettingsError};
use crate::transport::{Call, Failure, Transport};
use jiff::Timestamp;
use quietus_model::{Method, Secret};
use std::collections::BTreeMap;
use url::Url;

/// A page of a hundred repositories has more than an issuer's answer.
const MOST_BYTES: usize = 32 << 20;

/// A whole answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The HTTP status.
    pub status: u16,
    /// Headers, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Read {
    /// For how many seconds no calls are left, if that is what the answer says at `now`: 403, 429 or
    /// 503 with a time to wait, or with one at which there are calls again, in seconds since 1970.
    pub fn wait(&self, now: Timestamp) -> Option<u64> {
        if !matches!(self.status, 403 | 429 | 503) {
            return None;
        }
        let number = |name: &str| self.headers.get(name)?.trim().parse::<u64>().ok();
        if let Some(seconds) = number("retry-after") {
            return Some(seconds);
        }
        let remaining = number("x-ratelimit-remaining").or_else(|| number("ratelimit-remaining"));
        let reset = number("x-ratelimit-reset").or_else(|| number("ratelimit-reset"));
        let is_spent = remaining == Some(0) || self.status == 429;
        let now = u64::try_from(now.as_second()).unwrap_or(0);
        // A second more, because their clock is not ours.
        reset.filter(|_| is_spent).map(|reset| reset.saturating_sub(now) + 1)
    }
}

/// Why there is no whole answer. Nothing of the request is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRead {
    /// The address is none, or has a user name in it.
    #[error("its address is no URL such as https://git.example.org/api/v4")]
    NotAUrl,
    /// A guard refused to send.
    #[error("not sent: {0}")]
    Refused(String),
    /// There was no whole answer.
    #[error("no answer ({0})")]
    Unreachable(String),
}

/// A client that reads from these places and from no others.
pub struct Reader {
    transport: Transport,
}

impl Reader {
    /// A client for the hosts of `places`, under the same guards as questions to issuers.
    ///
    /// # Errors
    /// [`SettingsError`] when the settings cannot be.
    pub fn new<'a>(
        settings: &Settings,
        places: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, SettingsError> {
        let settings = Settings { max_body: MOST_BYTES, ..settings.clone() };
        let origins = places.into_iter().filter_map(|place| Origin::of(&https(place).ok()?));
        Ok(Self { transport: Transport::new(&settings, origins)? })
    }

    /// What `url` gives. A host that asks to wait is waited for, as long as the pace has patience.
    ///
    /// # Errors
    /// [`NotRead`] when there was no whole answer.
    pub async fn get(&self, url: &str, headers: &[(String, Secret)]) -> Result<Read, NotRead> {
        self.send(Method::Get, url, headers, &[]).await
    }

    /// What `url` gives for a form, which is posted once.
    ///
    /// # Errors
    /// [`NotRead`] when there was no whole answer.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(String, Secret)],
        form: &Secret,
    ) -> Result<Read, NotRead> {
        let kind = Secret::from("application/x-www-form-urlencoded");
        let headers = [&[("content-type".to_owned(), kind)], headers].concat();
        self.send(Method::Post, url, &headers, form.expose()).await
    }

    /// What `url` answers to `body`. What does the same when it is done twice may be sent again when
    /// the host asks to wait; the rest is sent once.
    ///
    /// # Errors
    /// [`NotRead`] when there was no whole answer; it may have been done all the same.
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(String, Secret)],
        body: &[u8],
    ) -> Result<Read, NotRead> {
        let url = https(url)?;
        let body = Secret::new(body.to_vec());
        let again = method != Method::Post;
        let call = Call { method, url: &url, headers, body: &body, again };
        match self.transport.send(call).await {
            Ok(read) => Ok(Read { status: read.status, headers: read.headers, body: read.body }),
            Err(Failure::TooLarge { .. }) => {
                Err(NotRead::Unreachable(format!("it has more than {MOST_BYTES} bytes")))
            }
            Err(Failure::Refused(why)) => Err(NotRead::Refused(why)),
            Err(Failure::Unreachable(why)) => Err(NotRead::Unreachable(why)),
            Err(Failure::Waiting) => Err(NotRead::Unreachable("it asked to wait".to_owned())),
            Err(Failure::Stopped) => Err(NotRead::Unreachable("stopped".to_owned())),
        }
    }
}

/// A token is sent along, so that nothing but https will do.
fn https(text: &str) -> Result<Url, NotRead> {
    let url = Url::parse(text.trim()).map_err(|_| NotRead::NotAUrl)?;
    let plain = url.username().is_empty() && url.password().is_none() && url.has_host();
    if !plain || url.scheme() != "https" {
        return Err(NotRead::NotAUrl);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_named_hosts_are_read_and_only_by_https() {
        let reader = Reader::new(&Settings::default(), ["https://127.0.0.1:1/api"]).unwrap();
        for url in ["http://127.0.0.1:1/api", "https://u@127.0.0.1:1/api", "x"] {
            assert_eq!(reader.get(url, &[]).await.unwrap_err(), NotRead::NotAUrl, "{url}");
        }
        let refused = reader.get("https://127.0.0.1:2/api", &[]).await.unwrap_err();
        assert!(matches!(&refused, NotRead::Refused(why) if why.contains("names")), "{refused}");
        let refused = reader.get("https://127.0.0.1:1/api", &[]).await.unwrap_err();
        assert!(matches!(&refused, NotRead::Refused(why) if why.contains("private")), "{refused}");
    }
}
