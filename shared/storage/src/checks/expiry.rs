//! Checks that end while a match goes on.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::{CaseId, CheckId, ExpertId, MatchId, OfficeId};
use uuid::Uuid;

use crate::Result;

/// Checks whose last day has passed and that nobody has looked at for that, the longest ended first, with
/// their experts. Found by an index of just these.
pub async fn unseen(conn: &mut PgConnection, today: NaiveDate, limit: i64) -> Result<Vec<(CheckId, ExpertId)>> {
    let rows = sqlx::query!(
        "SELECT id, expert_id FROM background_checks
         WHERE expiry_seen_on IS NULL AND erased_on IS NULL AND no_relevant_entry AND valid_until < $1
         ORDER BY valid_until, id LIMIT $2",
        today,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.into(), row.expert_id.into()))
        .collect())
}

/// Notes that a check's end was looked at.
pub async fn mark_seen(conn: &mut PgConnection, check: CheckId, today: NaiveDate) -> Result<()> {
    sqlx::query!(
        "UPDATE background_checks SET expiry_seen_on = $2 WHERE id = $1 AND erased_on IS NULL",
        check.uuid(),
        today,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A match that goes on, as far as the protection of its mentee is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    /// The match.
    pub id: MatchId,
    /// Its case.
    pub case: CaseId,
    /// The mentee's birth date.
    pub mentee_birth_date: NaiveDate,
    /// The office that serves the case's centre.
    pub office: OfficeId,
    /// The expert's own office.
    pub expert_office: OfficeId,
}

/// An expert's `ACTIVE` matches, by rising id.
pub async fn running(conn: &mut PgConnection, expert: ExpertId) -> Result<Vec<Running>> {
    Ok(sqlx::query_as!(
        Running,
        "SELECT m.id, m.case_id AS case, t.birth_date AS mentee_birth_date, s.office_id AS office,
             e.office_id AS expert_office
         FROM matches m JOIN experts e ON e.id = m.expert_id JOIN cases c ON c.id = m.case_id
         JOIN mentees t ON t.id = c.mentee_id JOIN service_centers s ON s.id = c.center_id
         WHERE m.expert_id = $1 AND m.state = 'ACTIVE'
         ORDER BY m.id",
        expert.uuid(),
    )
    .fetch_all(conn)
    .await?)
}

/// A match that goes on without a check that permits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The match.
    pub match_id: MatchId,
    /// Its expert.
    pub expert_id: ExpertId,
    /// The check that ended, or that showed an entry.
    pub check_id: CheckId,
    /// The day on which the match is paused.
    pub pause_on: NaiveDate,
    /// When it was.
    pub paused_at: Option<DateTime<Utc>>,
}

/// Opens a gap; of two reasons for the same match the earlier day of pausing counts.
pub async fn open_gap(conn: &mut PgConnection, gap: &Gap, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO check_gaps (match_id, expert_id, check_id, pause_on, opened_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (match_id) DO UPDATE SET pause_on = LEAST(check_gaps.pause_on, excluded.pause_on),
             check_id = excluded.check_id",
        gap.match_id.uuid(),
        gap.expert_id.uuid(),
        gap.check_id.uuid(),
        gap.pause_on,
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The gaps of an expert's matches, by rising match id.
pub async fn gaps_of(conn: &mut PgConnection, expert: ExpertId) -> Result<Vec<Gap>> {
    Ok(sqlx::query_as!(
        Gap,
        "SELECT match_id, expert_id, check_id, pause_on, paused_at FROM check_gaps WHERE expert_id = $1
         ORDER BY match_id",
        expert.uuid(),
    )
    .fetch_all(conn)
    .await?)
}

/// Experts with a match that is to be paused by now, each once. Found by an index of just these.
pub async fn pauses_due(conn: &mut PgConnection, today: NaiveDate, limit: i64) -> Result<Vec<ExpertId>> {
    let rows = sqlx::query_scalar!(
        "SELECT DISTINCT expert_id FROM check_gaps WHERE paused_at IS NULL AND pause_on <= $1
         ORDER BY expert_id LIMIT $2",
        today,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(ExpertId::from).collect())
}

/// Notes that a gap's match was paused.
pub async fn mark_paused(conn: &mut PgConnection, matching: MatchId, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE check_gaps SET paused_at = $2 WHERE match_id = $1",
        matching.uuid(),
        at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Closes gaps.
pub async fn close_gaps(conn: &mut PgConnection, matches: &[MatchId]) -> Result<()> {
    let matches: Vec<Uuid> = matches.iter().map(|id| id.uuid()).collect();
    sqlx::query!("DELETE FROM check_gaps WHERE match_id = ANY($1)", &matches)
        .execute(conn)
        .await?;
    Ok(())
}

/// What the notice to an office says: an expert with matches that go on, or are paused, without a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapFacts {
    /// The expert's full name with title.
    pub expert_name: String,
    /// The expert's telephone number.
    pub expert_phone: String,
    /// Whether the check showed an entry; otherwise it ended.
    pub entry: bool,
    /// The last day on which it was valid.
    pub valid_until: Option<NaiveDate>,
    /// For each match: the number of the case, the place of the centre, the day of pausing, whether it is
    /// paused.
    pub matches: Vec<GapMatch>,
}

/// One match of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapMatch {
    /// The match.
    pub id: MatchId,
    /// The case.
    pub case: CaseId,
    /// The case's id in the centre's own list.
    pub case_reference: Option<String>,
    /// The place of the centre.
    pub place: String,
    /// The day on which it is or was paused.
    pub pause_on: NaiveDate,
    /// Whether it is paused.
    pub paused: bool,
    /// The office that serves the centre.
    pub office: OfficeId,
    /// The expert's own office.
    pub expert_office: OfficeId,
}

/// Reads what a notice about a check says; none where no gap is open for it any more.
pub async fn gap_facts(conn: &mut PgConnection, check: CheckId) -> Result<Option<GapFacts>> {
    let rows = sqlx::query!(
        r#"SELECT e.title, e.given_name, e.family_name, e.phone, e.office_id AS expert_office,
               b.no_relevant_entry, b.valid_until,
               g.match_id, g.pause_on, g.paused_at IS NOT NULL AS "paused!", c.id AS case_id, c.external_id,
               p.place, s.office_id
           FROM check_gaps g JOIN background_checks b ON b.id = g.check_id JOIN experts e ON e.id = g.expert_id
           JOIN matches m ON m.id = g.match_id JOIN cases c ON c.id = m.case_id
           JOIN service_centers s ON s.id = c.center_id JOIN postal_codes p ON p.postal_code = s.postal_code
           WHERE g.check_id = $1
           ORDER BY g.match_id"#,
        check.uuid(),
    )
    .fetch_all(conn)
    .await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    Ok(Some(GapFacts {
        expert_name: [&first.title, &first.given_name, &first.family_name]
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" "),
        expert_phone: first.phone.clone(),
        entry: first.no_relevant_entry == Some(false),
        valid_until: first.valid_until,
        matches: rows
            .iter()
            .map(|row| GapMatch {
                id: row.match_id.into(),
                case: row.case_id.into(),
                case_reference: row.external_id.clone(),
                place: row.place.clone(),
                pause_on: row.pause_on,
                paused: row.paused,
                office: row.office_id.into(),
                expert_office: row.expert_office.into(),
            })
            .collect(),
    }))
}
