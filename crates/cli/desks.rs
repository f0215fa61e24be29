//! Desks that the configuration names: where tickets are kept, for which items, and what is told there.

use crate::args::Only;
use crate::held;
use crate::settings::Config;
use anyhow::{Result, anyhow, bail};
use quietus_export::digest::Places;
use quietus_poam::TicketAnswer;
use quietus_ticket::Desk;
use serde::Deserialize;
use std::path::PathBuf;

/// A desk.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeskConfig {
    /// Its name, under which is recorded what was done there.
    pub(crate) name: String,
    /// What it is: github, gitlab, jira-cloud or jira-server.
    kind: String,
    /// Where its API is, unless it is the public one of its kind.
    api: Option<String>,
    /// The repository, project or key of the project.
    project: String,
    /// The type of an issue in Jira.
    #[serde(default = "task")]
    issue_type: String,
    /// The variable that holds the token.
    token_env: Option<String>,
    /// The file that holds the token.
    token_file: Option<PathBuf>,
    /// The user that goes with the token.
    user: Option<String>,
    /// Only items of which all of this holds, as `--where` has it.
    #[serde(default)]
    only: Vec<String>,
    /// What is done about a ticket that somebody closed although its item is not over.
    #[serde(default)]
    when_closed_by_hand: TicketAnswer,
    /// Tell where credentials stand that may still work.
    #[serde(default)]
    places: bool,
    /// At most so many tickets are opened in one run.
    #[serde(default = "most")]
    pub(crate) most: usize,
}

fn task() -> String {
    "Task".to_owned()
}

fn most() -> usize {
    50
}

impl DeskConfig {
    /// The desk, with its token read.
    pub(crate) fn read(&self) -> Result<Desk> {
        let named = |what: &str| anyhow!("[[tickets]] \"{}\": {what}", self.name);
        if self.name.trim().is_empty() || self.name.chars().any(char::is_control) {
            bail!("a [[tickets]] has no name; give it one, by which its tickets are recorded");
        }
        let kind: quietus_ticket::Kind =
            self.kind.parse().map_err(|error: String| named(&error))?;
        let api = self.api.clone().or_else(|| kind.public().map(str::to_owned));
        let api =
            api.ok_or_else(|| named("give api, such as https://jira.example.org/rest/api/2"))?;
        let whose = format!("[[tickets]] \"{}\"", self.name);
        let place = format!("the token of {whose}");
        let keys = ("token_env", "token_file");
        let token =
            held::secret(&place, keys, self.token_env.as_deref(), self.token_file.as_deref())?;
        let odd = |c: char| c.is_control() || c.is_whitespace() || "\"'\\?#%".contains(c);
        if self.project.is_empty() || self.project.contains(odd) {
            bail!(named("project is owner/repository, group/project, or the key of a project"));
        }
        Ok(Desk {
            name: self.name.clone(),
            kind,
            api,
            project: self.project.clone(),
            issue_type: self.issue_type.clone(),
            user: self.user.clone(),
            token: token.ok_or_else(|| named("give token_env or token_file"))?,
            answer: self.when_closed_by_hand,
        })
    }

    /// Which items have a ticket there.
    pub(crate) fn only(&self) -> Result<Vec<Only>> {
        let read = |text: &String| {
            text.parse().map_err(|error: String| {
                anyhow!("[[tickets]] \"{}\": only = \"{text}\": {error}", self.name)
            })
        };
        self.only.iter().map(read).collect()
    }

    /// What it tells of places.
    pub(crate) fn places(&self) -> Places {
        if self.places { Places::All } else { Places::OfTheDead }
    }
}

impl Config {
    /// The desks of these names, all of them for none.
    pub(crate) fn desks(&self, names: &[String]) -> Result<Vec<&DeskConfig>> {
        for (at, desk) in self.tickets.iter().enumerate() {
            if self.tickets[..at].iter().any(|other| other.name == desk.name) {
                bail!("two [[tickets]] are called \"{}\"; give them different names", desk.name);
            }
        }
        if let Some(unknown) = names.iter().find(|n| self.tickets.iter().all(|d| d.name != **n)) {
            let known: Vec<&str> = self.tickets.iter().map(|desk| desk.name.as_str()).collect();
            bail!("no [[tickets]] \"{unknown}\"; the configuration has: {}", known.join(", "));
        }
        let wanted = self.tickets.iter();
        Ok(wanted.filter(|desk| names.is_empty() || names.contains(&desk.name)).collect())
    }
}
