//! Requests that prove the secret without sending it.

mod sigv4;

use crate::template::Parts;
use jiff::Timestamp;
use quietus_model::{Secret, Sign};
use url::Url;

/// What is signed.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a Url,
    pub(crate) headers: &'a [(String, Secret)],
    pub(crate) body: &'a Secret,
}

/// The headers that make `request` a signed one at `now`. `Err` names a part that is missing.
pub(crate) fn headers(
    sign: &Sign,
    request: &Request<'_>,
    parts: &Parts<'_>,
    now: Timestamp,
) -> Result<Vec<(String, Secret)>, String> {
    let part = |name: &str| parts.get(name).copied().ok_or_else(|| name.to_owned());
    match sign {
        Sign::AwsSigv4 { service, region, id, session } => {
            let key = sigv4::Key {
                id: part(id)?,
                secret: part("secret")?,
                session: session.as_deref().map(part).transpose()?,
                service,
                region,
            };
            Ok(sigv4::headers(&key, request, now))
        }
    }
}
