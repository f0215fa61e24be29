//! Who is at the keyboard: the account, the name they claim, and the roles their account holds.

use crate::setup::Setup;
use quietus_poam::Actor;

/// The person who runs this command: `os:uid@host`, the name they claim, if any, and what the
/// configuration lets them do.
pub(crate) fn actor(setup: &Setup, claims: Option<String>) -> Actor {
    let uid = rustix::process::getuid().as_raw();
    let uname = rustix::system::uname();
    let host = uname.nodename().to_string_lossy();
    let id = format!("os:{uid}@{host}");
    let roles = setup.config.roles.of(&id);
    Actor::Person { id, claims, authenticated: false, roles }
}
