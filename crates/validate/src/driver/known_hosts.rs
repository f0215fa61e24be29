//! The keys of SSH hosts that the user knows, as `known_hosts` of OpenSSH holds them (sshd(8)).

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The keys in base 64 that `text` has for a host. Lines with a marker (`@revoked`, of authorities)
/// and patterns are left out: such a host has to be named by itself.
pub(super) fn keys(text: &str, host: &str, port: u16) -> Vec<String> {
    let name = if port == 22 { host.to_owned() } else { format!("[{host}]:{port}") };
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let (names, _kind, key) = (words.next()?, words.next()?, words.next()?);
        names.split(',').any(|one| is_named(one, &name)).then(|| key.to_owned())
    });
    lines.collect()
}

/// A name as it stands, or hashed: `|1|salt|HMAC-SHA1 of the name`.
fn is_named(one: &str, name: &str) -> bool {
    let Some(hashed) = one.strip_prefix("|1|") else {
        return one.eq_ignore_ascii_case(name);
    };
    let decoded = hashed.split_once('|').and_then(|(salt, hash)| {
        Some((BASE64.decode(salt.as_bytes()).ok()?, BASE64.decode(hash.as_bytes()).ok()?))
    });
    decoded.is_some_and(|(salt, hash)| {
        Hmac::<Sha1>::new_from_slice(&salt)
            .is_ok_and(|mac| mac.chain_update(name).verify_slice(&hash).is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_found_by_name_address_and_hash() {
        let mac = Hmac::<Sha1>::new_from_slice(b"salt").unwrap().chain_update("[db.corp]:2222");
        let hash = BASE64.encode(&mac.finalize().into_bytes());
        let text = format!(
            "# a note\nGit.corp,10.0.0.1 ssh-ed25519 AAA1 somebody\n\
             |1|{}|{hash} ssh-ed25519 AAA2\n@revoked git.corp ssh-rsa AAA3\n*.corp ssh-rsa AAA4\n",
            BASE64.encode(b"salt"),
        );
        assert_eq!(keys(&text, "git.corp", 22), ["AAA1"]);
        assert_eq!(keys(&text, "10.0.0.1", 22), ["AAA1"]);
        assert_eq!(keys(&text, "db.corp", 2222), ["AAA2"]);
        assert!(keys(&text, "db.corp", 22).is_empty());
        assert!(keys(&text, "git.corp", 2222).is_empty());
    }
}
