//! What is not reported: by inline comments, paths, rules and fingerprints, as the user wants it.
//!
//! Everything is read and found all the same; this only decides what is said about it. So nothing
//! that is silenced looks absent, and whoever asks issuers can let a live credential break through.

mod patterns;
mod suppressions;

use jiff::{SignedDuration, Timestamp};
use patterns::Patterns;
use quietus_model::{
    Assessment, Comment, Comments, Confidence, Finding, Fingerprint, Judgement, Location,
    RepositoryId, RuleId, RuleSet, SafeText, Scope, ScopeKind, Severity, Silence, Verdict,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use suppressions::Entry;
pub use suppressions::{Suppression, SuppressionError, Suppressions, entries_text};

/// What the user says, from the command line and the configuration.
#[derive(Clone, Debug, Default)]
pub struct SilencingOptions {
    /// Tools whose inline comments are heeded beside `quietus:allow`.
    pub honor: Vec<String>,
    /// Patterns of paths that nothing is reported from, as in a `.gitignore`.
    pub exclude: Vec<String>,
    /// Rules that are switched off.
    pub disabled_rules: Vec<String>,
    /// Severities that are not those of the rules.
    pub severity: BTreeMap<String, Severity>,
    /// Secrets that are not reported.
    pub suppressions: Suppressions,
}

/// What is wrong with the options.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SilencingError {
    /// A tool whose comments are not known.
    #[error(
        "\"{tool}\": no tool whose comments are known; these are gitleaks, betterleaks, \
         trufflehog, kingfisher and detect-secrets"
    )]
    Tool {
        /// Which.
        tool: String,
    },
    /// A rule that does not exist.
    #[error("\"{rule}\": no such rule; `quietus rules list` shows all of them")]
    Rule {
        /// Which.
        rule: String,
    },
    /// A pattern that is none.
    #[error("\"{pattern}\": no pattern of paths as in a .gitignore ({detail})")]
    Pattern {
        /// Which.
        pattern: String,
        /// Why.
        detail: String,
    },
}

/// Decides what is not reported, at one moment.
#[derive(Clone, Debug)]
pub struct Silencing {
    honored: Comments,
    excluded: Patterns,
    disabled: BTreeSet<RuleId>,
    severity: BTreeMap<RuleId, Severity>,
    entries: Vec<Entry>,
    /// Rules that know no format: what they find is likely at best.
    formless: BTreeSet<RuleId>,
    now: Timestamp,
    longest: SignedDuration,
}

/// What became of the suppressions in one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SuppressionReport {
    /// Entries that spoke of something that was found.
    pub matched: usize,
    /// Entries whose date has passed; they silence nothing any more.
    pub expired: Vec<Stale>,
    /// Entries that reach beyond what the policy allows; they silence nothing until they do not.
    pub too_long: Vec<Stale>,
    /// Entries that spoke of nothing, although all that they could speak of was read.
    pub unmatched: Vec<Stale>,
}

/// An entry that does nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Stale {
    /// Its file.
    pub file: Arc<str>,
    /// Its line there.
    pub line: usize,
    /// Which secret it speaks of.
    pub fingerprint: Fingerprint,
    /// Its reason.
    pub reason: SafeText,
    /// Who approved it.
    pub approver: SafeText,
    /// Until when.
    pub until: Timestamp,
}

impl Silencing {
    /// What `options` say at `now`, under a policy by which nothing is set aside for longer than
    /// `longest`.
    ///
    /// # Errors
    /// [`SilencingError`] for the first thing that does not exist: a typo must not pass as a wish.
    pub fn new(
        options: SilencingOptions,
        rules: &RuleSet,
        now: Timestamp,
        longest: SignedDuration,
    ) -> Result<Self, SilencingError> {
        let mut honored = Comments::from(Comment::Quietus);
        for tool in options.honor {
            let comments = Comments::of_tool(&tool).ok_or(SilencingError::Tool { tool })?;
            honored = honored | comments;
        }
        let known = |rule: String| match rules.get(&RuleId::from(rule.as_str())) {
            Some(known) => Ok(known.id.clone()),
            None => Err(SilencingError::Rule { rule }),
        };
        let disabled = options.disabled_rules.into_iter().map(known).collect::<Result<_, _>>()?;
        let graded = |(rule, severity)| Ok((known(rule)?, severity));
        let severity = options.severity.into_iter().map(graded).collect::<Result<_, _>>()?;
        let excluded = Patterns::read(options.exclude)
            .map_err(|(pattern, detail)| SilencingError::Pattern { pattern, detail })?;
        let entries = options.suppressions.entries;
        let formless = rules.rules().iter().filter(|rule| rule.judge.is_some());
        let formless = formless.map(|rule| rule.id.clone()).collect();
        Ok(Self { honored, excluded, disabled, severity, entries, formless, now, longest })
    }

    /// The severity that the user gives to findings of this kind.
    pub fn grade(&self, finding: &mut Finding) {
        if let Some(severity) = self.severity.get(&finding.rule) {
            finding.severity = *severity;
        }
    }

    /// Why a finding is not reported, if it is not. It is silent only when it is at each of its
    /// places.
    pub fn of(&self, finding: &Finding) -> Option<Silence> {
        let each: Vec<Option<Silence>> =
            finding.locations.iter().map(|location| self.at(finding, location)).collect();
        let is_of_rule = self.disabled.contains(&finding.rule).then_some(Silence::Rule);
        // The least of the reasons is the reason.
        let weakest = |one: &Silence| match one {
            Silence::Comment { .. } => (0, None),
            Silence::Path | Silence::Rule => (1, None),
            Silence::Suppression(says) => (2, Some(says.until)),
        };
        let all = each.into_iter().collect::<Option<Vec<_>>>();
        let all = all.and_then(|all| all.into_iter().min_by_key(weakest));
        match (all, is_of_rule) {
            (Some(suppressed @ Silence::Suppression(_)), _) => Some(suppressed),
            (all, is_of_rule) => is_of_rule.or(all),
        }
    }

    fn at(&self, finding: &Finding, location: &Location) -> Option<Silence> {
        let speaking = self.entries.iter().filter(|one| one.speaks_of(finding, location));
        let said = speaking.map(|one| &one.suppression.says);
        let longest = said
            .filter(|says| self.now <= says.until && says.until <= self.latest())
            .max_by_key(|says| says.until);
        if let Some(says) = longest {
            return Some(Silence::Suppression(says.clone()));
        }
        if self.excluded.matches(&location.path) {
            return Some(Silence::Path);
        }
        let heeded = location.allowed_inline.iter().find(|one| self.honored.contains(*one));
        heeded.map(|comment| Silence::Comment { comment })
    }

    /// Notes on each assessment why it would not be reported. Comments are but a proposal here,
    /// and none for what its format shows to be a credential.
    pub fn note(&self, assessments: &mut [Assessment]) {
        for assessment in assessments {
            self.grade(&mut assessment.finding);
            let finding = &assessment.finding;
            let is_sure =
                finding.confidence == Confidence::High && !self.formless.contains(&finding.rule);
            assessment.silence = match self.of(&assessment.finding) {
                _ if is_live(&assessment.judgements) => None,
                Some(Silence::Comment { .. }) if is_sure => None,
                said => said,
            };
        }
    }

    /// What became of the suppressions in a run that found `findings`; `is_whole` when no source
    /// of it could not be read.
    pub fn report<'f>(
        &self,
        findings: impl IntoIterator<Item = &'f Finding> + Clone,
        scopes: &[Scope],
        is_whole: bool,
    ) -> SuppressionReport {
        let mut report = SuppressionReport::default();
        let is_complete = |scope: &Scope| {
            scope.is_complete()
                && !scope.ignored_left_out
                && matches!(scope.kind, ScopeKind::Whole | ScopeKind::History)
        };
        let is_whole = is_whole && !scopes.is_empty() && scopes.iter().all(is_complete);
        let scanned: BTreeSet<&RepositoryId> =
            scopes.iter().map(|scope| &scope.repository).collect();
        for entry in &self.entries {
            let until = entry.suppression.says.until;
            if until < self.now {
                report.expired.push(entry.stale());
                continue;
            }
            if until > self.latest() {
                report.too_long.push(entry.stale());
            }
            let speaks = |finding: &Finding| {
                finding.locations.iter().any(|location| entry.speaks_of(finding, location))
            };
            let repository = entry.suppression.repository.as_deref();
            let is_here = repository
                .is_none_or(|name| scanned.iter().any(|scanned| scanned.as_str() == name));
            if findings.clone().into_iter().any(speaks) {
                report.matched += 1;
            } else if is_whole && is_here {
                report.unmatched.push(entry.stale());
            }
        }
        report
    }

    /// The latest that anything may be set aside until.
    fn latest(&self) -> Timestamp {
        self.now.checked_add(self.longest).unwrap_or(Timestamp::MAX)
    }
}

impl Entry {
    fn stale(&self) -> Stale {
        let says = self.suppression.says.clone();
        Stale {
            file: Arc::clone(&self.file),
            line: self.line,
            fingerprint: self.suppression.fingerprint,
            reason: says.reason,
            approver: says.approver,
            until: says.until,
        }
    }
}

impl SuppressionReport {
    /// Whether there is something to tell.
    pub fn is_quiet(&self) -> bool {
        self.expired.is_empty() && self.too_long.is_empty() && self.unmatched.is_empty()
    }
}

/// Whether any issuer accepted it.
pub fn is_live(judgements: &[Judgement]) -> bool {
    judgements.iter().any(|judgement| matches!(judgement.verdict, Verdict::Live(_)))
}

#[cfg(test)]
mod tests;
