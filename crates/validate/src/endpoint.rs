//! The address of an instance: scheme, host, port and base path; and the origin it stands on.

use std::fmt;
use url::Url;

/// Where an instance answers, normalised: lower-case host, no trailing slash, no user, no query.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Endpoint(Url);

/// Why a text is no endpoint. Never repeats the text, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It cannot be read as a URL with a host.
    #[error("this is not a URL such as https://git.example.org/api/v4")]
    NotAUrl,
    /// The scheme sends the credential in the clear.
    #[error("the scheme must be https (http is accepted under [endpoints] only)")]
    NotHttps,
    /// It holds more than scheme, host, port and path.
    #[error("leave out user name, password, query and fragment")]
    TooMuch,
}

/// The part of a URL that decides whom a request reaches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Origin {
    https: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Origin {
    /// The origin of an http or https URL.
    pub(crate) fn of(url: &Url) -> Option<Self> {
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = url.host_str().filter(|host| !host.is_empty())?;
        // An IPv6 literal stands in brackets in a URL and without them everywhere else.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Some(Self { https, host, port: url.port_or_known_default()? })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        match (host.contains(':'), self.port == if self.https { 443 } else { 80 }) {
            (true, true) => write!(f, "[{host}]"),
            (true, false) => write!(f, "[{host}]:{}", self.port),
            (false, true) => f.write_str(host),
            (false, false) => write!(f, "{host}:{}", self.port),
        }
    }
}

impl Endpoint {
    /// Reads an endpoint that must be https.
    pub(crate) fn https(text: &str) -> Result<Self, EndpointError> {
        let endpoint = Self::any(text)?;
        if endpoint.0.scheme() == "https" { Ok(endpoint) } else { Err(EndpointError::NotHttps) }
    }

    /// Reads an endpoint that the user named under `[endpoints]`, where http is accepted.
    pub(crate) fn any(text: &str) -> Result<Self, EndpointError> {
        let mut url = Url::parse(text.trim()).map_err(|_| EndpointError::NotAUrl)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(EndpointError::NotHttps);
        }
        Origin::of(&url).ok_or(EndpointError::NotAUrl)?;
        let user = !url.username().is_empty() || url.password().is_some();
        if user || url.query().is_some() || url.fragment().is_some() {
            return Err(EndpointError::TooMuch);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// The text that names it in a target.
    pub(crate) fn text(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Whether it is a host alone, without a path.
    pub(crate) fn is_bare(&self) -> bool {
        self.0.path() == "/"
    }

    /// Whom a request to it reaches.
    pub(crate) fn origin(&self) -> Option<Origin> {
        Origin::of(&self.0)
    }

    /// The URL of `path_and_query` below it, if it still goes to the same origin.
    pub(crate) fn join(&self, path_and_query: &str) -> Option<Url> {
        let url = Url::parse(&format!("{}{path_and_query}", self.text())).ok()?;
        let clean = url.username().is_empty() && url.password().is_none();
        (clean && url.fragment().is_none() && Origin::of(&url) == self.origin()).then_some(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_normalised_and_compare() {
        let one = Endpoint::https("https://Git.Example.org:443/api/v4/").unwrap();
        assert_eq!(one.text(), "https://git.example.org/api/v4");
        assert_eq!(one, Endpoint::any("https://git.example.org/api/v4").unwrap());
        let bare = Endpoint::https("https://git.example.org").unwrap();
        assert_eq!(bare.text(), "https://git.example.org");
        assert_eq!(one.origin(), bare.origin());
        let local = Endpoint::any("http://[::1]:8200/").unwrap().origin().unwrap();
        assert_eq!((local.to_string().as_str(), local.host.as_str()), ("[::1]:8200", "::1"));
    }

    #[test]
    fn what_is_no_endpoint_is_refused_without_being_repeated() {
        assert_eq!(Endpoint::https("http://x.org"), Err(EndpointError::NotHttps));
        assert_eq!(Endpoint::any("ftp://x.org"), Err(EndpointError::NotHttps));
        assert_eq!(Endpoint::https("x.org"), Err(EndpointError::NotAUrl));
        assert_eq!(Endpoint::https("https://u:p@x.org"), Err(EndpointError::TooMuch));
        assert_eq!(Endpoint::https("https://x.org/?a"), Err(EndpointError::TooMuch));
    }

    #[test]
    fn a_path_cannot_leave_the_origin() {
        let endpoint = Endpoint::https("https://x.org/base").unwrap();
        assert_eq!(endpoint.join("/me?a=b").unwrap().as_str(), "https://x.org/base/me?a=b");
        let root = Endpoint::https("https://x.org").unwrap();
        for path in ["@evil.org/", ".evil.org/", ":8443/", "/a#b"] {
            assert!(root.join(path).is_none(), "{path}");
        }
    }
}
