//! Signing in and out.

use super::shown;
use crate::Site;
use crate::cookie::Cookie;
use crate::door::Secret;
use crate::provider::{Attempt, NoEntry, Returned, attempt};
use crate::refused::Refused;
use crate::visitor::{SESSION, Visitor, closed, enter};
use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use quietus_poam::Actor;
use serde::Deserialize;
use url::Url;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page {
    frame: Option<super::Frame>,
    next: String,
    problem: Option<String>,
    /// The address was printed with a key.
    has_link: bool,
    /// Who else signs people in.
    provider: Option<String>,
}

impl Page {
    fn of(site: &Site, next: &str, problem: Option<String>) -> Self {
        let provider = site.provider.as_ref().map(|provider| provider.name());
        let next = within(site, next);
        Self { frame: None, next, problem, has_link: site.link.is_some(), provider }
    }

    /// Where a sign-in with the provider begins.
    fn begin(&self) -> String {
        let next: String = url::form_urlencoded::byte_serialize(self.next.as_bytes()).collect();
        format!("/sign-in/provider?next={next}")
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Next {
    next: String,
}

pub(super) async fn page(State(site): State<Site>, Query(query): Query<Next>) -> Response {
    shown(&Page::of(&site, &query.next, None))
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
        let problem = "That token lets nobody in: it is unknown, has expired, or was taken back.";
        let page = Page::of(&site, &form.next, Some(problem.to_owned()));
        return Ok((StatusCode::FORBIDDEN, shown(&page)).into_response());
    };
    let cookie = enter(&site, &token.subject, token.roles, true, Some(token.id), SESSION).await?;
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
    let cookie = enter(&site, id, roles.clone(), *authenticated, None, SESSION).await?;
    Ok(entered(cookie, "/"))
}

/// Sends a browser to the provider, with a cookie by which it is known when it comes back.
pub(super) async fn begin(
    State(site): State<Site>,
    Query(query): Query<Next>,
) -> Result<Response, Refused> {
    let Some(provider) = &site.provider else { return Err(no_provider()) };
    let attempt = Attempt::begun(within(&site, &query.next)).map_err(closed)?;
    let place = match provider.place(&attempt, site.now()).await {
        Ok(place) => place,
        Err(why) => return Ok(turned_away(&site, &attempt.next, why)),
    };
    let cookie = Cookie::Attempt.kept(&site, &attempt.cookie(), attempt::LASTS)?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(place.as_str())).into_response())
}

/// The provider sends the browser back. What it began there is over then, whatever came of it.
pub(super) async fn come_back(
    State(site): State<Site>,
    Query(returned): Query<Returned>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let Some(provider) = &site.provider else { return Err(no_provider()) };
    let cookie = Cookie::Attempt.given(&site, &headers);
    let attempt = cookie.as_deref().and_then(Attempt::of_cookie);
    let next = attempt.as_ref().map_or("/", |attempt| &attempt.next);
    let found = match &attempt {
        Some(attempt) => provider.person(attempt, &returned, site.now()).await,
        None => Err(NoEntry::NotBegun),
    };
    let mut answer = match found {
        Ok(person) => {
            let lasts = provider.settings.session;
            let cookie = enter(&site, &person.id, person.roles, true, None, lasts).await?;
            entered(cookie, &within(&site, next))
        }
        Err(why) => turned_away(&site, next, why),
    };
    answer.headers_mut().append(header::SET_COOKIE, Cookie::Attempt.forgotten(&site)?);
    Ok(answer)
}

fn turned_away(site: &Site, next: &str, why: NoEntry) -> Response {
    let Refused { status, why } = why.into();
    let problem = Some(format!("Nobody was signed in: {why}."));
    (status, shown(&Page::of(site, next, problem))).into_response()
}

fn no_provider() -> Refused {
    let why = "nobody else signs people in here; see [sign_in] of the configuration";
    Refused::new(StatusCode::NOT_FOUND, why)
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
