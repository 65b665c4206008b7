//! The next alternate of a plan, after a no or a silence (matching.md, "What a run is" 6).

use tandem_domain::eligibility::Rule;
use tandem_domain::ids::{CaseId, ExpertId, MatchId, ProposalId};
use tandem_domain::matches::MatchState;
use tandem_domain::runs::RunState;
use tandem_storage::events::{self, Event};
use tandem_storage::{cases, matches, runs};

use super::{NewApproach, insert_approaches, lock_open};
use crate::{App, Caller, Result, candidates};

/// Brings the next alternate of a plan forward after a match that did not come about, where the run
/// allows it, is still applied, and nobody else is asked for the case. The rules are asked again; what
/// they remove is noted as stale, and the one after it is taken.
///
/// Idempotent: a match that another one has followed already has nothing left to do. Returns the new
/// match, if there is one.
pub async fn next_alternate(app: &App, id: MatchId) -> Result<Option<MatchId>> {
    let mut tx = app.begin(&Caller::system()).await?;
    let Some(ended) = matches::get(&mut tx, id).await? else {
        return Ok(None);
    };
    if !matches!(ended.state, MatchState::Declined | MatchState::Lapsed) {
        return Ok(None);
    }
    let Some(proposal) = ended.proposal else {
        return Ok(None);
    };
    // against an undo of the run at the same moment, which comes before the case in the order of locks
    let Some(run) = matches::hold_run_of(&mut tx, proposal).await? else {
        return Ok(None);
    };
    let Some(run) = runs::get(&mut tx, run, false).await? else {
        return Ok(None);
    };
    if run.state != RunState::Applied || !run.next_alternates {
        return Ok(None);
    }
    if cases::lock(&mut tx, ended.case).await?.is_none() || !lock_open(&mut tx, ended.case).await?.is_empty()
    {
        return Ok(None);
    }
    let left = matches::unused_alternates(&mut tx, run.id, ended.case).await?;
    let pairs: Vec<(CaseId, ExpertId)> = left.iter().map(|(_, expert)| (ended.case, *expert)).collect();
    let answers = candidates::check_pairs(&mut tx, app, &run.parameters, &pairs).await?;
    let mut outcomes: Vec<(ProposalId, Option<Rule>)> = Vec::new();
    let mut next = None;
    for ((proposal, expert), answer) in left.into_iter().zip(answers) {
        match answer {
            Ok(_) => {
                outcomes.push((proposal, None));
                next = Some(NewApproach {
                    case: ended.case,
                    expert,
                    proposal: Some(proposal),
                });
                break;
            }
            // says nothing of the expert: it stands in everybody's way
            Err(Rule::CaseNotSearching | Rule::CenterLimit) => break,
            Err(rule) => outcomes.push((proposal, Some(rule))),
        }
    }
    runs::record_outcomes(&mut tx, &outcomes, app.now()).await?;
    let mut made = None;
    if let Some(next) = next {
        made = insert_approaches(&mut tx, app, &Caller::system(), &[next])
            .await?
            .pop();
        events::notify(&mut tx, Event::Case(ended.case, ended.center)).await?;
    }
    tx.commit().await?;
    Ok(made)
}
