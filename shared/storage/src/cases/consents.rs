//! Consents to the sharing of data that were entered from paper, and objections to the entries.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::{CaseId, UserId};
use tandem_domain::parties::Side;
use uuid::Uuid;

use crate::{Result, parse};

/// The newest entry of a side of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsentRecord {
    /// The case.
    pub case: CaseId,
    /// Whose consent: the mentee's or the guardian's.
    pub side: Side,
    /// The day that the paper carries.
    pub on: NaiveDate,
    /// Who entered it; none where it came with a list.
    pub recorded_by: Option<UserId>,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// Which entry of this side it is, from 1.
    pub number: i16,
    /// When the person said that it is not right.
    pub contested_at: Option<DateTime<Utc>>,
}

/// An entry to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewConsentRecord {
    /// The case.
    pub case: CaseId,
    /// Whose consent.
    pub side: Side,
    /// The day that the paper carries.
    pub on: NaiveDate,
}

/// Writes entries, each in place of its side's earlier one, in one statement however many they are.
pub async fn record_consents(
    conn: &mut PgConnection,
    entries: &[NewConsentRecord],
    by: Option<UserId>,
    at: DateTime<Utc>,
) -> Result<()> {
    let cases: Vec<Uuid> = entries.iter().map(|entry| entry.case.uuid()).collect();
    let sides: Vec<&str> = entries.iter().map(|entry| entry.side.as_str()).collect();
    let days: Vec<NaiveDate> = entries.iter().map(|entry| entry.on).collect();
    sqlx::query!(
        "INSERT INTO consent_records (case_id, side, on_date, recorded_by, recorded_at, number)
         SELECT e.case_id, e.side, e.on_date, $4, $5, 1
           FROM unnest($1::uuid[], $2::text[], $3::date[]) AS e (case_id, side, on_date)
         ON CONFLICT (case_id, side) DO UPDATE SET on_date = excluded.on_date, recorded_by = excluded.recorded_by,
             recorded_at = excluded.recorded_at, number = consent_records.number + 1, contested_at = NULL",
        &cases,
        &sides as &[&str],
        &days,
        by.map(UserId::uuid),
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The entries of these cases, the mentee's after the guardian's.
pub async fn consent_records(conn: &mut PgConnection, cases: &[CaseId]) -> Result<Vec<ConsentRecord>> {
    let cases: Vec<Uuid> = cases.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "SELECT case_id, side, on_date, recorded_by, recorded_at, number, contested_at
           FROM consent_records WHERE case_id = ANY($1) ORDER BY case_id, side",
        &cases,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| {
        Ok(ConsentRecord {
            case: row.case_id.into(),
            side: parse("consent_records", "side", row.case_id, &row.side)?,
            on: row.on_date,
            recorded_by: row.recorded_by.map(UserId::from),
            recorded_at: row.recorded_at,
            number: row.number,
            contested_at: row.contested_at,
        })
    })
    .collect()
}

/// Takes out an entry whose consent was taken out of a draft.
pub async fn forget_consent_record(conn: &mut PgConnection, case: CaseId, side: Side) -> Result<()> {
    sqlx::query!(
        "DELETE FROM consent_records WHERE case_id = $1 AND side = $2 AND contested_at IS NULL",
        case.uuid(),
        side.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The person says that the entry is not right: the consent is taken out, and the case's is in doubt. `false` where
/// there is no entry, or it was said before.
pub async fn contest_consent(
    conn: &mut PgConnection,
    case: CaseId,
    side: Side,
    at: DateTime<Utc>,
) -> Result<bool> {
    let contested = sqlx::query!(
        "UPDATE consent_records SET contested_at = $3 WHERE case_id = $1 AND side = $2 AND contested_at IS NULL",
        case.uuid(),
        side.as_str(),
        at,
    )
    .execute(&mut *conn)
    .await?;
    if contested.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "UPDATE cases
            SET mentee_consent_on = CASE WHEN $2 = 'MENTEE' THEN NULL ELSE mentee_consent_on END,
                guardian_consent_on = CASE WHEN $2 = 'GUARDIAN' THEN NULL ELSE guardian_consent_on END,
                consent_contested_at = COALESCE(consent_contested_at, $3), version = version + 1, updated_at = $3
          WHERE id = $1",
        case.uuid(),
        side.as_str(),
        at,
    )
    .execute(conn)
    .await?;
    Ok(true)
}

/// Ends the doubt where every consent that is needed has been given anew; `false` where it has not, or there was none.
pub async fn settle_consent(conn: &mut PgConnection, case: CaseId, minor: bool) -> Result<bool> {
    let settled = sqlx::query!(
        "UPDATE cases SET consent_contested_at = NULL
          WHERE id = $1 AND consent_contested_at IS NOT NULL AND mentee_consent_on IS NOT NULL
            AND (NOT $2 OR guardian_consent_on IS NOT NULL)",
        case.uuid(),
        minor,
    )
    .execute(conn)
    .await?;
    Ok(settled.rows_affected() == 1)
}
