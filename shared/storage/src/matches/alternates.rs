//! What a plan still has for a case.

use sqlx::PgConnection;
use tandem_domain::ids::{CaseId, ExpertId, ProposalId, RunId};

use crate::Result;

/// The run that a proposal belongs to, held against an undo until the transaction ends.
pub async fn hold_run_of(conn: &mut PgConnection, proposal: ProposalId) -> Result<Option<RunId>> {
    let id = sqlx::query_scalar!(
        "SELECT run.id FROM matching_runs run JOIN proposals p ON p.run_id = run.id WHERE p.id = $1
         FOR SHARE OF run",
        proposal.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(RunId::from))
}

/// The proposals of a run for a case that nobody has vetoed or used, in the order in which they are
/// brought forward: what was chosen, the plan's choice, the alternates.
pub async fn unused_alternates(
    conn: &mut PgConnection,
    run: RunId,
    case: CaseId,
) -> Result<Vec<(ProposalId, ExpertId)>> {
    let rows = sqlx::query!(
        "SELECT id, expert_id FROM proposals
          WHERE run_id = $1 AND case_id = $2 AND decision <> 'VETOED' AND outcome IS NULL
          ORDER BY decision = 'CHOSEN' DESC, rank",
        run.uuid(),
        case.uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.into(), row.expert_id.into()))
        .collect())
}
