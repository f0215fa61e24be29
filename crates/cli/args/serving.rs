//! Serving pages, and who may come in.

use super::ListFormat;
use clap::{Args, Subcommand};
use quietus_poam::Role;
use std::net::SocketAddr;

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; any other than a loopback address needs --url and a token
    #[arg(long, default_value = "127.0.0.1:8419", value_name = "ADDRESS:PORT")]
    pub(crate) listen: SocketAddr,
    /// The https address that people use, when a server that speaks TLS stands before this one
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make one and print it, once: only its digest is kept
    New {
        /// Whom it lets in: the id that stands in the history of what they do
        #[arg(long = "for", value_name = "ID")]
        subject: String,
        /// What they may do; give it more than once for several roles
        #[arg(long = "role", required = true)]
        roles: Vec<Role>,
        /// After how many days it lets nobody in any more
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=366))]
        days: u16,
    },
    /// All tokens, without their values
    List {
        /// The output format
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
    /// Take one back, and with it every session it opened
    Revoke {
        /// Its id, as `token list` prints it
        id: String,
    },
}
