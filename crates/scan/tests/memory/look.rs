//! Scans with and without memory, and compares.

use crate::ground::{RULES, now, rules};
use quietus_model::{Companion, Finding, FingerprintKey, Scope};
use quietus_scan::{Detector, Options, Progress, Source, Stage, scan};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{LazyLock, Mutex};
use tempfile::TempDir;

/// The usual rules with a credential of two parts, where what is known hangs on what stands beside
/// it; and some that find other things.
static DETECTORS: LazyLock<[Detector; 2]> = LazyLock::new(|| {
    let others = RULES.replace("precedence = 10", "precedence = 1").replace("{24}", "{24}e?");
    let pair = rules::rule("pair", &["pair-"], r"\b(?P<secret>pair-[0-9]{1,4})\b");
    let id = rules::beside("id", r"\b(?P<id>id-[0-9]{1,4})\b", 60);
    [format!("{}{pair}{id}", *RULES), others].map(|file| Detector::new(rules::set(&file)).unwrap())
});

/// How much a scan read of the objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Same,
    Grown,
    Anew,
}

/// Everything that a scan tells.
#[derive(Debug, PartialEq)]
struct Told {
    scope: Scope,
    findings: Vec<Finding>,
    secrets: Vec<Vec<u8>>,
    parts: Vec<Vec<Companion>>,
}

/// Notes how many objects were to be read at last.
#[derive(Default)]
struct Objects(Mutex<Option<u64>>);

impl Progress for Objects {
    fn stage(&self, stage: Stage, total: Option<u64>) {
        if stage == Stage::Objects {
            *self.0.lock().unwrap() = total;
        }
    }
    fn advance(&self, _: u64, _: u64) {}
}

/// Who scans: by which rules, under which key, with which memory.
pub(crate) struct Eye {
    folder: TempDir,
    rules: usize,
    key: u8,
    pub(crate) options: Options,
    /// How many objects were read at last; `None` if none was looked for.
    pub(crate) read: Option<u64>,
}

impl Eye {
    pub(crate) fn new() -> Self {
        let options = Options { threads: 2, ..Options::default() };
        Self { folder: TempDir::new().unwrap(), rules: 0, key: 7, options, read: None }
    }

    pub(crate) fn other_rules(&mut self) {
        self.rules = 1 - self.rules;
    }

    pub(crate) fn other_key(&mut self) {
        self.key = 15 - self.key;
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file that something is remembered in.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        let mut files = std::fs::read_dir(self.folder()).unwrap().map(|file| file.unwrap().path());
        let file = files.next();
        assert!(files.next().is_none(), "one store, one file");
        file
    }

    pub(crate) fn file(&self) -> Option<Vec<u8>> {
        self.path().map(|path| std::fs::read(path).unwrap())
    }

    pub(crate) fn forget(&self) {
        self.path().map(|path| std::fs::remove_file(path).unwrap()).unwrap();
    }

    /// Scans with and without memory; both must tell the same.
    pub(crate) fn look(&mut self, source: &Source, what: &str) -> Way {
        let (expected, all) = self.scan(source, None);
        let (told, read) = self.scan(source, Some(self.folder().to_owned()));
        if told != expected {
            let (told, expected) = (format!("{told:#?}"), format!("{expected:#?}"));
            let pairs = told.lines().zip(expected.lines()).enumerate();
            let differing = pairs.filter(|(_, (a, b))| a != b).take(12);
            let lines: Vec<String> = differing
                .map(|(at, (a, b))| format!("{at}: remembered {a}\n    anew {b}"))
                .collect();
            let (a, b) = (told.lines().count(), expected.lines().count());
            panic!("{what}: {a} and {b} lines\n{}", lines.join("\n"));
        }
        self.read = read;
        match read {
            None => Way::Same,
            Some(_) if read == all => Way::Anew,
            Some(_) => Way::Grown,
        }
    }

    fn scan(&self, source: &Source, memory: Option<PathBuf>) -> (Told, Option<u64>) {
        let options = Options { memory, ..self.options.clone() };
        let (objects, cancel) = (Objects::default(), AtomicBool::new(false));
        let key = FingerprintKey::new([self.key; 32]);
        let detector = &DETECTORS[self.rules];
        let scanned = scan(source, detector, &key, &options, now(), &objects, &cancel).unwrap();
        let mut told = Told {
            scope: scanned.scope,
            findings: Vec::new(),
            secrets: Vec::new(),
            parts: Vec::new(),
        };
        for hit in scanned.hits {
            told.findings.push(hit.finding);
            told.secrets.push(hit.secret.expose().to_owned());
            told.parts.push(hit.parts);
        }
        (told, objects.0.into_inner().unwrap())
    }
}
