//! A ledger that may be read and not be written.

use crate::postgres::Postgres;
use crate::sandbox::{QUIETUS, Ran, Sandbox, skipped};
use crate::world::token;

/// A sandbox with one item on the ledger at `url`, or where it is by itself.
fn tracked(url: Option<&str>) -> Sandbox {
    let sandbox = Sandbox::new();
    let app = sandbox.repository("work/app");
    app.commit("ci.env", format!("GITLAB_TOKEN={}\n", token("read only")), "Add CI");
    let mut arguments = vec!["track", app.arg()];
    arguments.extend(url.into_iter().flat_map(|url| ["--ledger", url]));
    sandbox.run(&arguments).exits(1);
    sandbox
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_that_may_not_be_written_is_left_alone_and_told() {
    let sandbox = tracked(None);
    let before = std::fs::read(sandbox.ledger()).unwrap();
    let script = format!(
        "mount --bind \"$XDG_DATA_HOME\" \"$XDG_DATA_HOME\" || exit 99
         mount -o remount,bind,ro \"$XDG_DATA_HOME\" || exit 99
         '{QUIETUS}' item act V-1 note 'in vain'; echo act $?
         '{QUIETUS}' ledger migrate --to 1; echo migrate $?
         '{QUIETUS}' track app >/dev/null; echo track $?"
    );
    let ran = Ran::of(sandbox.program("unshare").args(["-rm", "sh", "-c", &script]));
    if ran.code() == Some(99) || ran.err().contains("unshare failed") {
        return skipped("nothing can be mounted here");
    }
    let out = ran.exits(0).out();
    for told in ["act 2", "migrate 2", "track 2"] {
        assert!(out.contains(told), "{out}\n{}", ran.err());
    }
    let err = ran.err();
    assert_eq!(err.matches("allow this user to write it").count(), 3, "{err}");
    assert_eq!(std::fs::read(sandbox.ledger()).unwrap(), before);
    sandbox.run(&["ledger", "verify"]).exits(0);
}

#[test]
fn a_server_that_takes_no_writes_is_read_and_told() {
    let Some(server) = Postgres::start("") else { return };
    let url = server.url();
    let sandbox = tracked(Some(&url));
    server.sql("ALTER DATABASE fleet SET default_transaction_read_only = on");
    let act = sandbox.run(&["item", "act", "V-1", "note", "in vain", "--ledger", &url]);
    act.exits(2).complains(&["read-only", "allow this user to write it"]);
    let listed = sandbox.run(&["item", "list", "--ledger", &url]).exits(0).out();
    assert!(listed.contains("V-1"), "{listed}");
    sandbox.run(&["ledger", "verify", "--ledger", &url]).exits(0);
    server.sql(
        "BEGIN READ WRITE; ALTER DATABASE fleet SET default_transaction_read_only = off; COMMIT",
    );
    sandbox.run(&["item", "act", "V-1", "note", "again", "--ledger", &url]).exits(0);
    sandbox.run(&["ledger", "verify", "--ledger", &url]).exits(0);
}
