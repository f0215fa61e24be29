//! Another program's reading of our OSCAL exports: compliance-trestle imports and validates them.

use crate::readers::{accepted, everything, python_tool};
use crate::samples;
use quietus_export::oscal::{OscalOptions, poam, read};
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder in which trestle keeps documents.
struct Workspace {
    program: PathBuf,
    folder: TempDir,
    inbox: TempDir,
}

impl Workspace {
    fn new(program: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Self { program, folder, inbox: tempfile::tempdir().unwrap() };
        accepted(&workspace.run(&["init", "--local"]));
        workspace
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(&self.program)
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    fn import(&self, name: &str, text: &str) -> Output {
        let file = self.inbox.path().join(format!("{name}.json"));
        std::fs::write(&file, text).unwrap();
        self.run(&["import", "-f", file.to_str().unwrap(), "-o", name])
    }

    /// The document as trestle has written it itself.
    fn rewritten(&self, name: &str) -> String {
        let kind = "plan-of-action-and-milestones";
        let path = self.folder.path().join(kind).join(name).join(format!("{kind}.json"));
        std::fs::read_to_string(path).unwrap()
    }
}

#[test]
fn trestle_imports_validates_and_gives_back_every_export() {
    let Some(program) = python_tool("trestle") else { return };
    let workspace = Workspace::new(program);
    let items = samples::every_phase();
    for (name, options) in [("plain", OscalOptions::default()), ("fedramp", samples::fedramp())] {
        let document = poam(&items, &samples::scans(), &options, samples::now()).unwrap();
        let text = document.to_string_pretty();
        accepted(&workspace.import(name, &text));
        let validated =
            workspace.run(&["validate", "-t", "plan-of-action-and-milestones", "-n", name]);
        accepted(&validated);
        let report = everything(&validated);
        assert!(report.contains("VALID"), "{report}");
        // Trestle sees references to UUIDs of version 4 only; ours are of version 5, so that they
        // stay the same. Of anything else it must have no word to say.
        let complaints = report.lines().filter(|line| line.contains("WARNING"));
        let unexpected = complaints.filter(|line| !line.contains("not referenced by model"));
        assert_eq!(unexpected.collect::<Vec<_>>(), Vec::<&str>::new());
        // What went through another program still says the same.
        assert_eq!(read(&workspace.rewritten(name)).unwrap(), read(&text).unwrap());
    }
}

#[test]
fn trestle_refuses_what_is_no_oscal() {
    let Some(program) = python_tool("trestle") else { return };
    let workspace = Workspace::new(program);
    let items = samples::every_phase();
    let document = poam(&items, &[], &samples::options(), samples::now()).unwrap();
    let spoiled = document.to_string_pretty().replace("\"poam-items\"", "\"items\"");
    assert!(!workspace.import("spoiled", &spoiled).status.success());
}
