//! An answer that holds nothing but why.

use crate::refused::Refused;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use quietus_store::StoreError;
use quietus_track::ActError;
use serde_json::json;

/// Why a call gives nothing.
pub(super) struct Failed(Refused);

impl Failed {
    pub(super) fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Self(Refused::new(status, why))
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self(error.into())
    }
}

impl From<ActError> for Failed {
    fn from(error: ActError) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let Refused { status, why } = self.0;
        let body = json!({ "error": why }).to_string();
        let kind = [(header::CONTENT_TYPE, "application/json")];
        let mut answer = (status, kind, body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let how = HeaderValue::from_static("Bearer");
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, how);
        }
        answer
    }
}
