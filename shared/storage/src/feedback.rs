//! Answered forms and final reports.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::feedback::{Answers, Occasion, Report};
use tandem_domain::ids::{FeedbackId, MatchId};
use tandem_domain::parties::{GivenWay, Side};
use tandem_domain::values::CefrLevel;
use uuid::Uuid;

use crate::{Error, Result, parse};

/// An answered form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// The id.
    pub id: FeedbackId,
    /// The match.
    pub matching: MatchId,
    /// Who answered.
    pub side: Side,
    /// On which occasion.
    pub occasion: Occasion,
    /// What.
    pub answers: Answers,
    /// When.
    pub given_at: DateTime<Utc>,
}

/// Writes an answered form; on the same occasion the newer answer counts.
pub async fn put(
    conn: &mut PgConnection,
    id: FeedbackId,
    matching: MatchId,
    occasion: Occasion,
    answers: &Answers,
    way: GivenWay,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO feedback (id, match_id, side, occasion, answers, given_by_way, given_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (match_id, side, occasion) DO UPDATE SET answers = excluded.answers,
             given_by_way = excluded.given_by_way, given_at = excluded.given_at",
        id.uuid(),
        matching.uuid(),
        answers.side().as_str(),
        occasion.as_str(),
        serde_json::to_value(answers).expect("answers are plain data"),
        way.as_str(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The answered forms of these matches, the newest first.
pub async fn for_matches(conn: &mut PgConnection, matches: &[MatchId]) -> Result<Vec<Feedback>> {
    let ids: Vec<Uuid> = matches.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "SELECT id, match_id, side, occasion, answers, given_at FROM feedback
          WHERE match_id = ANY($1) ORDER BY given_at DESC, id",
        &ids,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Feedback {
            id: row.id.into(),
            matching: row.match_id.into(),
            side: parse("feedback", "side", row.id, &row.side)?,
            occasion: parse("feedback", "occasion", row.id, &row.occasion)?,
            answers: serde_json::from_value(row.answers).map_err(|error| Error::Corrupt {
                table: "feedback",
                column: "answers",
                id: row.id.to_string(),
                problem: error.to_string(),
            })?,
            given_at: row.given_at,
        })
    })
    .collect()
}

/// Writes the final report of a match; the newer one counts.
pub async fn put_report(
    conn: &mut PgConnection,
    matching: MatchId,
    report: &Report,
    way: GivenWay,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO final_reports (match_id, german_level, tackles_alone, summary, given_by_way, written_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (match_id) DO UPDATE SET german_level = excluded.german_level,
             tackles_alone = excluded.tackles_alone, summary = excluded.summary,
             given_by_way = excluded.given_by_way, written_at = excluded.written_at",
        matching.uuid(),
        report.german_level.map(CefrLevel::as_str),
        report.tackles_alone.as_str(),
        report.summary,
        way.as_str(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The final reports of these matches, each with its match and when it was written.
pub async fn reports(
    conn: &mut PgConnection,
    matches: &[MatchId],
) -> Result<Vec<(MatchId, Report, DateTime<Utc>)>> {
    let ids: Vec<Uuid> = matches.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "SELECT match_id, german_level, tackles_alone, summary, written_at FROM final_reports
          WHERE match_id = ANY($1) ORDER BY match_id",
        &ids,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| {
        let id = row.match_id;
        let report = Report {
            german_level: row
                .german_level
                .map(|text| parse("final_reports", "german_level", id, &text))
                .transpose()?,
            tackles_alone: parse("final_reports", "tackles_alone", id, &row.tackles_alone)?,
            summary: row.summary,
        };
        Ok((id.into(), report, row.written_at))
    })
    .collect()
}
