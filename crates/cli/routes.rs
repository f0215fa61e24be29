//! Ways out for reminders, as the configuration names them. No flag can name another.

use anyhow::{Context, Result, bail};
use jiff::SignedDuration;
use quietus_export::digest::Places;
use quietus_model::Secret;
use quietus_poam::{ReminderKind, to_duration};
use quietus_track::Route;
use quietus_validate::Destination;
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

/// The least length of a key that messages are signed with, in bytes.
const KEY: usize = 16;

/// A way out for reminders.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteConfig {
    /// Its name.
    pub(crate) name: String,
    /// How its messages look.
    #[serde(default)]
    pub(crate) format: RouteFormat,
    /// Where it leads.
    url: Option<String>,
    /// A file that holds the URL, because who knows it may post.
    url_file: Option<PathBuf>,
    /// A file that holds the key that messages are signed with.
    key_file: Option<PathBuf>,
    /// Each reminder is sent once in this time.
    every: Option<String>,
    /// Which reminders are sent; all if none is named.
    #[serde(default)]
    reminders: Vec<ReminderKind>,
    /// Tell where credentials stand that may still work.
    #[serde(default)]
    places: bool,
}

/// The URL may let anybody post, so that it is never shown.
impl std::fmt::Debug for RouteConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RouteConfig")
            .field("name", &self.name)
            .field("format", &self.format)
            .field("url", &self.url.is_some())
            .field("url_file", &self.url_file)
            .field("key_file", &self.key_file)
            .field("every", &self.every)
            .field("reminders", &self.reminders)
            .field("places", &self.places)
            .finish()
    }
}

/// How the messages of a route look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RouteFormat {
    /// An object of our own.
    #[default]
    Generic,
    /// Slack's Block Kit.
    Slack,
    /// An Adaptive Card for Microsoft Teams.
    Teams,
}

impl RouteConfig {
    /// The route, with its URL and key read.
    pub(crate) fn read(&self) -> Result<Route> {
        let named = |what: &str| format!("route \"{}\": {what}", self.name);
        if self.name.trim().is_empty() || self.name.chars().any(char::is_control) {
            bail!("a [[route]] has no name; give it one, by which is recorded what was sent on it");
        }
        let url = match (&self.url, &self.url_file) {
            (Some(url), None) => url.clone(),
            (None, Some(path)) => {
                String::from_utf8(read(path).with_context(|| named("its url_file"))?)
                    .with_context(|| named("its url_file is no text"))?
            }
            _ => bail!(named("give it either url or url_file")),
        };
        let key = match &self.key_file {
            Some(path) => {
                let key = read(path).with_context(|| named("its key_file"))?;
                if key.len() < KEY {
                    bail!(named(&format!(
                        "the key is shorter than {KEY} bytes; make a longer one"
                    )));
                }
                Some(Secret::new(key))
            }
            None => None,
        };
        let every = self.every.as_deref().unwrap_or("24h");
        let every = to_duration(every).map_err(|why| anyhow::anyhow!(named(&why)))?;
        if every < SignedDuration::from_mins(1) {
            bail!(named("its period must be a minute or more"));
        }
        let to = Destination::parse(&url).with_context(|| named("its URL"))?;
        Ok(Route { name: self.name.clone(), to, key, every })
    }

    /// Whether it takes reminders of this kind.
    pub(crate) fn takes(&self, kind: ReminderKind) -> bool {
        self.reminders.is_empty() || self.reminders.contains(&kind)
    }

    /// What it tells of places.
    pub(crate) fn places(&self) -> Places {
        if self.places { Places::All } else { Places::OfTheDead }
    }
}

/// A file without the line end behind its text.
fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    bytes.truncate(bytes.trim_ascii_end().len());
    Ok(bytes)
}
