//! What the relay and the sweeps of the worker ask of the ledger.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::JobId;
use uuid::Uuid;

use super::{Queue, parse_queue};
use crate::Result;

/// Names the relay among PostgreSQL's advisory locks ("tandemjb").
const RELAY_LOCK: i64 = 0x7461_6e64_656d_6a62;

/// A job whose attempt ended without a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    /// The job.
    pub id: JobId,
    /// What was to be done.
    pub kind: String,
    /// Whether that was its last attempt.
    pub dead: bool,
}

/// A job that could be claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The job.
    pub id: JobId,
    /// What is to be done.
    pub kind: String,
}

/// A job that was dispatched and that nobody claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overdue {
    /// The job.
    pub id: JobId,
    /// Where it was dispatched to.
    pub queue: Queue,
}

/// Makes this transaction the one that may dispatch; `false` where another one is at it.
///
/// One at a time, so that together they never put more into Redis than it takes well.
pub async fn try_relay_lock(conn: &mut PgConnection) -> Result<bool> {
    Ok(
        sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock($1) AS "locked!""#, RELAY_LOCK)
            .fetch_one(conn)
            .await?,
    )
}

/// Marks up to `limit` due jobs of a queue as dispatched and returns their ids, the longest due first.
///
/// They are pushed to Redis before the transaction commits: a crash between the two leaves duplicates,
/// never a gap.
pub async fn dispatch(
    conn: &mut PgConnection,
    queue: Queue,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<JobId>> {
    let ids = sqlx::query_scalar!(
        "WITH due AS (
             SELECT id FROM jobs
             WHERE state = 'PENDING' AND queue = $1 AND run_at <= $3
             ORDER BY run_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
         ), dispatched AS (
             UPDATE jobs SET state = 'DISPATCHED', dispatched_at = $3 FROM due WHERE jobs.id = due.id
             RETURNING jobs.id, jobs.run_at
         )
         SELECT id FROM dispatched ORDER BY run_at, id",
        queue.as_str(),
        limit,
        now,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(JobId::from).collect())
}

/// How many jobs of each queue are dispatched and not yet claimed; a queue without any is absent.
pub async fn count_dispatched(conn: &mut PgConnection) -> Result<BTreeMap<Queue, u64>> {
    let rows = sqlx::query!(
        r#"SELECT queue, count(*) AS "count!" FROM jobs WHERE state = 'DISPATCHED' GROUP BY queue"#
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| Ok((parse_queue(Uuid::nil(), &row.queue)?, row.count.unsigned_abs())))
        .collect()
}

/// The jobs that could be claimed now without a relay, the longest due first.
pub async fn due(conn: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<Vec<Due>> {
    let rows = sqlx::query!(
        "SELECT id, kind FROM jobs
         WHERE attempts < max_attempts AND (state = 'DISPATCHED' OR (state = 'PENDING' AND run_at <= $1))
         ORDER BY run_at, id LIMIT $2",
        now,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Due {
            id: row.id.into(),
            kind: row.kind,
        })
        .collect())
}

/// Returns expired leases: the attempt counts, and a job that has none left is buried.
pub async fn return_expired_leases(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Expired>> {
    let rows = sqlx::query!(
        r#"WITH expired AS (
             SELECT id FROM jobs WHERE state = 'RUNNING' AND lease_until < $1
             ORDER BY lease_until LIMIT $2 FOR UPDATE SKIP LOCKED
         )
         UPDATE jobs SET
             state = CASE WHEN attempts < max_attempts THEN 'PENDING' ELSE 'DEAD' END,
             finished_at = CASE WHEN attempts < max_attempts THEN NULL ELSE $1::timestamptz END,
             lease_until = NULL,
             dispatched_at = NULL,
             run_at = $1,
             last_error = format('attempt %s ended without a word: its lease expired', attempts)
         FROM expired WHERE jobs.id = expired.id
         RETURNING jobs.id, kind, state = 'DEAD' AS "dead!""#,
        now,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Expired {
            id: row.id.into(),
            kind: row.kind,
            dead: row.dead,
        })
        .collect())
}

/// The jobs that were dispatched before `before` and that nobody claimed since.
pub async fn overdue(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> Result<Vec<Overdue>> {
    let rows = sqlx::query!(
        "SELECT id, queue FROM jobs WHERE state = 'DISPATCHED' AND dispatched_at < $1 ORDER BY dispatched_at LIMIT $2",
        before,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Overdue {
                id: row.id.into(),
                queue: parse_queue(row.id, &row.queue)?,
            })
        })
        .collect()
}

/// Makes those of these jobs pending again that were dispatched before `before` and not claimed since.
pub async fn undispatch(conn: &mut PgConnection, ids: &[JobId], before: DateTime<Utc>) -> Result<u64> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let returned = sqlx::query!(
        "UPDATE jobs SET state = 'PENDING', dispatched_at = NULL
         WHERE id = ANY($1) AND state = 'DISPATCHED' AND dispatched_at < $2",
        &ids,
        before,
    )
    .execute(conn)
    .await?;
    Ok(returned.rows_affected())
}

/// Makes everything that was dispatched pending again: Redis lost what it had.
pub async fn undispatch_all(conn: &mut PgConnection) -> Result<u64> {
    let returned =
        sqlx::query!("UPDATE jobs SET state = 'PENDING', dispatched_at = NULL WHERE state = 'DISPATCHED'")
            .execute(conn)
            .await?;
    Ok(returned.rows_affected())
}
