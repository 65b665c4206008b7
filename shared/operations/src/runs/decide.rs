//! What a coordinator decides about single rows of a plan, and what each decision costs against the
//! certified optimum. The plan itself never changes.

use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::{CaseId, ExpertId, ProposalId, RunId};
use tandem_domain::policy::Action;
use tandem_domain::runs::{Objective, RunState};
use tandem_domain::scores::Points;
use tandem_matching::{Silent, WhatIf};
use tandem_storage::PgConnection;
use tandem_storage::events::{self, Event};
use tandem_storage::runs::{self, Proposal, Run};

use super::snapshot::Snapshot;
use super::{authorize, load, lock};
use crate::{App, Audit, Caller, Error, Result, refuse};

/// What "this expert instead" would cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatIfAnswer {
    /// The case.
    pub case: CaseId,
    /// The expert.
    pub expert: ExpertId,
    /// So many cases fewer would be matched in the best plan with this pair.
    pub cases: i64,
    /// So many points less it would have in total (negative: more points for fewer cases).
    pub score: i64,
    /// The points of the pair itself.
    pub points: Points,
    /// Whole metres from the centre.
    pub distance_m: u32,
}

/// The exact cost of planning this pair instead, against the certified optimum of the run; nothing is
/// changed.
///
/// # Errors
/// Refused where the pair was not possible when the plan was made.
pub async fn what_if(
    app: &App,
    caller: &Caller,
    id: RunId,
    case: CaseId,
    expert: ExpertId,
) -> Result<WhatIfAnswer> {
    let mut conn = app.acquire(caller).await?;
    let run = load(&mut conn, id).await?;
    authorize(caller, Action::ViewRun, &run.offices, "runId")?;
    let Some(bytes) = runs::snapshot(&mut conn, id).await? else {
        return refuse(UserError::new(
            Code::NotReady,
            "runId",
            "this matching run has no numbers yet",
        ));
    };
    drop(conn);
    let objective = run.parameters.objective;
    tokio::task::spawn_blocking(move || cost(&Snapshot::decode(&bytes)?, objective, case, expert))
        .await
        .map_err(|error| Error::Fault(format!("the what-if did not return: {error}")))?
}

fn cost(snapshot: &Snapshot, objective: Objective, case: CaseId, expert: ExpertId) -> Result<WhatIfAnswer> {
    let Some(case_index) = snapshot.case_index(case) else {
        return refuse(UserError::not_found("caseId", "case in this matching run"));
    };
    let pair = snapshot
        .expert_index(expert)
        .and_then(|index| snapshot.pair(case_index, index));
    let Some(pair) = pair else {
        return refuse(UserError::new(
            Code::NotReady,
            "expertId",
            "a rule removed this expert for this case when the plan was made",
        ));
    };
    let objective = match objective {
        Objective::Participation => tandem_matching::Objective::Participation,
        Objective::Score => tandem_matching::Objective::Score,
    };
    let instance = snapshot.instance()?;
    let pins = snapshot.solver_pins().map_err(Error::Fault)?;
    let solution = tandem_matching::solve(&instance, objective, &pins, &mut Silent)
        .map_err(|error| Error::Fault(format!("the stored numbers have no plan: {error}")))?;
    let difference = WhatIf::new(&instance, objective, &solution)
        .instead(case_index, pair.expert)
        .map_err(|error| UserError::new(Code::Conflict, "expertId", error.to_string()))?;
    Ok(WhatIfAnswer {
        case,
        expert,
        cases: difference.cases,
        score: difference.score,
        points: pair.points(),
        distance_m: pair.distance_m,
    })
}

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
