//! How fast encoded stretches are found in the files that are named, and how many there are.
//!
//! `cargo run --release -p quietus-unpack --example spans -- FILE...`

use quietus_unpack::spans;
use std::time::Instant;

fn main() -> std::io::Result<()> {
    let mut texts = Vec::new();
    for path in std::env::args_os().skip(1) {
        texts.push(std::fs::read(path)?);
    }
    let bytes: usize = texts.iter().map(Vec::len).sum();
    let mut best = f64::INFINITY;
    let mut found = 0;
    for _ in 0..7 {
        let start = Instant::now();
        found = texts.iter().map(|text| spans(text).len()).sum();
        best = best.min(start.elapsed().as_secs_f64());
    }
    let speed = bytes as f64 / best / 1e6;
    #[expect(clippy::print_stdout, reason = "what it is for")]
    {
        println!("{bytes} bytes, {found} stretches, {speed:.0} MB/s");
    }
    Ok(())
}
