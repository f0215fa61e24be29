//! Walks an object store and says how much was handed over, and how long that took.
//!
//! `walk OBJECTS [THREADS] [KINDS] [mapped|read] [MEMORY]`, where `KINDS` is some of the letters
//! `c`, `t`, `b` and `g` for commits, trees, blobs and tags, and `MEMORY` is in MiB.
#![expect(clippy::print_stdout, reason = "an example prints")]

use quietus_odb::{
    Format, Kind, Kinds, Object, ObjectId, Options, Problem, Selection, Store, Visitor,
};
use std::error::Error;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

#[derive(Default)]
struct Count {
    objects: u64,
    bytes: u64,
    deltas: u64,
    copies: u64,
    copied: u64,
    streamed: u64,
    problems: u64,
    depth: u32,
}

impl Visitor for Count {
    type State = u32;

    fn object(&mut self, object: Object<'_>, base: Option<&u32>, state: &mut u32) {
        *state = base.map_or(0, |base| base + 1);
        self.depth = self.depth.max(*state);
        if !object.wanted {
            return;
        }
        self.objects += 1;
        self.bytes += object.data.len() as u64;
        if let Some(delta) = object.delta {
            self.deltas += 1;
            self.copies += delta.copies.len() as u64;
            self.copied += delta.copies.iter().map(|copy| u64::from(copy.len)).sum::<u64>();
        }
    }

    fn stream(&mut self, _: u32, _: ObjectId, _: Kind, size: u64, bytes: &mut dyn Read) {
        self.streamed += 1;
        let read = std::io::copy(bytes, &mut std::io::sink()).unwrap_or(0);
        self.problems += u64::from(read != size);
        self.bytes += read;
    }

    fn problem(&mut self, problem: Problem) {
        self.problems += 1;
        if self.problems < 10 {
            println!("{}: {}", problem.subject, problem.detail);
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let argument = |at: usize| arguments.get(at).map(String::as_str);
    let threads = argument(1).unwrap_or("1").parse()?;
    let kinds: Kinds = (argument(2).unwrap_or("ctbg").bytes())
        .filter_map(|letter| match letter {
            b'c' => Some(Kind::Commit),
            b't' => Some(Kind::Tree),
            b'b' => Some(Kind::Blob),
            b'g' => Some(Kind::Tag),
            _ => None,
        })
        .collect();
    let mut options = Options { mapped: argument(3) != Some("read"), ..Options::default() };
    if let Some(memory) = argument(4) {
        options.memory = memory.parse::<u64>()? << 20;
    }
    let start = Instant::now();
    let objects = Path::new(argument(0).ok_or("which folder?")?);
    let store = Store::open(objects, Format::Sha1, &options)?;
    for problem in store.problems() {
        println!("{}: {}", problem.subject, problem.detail);
    }
    let opened = start.elapsed();
    let cancel = AtomicBool::new(false);
    let nothing = Selection { kinds, wanted: Some(&|_| false) };
    store.walk(&nothing, 1, &cancel, Count::default);
    let planned = start.elapsed();
    let selection = Selection { kinds, wanted: None };
    let counts = store.walk(&selection, threads, &cancel, Count::default);
    let walked = start.elapsed();
    let sum = |of: fn(&Count) -> u64| counts.iter().map(of).sum::<u64>();
    println!(
        "{} of {} objects, {:.1} MB, {} deltas, {} copies of {:.1} MB, {} streamed, {} problems, depth {}",
        sum(|count| count.objects),
        store.len(),
        sum(|count| count.bytes) as f64 / 1e6,
        sum(|count| count.deltas),
        sum(|count| count.copies),
        sum(|count| count.copied) as f64 / 1e6,
        sum(|count| count.streamed),
        sum(|count| count.problems),
        counts.iter().map(|count| count.depth).max().unwrap_or(0),
    );
    let shares: Vec<_> = counts.iter().map(|count| count.bytes / 1_000_000).collect();
    println!("MB by thread {shares:?}");
    println!(
        "open {:.3} s, forest {:.3} s, walk {:.3} s",
        opened.as_secs_f64(),
        (planned - opened).as_secs_f64(),
        (walked - planned).as_secs_f64(),
    );
    if let Ok(stat) = std::fs::read_to_string("/proc/self/stat") {
        let fields: Vec<_> = stat.rsplit(')').next().unwrap_or("").split(' ').collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
        let (user, system) = (ticks(12).unwrap_or(0.0), ticks(13).unwrap_or(0.0));
        println!("user {:.2} s, system {:.2} s", user / 100.0, system / 100.0);
    }
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let lines =
            status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("Rss"));
        lines.for_each(|line| println!("{line}"));
    }
    Ok(())
}
