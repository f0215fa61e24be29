//! The identity of a repository, which outlives its place on disk.

use crate::SafeText;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which repository a location or a scope speaks of.
///
/// In this order of preference: the name configured for it, `forge:ID` (the forge's own id),
/// `HOST/PATH` (its normalised remote), `root:OID` (its first commits), `dir:PATH` for a folder
/// that is no repository. Two clones of one remote are one repository; a fork is another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RepositoryId(String);

impl RepositoryId {
    /// A name from configuration or one that was made by this type before.
    pub fn named(name: impl AsRef<str>) -> Self {
        Self(SafeText::plain(name).as_str().to_owned())
    }

    /// From the URL of a remote: scheme, user, port of the scheme, `.git` and trailing slashes
    /// are left out, so that ssh and https clones are one repository. `None` when the URL is a
    /// path on this machine, which says nothing about identity.
    pub fn from_remote(url: &str) -> Option<Self> {
        let (host, path) = split_remote(url)?;
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/');
        if host.is_empty() || path.is_empty() {
            return None;
        }
        Some(Self::named(format!("{}/{path}", host.to_ascii_lowercase())))
    }

    /// From the ids of the commits that have no parent; the order given does not matter.
    pub fn from_roots<'a>(roots: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        roots.into_iter().min().map(|oid| Self(format!("root:{oid}")))
    }

    /// A folder that is no repository.
    pub fn from_dir(path: &str) -> Self {
        Self::named(format!("dir:{path}"))
    }

    /// The text of the identity.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Host and path of `scheme://[user@]host[:port]/path` or `[user@]host:path`.
fn split_remote(url: &str) -> Option<(&str, &str)> {
    if let Some((scheme, rest)) = url.split_once("://") {
        if scheme.eq_ignore_ascii_case("file") {
            return None;
        }
        let (authority, path) = rest.split_once('/')?;
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let port = default_port(scheme);
        return Some((host.strip_suffix(port).unwrap_or(host), path));
    }
    let (authority, path) = url.split_once(':')?;
    if authority.is_empty() || authority.contains('/') || authority.len() == 1 {
        return None; // a path, or a drive letter
    }
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    Some((host, path))
}

fn default_port(scheme: &str) -> &'static str {
    match scheme.to_ascii_lowercase().as_str() {
        "https" => ":443",
        "http" => ":80",
        "ssh" => ":22",
        _ => ":9418",
    }
}

impl fmt::Display for RepositoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for RepositoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RepositoryId({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_by_any_scheme_are_one_repository() {
        for url in [
            "https://git.example.org/team/app.git",
            "https://bob:pw@git.example.org/team/app",
            "ssh://git@git.example.org:22/team/app.git/",
            "git@git.example.org:team/app.git",
            "HTTPS://GIT.example.org:443/team/app/",
        ] {
            let id = RepositoryId::from_remote(url).unwrap();
            assert_eq!(id.as_str(), "git.example.org/team/app", "{url}");
        }
    }

    #[test]
    fn a_path_is_no_identity() {
        for url in ["/srv/git/app.git", "../app", "file:///srv/app", "C:/app", "app"] {
            assert_eq!(RepositoryId::from_remote(url), None, "{url}");
        }
    }
}
