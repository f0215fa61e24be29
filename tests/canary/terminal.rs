//! On a terminal: no secret, and no file name that is obeyed.

use crate::canary::token;
use crate::ground::Ground;
use crate::sandbox::{QUIETUS, Ran, skipped};

#[test]
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
        harmless(&ground.quiet_line(0, command));
    }
    // `script` gives the command a terminal of its own: colours and progress bars.
    if ground.sandbox.program("script").arg("--version").output().is_err() {
        return skipped("no script(1)");
    }
    let shell = |words: &str| {
        let mut command = ground.sandbox.program("script");
        command.args(["-qec", &format!("'{QUIETUS}' {words}"), "/dev/null"]).env("TERM", "xterm");
        Ran::of(&mut command)
    };
    let ran = ground.checked(1, shell(&format!("scan '{path}'")));
    assert!(ran.out().contains("\u{1b}["), "no colours: {}", ran.out());
    harmless(&ran);
    harmless(&ground.checked(1, shell(&format!("track '{path}'"))));
    for words in ["item show V-1", "item list"] {
        harmless(&ground.checked(0, shell(words)));
    }
}
