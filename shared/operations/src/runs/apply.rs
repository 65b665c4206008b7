//! Applying a plan, whole, in part or in waves; putting it away; and taking back what was not answered.

use tandem_domain::eligibility::Rule;
use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::{CaseId, ExpertId, ProposalId, RunId};
use tandem_domain::runs::RunState;
use tandem_storage::events::{self, Event};
use tandem_storage::runs::{self, Run};

use super::{load, lock};
use crate::candidates::check_pairs;
use crate::matches::{NewApproach, insert_approaches, withdraw_approaches};
use crate::{App, Audit, Caller, Result, refuse};

/// How a plan is applied.
#[derive(Debug, Clone)]
pub struct ApplyInput {
    /// The run.
    pub run: RunId,
    /// Only the cases of these proposals; none: the whole plan.
    pub proposals: Option<Vec<ProposalId>>,
    /// Whether a decline or a lapse brings the next alternate forward.
    pub next_alternates: bool,
    /// The version of the run that the coordinator looked at.
    pub version: Option<i64>,
}

/// A proposal that was left out because a rule no longer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaleProposal {
    /// The proposal.
    pub proposal: ProposalId,
    /// Its case.
    pub case: CaseId,
    /// Its expert.
    pub expert: ExpertId,
    /// The rule that stands in the way now.
    pub rule: Rule,
}

/// What applying did.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The run afterwards.
    pub run: Run,
    /// How many experts were approached.
    pub approached: u32,
    /// What had gone stale.
    pub stale: Vec<StaleProposal>,
}

/// Makes proposals approaches. Never solves again: each row is asked for its rules once more, inside the
/// transaction that writes it; what has gone stale is reported and left out, the rest is applied.
///
/// # Errors
/// Refused where the run has no plan (any more), where there is nothing left to apply, or where it was
/// changed since the coordinator looked.
pub async fn apply(app: &App, caller: &Caller, input: ApplyInput) -> Result<Applied> {
    let mut tx = app.begin(caller).await?;
    let run = lock(&mut tx, caller, input.run).await?;
    let state = run.state.apply()?;
    if input.version.is_some_and(|version| version != run.version) {
        return refuse(UserError::new(
            Code::Conflict,
            "version",
            "this matching run was changed since you looked at it: look again",
        ));
    }
    if let Some(named) = &input.proposals {
        let known = runs::proposals_by_ids(&mut tx, named).await?;
        if let Some(position) = named.iter().position(|id| {
            !known
                .iter()
                .any(|proposal| proposal.id == *id && proposal.run == run.id)
        }) {
            return refuse(UserError::not_found(
                format!("proposalIds.{position}"),
                "proposal of this matching run",
            ));
        }
    }
    let proposals = runs::applicable(&mut tx, run.id, input.proposals.as_deref()).await?;
    if proposals.is_empty() {
        let message = if run.state == RunState::Applied {
            "this has been applied already"
        } else {
            "there is nothing to apply: the plan has no proposal, or all of them are vetoed"
        };
        return refuse(UserError::conflict(message));
    }
    let pairs: Vec<_> = proposals
        .iter()
        .map(|proposal| (proposal.case, proposal.expert))
        .collect();
    let answers = check_pairs(&mut tx, app, &run.parameters, &pairs).await?;
    let asked: std::collections::HashSet<CaseId> =
        tandem_storage::facts::asked_cases(&mut tx, &pairs.iter().map(|pair| pair.0).collect::<Vec<_>>())
            .await?
            .into_iter()
            .collect();

    let mut approaches = Vec::with_capacity(proposals.len());
    let mut outcomes = Vec::with_capacity(proposals.len());
    let mut stale = Vec::new();
    for (proposal, answer) in proposals.iter().zip(answers) {
        // two plans, or a plan and an approach by hand, never ask two experts for one case
        let answer = answer.map(drop).and_then(|()| {
            if asked.contains(&proposal.case) {
                Err(Rule::AnotherAsked)
            } else {
                Ok(())
            }
        });
        outcomes.push((proposal.id, answer.err()));
        match answer {
            Ok(()) => approaches.push(NewApproach {
                case: proposal.case,
                expert: proposal.expert,
                proposal: Some(proposal.id),
            }),
            Err(rule) => {
                stale.push(StaleProposal {
                    proposal: proposal.id,
                    case: proposal.case,
                    expert: proposal.expert,
                    rule,
                });
            }
        }
    }
    let approached = insert_approaches(&mut tx, app, caller, &approaches).await?.len() as u32;
    runs::record_outcomes(&mut tx, &outcomes, app.now()).await?;
    runs::decide(
        &mut tx,
        run.id,
        state,
        input.next_alternates,
        caller.user_id(),
        app.now(),
    )
    .await?;
    let detail = serde_json::json!({ "approached": approached, "stale": stale.len() });
    app.audit(
        &mut tx,
        caller,
        &[Audit::new("run.applied", run.id).detail(detail)],
    )
    .await?;
    events::notify(&mut tx, Event::Run(run.id)).await?;
    let run = load(&mut tx, run.id).await?;
    tx.commit().await?;
    Ok(Applied {
        run,
        approached,
        stale,
    })
}

/// Puts a plan away; nobody hears of it.
pub async fn discard(app: &App, caller: &Caller, id: RunId) -> Result<Run> {
    let mut tx = app.begin(caller).await?;
    let run = lock(&mut tx, caller, id).await?;
    let state = run.state.discard()?;
    runs::decide(
        &mut tx,
        id,
        state,
        run.next_alternates,
        caller.user_id(),
        app.now(),
    )
    .await?;
    app.audit(&mut tx, caller, &[Audit::new("run.discarded", id)])
        .await?;
    events::notify(&mut tx, Event::Run(id)).await?;
    let run = load(&mut tx, id).await?;
    tx.commit().await?;
    Ok(run)
}

/// Takes back every approach of a run that has not been answered, in one action, with neutral mails only
/// to those who had been asked. Answers that were given stay.
pub async fn undo(app: &App, caller: &Caller, id: RunId) -> Result<(Run, u32)> {
    let mut tx = app.begin(caller).await?;
    let run = lock(&mut tx, caller, id).await?;
    let state = run.state.undo()?;
    let open = runs::unanswered_matches(&mut tx, id).await?;
    let withdrawn = withdraw_approaches(&mut tx, app, caller, &open).await?.len() as u32;
    runs::decide(
        &mut tx,
        id,
        state,
        run.next_alternates,
        caller.user_id(),
        app.now(),
    )
    .await?;
    let detail = serde_json::json!({ "withdrawn": withdrawn });
    app.audit(&mut tx, caller, &[Audit::new("run.undone", id).detail(detail)])
        .await?;
    events::notify(&mut tx, Event::Run(id)).await?;
    let run = load(&mut tx, id).await?;
    tx.commit().await?;
    Ok((run, withdrawn))
}
