//! Who an export is for, and what of an item they may read.
//!
//! Outside the organisation a path, a commit and a branch say where to look for a credential that
//! may still work. They are taken out of a copy of the item before anything is written, so that no
//! format can let one through: of its places, and of every sentence of its history.

use jiff::Timestamp;
use quietus_model::{Location, SafeText};
use quietus_poam::{Event, PoamItem, Policy, Proof, Recorded, ReopenReason, Request, StepChange};
use std::collections::BTreeSet;

/// What stands where something was left out.
pub const WITHHELD: &str = "[withheld]";

/// Who an export is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Audience {
    /// People of the organisation: everything is told.
    #[default]
    Internal,
    /// Others: no path, commit or branch of what is not dead.
    External,
}

impl Audience {
    /// In lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::External => "external",
        }
    }

    /// `items` as this audience may read them, in the order of their numbers.
    pub fn view(self, items: &[PoamItem], policy: &Policy, now: Timestamp) -> Vec<PoamItem> {
        let mut items: Vec<PoamItem> = items
            .iter()
            .map(|item| match self {
                Self::External if !is_dead(item, policy, now) => withheld(item),
                _ => item.clone(),
            })
            .collect();
        items.sort_by_key(|item| (item.number, item.fingerprint()));
        items
    }
}

/// Closed, or verified dead at this moment.
pub(crate) fn is_dead(item: &PoamItem, policy: &Policy, now: Timestamp) -> bool {
    item.closure.is_some() || matches!(item.proof(policy, now), Proof::Dead { .. })
}

/// The item without its paths, commits and branches.
fn withheld(item: &PoamItem) -> PoamItem {
    let words = Words::of(item);
    let mut history = item.history.clone();
    for recorded in &mut history {
        words.leave_out(recorded);
    }
    // The first event is still the opening, so this folds as it did before.
    match PoamItem::fold(&history) {
        Ok(mut copy) => {
            copy.number = item.number;
            copy
        }
        Err(_) => item.clone(),
    }
}

/// Everything that tells where an item stands.
struct Words {
    /// Longest first, so that a path goes before the name at its end.
    texts: Vec<String>,
    /// Object ids, which people write shortened.
    ids: BTreeSet<String>,
}

/// A file name or branch shorter than this is not looked for inside other text.
const SHORTEST: usize = 3;

/// So many digits of an object id name it.
const SHORT_ID: usize = 6;

impl Words {
    fn of(item: &PoamItem) -> Self {
        let mut texts = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for recorded in &item.history {
            let Event::Sighted { location, .. } = &recorded.event else { continue };
            for path in [location.path.as_str(), location.inside.as_str()] {
                texts.insert(path.to_owned());
                texts.extend(path.rsplit('/').next().map(str::to_owned));
            }
            for head in &location.at_head {
                texts.insert(head.to_string());
                texts.extend(branch(head.as_str()).map(str::to_owned));
            }
            ids.extend(location.blob.clone());
            ids.extend(location.introduced.as_ref().map(|first| first.commit.clone()));
        }
        let mut texts: Vec<String> =
            texts.into_iter().filter(|text| text.chars().count() >= SHORTEST).collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self { texts, ids }
    }

    fn leave_out(&self, recorded: &mut Recorded) {
        match &mut recorded.event {
            Event::Sighted { location, .. } => withhold_place(location),
            Event::Claimed { note, .. }
            | Event::Bound { note, .. }
            | Event::Unbound { note, .. }
            | Event::Noted { note }
            | Event::Reopened { reason: ReopenReason::Asked { note }, .. } => self.clean(note),
            Event::Verified { evidence, .. } => self.clean(&mut evidence.summary),
            Event::Waived { reason, .. }
            | Event::Regressed { reason, .. }
            | Event::Extended { reason, .. }
            | Event::Declined { reason, .. }
            | Event::Deviated { reason, .. }
            | Event::DeviationEnded { reason }
            | Event::EscrowDestroyed { reason, .. } => self.clean(reason),
            Event::Requested { request, .. } => match request {
                Request::Extension { reason, .. }
                | Request::StepExtension { reason, .. }
                | Request::Deviation { reason, .. } => {
                    self.clean(reason);
                }
            },
            Event::Granted { note, break_glass, .. } | Event::Approved { note, break_glass } => {
                self.clean(note);
                break_glass.iter_mut().for_each(|text| self.clean(text));
            }
            Event::Attested { attestation } => self.clean_safe(&mut attestation.note),
            Event::CauseFound { note, .. } | Event::ImpactChecked { note, .. } => {
                self.clean_safe(note);
            }
            Event::Attached { attachment } => {
                let file = &mut **attachment;
                for text in [&mut file.name, &mut file.shows, &mut file.scope] {
                    self.clean_safe(text);
                }
            }
            Event::PlaybookOpened { opening } => self.clean_safe(&mut opening.because),
            Event::StepMoved { change, .. } => match change {
                StepChange::Claimed { note, break_glass, .. } => {
                    self.clean(note);
                    break_glass.iter_mut().for_each(|text| self.clean(text));
                }
                StepChange::Verified { summary } => self.clean(summary),
                StepChange::Waived { reason }
                | StepChange::Regressed { reason }
                | StepChange::Extended { reason, .. } => self.clean(reason),
                StepChange::Started => {}
            },
            Event::Closed { evidence, .. } => evidence.iter_mut().for_each(|text| self.clean(text)),
            Event::Opened { .. }
            | Event::Escrowed { .. }
            | Event::EscrowOpened { .. }
            | Event::LeftHead { .. }
            | Event::Absent { .. }
            | Event::Judged { .. }
            | Event::Aliased { .. }
            | Event::Reclassified { .. }
            | Event::Escalated { .. }
            | Event::Deferred { .. }
            | Event::Triaged { .. }
            | Event::Assigned { .. }
            | Event::Started { .. }
            | Event::Revoked { .. }
            | Event::Reopened { .. }
            | Event::Ticketed { .. } => {}
        }
    }

    fn clean_safe(&self, text: &mut SafeText) {
        let mut cleaned = text.as_str().to_owned();
        self.clean(&mut cleaned);
        *text = SafeText::plain(cleaned);
    }

    fn clean(&self, text: &mut String) {
        for word in &self.texts {
            if text.contains(word.as_str()) {
                *text = replace_words(text, word);
            }
        }
        *text = self.without_ids(text);
    }

    /// Every run of hexadecimal digits that begins an object id, or is one, is left out.
    fn without_ids(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
            let run = rest[start..].find(|c: char| !c.is_ascii_hexdigit());
            let end = run.map_or(rest.len(), |length| start + length);
            let digits = rest[start..end].to_ascii_lowercase();
            let names = |id: &String| id.to_ascii_lowercase().starts_with(&digits);
            out.push_str(&rest[..start]);
            let known = digits.len() >= SHORT_ID && self.ids.iter().any(names);
            out.push_str(if known { WITHHELD } else { &rest[start..end] });
            rest = &rest[end..];
        }
        out + rest
    }
}

/// The branch of a ref: `main` of `refs/heads/main`, `fix/a` of `refs/remotes/origin/fix/a`.
fn branch(head: &str) -> Option<&str> {
    if let Some(local) = head.strip_prefix("refs/heads/") {
        return Some(local);
    }
    head.strip_prefix("refs/remotes/").and_then(|rest| rest.split_once('/')).map(|(_, name)| name)
}

/// Replaces `word` wherever it is not a part of a longer word.
fn replace_words(text: &str, word: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in text.match_indices(word) {
        let end = at + word.len();
        let before = text[..at].chars().next_back();
        let after = text[end..].chars().next();
        let inside = [before, after].into_iter().flatten().any(char::is_alphanumeric);
        if at < from || inside {
            continue;
        }
        out.push_str(&text[from..at]);
        out.push_str(WITHHELD);
        from = end;
    }
    out + &text[from..]
}

/// Keeps the location's identity and takes away what shows the way to it.
fn withhold_place(location: &mut Location) {
    if location.path_key.is_empty() {
        // Its id is made of the key; without one, of the path, which is never written.
        location.path_key = location.path.to_string();
    }
    if !location.path.is_empty() {
        location.path = SafeText::plain(WITHHELD);
    }
    location.inside = SafeText::default();
    location.source = SafeText::default();
    location.blob = None;
    location.line = 0;
    location.end_line = 0;
    if let Some(introduced) = &mut location.introduced {
        introduced.commit = WITHHELD.to_owned();
    }
    for head in &mut location.at_head {
        *head = SafeText::plain(WITHHELD);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_left_out_and_parts_of_words_are_not() {
        assert_eq!(replace_words("main, remain, main", "main"), "[withheld], remain, [withheld]");
        assert_eq!(replace_words("aaa", "aa"), "aaa");
    }

    #[test]
    fn an_object_id_is_left_out_however_short_it_is_written() {
        let ids = BTreeSet::from(["c0ffee0123456789".to_owned()]);
        let words = Words { texts: Vec::new(), ids };
        assert_eq!(
            words.without_ids("gone since C0FFEE01, see c0ffee."),
            "gone since [withheld], see [withheld]."
        );
        assert_eq!(words.without_ids("c0ff 123456 face"), "c0ff 123456 face");
    }

    #[test]
    fn a_branch_is_known_by_its_short_name() {
        assert_eq!(branch("refs/heads/fix/a"), Some("fix/a"));
        assert_eq!(branch("refs/remotes/origin/fix/a"), Some("fix/a"));
        assert_eq!(branch("work tree"), None);
    }
}
