//! How fast the detector reads: MB/s over files, as a ratio to counting their line ends.
//!
//! `cargo bench --bench detect -- PATH` reads the files under PATH (default: this repository).
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures, and has none when the shipped rules are unusable"
)]

use quietus_scan::Detector;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often each pass is run; the fastest counts, because others use the machine too.
const ROUNDS: usize = 5;

fn main() {
    let root = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let root = root.map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let mut files = Vec::new();
    read_all(&root, &mut files);
    let bytes: usize = files.iter().map(Vec::len).sum();
    let detector =
        Detector::new(Arc::new(quietus_catalogue::shipped().expect("shipped rules parse")))
            .expect("shipped rules are usable");
    let lines = fastest(|| {
        files.iter().map(|file| file.iter().filter(|byte| **byte == b'\n').count()).sum()
    });
    let detect = fastest(|| files.iter().map(|file| detector.detect(file).len()).sum());
    let speed = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    println!("{} files, {:.1} MB under {}", files.len(), bytes as f64 / 1e6, root.display());
    println!("counting line ends  {:8.0} MB/s", speed(lines));
    println!("detecting           {:8.0} MB/s", speed(detect));
    println!("ratio               {:8.2}", detect.as_secs_f64() / lines.as_secs_f64());
}

fn fastest(pass: impl Fn() -> usize) -> Duration {
    let time = || {
        let start = Instant::now();
        black_box(pass());
        start.elapsed()
    };
    (0..ROUNDS).map(|_| time()).min().unwrap_or_default()
}

fn read_all(path: &Path, files: &mut Vec<Vec<u8>>) {
    let Ok(meta) = path.symlink_metadata() else { return };
    if meta.is_file() {
        files.extend(std::fs::read(path));
    } else if meta.is_dir() && !path.ends_with("target") && !path.ends_with(".git") {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.for_each(|entry| read_all(&entry.path(), files));
    }
}
