//! What would be: exact answers beside a stored plan, from the numbers that it was made of. Nothing here
//! changes anything, and nobody but those who may see the run hears it.

mod bottlenecks;
mod scenario;
mod unlocks;

pub use bottlenecks::{Bottleneck, bottlenecks};
pub use scenario::{Change, Figures, Scenario, ScenarioInput, scenario};
pub use unlocks::{Unlock, UnlockedExpert, unlocks};

use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::{CaseId, ExpertId, RunId};
use tandem_domain::policy::Action;
use tandem_storage::runs::{self, Run};

use super::planning::{Problem, Stop, Unwatched, threads};
use super::snapshot::Snapshot;
use super::{SNAPSHOT_LIFE, authorize, load};
use crate::candidates::Candidate;
use crate::{App, Caller, Error, Result, refuse};

impl Stop {
    /// As an answer to a coordinator who asked what would be.
    fn told(self, field: &str) -> Error {
        match self {
            Self::Failed(reason) => UserError::new(Code::Conflict, field, reason).into(),
            Self::Cancelled => Error::Fault("nobody could have stopped this".into()),
            Self::Fault(error) => error,
        }
    }
}

/// A run that the caller may see, with its stored numbers.
async fn opened(app: &App, caller: &Caller, id: RunId) -> Result<(Run, Vec<u8>)> {
    let mut conn = app.acquire(caller).await?;
    let run = load(&mut conn, id).await?;
    authorize(caller, Action::ViewRun, &run.offices, "runId")?;
    match runs::snapshot(&mut conn, id).await? {
        Some(bytes) => Ok((run, bytes)),
        None => refuse(UserError::new(
            Code::NotReady,
            "runId",
            match run.ready_at {
                None => "this matching run has no numbers yet".to_owned(),
                Some(_) => format!(
                    "the numbers behind this plan are kept for {} days and were thrown away: start a new run",
                    SNAPSHOT_LIFE.num_days()
                ),
            },
        )),
    }
}

/// Runs a computation of some milliseconds where it keeps nobody waiting.
async fn computed<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Fault(format!("an answer was not computed: {error}")))?
}

/// What "this expert instead" would cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatIfAnswer {
    /// The case.
    pub case: CaseId,
    /// So many cases fewer would be matched in the best plan with this pair.
    pub cases: i64,
    /// So many points less it would have in total (negative: more points for fewer cases).
    pub score: i64,
    /// The pair itself, explained.
    pub candidate: Candidate,
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
    let (run, bytes) = opened(app, caller, id).await?;
    computed(move || {
        let snapshot = Snapshot::decode(&bytes, &run.parameters)?;
        let Some(case_index) = snapshot.case_index(case) else {
            return refuse(UserError::not_found("caseId", "case in this matching run"));
        };
        let Some(expert_index) = snapshot.expert_index(expert) else {
            return refuse(UserError::not_found("expertId", "expert in this matching run"));
        };
        let problem = Problem::new(&snapshot, threads(), &Unwatched).map_err(|stop| stop.told("runId"))?;
        let candidate = match problem.candidate(case_index, expert_index)? {
            Ok(candidate) => candidate,
            Err(rule) => {
                return refuse(UserError::new(
                    Code::NotReady,
                    "expertId",
                    format!("the rule {rule} removed this expert for this case when the plan was made"),
                ));
            }
        };
        let plan = problem.solve(&Unwatched).map_err(|stop| stop.told("runId"))?;
        let difference = problem
            .instead(&plan, case_index, expert_index)
            .map_err(|stop| stop.told("expertId"))?;
        Ok(WhatIfAnswer {
            case,
            cases: difference.cases,
            score: difference.score,
            candidate,
        })
    })
    .await
}
