//! One hit for each secret, with every place it was seen at, safe to show.

use crate::located::Located;
use crate::vault::Known;
use aho_corasick::AhoCorasick;
use jiff::Timestamp;
use quietus_model::{
    Confidence, Fact, Finding, FingerprintKey, Hit, Introduced, Location, Redacted, RepositoryId,
    SafeText, Secret,
};
use std::collections::BTreeSet;

/// How much of a secret is enough to look closer: whole keys would make a large automaton.
const START: usize = 24;

/// Masks the secrets of this scan in every text that came from a repository.
pub(crate) struct Scrubber<'a> {
    secrets: Vec<&'a Secret>,
    /// Nearly no path or author holds a secret, and there may be thousands of each.
    any: Option<AhoCorasick>,
}

impl<'a> Scrubber<'a> {
    pub(crate) fn new(known: &'a [Known]) -> Self {
        let parts = known.iter().flat_map(|k| k.parts.iter().map(|part| &part.secret));
        let mut secrets: Vec<&Secret> = known.iter().map(|k| &k.secret).chain(parts).collect();
        // The longest first, so that one inside another does not spoil it.
        secrets.sort_by(|a, b| (b.len(), b.expose()).cmp(&(a.len(), a.expose())));
        secrets.dedup();
        let start = |secret: &&Secret| secret.expose()[..secret.len().min(START)].to_vec();
        let any = AhoCorasick::new(secrets.iter().map(start)).ok();
        Self { secrets, any }
    }

    pub(crate) fn text(&self, bytes: &[u8]) -> SafeText {
        let Some(any) = &self.any else {
            return SafeText::scrubbed(bytes, self.secrets.iter().copied());
        };
        // Only those that stand there: a search for every secret in every text of a large scan
        // would take the product of both.
        let there: BTreeSet<usize> = any
            .find_overlapping_iter(bytes)
            .map(|found| (found.pattern().as_usize(), found.start()))
            .filter(|(at, start)| bytes[*start..].starts_with(self.secrets[*at].expose()))
            .map(|(at, _)| at)
            .collect();
        SafeText::scrubbed(bytes, there.into_iter().map(|at| self.secrets[at]))
    }

    fn fact(&self, fact: &Fact) -> Fact {
        Fact { name: fact.name.clone(), value: self.text(fact.value.as_str().as_bytes()) }
    }
}

/// Joins secrets with their places. A secret without a place, such as one outside the path
/// filter, is left out.
pub(crate) fn gather(
    repository: &RepositoryId,
    key: &FingerprintKey,
    known: &[Known],
    located: Vec<Located>,
) -> Vec<Hit> {
    let scrubber = Scrubber::new(known);
    let mut places: Vec<Vec<Location>> = vec![Vec::new(); known.len()];
    for one in located {
        if let Some(places) = places.get_mut(one.secret as usize) {
            places.push(location(repository, key, one, &scrubber));
        }
    }
    let mut hits: Vec<Hit> = known
        .iter()
        .zip(places)
        .filter(|(_, locations)| !locations.is_empty())
        .map(|(known, mut locations)| {
            locations.sort_by(|a, b| order(a).cmp(&order(b)));
            locations.dedup_by(|a, b| a.id() == b.id());
            hit(known, locations, &scrubber)
        })
        .collect();
    hits.sort_by_key(|hit| hit.finding.fingerprint);
    hits
}

fn order(location: &Location) -> impl Ord + '_ {
    (&location.repository, location.place, &location.path, location.ordinal, location.offset)
}

pub(crate) fn hit(known: &Known, locations: Vec<Location>, scrubber: &Scrubber<'_>) -> Hit {
    Hit {
        finding: Finding {
            fingerprint: known.fingerprint,
            renamed_from: None,
            aliases: known.aliases.clone(),
            rule: known.rule.id.clone(),
            severity: known.rule.severity,
            confidence: confidence(known, &locations),
            redacted: Redacted::new(&known.secret, public_prefix(known)),
            offline: known.offline,
            missing: known.missing.clone(),
            decoded: known.decoded.iter().map(|fact| scrubber.fact(fact)).collect(),
            tags: tags(known),
            locations,
        },
        secret: known.secret.clone(),
        parts: known.parts.clone(),
    }
}

/// The tags of its rule, and the other rules that took it for theirs.
fn tags(known: &Known) -> Vec<String> {
    let others = known.rules.iter().filter(|rule| **rule != known.rule.id);
    known.rule.tags.iter().cloned().chain(others.map(ToString::to_string)).collect()
}

/// What no format proves is worth as much as the best of its places.
fn confidence(known: &Known, locations: &[Location]) -> Confidence {
    let Some(evidence) = known.evidence else { return known.confidence };
    let paths = locations.iter().map(|location| location.path.as_str());
    let most = if known.rule.judge.is_some() { known.rule.confidence } else { known.confidence };
    evidence.confidence_at(paths).min(most)
}

/// The prefix that the format makes public, of the part that the credential is keyed on.
fn public_prefix(known: &Known) -> &str {
    let keyed = known.rule.companions.iter().find(|companion| companion.name == "secret");
    let of_companion = keyed.and_then(|companion| companion.shape.as_ref());
    let prefixes = [known.rule.public_prefix(), of_companion.map_or("", |s| s.public_prefix())];
    prefixes
        .into_iter()
        .find(|prefix| !prefix.is_empty() && known.secret.expose().starts_with(prefix.as_bytes()))
        .unwrap_or("")
}

fn location(
    repository: &RepositoryId,
    key: &FingerprintKey,
    one: Located,
    scrubber: &Scrubber<'_>,
) -> Location {
    let seen = one.sighting;
    Location {
        repository: repository.clone(),
        source: SafeText::default(),
        place: one.place,
        path: scrubber.text(&one.path),
        path_key: key.path_key(&one.path),
        inside: seen
            .hidden
            .as_ref()
            .map_or_else(SafeText::default, |hidden| scrubber.text(hidden.inside.as_bytes())),
        decoded: seen.hidden.as_ref().map_or_else(Vec::new, |hidden| {
            hidden.layers.iter().map(|layer| layer.as_str().to_owned()).collect()
        }),
        ordinal: seen.ordinal,
        line: seen.line,
        column: seen.column,
        end_line: seen.end_line,
        end_column: seen.end_column,
        offset: seen.offset,
        blob: one.blob,
        versions: one.versions,
        introduced: one.introduced.map(|author| Introduced {
            commit: author.commit,
            author: scrubber.text(&author.person),
            at: Timestamp::from_second(author.time).unwrap_or(Timestamp::UNIX_EPOCH),
        }),
        last_author: one.last_author.map(|person| scrubber.text(&person)),
        code_owners: one.code_owners.iter().map(|o| scrubber.text(o.as_bytes())).collect(),
        at_head: one.at_head.iter().map(|head| scrubber.text(head)).collect(),
        allowed_inline: seen.allowed_inline,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(secret: &str) -> Known {
        use crate::{made_up, vault::Vault};
        let rules = made_up::file(&[made_up::key("8,64")]);
        let detector = crate::Detector::new(made_up::set(&rules)).unwrap();
        let key = FingerprintKey::new([7; 32]);
        let vault = Vault::new(&detector, &key, Timestamp::UNIX_EPOCH);
        let found = detector.detect(secret.as_bytes());
        assert_eq!(found.len(), 1);
        vault.keep(&found[0], &[], None);
        vault.into_known().remove(0)
    }

    #[test]
    fn only_what_stands_there_is_masked_and_the_longest_first() {
        let short = "acme_92b0c7d1e4f5a6b7c8d9e0f1";
        let long = format!("{short}0a1b2c3d");
        let like = format!("{}ffff", &short[..24]);
        let all = [known(short), known(&long), known(&like)];
        let scrubber = Scrubber::new(&all);
        let text = format!("a/{long}/{short}.{short}/acme");
        assert_eq!(scrubber.text(text.as_bytes()).as_str(), "a/[secret]/[secret].[secret]/acme");
        assert_eq!(scrubber.text(&short.as_bytes()[..24]).as_str(), &short[..24]);
    }
}
