//! A program with a token. A browser's cookie counts for nothing here, so no form of another site
//! can call.

use super::failed::Failed;
use crate::Site;
use crate::door::Secret;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use quietus_poam::{Actor, Duty};

/// Whoever holds a valid token.
pub(super) struct Caller(Actor);

impl Caller {
    pub(super) fn actor(&self) -> &Actor {
        &self.0
    }
}

impl FromRequestParts<Site> for Caller {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Failed> {
        let nobody = || {
            Failed::new(
                StatusCode::UNAUTHORIZED,
                "a valid token is needed: send it as \
             `Authorization: Bearer …`; `quietus token new` makes one",
            )
        };
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|text| text.to_str().ok());
        let given = given.and_then(|text| text.split_once(' ')).ok_or_else(nobody)?;
        if !given.0.eq_ignore_ascii_case("bearer") {
            return Err(nobody());
        }
        let token = site.folded.ledger.token(&Secret::given(given.1.trim()).digest()).await?;
        let token = token.filter(|token| token.is_valid(site.now())).ok_or_else(nobody)?;
        let (id, roles) = (token.subject, token.roles);
        let actor = Actor::Person { id, claims: None, authenticated: true, roles };
        Duty::Look
            .asked_of(&actor)
            .map_err(|refusal| Failed::new(StatusCode::FORBIDDEN, refusal.to_string()))?;
        Ok(Self(actor))
    }
}
