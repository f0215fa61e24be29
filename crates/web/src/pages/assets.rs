//! The style sheet, the script and the icon, as they were built in.

use crate::refused::Refused;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// One day: a new version of the program may bring another style sheet under the same name.
const KEPT: &str = "public, max-age=86400";

pub(super) async fn asset(Path(name): Path<String>) -> Response {
    let (kind, bytes): (&str, &'static [u8]) = match name.as_str() {
        "quietus.css" => ("text/css; charset=utf-8", include_bytes!("../../assets/quietus.css")),
        "htmx-2.0.11.min.js" => {
            ("text/javascript; charset=utf-8", include_bytes!("../../assets/htmx-2.0.11.min.js"))
        }
        "mark.svg" => ("image/svg+xml", include_bytes!("../../assets/mark.svg")),
        _ => {
            let why = format!("there is no file \"{name}\"");
            return Refused::new(StatusCode::NOT_FOUND, why).into_response();
        }
    };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, KEPT)], bytes).into_response()
}
