//! Surveys from elsewhere: sealed where they are taken, believed as far as their seal goes.
//!
//! A CI job scans, and what it saw goes into a file without any secret ([`seal`]). Where the ledger is,
//! [`open_sealed`] says how far that file is believed: with the seal of a key that is bound to the
//! repositories it speaks of it counts as one of our own, without a seal it may only add sightings. A
//! file whose seal is wrong, or speaks of other repositories, counts for nothing.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use jiff::{SignedDuration, Timestamp};
use quietus_model::{Digest, KeyId, RepositoryId, Secret, Survey, SurveyId, Trust};
use quietus_store::{Ledger, StoreError};
use quietus_validate::signature;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What such a file says it is.
const FORMAT: &str = "quietus.survey/v1";

/// How far another machine's clock may be ahead.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);

/// After this long nobody knows what has happened since.
const OLD: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A key that surveys of some repositories are sealed with.
#[derive(Debug)]
pub struct SurveyKey {
    key: Secret,
    repositories: GlobSet,
}

/// A pattern of repositories that is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("\"{pattern}\" is no pattern of repositories, such as git.example.org/team/*")]
pub struct SurveyKeyError {
    /// The pattern.
    pub pattern: String,
}

impl SurveyKey {
    /// The key for the repositories that one of `patterns` matches, and for no others.
    ///
    /// # Errors
    /// [`SurveyKeyError`] names a pattern that is none.
    pub fn new(key: Secret, patterns: &[String]) -> Result<Self, SurveyKeyError> {
        let mut set = GlobSetBuilder::new();
        let wrong = |pattern: &str| SurveyKeyError { pattern: pattern.to_owned() };
        for pattern in patterns {
            let glob = GlobBuilder::new(pattern).literal_separator(true).build();
            set.add(glob.map_err(|_| wrong(pattern))?);
        }
        let all = set.build().map_err(|_| wrong(&patterns.join(", ")))?;
        Ok(Self { key, repositories: all })
    }
}

/// A survey as a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    format: String,
    /// The survey as text, so that what is sealed is what is read.
    survey: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seal: Option<String>,
}

/// Why a file is no survey that could be counted.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// It is none.
    #[error("this is no survey that `quietus scan --survey` wrote: {0}")]
    NotOne(String),
    /// Its seal is not that of any key.
    #[error(
        "its seal is that of no [[survey_key]] of the configuration, or it was changed after it was \
         sealed"
    )]
    Seal,
    /// It speaks of a repository that its key is not for.
    #[error("the key it is sealed with is not for {repository}")]
    NotBound {
        /// The repository.
        repository: RepositoryId,
    },
    /// It was taken under another key of an organisation.
    #[error(
        "it was taken under key {theirs}, and the ledger's is {ours}: its fingerprints mean nothing here"
    )]
    OtherKey {
        /// The survey's.
        theirs: KeyId,
        /// The ledger's.
        ours: KeyId,
    },
    /// It is from tomorrow, or from long ago.
    #[error("it was taken at {at}, which is {when}")]
    Time {
        /// When.
        at: Timestamp,
        /// What is wrong with that.
        when: &'static str,
    },
    /// It was counted already.
    #[error("survey {0} was counted already; a survey counts once")]
    Counted(SurveyId),
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] StoreError),
}

/// `survey` as the text of a file, sealed if there is a key.
///
/// # Errors
/// [`SurveyError::NotOne`] when it cannot be written.
pub fn seal(survey: &Survey, key: Option<&Secret>) -> Result<String, SurveyError> {
    let not_one = |error: serde_json::Error| SurveyError::NotOne(error.to_string());
    let text = serde_json::to_string(survey).map_err(not_one)?;
    let seal = key.map(|key| signature(key, survey.taken_at, text.as_bytes()));
    let sealed = Sealed { format: FORMAT.to_owned(), survey: text, seal };
    serde_json::to_string(&sealed).map_err(not_one)
}

/// The survey in `text`, with the trust that it deserves, and why it deserves no more, if that is so.
///
/// # Errors
/// [`SurveyError`] when it must not be counted at all.
pub async fn open_sealed(
    text: &str,
    keys: &[SurveyKey],
    ledger: &Ledger,
    now: Timestamp,
) -> Result<(Survey, Option<&'static str>), SurveyError> {
    let not_one = |error: serde_json::Error| SurveyError::NotOne(error.to_string());
    let sealed: Sealed = serde_json::from_str(text).map_err(not_one)?;
    if sealed.format != FORMAT {
        return Err(SurveyError::NotOne(format!("its format is not {FORMAT}")));
    }
    let mut survey: Survey = serde_json::from_str(&sealed.survey).map_err(not_one)?;
    check(&survey, ledger, now)?;
    if ledger.has_survey(survey.id).await? {
        return Err(SurveyError::Counted(survey.id));
    }
    let mut doubt = None;
    survey.trust = match &sealed.seal {
        Some(seal) => {
            let at = survey.taken_at;
            let fits = |key: &&SurveyKey| {
                is_seal(seal, &signature(&key.key, at, sealed.survey.as_bytes()))
            };
            let key = keys.iter().find(fits).ok_or(SurveyError::Seal)?;
            bound(&survey, key)?;
            Trust::Authenticated
        }
        None => {
            doubt = Some("it has no seal");
            Trust::Untrusted
        }
    };
    if survey.trust == Trust::Authenticated && is_overtaken(&survey, ledger).await? {
        // What was seen later must not be shown gone by what was not seen before.
        doubt = Some("a later scan of the same repository was counted before");
        survey.trust = Trust::Untrusted;
    }
    // What is not reported is decided where the ledger is, and so is what is in escrow there.
    for assessment in &mut survey.assessments {
        (assessment.silence, assessment.sealed) = (None, None);
    }
    Ok((survey, doubt))
}

fn check(survey: &Survey, ledger: &Ledger, now: Timestamp) -> Result<(), SurveyError> {
    if survey.key_id != *ledger.key_id() {
        let (theirs, ours) = (survey.key_id.clone(), ledger.key_id().clone());
        return Err(SurveyError::OtherKey { theirs, ours });
    }
    let age = now.duration_since(survey.taken_at);
    let at = survey.taken_at;
    match () {
        () if age < -AHEAD => Err(SurveyError::Time { at, when: "in the future" }),
        () if age > OLD => Err(SurveyError::Time { at, when: "too long ago" }),
        () => Ok(()),
    }
}

/// Compared by their digests, so that the time it takes tells nothing of where they differ.
fn is_seal(one: &str, other: &str) -> bool {
    Digest::of(one.as_bytes()) == Digest::of(other.as_bytes())
}

/// Whether the key is for every repository that the survey speaks of, in whatever place.
fn bound(survey: &Survey, key: &SurveyKey) -> Result<(), SurveyError> {
    let places = survey.assessments.iter().flat_map(|one| &one.finding.locations);
    let spoken_of: BTreeSet<&RepositoryId> = survey
        .scopes
        .iter()
        .map(|scope| &scope.repository)
        .chain(places.map(|place| &place.repository))
        .collect();
    match spoken_of.into_iter().find(|id| !key.repositories.is_match(id.as_str())) {
        Some(repository) => Err(SurveyError::NotBound { repository: repository.clone() }),
        None => Ok(()),
    }
}

async fn is_overtaken(survey: &Survey, ledger: &Ledger) -> Result<bool, SurveyError> {
    let scans = ledger.scans().await?;
    Ok(survey.scopes.iter().any(|scope| {
        let known = scans.iter().find(|scans| *scans.repository() == scope.repository);
        known.is_some_and(|scans| scans.latest.taken_at > survey.taken_at)
    }))
}
