//! What holds for every request and every answer: whose name it is asked by, which page it comes
//! from, how long it may take, and what a browser may do with what it gets.

use crate::Site;
use crate::refused::Refused;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Duration;

/// How long an answer may take, the body of the request included.
const PATIENCE: Duration = Duration::from_secs(20);

/// Nothing but what this site itself serves: no inline script or style, no frame, no other host.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(header::HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Forms must tell where they come from; other sites need not know of these pages.
    (header::REFERRER_POLICY, "same-origin"),
    (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

pub(crate) async fn guard(State(site): State<Site>, request: Request, next: Next) -> Response {
    let mut answer = match checked(&site, &request) {
        Err(refused) => refused.into_response(),
        Ok(()) => match tokio::time::timeout(PATIENCE, next.run(request)).await {
            Ok(answer) => answer,
            Err(_) => Refused::slow().into_response(),
        },
    };
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if site.settings.address.is_encrypted() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    // What stands here is nobody else's business, and may have changed a moment later.
    let kept = HeaderValue::from_static("no-store");
    headers.entry(header::CACHE_CONTROL).or_insert(kept);
    answer
}

fn checked(site: &Site, request: &Request) -> Result<(), Refused> {
    let address = &site.settings.address;
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if !host.is_some_and(|host| address.is_meant_by(host)) {
        let here = address.url();
        let why = format!("this is {here}, and the request was for another site; use that address");
        return Err(Refused::new(StatusCode::MISDIRECTED_REQUEST, why));
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !reads && !comes_from_here(site, request.headers()) {
        let why = "the request comes from a page of another site; nothing was done";
        return Err(Refused::new(StatusCode::FORBIDDEN, why));
    }
    Ok(())
}

/// Whether a request that changes something was made by a page of this site, as far as the browser
/// tells. A program tells nothing; it has no cookie either.
fn comes_from_here(site: &Site, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let origin = text("origin").is_none_or(|origin| site.settings.address.is_origin(origin));
    let fetched = text("sec-fetch-site").is_none_or(|from| from == "same-origin" || from == "none");
    origin && fetched
}
