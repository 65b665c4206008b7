//! The erasure clock of inspections.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::checks::Activity;
use tandem_domain::clock::date_in_germany;
use tandem_domain::ids::{CheckId, ExpertId};
use uuid::Uuid;

use crate::{Result, parse};

/// Inspections whose activity has ended by a day, with what the clock depends on; the longest ended first.
///
/// Which of two columns is asked is the setting `standby_is_activity`; each has an index of just these, so
/// that it costs what waits for its erasure, not how many experts there are.
pub async fn ended(
    conn: &mut PgConnection,
    standby_is_activity: bool,
    today: NaiveDate,
    after: Option<(NaiveDate, CheckId)>,
    limit: i64,
) -> Result<Vec<(CheckId, ExpertId, NaiveDate, Activity)>> {
    let (after_day, after_id) = after.map(|(day, id)| (day, id.uuid())).unzip();
    // two statements, since each has its own index
    let due: Vec<(Uuid, NaiveDate)> = if standby_is_activity {
        sqlx::query!(
            r#"SELECT id, standby_ended_on AS "on!" FROM background_checks
               WHERE standby_ended_on <= $1 AND ($2::date IS NULL OR (standby_ended_on, id) > ($2, $3))
               ORDER BY standby_ended_on, id LIMIT $4"#,
            today,
            after_day,
            after_id,
            limit,
        )
        .fetch_all(&mut *conn)
        .await?
        .into_iter()
        .map(|row| (row.id, row.on))
        .collect()
    } else {
        sqlx::query!(
            r#"SELECT id, deployment_ended_on AS "on!" FROM background_checks
               WHERE deployment_ended_on <= $1 AND ($2::date IS NULL OR (deployment_ended_on, id) > ($2, $3))
               ORDER BY deployment_ended_on, id LIMIT $4"#,
            today,
            after_day,
            after_id,
            limit,
        )
        .fetch_all(&mut *conn)
        .await?
        .into_iter()
        .map(|row| (row.id, row.on))
        .collect()
    };
    activities(conn, due).await
}

/// Inspections whose activity ended in these days, both included, with what the clock depends on: for the
/// announcement of their erasure.
pub async fn ended_between(
    conn: &mut PgConnection,
    standby_is_activity: bool,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<Vec<Activity>> {
    let ended: Vec<(Uuid, NaiveDate)> = if standby_is_activity {
        sqlx::query!(
            r#"SELECT id, standby_ended_on AS "on!" FROM background_checks
               WHERE standby_ended_on BETWEEN $1 AND $2"#,
            from,
            until,
        )
        .fetch_all(&mut *conn)
        .await?
        .into_iter()
        .map(|row| (row.id, row.on))
        .collect()
    } else {
        sqlx::query!(
            r#"SELECT id, deployment_ended_on AS "on!" FROM background_checks
               WHERE deployment_ended_on BETWEEN $1 AND $2"#,
            from,
            until,
        )
        .fetch_all(&mut *conn)
        .await?
        .into_iter()
        .map(|row| (row.id, row.on))
        .collect()
    };
    let activities = activities(conn, ended).await?;
    Ok(activities.into_iter().map(|(.., activity)| activity).collect())
}

/// What the clock of these inspections depends on, in the order given.
async fn activities(
    conn: &mut PgConnection,
    ended: Vec<(Uuid, NaiveDate)>,
) -> Result<Vec<(CheckId, ExpertId, NaiveDate, Activity)>> {
    let (ids, days): (Vec<Uuid>, Vec<NaiveDate>) = ended.into_iter().unzip();
    let rows = sqlx::query!(
        r#"SELECT b.id, b.expert_id, b.inspected_on AS "inspected_on!", due.day AS "day!", e.state, e.activated_on,
               e.left_on,
               EXISTS (SELECT FROM matches m WHERE m.expert_id = e.id
                   AND m.state IN ('INTERESTED', 'INTRODUCED', 'MET', 'ACTIVE', 'PAUSED')) AS "engaged!",
               (SELECT max(m.ended_at) FROM matches m WHERE m.expert_id = e.id
                   AND m.state IN ('COMPLETED', 'ENDED_EARLY')) AS last_ended_at
           FROM UNNEST($1::uuid[], $2::date[]) WITH ORDINALITY AS due (id, day, place)
           JOIN background_checks b ON b.id = due.id JOIN experts e ON e.id = b.expert_id
           WHERE b.inspected_on IS NOT NULL
           ORDER BY due.place"#,
        &ids,
        &days,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let activity = Activity {
                state: parse("experts", "state", row.expert_id, &row.state)?,
                activated_on: row.activated_on,
                left_on: row.left_on,
                engaged: row.engaged,
                last_match_ended_on: row.last_ended_at.map(date_in_germany),
                inspected_on: row.inspected_on,
            };
            Ok((row.id.into(), row.expert_id.into(), row.day, activity))
        })
        .collect()
}

/// Erases what inspections found, who inspected and when; that there was one stays. Returns whose they were.
pub async fn erase(
    conn: &mut PgConnection,
    checks: &[CheckId],
    today: NaiveDate,
    at: DateTime<Utc>,
) -> Result<Vec<(CheckId, ExpertId)>> {
    let ids: Vec<Uuid> = checks.iter().map(|id| id.uuid()).collect();
    sqlx::query!("DELETE FROM pending_inspections WHERE check_id = ANY($1)", &ids)
        .execute(&mut *conn)
        .await?;
    sqlx::query!("DELETE FROM documents WHERE subject_id = ANY($1)", &ids)
        .execute(&mut *conn)
        .await?;
    let rows = sqlx::query!(
        "UPDATE background_checks SET erased_on = $2, requested_on = NULL, requested_by = NULL,
             certificate_date = NULL, inspected_on = NULL, inspected_by = NULL, confirmed_by = NULL,
             no_relevant_entry = NULL, valid_until = NULL, version = version + 1,
             updated_at = $3
         WHERE id = ANY($1) AND erased_on IS NULL
         RETURNING id, expert_id",
        &ids,
        today,
        at,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.into(), row.expert_id.into()))
        .collect())
}

/// Open requests of experts who left: nobody waits for these certificates any more.
pub async fn abandoned_requests(conn: &mut PgConnection, limit: i64) -> Result<Vec<CheckId>> {
    let rows = sqlx::query_scalar!(
        "SELECT b.id FROM background_checks b JOIN experts e ON e.id = b.expert_id
         WHERE b.inspected_on IS NULL AND b.erased_on IS NULL AND e.state = 'LEFT'
         ORDER BY b.id LIMIT $1",
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(CheckId::from).collect())
}
