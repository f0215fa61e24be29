//! Where a ledger is: read from a URL, shown without its password.

use crate::StoreError;
use quietus_model::SafeText;
use std::fmt;
use std::path::PathBuf;

const EXPECTED: &str = "use sqlite:///path/to/ledger.db or postgres://user@host/database";

/// Where a ledger is.
pub(crate) enum Address {
    /// A file. The path is taken as it stands after `sqlite://`, without percent-decoding.
    Sqlite(PathBuf),
    /// A database on a server.
    #[cfg(feature = "postgres")]
    Postgres(Box<sqlx::postgres::PgConnectOptions>),
}

impl Address {
    /// Reads `sqlite:///absolute/path`, `sqlite://relative/path` or `postgres://…`.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let refused =
            |why: String| StoreError::Address { url: SafeText::scrubbed(url.as_bytes(), []), why };
        match url.split_once("://") {
            Some(("sqlite", "")) => Err(refused("the path after sqlite:// is empty".to_owned())),
            Some(("sqlite", path)) if path.contains('?') => {
                Err(refused("a SQLite ledger takes no options after \"?\"".to_owned()))
            }
            Some(("sqlite", path)) => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("postgres" | "postgresql", _)) => postgres(url).map_err(refused),
            _ => Err(refused(EXPECTED.to_owned())),
        }
    }
}

#[cfg(feature = "postgres")]
fn postgres(url: &str) -> Result<Address, String> {
    use sqlx::ConnectOptions;
    // The parser's own message may repeat the URL with its password.
    let options: sqlx::postgres::PgConnectOptions =
        url.parse().map_err(|_| format!("it is no valid PostgreSQL URL; {EXPECTED}"))?;
    let options = options.application_name("quietus").disable_statement_logging();
    Ok(Address::Postgres(Box::new(options)))
}

#[cfg(not(feature = "postgres"))]
fn postgres(_url: &str) -> Result<Address, String> {
    Err("this build of Quietus has no PostgreSQL (cargo feature \"postgres\")".to_owned())
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            #[cfg(feature = "postgres")]
            Self::Postgres(options) => {
                let database = options.get_database().unwrap_or_else(|| options.get_username());
                match options.get_socket() {
                    Some(socket) => write!(f, "postgres://{}/{database}", socket.display()),
                    None => {
                        let (host, port) = (options.get_host(), options.get_port());
                        write!(f, "postgres://{host}:{port}/{database}")
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_and_relative_paths_are_taken_as_they_stand() {
        for (url, path) in [
            ("sqlite:///var/a b/ledger.db", "/var/a b/ledger.db"),
            ("sqlite://ledger%20.db", "ledger%20.db"),
        ] {
            let Ok(Address::Sqlite(parsed)) = Address::parse(url) else { panic!("{url}") };
            assert_eq!(parsed, PathBuf::from(path));
        }
    }

    #[test]
    fn what_names_no_ledger_is_refused_without_repeating_a_password() {
        for url in [
            "",
            "ledger.db",
            "sqlite://",
            "sqlite::memory:",
            "sqlite://a.db?mode=rwc",
            "mysql://bob:hunter2@host/db",
            "postgres://bob:hunter2@host:port/db",
        ] {
            let Err(error) = Address::parse(url) else { panic!("{url}") };
            let text = format!("{error} {error:?}");
            assert!(text.contains("names no ledger"), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn a_server_is_shown_without_user_and_password() {
        let address = Address::parse("postgres://bob:hunter2@db.example.org:5433/risk").unwrap();
        assert_eq!(address.to_string(), "postgres://db.example.org:5433/risk");
    }
}
