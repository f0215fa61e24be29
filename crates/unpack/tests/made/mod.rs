//! Containers made by the programs that make them everywhere.
#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(clippy::expect_used, clippy::panic, reason = "only tests use it")]

use quietus_unpack::{Bounds, Form, Gap, Reason, members};
use std::path::Path;
use std::process::{Command, Stdio};

/// What is planted. Not a secret of any shape.
pub(crate) const PLANTED: &str = "planted: the quick brown fox 0123456789";

/// Runs a command in `folder`; it must succeed.
pub(crate) fn run(folder: &Path, program: &str, args: &[&str]) {
    let out = Command::new(program)
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{program} {args:?}: {said}");
}

/// Runs a line of shell in a new folder that holds `planted.txt`, and returns the file `made`.
pub(crate) fn made(line: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("planted.txt"), PLANTED).expect("written");
    run(folder.path(), "sh", &["-ec", line]);
    std::fs::read(folder.path().join("made")).expect("the line makes `made`")
}

/// Runs a Python program in a new folder, and returns the file `made`.
pub(crate) fn python(program: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("planted.txt"), PLANTED).expect("written");
    run(folder.path(), "python3", &["-c", program]);
    std::fs::read(folder.path().join("made")).expect("the program makes `made`")
}

/// A member that owns what it has.
#[derive(Debug, PartialEq, Eq, Clone)]
pub(crate) struct Owned {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) depth: u32,
    pub(crate) form: Form,
}

pub(crate) fn open(bytes: &[u8], bounds: &Bounds) -> (Vec<Owned>, Vec<Gap>) {
    let mut all = Vec::new();
    let gaps = members(bytes, bounds, &mut |member| {
        all.push(Owned {
            path: member.path.to_owned(),
            bytes: member.bytes.to_vec(),
            depth: member.depth,
            form: member.form,
        });
    });
    (all, gaps)
}

/// The path of the innermost member that holds what is planted. Nothing may be missing.
pub(crate) fn planted(bytes: &[u8]) -> String {
    let (all, gaps) = open(bytes, &Bounds::default());
    assert_eq!(gaps, []);
    holding(&all, PLANTED).unwrap_or_else(|| panic!("not found in {:?}", names(&all)))
}

pub(crate) fn holding(all: &[Owned], text: &str) -> Option<String> {
    let holds = |one: &&Owned| memchr::memmem::find(&one.bytes, text.as_bytes()).is_some();
    all.iter().rev().find(holds).map(|one| one.path.clone())
}

pub(crate) fn names(all: &[Owned]) -> Vec<&str> {
    all.iter().map(|one| one.path.as_str()).collect()
}

pub(crate) fn reasons(gaps: &[Gap]) -> Vec<Reason> {
    gaps.iter().map(|gap| gap.reason).collect()
}
