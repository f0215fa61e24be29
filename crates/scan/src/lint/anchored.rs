//! Whether every match of a pattern holds an anchor: one that holds none is never looked for.

use quietus_model::Rule;
use regex_syntax::hir::{Class, Hir, HirKind, Repetition};
use std::collections::BTreeSet;

/// How far a text has come towards its anchors without holding one: the longest ends of it that an
/// anchor begins with (Aho and Corasick's automaton).
struct Towards {
    nodes: Vec<Node>,
    is_any_case: bool,
}

struct Node {
    /// Where each byte leads; `None` where an anchor is complete.
    next: [Option<u16>; 256],
}

type Places = BTreeSet<u16>;

/// Whether a text can match `pattern` and hold no anchor of `rule`. What only looks, as `\b` does,
/// is not reckoned with: such a pattern may be said to have a match that it has not.
pub(super) fn can_match_without(rule: &Rule, pattern: &Hir) -> bool {
    let anchors = rule.anchors.iter().map(|anchor| match rule.anchors_any_case {
        true => anchor.to_ascii_lowercase().into_bytes(),
        false => anchor.clone().into_bytes(),
    });
    let towards = Towards::new(&anchors.collect::<Vec<_>>(), rule.anchors_any_case);
    !towards.after(pattern, &Places::from([0])).is_empty()
}

impl Towards {
    fn new(anchors: &[Vec<u8>], is_any_case: bool) -> Self {
        let mut starts: BTreeSet<&[u8]> = BTreeSet::from([&[][..]]);
        for anchor in anchors {
            starts.extend((0..anchor.len()).map(|len| &anchor[..len]));
        }
        let starts: Vec<&[u8]> = starts.into_iter().collect();
        let lead = |start: &[u8], byte: u8| {
            let text = [start, &[byte]].concat();
            if anchors.iter().any(|anchor| text.ends_with(anchor)) {
                return None;
            }
            let mut ends = (0..=text.len()).map(|at| &text[at..]);
            let longest = ends.find_map(|end| starts.binary_search(&end).ok());
            longest.and_then(|at| u16::try_from(at).ok())
        };
        let node =
            |start: &&[u8]| Node { next: std::array::from_fn(|byte| lead(start, byte as u8)) };
        Self { nodes: starts.iter().map(node).collect(), is_any_case }
    }

    fn step(&self, from: &Places, bytes: impl Iterator<Item = u8>) -> Places {
        let fold = |byte: u8| if self.is_any_case { byte.to_ascii_lowercase() } else { byte };
        let bytes: BTreeSet<u8> = bytes.map(fold).collect();
        let of = |place: &u16| &self.nodes[usize::from(*place)];
        from.iter()
            .flat_map(|place| {
                bytes.iter().filter_map(move |byte| of(place).next[usize::from(*byte)])
            })
            .collect()
    }

    /// Where texts that match `part` come to that come from one of these places.
    fn after(&self, part: &Hir, from: &Places) -> Places {
        match part.kind() {
            _ if from.is_empty() => Places::new(),
            HirKind::Empty | HirKind::Look(_) => from.clone(),
            HirKind::Literal(literal) => {
                let each = literal.0.iter();
                each.fold(from.clone(), |now, byte| self.step(&now, std::iter::once(*byte)))
            }
            HirKind::Class(class) => self.step(from, bytes(class).into_iter()),
            HirKind::Repetition(repetition) => self.repeated(repetition, from),
            HirKind::Capture(capture) => self.after(&capture.sub, from),
            HirKind::Concat(parts) => {
                parts.iter().fold(from.clone(), |now, part| self.after(part, &now))
            }
            HirKind::Alternation(ways) => {
                ways.iter().flat_map(|way| self.after(way, from)).collect()
            }
        }
    }

    fn repeated(&self, repetition: &Repetition, from: &Places) -> Places {
        let mut now = from.clone();
        for _ in 0..repetition.min {
            let next = self.after(&repetition.sub, &now);
            if next == now {
                break;
            }
            now = next;
        }
        let mut all = now.clone();
        for _ in repetition.min..repetition.max.unwrap_or(u32::MAX) {
            now = self.after(&repetition.sub, &now);
            if now.is_subset(&all) {
                break;
            }
            all.append(&mut now.clone());
        }
        all
    }
}

/// All that a class takes. One of more than bytes does not come out of how rules are read.
fn bytes(class: &Class) -> Vec<u8> {
    let class = match class {
        Class::Bytes(class) => Some(class.clone()),
        Class::Unicode(class) => class.to_byte_class(),
    };
    let ranges = class.iter().flat_map(|class| class.ranges().to_vec());
    let all: Vec<u8> = ranges.flat_map(|range| range.start()..=range.end()).collect();
    if class.is_none() { (0..=u8::MAX).collect() } else { all }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detector::parse;
    use crate::made_up;

    fn can(anchors: &[&str], any_case: bool, pattern: &str) -> bool {
        let more = format!("anchors_any_case = {any_case}\n");
        let set = made_up::set(&made_up::file(&[made_up::rule("x", anchors, pattern), more]));
        can_match_without(&set.rules()[0], &parse(pattern).unwrap())
    }

    #[test]
    fn every_match_of_a_shipped_rule_holds_an_anchor() {
        let rules = quietus_catalogue::shipped().unwrap();
        let loose = rules
            .rules()
            .iter()
            .filter(|rule| can_match_without(rule, &parse(&rule.pattern).unwrap()));
        let loose: Vec<_> = loose.map(|rule| rule.id.to_string()).collect();
        assert_eq!(loose, Vec::<String>::new());
    }

    #[test]
    fn every_way_through_a_pattern_counts() {
        for held in [
            r"acme_[0-9]{4}",
            r"\b(?:x|yy){0,3}a(?:cme)_[a-z]*",
            "(?:acme_|other-)[0-9]+",
            "ac(?:me_)+",
            "acacme_",
            "[a][c]m[e]_",
        ] {
            assert!(!can(&["acme_", "other-"], false, held), "{held}");
        }
        for loose in [
            "acme[_-][0-9]{4}",
            "(?:acme_)?[0-9]{4}",
            "(?:acme_|others)[0-9]+",
            "(?i)acme_[0-9]{4}",
            "acm.*e_",
            "(?:acme_)*",
            "[a-z]{4}_",
            r"\bacme-[0-9]\b",
        ] {
            assert!(can(&["acme_", "other-"], false, loose), "{loose}");
        }
        assert!(!can(&["Acme_"], true, "(?i)acme_[0-9]{4}"));
        assert!(!can(&["ab", "cb"], false, "(?:a|c){2}b"));
        assert!(!can(&["aa"], false, "(?:ba?){0,9}a{2,70}x"));
        assert!(can(&["aaa"], false, "x[ab]{2,70000}x"));
    }
}
