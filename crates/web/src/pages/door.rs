//! Signing in and out.

use super::shown;
use crate::Site;
use crate::door::Secret;
use crate::refused::Refused;
use crate::visitor::{Visitor, enter};
use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use quietus_poam::Actor;
use serde::Deserialize;
use url::Url;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page {
    frame: Option<super::Frame>,
    next: String,
    problem: Option<&'static str>,
    /// The address was printed with a key.
    has_link: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Next {
    next: String,
}

pub(super) async fn page(State(site): State<Site>, Query(query): Query<Next>) -> Response {
    let next = within(&site, &query.next);
    shown(&Page { frame: None, next, problem: None, has_link: site.link.is_some() })
}

#[derive(Deserialize)]
pub(super) struct SignIn {
    token: String,
    #[serde(default)]
    next: String,
}

pub(super) async fn sign_in(
    State(site): State<Site>,
    Form(form): Form<SignIn>,
) -> Result<Response, Refused> {
    let digest = Secret::given(form.token.trim()).digest();
    let token = site.folded.ledger.token(&digest).await?;
    let Some(token) = token.filter(|token| token.is_valid(site.now())) else {
        let problem =
            Some("That token lets nobody in: it is unknown, has expired, or was taken back.");
        let next = within(&site, &form.next);
        let page = Page { frame: None, next, problem, has_link: site.link.is_some() };
        return Ok((StatusCode::FORBIDDEN, shown(&page)).into_response());
    };
    let cookie = enter(&site, &token.subject, token.roles, true, Some(token.id)).await?;
    Ok(entered(cookie, &within(&site, &form.next)))
}

#[derive(Deserialize)]
pub(super) struct Key {
    key: String,
}

/// The link that is printed when a site on loopback starts: whoever can read that terminal is the
/// account that runs it.
pub(super) async fn enter_by_link(
    State(site): State<Site>,
    Query(query): Query<Key>,
) -> Result<Response, Refused> {
    let fits = site.link.as_ref().is_some_and(|link| link.is(&Secret::given(&query.key)));
    let Some(Actor::Person { id, authenticated, roles, .. }) =
        site.settings.account.as_ref().filter(|_| fits)
    else {
        let why =
            "this link is not the one that this run of `quietus serve` printed; open that one";
        return Err(Refused::new(StatusCode::FORBIDDEN, why));
    };
    let cookie = enter(&site, id, roles.clone(), *authenticated, None).await?;
    Ok(entered(cookie, "/"))
}

pub(super) async fn sign_out(
    State(site): State<Site>,
    visitor: Visitor,
    Form(form): Form<SignOut>,
) -> Result<Response, Refused> {
    visitor.must_hold(&form.key)?;
    let cookie = visitor.leave(&site).await?;
    Ok(entered(cookie, "/sign-in"))
}

#[derive(Deserialize)]
pub(super) struct SignOut {
    #[serde(default)]
    key: String,
}

fn entered(cookie: HeaderValue, to: &str) -> Response {
    ([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response()
}

/// The page of this site that `next` names; the board where it names anything else.
fn within(site: &Site, next: &str) -> String {
    let base = site.settings.address.url();
    let there: Option<Url> = base.join(next).ok().filter(|there| there.origin() == base.origin());
    there.map_or("/".to_owned(), |there| match there.query() {
        Some(query) => format!("{}?{query}", there.path()),
        None => there.path().to_owned(),
    })
}
