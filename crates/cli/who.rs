//! Who is at the keyboard: the account, and the name they claim.

use quietus_poam::Actor;

/// The person who runs this command: `os:uid@host`, and the name they claim, if any.
pub(crate) fn actor(claims: Option<String>) -> Actor {
    let uid = rustix::process::getuid().as_raw();
    let uname = rustix::system::uname();
    let host = uname.nodename().to_string_lossy();
    Actor::Person { id: format!("os:{uid}@{host}"), claims, authenticated: false }
}
