//! Which replica runs a tick of a scheduled sweep.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::Result;

/// Takes a tick for this transaction; `false` where it has been run, or another replica is at it.
///
/// The sweep runs before the transaction commits: where it fails or its process dies, the tick is free
/// again, and whoever asks next catches it up.
pub async fn take(
    conn: &mut PgConnection,
    name: &str,
    tick: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool> {
    // The lock comes first: without it a second replica would wait at the unique key for as long as
    // the sweep takes.
    let locked = sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(hashtextextended('tandem sweep ' || $1::text, 0)) AS "locked!""#,
        name,
    )
    .fetch_one(&mut *conn)
    .await?;
    if !locked {
        return Ok(false);
    }
    let taken = sqlx::query!(
        "INSERT INTO sweep_ticks (name, tick, ran_at) VALUES ($1, $2, $3) ON CONFLICT (name, tick) DO NOTHING",
        name,
        tick,
        now,
    )
    .execute(conn)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// The last tick of a sweep that was run.
pub async fn latest(conn: &mut PgConnection, name: &str) -> Result<Option<DateTime<Utc>>> {
    Ok(
        sqlx::query_scalar!("SELECT max(tick) FROM sweep_ticks WHERE name = $1", name)
            .fetch_one(conn)
            .await?,
    )
}

/// Forgets ticks before `before`, except each sweep's last one.
pub async fn purge(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let purged = sqlx::query!(
        "DELETE FROM sweep_ticks AS old
         WHERE tick < $1
           AND EXISTS (SELECT FROM sweep_ticks AS newer WHERE newer.name = old.name AND newer.tick > old.tick)",
        before,
    )
    .execute(conn)
    .await?;
    Ok(purged.rows_affected())
}
