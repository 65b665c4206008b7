//! What people see of the ledger, and what they do with it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::JobId;
use uuid::Uuid;

use super::{Job, Queue, State, parse_queue, parse_state};
use crate::Result;

/// Which jobs a list holds; an empty list of states means all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// In one of these states.
    pub states: Vec<State>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Of this queue.
    pub queue: Option<Queue>,
}

/// A place in the list: the job that stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// When that job was written.
    pub created_at: DateTime<Utc>,
    /// Its id.
    pub id: JobId,
}

/// Which way a page goes from its cursor; without one, from the newest or from the oldest job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To older jobs.
    Older,
    /// To newer jobs.
    Newer,
}

/// How many jobs of a queue are in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The queue.
    pub queue: Queue,
    /// The state.
    pub state: State,
    /// How many.
    pub count: u64,
}

struct Row {
    id: Uuid,
    queue: String,
    kind: String,
    payload: serde_json::Value,
    state: String,
    attempts: i32,
    max_attempts: i32,
    run_at: DateTime<Utc>,
    lease_until: Option<DateTime<Utc>>,
    progress: Option<serde_json::Value>,
    dedupe_key: Option<String>,
    last_error: Option<String>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Job {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            queue: parse_queue(row.id, &row.queue)?,
            kind: row.kind,
            payload: row.payload,
            state: parse_state(row.id, &row.state)?,
            attempts: row.attempts,
            max_attempts: row.max_attempts,
            run_at: row.run_at,
            lease_until: row.lease_until,
            progress: row.progress,
            dedupe_key: row.dedupe_key,
            last_error: row.last_error,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
        })
    }
}

/// A page of jobs beside `from`, which is not part of it. Always newest first, whichever way it goes.
pub async fn list(
    conn: &mut PgConnection,
    filter: &Filter,
    from: Option<Cursor>,
    direction: Direction,
    limit: i64,
) -> Result<Vec<Job>> {
    let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
    let queue = filter.queue.map(Queue::as_str);
    let (created_at, id) = (
        from.map(|cursor| cursor.created_at),
        from.map(|cursor| cursor.id.uuid()),
    );
    if direction == Direction::Newer {
        let mut rows = sqlx::query_as!(
            Row,
            "SELECT id, queue, kind, payload, state, attempts, max_attempts, run_at, lease_until, progress,
                    dedupe_key, last_error, created_at, started_at, finished_at
               FROM jobs
              WHERE (cardinality($1::text[]) = 0 OR state = ANY($1))
                AND ($2::text IS NULL OR kind = $2)
                AND ($3::text IS NULL OR queue = $3)
                AND ($4::timestamptz IS NULL OR (created_at, id) > ($4, $5::uuid))
              ORDER BY created_at, id LIMIT $6",
            &states as &[&str],
            filter.kind,
            queue,
            created_at,
            id,
            limit,
        )
        .fetch_all(conn)
        .await?;
        rows.reverse();
        return rows.into_iter().map(Job::try_from).collect();
    }
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, queue, kind, payload, state, attempts, max_attempts, run_at, lease_until, progress,
                dedupe_key, last_error, created_at, started_at, finished_at
           FROM jobs
          WHERE (cardinality($1::text[]) = 0 OR state = ANY($1))
            AND ($2::text IS NULL OR kind = $2)
            AND ($3::text IS NULL OR queue = $3)
            AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5::uuid))
          ORDER BY created_at DESC, id DESC LIMIT $6",
        &states as &[&str],
        filter.kind,
        queue,
        created_at,
        id,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Job::try_from).collect()
}

/// One job.
pub async fn find(conn: &mut PgConnection, id: JobId) -> Result<Option<Job>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, queue, kind, payload, state, attempts, max_attempts, run_at, lease_until, progress,
                dedupe_key, last_error, created_at, started_at, finished_at
           FROM jobs WHERE id = $1",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(Job::try_from).transpose()
}

/// The job with this dedupe key.
pub async fn find_by_dedupe_key(conn: &mut PgConnection, key: &str) -> Result<Option<Job>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, queue, kind, payload, state, attempts, max_attempts, run_at, lease_until, progress,
                dedupe_key, last_error, created_at, started_at, finished_at
           FROM jobs WHERE dedupe_key = $1",
        key,
    )
    .fetch_optional(conn)
    .await?;
    row.map(Job::try_from).transpose()
}

/// How many jobs of each queue are in each state; pairs without any are absent.
pub async fn counts(conn: &mut PgConnection) -> Result<Vec<Count>> {
    let rows = sqlx::query!(
        r#"SELECT queue, state, count(*) AS "count!" FROM jobs GROUP BY queue, state ORDER BY queue, state"#
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Count {
                queue: parse_queue(Uuid::nil(), &row.queue)?,
                state: parse_state(Uuid::nil(), &row.state)?,
                count: row.count.unsigned_abs(),
            })
        })
        .collect()
}

/// Gives dead jobs `attempts` more attempts, due now; returns the ids of those that were dead and have
/// not reached the 100 attempts which a job may have in all.
///
/// The attempts made so far stay counted: they are the fence against whoever still works on one.
pub async fn requeue(
    conn: &mut PgConnection,
    ids: &[JobId],
    attempts: i32,
    now: DateTime<Utc>,
) -> Result<Vec<JobId>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let requeued = sqlx::query_scalar!(
        "UPDATE jobs SET state = 'PENDING', run_at = $3, finished_at = NULL,
                max_attempts = LEAST(100, attempts + $2)
         WHERE id = ANY($1) AND state = 'DEAD' AND attempts < 100
         RETURNING id",
        &ids,
        attempts,
        now,
    )
    .fetch_all(conn)
    .await?;
    Ok(requeued.into_iter().map(JobId::from).collect())
}

/// Deletes up to `limit` jobs that were done before `done_before` or died before `dead_before`, and says
/// how many those were.
pub async fn purge_finished(
    conn: &mut PgConnection,
    done_before: DateTime<Utc>,
    dead_before: DateTime<Utc>,
    limit: i64,
) -> Result<u64> {
    let purged = sqlx::query!(
        "DELETE FROM jobs WHERE id IN (
             SELECT id FROM jobs
             WHERE (state = 'DONE' AND finished_at < $1) OR (state = 'DEAD' AND finished_at < $2)
             LIMIT $3 FOR UPDATE SKIP LOCKED)",
        done_before,
        dead_before,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(purged.rows_affected())
}
