//! Bulk matching runs (matching.md): started by a coordinator, computed by a worker, decided on and
//! applied by a coordinator again. Nothing leaves the house before that.

mod apply;
mod decide;
mod execute;
mod forgetting;
mod insight;
mod planning;
mod snapshot;
mod writing;

pub use apply::{Applied, ApplyInput, StaleProposal, apply, discard, undo};
pub use decide::{choose_alternate, clear_proposal_decision, veto_proposal};
pub use execute::{execute, fail_abandoned};
pub(crate) use forgetting::forget;
pub use insight::{
    Bottleneck, Change, Figures, Scenario, ScenarioInput, Unlock, UnlockedExpert, WhatIfAnswer, bottlenecks,
    scenario, unlocks, what_if,
};
pub use snapshot::{Snapshot, SnapshotCase, SnapshotExpert};

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use tandem_domain::eligibility::check_parameters;
use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::{CaseId, ExpertId, OfficeId, ProposalId, RunId, UserId};
use tandem_domain::policy::{Action, Decision, Resource};
use tandem_domain::runs::Parameters;
use tandem_storage::PgConnection;
use tandem_storage::events::{self, Event};
use tandem_storage::facts::{self, Cases};
use tandem_storage::paging::{Page, Slice};
use tandem_storage::runs::{self, Proposal, ProposalFilter, Run, RunCase};
use uuid::Uuid;

use crate::idempotency;
use crate::jobs::{Job, enqueue};
use crate::{App, Audit, Caller, Result, refuse};

/// What a coordinator starts a run with.
#[derive(Debug, Clone, Default)]
pub struct StartInput {
    /// The offices whose cases are to be matched.
    pub offices: Vec<OfficeId>,
    /// Objective, radii, weights.
    pub parameters: Parameters,
    /// Pairs that the plan has to contain.
    pub pins: Vec<(CaseId, ExpertId)>,
}

/// How long the numbers behind a plan are kept: what would be with another expert or radius is asked while one
/// decides, and looked up when somebody complains. The plan and its reasons stay.
pub const SNAPSHOT_LIFE: TimeDelta = TimeDelta::days(180);

/// What a caller may do with a run depends on each of its offices.
fn authorize(caller: &Caller, action: Action, offices: &[OfficeId], field: &str) -> Result<()> {
    for office in offices {
        caller.authorize(action, &Resource::office(*office), field, "matching run")?;
    }
    Ok(())
}

/// Who would start a run over these offices, where they may. Asked before anything else of the input is
/// looked at.
///
/// # Errors
/// Refused where nobody is signed in, or an office is not the caller's.
pub fn may_start(caller: &Caller, offices: &[OfficeId]) -> Result<UserId> {
    let Some(user) = caller.user_id() else {
        return refuse(UserError::forbidden(
            "a matching run is started by somebody signed in",
        ));
    };
    for office in offices {
        caller.authorize(
            Action::ManageRun,
            &Resource::office(*office),
            "officeIds",
            "regional office",
        )?;
    }
    Ok(user)
}

/// Starts a bulk run: stored and promised to a worker in one transaction; `key` makes a repeated call the
/// same effect.
///
/// # Errors
/// Refused where an office is unknown, not the caller's, or already being planned; where a weight or
/// radius is out of range; where a pin is of another office's case, conflicts with another pin, or names
/// somebody whom a rule removes.
pub async fn start(app: &App, caller: &Caller, input: StartInput, key: Option<&str>) -> Result<Run> {
    let offices: Vec<OfficeId> = input
        .offices
        .into_iter()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let user = may_start(caller, &offices)?;
    if offices.is_empty() {
        return refuse(UserError::invalid(
            "officeIds",
            "name at least one regional office whose cases are to be matched",
        ));
    }
    check_parameters(&input.parameters)?;
    let mut tx = app.begin(caller).await?;
    let id = app.id::<RunId>();
    if let Some(earlier) = idempotency::claim(&mut tx, app, caller, "startMatchingRun", key, id).await? {
        return load(&mut tx, earlier).await;
    }
    check_pins(&mut tx, app, &offices, &input.parameters, &input.pins).await?;
    let inserted = runs::insert(
        &mut tx,
        id,
        user,
        &input.parameters,
        &offices,
        &input.pins,
        app.now(),
    )
    .await;
    if let Err(error) = inserted {
        return match error.constraint() {
            Some(runs::ONE_WORKING) => refuse(UserError::new(
                Code::Conflict,
                "officeIds",
                "a matching run over one of these offices is still being computed: wait for it or cancel it",
            )),
            Some("matching_run_offices_office_id_fkey") => {
                refuse(UserError::not_found("officeIds", "regional office"))
            }
            _ => Err(error.into()),
        };
    }
    app.audit(
        &mut tx,
        caller,
        &[Audit::new("run.started", id).detail(serde_json::json!({ "offices": offices }))],
    )
    .await?;
    enqueue(&mut tx, app, &[Job::MatchingRun { run: id }]).await?;
    let run = load(&mut tx, id).await?;
    tx.commit().await?;
    Ok(run)
}

/// Refuses pins that cannot be kept, each with its reason.
async fn check_pins(
    conn: &mut PgConnection,
    app: &App,
    offices: &[OfficeId],
    parameters: &Parameters,
    pins: &[(CaseId, ExpertId)],
) -> Result<()> {
    if pins.is_empty() {
        return Ok(());
    }
    let case_ids: Vec<CaseId> = pins.iter().map(|pin| pin.0).collect();
    let known: HashSet<CaseId> = facts::cases(conn, Cases::These(&case_ids), app.today())
        .await?
        .into_iter()
        .filter(|case| offices.contains(&case.facts.office))
        .map(|case| case.id)
        .collect();
    let mut errors = Vec::new();
    let mut pinned = HashSet::new();
    let answers = crate::candidates::check_pairs(conn, app, parameters, pins).await?;
    for (position, ((case, _), answer)) in pins.iter().zip(answers).enumerate() {
        let field = format!("pins.{position}");
        if !known.contains(case) {
            errors.push(UserError::not_found(
                format!("{field}.caseId"),
                "case in these offices",
            ));
        } else if !pinned.insert(*case) {
            errors.push(UserError::invalid(
                format!("{field}.caseId"),
                "this case is pinned twice: pin it to one expert",
            ));
        } else if let Err(rule) = answer {
            errors.push(UserError::new(
                Code::NotReady,
                format!("{field}.expertId"),
                format!("this expert cannot be pinned to this case: the rule {rule} stands in the way"),
            ));
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors.into())
    }
}

/// A run that is there for sure.
async fn load(conn: &mut PgConnection, id: RunId) -> Result<Run> {
    match runs::get(conn, id, false).await? {
        Some(run) => Ok(run),
        None => refuse(UserError::not_found("runId", "matching run")),
    }
}

/// Locks a run for a decision, after asking the policy.
async fn lock(conn: &mut PgConnection, caller: &Caller, id: RunId) -> Result<Run> {
    let Some(run) = runs::get(conn, id, true).await? else {
        return refuse(UserError::not_found("runId", "matching run"));
    };
    authorize(caller, Action::ManageRun, &run.offices, "runId")?;
    Ok(run)
}

/// Stops a run that waits or is being computed. A waiting one is cancelled at once, a running one as
/// soon as its worker hears of it.
pub async fn cancel(app: &App, caller: &Caller, id: RunId) -> Result<Run> {
    let mut tx = app.begin(caller).await?;
    let run = lock(&mut tx, caller, id).await?;
    run.state.cancel()?;
    if run.state == tandem_domain::runs::RunState::Queued {
        runs::cancelled(&mut tx, id).await?;
    } else {
        runs::request_cancel(&mut tx, id, app.now()).await?;
    }
    app.audit(&mut tx, caller, &[Audit::new("run.cancelled", id)])
        .await?;
    events::notify(&mut tx, Event::Run(id)).await?;
    let run = load(&mut tx, id).await?;
    tx.commit().await?;
    Ok(run)
}

/// A run that the caller may see.
pub async fn get(app: &App, caller: &Caller, id: RunId) -> Result<Option<Run>> {
    Ok(by_ids(app, caller, &[id]).await?.pop())
}

/// Of these runs, those that the caller may see; in no order.
pub async fn by_ids(app: &App, caller: &Caller, ids: &[RunId]) -> Result<Vec<Run>> {
    let mut conn = app.acquire(caller).await?;
    let runs = runs::by_ids(&mut conn, ids).await?;
    Ok(runs
        .into_iter()
        .filter(|run| may_see(caller, &run.offices))
        .collect())
}

fn may_see(caller: &Caller, offices: &[OfficeId]) -> bool {
    offices
        .iter()
        .all(|office| caller.can(Action::ViewRun, &Resource::office(*office)) == Decision::Allowed)
}

/// The runs that the caller may see, newest first.
pub async fn list(app: &App, caller: &Caller, page: &Page<(DateTime<Utc>, Uuid)>) -> Result<Slice<Run>> {
    let mut conn = app.acquire(caller).await?;
    Ok(runs::list(&mut conn, &caller.scope(Action::ViewRun), page).await?)
}

/// The proposals of a run that the caller may see.
pub async fn proposals(
    app: &App,
    caller: &Caller,
    run: RunId,
    filter: &ProposalFilter,
    page: &Page<(i32, Uuid)>,
) -> Result<Slice<Proposal>> {
    let mut conn = app.acquire(caller).await?;
    let run = load(&mut conn, run).await?;
    authorize(caller, Action::ViewRun, &run.offices, "runId")?;
    Ok(runs::proposals(&mut conn, run.id, filter, page).await?)
}

/// Of these proposals, those whose run the caller may see; in no order.
pub async fn proposals_by_ids(app: &App, caller: &Caller, ids: &[ProposalId]) -> Result<Vec<Proposal>> {
    let mut conn = app.acquire(caller).await?;
    let proposals = runs::proposals_by_ids(&mut conn, ids).await?;
    let run_ids: Vec<RunId> = proposals
        .iter()
        .map(|proposal| proposal.run)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let visible: HashSet<RunId> = runs::by_ids(&mut conn, &run_ids)
        .await?
        .into_iter()
        .filter(|run| may_see(caller, &run.offices))
        .map(|run| run.id)
        .collect();
    Ok(proposals
        .into_iter()
        .filter(|proposal| visible.contains(&proposal.run))
        .collect())
}

/// The cases of a run that the caller may see: with a proposal, without one, or all.
pub async fn plan_cases(
    app: &App,
    caller: &Caller,
    run: RunId,
    matched: Option<bool>,
    page: &Page<Uuid>,
) -> Result<Slice<RunCase>> {
    let mut conn = app.acquire(caller).await?;
    let run = load(&mut conn, run).await?;
    authorize(caller, Action::ViewRun, &run.offices, "runId")?;
    Ok(runs::plan_cases(&mut conn, run.id, matched, page).await?)
}
