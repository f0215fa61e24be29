//! Who asks: somebody who signed in with a browser, or a program with a token.

use crate::Site;
use crate::door::{DoorError, Secret};
use crate::refused::Refused;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::SignedDuration;
use quietus_poam::{Actor, Duty, Roles};
use quietus_store::AccessSession;

/// How long somebody stays signed in.
const SESSION: SignedDuration = SignedDuration::from_hours(12);

/// The cookie; browsers take the second name over an encrypted connection to this host only.
const COOKIE: &str = "quietus";
const SECURE_COOKIE: &str = "__Host-quietus";

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
        cookie(site, "", 0)
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
) -> Result<HeaderValue, Refused> {
    let now = site.now();
    let secret = Secret::fresh().map_err(closed)?;
    let expires_at = now.checked_add(SESSION).unwrap_or(now);
    let subject = subject.to_owned();
    let session = AccessSession { subject, roles, proven, token, made_at: now, expires_at };
    site.folded.ledger.add_session(&session, &secret.digest()).await?;
    cookie(site, secret.reveal(), SESSION.as_secs())
}

fn closed(error: DoorError) -> Refused {
    Refused::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
}

fn cookie_name(site: &Site) -> &'static str {
    if site.settings.address.is_encrypted() { SECURE_COOKIE } else { COOKIE }
}

fn cookie(site: &Site, value: &str, seconds: i64) -> Result<HeaderValue, Refused> {
    let secure = if site.settings.address.is_encrypted() { "; Secure" } else { "" };
    let name = cookie_name(site);
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text)
        .map_err(|_| Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "no cookie could be made"))
}

/// What the browser sent as our cookie.
fn given(site: &Site, headers: &HeaderMap) -> Option<Secret> {
    let name = cookie_name(site);
    let mut pairs = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| Secret::given(value))
}

/// Who is signed in, if anybody is.
pub(crate) async fn signed_in(
    site: &Site,
    headers: &HeaderMap,
) -> Result<Option<Visitor>, Refused> {
    let Some(cookie) = given(site, headers) else { return Ok(None) };
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
