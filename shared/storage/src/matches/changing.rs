//! Writing matches, set by set: the number of statements does not depend on the number of rows.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::{CaseId, ExpertId, MatchId, ProposalId, UserId};
use tandem_domain::matches::{AnswerWay, DeclineReason};
use uuid::Uuid;

use super::{Match, by_ids};
use crate::Result;

/// An expert to be asked for a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewApproach {
    /// The case.
    pub case: CaseId,
    /// The expert.
    pub expert: ExpertId,
    /// The row of the plan that it comes from; none: by hand.
    pub proposal: Option<ProposalId>,
}

/// Writes approaches by a user (none: by the system) in one statement. Cases and experts are locked
/// already, and the rules asked.
pub async fn insert_approaches(
    conn: &mut PgConnection,
    approaches: &[(MatchId, NewApproach)],
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<()> {
    let ids: Vec<Uuid> = approaches.iter().map(|(id, _)| id.uuid()).collect();
    let cases: Vec<Uuid> = approaches.iter().map(|(_, new)| new.case.uuid()).collect();
    let experts: Vec<Uuid> = approaches.iter().map(|(_, new)| new.expert.uuid()).collect();
    let proposals: Vec<Option<Uuid>> = approaches
        .iter()
        .map(|(_, new)| new.proposal.map(ProposalId::uuid))
        .collect();
    sqlx::query!(
        "INSERT INTO matches (id, case_id, expert_id, proposal_id, state, approached_by, approached_at, created_at, updated_at)
         SELECT new.id, new.case_id, new.expert_id, new.proposal_id, 'APPROACHED', $5, $6, $6, $6
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) AS new (id, case_id, expert_id, proposal_id)",
        &ids,
        &cases,
        &experts,
        &proposals as &[Option<Uuid>],
        by.map(UserId::uuid),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks the open matches (`APPROACHED … PAUSED`) of cases that are locked already, then their experts.
pub async fn lock_of_cases(conn: &mut PgConnection, cases: &[CaseId]) -> Result<Vec<Match>> {
    let cases: Vec<Uuid> = cases.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        "SELECT id, expert_id FROM matches WHERE case_id = ANY($1) AND match_is_open(state)
          ORDER BY id FOR UPDATE",
        &cases,
    )
    .fetch_all(&mut *conn)
    .await?;
    let experts: Vec<Uuid> = rows.iter().map(|row| row.expert_id).collect();
    sqlx::query!("SELECT hold_experts($1)", &experts)
        .execute(&mut *conn)
        .await?;
    let ids: Vec<MatchId> = rows.iter().map(|row| row.id.into()).collect();
    by_ids(conn, &ids).await
}

/// The expert said yes.
pub async fn accept(conn: &mut PgConnection, id: MatchId, way: AnswerWay, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE matches SET state = 'INTERESTED', answered_at = $3, answered_by_way = $2, version = version + 1,
             updated_at = $3
         WHERE id = $1",
        id.uuid(),
        way.as_str(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The expert said no.
pub async fn decline(
    conn: &mut PgConnection,
    id: MatchId,
    way: AnswerWay,
    reason: Option<DeclineReason>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE matches SET state = 'DECLINED', answered_at = $4, answered_by_way = $2, decline_reason = $3,
             ended_at = $4, version = version + 1, updated_at = $4
         WHERE id = $1",
        id.uuid(),
        way.as_str(),
        reason.map(DeclineReason::as_str),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What a no says of itself, told after it; `false` where the match is not `DECLINED`.
pub async fn set_decline_reason(
    conn: &mut PgConnection,
    id: MatchId,
    reason: DeclineReason,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE matches SET decline_reason = $2, version = version + 1, updated_at = $3
         WHERE id = $1 AND state = 'DECLINED'",
        id.uuid(),
        reason.as_str(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Another expert said yes first. The matches are locked and `APPROACHED`.
pub async fn supersede(conn: &mut PgConnection, ids: &[MatchId], now: DateTime<Utc>) -> Result<()> {
    end(conn, ids, "SUPERSEDED", now).await
}

/// The office takes them back. The matches are locked and before `ACTIVE`.
pub async fn withdraw(conn: &mut PgConnection, ids: &[MatchId], now: DateTime<Utc>) -> Result<()> {
    end(conn, ids, "WITHDRAWN", now).await
}

async fn end(conn: &mut PgConnection, ids: &[MatchId], state: &str, now: DateTime<Utc>) -> Result<()> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "UPDATE matches SET state = $2, ended_at = $3, version = version + 1, updated_at = $3 WHERE id = ANY($1)",
        &ids,
        state,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes that the expert said that the answer, which the office recorded, is not right; `false` where it was said
/// before.
pub async fn contest_answer(conn: &mut PgConnection, id: MatchId, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE matches SET answer_contested_at = $2
          WHERE id = $1 AND answered_by_way = 'TELEPHONE' AND answer_contested_at IS NULL",
        id.uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether the expert said so.
pub async fn answer_contested(conn: &mut PgConnection, id: MatchId) -> Result<bool> {
    let said = sqlx::query_scalar!(
        r#"SELECT answer_contested_at IS NOT NULL AS "said!" FROM matches WHERE id = $1"#,
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(said.unwrap_or(false))
}
