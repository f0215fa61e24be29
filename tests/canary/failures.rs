//! What fails, is refused, is damaged or killed shows and leaves no secret either.

use crate::ground::Ground;
use crate::sandbox::Ran;
use std::process::Stdio;
use std::time::Duration;

#[test]
fn no_failure_shows_a_secret() {
    let ground = Ground::new();
    let repository = ground.repository();
    let path = repository.arg();
    ground.quiet(1, &["track", path]);
    // An object that is gone, one that is damaged, a file that cannot be read.
    let gone =
        repository.loose(&repository.id(&format!("HEAD:keys/{}.txt", ground.secret("name"))));
    std::fs::remove_file(gone).unwrap();
    let damaged = repository.loose(&repository.id("HEAD:bob.txt"));
    std::fs::remove_file(&damaged).unwrap();
    std::fs::write(&damaged, "no object").unwrap();
    for command in [
        "scan",
        "scan --format json",
        "scan --format sarif",
        "scan --history-only",
        "track",
        "track --format json",
    ] {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.push(path);
        ground.quiet(5, &arguments);
    }
    ground.quiet(0, &["repos", "list", "--format", "json"]);
    ground.quiet(5, &["retest", "--all"]);
    // A ledger that was tampered with.
    let ledger = ground.sandbox.ledger();
    for entry in std::fs::read_dir(ledger.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e != "db") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let mut bytes = std::fs::read(&ledger).unwrap();
    bytes.chunks_mut(512).skip(3).step_by(3).for_each(|chunk| chunk.fill(0x5a));
    std::fs::write(&ledger, bytes).unwrap();
    for line in ["ledger verify", "item list", "item show V-1", "export oscal"] {
        ground.quiet_line(2, line);
    }
    // Its work is to say what is wrong.
    ground.quiet(0, &["doctor"]);
    ground.quiet(2, &["ledger", "verify"]).complains(&["ledger"]);
    ground.quiet(2, &["track", path]);
    ground.disk_is_quiet();
}

#[test]
fn no_setting_that_holds_a_password_is_repeated() {
    let ground = Ground::new();
    let secret = ground.secret("url");
    let url = format!("postgres://app:{secret}@127.0.0.1:1/ledger");
    ground.quiet(0, &["init"]);
    for (code, line) in [
        (0, "--help"),
        (0, "item list --help"),
        (0, "man"),
        (0, "completions zsh"),
        (0, "doctor"),
        (2, "item list"),
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        let mut command = ground.sandbox.command(&arguments);
        let ran = ground.checked(code, Ran::of(command.env("QUIETUS_LEDGER", &url)));
        assert!(!ran.stdout().is_empty() || !ran.stderr().is_empty());
    }
    for wrong in [
        format!("ledgr = \"{url}\"\n"),
        format!("ledger = \"{url}\n"),
        format!("ledger = [\"{url}\"]\n"),
        format!("[validate]\nproxy = {{ url = \"http://me:{secret}@proxy.invalid:1\" }}\n"),
        format!("[issuers]\ngithub = [\"https://me:{secret}@github.invalid\"]\n"),
        format!("[endpoints]\ngithub = \"https://me:{secret}@github.invalid\"\n"),
        format!("[validate]\nproxy = \"http://me:{secret}@proxy.invalid:port\"\n"),
    ] {
        ground.sandbox.write("config/quietus/config.toml", &wrong);
        ground.quiet(2, &["validate", "--plan"]).complains(&["config.toml"]);
        ground.quiet(2, &["doctor"]);
    }
    ground.sandbox.write("config/quietus/config.toml", format!("ledger = \"{url}\"\n"));
    ground.quiet(2, &["item", "list"]).complains(&["127.0.0.1"]);
    std::fs::remove_file(ground.sandbox.path("config/quietus/config.toml")).unwrap();
    for remote in [
        format!("https://me:{secret}@127.0.0.1:1/app.git"),
        format!("https://{secret}@127.0.0.1:1/app.git"),
        format!("ssh://me:{secret}@127.0.0.1:1/app.git"),
    ] {
        ground.quiet(3, &["scan", &remote]).complains(&["127.0.0.1"]);
        ground.quiet(3, &["track", &remote]);
    }
    // A key that is none, and a key that others can read, are refused without a word of them.
    let key = std::fs::read_to_string(ground.sandbox.key()).unwrap();
    let spoilt =
        ground.sandbox.write("work/spoilt", key.replace("quietus-key-1-", "quietus-key-1-1"));
    ground.quiet(2, &["init", "--key-from", spoilt.to_str().unwrap()]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(ground.sandbox.key(), open).unwrap();
        ground.quiet(2, &["item", "list"]).complains(&["chmod 600"]);
    }
}

#[test]
fn a_killed_run_leaves_no_secret_behind() {
    let ground = Ground::new();
    let repository = ground.repository();
    for millis in [30, 120, 300, 600, 1000, 1500] {
        let mut child = ground
            .sandbox
            .command(&["track", repository.arg()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(millis));
        let _ = child.kill();
        child.wait().unwrap();
        ground.disk_is_quiet();
    }
    ground.quiet(1, &["track", repository.arg()]);
    ground.quiet(0, &["ledger", "verify"]);
    ground.disk_is_quiet();
}
