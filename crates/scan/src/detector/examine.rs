//! From a match to a detection: check part, dummies, sifting, parts, offline facts.

use super::judge::Evidence;
use super::matcher::{Match, Matcher};
use super::sift::{self, Dummies, Sifted};
use super::{Detection, code, comments, decode, judge, pairing, spelled};
use quietus_model::{Companion, Confidence, Offline, Rule, Secret};
use std::ops::Range;
use std::sync::Arc;

pub(super) struct Examiner<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) dummies: &'a Dummies,
}

/// What a match says about its check part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CheckPart {
    None,
    Right,
    Wrong,
}

impl Examiner<'_> {
    /// What is behind each match of one rule, in their order.
    pub(super) fn examine(
        &self,
        rule: &Arc<Rule>,
        matcher: &Matcher,
        matches: &[Match],
    ) -> Vec<Option<Detection>> {
        let paired = pairing::pair(self.bytes, rule, matcher, matches, |span, companion| {
            self.part_is_worth_it(rule, span, companion)
        });
        matches
            .iter()
            .zip(paired)
            .map(|(one, companions)| self.detection(rule, one, companions))
            .collect()
    }

    /// What is behind one match of a rule that has no companions.
    pub(super) fn alone(&self, rule: &Arc<Rule>, one: &Match) -> Option<Detection> {
        self.detection(rule, one, Vec::new())
    }

    fn detection(
        &self,
        rule: &Arc<Rule>,
        one: &Match,
        companions: Vec<Vec<Range<usize>>>,
    ) -> Option<Detection> {
        let judged = match rule.judge {
            Some(kind) => Some(judge::judge(kind, self.bytes, one)?),
            None => None,
        };
        let stated = one.secret.clone().or_else(|| one.id.clone()).unwrap_or(one.span.clone());
        let main = judged.as_ref().map_or(stated, |judged| judged.secret.clone());
        let by_name = || rule.companions.iter().zip(&companions);
        let keyed = by_name()
            .find(|(companion, _)| companion.name == "secret")
            .and_then(|(_, spans)| spans.first().cloned());
        let secret_span = keyed.clone().unwrap_or_else(|| main.clone());

        let check = self.check_part(rule, one);
        let is_common = judged.as_ref().is_some_and(|judged| judged.is_common);
        let (offline, doubtful) = self.sift(rule, &main, &secret_span, check, is_common)?;
        let secret = Secret::from(&self.bytes[secret_span.clone()]);
        let token = decode::jwt(&self.bytes[main.clone()]);
        let (decoded, offline) = self.facts(&main, &token, offline);

        // The name of a judged value is no part of a credential.
        let named = one.parts.iter().filter(|(name, _)| judged.is_none() || &**name != "name");
        let mut parts: Vec<Companion> = named.map(|(name, span)| self.part(name, span)).collect();
        if one.id.is_some() && (one.secret.is_some() || keyed.is_some()) {
            parts.extend(one.id.iter().map(|span| self.part("id", span)));
        }
        let mut missing = Vec::new();
        for (companion, spans) in by_name() {
            let others = spans.iter().filter(|span| **span != secret_span);
            parts.extend(others.map(|span| self.part(&companion.name, span)));
            if spans.is_empty() && (companion.required || companion.needed) {
                missing.push(companion.name.clone());
            }
        }
        let evidence = doubtful.or(judged.map(|judged| judged.evidence));
        let is_whole = by_name().all(|(companion, spans)| !companion.required || !spans.is_empty());
        let doubts = usize::from(check == CheckPart::Wrong && offline != Offline::Dummy)
            + usize::from(token.is_broken && rule.judge.is_none());
        let sure = evidence.map_or(rule.confidence, |all| all.confidence().min(rule.confidence));
        // A secret opens a door whether or not somebody wrote the id beside it; an id does not.
        let has_secret = one.id.is_none() || keyed.is_some();
        let without = match (is_whole, sure) {
            (true, sure) => sure,
            (false, Confidence::High | Confidence::Medium) if has_secret => Confidence::Medium,
            (false, sure) => lowered(sure, 1),
        };
        Some(Detection {
            confidence: lowered(without, doubts),
            allowed_inline: comments::about(self.bytes, &secret_span),
            evidence,
            rule: Arc::clone(rule),
            said: spelled::said(self.bytes, &secret_span),
            span: one.span.clone(),
            secret_span,
            secret,
            parts,
            missing,
            offline,
            expires: token.expires,
            decoded,
        })
    }

    fn part(&self, name: &str, span: &Range<usize>) -> Companion {
        Companion { name: name.to_owned(), secret: Secret::from(&self.bytes[span.clone()]) }
    }

    fn check_part(&self, rule: &Rule, one: &Match) -> CheckPart {
        let (Some(check), Some(body)) = (&rule.check, &one.body) else { return CheckPart::None };
        let part = match &one.check {
            Some(part) => &self.bytes[part.clone()],
            None if check.name.is_sealed() => &[],
            None => return CheckPart::None,
        };
        if check.name.verify(&self.bytes[body.clone()], part) {
            CheckPart::Right
        } else {
            CheckPart::Wrong
        }
    }

    /// Whether a match survives, what its bytes say, and what is left to its place. The order keeps
    /// recall: a published example is named as one; a value whose firm check part is right is never
    /// dropped for the words it happens to hold.
    fn sift(
        &self,
        rule: &Rule,
        main: &Range<usize>,
        secret: &Range<usize>,
        check: CheckPart,
        is_common: bool,
    ) -> Option<(Offline, Option<Evidence>)> {
        let before = &self.bytes[..main.start];
        let (main, secret) = (&self.bytes[main.clone()], &self.bytes[secret.clone()]);
        if main.is_empty() {
            return None;
        }
        if self.dummies.holds(main) || self.dummies.holds(secret) {
            return Some((Offline::Dummy, None));
        }
        let firm = rule.check.as_ref().is_some_and(|check| check.firm);
        if sift::is_reference(main) || (firm && check == CheckPart::Wrong) {
            return None;
        }
        let proven = firm && check == CheckPart::Right;
        let mut doubtful = None;
        if !proven {
            // An id whose secret stands elsewhere is public and has no entropy to speak of.
            let keyed_on_companion = rule.companions.iter().any(|c| c.name == "secret");
            let floor = if keyed_on_companion { 0.0 } else { rule.entropy };
            let is_broad = rule.precedence <= code::BROAD && rule.judge.is_none();
            let is_code = || is_broad && code::is_code(before, main);
            if is_code() {
                return None;
            }
            match sift::sift(main, rule.shape.as_ref(), floor) {
                Sifted::Kept => {}
                // Who judged a value has weighed that.
                Sifted::Sequence if rule.judge.is_some() => {}
                Sifted::Sequence if !is_broad => doubtful = Some(Evidence::typed()),
                Sifted::Placeholder if is_common => doubtful = Some(Evidence::weak()),
                Sifted::Sequence | Sifted::Placeholder => return None,
            }
        }
        let offline = match check {
            CheckPart::None => Offline::Plausible,
            CheckPart::Right => Offline::Verified,
            CheckPart::Wrong => Offline::ChecksumFailed,
        };
        Some((offline, doubtful))
    }

    /// Whether a companion could be real; a published example counts, so that it is named as one.
    fn part_is_worth_it(
        &self,
        rule: &Rule,
        span: &Range<usize>,
        companion: &quietus_model::CompanionRule,
    ) -> bool {
        let value = &self.bytes[span.clone()];
        // A public part, such as an account or a host, may well hold the word "sample".
        let public = companion.name != "secret";
        self.dummies.holds(value)
            || (!sift::is_reference(value)
                && (public
                    || sift::sift(value, companion.shape.as_ref(), rule.entropy)
                        != Sifted::Placeholder))
    }

    fn facts(
        &self,
        main: &Range<usize>,
        token: &decode::Token,
        offline: Offline,
    ) -> (Vec<quietus_model::Fact>, Offline) {
        let mut facts = token.facts.clone();
        let account = decode::aws_account(&self.bytes[main.clone()]);
        let is_canary = account.as_deref().is_some_and(decode::is_decoy_account);
        facts.extend(account.map(|number| decode::fact("account", &number)));
        let offline = match offline {
            Offline::Dummy => Offline::Dummy,
            _ if token.is_sample => Offline::Dummy,
            _ if is_canary => Offline::Canary,
            said => said,
        };
        (facts, offline)
    }
}

fn lowered(confidence: Confidence, grades: usize) -> Confidence {
    match (confidence, grades) {
        (same, 0) => same,
        (Confidence::High, 1) => Confidence::Medium,
        _ => Confidence::Low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Detector;
    use quietus_model::RuleSet;

    const RULES: &str = r#"
[provider]
id = "acme"
name = "Acme"
docs = "https://acme.example"

[[rule]]
id = "acme-client-secret"
name = "Acme client secret"
severity = "high"
confidence = "medium"
names = ["acmecorp secret"]
value = "[0-9a-f]{32}"
[[rule.companion]]
name = "domain"
pattern = '\b(?P<secret>[a-z]{1,20}\.acmecorp\.example)\b'
within = 200
required = true

[rule.remedy]
rotate = "Make another."
revoke = "Delete it."
after_revoke = ["Read the log."]
"#;

    #[test]
    fn a_secret_without_its_id_is_reported_as_before() {
        let rules = RuleSet::parse([("acme.toml", RULES)]).unwrap();
        let detector = Detector::new(Arc::new(rules)).unwrap();
        let value = ["9f3c1e77", "a0b2d458", "3f9c1e77", "a0b2d468"].concat();
        let text = format!("ACMECORP_SECRET={value}");
        let found = detector.detect(text.as_bytes());
        assert_eq!(found[0].missing, ["domain"]);
        assert_eq!(found[0].confidence, Confidence::Medium);
    }
}
