//! The job ledger as administrators see it.

use serde_json::json;
use tandem_domain::{
    errors::UserError,
    ids::JobId,
    policy::{Action, Decision, Resource},
};
use tandem_storage::{
    jobs::{self, Count, Cursor, Direction, Filter, Job},
    paging::{Page, Slice},
};

use crate::{App, Audit, Caller, Result, jobs::JobKind, refuse};

/// Attempts that a requeued job gets where its kind is not known here.
const ATTEMPTS: i32 = 3;

/// Jobs, the newest first.
pub async fn list(app: &App, caller: &Caller, filter: &Filter, page: &Page<Cursor>) -> Result<Slice<Job>> {
    if !caller.scope(Action::ViewJobs).everything {
        return Ok(page.slice(Vec::new()));
    }
    let mut conn = app.acquire(caller).await?;
    let (from, direction) = if page.backward {
        (page.before, Direction::Newer)
    } else {
        (page.after, Direction::Older)
    };
    let mut rows = jobs::list(&mut conn, filter, from, direction, page.fetch()).await?;
    // always newest first, whichever way the page goes; `slice` turns what goes backward
    if page.backward {
        rows.reverse();
    }
    Ok(page.slice(rows))
}

/// How many jobs of each queue are in each state.
pub async fn counts(app: &App, caller: &Caller) -> Result<Vec<Count>> {
    if !caller.scope(Action::ViewJobs).everything {
        return Ok(Vec::new());
    }
    let mut conn = app.acquire(caller).await?;
    Ok(jobs::counts(&mut conn).await?)
}

/// One job; none where it is not there or the caller may not see it.
pub async fn find(app: &App, caller: &Caller, id: JobId) -> Result<Option<Job>> {
    if caller.can(Action::ViewJobs, &Resource::programme()) != Decision::Allowed {
        return Ok(None);
    }
    let mut conn = app.acquire(caller).await?;
    Ok(jobs::find(&mut conn, id).await?)
}

/// Gives a dead job as many attempts again as its kind has.
pub async fn requeue(app: &App, caller: &Caller, id: JobId) -> Result<Job> {
    caller.authorize(Action::ManageJobs, &Resource::programme(), "jobId", "job")?;
    let mut tx = app.begin(caller).await?;
    let job = jobs::find(&mut tx, id)
        .await?
        .ok_or_else(|| UserError::not_found("jobId", "job"))?;
    let attempts = job
        .kind
        .parse::<JobKind>()
        .map_or(ATTEMPTS, |kind| kind.policy().max_attempts);
    if jobs::requeue(&mut tx, &[id], attempts, app.now())
        .await?
        .is_empty()
    {
        return refuse(UserError::conflict(format!(
            "this job is {}; only a dead one that has attempts left of 100 can be put back",
            job.state
        )));
    }
    let audit = Audit::new("job.requeued", id).detail(json!({ "kind": job.kind }));
    app.audit(&mut tx, caller, &[audit]).await?;
    let job = jobs::find(&mut tx, id)
        .await?
        .ok_or_else(|| UserError::not_found("jobId", "job"))?;
    tx.commit().await?;
    Ok(job)
}
