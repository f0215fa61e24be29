//! Credentials of real servers on loopback: live, then revoked, then proven dead and closed, then live
//! again and open; all of it through the command line. `tests/tools.sh` installs the servers. The slow
//! ones take part when `QUIETUS_SLOW_LOOPS=1`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/issuer.rs"]
mod issuer;
#[path = "support/sandbox.rs"]
mod sandbox;
#[path = "support/tools.rs"]
mod tools;

#[path = "loops/front.rs"]
mod front;
#[path = "support/server.rs"]
mod server;
#[path = "loops/story.rs"]
mod story;
#[path = "loops/world.rs"]
mod world;

#[path = "loops/aws.rs"]
mod aws;
#[path = "loops/certificate.rs"]
mod certificate;
#[cfg(all(feature = "escrow", feature = "redis"))]
#[path = "loops/escrow.rs"]
mod escrow;
#[cfg(feature = "jwt")]
#[path = "loops/google.rs"]
mod google;
#[path = "loops/hubs.rs"]
mod hubs;
#[cfg(feature = "ldap")]
#[path = "loops/ldap.rs"]
mod ldap;
#[cfg(feature = "smtp")]
#[path = "loops/mail.rs"]
mod mail;
#[cfg(feature = "mysql")]
#[path = "loops/mariadb.rs"]
mod mariadb;
#[path = "loops/oidc.rs"]
mod oidc;
#[path = "loops/openbao.rs"]
mod openbao;
#[cfg(feature = "postgresql")]
#[path = "loops/postgresql.rs"]
mod postgresql;
#[cfg(feature = "redis")]
#[path = "loops/redis.rs"]
mod redis;
#[path = "loops/registries.rs"]
mod registries;
#[cfg(feature = "ssh")]
#[path = "loops/ssh.rs"]
mod ssh;
