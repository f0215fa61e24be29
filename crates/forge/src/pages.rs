//! Reading a page: which repositories are on it, and where the next one is. Pure.
//!
//! Fields are those of the forges' own documentation: GitHub REST 2022-11-28, GitLab v4, Gitea v1,
//! Bitbucket Cloud 2.0, Bitbucket Data Center 1.0, Azure DevOps 7.1.

use crate::{Found, Kind};
use serde_json::Value;
use std::collections::BTreeMap;
use url::Url;

/// One page.
pub(crate) struct Page {
    pub(crate) found: Vec<Found>,
    pub(crate) next: Option<Url>,
}

/// Reads the page that `url` gave; else what of it is missing.
pub(crate) fn read(
    kind: Kind,
    url: &Url,
    headers: &BTreeMap<String, String>,
    body: &[u8],
) -> Result<Page, &'static str> {
    let body: Value = serde_json::from_slice(body).map_err(|_| "it is no JSON")?;
    let list = match kind {
        Kind::GitHub | Kind::GitLab | Kind::Gitea => body.as_array(),
        Kind::Bitbucket | Kind::BitbucketServer => body["values"].as_array(),
        Kind::Azure => body["value"].as_array(),
    };
    let list = list.ok_or("there is no list in it")?;
    let one = match kind {
        Kind::GitHub | Kind::Gitea => github,
        Kind::GitLab => gitlab,
        Kind::Bitbucket => bitbucket,
        Kind::BitbucketServer => bitbucket_server,
        Kind::Azure => azure,
    };
    let found = list.iter().map(one).collect::<Option<Vec<_>>>();
    let found = found.ok_or("a repository has no id, path or URL")?;
    let next = match kind {
        Kind::GitHub | Kind::GitLab | Kind::Gitea => {
            headers.get("link").and_then(|link| next_of(link)).map(str::to_owned)
        }
        Kind::Bitbucket => body["next"].as_str().map(str::to_owned),
        Kind::BitbucketServer => match (body["isLastPage"].as_bool(), &body["nextPageStart"]) {
            (Some(false), Value::Number(start)) => Some(with(url, "start", &start.to_string())),
            _ => None,
        },
        Kind::Azure => {
            headers.get("x-ms-continuationtoken").map(|token| with(url, "continuationToken", token))
        }
    };
    let next = match next {
        Some(next) => Some(url.join(&next).map_err(|_| "the next page has no address")?),
        None => None,
    };
    Ok(Page { found, next })
}

/// The target of `rel="next"` (RFC 8288).
fn next_of(link: &str) -> Option<&str> {
    link.split(",").find_map(|entry| {
        let (target, parameters) = entry.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters.split(';').any(|parameter| {
            let parameter = parameter.trim().to_ascii_lowercase();
            parameter == "rel=\"next\"" || parameter == "rel=next"
        });
        is_next.then_some(target)
    })
}

/// `url` with this value of a parameter in place of the one it has.
fn with(url: &Url, name: &str, value: &str) -> String {
    let others: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(known, _)| known != name)
        .map(|(a, b)| (a.into(), b.into()))
        .collect();
    let mut next = url.clone();
    next.query_pairs_mut().clear().extend_pairs(others).append_pair(name, value);
    next.into()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn id(value: &Value) -> Option<String> {
    value.as_u64().map(|id| id.to_string()).or_else(|| text(value))
}

fn topics(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(text).collect()
}

fn is(value: &Value) -> bool {
    value.as_bool().unwrap_or(false)
}

/// A clone URL without the user that some forges put into it.
fn without_user(url: &str) -> Option<String> {
    let mut url = Url::parse(url).ok()?;
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some(url.into())
}

/// GitHub, Gitea and Forgejo.
fn github(one: &Value) -> Option<Found> {
    Some(Found {
        id: id(&one["id"])?,
        path: text(&one["full_name"])?,
        https: without_user(one["clone_url"].as_str()?)?,
        ssh: text(&one["ssh_url"]),
        fork: is(&one["fork"]),
        archived: is(&one["archived"]),
        disabled: is(&one["disabled"]),
        topics: topics(&one["topics"]),
    })
}

fn gitlab(one: &Value) -> Option<Found> {
    Some(Found {
        id: id(&one["id"])?,
        path: text(&one["path_with_namespace"])?,
        https: without_user(one["http_url_to_repo"].as_str()?)?,
        ssh: text(&one["ssh_url_to_repo"]),
        fork: one["forked_from_project"].is_object(),
        archived: is(&one["archived"]),
        disabled: one["repository_access_level"].as_str() == Some("disabled"),
        topics: topics(&one["topics"]),
    })
}

/// The clone URL of this name.
fn clone<'v>(one: &'v Value, names: &[&str]) -> Option<&'v str> {
    let all = one["links"]["clone"].as_array()?;
    let named = |link: &&Value| link["name"].as_str().is_some_and(|name| names.contains(&name));
    all.iter().find(named)?["href"].as_str()
}

fn bitbucket(one: &Value) -> Option<Found> {
    Some(Found {
        id: id(&one["uuid"])?,
        path: text(&one["full_name"])?,
        https: without_user(clone(one, &["https"])?)?,
        ssh: clone(one, &["ssh"]).map(str::to_owned),
        fork: one["parent"].is_object(),
        archived: false,
        disabled: false,
        topics: Vec::new(),
    })
}

fn bitbucket_server(one: &Value) -> Option<Found> {
    Some(Found {
        id: id(&one["id"])?,
        path: format!("{}/{}", text(&one["project"]["key"])?, text(&one["slug"])?),
        https: without_user(clone(one, &["http", "https"])?)?,
        ssh: clone(one, &["ssh"]).map(str::to_owned),
        fork: one["origin"].is_object(),
        archived: is(&one["archived"]),
        disabled: false,
        topics: Vec::new(),
    })
}

fn azure(one: &Value) -> Option<Found> {
    Some(Found {
        id: id(&one["id"])?,
        path: format!("{}/{}", text(&one["project"]["name"])?, text(&one["name"])?),
        https: without_user(one["remoteUrl"].as_str()?)?,
        ssh: text(&one["sshUrl"]),
        fork: is(&one["isFork"]),
        archived: false,
        disabled: is(&one["isDisabled"]),
        topics: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn page(kind: Kind, url: &str, link: Option<(&str, &str)>, body: &Value) -> Page {
        let headers = link.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let url = Url::parse(url).unwrap();
        read(kind, &url, &headers, body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn each_forge_is_understood_in_its_own_words() {
        let clone = json!([
            { "name": "ssh", "href": "ssh://git@h/t/a.git" },
            { "name": "https", "href": "https://bob@h/t/a.git" },
        ]);
        let cases = [
            (
                Kind::GitHub,
                json!([{ "id": 7, "full_name": "t/a", "clone_url": "https://h/t/a.git",
                "ssh_url": "ssh://git@h/t/a.git", "fork": true, "topics": ["x"] }]),
            ),
            (
                Kind::GitLab,
                json!([{ "id": 7, "path_with_namespace": "t/a",
                "http_url_to_repo": "https://h/t/a.git", "ssh_url_to_repo": "ssh://git@h/t/a.git",
                "forked_from_project": { "id": 1 }, "topics": ["x"] }]),
            ),
            (
                Kind::Bitbucket,
                json!({ "values": [{ "uuid": "7", "full_name": "t/a",
                "links": { "clone": clone }, "parent": {} }] }),
            ),
            (
                Kind::BitbucketServer,
                json!({ "values": [{ "id": 7, "slug": "a",
                "project": { "key": "t" }, "links": { "clone": clone }, "origin": {} }] }),
            ),
            (
                Kind::Azure,
                json!({ "value": [{ "id": "7", "name": "a", "project": { "name": "t" },
                "remoteUrl": "https://o@h/t/a.git", "sshUrl": "ssh://git@h/t/a.git", "isFork": true }] }),
            ),
        ];
        for (kind, body) in cases {
            let page = page(kind, "https://h/api", None, &body);
            let [one] = &page.found[..] else { panic!("{kind:?}") };
            let told = (one.id.as_str(), one.path.as_str(), one.https.as_str(), one.fork);
            assert_eq!(told, ("7", "t/a", "https://h/t/a.git", true), "{kind:?}");
            assert_eq!(one.ssh.as_deref(), Some("ssh://git@h/t/a.git"), "{kind:?}");
            assert!(page.next.is_none());
        }
        let url = Url::parse("https://h/api").unwrap();
        for body in ["", "{}", "[{}]", "<html>", "{\"values\":[{}]}"] {
            assert!(read(Kind::GitHub, &url, &BTreeMap::new(), body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn each_forge_pages_in_its_own_way() {
        let empty = json!([]);
        let link = "<https://h/api?page=1>; rel=\"prev\", <https://h/api?page=3>; rel=\"next\"";
        let next = |page: Page| page.next.map(String::from);
        let third = Some("https://h/api?page=3".to_owned());
        assert_eq!(
            next(page(Kind::GitHub, "https://h/api?page=2", Some(("link", link)), &empty)),
            third
        );
        let cloud = json!({ "values": [], "next": "https://h/api?page=3" });
        assert_eq!(next(page(Kind::Bitbucket, "https://h/api", None, &cloud)), third);
        let server = json!({ "values": [], "isLastPage": false, "nextPageStart": 100 });
        let first = "https://h/api?limit=100&start=0";
        let second = Some("https://h/api?limit=100&start=100".to_owned());
        assert_eq!(next(page(Kind::BitbucketServer, first, None, &server)), second);
        let last = json!({ "values": [], "isLastPage": true, "nextPageStart": null });
        assert_eq!(next(page(Kind::BitbucketServer, first, None, &last)), None);
        let azure = json!({ "value": [] });
        let token = Some(("x-ms-continuationtoken", "a b"));
        let next = next(page(Kind::Azure, "https://h/api?api-version=7.1", token, &azure));
        assert_eq!(next.as_deref(), Some("https://h/api?api-version=7.1&continuationToken=a+b"));
    }
}
