//! Who asks: somebody who signed in with a browser, or a program with a token.

use crate::Site;
use crate::cookie::Cookie;
use crate::door::{DoorError, Secret};
use crate::refused::Refused;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::SignedDuration;
use quietus_poam::{Actor, Duty, Roles};
use quietus_store::AccessSession;

/// How long somebody stays signed in whom this site itself lets in.
pub(crate) const SESSION: SignedDuration = SignedDuration::from_hours(12);

/// Somebody who is signed in.
pub(crate) struct Visitor {
    pub(crate) actor: Actor,
    /// What their forms carry, so that no other site's form is taken for one of ours.
    pub(crate) form_key: String,
    cookie: Secret,
}

impl Visitor {
    /// Whether their roles are given for `duty`.
    pub(crate) fn may(&self, duty: Duty) -> bool {
        self.actor.roles().have(duty)
    }

    /// Refuses a form that was not made for this session.
    pub(crate) fn must_hold(&self, form_key: &str) -> Result<(), Refused> {
        if form_key == self.form_key {
            return Ok(());
        }
        let why = "this form belongs to another session; go back, load the page again, and repeat \
                   it; nothing was done";
        Err(Refused::new(StatusCode::FORBIDDEN, why))
    }

    /// Forgets the session; the cookie that tells the browser so.
    pub(crate) async fn leave(&self, site: &Site) -> Result<HeaderValue, Refused> {
        site.folded.ledger.end_session(&self.cookie.digest(), site.now()).await?;
        Cookie::Session.forgotten(site)
    }
}

/// Opens a session, always a new one, so that nobody can be made to use one that another knows; the
/// cookie for it.
pub(crate) async fn enter(
    site: &Site,
    subject: &str,
    roles: Roles,
    proven: bool,
    token: Option<String>,
    lasts: SignedDuration,
) -> Result<HeaderValue, Refused> {
    let now = site.now();
    let secret = Secret::fresh().map_err(closed)?;
    let expires_at = now.checked_add(lasts).unwrap_or(now);
    let subject = subject.to_owned();
    let session = AccessSession { subject, roles, proven, token, made_at: now, expires_at };
    site.folded.ledger.add_session(&session, &secret.digest()).await?;
    Cookie::Session.kept(site, secret.reveal(), lasts.as_secs())
}

pub(crate) fn closed(error: DoorError) -> Refused {
    Refused::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
}

/// Who is signed in, if anybody is.
pub(crate) async fn signed_in(
    site: &Site,
    headers: &HeaderMap,
) -> Result<Option<Visitor>, Refused> {
    let Some(cookie) = Cookie::Session.given(site, headers) else { return Ok(None) };
    let cookie = Secret::given(&cookie);
    let session = site.folded.ledger.session(&cookie.digest(), site.now()).await?;
    let Some(AccessSession { subject, roles, proven, .. }) = session else { return Ok(None) };
    let actor = Actor::Person { id: subject, claims: None, authenticated: proven, roles };
    let visitor = Visitor { actor, form_key: cookie.form_key(), cookie };
    if !visitor.may(Duty::Look) {
        let why = "none of your roles is given for looking at items; ask for another token";
        return Err(Refused::new(StatusCode::FORBIDDEN, why));
    }
    Ok(Some(visitor))
}

impl FromRequestParts<Site> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let found = signed_in(site, &parts.headers).await.map_err(IntoResponse::into_response)?;
        found.ok_or_else(|| {
            if parts.headers.contains_key("hx-request") {
                // A script asked for a part of a page; the whole page leads to the door.
                return (StatusCode::UNAUTHORIZED, [("hx-refresh", "true")]).into_response();
            }
            if parts.method == Method::GET {
                let to = parts.uri.path_and_query().map_or("/", |path| path.as_str());
                let to: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
                return Redirect::to(&format!("/sign-in?next={to}")).into_response();
            }
            let why = "nobody is signed in here any more; sign in and repeat it; nothing was done";
            Refused::new(StatusCode::UNAUTHORIZED, why).into_response()
        })
    }
}
