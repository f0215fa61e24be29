//! That a repository was scanned: what the board needs so that a dead cron job does not look clean.

use jiff::Timestamp;
use quietus_model::{Digest, RepositoryId, Scope, Survey, SurveyId};
use serde::{Deserialize, Serialize};

/// One repository's part of a survey, without its findings.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ScanRecord {
    /// The survey.
    pub survey: SurveyId,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// The rules that were active.
    pub rules_digest: Digest,
    /// The version of this program.
    pub tool: String,
    /// What was covered, with its gaps.
    pub scope: Scope,
    /// How many credentials were seen in this repository.
    pub findings: u64,
}

impl ScanRecord {
    /// One record for each scope of `survey`.
    pub fn of(survey: &Survey) -> Vec<Self> {
        survey.scopes.iter().map(|scope| Self::of_scope(survey, scope)).collect()
    }

    fn of_scope(survey: &Survey, scope: &Scope) -> Self {
        let here = |id: &RepositoryId| *id == scope.repository;
        let findings = survey
            .assessments
            .iter()
            .filter(|a| a.finding.locations.iter().any(|l| here(&l.repository)))
            .count() as u64;
        Self {
            survey: survey.id,
            taken_at: survey.taken_at,
            rules_digest: survey.rules_digest.clone(),
            tool: survey.tool.clone(),
            scope: scope.clone(),
            findings,
        }
    }

    /// Whether this scan may say what is at no head of the repository.
    pub fn is_complete(&self) -> bool {
        self.scope.covers_heads() || self.scope.covers_work_tree()
    }
}
