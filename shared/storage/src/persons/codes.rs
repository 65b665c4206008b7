//! One-time codes on paper, and how often somebody tried one.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::{CaseId, CodeId, MenteeId, UserId};
use tandem_domain::parties::{Party, Side};
use uuid::Uuid;

use crate::{Result, parse};

/// A code that is to be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewCode {
    /// The id.
    pub id: CodeId,
    /// What it is about.
    pub case: CaseId,
    /// The mentee, or the guardian of this mentee.
    pub party: Party,
    /// Who at the centre asked for it.
    pub created_by: Option<UserId>,
    /// Until when it can be typed in.
    pub expires_at: DateTime<Utc>,
}

/// A code as it is stored: without the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The id.
    pub id: CodeId,
    /// What it is about.
    pub case: CaseId,
    /// Whose it is.
    pub party: Party,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// Until when it can be typed in.
    pub expires_at: DateTime<Utc>,
    /// When its page was shown.
    pub printed_at: Option<DateTime<Utc>>,
    /// When it was typed in.
    pub used_at: Option<DateTime<Utc>>,
    /// When it was closed or replaced.
    pub ended_at: Option<DateTime<Utc>>,
}

struct Row {
    id: Uuid,
    case_id: Uuid,
    mentee_id: Uuid,
    side: String,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    printed_at: Option<DateTime<Utc>>,
    used_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Code {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        let mentee = MenteeId::from(row.mentee_id);
        let side: Side = parse("person_codes", "side", row.id, &row.side)?;
        Ok(Self {
            id: row.id.into(),
            case: row.case_id.into(),
            party: if side == Side::Guardian {
                Party::Guardian(mentee)
            } else {
                Party::Mentee(mentee)
            },
            created_at: row.created_at,
            expires_at: row.expires_at,
            printed_at: row.printed_at,
            used_at: row.used_at,
            ended_at: row.ended_at,
        })
    }
}

/// Writes a code that is to be printed; those before it for the same person and case end.
pub async fn insert(conn: &mut PgConnection, new: &NewCode, now: DateTime<Utc>) -> Result<()> {
    let side = new.party.side().as_str();
    sqlx::query!(
        "UPDATE person_codes SET ended_at = $3
          WHERE case_id = $1 AND side = $2 AND used_at IS NULL AND ended_at IS NULL",
        new.case.uuid(),
        side,
        now,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "INSERT INTO person_codes (id, case_id, mentee_id, side, created_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        new.id.uuid(),
        new.case.uuid(),
        new.party.uuid(),
        side,
        new.created_by.map(UserId::uuid),
        now,
        new.expires_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One code.
pub async fn get(conn: &mut PgConnection, id: CodeId) -> Result<Option<Code>> {
    sqlx::query_as!(
        Row,
        "SELECT id, case_id, mentee_id, side, created_at, expires_at, printed_at, used_at, ended_at
           FROM person_codes WHERE id = $1",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(Code::try_from)
    .transpose()
}

/// Marks a code as printed, once, and keeps its hash; `false` where it was printed or replaced before.
pub async fn print(conn: &mut PgConnection, id: CodeId, hash: &[u8], now: DateTime<Utc>) -> Result<bool> {
    let printed = sqlx::query!(
        "UPDATE person_codes SET printed_at = $3, code_hash = $2
          WHERE id = $1 AND printed_at IS NULL AND ended_at IS NULL",
        id.uuid(),
        hash,
        now,
    )
    .execute(conn)
    .await?;
    Ok(printed.rows_affected() == 1)
}

/// Uses a code up; what it opens, where it was still good.
pub async fn take(conn: &mut PgConnection, hash: &[u8], now: DateTime<Utc>) -> Result<Option<Code>> {
    sqlx::query_as!(
        Row,
        "UPDATE person_codes SET used_at = $2
          WHERE code_hash = $1 AND used_at IS NULL AND ended_at IS NULL AND expires_at > $2
         RETURNING id, case_id, mentee_id, side, created_at, expires_at, printed_at, used_at, ended_at",
        hash,
        now,
    )
    .fetch_optional(conn)
    .await?
    .map(Code::try_from)
    .transpose()
}

/// Closes the pages of a code that was used; `false` where they were closed before.
pub async fn end(conn: &mut PgConnection, id: CodeId, now: DateTime<Utc>) -> Result<bool> {
    let ended = sqlx::query!(
        "UPDATE person_codes SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL",
        id.uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Counts one more attempt of an address in an hour; how many there were with it.
pub async fn count_attempt(conn: &mut PgConnection, address: &str, hour: DateTime<Utc>) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO person_code_attempts AS counter (address, hour, attempts) VALUES ($1, $2, 1)
         ON CONFLICT (address, hour) DO UPDATE SET attempts = counter.attempts + 1
         RETURNING attempts",
        address,
        hour,
    )
    .fetch_one(conn)
    .await?)
}

/// Forgets attempts of hours before.
pub async fn forget_attempts(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!("DELETE FROM person_code_attempts WHERE hour < $1", before)
        .execute(conn)
        .await?;
    Ok(())
}
