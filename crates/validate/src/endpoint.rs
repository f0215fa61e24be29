//! The address of an instance: scheme, host, port and base path; and the origin it stands on.

use crate::scheme::Scheme;
use quietus_model::Driver;
use std::fmt;
use url::Url;

/// Where an instance answers, normalised: lower-case host, no trailing slash, no query, and no user
/// but that of an SSH host.
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
    /// The scheme is that of another protocol than the one which is spoken to this kind of issuer.
    #[error("the scheme must be {scheme} for this kind of issuer")]
    OtherScheme {
        /// The scheme that it must have.
        scheme: &'static str,
    },
    /// An SSH host without the account to ask for.
    #[error("name the account: ssh://git@host")]
    NoAccount,
    /// It holds more than scheme, host, port and path.
    #[error("leave out user name, password, query and fragment")]
    TooMuch,
}

/// The part of a URL that decides whom a request reaches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Origin {
    pub(crate) scheme: Scheme,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Origin {
    /// The origin of a URL whose scheme is known.
    pub(crate) fn of(url: &Url) -> Option<Self> {
        let scheme = Scheme::read(url.scheme())?;
        let host = url.host_str().filter(|host| !host.is_empty())?;
        // An IPv6 literal stands in brackets in a URL and without them everywhere else.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        Some(Self { scheme, host, port: url.port().unwrap_or(scheme.port()) })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        // Everybody knows the ports of HTTP; a firewall's list needs the others.
        let is_known = self.scheme.driver().is_http() && self.port == self.scheme.port();
        match (host.contains(':'), is_known) {
            (true, true) => write!(f, "[{host}]"),
            (true, false) => write!(f, "[{host}]:{}", self.port),
            (false, true) => f.write_str(host),
            (false, false) => write!(f, "{host}:{}", self.port),
        }
    }
}

impl Endpoint {
    /// Reads an endpoint that must not be plain http. Whether another protocol's password would be
    /// sent in the clear is seen when it is spoken.
    pub(crate) fn https(text: &str) -> Result<Self, EndpointError> {
        let endpoint = Self::any(text)?;
        if endpoint.0.scheme() == "http" { Err(EndpointError::NotHttps) } else { Ok(endpoint) }
    }

    /// Reads an endpoint that the user named under `[endpoints]`, where http is accepted.
    pub(crate) fn any(text: &str) -> Result<Self, EndpointError> {
        let read = Url::parse(text.trim()).map_err(|_| EndpointError::NotAUrl)?;
        let scheme = Scheme::read(read.scheme()).ok_or(EndpointError::NotHttps)?;
        let host = Origin::of(&read).ok_or(EndpointError::NotAUrl)?.host;
        let is_ssh = scheme == Scheme::Ssh;
        if is_ssh && read.username().is_empty() {
            return Err(EndpointError::NoAccount);
        }
        let user = (!read.username().is_empty() && !is_ssh) || read.password().is_some();
        if user || read.query().is_some() || read.fragment().is_some() {
            return Err(EndpointError::TooMuch);
        }
        // Put together anew, because only the hosts of http are normalised by themselves.
        let at = if is_ssh { format!("{}@", read.username()) } else { String::new() };
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        let port = read.port().filter(|port| *port != scheme.port());
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        let path = read.path().trim_end_matches('/');
        let whole = format!("{scheme}://{at}{host}{port}{path}");
        Url::parse(&whole).map(Self).map_err(|_| EndpointError::NotAUrl)
    }

    /// The protocol that is spoken there.
    pub(crate) fn driver(&self) -> Driver {
        Scheme::read(self.0.scheme()).map_or(Driver::Http, Scheme::driver)
    }

    /// The account to ask for, where the endpoint names it.
    pub(crate) fn account(&self) -> &str {
        self.0.username()
    }

    /// The database, where the endpoint names one.
    pub(crate) fn database(&self) -> Option<&str> {
        let name = self.0.path().trim_matches('/');
        (!name.is_empty()).then_some(name)
    }

    /// The text that names it in a target.
    pub(crate) fn text(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Whether it is a host alone, without a path.
    pub(crate) fn is_bare(&self) -> bool {
        matches!(self.0.path(), "" | "/")
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
    fn other_protocols_have_their_own_ports() {
        let one = Endpoint::https("Postgres://DB.Example.org:5432/app/").unwrap();
        assert_eq!(one.text(), "postgresql://db.example.org/app");
        assert_eq!((one.driver(), one.database()), (Driver::Postgresql, Some("app")));
        let origin = one.origin().unwrap();
        assert_eq!((origin.to_string().as_str(), origin.port), ("db.example.org:5432", 5432));
        let six = Endpoint::any("rediss://[FD00::1]:7000").unwrap();
        assert_eq!(
            (six.text(), six.origin().unwrap().host.as_str()),
            ("rediss://[fd00::1]:7000", "fd00::1")
        );
        let ssh = Endpoint::https("ssh://git@Forge.example.org").unwrap();
        assert_eq!((ssh.text(), ssh.account()), ("ssh://git@forge.example.org", "git"));
    }

    #[test]
    fn what_is_no_endpoint_is_refused_without_being_repeated() {
        assert_eq!(Endpoint::https("http://x.org"), Err(EndpointError::NotHttps));
        assert_eq!(Endpoint::any("ftp://x.org"), Err(EndpointError::NotHttps));
        assert_eq!(Endpoint::any("ssh://x.org"), Err(EndpointError::NoAccount));
        assert_eq!(Endpoint::any("ssh://u:p@x.org"), Err(EndpointError::TooMuch));
        assert_eq!(Endpoint::any("mysql://u@x.org"), Err(EndpointError::TooMuch));
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
