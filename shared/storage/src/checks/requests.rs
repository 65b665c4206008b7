//! Requests for certificates, and inspections that wait for a second person.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::checks::{CheckKind, Encounter, Inspection};
use tandem_domain::ids::{CheckId, ExpertId, UserId};
use uuid::Uuid;

use crate::Result;

/// Writes the request for a certificate of a kind, unless one is open. Returns the open request, and
/// whether it was written now.
pub async fn request(
    conn: &mut PgConnection,
    id: CheckId,
    expert: ExpertId,
    kind: CheckKind,
    today: NaiveDate,
    by: Option<UserId>,
    at: DateTime<Utc>,
) -> Result<(CheckId, bool)> {
    let written = sqlx::query_scalar!(
        "INSERT INTO background_checks (id, expert_id, kind, requested_on, requested_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)
         ON CONFLICT (expert_id, kind) WHERE inspected_on IS NULL AND erased_on IS NULL DO NOTHING
         RETURNING id",
        id.uuid(),
        expert.uuid(),
        kind.as_str(),
        today,
        by.map(UserId::uuid),
        at,
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(id) = written {
        return Ok((id.into(), true));
    }
    let open = sqlx::query_scalar!(
        "SELECT id FROM background_checks
         WHERE expert_id = $1 AND kind = $2 AND inspected_on IS NULL AND erased_on IS NULL",
        expert.uuid(),
        kind.as_str(),
    )
    .fetch_one(conn)
    .await?;
    Ok((open.into(), false))
}

/// Takes an open request back. Says whether there was one.
pub async fn withdraw(conn: &mut PgConnection, id: CheckId) -> Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM background_checks WHERE id = $1 AND inspected_on IS NULL AND erased_on IS NULL",
        id.uuid()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The mentees whom an expert accompanies or is about to meet: matches in `INTERESTED … PAUSED`.
pub async fn encounters(
    conn: &mut PgConnection,
    expert: ExpertId,
    today: NaiveDate,
) -> Result<Vec<Encounter>> {
    let rows = sqlx::query!(
        r#"SELECT t.birth_date, COALESCE(m.first_meeting_on, c.planned_start, $2) AS "day!"
           FROM matches m JOIN cases c ON c.id = m.case_id JOIN mentees t ON t.id = c.mentee_id
           WHERE m.expert_id = $1 AND m.state IN ('INTERESTED', 'INTRODUCED', 'MET', 'ACTIVE', 'PAUSED')"#,
        expert.uuid(),
        today,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Encounter {
            mentee_birth_date: row.birth_date,
            day: row.day,
        })
        .collect())
}

/// Keeps an inspection until a second person has looked; another one for the same request takes its
/// place.
pub async fn put_pending(
    conn: &mut PgConnection,
    check: CheckId,
    inspection: &Inspection,
    inspected_by: UserId,
    at: DateTime<Utc>,
) -> Result<()> {
    drop_pending(conn, check).await?;
    sqlx::query!(
        "INSERT INTO pending_inspections (check_id, certificate_date, inspected_on, inspected_by, no_relevant_entry,
             valid_until, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        check.uuid(),
        inspection.certificate_date,
        inspection.inspected_on,
        inspected_by.uuid(),
        inspection.no_relevant_entry,
        inspection.valid_until,
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets an inspection that waited.
pub async fn drop_pending(conn: &mut PgConnection, check: CheckId) -> Result<()> {
    sqlx::query!(
        "DELETE FROM pending_inspections WHERE check_id = $1",
        check.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What the letter to the authority says about an expert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterFacts {
    /// Simple or extended.
    pub kind: CheckKind,
    /// When it was asked for, or the renewal brought to mind: the date of the letter.
    pub requested_on: NaiveDate,
    /// Academic title.
    pub title: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Birth date, where known.
    pub birth_date: Option<NaiveDate>,
    /// Street and number.
    pub street: String,
    /// Postal code.
    pub postal_code: String,
    /// Place.
    pub place: String,
}

/// Whether a request is open: the certificate has not been inspected, and was not given up.
pub async fn is_open(conn: &mut PgConnection, check: CheckId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM background_checks
             WHERE id = $1 AND inspected_on IS NULL AND erased_on IS NULL AND requested_on IS NOT NULL) AS "open!""#,
        check.uuid(),
    )
    .fetch_one(conn)
    .await?)
}

/// Reads what the letter of an open request says, or on a day the letter for the renewal of a check that
/// ends; none where it is neither any more.
pub async fn letter_facts(
    conn: &mut PgConnection,
    check: CheckId,
    on: NaiveDate,
) -> Result<Option<LetterFacts>> {
    let row = sqlx::query!(
        r#"SELECT b.id, b.kind, CASE WHEN b.inspected_on IS NULL THEN b.requested_on ELSE $2 END AS "requested_on!",
               e.title, e.given_name, e.family_name, e.birth_date,
               e.street, e.postal_code, p.place
           FROM background_checks b JOIN experts e ON e.id = b.expert_id
           JOIN postal_codes p ON p.postal_code = e.postal_code
           WHERE b.id = $1 AND b.erased_on IS NULL
             AND (b.inspected_on IS NULL AND b.requested_on IS NOT NULL
                  OR b.no_relevant_entry AND b.valid_until IS NOT NULL)"#,
        check.uuid(),
        on,
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(LetterFacts {
            kind: crate::parse("background_checks", "kind", row.id, &row.kind)?,
            requested_on: row.requested_on,
            title: row.title,
            given_name: row.given_name,
            family_name: row.family_name,
            birth_date: row.birth_date,
            street: row.street,
            postal_code: row.postal_code,
            place: row.place,
        })
    })
    .transpose()
}

/// The inspections that wait for a second person in these offices, the oldest first.
pub async fn pending_in(
    conn: &mut PgConnection,
    everything: bool,
    offices: &[Uuid],
    limit: i64,
) -> Result<Vec<(ExpertId, CheckId)>> {
    let rows = sqlx::query!(
        "SELECT b.expert_id, b.id FROM pending_inspections p
         JOIN background_checks b ON b.id = p.check_id JOIN experts e ON e.id = b.expert_id
         WHERE $1::bool OR e.office_id = ANY($2)
         ORDER BY p.created_at, b.id LIMIT $3",
        everything,
        offices,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.expert_id.into(), row.id.into()))
        .collect())
}
