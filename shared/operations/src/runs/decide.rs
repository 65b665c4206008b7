//! What a coordinator decides about single rows of a plan. The plan itself never changes; what a decision
//! costs against the certified optimum is told by [`super::what_if`].

use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::ProposalId;
use tandem_domain::runs::RunState;
use tandem_storage::PgConnection;
use tandem_storage::events::{self, Event};
use tandem_storage::runs::{self, Proposal, Run};

use super::lock;
use crate::{App, Audit, Caller, Error, Result, refuse};

/// Loads a proposal and locks its run, which must still be undecided.
async fn undecided(conn: &mut PgConnection, caller: &Caller, id: ProposalId) -> Result<(Run, Proposal)> {
    let Some(proposal) = runs::proposal(conn, id).await? else {
        return refuse(UserError::not_found("proposalId", "proposal"));
    };
    let run = match lock(conn, caller, proposal.run).await {
        // a proposal of a run that one may not see does not exist either
        Err(Error::Refused(errors)) if errors.iter().any(|error| error.code == Code::NotFound) => {
            return refuse(UserError::not_found("proposalId", "proposal"));
        }
        run => run?,
    };
    let open = match run.state {
        RunState::Ready => true,
        RunState::Applied => !runs::case_is_applied(conn, run.id, proposal.case).await?,
        _ => false,
    };
    if !open {
        return refuse(UserError::conflict(format!(
            "this matching run is {}, so nothing can be decided about this case any more",
            run.state
        )));
    }
    Ok((run, proposal))
}

/// Not this pair: applying leaves the case out, unless an alternate is chosen.
pub async fn veto_proposal(app: &App, caller: &Caller, id: ProposalId) -> Result<Proposal> {
    decide(app, caller, id, "proposal.vetoed", async |conn, proposal| {
        runs::veto(conn, proposal.id, caller.user_id()).await
    })
    .await
}

/// This alternate instead of the plan's choice.
pub async fn choose_alternate(app: &App, caller: &Caller, id: ProposalId) -> Result<Proposal> {
    decide(app, caller, id, "proposal.chosen", async |conn, proposal| {
        runs::choose(conn, proposal, caller.user_id()).await
    })
    .await
}

/// As planned again.
pub async fn clear_proposal_decision(app: &App, caller: &Caller, id: ProposalId) -> Result<Proposal> {
    decide(
        app,
        caller,
        id,
        "proposal.decision_cleared",
        async |conn, proposal| runs::clear_decision(conn, proposal.id, caller.user_id()).await,
    )
    .await
}

async fn decide(
    app: &App,
    caller: &Caller,
    id: ProposalId,
    action: &'static str,
    change: impl AsyncFnOnce(&mut PgConnection, &Proposal) -> tandem_storage::Result<()>,
) -> Result<Proposal> {
    let mut tx = app.begin(caller).await?;
    let (run, proposal) = undecided(&mut tx, caller, id).await?;
    change(&mut tx, &proposal).await?;
    app.audit(&mut tx, caller, &[Audit::new(action, id).about(proposal.expert)])
        .await?;
    events::notify(&mut tx, Event::Run(run.id)).await?;
    let proposal = runs::proposal(&mut tx, id)
        .await?
        .ok_or_else(|| Error::Fault("a locked run's proposal vanished".into()))?;
    tx.commit().await?;
    Ok(proposal)
}
