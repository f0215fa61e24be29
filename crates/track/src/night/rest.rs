//! What git says when a host has no time now: that passes by itself, and is no reason to call a
//! repository unobservable.

use crate::{TrackError, host_of};

/// What is left alone for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rest {
    /// This repository.
    Repository,
    /// All that its host has: it said that it is asked too much.
    Host,
}

/// Too much was asked of the host.
const ASKED_TOO_MUCH: [&str; 4] =
    ["returned error: 429", "returned error: 503", "too many requests", "rate limit"];

/// The host, or the way to it, is in trouble.
const TROUBLE: [&str; 16] = [
    "returned error: 408",
    "returned error: 500",
    "returned error: 502",
    "returned error: 504",
    "could not resolve host",
    "temporary failure",
    "connection refused",
    "connection reset",
    "connection closed",
    "connection timed out",
    "failed to connect",
    "couldn't connect",
    "operation too slow",
    "early eof",
    "unexpected disconnect",
    "hung up unexpectedly",
];

/// What is to rest after `error`; `None` when the next try would come to the same.
pub(super) fn after(error: &TrackError) -> Option<Rest> {
    let TrackError::Fetch { url, detail } = error else { return None };
    if host_of(url.as_str()).is_empty() {
        return None;
    }
    let said = detail.as_str().to_lowercase();
    let is_said = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if is_said(&ASKED_TOO_MUCH) {
        Some(Rest::Host)
    } else {
        is_said(&TROUBLE).then_some(Rest::Repository)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quietus_model::SafeText;

    #[test]
    fn what_passes_is_told_from_what_stays() {
        let rest = |url: &str, detail: &str| {
            let detail = SafeText::plain(detail);
            after(&TrackError::Fetch { url: SafeText::plain(url), detail })
        };
        let url = "https://git.example.org/team/app.git";
        let said = |what: &str| format!("fatal: unable to access '{url}': {what}");
        assert_eq!(rest(url, &said("The requested URL returned error: 429")), Some(Rest::Host));
        assert_eq!(
            rest(url, &said("The requested URL returned error: 502")),
            Some(Rest::Repository)
        );
        assert_eq!(
            rest(url, &said("Failed to connect to git.example.org port 443")),
            Some(Rest::Repository)
        );
        for lasting in ["returned error: 403", "returned error: 404", "Authentication failed"] {
            assert_eq!(rest(url, &said(lasting)), None, "{lasting}");
        }
        let hung_up = "fatal: the remote end hung up unexpectedly";
        assert_eq!(rest("file:///srv/git/app.git", hung_up), None, "no host is spared by waiting");
        assert_eq!(rest("git@git.example.org:app.git", hung_up), Some(Rest::Repository));
    }
}
