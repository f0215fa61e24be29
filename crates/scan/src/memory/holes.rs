//! A path that holds a secret is remembered with a hole where the secret stands. Who reads its
//! witness again knows what was there.

use super::bytes::{Reader, Writer};
use crate::changes::Change;
use crate::vault::Vault;
use aho_corasick::AhoCorasick;
use quietus_model::{Fingerprint, Secret};
use std::collections::HashMap;

/// So much of a secret is enough to know it by: whole keys would make a large automaton.
const START: usize = 24;

/// What stands in a path in place of a secret, until it is filled.
const EMPTY: u8 = 0;

/// A stretch of a path that is not written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hole {
    /// The number of the change whose path it is in.
    change: u32,
    at: u32,
    len: u32,
    /// The secret, or part of one, that stands there.
    of: Fingerprint,
    /// Which of its bytes is the first.
    from: u32,
}

/// Knows the secrets of a scan where they stand, or begin.
pub(super) struct Masks<'a> {
    vault: &'a Vault<'a>,
    secrets: Vec<Secret>,
    starts: AhoCorasick,
}

impl<'a> Masks<'a> {
    /// `None` when there are too many secrets to look for.
    pub(super) fn of(vault: &'a Vault<'a>) -> Option<Self> {
        let secrets = vault.distinct();
        let start = |secret: &Secret| secret.expose()[..secret.len().min(START)].to_vec();
        let starts = AhoCorasick::new(secrets.iter().map(start)).ok()?;
        Some(Self { vault, secrets, starts })
    }

    /// Whether a secret stands in a text, or might.
    pub(super) fn is_any_in(&self, text: &[u8]) -> bool {
        self.starts.is_match(text)
    }

    /// The same changes with nothing of a secret in their paths, and what was taken out.
    pub(super) fn hide(&self, changes: &[Change]) -> (Vec<Change>, Vec<Hole>) {
        let mut changes = changes.to_vec();
        let mut holes = Vec::new();
        for (number, change) in (0..).zip(&mut changes) {
            let first = holes.len();
            self.stretches(&change.path, number, &mut holes);
            for hole in &holes[first..] {
                change.path[hole.range()].fill(EMPTY);
            }
        }
        (changes, holes)
    }

    /// Where secrets stand in a path. Those that overlap are told one after the other.
    fn stretches(&self, path: &[u8], change: u32, holes: &mut Vec<Hole>) {
        let mut found: Vec<(usize, usize, usize)> = self
            .starts
            .find_overlapping_iter(path)
            .map(|start| {
                let which = start.pattern().as_usize();
                let secret = self.secrets[which].expose();
                let same = path[start.start()..].iter().zip(secret).take_while(|(a, b)| a == b);
                (start.start(), start.start() + same.count(), which)
            })
            .collect();
        found.sort_unstable_by_key(|(start, end, which)| (*start, std::cmp::Reverse(*end), *which));
        let mut covered = 0;
        for (start, end, which) in found {
            let at = start.max(covered);
            if end <= at {
                continue;
            }
            covered = end;
            holes.push(Hole {
                change,
                at: at as u32,
                len: (end - at) as u32,
                of: self.vault.key().fingerprint(&self.secrets[which]),
                from: (at - start) as u32,
            });
        }
    }
}

impl Hole {
    fn range(&self) -> std::ops::Range<usize> {
        self.at as usize..self.at as usize + self.len as usize
    }

    pub(super) fn put(to: &mut Writer, hole: &Self) {
        for number in [hole.change, hole.at, hole.len, hole.from] {
            to.number(number.into());
        }
        to.bytes(hole.of.to_string().as_bytes());
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (change, at, len) = (from.number()?, from.number()?, from.number()?);
        Some(Self { change, at, len, from: from.number()?, of: from.text()?.parse().ok()? })
    }
}

/// Puts back what was taken out. `None` when a secret is not known any more.
pub(super) fn fill(changes: &mut [Change], holes: &[Hole], vault: &Vault<'_>) -> Option<()> {
    if holes.is_empty() {
        return Some(());
    }
    let named = |secret: Secret| (vault.key().fingerprint(&secret), secret);
    let secrets: HashMap<Fingerprint, Secret> = vault.distinct().into_iter().map(named).collect();
    for hole in holes {
        let bytes = secrets.get(&hole.of)?.expose().get(hole.from as usize..)?;
        let path = &mut changes.get_mut(hole.change as usize)?.path;
        path.get_mut(hole.range())?.copy_from_slice(bytes.get(..hole.len as usize)?);
    }
    Some(())
}
