//! What was decided about the rows of a plan, and what became of them.

use sqlx::PgConnection;
use tandem_domain::eligibility::Rule;
use tandem_domain::ids::{CaseId, ProposalId, RunId, UserId};
use uuid::Uuid;

use super::plan::{Proposal, Row};
use crate::Result;

/// What applying would approach now, by case: the chosen alternate, else the plan's choice unless it is
/// vetoed; of cases of which nothing has been applied yet, and of `only` where it is given.
pub async fn applicable(
    conn: &mut PgConnection,
    run: RunId,
    only: Option<&[ProposalId]>,
) -> Result<Vec<Proposal>> {
    let only: Option<Vec<Uuid>> = only.map(|ids| ids.iter().map(|id| id.uuid()).collect());
    let rows = sqlx::query_as!(
        Row,
        "SELECT DISTINCT ON (p.case_id) p.id, p.run_id, p.case_id, p.expert_id, p.rank, p.score, p.points,
             p.distance_m, p.missing, p.pinned, p.decision, p.outcome, p.stale_reason
         FROM proposals p
         WHERE p.run_id = $1 AND (p.decision = 'CHOSEN' OR (p.rank = 0 AND p.decision <> 'VETOED'))
           AND NOT EXISTS (SELECT FROM proposals done WHERE done.run_id = p.run_id AND done.case_id = p.case_id
                           AND done.outcome IS NOT NULL)
           AND ($2::uuid[] IS NULL OR EXISTS (SELECT FROM proposals named WHERE named.run_id = p.run_id
                AND named.case_id = p.case_id AND named.id = ANY($2)))
         ORDER BY p.case_id, p.decision = 'CHOSEN' DESC",
        run.uuid(),
        only.as_deref(),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::proposal).collect()
}

/// Whether a case of a run has been applied, with whatever outcome.
pub async fn case_is_applied(conn: &mut PgConnection, run: RunId, case: CaseId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM proposals WHERE run_id = $1 AND case_id = $2 AND outcome IS NOT NULL) AS "applied!""#,
        run.uuid(),
        case.uuid(),
    )
    .fetch_one(conn)
    .await?)
}

/// Notes what became of proposals: approached where there is no rule, else stale because of it.
pub async fn record_outcomes(
    conn: &mut PgConnection,
    outcomes: &[(ProposalId, Option<Rule>)],
    now: chrono::DateTime<chrono::Utc>,
) -> Result<()> {
    let ids: Vec<Uuid> = outcomes.iter().map(|(id, _)| id.uuid()).collect();
    let reasons: Vec<Option<String>> = outcomes
        .iter()
        .map(|(_, rule)| rule.map(|rule| rule.to_string()))
        .collect();
    sqlx::query!(
        "UPDATE proposals SET outcome = CASE WHEN row.reason IS NULL THEN 'APPROACHED' ELSE 'STALE' END,
             stale_reason = row.reason, applied_at = $3
         FROM unnest($1::uuid[], $2::text[]) AS row (id, reason) WHERE proposals.id = row.id",
        &ids,
        &reasons as &[Option<String>],
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Not this pair.
pub async fn veto(conn: &mut PgConnection, id: ProposalId, by: Option<UserId>) -> Result<()> {
    sqlx::query!(
        "UPDATE proposals SET decision = 'VETOED', decided_by = $2 WHERE id = $1",
        id.uuid(),
        by.map(UserId::uuid),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// This alternate instead of the plan's choice, and of another one that was chosen before.
pub async fn choose(conn: &mut PgConnection, proposal: &Proposal, by: Option<UserId>) -> Result<()> {
    sqlx::query!(
        "UPDATE proposals SET decision = 'NONE', decided_by = $3
         WHERE run_id = $1 AND case_id = $2 AND decision = 'CHOSEN'",
        proposal.run.uuid(),
        proposal.case.uuid(),
        by.map(UserId::uuid),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE proposals SET decision = 'CHOSEN', decided_by = $2 WHERE id = $1",
        proposal.id.uuid(),
        by.map(UserId::uuid),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// As planned again.
pub async fn clear_decision(conn: &mut PgConnection, id: ProposalId, by: Option<UserId>) -> Result<()> {
    sqlx::query!(
        "UPDATE proposals SET decision = 'NONE', decided_by = $2 WHERE id = $1",
        id.uuid(),
        by.map(UserId::uuid),
    )
    .execute(conn)
    .await?;
    Ok(())
}
