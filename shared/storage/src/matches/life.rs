//! The steps after the yes, and what of them falls due.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::checks::CheckKind;
use tandem_domain::ids::{CaseId, ExpertId, MatchId};
use tandem_domain::matches::{EndReason, EndedBy, PauseReason};

use super::Match;
use crate::Result;

/// Writes where a match stands after a step. It was read under the locks of its case and its expert, so
/// that nobody else has changed it since; the version grows by one.
pub async fn store(conn: &mut PgConnection, matching: &Match, now: DateTime<Utc>) -> Result<()> {
    let planned = matching.planned.as_ref();
    let reasons: Vec<&str> = matching
        .end_reasons
        .iter()
        .copied()
        .map(EndReason::as_str)
        .collect();
    sqlx::query!(
        "UPDATE matches SET state = $2, introduced_at = $3, introduced_by = $4, briefed_on = $5, briefing_note = $6,
             meeting_planned_at = $7, meeting_planned_place = $8, meeting_planned_by = $9, meeting_plan = $10,
             first_meeting_on = $11, met_recorded_at = $12, consented_at = $13, active_from = $14, paused_at = $15,
             pause_reason = $16, ended_at = $17, ended_by_side = $18, end_reasons = $19, another_match_wished = $20,
             mentee_wishes_another = $21, version = version + 1, updated_at = $22
          WHERE id = $1",
        matching.id.uuid(),
        matching.state.as_str(),
        matching.introduced_at,
        matching.introduced_by.map(tandem_domain::ids::UserId::uuid),
        matching.briefed_on,
        matching.briefing_note,
        planned.map(|plan| plan.at),
        planned.map_or("", |plan| plan.place.as_str()),
        planned.map(|plan| plan.by.as_str()),
        matching.meeting_plan,
        matching.first_meeting_on,
        matching.met_recorded_at,
        matching.consented_at,
        matching.active_from,
        matching.paused.map(|(at, _)| at),
        matching.paused.map(|(_, reason)| PauseReason::as_str(reason)),
        matching.ended_at,
        matching.ended_by.map(EndedBy::as_str),
        &reasons as &[&str],
        matching.another_wished,
        matching.mentee_another_wished,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The open matches of an expert with their cases, by rising case; nothing is locked.
pub async fn open_of_expert(conn: &mut PgConnection, expert: ExpertId) -> Result<Vec<(MatchId, CaseId)>> {
    let rows = sqlx::query!(
        "SELECT id, case_id FROM matches WHERE expert_id = $1 AND match_is_open(state) ORDER BY case_id, id",
        expert.uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.into(), row.case_id.into()))
        .collect())
}

/// Approaches whose mail left before `sent_before` and that nobody answered; what could not be delivered
/// is no silence.
pub async fn lapsed(conn: &mut PgConnection, sent_before: DateTime<Utc>, limit: i64) -> Result<Vec<MatchId>> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM matches
          WHERE state = 'APPROACHED' AND approach_sent_at < $1 AND NOT undeliverable
          ORDER BY approach_sent_at, id LIMIT $2",
        sent_before,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(MatchId::from).collect())
}

/// Matches that met before `before` and whose verdicts are no result yet.
pub async fn overdue_verdicts(
    conn: &mut PgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<MatchId>> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM matches WHERE state = 'MET' AND consented_at IS NULL AND met_recorded_at <= $1
          ORDER BY met_recorded_at, id LIMIT $2",
        before,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(MatchId::from).collect())
}

/// Matches whose agreement everybody has signed and that wait for the expert to be ready.
pub async fn signed_and_waiting(conn: &mut PgConnection) -> Result<Vec<MatchId>> {
    let ids = sqlx::query_scalar!(
        "SELECT m.id FROM matches m
          WHERE m.state = 'MET' AND m.consented_at IS NOT NULL
            AND EXISTS (SELECT FROM agreements a WHERE a.match_id = m.id AND a.in_force_at IS NOT NULL)
          ORDER BY m.id",
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(MatchId::from).collect())
}

/// A running match without a valid check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// The match.
    pub id: MatchId,
    /// Decides about the kind of check.
    pub mentee_birth_date: NaiveDate,
    /// The last day on which the expert's check of the needed kind was valid, if there ever was one.
    pub expired_on: Option<NaiveDate>,
}

/// Active matches whose expert has no check on `today` of the kind that the mentee's age asks for.
/// `adult_since` is the latest birth date of somebody of age today.
pub async fn expired_checks(
    conn: &mut PgConnection,
    today: NaiveDate,
    adult_since: NaiveDate,
) -> Result<Vec<Checked>> {
    let rows = sqlx::query!(
        r#"SELECT m.id, t.birth_date,
                  (SELECT max(b.valid_until) FROM counting_checks b
                    WHERE b.expert_id = m.expert_id
                      AND (b.kind = $3 OR t.birth_date <= $2)) AS expired_on
             FROM matches m JOIN cases c ON c.id = m.case_id JOIN mentees t ON t.id = c.mentee_id
            WHERE m.state = 'ACTIVE'
              AND NOT EXISTS (SELECT FROM counting_checks b
                    WHERE b.expert_id = m.expert_id
                      AND b.inspected_on <= $1 AND b.valid_until >= $1
                      AND (b.kind = $3 OR t.birth_date <= $2))
            ORDER BY m.id"#,
        today,
        adult_since,
        CheckKind::Extended.as_str(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Checked {
            id: row.id.into(),
            mentee_birth_date: row.birth_date,
            expired_on: row.expired_on,
        })
        .collect())
}

/// Matches that the system has interrupted for a missing check and whose expert has one again.
pub async fn resumable(
    conn: &mut PgConnection,
    today: NaiveDate,
    adult_since: NaiveDate,
) -> Result<Vec<MatchId>> {
    let ids = sqlx::query_scalar!(
        "SELECT m.id
           FROM matches m JOIN cases c ON c.id = m.case_id JOIN mentees t ON t.id = c.mentee_id
           JOIN experts e ON e.id = m.expert_id
          WHERE m.state = 'PAUSED' AND m.pause_reason = 'CHECK_EXPIRED' AND e.state = 'ACTIVE'
            AND EXISTS (SELECT FROM counting_checks b
                  WHERE b.expert_id = m.expert_id
                    AND b.inspected_on <= $1 AND b.valid_until >= $1
                    AND (b.kind = $3 OR t.birth_date <= $2))
          ORDER BY m.id",
        today,
        adult_since,
        CheckKind::Extended.as_str(),
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(MatchId::from).collect())
}
