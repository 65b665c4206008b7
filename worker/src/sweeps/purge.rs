//! What is of no use any more. Deduplication of e-mails lives in the deliveries, so old jobs may go.

use chrono::TimeDelta;
use tandem_operations::{App, Error, jobs::JobError, runs::SNAPSHOT_LIFE};
use tandem_storage::{idempotency, jobs, persons, runs, sessions, sweep_ticks};

const KEEP_DONE: TimeDelta = TimeDelta::days(14);
/// Dead jobs stay long enough for somebody to come back from a long holiday.
const KEEP_DEAD: TimeDelta = TimeDelta::days(180);
const KEEP_TICKS: TimeDelta = TimeDelta::days(30);
/// Wishes for sign-in links, links that ran out and sessions that have ended are of no use to anybody.
const KEEP_ENDED: TimeDelta = TimeDelta::days(1);
/// Nobody repeats a call after so long; a form that lay open over a holiday is sent within it.
const KEEP_KEYS: TimeDelta = TimeDelta::days(60);
/// Network addresses that tried codes count by the hour.
const KEEP_ATTEMPTS: TimeDelta = TimeDelta::days(1);
const BATCH: i64 = 5_000;

/// Deletes jobs that were done two weeks ago or died half a year ago, what is left of sign-ins and sessions, old
/// ticks of sweeps, keys of calls, attempts at codes, and the numbers behind old plans.
pub async fn sweep(app: App) -> Result<(), JobError> {
    purge(&app).await.map_err(JobError::from)
}

async fn purge(app: &App) -> Result<(), Error> {
    let now = app.now();
    let mut conn = app.db.acquire().await?;
    while jobs::purge_finished(&mut conn, now - KEEP_DONE, now - KEEP_DEAD, BATCH).await? > 0 {}
    sessions::purge_requests(&mut conn, now - KEEP_ENDED).await?;
    sessions::purge_links(&mut conn, now - KEEP_ENDED).await?;
    sessions::purge_ended(&mut conn, now - KEEP_ENDED).await?;
    sweep_ticks::purge(&mut conn, now - KEEP_TICKS).await?;
    idempotency::purge(&mut conn, now - KEEP_KEYS).await?;
    persons::codes::forget_attempts(&mut conn, now - KEEP_ATTEMPTS).await?;
    runs::purge_snapshots(&mut conn, now - SNAPSHOT_LIFE).await?;
    Ok(())
}
