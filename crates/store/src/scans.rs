//! Reading scans back: the last ones of each repository, so that a dead cron job does not look clean.

use crate::entry::{Entry, Row};
use crate::pool::on_pool;
use crate::statement::{SCANS, SURVEY};
use crate::{Ledger, StoreError, Stream};
use futures_util::TryStreamExt;
use quietus_model::{RepositoryId, SurveyId};
use quietus_poam::{ScanRecord, SealedEntry};
use std::collections::{BTreeMap, BTreeSet};

/// The last scans of one repository. By when they were taken, not by when they arrived.
#[derive(Clone, PartialEq, Debug)]
pub struct RepositoryScans {
    /// The last one.
    pub latest: ScanRecord,
    /// The last one that was complete.
    pub latest_complete: Option<ScanRecord>,
}

impl RepositoryScans {
    /// The repository.
    pub fn repository(&self) -> &RepositoryId {
        &self.latest.scope.repository
    }

    fn take(&mut self, record: ScanRecord) {
        let known = self.latest_complete.as_ref();
        if record.is_complete() && known.is_none_or(|known| known.taken_at <= record.taken_at) {
            self.latest_complete = Some(record.clone());
        }
        if self.latest.taken_at <= record.taken_at {
            self.latest = record;
        }
    }
}

impl Ledger {
    /// The last scans of each repository, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] names the first entry that this version does not understand.
    pub async fn scans(&self) -> Result<Vec<RepositoryScans>, StoreError> {
        let mut scans: BTreeMap<RepositoryId, RepositoryScans> = BTreeMap::new();
        on_pool!(&self.pool, pool => {
            let mut rows = sqlx::query_as::<_, Row>(SCANS).fetch(pool);
            while let Some(row) = rows.try_next().await.map_err(self.failed("read"))? {
                let record: ScanRecord = Entry::from(row).parse()?;
                scans
                    .entry(record.scope.repository.clone())
                    .or_insert_with(|| RepositoryScans {
                        latest: record.clone(),
                        latest_complete: None,
                    })
                    .take(record);
            }
        });
        Ok(scans.into_values().collect())
    }

    /// The last scans of one repository, if there is one.
    ///
    /// # Errors
    /// As [`Ledger::scans`].
    pub async fn scans_of(
        &self,
        repository: &RepositoryId,
    ) -> Result<Option<RepositoryScans>, StoreError> {
        let stream = Stream::Repository(repository.clone()).to_string();
        let mut scans: Option<RepositoryScans> = None;
        for entry in self.stream(&stream).await? {
            let record: ScanRecord = entry.parse()?;
            scans
                .get_or_insert_with(|| RepositoryScans {
                    latest: record.clone(),
                    latest_complete: None,
                })
                .take(record);
        }
        Ok(scans)
    }

    /// The records of these surveys as they are sealed, in the order of the ledger.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] names the first entry that this version does not understand.
    pub async fn sealed_scans(
        &self,
        surveys: &BTreeSet<SurveyId>,
    ) -> Result<Vec<SealedEntry>, StoreError> {
        let mut sealed = Vec::new();
        on_pool!(&self.pool, pool => {
            let mut rows = sqlx::query_as::<_, Row>(SCANS).fetch(pool);
            while let Some(row) = rows.try_next().await.map_err(self.failed("read"))? {
                let entry = Entry::from(row);
                let record: ScanRecord = entry.parse()?;
                if surveys.contains(&record.survey) {
                    sealed.push(entry.sealed());
                }
            }
        });
        sealed.sort_by_key(|entry: &SealedEntry| entry.seq);
        Ok(sealed)
    }

    /// Whether a survey was counted, for any repository.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn has_survey(&self, survey: SurveyId) -> Result<bool, StoreError> {
        let id = survey.to_string();
        let count: i64 =
            on_pool!(&self.pool, pool => sqlx::query_scalar(SURVEY).bind(id).fetch_one(pool).await)
                .map_err(self.failed("read"))?;
        Ok(count > 0)
    }
}
