//! Secrets stand in every place of a repository, every command runs over it, and their bytes are
//! in nothing that any command writes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/canary.rs"]
mod canary;
#[path = "support/issuer.rs"]
mod issuer;
#[path = "support/sandbox.rs"]
mod sandbox;

use canary::{Search, companion, credential, password, token};
use issuer::{Behaviour, Issuer};
use sandbox::{QUIETUS, Ran, Repository, Sandbox, skipped};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// Secrets by where they stand.
struct Ground {
    sandbox: Sandbox,
    secrets: BTreeMap<&'static str, String>,
}

/// The places of a repository that one secret of their own stands in; `carrier` stands in a file
/// by the author whose name is a secret, so that the name is shown.
const PLACES: [&str; 12] = [
    "file",
    "name",
    "branch",
    "author",
    "carrier",
    "message",
    "tag",
    "note",
    "staged",
    "everywhere",
    "stdin",
    "path",
];

impl Ground {
    fn new() -> Self {
        let mut secrets: BTreeMap<&str, String> =
            PLACES.into_iter().map(|place| (place, token(place))).collect();
        secrets.insert("remote", password("remote"));
        secrets.insert("url", password("url"));
        secrets.insert("key", credential("pem-rsa-key", "key"));
        secrets.insert("aws", companion("aws-access-key", "aws"));
        let ground = Self { sandbox: Sandbox::new(), secrets };
        ground.fill();
        ground
    }

    fn secret(&self, name: &str) -> &str {
        &self.secrets[name]
    }

    fn repository(&self) -> Repository<'_> {
        self.sandbox.repository("work/app")
    }

    fn fill(&self) {
        let repository = self.repository();
        let all = self.secret("everywhere");
        let path = self.secret("path");
        let remote =
            |secret: &str| format!("https://deploy:{secret}@git.canary.invalid/{path}/app.git");
        repository.git(&["remote", "add", "origin", &remote(self.secret("remote"))]);
        repository.git(&["remote", "add", "second", &remote(all)]);
        repository.write("deploy.pem", self.secret("key"));
        let id = credential("aws-access-key", "id");
        let pair =
            format!("aws_access_key_id = {id}\naws_secret_access_key = {}\n", self.secret("aws"));
        repository.write("aws.ini", pair);
        let url = format!("url: https://deploy:{}@db.canary.invalid/app\n", self.secret("url"));
        repository.write("settings.yaml", url);
        repository.write(&format!("keys/{}.txt", self.secret("name")), "nothing\n");
        repository.write(&format!("keys/{all}.txt"), format!("{all}\n"));
        let line = format!("GITHUB_TOKEN={}\n", self.secret("file"));
        repository.commit(".env", line, &format!("first, with {} {all}", self.secret("message")));
        let author = format!("user.name=Bob {} {all}", self.secret("author"));
        repository.write("bob.txt", self.secret("carrier"));
        repository.git(&["add", "-A"]);
        repository.git(&["-c", &author, "commit", "-q", "-m", "second"]);
        repository.git(&["tag", "-a", "v1", "-m", &format!("release {}", self.secret("tag"))]);
        repository.git(&["notes", "add", "-m", self.secret("note")]);
        repository.git(&["branch", &format!("leak/{}", self.secret("branch"))]);
        repository.git(&["branch", &format!("all/{all}")]);
        repository.write("staged.txt", self.secret("staged"));
        repository.git(&["add", "-A"]);
    }

    /// A search for all secrets and for the key, once there is one.
    fn search(&self) -> Search {
        let key = std::fs::read_to_string(self.sandbox.key()).unwrap_or_default();
        let key = key.trim().strip_prefix("quietus-key-1-").unwrap_or_default().to_owned();
        let upper = key.to_ascii_uppercase();
        let bytes = data_encoding::BASE32_NOPAD.decode(upper.as_bytes()).unwrap();
        let forms =
            [key, data_encoding::HEXLOWER.encode(&bytes), data_encoding::BASE64.encode(&bytes)];
        let mut named: Vec<(&str, &str)> =
            self.secrets.iter().map(|(name, secret)| (*name, secret.as_str())).collect();
        named.extend(forms.iter().filter(|form| !form.is_empty()).map(|f| ("the key", f.as_str())));
        Search::new(named)
    }

    /// Runs the command and looks for secrets in what it prints.
    fn quiet(&self, arguments: &[&str]) -> Ran {
        let mut command = self.sandbox.command(arguments);
        self.checked(Ran::of(command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full")))
    }

    fn checked(&self, ran: Ran) -> Ran {
        let search = self.search();
        for (stream, bytes) in [("stdout", ran.stdout()), ("stderr", ran.stderr())] {
            let found = search.found(bytes);
            assert!(found.is_empty(), "{} on {stream}: {found:#?}", ran.told());
        }
        // 101 is a panic; what a test cannot run proves nothing.
        let code = ran.code().unwrap_or(101);
        assert!((0..=7).contains(&code), "{} ends with {code}:\n{}", ran.told(), ran.err());
        ran
    }

    /// Looks through everything that commands leave on the disk.
    fn disk_is_quiet(&self) {
        let search = self.search();
        let key = self.sandbox.key();
        // Git keeps objects and the names of refs as they are; that is what a mirror is for.
        let skip = |path: &Path| {
            let own = ["objects", "refs", "packed-refs"].iter().any(|name| path.ends_with(name));
            path == key || (own && path.parent().is_some_and(|at| at.join("HEAD").exists()))
        };
        for folder in ["data", "config", "cache", "tmp", "home", "out"] {
            let folder = self.sandbox.path(folder);
            if folder.exists() {
                let found = search.files(&folder, &skip);
                assert!(found.is_empty(), "{found:#?}");
            }
        }
    }
}

#[test]
fn only_show_secrets_shows_secrets_and_the_search_sees_them() {
    let ground = Ground::new();
    let repository = ground.repository();
    let scan = ["scan", repository.arg(), "--show-secrets", "--confidence", "low"];
    for format in ["terminal", "jsonl", "json"] {
        let ran = ground.sandbox.run(&[&scan[..], &["--format", format]].concat());
        let search = ground.search();
        let missing =
            ["file", "name", "carrier", "message", "tag", "note", "staged", "url", "remote"]
                .into_iter()
                .chain(["key", "aws", "everywhere", "branch", "author", "path"])
                .filter(|name| !search.names(ran.stdout()).contains(name));
        assert_eq!(missing.collect::<Vec<_>>(), Vec::<&str>::new(), "{format}");
        assert_eq!(search.names(ran.stderr()), Vec::<&str>::new(), "{format}");
    }
    // The search through files finds what is there.
    ground.sandbox.write("tmp/deep/left", ground.secret("file"));
    let found = ground.search().files(&ground.sandbox.path("tmp"), &|_| false);
    assert!(found.iter().all(|one| one.contains("tmp/deep/left: file (raw)")), "{found:?}");
    assert!(!found.is_empty());
    let encoded = data_encoding::BASE64.encode(format!("x {}", ground.secret("file")).as_bytes());
    assert_eq!(ground.search().names(encoded.as_bytes()), ["file"]);
}

#[test]
fn no_scan_shows_a_secret() {
    let ground = Ground::new();
    let repository = ground.repository();
    let path = repository.arg();
    let kinds: [&[&str]; 6] = [
        &[path],
        &[path, "--tree-only"],
        &[path, "--history-only"],
        &[path, "--staged"],
        &[path, "--since", "HEAD~1"],
        &[path, "--path", "keys"],
    ];
    for kind in kinds {
        for format in ["terminal", "jsonl", "json", "sarif"] {
            let rest = ["--confidence", "low", "--format", format];
            let ran = ground.quiet(&[&["scan"], kind, &rest].concat());
            assert_eq!(ran.code(), Some(1), "{}\n{}", ran.told(), ran.err());
        }
    }
    let input = format!("token: {}\n{}\n", ground.secret("stdin"), ground.secret("everywhere"));
    for format in ["terminal", "jsonl", "json", "sarif"] {
        let ran = ground.sandbox.feed(&["scan", "-", "--format", format], input.as_bytes());
        ground.checked(ran).exits(1);
    }
    ground.disk_is_quiet();
}

#[test]
fn no_command_shows_or_keeps_a_secret() {
    let ground = Ground::new();
    let issuer = configured(&ground);
    let repository = ground.repository();
    let path = repository.arg();
    let remote = format!("file://{path}");
    std::fs::create_dir(ground.sandbox.path("out")).unwrap();
    let out = |name: &str| ground.sandbox.path("out").join(name).to_str().unwrap().to_owned();
    ground.quiet(&["init"]);
    ground.quiet(&["track", path]);
    ground.quiet(&["track", path, "--format", "json"]);
    // A clone and a fetch.
    ground.quiet(&["track", &remote, "--name", "mirrored"]);
    repository.commit("later.txt", ground.secret("everywhere"), "later");
    ground.quiet(&["track", &remote, "--name", "mirrored", "--format", "json"]);
    ground.quiet(&["track", path, "--validate"]);
    assert!(issuer.asked_about(ground.secret("file")) > 0, "the issuer was never asked");
    let list = ground.quiet(&["item", "list", "--format", "json"]).out();
    assert!(list.contains("\"liveness\": \"live\""), "no verdict was kept: {list}");
    let (plain, fedramp, copy) = (out("plain.json"), out("fedramp.json"), out("copy.db"));
    for command in [
        "item list",
        "item list --all --format json",
        "item show V-1",
        "item show V-1 --format json",
        "item why V-1",
        "item lint",
        "item lint --format json",
        "item assign V-1 robin --as ann",
        "item act V-1 start rotate",
        "item act V-1 claim rotate --note done",
        "item act V-1 claim revoke --note done",
        "item act V-1 note remark",
        "item act V-2 extend rotate --due 2030-01-01 --reason later",
        "item act V-3 attest --note seen",
        "item act V-4 bind nowhere --note wrong",
        "item dismiss V-5 --reason example",
        "item act V-5 resume --reason mistake",
        "retest",
        "retest --all",
        "retest --all --format json",
        "retest --all --validate",
        "retest --all --validate --format json --expect dead",
        "export oscal",
        &format!("export oscal --output {plain}"),
        &format!("export oscal --fedramp --output {fedramp}"),
        "repos list",
        "repos list --format json",
        "rules list",
        "rules list --format json",
        "rules check",
        "doctor",
        "init",
        "ledger verify",
        &format!("ledger backup {copy}"),
        "validate --plan",
        "validate --plan --format json",
        "completions bash",
        "man",
        "--help",
    ] {
        ground.quiet(&command.split(' ').collect::<Vec<_>>());
    }
    let shown = every_item(&ground);
    assert!(shown > 10, "only {shown} items were shown");
    ground.disk_is_quiet();
}

/// Shows every item in every way; how many there are.
fn every_item(ground: &Ground) -> usize {
    let list = ground.quiet(&["item", "list", "--all", "--format", "json"]).json();
    let items = list.as_array().unwrap();
    for item in items {
        let id = item["id"].as_str().unwrap();
        ground.quiet(&["item", "show", id]).exits(0);
        ground.quiet(&["item", "show", id, "--format", "json"]).exits(0);
        ground.quiet(&["item", "why", id]).exits(0);
    }
    items.len()
}

/// An issuer that repeats what it was sent wherever an answer is kept.
fn configured(ground: &Ground) -> Issuer {
    let issuer = Issuer::start();
    let ca = ground.sandbox.write("config/ca.pem", issuer.ca_pem());
    let text = format!(
        "[issuers]\ngithub = [\"{}\"]\n[validate]\nallow_private = [\"127.0.0.1\"]\n\
         timeout_seconds = 2\nca_file = \"{}\"\n",
        issuer.url(),
        ca.display()
    );
    ground.sandbox.write("config/quietus/config.toml", text);
    let echo = |token: &str, status| {
        let body = format!(
            "{{\"login\":\"{token}\",\"id\":7,\"name\":\"{token}\",\"message\":\"{token}\"}}"
        );
        Behaviour::answer(status, body)
            .with_header("x-oauth-scopes", &format!("repo, {token}"))
            .with_header("x-github-request-id", token)
            .with_header("x-request-id", token)
            .with_header("date", token)
            .with_header("location", &format!("https://{token}.invalid/{token}"))
    };
    for (place, status) in [("file", 200), ("carrier", 401), ("message", 302), ("tag", 500)] {
        issuer.set(ground.secret(place), echo(ground.secret(place), status));
    }
    issuer.set(ground.secret("note"), Behaviour::Cut);
    issuer.set(ground.secret("staged"), Behaviour::Live);
    issuer
}

#[test]
fn no_failure_shows_a_secret() {
    let ground = Ground::new();
    let repository = ground.repository();
    let path = repository.arg();
    ground.quiet(&["track", path]).exits(1);
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
        ground.quiet(&arguments).exits(5);
    }
    ground.quiet(&["repos", "list", "--format", "json"]).exits(0);
    ground.quiet(&["retest", "--all"]);
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
    for command in ["ledger verify", "item list", "item show V-1", "export oscal", "doctor"] {
        ground.quiet(&command.split(' ').collect::<Vec<_>>());
    }
    ground.quiet(&["ledger", "verify"]).exits(2).complains(&["ledger"]);
    ground.quiet(&["track", path]);
    ground.disk_is_quiet();
}

#[test]
fn no_setting_that_holds_a_password_is_repeated() {
    let ground = Ground::new();
    let secret = ground.secret("url");
    let url = format!("postgres://app:{secret}@127.0.0.1:1/ledger");
    ground.quiet(&["init"]).exits(0);
    for command in ["--help", "item list --help", "man", "completions zsh", "doctor", "item list"] {
        let arguments: Vec<&str> = command.split(' ').collect();
        let mut command = ground.sandbox.command(&arguments);
        let ran = ground.checked(Ran::of(command.env("QUIETUS_LEDGER", &url)));
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
        ground.quiet(&["validate", "--plan"]).exits(2).complains(&["config.toml"]);
        ground.quiet(&["doctor"]);
    }
    ground.sandbox.write("config/quietus/config.toml", format!("ledger = \"{url}\"\n"));
    ground.quiet(&["item", "list"]).exits(2).complains(&["127.0.0.1"]);
    std::fs::remove_file(ground.sandbox.path("config/quietus/config.toml")).unwrap();
    for remote in [
        format!("https://me:{secret}@127.0.0.1:1/app.git"),
        format!("https://{secret}@127.0.0.1:1/app.git"),
        format!("ssh://me:{secret}@127.0.0.1:1/app.git"),
    ] {
        ground.quiet(&["scan", &remote]).exits(3).complains(&["127.0.0.1"]);
        ground.quiet(&["track", &remote]).exits(3);
    }
    // A key that is none, and a key that others can read, are refused without a word of them.
    let key = std::fs::read_to_string(ground.sandbox.key()).unwrap();
    let spoilt =
        ground.sandbox.write("work/spoilt", key.replace("quietus-key-1-", "quietus-key-1-1"));
    ground.quiet(&["init", "--key-from", spoilt.to_str().unwrap()]).exits(2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(ground.sandbox.key(), open).unwrap();
        ground.quiet(&["item", "list"]).exits(2).complains(&["chmod 600"]);
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
    ground.quiet(&["track", repository.arg()]).exits(1);
    ground.quiet(&["ledger", "verify"]).exits(0);
    ground.disk_is_quiet();
}

#[test]
#[cfg(unix)]
fn a_terminal_shows_no_secret_and_obeys_no_file_name() {
    let ground = Ground::new();
    let repository = ground.repository();
    let evil = "a\u{1b}]0;owned\u{7}\u{202e}b.txt";
    repository.write(evil, token("evil"));
    repository.git(&["add", "-A"]);
    let name = "user.name=Eve \u{1b}[2J\u{1b}]0;owned\u{7}";
    repository.git(&["-c", name, "commit", "-q", "-m", "by \u{1b}]0;owned\u{7}"]);
    let path = repository.arg();
    let harmless = |ran: &Ran| {
        for bytes in [ran.stdout(), ran.stderr()] {
            for payload in ["\u{1b}]0;owned", "\u{1b}[2J", "\u{202e}", "\u{7}"] {
                let found = bytes.windows(payload.len()).any(|part| part == payload.as_bytes());
                assert!(!found, "{} passes {payload:?} on", ran.told());
            }
        }
    };
    for command in ["scan", "scan --show-secrets", "scan --format jsonl", "track"] {
        let arguments: Vec<&str> = command.split(' ').chain([path]).collect();
        harmless(&ground.sandbox.run(&arguments));
    }
    for command in ["item list", "repos list", "export oscal"] {
        harmless(&ground.quiet(&command.split(' ').collect::<Vec<_>>()));
    }
    // `script` gives the command a terminal of its own: colours and progress bars.
    let shell = |words: &str| {
        let mut command = ground.sandbox.program("script");
        command.args(["-qec", &format!("'{QUIETUS}' {words}"), "/dev/null"]).env("TERM", "xterm");
        command.output().ok().map(|_| Ran::of(&mut command))
    };
    let Some(ran) = shell(&format!("scan '{path}'")) else { return skipped("no script(1)") };
    assert!(ran.out().contains("\u{1b}["), "no colours: {}", ran.out());
    harmless(&ground.checked(ran));
    for words in [format!("track '{path}'"), "item show V-1".to_owned(), "item list".to_owned()] {
        harmless(&ground.checked(shell(&words).unwrap()));
    }
}
