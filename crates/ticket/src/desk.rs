//! Where tickets are kept: what it is, where its API is, and how it is shown a token.

use data_encoding::BASE64;
use quietus_model::Secret;
use quietus_poam::TicketAnswer;
use std::str::FromStr;

/// The version of GitHub's API that is spoken here.
const GITHUB: &str = "2022-11-28";

/// What a desk is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Issues of a repository on GitHub, or GitHub Enterprise Server (`https://HOST/api/v3`).
    GitHub,
    /// Issues of a project on GitLab (`https://HOST/api/v4`).
    GitLab,
    /// Jira Cloud (`https://SITE.atlassian.net/rest/api/2`).
    JiraCloud,
    /// Jira Data Center (`https://HOST/rest/api/2`).
    JiraServer,
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "github" => Ok(Self::GitHub),
            "gitlab" => Ok(Self::GitLab),
            "jira-cloud" => Ok(Self::JiraCloud),
            "jira-server" => Ok(Self::JiraServer),
            _ => Err("the kind is github, gitlab, jira-cloud or jira-server".to_owned()),
        }
    }
}

impl Kind {
    /// Where its API is, if there is one such place.
    pub fn public(self) -> Option<&'static str> {
        match self {
            Self::GitHub => Some("https://api.github.com"),
            Self::GitLab => Some("https://gitlab.com/api/v4"),
            Self::JiraCloud | Self::JiraServer => None,
        }
    }

    pub(crate) fn is_jira(self) -> bool {
        matches!(self, Self::JiraCloud | Self::JiraServer)
    }
}

/// A place where tickets are kept.
#[derive(Clone, Debug)]
pub struct Desk {
    /// What the configuration calls it.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Where its API is.
    pub api: String,
    /// `owner/repository`, `group/project`, or the key of a Jira project.
    pub project: String,
    /// The type of an issue in Jira.
    pub issue_type: String,
    /// The user that goes with the token, where Jira wants one.
    pub user: Option<String>,
    /// The token.
    pub token: Secret,
    /// What is done about a ticket that somebody closed although its item is not over.
    pub answer: TicketAnswer,
}

impl Desk {
    /// The headers of a request.
    pub(crate) fn headers(&self) -> Vec<(String, Secret)> {
        let with = |before: &str| {
            let mut value = before.as_bytes().to_vec();
            value.extend_from_slice(self.token.expose());
            Secret::new(value)
        };
        let plain = |name: &str, value: &str| (name.to_owned(), Secret::from(value));
        let mut headers = vec![plain("content-type", "application/json")];
        headers.push(match (self.kind, &self.user) {
            (Kind::GitLab, _) => ("private-token".to_owned(), self.token.clone()),
            (Kind::JiraCloud | Kind::JiraServer, Some(user)) => {
                let pair = with(&format!("{user}:"));
                let text = format!("Basic {}", BASE64.encode(pair.expose()));
                ("authorization".to_owned(), Secret::new(text.into_bytes()))
            }
            _ => ("authorization".to_owned(), with("Bearer ")),
        });
        if self.kind == Kind::GitHub {
            headers.push(plain("accept", "application/vnd.github+json"));
            headers.push(plain("x-github-api-version", GITHUB));
        } else {
            headers.push(plain("accept", "application/json"));
        }
        headers
    }
}
