//! A pattern as a program that is written down when the rules are built and runs as soon as it is
//! read.
//!
//! A library compiles a pattern for the longest texts: automata that are costly to make, and pay
//! only after megabytes. A rule's pattern is tried in windows of some hundred bytes, a few dozen of
//! them in a small repository, and was compiled for longer than it ran. A [`Program`] counts
//! repetitions instead of writing them out, so it is a few hundred bytes, and it matches what the
//! library matches: the leftmost way, and of those the one that the pattern prefers.

mod lay;
mod run;
mod sheet;

use crate::around::{EDGE, Set};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// In place of the number of a choice of which it hangs on how often a part was taken what comes of
/// it: that it came to nothing once says little. So only parts are counted in which no byte can be
/// taken in two ways.
const COUNTED: u32 = u32::MAX;

/// In place of the number of the fan of a choice that has few branches.
const FEW: u32 = u32::MAX;

/// What to do at a place of a text, and by its number what then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    /// The pattern has matched.
    Match,
    /// Takes a byte of a set.
    One { set: u32, next: u32 },
    /// Takes a text.
    Text { from: u32, to: u32, next: u32 },
    /// Takes bytes of a set, as many as it can or as few. What comes next begins with `follow`.
    Run {
        set: u32,
        least: u32,
        most: u32,
        is_greedy: bool,
        follow: u32,
        next: u32,
        number: u32,
        is_counted: bool,
    },
    /// Begins to count how often a part is taken, which the step after it does.
    Count { counter: u32, next: u32 },
    /// Takes a part once more or goes on, by how often it was taken.
    Times { counter: u32, least: u32, most: u32, is_greedy: bool, part: Branch, then: Branch },
    /// Goes on with the first of some branches by which it all comes to a match.
    Choice { from: u32, to: u32, number: u32, fan: u32 },
    /// Notes the place as an edge of a group.
    Edge { slot: u32, next: u32 },
    /// Takes nothing and looks around.
    Look { look: Look, next: u32 },
    /// Goes on unless this was met at the same place before: what repeats itself without taking
    /// anything must end.
    Once { number: u32, next: u32 },
}

/// Where a branch of a choice begins, and what the text has to go on with there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Branch {
    first: u32,
    step: u32,
}

/// What can be asked of a place between two bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Look {
    Start,
    End,
    StartOfLine,
    EndOfLine,
    StartOfLineCrlf,
    EndOfLineCrlf,
    WordEdge,
    NoWordEdge,
    WordStart,
    WordEnd,
    NoWordBefore,
    NoWordAfter,
}

/// A pattern that can be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    steps: Vec<Step>,
    branches: Vec<Branch>,
    sets: Vec<Set>,
    text: Vec<u8>,
    start: u32,
    /// What a match begins with.
    first: u32,
    /// How many runs there are, and how many steps that may be met by several ways.
    runs: u32,
    crossings: u32,
    /// How many parts are counted.
    counters: u32,
    /// The names of the groups, by their number.
    groups: Vec<Option<String>>,
    /// Of the choices with many branches; made when the program is.
    #[serde(skip)]
    fans: Vec<Fan>,
}

/// The branches of a choice that a text allows, by the symbol that it goes on with.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fan {
    /// By symbol where its branches begin; they end where those of the next one do.
    starts: Vec<u32>,
    branches: Vec<u32>,
}

impl Fan {
    fn of(&self, symbol: usize) -> &[u32] {
        &self.branches[self.starts[symbol] as usize..self.starts[symbol + 1] as usize]
    }
}

/// Where a match may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begins {
    /// Where the search does.
    Here,
    /// There or later, the earlier the better.
    Anywhere,
}

/// Where a match stands, with its groups; the first group is all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups(Vec<Option<Range<usize>>>);

impl Groups {
    /// Where the whole match stands.
    pub fn whole(&self) -> Range<usize> {
        self.group(0).unwrap_or(0..0)
    }

    /// Where a group stands, if it took part in the match.
    pub fn group(&self, number: usize) -> Option<Range<usize>> {
        self.0.get(number).cloned().flatten()
    }
}

impl Program {
    /// The program of a pattern as the rules write it.
    ///
    /// # Errors
    /// What is wrong with it: it cannot be read, is too large, or asks for edges of words in
    /// Unicode.
    pub fn new(pattern: &str) -> Result<Self, String> {
        lay::lay(&crate::parse(pattern)?)
    }

    /// The names of its groups, by their number; the first is the whole match and has none.
    pub fn group_names(&self) -> impl Iterator<Item = Option<&str>> {
        self.groups.iter().map(Option::as_deref)
    }

    /// In bytes, for [`read`](Self::read).
    ///
    /// # Errors
    /// None that anybody has met.
    pub fn write(&self) -> Result<Vec<u8>, String> {
        postcard::to_allocvec(self).map_err(|error| error.to_string())
    }

    /// What was [written](Self::write) by the same version.
    ///
    /// # Errors
    /// When it was not.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let read: Self = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
        Ok(read.fanned())
    }

    fn fanned(mut self) -> Self {
        let choices = self.steps.iter().filter_map(|step| match *step {
            Step::Choice { from, to, fan, .. } if fan != FEW => Some(from..to),
            _ => None,
        });
        let fan = |branches: Range<u32>| {
            let mut by_symbol = vec![Vec::new(); EDGE + 1];
            for branch in branches {
                let first = self.sets[self.branches[branch as usize].first as usize];
                first.symbols().for_each(|symbol| by_symbol[symbol].push(branch));
            }
            let mut starts = vec![0];
            starts.extend(by_symbol.iter().scan(0, |end, branches| {
                *end += branches.len() as u32;
                Some(*end)
            }));
            Fan { starts, branches: by_symbol.concat() }
        };
        self.fans = choices.map(fan).collect();
        self
    }

    /// The first match in `text` that begins at `from` or behind it. What stands before `from` is
    /// looked at and not taken.
    pub fn find(&self, text: &[u8], from: usize, begins: Begins) -> Option<Groups> {
        run::find(self, text, from, begins)
    }
}

#[cfg(test)]
mod tests;
