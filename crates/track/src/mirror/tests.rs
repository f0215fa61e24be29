//! Tests of mirrors with the real git.

use super::*;
use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn urls_and_paths_are_told_apart() {
    assert!(is_remote("https://git.example.org/a.git"));
    assert!(is_remote("git@git.example.org:team/a.git"));
    assert!(is_remote("file:///srv/a.git"));
    for path in [".", "/srv/a.git", "../a", "a", "C:\\a", "./a:b"] {
        assert!(!is_remote(path), "{path}");
    }
}

#[test]
fn a_password_in_a_url_is_refused_and_not_repeated() {
    let root = tempfile::tempdir().unwrap();
    for url in [
        format!("https://bob:{}@git.invalid/a.git", "hunter2hunter2"),
        format!("https://bob:hunter2/{}@git.invalid/a.git", "hunter2"),
        format!("https://git.invalid/a.git?private_token={}", "hunter2hunter2"),
        format!("ssh://git:{}@git.invalid/a.git", "hunter2hunter2"),
    ] {
        let error = Mirrors::new(root.path()).fetch(&url).unwrap_err();
        assert!(matches!(error, TrackError::SecretInUrl { .. }));
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn a_mirror_follows_its_source_and_a_failure_leaves_no_half_clone() {
    let root = tempfile::tempdir().unwrap();
    let source = root.path().join("source");
    let git = |args: &[&str]| {
        let status = Command::new("git")
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"])
            .args(args)
            .current_dir(root.path())
            .output()
            .unwrap();
        assert!(status.status.success(), "{args:?}: {}", String::from_utf8_lossy(&status.stderr));
    };
    let dir = source.to_str().unwrap();
    git(&["init", "-q", "-b", "main", dir]);
    git(&["-C", dir, "commit", "-q", "--allow-empty", "-m", "one"]);
    let mirrors = Mirrors::new(root.path().join("cache"));
    let url = format!("file://{dir}");
    let path = mirrors.fetch(&url).unwrap();
    git(&["-C", dir, "branch", "second"]);
    assert_eq!(mirrors.fetch(&url).unwrap(), path);
    git(&["-C", path.to_str().unwrap(), "rev-parse", "--verify", "refs/heads/second"]);

    let missing = format!("file://{dir}-missing");
    let error = mirrors.fetch(&missing).unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
    assert!(!mirrors.path(&missing).exists());
}

/// A repository made with the system git, and mirrors beside it.
struct Ground {
    root: tempfile::TempDir,
}

impl Ground {
    fn new() -> Self {
        let ground = Self { root: tempfile::tempdir().unwrap() };
        ground.git(&["init", "-q", "-b", "main", "source"]);
        ground.commit("a", "one");
        ground
    }

    fn git(&self, args: &[&str]) -> String {
        let ran = Command::new("git")
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"])
            .args(args)
            .current_dir(self.root.path())
            .output()
            .unwrap();
        assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self, file: &str, text: &str) -> String {
        fs::write(self.root.path().join("source").join(file), text).unwrap();
        self.git(&["-C", "source", "add", "-A"]);
        self.git(&["-C", "source", "commit", "-q", "-m", text]);
        self.git(&["-C", "source", "rev-parse", &format!("HEAD:{file}")])
    }

    fn url(&self) -> String {
        format!("file://{}/source", self.root.path().display())
    }

    fn mirrors(&self, fetching: Fetching) -> Mirrors {
        Mirrors::fetched(self.root.path().join("cache"), fetching)
    }

    fn holds(&self, mirror: &Path, oid: &str) -> bool {
        let args = ["-C", mirror.to_str().unwrap(), "cat-file", "-e", oid];
        Command::new("git").args(args).output().unwrap().status.success()
    }
}

#[test]
fn what_a_force_push_drops_stays_and_a_reduced_mirror_keeps_what_is_wanted() {
    let ground = Ground::new();
    let wanted = ground.commit("leak", "the leak");
    let other = ground.commit("b", "another");
    let mirrors = ground.mirrors(Fetching::default());
    let mirror = mirrors.fetch(&ground.url()).unwrap();
    ground.git(&["-C", "source", "checkout", "-q", "--orphan", "clean"]);
    ground.git(&["-C", "source", "rm", "-q", "--cached", "leak"]);
    ground.git(&["-C", "source", "commit", "-q", "-m", "anew"]);
    ground.git(&["-C", "source", "branch", "-q", "-M", "clean", "main"]);
    assert_eq!(mirrors.fetch(&ground.url()).unwrap(), mirror);
    assert!(ground.holds(&mirror, &wanted), "the push took it from the remote, not from us");

    let kept = BTreeSet::from([wanted.clone(), "0".repeat(40)]);
    mirrors.reduce(&ground.url(), &kept).unwrap();
    assert!(mirrors.is_reduced(&ground.url()));
    assert!(ground.holds(&mirror, &wanted) && !ground.holds(&mirror, &other));
    mirrors.fetch(&ground.url()).unwrap();
    assert!(!mirrors.is_reduced(&ground.url()));
    assert!(ground.holds(&mirror, &wanted) && ground.holds(&mirror, &other));
}

#[test]
fn packs_of_many_nights_become_one_and_nothing_is_dropped() {
    let ground = Ground::new();
    let mirrors = ground.mirrors(Fetching::default());
    let mirror = mirrors.fetch(&ground.url()).unwrap();
    let dropped = ground.commit("leak", "the leak");
    mirrors.fetch(&ground.url()).unwrap();
    ground.git(&["-C", "source", "reset", "-q", "--hard", "HEAD^"]);
    for number in 0..4 {
        ground.commit("a", &format!("number {number}"));
        mirrors.fetch(&ground.url()).unwrap();
    }
    let packs = || {
        let entries = fs::read_dir(mirror.join("objects/pack")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".pack")).count()
    };
    assert!(packs() > 3, "{}", packs());
    mirrors.tend(&ground.url(), 3).unwrap();
    assert_eq!(packs(), 1);
    assert!(ground.holds(&mirror, &dropped));
}

#[cfg(unix)]
#[test]
fn a_mirror_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let ground = Ground::new();
    let mirror = ground.mirrors(Fetching::default()).fetch(&ground.url()).unwrap();
    for folder in [mirror.parent().unwrap(), &mirror] {
        assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[test]
fn what_a_killed_run_left_is_cleared_away() {
    let ground = Ground::new();
    let mirrors = ground.mirrors(Fetching::default());
    let mirror = mirrors.fetch(&ground.url()).unwrap();
    let left = ["packed-refs.lock", "refs/heads/main.lock", "objects/pack/tmp_pack_1"];
    for name in left {
        fs::write(mirror.join(name), "").unwrap();
    }
    fs::create_dir_all(mirror.with_extension("part").join("objects")).unwrap();
    ground.git(&["-C", "source", "branch", "tmp_branch"]);
    ground.commit("a", "two");
    mirrors.fetch(&ground.url()).unwrap();
    mirrors.fetch(&ground.url()).unwrap();
    assert!(left.iter().all(|name| !mirror.join(name).exists()));
    assert!(!mirror.with_extension("part").exists());
    let refs = ground.git(&["-C", mirror.to_str().unwrap(), "for-each-ref", "--format=%(refname)"]);
    assert!(refs.contains("refs/heads/tmp_branch"), "{refs}");
}

#[test]
fn a_remote_that_hangs_or_is_too_large_is_given_up() {
    let ground = Ground::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("git://{}/a.git", silent.local_addr().unwrap());
    let fetching = Fetching { time: Duration::from_millis(500), ..Fetching::default() };
    let begun = std::time::Instant::now();
    let error = ground.mirrors(fetching.clone()).fetch(&url).unwrap_err().to_string();
    assert!(error.contains("given up"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    // The time ran out, so nothing of it is left.
    let mirrors = ground.mirrors(fetching);
    assert!(!mirrors.path(&url).exists() && !mirrors.path(&url).with_extension("part").exists());
}

#[test]
fn a_source_that_moved_keeps_its_mirror_and_is_known_by_its_first_commit() {
    let ground = Ground::new();
    let old = ground.url();
    let mirrors = ground.mirrors(Fetching::default());
    let mirror = mirrors.fetch(&old).unwrap();
    ground.git(&["clone", "-q", "--bare", "source", "moved"]);
    let moved = old.replace("/source", "/moved");
    let first = mirrors.first_commit_in_common(&old, &moved).unwrap();
    assert_eq!(first, Some(ground.git(&["-C", "source", "rev-list", "--max-parents=0", "main"])));
    assert!(!mirrors.path(&moved).exists());
    ground.git(&["init", "-q", "-b", "main", "other"]);
    ground.git(&["-C", "other", "commit", "-q", "--allow-empty", "-m", "no kin"]);
    let other = old.replace("/source", "/other");
    assert_eq!(mirrors.first_commit_in_common(&old, &other).unwrap(), None);

    fs::rename(ground.root.path().join("source"), ground.root.path().join("away")).unwrap();
    let urls = BTreeMap::from([(old.clone(), moved)]);
    assert_eq!(
        ground.mirrors(Fetching { urls, ..Fetching::default() }).fetch(&old).unwrap(),
        mirror
    );
    assert!(mirrors.fetch(&old).is_err());
}

/// The host that the token is for is shown it; no other is, and no argument holds it.
#[test]
fn a_token_is_shown_to_its_own_host_alone() {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
            if sender.send(head.join("\n").to_lowercase()).is_err() {
                return;
            }
        }
    });
    let ground = Ground::new();
    let word = "word-that-nobody-may-see";
    let token =
        |origin: String| HostToken { origin, user: "bot".into(), token: Secret::from(word) };
    let expected = data_encoding::BASE64.encode(format!("bot:{word}").as_bytes()).to_lowercase();
    for (origin, is_shown) in [
        (format!("http://127.0.0.1:{port}"), true),
        (format!("http://127.0.0.1:{}", port.wrapping_add(1)), false),
        ("http://127.0.0.1".to_owned(), false),
    ] {
        let fetching = Fetching { tokens: vec![token(origin)], ..Fetching::default() };
        let url = format!("http://127.0.0.1:{port}/team/app.git");
        let mirrors = ground.mirrors(fetching.clone());
        let error = mirrors.fetch(&url).unwrap_err().to_string();
        assert!(!error.contains(word) && !error.to_lowercase().contains(&expected), "{error}");
        let head = asked.recv().unwrap();
        assert_eq!(head.contains(&expected), is_shown, "{head}");
        assert!(!format!("{fetching:?}").contains(word));
    }
}
