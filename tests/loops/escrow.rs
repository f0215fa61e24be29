//! Escrow: history is rewritten, and the issuer is asked all the same; without escrow people must say
//! what nobody can be asked any more.

use crate::redis::{Redis, world};
use crate::story::{Story, says};
use crate::world::{Password, World};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// Makes a key; where its identity is, and the recipient.
fn key(world: &World, name: &str) -> (String, String) {
    let file = world.sandbox.path(name).to_str().unwrap().to_owned();
    let recipient = world.run(&["escrow", "keygen", &file]).exits(0).out();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    (file, recipient.trim().to_owned())
}

/// The sealed files.
fn sealed(world: &World) -> Vec<PathBuf> {
    let folder = world.sandbox.path("data/quietus/escrow");
    let Ok(entries) = fs::read_dir(&folder) else { return Vec::new() };
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// A password of a user that the server knows, leaked.
fn leaked<'w>(world: &'w World, server: &Redis, password: &Password) -> Story<'w> {
    world.ask_once_a_day();
    // What a repository begins with is its name.
    world.sandbox.repository("work/app").commit("README", "nothing\n", "Begin");
    server.tell(&format!("ACL SETUSER app on >{password} ~* +@all"));
    Story::leaked(world, server.leak("app", password))
}

/// The commit that leaked it is no more, and a scan sees that.
fn rewritten(world: &World) {
    let repository = world.sandbox.repository("work/app");
    repository.git(&["reset", "-q", "--hard", "HEAD~1"]);
    repository.git(&["reflog", "expire", "--expire=now", "--all"]);
    repository.git(&["gc", "-q", "--prune=now"]);
    world.hours_pass(1);
    world.run(&["track", repository.arg()]);
}

#[test]
fn what_is_in_escrow_is_asked_about_once_history_is_rewritten_and_is_destroyed_after_closure() {
    let Some((world, server)) = world() else { return };
    let (identity, recipient) = key(&world, "identity");
    let (other, _) = key(&world, "other");
    world.also_configure(&format!("[escrow]\nrecipients = [{recipient:?}]\n"));
    let password = Password::new("escrow");
    let story = leaked(&world, &server, &password);
    let files = sealed(&world);
    let [file] = files.as_slice() else { panic!("{files:?}") };
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let list = world.run(&["escrow", "list", "--format", "json"]).exits(0).json();
    assert_eq!(list[0]["item"], story.id);
    assert_eq!((&list[0]["file"], &list[0]["recipients"][0]), (&"whole".into(), &recipient.into()));
    rewritten(&world);
    // Sealed once, however often it is seen.
    assert_eq!(sealed(&world), files);

    // Without the identity nobody is asked, and nobody's word will do.
    world.wait_to_ask();
    world.run(&["retest", &story.id, "--validate"]).exits(5);
    says(&world.run(&["item", "why", &story.id]), &["its value is in escrow", "--identity"]);
    let note = "rotated on the console of the cache";
    let attest = ["item", "act", &story.id, "attest", "--note", note];
    world.run(&attest).exits(2).complains(&["in escrow"]);
    let ask = |identity| world.run(&["retest", &story.id, "--validate", "--identity", identity]);
    ask(&other).exits(5).complains(&["none of these identities opens it"]);

    // It is asked about: live, denied, denied, closed.
    says(ask(&identity).exits(6), &["live"]);
    server.tell("ACL SETUSER app resetpass");
    world.wait_to_ask();
    says(&ask(&identity), &["denied, not yet proven"]);
    story.is_open();
    world.wait_to_ask();
    ask(&identity);
    story.is_closed();
    let shown = world.run(&["item", "show", &story.id, "--format", "json"]).out();
    assert_eq!(shown.matches("\"escrow_opened\"").count(), 3, "{shown}");

    // Whoever broke into the folder is noticed; kept until policy says so, and no longer.
    let whole = fs::read(file).unwrap();
    fs::write(file, b"something else").unwrap();
    world.run(&["escrow", "list"]).exits(3);
    ask(&identity).complains(&["is not what was sealed"]);
    fs::write(file, whole).unwrap();
    let app = world.sandbox.repository("work/app");
    world.hours_pass(95 * 24);
    world.run(&["track", app.arg()]);
    assert_eq!(sealed(&world), files);
    world.hours_pass(6 * 24);
    world.run(&["track", app.arg()]);
    assert!(sealed(&world).is_empty());
    story.is_closed();
    let shown = world.run(&["item", "show", &story.id, "--format", "json"]).out();
    assert!(shown.contains("escrow_destroyed"), "{shown}");
}

#[test]
fn without_escrow_a_rewritten_history_takes_peoples_word() {
    let Some((world, server)) = world() else { return };
    let password = Password::new("no escrow");
    let story = leaked(&world, &server, &password);
    story.is_live();
    let policy = "name = \"one\"\n[proof]\nattestors = 1\n";
    let policy = world.sandbox.write("policy.toml", policy);
    let note = "rotated on the console of the cache";
    let attest = ["item", "act", &story.id, "attest", "--note", note];
    let attest = [&attest[..], &["--policy", policy.to_str().unwrap()]].concat();
    // As long as its issuer can be asked, nobody's word is taken.
    world.run(&attest).exits(2).complains(&["only on the issuer's own denial"]);
    rewritten(&world);
    world.wait_to_ask();
    world.run(&["retest", &story.id, "--validate"]);
    says(
        &world.run(&["item", "why", &story.id]),
        &["are not in escrow, so its issuer cannot be asked again"],
    );
    world.run(&attest).exits(0);
    let shown = world.run(&["item", "show", &story.id, "--format", "json"]).exits(0).json();
    assert_eq!(shown["state"], "closed (attested)");
    // It stands there again: it can be asked again, and works.
    let leak = server.leak("app", &password);
    let repository = world.sandbox.repository("work/app");
    repository.commit(leak.file, &leak.text, "Again");
    world.hours_pass(1);
    world.run(&["track", repository.arg()]);
    story.is_open();
    story.is_live();
}

#[test]
fn what_an_interrupted_run_left_is_listed_and_swept() {
    let Some((world, server)) = world() else { return };
    let (identity, recipient) = key(&world, "identity");
    world.also_configure(&format!("[escrow]\nrecipients = [{recipient:?}]\n"));
    let story = leaked(&world, &server, &Password::new("orphan"));
    let file = sealed(&world).remove(0);
    let orphan = file.with_file_name("01890000-0000-7000-8000-000000000000.age");
    fs::copy(&file, &orphan).unwrap();
    says(&world.run(&["escrow", "list"]), &["no item of this ledger knows it"]);
    world.run(&["escrow", "destroy", "--unrecorded"]).exits(0);
    assert_eq!(sealed(&world), [file]);
    // By hand, and for good: a reason must be given.
    world.run(&["escrow", "destroy", &story.id, "--reason", "short"]).exits(2);
    let reason = "the identity that opens it was lost";
    world.run(&["escrow", "destroy", &story.id, "--reason", reason]).exits(0);
    assert!(sealed(&world).is_empty());
    rewritten(&world);
    let ask = ["retest", &story.id, "--validate", "--identity", &identity];
    world.run(&ask).exits(5);
    says(&world.run(&["item", "why", &story.id]), &["are not in escrow"]);
}
