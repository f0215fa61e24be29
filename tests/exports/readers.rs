//! The programs that read exports, and what they say.

use crate::tools::installed;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A program of the Python environment that `tests/tools.sh` makes, if it did.
pub(crate) fn python_tool(name: &str) -> Option<PathBuf> {
    installed(Path::new("oscal/bin").join(name))
}

pub(crate) fn everything(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

pub(crate) fn accepted(output: &Output) {
    assert!(output.status.success(), "{}", everything(output));
}

/// One sheet as another reader found it.
pub(crate) struct Sheet {
    pub(crate) title: String,
    /// The kind of each cell (`s` text, `n` number or nothing, `d` date, `f` formula), and its text.
    pub(crate) rows: Vec<Vec<(String, String)>>,
}

impl Sheet {
    /// The texts of a row, counted from 1 as spreadsheets do.
    pub(crate) fn row(&self, number: usize) -> Vec<&str> {
        self.rows[number - 1].iter().map(|(_, text)| text.as_str()).collect()
    }
}

/// The sheets of a workbook as openpyxl reads them, up to a row.
pub(crate) fn read_workbook(python: &Path, file: &Path, last_row: Option<usize>) -> Vec<Sheet> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/read_workbook.py");
    let mut command = Command::new(python);
    command.arg(script).arg(file).args(last_row.map(|row| row.to_string()));
    let output = command.output().unwrap();
    accepted(&output);
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let cell = |cell: &Value| (text(&cell[0]), text(&cell[1]));
    let row = |row: &Value| row.as_array().unwrap().iter().map(cell).collect();
    let sheet = |sheet: &Value| Sheet {
        title: text(&sheet["title"]),
        rows: sheet["rows"].as_array().unwrap().iter().map(row).collect(),
    };
    read["sheets"].as_array().unwrap().iter().map(sheet).collect()
}

/// A file of these bytes in a folder of its own.
pub(crate) fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}
