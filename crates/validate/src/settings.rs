//! What the user decided about validation: instances, overrides, addresses, trust, limits.

use crate::endpoint::{Endpoint, EndpointError};
use crate::known_good::KnownGood;
use crate::pace::Pace;
use jiff::SignedDuration;
use quietus_model::{Fingerprint, RuleId};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Everything that configuration says about asking issuers.
#[derive(Clone)]
pub struct Settings {
    /// `[issuers]`: for a kind of issuer, ALL instances this organisation uses. A denial counts
    /// only when each of them denies.
    pub instances: BTreeMap<String, Vec<String>>,
    /// `[endpoints]`: for a kind of issuer, another place to ask. Only here may a URL be http.
    pub endpoints: BTreeMap<String, String>,
    /// More hosts (`host`, `host:port`; of another protocol than https `scheme://host:port`) that may
    /// be asked about single credentials which a person bound to them.
    pub hosts: Vec<String>,
    /// Hosts (`host`, `host:port`) and networks (`10.1.0.0/16`) that may have private addresses.
    pub allow_private: Vec<String>,
    /// Hosts and networks that may be sent passwords without TLS, by protocols other than HTTP.
    pub allow_clear: Vec<String>,
    /// Certificates in PEM, trusted beside the public ones.
    pub ca_pem: Option<Vec<u8>>,
    /// Certificates in PEM that may have been issued for what is found.
    pub certificates: Vec<u8>,
    /// The keys of the SSH hosts that may be asked, as OpenSSH's `known_hosts` holds them.
    pub known_hosts: String,
    /// The time that one call may take from name resolution to the last byte.
    pub timeout: Duration,
    /// A target that said yes or no within this time is not asked again, and what it said then is
    /// told again. Without it every target is asked.
    pub max_age: Option<SignedDuration>,
    /// How hard one origin is asked.
    pub pace: Pace,
    /// How many bytes of a body are read; a longer one is no answer.
    pub max_body: usize,
    /// From where is asked: a name for the evidence.
    pub vantage: String,
    /// An http or https proxy. The environment's proxies are never used.
    pub proxy: Option<String>,
    /// Credentials that the user knows to work, tried beside a denial.
    pub known_good: Vec<KnownGood>,
    /// The user's own decoys: never sent.
    pub canaries: BTreeSet<Fingerprint>,
    /// Rules whose recipe the user wrote or changed: their verdicts are marked `custom`.
    pub custom_rules: BTreeSet<RuleId>,
    /// The version of this program, for the evidence.
    pub tool: String,
    /// Set when the user wants to stop: nothing more is sent then, and an answer is waited for only
    /// where the question has an effect. What was not answered has no judgement.
    pub stop: Option<&'static AtomicBool>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            instances: BTreeMap::new(),
            endpoints: BTreeMap::new(),
            hosts: Vec::new(),
            allow_private: Vec::new(),
            allow_clear: Vec::new(),
            ca_pem: None,
            certificates: Vec::new(),
            known_hosts: String::new(),
            timeout: Duration::from_secs(10),
            max_age: None,
            pace: Pace::default(),
            max_body: 1024 * 1024,
            vantage: "local".to_owned(),
            proxy: None,
            known_good: Vec::new(),
            canaries: BTreeSet::new(),
            custom_rules: BTreeSet::new(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            stop: None,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A proxy's URL may hold a password, and so may an endpoint that has yet to be refused.
        f.debug_struct("Settings")
            .field("instances", &self.instances.keys())
            .field("endpoints", &self.endpoints.keys())
            .field("hosts", &self.hosts.len())
            .field("allow_private", &self.allow_private)
            .field("allow_clear", &self.allow_clear)
            .field("ca_pem", &self.ca_pem.is_some())
            .field("certificates", &self.certificates.len())
            .field("known_hosts", &self.known_hosts.lines().count())
            .field("timeout", &self.timeout)
            .field("max_age", &self.max_age)
            .field("pace", &self.pace)
            .field("max_body", &self.max_body)
            .field("vantage", &self.vantage)
            .field("proxy", &self.proxy.is_some())
            .field("known_good", &self.known_good.len())
            .field("canaries", &self.canaries.len())
            .field("custom_rules", &self.custom_rules)
            .field("tool", &self.tool)
            .field("stop", &self.stop)
            .finish()
    }
}

/// What in the settings cannot be, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A URL under `[issuers]` or `[endpoints]`.
    #[error("[{table}] {issuer}: {reason}")]
    Endpoint {
        /// The table: `issuers` or `endpoints`.
        table: &'static str,
        /// The key in it.
        issuer: String,
        /// What is wrong with the URL.
        reason: EndpointError,
    },
    /// A key of `[issuers]` without a URL.
    #[error("[issuers] {issuer}: the list is empty; name every instance or remove the line")]
    NoInstance {
        /// The key.
        issuer: String,
    },
    /// An entry of `hosts`.
    #[error(
        "hosts: write each as host or host:port, such as git.example.org, or with the scheme of \
         another protocol before it, such as postgresql://db.example.org"
    )]
    Host,
    /// An entry of `allow_private` or `allow_clear`.
    #[error(
        "{list}: \"{entry}\" is neither a host, host:port, address nor network such as 10.0.0.0/8"
    )]
    Allowed {
        /// The list: `allow_private` or `allow_clear`.
        list: &'static str,
        /// The entry.
        entry: String,
    },
    /// The additional certificates.
    #[error("the CA file {reason}; it must hold certificates in PEM (BEGIN CERTIFICATE)")]
    Certificates {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A credential that is known to work.
    #[error("[[validate.known_good]] {rule}: {reason}")]
    KnownGood {
        /// The rule that it names.
        rule: String,
        /// What is wrong, and what to write.
        reason: String,
    },
    /// The proxy.
    #[error("the proxy is not a URL such as http://proxy.example.org:3128")]
    Proxy,
    /// The TLS or HTTP client could not be made.
    #[error("the HTTP client could not be set up: {reason}")]
    Client {
        /// What failed.
        reason: String,
    },
}

/// The instances and overrides of the settings, read and checked.
#[derive(Default)]
pub(crate) struct Configured {
    pub(crate) listed: BTreeMap<String, Vec<Endpoint>>,
    pub(crate) overrides: BTreeMap<String, Endpoint>,
    pub(crate) hosts: Vec<Endpoint>,
}

impl Configured {
    /// Reads `[issuers]` and `[endpoints]`.
    pub(crate) fn read(settings: &Settings) -> Result<Self, SettingsError> {
        let wrong = |table, issuer: &String| {
            let issuer = issuer.clone();
            move |reason| SettingsError::Endpoint { table, issuer, reason }
        };
        let mut read = Self::default();
        for (issuer, url) in &settings.endpoints {
            let endpoint = Endpoint::any(url).map_err(wrong("endpoints", issuer))?;
            read.overrides.insert(issuer.clone(), endpoint);
        }
        for (issuer, urls) in &settings.instances {
            let mut endpoints = Vec::new();
            for url in urls {
                let over = read.overrides.get(issuer);
                let endpoint = match Endpoint::any(url) {
                    // The user named this very place under [endpoints] too: http is their choice.
                    Ok(endpoint) if Some(&endpoint) == over => endpoint,
                    _ => Endpoint::https(url).map_err(wrong("issuers", issuer))?,
                };
                endpoints.push(endpoint);
            }
            endpoints.sort();
            endpoints.dedup();
            if endpoints.is_empty() {
                return Err(SettingsError::NoInstance { issuer: issuer.clone() });
            }
            read.listed.insert(issuer.clone(), endpoints);
        }
        for host in &settings.hosts {
            let host = host.trim();
            let url =
                if host.contains("://") { host.to_owned() } else { format!("https://{host}") };
            let endpoint = Endpoint::https(&url);
            let bare = endpoint.ok().filter(Endpoint::is_bare);
            read.hosts.push(bare.ok_or(SettingsError::Host)?);
        }
        Ok(read)
    }

    /// The endpoint that a person means by `text`: a host, or a URL as under `[issuers]`.
    pub(crate) fn endpoint(&self, text: &str) -> Result<Endpoint, EndpointError> {
        let text = text.trim();
        if !text.contains("://") {
            return Endpoint::https(&format!("https://{text}"));
        }
        match Endpoint::any(text) {
            // Plain http to this very place is the user's choice.
            Ok(endpoint) if self.overrides.values().any(|over| *over == endpoint) => Ok(endpoint),
            _ => Endpoint::https(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(instances: &[(&str, &[&str])], endpoints: &[(&str, &str)]) -> Settings {
        let owned = |urls: &[&str]| urls.iter().map(|url| (*url).to_owned()).collect();
        Settings {
            instances: instances.iter().map(|(k, v)| ((*k).to_owned(), owned(v))).collect(),
            endpoints: endpoints.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            ..Settings::default()
        }
    }

    #[test]
    fn plain_http_is_accepted_under_endpoints_only() {
        let http = "http://git.example.org";
        assert!(Configured::read(&settings(&[], &[("gitlab", http)])).is_ok());
        assert!(Configured::read(&settings(&[("gitlab", &[http])], &[("gitlab", http)])).is_ok());
        let refused = Configured::read(&settings(&[("gitlab", &[http])], &[])).err().unwrap();
        let expected = "[issuers] gitlab: the scheme must be https";
        assert!(refused.to_string().starts_with(expected), "{refused}");
        assert!(Configured::read(&settings(&[("gitlab", &[])], &[])).is_err());
    }

    #[test]
    fn no_password_is_shown() {
        let word = "pass-word-of-a-proxy";
        let with = Settings {
            proxy: Some(format!("http://u:{word}@proxy")),
            ..settings(&[("x", &[&format!("https://u:{word}@x.org")])], &[])
        };
        assert!(!format!("{with:?}").contains(word));
        let refused = Configured::read(&with).err().unwrap();
        assert!(!format!("{refused} {refused:?}").contains(word));
    }
}
