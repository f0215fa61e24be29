//! A user's machine whose clock a test moves: its configuration, and the command run on it.

use crate::front::{Clock, Front};
use crate::sandbox::{Ran, Sandbox};
use crate::server::there;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::process::Command;

/// A password that looks generated, as a test makes it: another label gives another one.
pub(crate) struct Password(String);

impl Password {
    pub(crate) fn new(label: &str) -> Self {
        let digest = Sha256::digest(label.as_bytes());
        let text = data_encoding::BASE64.encode(&digest).replace(['+', '/', '='], "x");
        Self(text[..24].to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A machine, the instances of issuers its user listed, and the clock.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) clock: Clock,
    faketime: PathBuf,
    instances: RefCell<BTreeMap<String, Vec<String>>>,
    trusted: RefCell<String>,
    known_hosts: RefCell<String>,
    secrets: RefCell<Vec<String>>,
    also: RefCell<String>,
    hours_between: Cell<i64>,
}

impl World {
    /// A fresh one; `None`, said aloud, where its clock could not be moved.
    pub(crate) fn new() -> Option<Self> {
        let libraries = std::fs::read_dir("/usr/lib").unwrap().filter_map(Result::ok);
        let library = |folder: PathBuf| folder.join("faketime/libfaketime.so.1");
        let found = libraries.map(|folder| library(folder.path())).find(|path| path.exists());
        let faketime = there(found.unwrap_or_else(|| library("/usr/lib".into())))?;
        let world = Self {
            sandbox: Sandbox::new(),
            clock: Clock::default(),
            faketime,
            instances: RefCell::default(),
            trusted: RefCell::default(),
            known_hosts: RefCell::default(),
            secrets: RefCell::default(),
            also: RefCell::default(),
            // The default policy wants 20 hours between the denials that are proof.
            hours_between: Cell::new(21),
        };
        world.run(&["init"]).exits(0);
        world.configure();
        Some(world)
    }

    /// Puts TLS before the server on `port` and lists it as an instance of this kind of issuer.
    pub(crate) fn list(&self, kind: &str, port: u16) -> Front {
        let front = Front::before(port, &self.clock);
        self.trusted.borrow_mut().push_str(front.ca_pem());
        self.list_url(kind, &front.url());
        front
    }

    /// The same for a server that goes by the name of `localhost`.
    pub(crate) fn list_by_name(&self, kind: &str, port: u16) -> Front {
        let front = Front::before(port, &self.clock);
        self.trusted.borrow_mut().push_str(front.ca_pem());
        self.list_url(kind, &front.url().replace("127.0.0.1", "localhost"));
        front
    }

    /// From now on the user trusts this CA, as that of a company is trusted.
    pub(crate) fn trust(&self, ca_pem: &str) {
        self.trusted.borrow_mut().push_str(ca_pem);
        self.configure();
    }

    /// Lists an instance of this kind of issuer.
    pub(crate) fn list_url(&self, kind: &str, url: &str) {
        let mut instances = self.instances.borrow_mut();
        instances.entry(kind.to_owned()).or_default().push(url.to_owned());
        drop(instances);
        self.configure();
    }

    /// From now on the user knows this key of an SSH host.
    #[cfg(feature = "ssh")]
    pub(crate) fn know_hosts(&self, lines: &str) {
        self.known_hosts.borrow_mut().push_str(lines);
        self.configure();
    }

    /// Adds a section to the configuration.
    #[cfg(feature = "escrow")]
    pub(crate) fn also_configure(&self, section: &str) {
        self.also.borrow_mut().push_str(section);
        self.configure();
    }

    fn configure(&self) {
        let ca_file = self.sandbox.write("ca.pem", self.trusted.borrow().as_bytes());
        let mut text = "[issuers]\n".to_owned();
        for (kind, urls) in self.instances.borrow().iter() {
            text += &format!("{kind} = {urls:?}\n");
        }
        text +=
            "[validate]\nallow_private = [\"127.0.0.0/8\", \"localhost\"]\ncalls_per_second = 50\n";
        if !self.trusted.borrow().is_empty() {
            text += &format!("ca_file = \"{}\"\n", ca_file.display());
        }
        let known_hosts = self.sandbox.write("known_hosts", self.known_hosts.borrow().as_bytes());
        text += &format!("known_hosts = \"{}\"\n", known_hosts.display());
        text += &self.also.borrow();
        self.sandbox.write("config/quietus/config.toml", text);
    }

    pub(crate) fn hours_pass(&self, hours: i64) {
        self.clock.advance_hours(hours);
    }

    /// Where failed logins count, a credential is tried once a day.
    pub(crate) fn ask_once_a_day(&self) {
        self.hours_between.set(25);
    }

    /// Time passes until an issuer may be asked again to some purpose.
    pub(crate) fn wait_to_ask(&self) {
        self.hours_pass(self.hours_between.get());
    }

    /// From now on no output of the command may hold this text.
    pub(crate) fn keep_secret(&self, secret: &str) {
        self.secrets.borrow_mut().push(secret.to_owned());
    }

    /// Runs the command to its end, at the time of the clock.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let ran = Ran::of(&mut self.command(arguments));
        for secret in self.secrets.borrow().iter() {
            let told = ran.out() + &ran.err();
            assert!(!told.contains(secret.as_str()), "{} tells the secret:\n{told}", ran.told());
        }
        ran
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.sandbox.command(arguments);
        command
            .env("LD_PRELOAD", &self.faketime)
            .env("FAKETIME", format!("{:+}s", self.clock.ahead()))
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        command
    }

    /// What the items are called that are not closed.
    pub(crate) fn ids(&self) -> Vec<String> {
        let listed = self.run(&["item", "list", "--format", "json"]);
        let items = listed.exits(0).json();
        let id = |item: &Value| item["id"].as_str().unwrap().to_owned();
        items.as_array().unwrap().iter().map(id).collect()
    }
}
