//! An answer that is no page: what failed, and what to do next.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use quietus_store::StoreError;
use quietus_track::{ActError, TrackError};

/// Why a request is not answered as it was meant.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) why: String,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Self { status, why: why.into() }
    }

    pub(crate) fn slow() -> Self {
        let why = "this took too long and was given up; nothing was done halfway, so try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, why)
    }

    /// In two or three words.
    pub(crate) fn title(&self) -> &'static str {
        match self.status {
            StatusCode::NOT_FOUND => "Not found",
            StatusCode::FORBIDDEN => "Not allowed",
            StatusCode::CONFLICT => "Changed meanwhile",
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => "Not understood",
            StatusCode::PAYLOAD_TOO_LARGE => "Too long",
            StatusCode::MISDIRECTED_REQUEST => "Another site",
            StatusCode::SERVICE_UNAVAILABLE => "Not now",
            StatusCode::METHOD_NOT_ALLOWED => "Not possible",
            _ => "That did not work",
        }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        let status = match error {
            StoreError::Conflict { .. } => StatusCode::CONFLICT,
            StoreError::NoName { .. } => StatusCode::NOT_FOUND,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, error.to_string())
    }
}

impl From<ActError> for Refused {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Ledger(TrackError::Ledger(error)) => error.into(),
            ActError::Unknown { .. } => Self::new(StatusCode::NOT_FOUND, error.to_string()),
            ActError::Several { .. } => Self::new(StatusCode::CONFLICT, error.to_string()),
            ActError::Refused { .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
            }
            ActError::Ledger(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        }
    }
}

#[derive(Template)]
#[template(path = "refused.html")]
struct Page<'a> {
    title: &'a str,
    why: &'a str,
    frame: Option<crate::pages::Frame>,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let page = Page { title: self.title(), why: &self.why, frame: None };
        match page.render() {
            Ok(text) => (self.status, Html(text)).into_response(),
            Err(_) => (self.status, self.why).into_response(),
        }
    }
}
