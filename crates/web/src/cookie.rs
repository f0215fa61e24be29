//! The cookies of this site: what opens a session, and what a sign-in with the provider is known by.

use crate::Site;
use crate::refused::Refused;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

/// What a cookie is for.
#[derive(Clone, Copy)]
pub(crate) enum Cookie {
    /// Somebody is signed in.
    Session,
    /// Somebody went to the provider to sign in.
    Attempt,
}

impl Cookie {
    /// Browsers take the second name over an encrypted connection to this host only.
    fn name(self, site: &Site) -> &'static str {
        match (self, site.settings.address.is_encrypted()) {
            (Self::Session, false) => "quietus",
            (Self::Session, true) => "__Host-quietus",
            (Self::Attempt, false) => "quietus-attempt",
            (Self::Attempt, true) => "__Host-quietus-attempt",
        }
    }

    /// What makes a browser keep `value` for some seconds. No script reads it, and no other site's
    /// form is sent with it.
    pub(crate) fn kept(
        self,
        site: &Site,
        value: &str,
        seconds: i64,
    ) -> Result<HeaderValue, Refused> {
        let secure = if site.settings.address.is_encrypted() { "; Secure" } else { "" };
        let name = self.name(site);
        let text =
            format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
        HeaderValue::from_str(&text)
            .map_err(|_| Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "no cookie could be made"))
    }

    /// What makes a browser forget it.
    pub(crate) fn forgotten(self, site: &Site) -> Result<HeaderValue, Refused> {
        self.kept(site, "", 0)
    }

    /// What the browser sent.
    pub(crate) fn given(self, site: &Site, headers: &HeaderMap) -> Option<String> {
        let name = self.name(site);
        let mut pairs = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
    }
}
