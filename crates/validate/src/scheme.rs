//! The schemes that an endpoint may have: which protocol each speaks, and at which port.

use quietus_model::Driver;
use std::fmt;

/// The scheme of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Scheme {
    Https,
    Http,
    Ldap,
    Ldaps,
    Mongodb,
    Mysql,
    Postgresql,
    Redis,
    Rediss,
    Smtp,
    Smtps,
    Ssh,
}

impl Scheme {
    /// Reads the name of a scheme, as endpoints and connection strings write it.
    pub(crate) fn read(name: &str) -> Option<Self> {
        Some(match name {
            "https" => Self::Https,
            "http" => Self::Http,
            "ldap" => Self::Ldap,
            "ldaps" => Self::Ldaps,
            "mongodb" => Self::Mongodb,
            "mysql" | "mariadb" => Self::Mysql,
            "postgresql" | "postgres" => Self::Postgresql,
            "redis" | "valkey" => Self::Redis,
            "rediss" | "valkeys" => Self::Rediss,
            "smtp" => Self::Smtp,
            "smtps" => Self::Smtps,
            "ssh" => Self::Ssh,
            _ => return None,
        })
    }

    /// The name that a normalised endpoint has.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
            Self::Ldap => "ldap",
            Self::Ldaps => "ldaps",
            Self::Mongodb => "mongodb",
            Self::Mysql => "mysql",
            Self::Postgresql => "postgresql",
            Self::Redis => "redis",
            Self::Rediss => "rediss",
            Self::Smtp => "smtp",
            Self::Smtps => "smtps",
            Self::Ssh => "ssh",
        }
    }

    /// The protocol that is spoken there.
    pub(crate) fn driver(self) -> Driver {
        match self {
            Self::Https | Self::Http => Driver::Http,
            Self::Ldap | Self::Ldaps => Driver::Ldap,
            Self::Mongodb => Driver::Mongodb,
            Self::Mysql => Driver::Mysql,
            Self::Postgresql => Driver::Postgresql,
            Self::Redis | Self::Rediss => Driver::Redis,
            Self::Smtp | Self::Smtps => Driver::Smtp,
            Self::Ssh => Driver::Ssh,
        }
    }

    /// The port where none is named. Mail is handed in at 587 (RFC 6409), not at 25.
    pub(crate) fn port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
            Self::Ldap => 389,
            Self::Ldaps => 636,
            Self::Mongodb => 27017,
            Self::Mysql => 3306,
            Self::Postgresql => 5432,
            Self::Redis | Self::Rediss => 6379,
            Self::Smtp => 587,
            Self::Smtps => 465,
            Self::Ssh => 22,
        }
    }

    /// Whether TLS begins with the first byte.
    pub(crate) fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Ldaps | Self::Rediss | Self::Smtps)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
