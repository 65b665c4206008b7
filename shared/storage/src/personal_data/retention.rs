//! What is due to be erased (domain.md "Data protection").

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::CaseId;
use uuid::Uuid;

use super::Subject;
use crate::{Result, parse};

/// Cases that ended before this moment and still have their free text.
pub async fn free_text(
    conn: &mut PgConnection,
    ended_before: DateTime<Utc>,
    most: i64,
) -> Result<Vec<CaseId>> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM cases
          WHERE COALESCE(closed_at, withdrawn_at) < $1 AND free_text_erased_at IS NULL
          ORDER BY COALESCE(closed_at, withdrawn_at), id LIMIT $2",
        ended_before,
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(CaseId::from).collect())
}

/// People whose data are due: mentees whose last case ended, or whose outcome was confirmed, before this
/// day, or who never had a case; experts who left before it, and whose last match ended before it; closed
/// accounts. Nobody who is on hold or whose erasure was asked for already.
pub async fn people(
    conn: &mut PgConnection,
    before: NaiveDate,
    today: NaiveDate,
    most: i64,
) -> Result<Vec<(Subject, Uuid)>> {
    let rows = sqlx::query!(
        r#"SELECT kind AS "kind!", id AS "id!" FROM (
             SELECT 'MENTEE' AS kind, t.id
               FROM mentees t
              WHERE t.erased_at IS NULL AND t.created_at::date < $1
                AND NOT EXISTS (SELECT FROM cases c WHERE c.mentee_id = t.id AND (
                        c.state NOT IN ('CLOSED', 'WITHDRAWN')
                        OR GREATEST(c.closed_at, c.withdrawn_at, c.outcome_confirmed_at)::date >= $1))
             UNION ALL
             SELECT 'EXPERT', e.id
               FROM experts e
              WHERE e.erased_at IS NULL AND e.state = 'LEFT' AND e.left_on < $1 AND e.open_matches = 0
                AND NOT EXISTS (SELECT FROM matches m WHERE m.expert_id = e.id AND m.ended_at::date >= $1)
             UNION ALL
             SELECT 'USER', u.id
               FROM users u
              WHERE u.erased_at IS NULL AND NOT u.active AND u.updated_at::date < $1) AS due
           WHERE NOT EXISTS (SELECT FROM legal_holds h WHERE h.subject_id = due.id AND h.until >= $2)
             AND NOT EXISTS (SELECT FROM data_requests r WHERE r.subject_id = due.id AND r.kind = 'ERASURE'
                                AND r.state IN ('WAITING', 'QUEUED', 'RUNNING'))
           ORDER BY kind, id LIMIT $3"#,
        before,
        today,
        most,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| Ok((parse("due", "kind", row.id, &row.kind)?, row.id)))
        .collect()
}
