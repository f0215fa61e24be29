//! The calls of each API and what their answers say: pure.
//!
//! Paths and fields are those of the makers' own documentation: GitHub REST 2022-11-28, GitLab v4,
//! Jira REST v2 (Cloud and Data Center).

use crate::{Desk, Kind, LABEL, Seen, Text};
use quietus_model::Method;
use serde_json::{Value, json};

/// How many tickets a page holds.
pub(crate) const PAGE: usize = 100;

/// One call: method, path below the API's address, body.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Value,
}

impl Call {
    fn get(path: String) -> Self {
        Self { method: Method::Get, path, body: Value::Null }
    }

    fn post(path: String, body: Value) -> Self {
        Self { method: Method::Post, path, body }
    }
}

/// A page of tickets, and what names the one after it.
pub(crate) struct Page {
    pub(crate) tickets: Vec<Seen>,
    pub(crate) next: Option<String>,
}

impl Desk {
    /// Where the tickets of the project are, below the API's address.
    fn issues(&self) -> String {
        match self.kind {
            Kind::GitHub => {
                let parts: Vec<String> = self.project.split('/').map(encoded).collect();
                format!("/repos/{}/issues", parts.join("/"))
            }
            Kind::GitLab => format!("/projects/{}/issues", encoded(&self.project)),
            Kind::JiraCloud | Kind::JiraServer => "/issue".to_owned(),
        }
    }

    /// One ticket.
    fn issue(&self, id: &str) -> String {
        format!("{}/{}", self.issues(), encoded(id))
    }

    /// The page of our tickets that `at` names; the first one without.
    pub(crate) fn list(&self, at: Option<&str>) -> Call {
        let jql = || {
            let text =
                format!("project = \"{}\" AND labels = \"{LABEL}\" ORDER BY key", self.project);
            encoded(&text)
        };
        let fields = "fields=status,labels";
        Call::get(match self.kind {
            Kind::GitHub | Kind::GitLab => {
                let page = at.unwrap_or("1");
                format!("{}?labels={LABEL}&state=all&per_page={PAGE}&page={page}", self.issues())
            }
            Kind::JiraServer => {
                let start = at.unwrap_or("0");
                format!("/search?jql={}&{fields}&startAt={start}&maxResults={PAGE}", jql())
            }
            Kind::JiraCloud => {
                let token =
                    at.map_or(String::new(), |at| format!("&nextPageToken={}", encoded(at)));
                format!("/search/jql?jql={}&{fields}&maxResults={PAGE}{token}", jql())
            }
        })
    }

    /// Reads such a page; `at` is what named it.
    pub(crate) fn page(&self, at: Option<&str>, body: &Value) -> Option<Page> {
        let list = if self.kind.is_jira() { body["issues"].as_array()? } else { body.as_array()? };
        // GitHub lists pull requests among issues.
        let issues = list.iter().filter(|one| one["pull_request"].is_null());
        let tickets = issues.map(|one| self.seen(one)).collect::<Option<Vec<_>>>()?;
        let number = |first: usize| at.and_then(|at| at.parse().ok()).unwrap_or(first);
        let next = match self.kind {
            Kind::GitHub | Kind::GitLab => {
                (list.len() == PAGE).then(|| (number(1) + 1).to_string())
            }
            Kind::JiraServer => {
                let read = number(0) + list.len();
                let total = usize::try_from(body["total"].as_u64()?).ok()?;
                (read < total && !list.is_empty()).then(|| read.to_string())
            }
            Kind::JiraCloud => body["nextPageToken"].as_str().map(str::to_owned),
        };
        Some(Page { tickets, next })
    }

    pub(crate) fn one(&self, id: &str) -> Call {
        let fields = if self.kind.is_jira() { "?fields=status,labels" } else { "" };
        Call::get(format!("{}{fields}", self.issue(id)))
    }

    /// Reads one ticket.
    pub(crate) fn seen(&self, one: &Value) -> Option<Seen> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some(match self.kind {
            Kind::GitHub => Seen {
                id: one["number"].as_u64()?.to_string(),
                url: text(&one["html_url"])?,
                open: one["state"].as_str()? == "open",
                reference: one["body"].as_str().and_then(reference_in),
            },
            Kind::GitLab => Seen {
                id: one["iid"].as_u64()?.to_string(),
                url: text(&one["web_url"])?,
                open: one["state"].as_str()? == "opened",
                reference: one["description"].as_str().and_then(reference_in),
            },
            Kind::JiraCloud | Kind::JiraServer => {
                let key = text(&one["key"])?;
                let labels = one["fields"]["labels"].as_array();
                let mut labels = labels.into_iter().flatten().filter_map(Value::as_str);
                Seen {
                    url: self.browse(&key),
                    open: one["fields"]["status"]["statusCategory"]["key"].as_str()? != "done",
                    reference: labels.find(|label| is_reference(label)).map(str::to_owned),
                    id: key,
                }
            }
        })
    }

    /// Where people see a Jira issue.
    fn browse(&self, key: &str) -> String {
        let site = self.api.split("/rest/").next().unwrap_or(&self.api);
        format!("{site}/browse/{key}")
    }

    /// Opens a ticket that bears `reference`.
    pub(crate) fn create(&self, text: &Text, reference: &str) -> Call {
        let Text { title, body } = text;
        let named = format!("{body}\n\n{reference}\n");
        Call::post(
            self.issues(),
            match self.kind {
                Kind::GitHub => json!({ "title": title, "body": named, "labels": [LABEL] }),
                // What is not public on purpose is read by members alone.
                Kind::GitLab => json!({
                    "title": title, "description": named, "labels": LABEL, "confidential": true,
                }),
                Kind::JiraCloud | Kind::JiraServer => json!({ "fields": {
                    "project": { "key": self.project },
                    "issuetype": { "name": self.issue_type },
                    "summary": title,
                    "description": body,
                    "labels": [LABEL, reference],
                }}),
            },
        )
    }

    /// What the answer to that says: the new ticket.
    pub(crate) fn created(&self, body: &Value, reference: &str) -> Option<Seen> {
        let mut seen = if self.kind.is_jira() {
            let key = body["key"].as_str()?.to_owned();
            Seen { url: self.browse(&key), id: key, open: true, reference: None }
        } else {
            self.seen(body)?
        };
        seen.reference = Some(reference.to_owned());
        Some(seen)
    }

    /// Tells a ticket what the item says now; in GitHub and GitLab opens or closes it in one.
    pub(crate) fn update(
        &self,
        id: &str,
        text: &Text,
        reference: &str,
        open: Option<bool>,
    ) -> Call {
        let Text { title, body } = text;
        let named = format!("{body}\n\n{reference}\n");
        let mut call = match self.kind {
            Kind::GitHub => Call {
                method: Method::Patch,
                path: self.issue(id),
                body: json!({ "title": title, "body": named }),
            },
            Kind::GitLab => Call {
                method: Method::Put,
                path: self.issue(id),
                body: json!({ "title": title, "description": named }),
            },
            Kind::JiraCloud | Kind::JiraServer => Call {
                method: Method::Put,
                path: self.issue(id),
                body: json!({ "fields": { "summary": title, "description": body } }),
            },
        };
        match (self.kind, open) {
            (Kind::GitHub, Some(open)) => {
                call.body["state"] = Value::from(if open { "open" } else { "closed" });
                call.body["state_reason"] =
                    Value::from(if open { "reopened" } else { "completed" });
            }
            (Kind::GitLab, Some(open)) => {
                call.body["state_event"] = Value::from(if open { "reopen" } else { "close" });
            }
            _ => {}
        }
        call
    }

    pub(crate) fn comment(&self, id: &str, text: &str) -> Call {
        let last = if self.kind == Kind::GitLab { "notes" } else { "comments" };
        let last = if self.kind.is_jira() { "comment" } else { last };
        Call::post(format!("{}/{last}", self.issue(id)), json!({ "body": text }))
    }

    /// The ways in which a Jira issue can move.
    pub(crate) fn transitions(&self, id: &str) -> Call {
        Call::get(format!("{}/transitions", self.issue(id)))
    }

    /// The way among those that leads to an open issue, or to a closed one.
    pub(crate) fn transition(&self, id: &str, ways: &Value, open: bool) -> Option<Call> {
        let leads = |way: &&Value| {
            let to = way["to"]["statusCategory"]["key"].as_str();
            to.is_some_and(|to| (to != "done") == open)
        };
        let way = ways["transitions"].as_array()?.iter().find(leads)?;
        let body = json!({ "transition": { "id": way["id"].as_str()? } });
        Some(Call::post(format!("{}/transitions", self.issue(id)), body))
    }
}

/// Whether a word is the name of a ticket of ours.
fn is_reference(word: &str) -> bool {
    let hex = word.strip_prefix("quietus-").unwrap_or_default();
    hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The last name of a ticket of ours that stands in a text: we write it at its end.
fn reference_in(text: &str) -> Option<String> {
    text.split_whitespace().rfind(|word| is_reference(word)).map(str::to_owned)
}

/// A text as one part of a URL.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_found_where_we_write_it() {
        let ours = format!("quietus-{}", "ab".repeat(16));
        let other = format!("quietus-{}", "cd".repeat(16));
        assert_eq!(reference_in(&format!("see {other}\n\n{ours}\n")), Some(ours));
        for none in ["", "quietus-12", "quietus-zz", "quietus"] {
            assert_eq!(reference_in(none), None, "{none}");
        }
    }

    #[test]
    fn names_do_not_lead_elsewhere() {
        assert_eq!(encoded("group/sub"), "group%2Fsub");
        assert_eq!(encoded("../x?y#z"), "..%2Fx%3Fy%23z");
    }
}
