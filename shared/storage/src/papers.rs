//! What was recorded on paper, and what its person said of the record.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::{AgreementId, MatchId, PaperRecordId, UserId};
use tandem_domain::parties::Side;

use crate::{Result, parse};

/// What stood on the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnPaper {
    /// A verdict after the first meeting; what it was is not part of the record.
    Verdict,
    /// A signature under a version of the agreement.
    Signature(AgreementId),
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperRecord {
    /// The id.
    pub id: PaperRecordId,
    /// The match.
    pub matching: MatchId,
    /// Whose word it was.
    pub side: Side,
    /// What.
    pub what: OnPaper,
    /// The day that the paper carries.
    pub on: NaiveDate,
    /// Who saw it.
    pub witness: String,
    /// Who recorded it.
    pub recorded_by: UserId,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// When the person said that it is not right.
    pub contested_at: Option<DateTime<Utc>>,
}

/// Writes a record.
pub async fn insert(conn: &mut PgConnection, record: &PaperRecord) -> Result<()> {
    let (what, agreement) = match record.what {
        OnPaper::Verdict => ("VERDICT", None),
        OnPaper::Signature(id) => ("SIGNATURE", Some(id.uuid())),
    };
    sqlx::query!(
        "INSERT INTO paper_records (id, match_id, side, what, agreement_id, on_date, witness, recorded_by, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        record.id.uuid(),
        record.matching.uuid(),
        record.side.as_str(),
        what,
        agreement,
        record.on,
        record.witness,
        record.recorded_by.uuid(),
        record.recorded_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One record.
pub async fn get(conn: &mut PgConnection, id: PaperRecordId) -> Result<Option<PaperRecord>> {
    let row = sqlx::query!(
        "SELECT match_id, side, agreement_id, on_date, witness, recorded_by, recorded_at, contested_at
           FROM paper_records WHERE id = $1",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(PaperRecord {
            id,
            matching: row.match_id.into(),
            side: parse("paper_records", "side", id, &row.side)?,
            what: row
                .agreement_id
                .map_or(OnPaper::Verdict, |agreement| OnPaper::Signature(agreement.into())),
            on: row.on_date,
            witness: row.witness,
            recorded_by: row.recorded_by.into(),
            recorded_at: row.recorded_at,
            contested_at: row.contested_at,
        })
    })
    .transpose()
}

/// The person says that it is not right; `false` where it said so before.
pub async fn contest(conn: &mut PgConnection, id: PaperRecordId, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE paper_records SET contested_at = $2 WHERE id = $1 AND contested_at IS NULL",
        id.uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many records a match has.
pub async fn count(conn: &mut PgConnection, id: MatchId) -> Result<i16> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*)::smallint AS "count!" FROM paper_records WHERE match_id = $1"#,
        id.uuid()
    )
    .fetch_one(conn)
    .await?)
}

/// How many of them were contested.
pub async fn contested(conn: &mut PgConnection, id: MatchId) -> Result<i16> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*)::smallint AS "count!" FROM paper_records
            WHERE match_id = $1 AND contested_at IS NOT NULL"#,
        id.uuid()
    )
    .fetch_one(conn)
    .await?)
}

/// The records of a side of a match that it has not contested, the newest first.
pub async fn of_side(conn: &mut PgConnection, id: MatchId, side: Side) -> Result<Vec<PaperRecord>> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM paper_records WHERE match_id = $1 AND side = $2 AND contested_at IS NULL
          ORDER BY recorded_at DESC, id",
        id.uuid(),
        side.as_str(),
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut records = Vec::with_capacity(ids.len());
    for id in ids {
        records.extend(get(conn, id.into()).await?);
    }
    Ok(records)
}
