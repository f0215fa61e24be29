//! The same over JSON, for programs with a token.

use crate::Site;
use axum::Router;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
}
