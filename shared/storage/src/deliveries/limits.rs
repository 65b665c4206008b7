//! What keeps a mail from being sent: the pace of its domain, the wish of its recipient, an address that
//! takes none; and mails that nobody is sending any more.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::{DeliveryId, JobId};

use super::RecipientKind;
use crate::{Result, jobs, parse};

/// Reserves the next turn at a mail domain for a delivery and returns when it is: at once while the domain
/// is below its pace. Shared by all workers: turns lie `interval` apart, and up to `burst` may be taken
/// together after a rest.
///
/// A delivery keeps its turn until it has been used.
pub async fn reserve_slot(
    conn: &mut PgConnection,
    id: DeliveryId,
    domain: &str,
    interval: TimeDelta,
    burst: i32,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>> {
    let earliest = now - interval * (burst - 1);
    let slot = sqlx::query_scalar!(
        r#"INSERT INTO mail_domains AS d (domain, next_at) VALUES ($1, $2::timestamptz + $3::interval)
           ON CONFLICT (domain) DO UPDATE SET next_at = greatest(d.next_at, $2) + $3
           RETURNING next_at - $3::interval AS "slot!""#,
        domain,
        earliest,
        sqlx::postgres::types::PgInterval {
            months: 0,
            days: 0,
            microseconds: interval.num_microseconds().unwrap_or(i64::MAX),
        },
    )
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE email_deliveries SET slot_at = $2 WHERE id = $1",
        id.uuid(),
        slot
    )
    .execute(conn)
    .await?;
    Ok(slot)
}

/// Whether somebody ended mails of this kind.
pub async fn has_ended(
    conn: &mut PgConnection,
    recipient: (RecipientKind, uuid::Uuid),
    trigger: &str,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM mail_optouts
             WHERE recipient_kind = $1 AND recipient_id = $2 AND trigger = $3) AS "ended!""#,
        recipient.0.as_str(),
        recipient.1,
        trigger,
    )
    .fetch_one(conn)
    .await?)
}

/// Ends mails of this kind to somebody, or takes that back; says whether anything changed.
pub async fn end(
    conn: &mut PgConnection,
    recipient: (RecipientKind, uuid::Uuid),
    trigger: &str,
    ended: bool,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = if ended {
        sqlx::query!(
            "INSERT INTO mail_optouts (recipient_kind, recipient_id, trigger, since) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            recipient.0.as_str(),
            recipient.1,
            trigger,
            now,
        )
        .execute(conn)
        .await?
    } else {
        sqlx::query!(
            "DELETE FROM mail_optouts WHERE recipient_kind = $1 AND recipient_id = $2 AND trigger = $3",
            recipient.0.as_str(),
            recipient.1,
            trigger,
        )
        .execute(conn)
        .await?
    };
    Ok(done.rows_affected() > 0)
}

/// Why nothing is sent to an address, by its hash.
pub async fn is_suppressed(conn: &mut PgConnection, hash: &[u8]) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT reason FROM suppressed_addresses WHERE address_hash = $1",
        hash
    )
    .fetch_optional(conn)
    .await?)
}

/// Sends nothing more to an address; says whether something was sent to it until now. Of two refusals at the
/// same moment one is the first.
pub async fn suppress_address(
    conn: &mut PgConnection,
    hash: &[u8],
    refused: DeliveryId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO suppressed_addresses (address_hash, reason, since, delivery_id) VALUES ($1, $2, $3, $4)
         ON CONFLICT (address_hash) DO NOTHING",
        hash,
        reason,
        now,
        refused.uuid(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// An address took a mail after all.
pub async fn forget_suppressed(conn: &mut PgConnection, hash: &[u8]) -> Result<()> {
    sqlx::query!("DELETE FROM suppressed_addresses WHERE address_hash = $1", hash)
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes the address that refused this mail off the list; says whether it was on it.
pub async fn allow_address(conn: &mut PgConnection, refused: DeliveryId) -> Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM suppressed_addresses WHERE delivery_id = $1",
        refused.uuid()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Deliveries that are not finished although the job that carried them is: their worker was killed in its
/// last attempt. Those that another worker is at are left to it.
pub async fn left_behind(
    conn: &mut PgConnection,
    limit: i64,
) -> Result<Vec<(DeliveryId, Option<(JobId, jobs::State)>)>> {
    let held = sqlx::query_scalar!(
        "SELECT d.id
           FROM email_deliveries d
           LEFT JOIN jobs j ON j.dedupe_key = 'SEND_EMAIL:' || d.id::text
          WHERE d.state IN ('QUEUED', 'SENDING') AND (j.id IS NULL OR j.state IN ('DONE', 'DEAD'))
          ORDER BY d.created_at, d.id
          LIMIT $1
            FOR UPDATE OF d SKIP LOCKED",
        limit,
    )
    .fetch_all(&mut *conn)
    .await?;
    // the jobs are looked at again: who held a delivery a moment ago may have brought its job back to life
    let rows = sqlx::query!(
        r#"SELECT d.id, j.id AS "job?", j.state AS "job_state?"
             FROM email_deliveries d
             LEFT JOIN jobs j ON j.dedupe_key = 'SEND_EMAIL:' || d.id::text
            WHERE d.id = ANY($1) AND d.state IN ('QUEUED', 'SENDING')
              AND (j.id IS NULL OR j.state IN ('DONE', 'DEAD'))
            ORDER BY d.created_at, d.id"#,
        &held,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let job = match (row.job, row.job_state) {
                (Some(job), Some(state)) => Some((job.into(), parse("jobs", "state", job, &state)?)),
                _ => None,
            };
            Ok((row.id.into(), job))
        })
        .collect()
}

/// The language that a recipient chose; of a mailbox, that of all who work there, where they have chosen
/// the same. German otherwise, and for who is not there any more.
pub async fn recipient_language(
    conn: &mut PgConnection,
    (kind, id): (RecipientKind, uuid::Uuid),
) -> Result<String> {
    let language = sqlx::query_scalar!(
        "SELECT CASE $1::text
             WHEN 'USER' THEN (SELECT language FROM users WHERE id = $2)
             WHEN 'EXPERT' THEN (SELECT language FROM experts WHERE id = $2)
             WHEN 'MENTEE' THEN (SELECT language FROM mentees WHERE id = $2)
             WHEN 'GUARDIAN' THEN (SELECT guardian_language_of(mentees) FROM mentees WHERE id = $2)
             WHEN 'CENTER' THEN (SELECT min(u.language) FROM role_grants g JOIN users u ON u.id = g.user_id
                                  WHERE g.role = 'CENTER_STAFF' AND g.center_id = $2 AND u.active
                                 HAVING count(DISTINCT u.language) = 1)
             WHEN 'OFFICE' THEN (SELECT min(u.language) FROM role_grants g JOIN users u ON u.id = g.user_id
                                  WHERE g.role = 'COORDINATOR' AND g.office_id = $2 AND u.active
                                 HAVING count(DISTINCT u.language) = 1)
         END",
        kind.as_str(),
        id,
    )
    .fetch_one(conn)
    .await?;
    Ok(language.unwrap_or_else(|| "de".to_owned()))
}

/// A mail that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// To whom it should have gone; a mentee and a guardian are told by the case alone.
    pub recipient: String,
    /// The recipient's telephone number; may be empty.
    pub phone: String,
    /// When it was refused.
    pub at: DateTime<Utc>,
    /// The server's words.
    pub reason: String,
}

/// What an office is told of a mail that was refused; none where it did not fail.
pub async fn undelivered(conn: &mut PgConnection, id: DeliveryId) -> Result<Option<Undelivered>> {
    Ok(sqlx::query_as!(
        Undelivered,
        r#"SELECT COALESCE(CASE d.recipient_kind
                   WHEN 'EXPERT' THEN (SELECT concat_ws(' ', NULLIF(e.title, ''), e.given_name, e.family_name)
                                         FROM experts e WHERE e.id = d.recipient_id)
                   WHEN 'CENTER' THEN (SELECT s.name FROM service_centers s WHERE s.id = d.recipient_id)
                   ELSE (SELECT concat('Mentee (', s.name, ')') FROM mentees t
                           JOIN service_centers s ON s.id = t.center_id WHERE t.id = d.recipient_id)
               END, '–') AS "recipient!",
               COALESCE(CASE d.recipient_kind
                   WHEN 'EXPERT' THEN (SELECT e.phone FROM experts e WHERE e.id = d.recipient_id)
                   WHEN 'CENTER' THEN (SELECT s.phone FROM service_centers s WHERE s.id = d.recipient_id)
                   ELSE (SELECT s.phone FROM mentees t JOIN service_centers s ON s.id = t.center_id
                          WHERE t.id = d.recipient_id)
               END, '') AS "phone!",
               d.finished_at AS "at!", d.reason AS "reason!"
             FROM email_deliveries d
            WHERE d.id = $1 AND d.state = 'FAILED'"#,
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?)
}
