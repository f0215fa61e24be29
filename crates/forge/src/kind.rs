//! The kinds of forges: where each lists repositories, and how it is shown a token.

use data_encoding::BASE64;
use quietus_model::Secret;
use std::str::FromStr;

/// The version of GitHub's API that is spoken here.
const GITHUB: &str = "2022-11-28";

/// What a forge is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// GitHub, or GitHub Enterprise Server (`https://HOST/api/v3`).
    GitHub,
    /// GitLab (`https://HOST/api/v4`).
    GitLab,
    /// Gitea or Forgejo (`https://HOST/api/v1`).
    Gitea,
    /// Bitbucket Cloud.
    Bitbucket,
    /// Bitbucket Data Center (`https://HOST/rest/api/1.0`).
    BitbucketServer,
    /// Azure Repos (`https://dev.azure.com/ORGANISATION`).
    Azure,
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "github" => Self::GitHub,
            "gitlab" => Self::GitLab,
            "gitea" | "forgejo" => Self::Gitea,
            "bitbucket" => Self::Bitbucket,
            "bitbucket-server" => Self::BitbucketServer,
            "azure" => Self::Azure,
            _ => {
                return Err(
                    "the kind is github, gitlab, gitea, forgejo, bitbucket, bitbucket-server or azure"
                        .to_owned(),
                );
            }
        })
    }
}

impl Kind {
    /// Where its API is, and where its repositories are cloned from, if there is one such place.
    pub fn public(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::GitHub => Some(("https://api.github.com", "https://github.com")),
            Self::GitLab => Some(("https://gitlab.com/api/v4", "https://gitlab.com")),
            Self::Bitbucket => Some(("https://api.bitbucket.org/2.0", "https://bitbucket.org")),
            Self::Gitea | Self::BitbucketServer | Self::Azure => None,
        }
    }

    /// The user name that goes with a token when git shows it.
    pub fn git_user(self) -> &'static str {
        match self {
            Self::GitHub => "x-access-token",
            Self::GitLab | Self::Gitea => "oauth2",
            Self::Bitbucket | Self::BitbucketServer => "x-token-auth",
            Self::Azure => "pat",
        }
    }

    /// The first pages of the repositories of `owner`, below the API's address: where the second is
    /// there, it is asked when the first one does not exist, because organisations and people are
    /// listed apart. Without an owner: all that the token may see.
    pub(crate) fn first(self, owner: Option<&str>) -> Vec<String> {
        let part = owner.map(encoded);
        match (self, part) {
            (Self::GitHub, Some(owner)) => vec![
                format!("/orgs/{owner}/repos?type=all&per_page=100"),
                format!("/users/{owner}/repos?type=owner&per_page=100"),
            ],
            (Self::GitHub, None) => vec!["/user/repos?per_page=100".to_owned()],
            (Self::GitLab, Some(owner)) => vec![
                format!(
                    "/groups/{owner}/projects?include_subgroups=true&with_shared=false\
                     &order_by=id&sort=asc&per_page=100"
                ),
                format!("/users/{owner}/projects?order_by=id&sort=asc&per_page=100"),
            ],
            (Self::GitLab, None) => vec![
                "/projects?membership=true&pagination=keyset&order_by=id&sort=asc&per_page=100"
                    .to_owned(),
            ],
            (Self::Gitea, Some(owner)) => vec![
                format!("/orgs/{owner}/repos?page=1&limit=50"),
                format!("/users/{owner}/repos?page=1&limit=50"),
            ],
            (Self::Gitea, None) => vec!["/user/repos?page=1&limit=50".to_owned()],
            (Self::Bitbucket, Some(owner)) => vec![format!("/repositories/{owner}?pagelen=100")],
            (Self::Bitbucket, None) => vec!["/repositories?role=member&pagelen=100".to_owned()],
            (Self::BitbucketServer, Some(owner)) => {
                vec![format!("/projects/{owner}/repos?limit=100&start=0")]
            }
            (Self::BitbucketServer, None) => vec!["/repos?limit=100&start=0".to_owned()],
            (Self::Azure, Some(owner)) => {
                vec![format!("/{owner}/_apis/git/repositories?api-version=7.1")]
            }
            (Self::Azure, None) => vec!["/_apis/git/repositories?api-version=7.1".to_owned()],
        }
    }

    /// The headers of a request, with the token if there is one.
    pub(crate) fn headers(
        self,
        user: Option<&str>,
        token: Option<&Secret>,
    ) -> Vec<(String, Secret)> {
        let accept = match self {
            Self::GitHub => "application/vnd.github+json",
            _ => "application/json",
        };
        let mut headers = vec![("accept".to_owned(), Secret::from(accept))];
        if self == Self::GitHub {
            headers.push(("x-github-api-version".to_owned(), Secret::from(GITHUB)));
        }
        let Some(token) = token else { return headers };
        let with = |before: &str| {
            let mut value = before.as_bytes().to_vec();
            value.extend_from_slice(token.expose());
            Secret::new(value)
        };
        let basic = |user: &str| {
            let pair = with(&format!("{user}:"));
            let text = format!("Basic {}", BASE64.encode(pair.expose()));
            Secret::new(text.into_bytes())
        };
        headers.push(match (self, user) {
            (Self::GitLab, _) => ("private-token".to_owned(), token.clone()),
            (Self::Gitea, _) => ("authorization".to_owned(), with("token ")),
            (Self::Azure, user) => ("authorization".to_owned(), basic(user.unwrap_or(""))),
            (Self::Bitbucket, Some(user)) => ("authorization".to_owned(), basic(user)),
            _ => ("authorization".to_owned(), with("Bearer ")),
        });
        headers
    }
}

/// A name as one part of a URL's path: GitLab's groups hold slashes.
fn encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    name.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}
