//! The job ledger: outbox and truth at once (architecture.md, decision 2).
//!
//! A job moves `PENDING → DISPATCHED → RUNNING → DONE | DEAD`, and back to `PENDING` when an attempt
//! fails or is lost. Every write of a running job names the attempt it belongs to: attempts only ever
//! grow, so a worker that lost its lease cannot overwrite what a later attempt wrote. All times are
//! passed in.

mod dispatch;
mod listener;
mod listing;

pub use dispatch::{
    Due, Expired, Overdue, count_dispatched, dispatch, due, overdue, return_expired_leases, try_relay_lock,
    undispatch, undispatch_all,
};
pub use listener::Listener;
pub use listing::{
    Count, Cursor, Direction, Filter, counts, find, find_by_dedupe_key, list, purge_finished, requeue,
};

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use tandem_domain::ids::JobId;
use uuid::Uuid;

use crate::{Result, parse};

/// The channel on which an insert of jobs notifies.
pub const CHANNEL: &str = "tandem_jobs";

/// Which kind of worker takes a job; each has its own concurrency.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "lowercase")]
pub enum Queue {
    /// What somebody waits for at this moment, as a sign-in link: it overtakes everything else.
    Urgent,
    /// Bulk matching runs: long, few at a time.
    Matching,
    /// E-mails: short, many at a time.
    Mail,
    /// Everything else.
    Maintenance,
}

impl Queue {
    /// The word in the database and in Redis.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Where a job stands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// Waits until it is due, then for the relay.
    Pending,
    /// Its id was given to Redis.
    Dispatched,
    /// A worker holds its lease.
    Running,
    /// Finished.
    Done,
    /// Given up; can be requeued by a person.
    Dead,
}

impl State {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A job to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
    /// Who takes it.
    pub queue: Queue,
    /// What is to be done; the name by which the worker finds its handler.
    pub kind: String,
    /// To what: ids, never copies of data.
    pub payload: Value,
    /// How often it may be tried, 1 to 100.
    pub max_attempts: i32,
    /// Not before this instant.
    pub run_at: DateTime<Utc>,
    /// At most one job in the ledger carries it.
    pub dedupe_key: Option<String>,
}

/// One row of the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Who takes it.
    pub queue: Queue,
    /// What is to be done.
    pub kind: String,
    /// To what.
    pub payload: Value,
    /// Where it stands.
    pub state: State,
    /// Attempts begun so far.
    pub attempts: i32,
    /// Attempts allowed.
    pub max_attempts: i32,
    /// Not before this instant.
    pub run_at: DateTime<Utc>,
    /// Until when its worker holds it; only while it runs.
    pub lease_until: Option<DateTime<Utc>>,
    /// What its handler last reported.
    pub progress: Option<Value>,
    /// At most one job in the ledger carries it.
    pub dedupe_key: Option<String>,
    /// Why the last failed attempt failed.
    pub last_error: Option<String>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When its latest attempt began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was done or died.
    pub finished_at: Option<DateTime<Utc>>,
}

/// One attempt at a job, held under a lease.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The job.
    pub id: JobId,
    /// What is to be done.
    pub kind: String,
    /// To what.
    pub payload: Value,
    /// Which attempt this is, from 1; the fence of every later write.
    pub attempt: i32,
    /// Attempts allowed.
    pub max_attempts: i32,
}

/// Writes one job; `false` where its dedupe key is taken already.
pub async fn insert(conn: &mut PgConnection, job: &NewJob, now: DateTime<Utc>) -> Result<bool> {
    Ok(!insert_many(conn, std::slice::from_ref(job), now)
        .await?
        .is_empty())
}

/// Writes any number of jobs in one statement and returns the ids of those whose dedupe key was free.
pub async fn insert_many(conn: &mut PgConnection, jobs: &[NewJob], now: DateTime<Utc>) -> Result<Vec<JobId>> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = jobs.iter().map(|job| job.id.uuid()).collect();
    let queues: Vec<&str> = jobs.iter().map(|job| job.queue.as_str()).collect();
    let kinds: Vec<&str> = jobs.iter().map(|job| job.kind.as_str()).collect();
    let payloads: Vec<Value> = jobs.iter().map(|job| job.payload.clone()).collect();
    let max_attempts: Vec<i32> = jobs.iter().map(|job| job.max_attempts).collect();
    let run_at: Vec<DateTime<Utc>> = jobs.iter().map(|job| job.run_at).collect();
    let dedupe_keys: Vec<Option<String>> = jobs.iter().map(|job| job.dedupe_key.clone()).collect();
    let inserted = sqlx::query_scalar!(
        "INSERT INTO jobs (id, queue, kind, payload, max_attempts, run_at, dedupe_key, created_at)
         SELECT job.id, job.queue, job.kind, job.payload, job.max_attempts, job.run_at, job.dedupe_key, $8
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[], $5::integer[], $6::timestamptz[], $7::text[])
                AS job (id, queue, kind, payload, max_attempts, run_at, dedupe_key)
         ON CONFLICT (dedupe_key) DO NOTHING
         RETURNING id",
        &ids,
        &queues as &[&str],
        &kinds as &[&str],
        &payloads,
        &max_attempts,
        &run_at,
        &dedupe_keys as &[Option<String>],
        now,
    )
    .fetch_all(conn)
    .await?;
    Ok(inserted.into_iter().map(JobId::from).collect())
}

/// Begins the next attempt at a job, under a lease until `lease_until`.
///
/// `None` means that there is nothing to do: somebody else holds it, it is finished, it waits for its
/// backoff, or it has no attempt left. A job whose relay has not committed yet is waited for.
pub async fn claim(
    conn: &mut PgConnection,
    id: JobId,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
) -> Result<Option<Claimed>> {
    let row = sqlx::query!(
        "UPDATE jobs SET state = 'RUNNING', attempts = attempts + 1, lease_until = $3, started_at = $2
         WHERE id = $1 AND attempts < max_attempts
           AND (state = 'DISPATCHED' OR (state = 'PENDING' AND run_at <= $2))
         RETURNING kind, payload, attempts, max_attempts",
        id.uuid(),
        now,
        lease_until,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Claimed {
        id,
        kind: row.kind,
        payload: row.payload,
        attempt: row.attempts,
        max_attempts: row.max_attempts,
    }))
}

/// Prolongs the lease of a running attempt; `false` where it is lost.
pub async fn renew(
    conn: &mut PgConnection,
    id: JobId,
    attempt: i32,
    lease_until: DateTime<Utc>,
) -> Result<bool> {
    let renewed = sqlx::query!(
        "UPDATE jobs SET lease_until = $3 WHERE id = $1 AND state = 'RUNNING' AND attempts = $2",
        id.uuid(),
        attempt,
        lease_until,
    )
    .execute(conn)
    .await?;
    Ok(renewed.rows_affected() == 1)
}

/// Makes sure that an attempt still holds its job until this transaction ends; `false` where it is lost.
///
/// The lock lets the lease be renewed meanwhile, but nobody can return it, not even when it expires.
pub async fn hold(conn: &mut PgConnection, id: JobId, attempt: i32) -> Result<bool> {
    let held = sqlx::query_scalar!(
        "SELECT true FROM jobs WHERE id = $1 AND state = 'RUNNING' AND attempts = $2 FOR KEY SHARE",
        id.uuid(),
        attempt,
    )
    .fetch_optional(conn)
    .await?;
    Ok(held.is_some())
}

/// Stores what a running attempt reports; `false` where its lease is lost.
pub async fn report_progress(
    conn: &mut PgConnection,
    id: JobId,
    attempt: i32,
    progress: &Value,
) -> Result<bool> {
    let reported = sqlx::query!(
        "UPDATE jobs SET progress = $3 WHERE id = $1 AND state = 'RUNNING' AND attempts = $2",
        id.uuid(),
        attempt,
        progress,
    )
    .execute(conn)
    .await?;
    Ok(reported.rows_affected() == 1)
}

/// Writes that an attempt succeeded; `false` where its lease was lost, and nothing is written then.
pub async fn finish(conn: &mut PgConnection, id: JobId, attempt: i32, now: DateTime<Utc>) -> Result<bool> {
    let finished = sqlx::query!(
        "UPDATE jobs SET state = 'DONE', lease_until = NULL, dispatched_at = NULL, finished_at = $3
         WHERE id = $1 AND state = 'RUNNING' AND attempts = $2",
        id.uuid(),
        attempt,
        now,
    )
    .execute(conn)
    .await?;
    Ok(finished.rows_affected() == 1)
}

/// Writes that an attempt failed: the next one may begin at `run_at`, or the job is dead where that was
/// the last one. Returns the new state; `None` where the lease was lost, and nothing is written then.
pub async fn retry(
    conn: &mut PgConnection,
    id: JobId,
    attempt: i32,
    run_at: DateTime<Utc>,
    now: DateTime<Utc>,
    error: &str,
) -> Result<Option<State>> {
    let state = sqlx::query_scalar!(
        "UPDATE jobs SET
             state = CASE WHEN attempts < max_attempts THEN 'PENDING' ELSE 'DEAD' END,
             finished_at = CASE WHEN attempts < max_attempts THEN NULL ELSE $4::timestamptz END,
             lease_until = NULL, dispatched_at = NULL, run_at = $3, last_error = $5
         WHERE id = $1 AND state = 'RUNNING' AND attempts = $2
         RETURNING state",
        id.uuid(),
        attempt,
        run_at,
        now,
        error,
    )
    .fetch_optional(conn)
    .await?;
    state.map(|state| parse_state(id.uuid(), &state)).transpose()
}

/// Puts a job off without counting the attempt against it: it was not yet its time. `None` where the lease
/// was lost, and nothing is written then.
pub async fn postpone(
    conn: &mut PgConnection,
    id: JobId,
    attempt: i32,
    run_at: DateTime<Utc>,
    now: DateTime<Utc>,
    reason: &str,
) -> Result<Option<State>> {
    // attempts only ever grow, since they are the fence of later writes: so the limit grows with them
    let state = sqlx::query_scalar!(
        "UPDATE jobs SET
             max_attempts = LEAST(max_attempts + 1, 100),
             state = CASE WHEN attempts < LEAST(max_attempts + 1, 100) THEN 'PENDING' ELSE 'DEAD' END,
             finished_at = CASE WHEN attempts < LEAST(max_attempts + 1, 100) THEN NULL ELSE $4::timestamptz END,
             lease_until = NULL, dispatched_at = NULL, run_at = $3, last_error = $5
         WHERE id = $1 AND state = 'RUNNING' AND attempts = $2
         RETURNING state",
        id.uuid(),
        attempt,
        run_at,
        now,
        reason,
    )
    .fetch_optional(conn)
    .await?;
    state.map(|state| parse_state(id.uuid(), &state)).transpose()
}

/// Writes that an attempt failed for good; `false` where its lease was lost, and nothing is written then.
pub async fn bury(
    conn: &mut PgConnection,
    id: JobId,
    attempt: i32,
    now: DateTime<Utc>,
    error: &str,
) -> Result<bool> {
    let buried = sqlx::query!(
        "UPDATE jobs SET state = 'DEAD', lease_until = NULL, dispatched_at = NULL, finished_at = $3, last_error = $4
         WHERE id = $1 AND state = 'RUNNING' AND attempts = $2",
        id.uuid(),
        attempt,
        now,
        error,
    )
    .execute(conn)
    .await?;
    Ok(buried.rows_affected() == 1)
}

fn parse_queue(id: Uuid, text: &str) -> Result<Queue> {
    parse("jobs", "queue", id, text)
}

fn parse_state(id: Uuid, text: &str) -> Result<State> {
    parse("jobs", "state", id, text)
}
