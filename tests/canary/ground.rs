//! A repository with a secret in every place, and the run that must show none of them.

use crate::canary::{Search, companion, credential, password, token};
use crate::sandbox::{Ran, Repository, Sandbox};
use std::collections::BTreeMap;
use std::path::Path;

/// Secrets by where they stand.
pub(crate) struct Ground {
    pub(crate) sandbox: Sandbox,
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
    pub(crate) fn new() -> Self {
        let mut secrets: BTreeMap<&str, String> =
            PLACES.into_iter().map(|place| (place, token(place))).collect();
        secrets.insert("remote", password("remote"));
        secrets.insert("url", password("url"));
        secrets.insert("key", credential("pem-rsa-key", "key"));
        secrets.insert("aws", companion("aws-access-key", "aws"));
        secrets.insert("gone key", credential("pem-rsa-key", "gone"));
        secrets.insert("gone too", credential("pem-rsa-key", "gone too"));
        let ground = Self { sandbox: Sandbox::new(), secrets };
        ground.fill();
        ground
    }

    pub(crate) fn secret(&self, name: &str) -> &str {
        &self.secrets[name]
    }

    pub(crate) fn repository(&self) -> Repository<'_> {
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
        repository.write("aws.ini", self.pair("aws"));
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

    /// A key of AWS with its public id.
    fn pair(&self, name: &str) -> String {
        let (id, secret) = (credential("aws-access-key", name), self.secret(name));
        format!("aws_access_key_id = {id}\naws_secret_access_key = {secret}\n")
    }

    /// Another repository, with two secrets that no recipe can ask about.
    pub(crate) fn tidy(&self) -> Repository<'_> {
        let repository = self.sandbox.repository("work/tidy");
        repository.write("gone.key", self.secret("gone too"));
        repository.commit("gone.pem", self.secret("gone key"), "both");
        repository
    }

    /// A search for all secrets and for the key, once there is one.
    pub(crate) fn search(&self) -> Search {
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

    /// Runs the command, which must end with `code`, and looks for secrets in what it prints.
    pub(crate) fn quiet(&self, code: i32, arguments: &[&str]) -> Ran {
        let mut command = self.sandbox.command(arguments);
        let ran = Ran::of(command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full"));
        self.checked(code, ran)
    }

    /// The same for a command line whose words hold no spaces.
    pub(crate) fn quiet_line(&self, code: i32, line: &str) -> Ran {
        self.quiet(code, &line.split(' ').collect::<Vec<_>>())
    }

    /// Looks for secrets in what a run printed, and at how it ended.
    pub(crate) fn checked(&self, code: i32, ran: Ran) -> Ran {
        let search = self.search();
        for (stream, bytes) in [("stdout", ran.stdout()), ("stderr", ran.stderr())] {
            let found = search.found(bytes);
            assert!(found.is_empty(), "{} on {stream}: {found:#?}", ran.told());
        }
        ran.exits(code);
        ran
    }

    /// Looks through everything that commands leave on the disk.
    pub(crate) fn disk_is_quiet(&self) {
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
