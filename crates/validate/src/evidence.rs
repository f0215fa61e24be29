//! What an answer's headers say that an assessor can check against the issuer's own log.

use quietus_model::{SafeText, Secret};
use std::collections::BTreeMap;

/// Where issuers put their id of a request, the most telling first.
const REQUEST_ID_HEADERS: [&str; 11] = [
    "x-github-request-id",
    "x-amzn-requestid",
    "x-amz-request-id",
    "x-ms-request-id",
    "x-slack-req-id",
    "x-request-id",
    "request-id",
    "x-correlation-id",
    "x-trace-id",
    "x-runtime-id",
    "cf-ray",
];

/// Longer than this is no id.
const MAX_TEXT: usize = 128;

/// The issuer's id for the request.
pub(crate) fn request_id(
    headers: &BTreeMap<String, String>,
    echoes: &[Secret],
) -> Option<SafeText> {
    REQUEST_ID_HEADERS.iter().find_map(|name| text(headers.get(*name)?, echoes))
}

/// The issuer's own clock.
pub(crate) fn date(headers: &BTreeMap<String, String>, echoes: &[Secret]) -> Option<SafeText> {
    text(headers.get("date")?, echoes)
}

fn text(value: &str, echoes: &[Secret]) -> Option<SafeText> {
    // Masked before it is cut, so that no piece of an echo is left.
    let masked = SafeText::scrubbed(value.trim().as_bytes(), echoes);
    let short: String = masked.as_str().chars().take(MAX_TEXT).collect();
    (!short.is_empty()).then(|| SafeText::plain(short))
}
