//! Who may come in over the network: tokens and sessions, kept beside the ledger in its database.
//!
//! They are no part of the chain: a session ends and is forgotten, an entry never is. Of a token or
//! session only the digest is kept, so a copy of the database lets nobody in.

use crate::error::Failure;
use crate::pool::on_pool;
use crate::{Ledger, StoreError};
use jiff::Timestamp;
use quietus_model::Digest;
use quietus_poam::Roles;

/// Both databases take the same text.
const TABLES: &str = "CREATE TABLE IF NOT EXISTS access_token (
    id         TEXT PRIMARY KEY,
    hash       TEXT NOT NULL UNIQUE,
    subject    TEXT NOT NULL,
    roles      TEXT NOT NULL,
    made_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at   BIGINT
);
CREATE TABLE IF NOT EXISTS access_session (
    hash       TEXT PRIMARY KEY,
    subject    TEXT NOT NULL,
    roles      TEXT NOT NULL,
    proven     BIGINT NOT NULL,
    token      TEXT REFERENCES access_token (id),
    made_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
)";

const NEW_TOKEN: &str = "INSERT INTO access_token \
     (id, hash, subject, roles, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";

const TOKENS: &str = "SELECT id, subject, roles, made_at, expires_at, ended_at \
     FROM access_token ORDER BY made_at, id";

const TOKEN: &str = "SELECT id, subject, roles, made_at, expires_at, ended_at \
     FROM access_token WHERE hash = $1";

const END_TOKEN: &str = "UPDATE access_token SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";

const NEW_SESSION: &str = "INSERT INTO access_session \
     (hash, subject, roles, proven, token, made_at, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";

/// A session lasts no longer than the token it was opened with.
const SESSION: &str = "SELECT s.subject, s.roles, s.proven, s.token, s.made_at, s.expires_at \
     FROM access_session s LEFT JOIN access_token t ON t.id = s.token \
     WHERE s.hash = $1 AND s.expires_at > $2 \
     AND (s.token IS NULL OR (t.ended_at IS NULL AND t.expires_at > $2))";

const END_SESSION: &str = "DELETE FROM access_session WHERE hash = $1 OR expires_at <= $2";

/// A token that lets somebody in, without its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessToken {
    /// Its public name.
    pub id: String,
    /// Whom it lets in.
    pub subject: String,
    /// As what.
    pub roles: Roles,
    /// When it was made.
    pub made_at: Timestamp,
    /// From when on it lets nobody in.
    pub expires_at: Timestamp,
    /// When it was taken back.
    pub ended_at: Option<Timestamp>,
}

impl AccessToken {
    /// Whether it lets anybody in.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}

/// A browser that somebody signed in with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessSession {
    /// Who.
    pub subject: String,
    /// As what.
    pub roles: Roles,
    /// Their id was proven.
    pub proven: bool,
    /// The token they signed in with.
    pub token: Option<String>,
    /// Since when.
    pub made_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

type TokenRow = (String, String, String, i64, i64, Option<i64>);
type SessionRow = (String, String, i64, Option<String>, i64, i64);

impl Ledger {
    /// Makes the tables of tokens and sessions, unless they are there.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn prepare_access(&self) -> Result<(), StoreError> {
        let begin = self.pool.begin_creation();
        let made: Result<(), Failure> = on_pool!(&self.pool, pool => async {
            let mut transaction = pool.begin_with(begin).await?;
            sqlx::raw_sql(TABLES).execute(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(())
        }.await);
        made.map_err(|failure| failure.told(self.location(), "add to"))
    }

    /// Keeps a new token, by the digest of its value.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn add_token(&self, token: &AccessToken, hash: &Digest) -> Result<(), StoreError> {
        let roles = written(&token.roles);
        on_pool!(&self.pool, pool => sqlx::query(NEW_TOKEN)
            .bind(&token.id)
            .bind(hash.as_str())
            .bind(&token.subject)
            .bind(roles)
            .bind(token.made_at.as_microsecond())
            .bind(token.expires_at.as_microsecond())
            .execute(pool)
            .await
            .map(drop))
        .map_err(self.failed("write"))
    }

    /// All tokens, oldest first, those that let nobody in any more included.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn tokens(&self) -> Result<Vec<AccessToken>, StoreError> {
        let rows: Result<Vec<TokenRow>, _> =
            on_pool!(&self.pool, pool => sqlx::query_as(TOKENS).fetch_all(pool).await);
        Ok(rows.map_err(self.failed("read"))?.into_iter().map(token).collect())
    }

    /// The token of this digest, whether it still lets anybody in or not.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn token(&self, hash: &Digest) -> Result<Option<AccessToken>, StoreError> {
        let row: Result<Option<TokenRow>, _> = on_pool!(&self.pool, pool => {
            sqlx::query_as(TOKEN).bind(hash.as_str()).fetch_optional(pool).await
        });
        Ok(row.map_err(self.failed("read"))?.map(token))
    }

    /// Takes a token back, and with it the sessions it opened; whether there was one to take back.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn end_token(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let ended = on_pool!(&self.pool, pool => sqlx::query(END_TOKEN)
            .bind(id)
            .bind(now.as_microsecond())
            .execute(pool)
            .await
            .map(|done| done.rows_affected()));
        ended.map(|count| count > 0).map_err(self.failed("write"))
    }

    /// Keeps a new session, by the digest of its value.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn add_session(
        &self,
        session: &AccessSession,
        hash: &Digest,
    ) -> Result<(), StoreError> {
        let roles = written(&session.roles);
        on_pool!(&self.pool, pool => sqlx::query(NEW_SESSION)
            .bind(hash.as_str())
            .bind(&session.subject)
            .bind(roles)
            .bind(i64::from(session.proven))
            .bind(&session.token)
            .bind(session.made_at.as_microsecond())
            .bind(session.expires_at.as_microsecond())
            .execute(pool)
            .await
            .map(drop))
        .map_err(self.failed("write"))
    }

    /// The session of this digest, if it lets anybody in at `now`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn session(
        &self,
        hash: &Digest,
        now: Timestamp,
    ) -> Result<Option<AccessSession>, StoreError> {
        let row: Result<Option<SessionRow>, _> = on_pool!(&self.pool, pool => {
            sqlx::query_as(SESSION)
                .bind(hash.as_str())
                .bind(now.as_microsecond())
                .fetch_optional(pool)
                .await
        });
        Ok(row.map_err(self.failed("read"))?.map(session))
    }

    /// Forgets a session, and all that have run out.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn end_session(&self, hash: &Digest, now: Timestamp) -> Result<(), StoreError> {
        on_pool!(&self.pool, pool => sqlx::query(END_SESSION)
            .bind(hash.as_str())
            .bind(now.as_microsecond())
            .execute(pool)
            .await
            .map(drop))
        .map_err(self.failed("write"))
    }
}

fn written(roles: &Roles) -> String {
    serde_json::to_string(roles).unwrap_or_default()
}

/// What cannot be read gives no right at all.
fn roles(text: &str) -> Roles {
    serde_json::from_str(text).unwrap_or_else(|_| Roles::held([]))
}

fn moment(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn token((id, subject, held, made_at, expires_at, ended_at): TokenRow) -> AccessToken {
    let ended_at = ended_at.map(moment);
    let (made_at, expires_at) = (moment(made_at), moment(expires_at));
    AccessToken { id, subject, roles: roles(&held), made_at, expires_at, ended_at }
}

fn session((subject, held, proven, token, made_at, expires_at): SessionRow) -> AccessSession {
    let (made_at, expires_at) = (moment(made_at), moment(expires_at));
    AccessSession { subject, roles: roles(&held), proven: proven != 0, token, made_at, expires_at }
}
