//! Texts out of choices, with credentials of the shipped rules in them, whole, spoilt and cut off.
//!
//! Credentials are built when they are needed, so that the corpus holds none.

use crate::feed::Feed;
use crate::samples;
use quietus_model::Rule;
use quietus_odb::Copied;
use quietus_scan::Detector;
use quietus_scan::fuzz::Version;
use std::ops::Range;
use std::sync::{Arc, LazyLock, OnceLock};

/// At most so many bytes has a text.
const LONGEST: usize = 60_000;

/// The shipped rules.
pub static DETECTOR: LazyLock<Detector> = LazyLock::new(|| {
    let rules = quietus_catalogue::shipped().expect("the shipped rules are right");
    Detector::new(Arc::new(rules)).expect("the shipped rules can be looked for")
});

/// What is made of one rule.
#[derive(Default)]
struct Stock {
    right: Vec<Vec<u8>>,
    spoilt: Vec<Vec<u8>>,
    secrets: Vec<Vec<u8>>,
}

static STOCKS: LazyLock<Vec<OnceLock<Stock>>> =
    LazyLock::new(|| DETECTOR.rules().rules().iter().map(|_| OnceLock::new()).collect());

fn stock(number: usize) -> &'static Stock {
    STOCKS[number].get_or_init(|| {
        let rule = &DETECTOR.rules().rules()[number];
        let right = samples::positives(rule);
        let spoilt = samples::mutants(rule).into_iter().step_by(7);
        Stock {
            secrets: right.iter().map(|one| one.secret().to_vec()).collect(),
            right: right.into_iter().map(|one| one.text).collect(),
            spoilt: spoilt.map(|one| one.sample.text).collect(),
        }
    })
}

/// One of several, if there are any.
fn one<'a>(feed: &mut Feed<'_>, all: &'a [Vec<u8>]) -> &'a [u8] {
    if all.is_empty() { b"" } else { &all[feed.below(all.len())] }
}

/// A secret of some rule by itself.
pub fn secret(feed: &mut Feed<'_>) -> &'static [u8] {
    let number = feed.below(STOCKS.len());
    one(feed, &stock(number).secrets)
}

/// One piece of a text.
fn piece(feed: &mut Feed<'_>, text: &mut Vec<u8>) {
    let rules = DETECTOR.rules().rules();
    let choice = feed.byte();
    let number = if choice < 64 { 0 } else { feed.below(rules.len()) };
    let rule: &Rule = &rules[number];
    match choice {
        0..=31 => text.extend_from_slice(feed.bytes()),
        32..=47 => text.push(b'\n'),
        48..=55 => {
            // As far away as anything is looked for, or a little more.
            let len = [40, 250, 1000, 4090, 4100, 8200][feed.below(6)] + feed.below(20);
            text.resize(text.len() + len, [b'a', b' ', b'\n', 0][feed.below(4)]);
        }
        56..=58 => text.extend_from_slice(b"quietus:allow"),
        59 => text.extend_from_slice(b"kingfisher:ignore\n"),
        60..=63 => {
            text.extend_from_slice([&b" = "[..], b"\": \"", b"='", b"\xff\xfe"][feed.below(4)])
        }
        64..=127 => text.extend_from_slice(one(feed, &stock(number).right)),
        128..=159 => text.extend_from_slice(one(feed, &stock(number).secrets)),
        160..=191 => text.extend_from_slice(one(feed, &stock(number).spoilt)),
        192..=223 => {
            let whole = one(feed, &stock(number).right);
            let len = whole.len() * usize::from(feed.byte()) / 256;
            text.extend_from_slice(if choice % 2 == 0 { &whole[..len] } else { &whole[len..] });
        }
        224..=247 => {
            let anchors = rule.anchors.len().max(1);
            let anchor = rule.anchors.get(feed.below(anchors)).map_or("", String::as_str);
            text.extend_from_slice(anchor.as_bytes());
        }
        _ => {
            let dummies = rule.dummies.len().max(1);
            let dummy = rule.dummies.get(feed.below(dummies)).map_or("", String::as_str);
            text.extend_from_slice(dummy.as_bytes());
        }
    }
}

/// A text of some pieces.
pub fn text(feed: &mut Feed<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..1 + feed.below(24) {
        if feed.is_over() || text.len() > LONGEST {
            break;
        }
        piece(feed, &mut text);
    }
    text
}

/// A text and what became of it: parts of it copied, in any order and more than once, and new
/// pieces between them.
pub fn versions(feed: &mut Feed<'_>) -> Vec<Version> {
    let mut versions = vec![(text(feed), Vec::new())];
    for _ in 0..1 + feed.below(4) {
        let old = versions.last().map_or(&[][..], |version| &version.0);
        let next = changed(feed, old);
        versions.push(next);
        if feed.is_over() {
            break;
        }
    }
    versions
}

fn changed(feed: &mut Feed<'_>, old: &[u8]) -> Version {
    let (mut new, mut copies) = (Vec::new(), Vec::new());
    let mut at = 0;
    for _ in 0..feed.below(10) {
        if new.len() > LONGEST {
            break;
        }
        match feed.byte() {
            // As most changes are: on from where the last copy ended, after leaving some out.
            choice @ 0..=127 => {
                let from = (at + usize::from(choice % 8)).min(old.len());
                at = from + (old.len() - from) * usize::from(feed.byte()) / 256;
                copy(old, from..at, &mut new, &mut copies);
            }
            128..=191 => piece(feed, &mut new),
            _ => {
                let from = old.len() * usize::from(feed.byte()) / 256;
                let from = (from + usize::from(feed.byte() % 16)).min(old.len());
                at = from + (old.len() - from) * usize::from(feed.byte()) / 256;
                copy(old, from..at, &mut new, &mut copies);
            }
        }
    }
    if !feed.once_in(4) && new.len() < LONGEST {
        copy(old, at..old.len(), &mut new, &mut copies);
    }
    (new, copies)
}

fn copy(old: &[u8], range: Range<usize>, new: &mut Vec<u8>, copies: &mut Vec<Copied>) {
    if range.is_empty() {
        return;
    }
    let (source, target, len) = (range.start as u32, new.len() as u32, range.len() as u32);
    match copies.last_mut() {
        Some(last) if last.source + last.len == source && last.target + last.len == target => {
            last.len += len;
        }
        _ => copies.push(Copied { source, target, len }),
    }
    new.extend_from_slice(&old[range]);
}
