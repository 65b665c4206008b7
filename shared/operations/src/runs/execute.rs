//! What a worker does with a run: snapshot, candidates, plan, proof, and the stored result.
//!
//! Killed between any two lines, another worker takes it up: the snapshot is written once and then
//! only read, the plan follows from it alone, and everything else is one transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use tandem_domain::ids::RunId;
use tandem_domain::runs::{Phase, RunState, Summary};
use tandem_storage::events::{self, Event};
use tandem_storage::facts::{self, Cases};
use tandem_storage::personal_data::requests;
use tandem_storage::runs::{self, NewProposal, NewRunCase, Run};

use super::planning::{Problem, Stop, Watch, threads};
use super::snapshot::Snapshot;
use super::writing::written;
use crate::candidates::{Ground, approached_since};
use crate::jobs::JobContext;
use crate::{App, Audit, Caller, Error, Result};

/// How often progress is stored and a request to stop is heard.
const TICK: Duration = Duration::from_millis(200);

/// How far a computation is, shared between the thread that computes and the task that reports.
#[derive(Debug, Default)]
struct Progress {
    phase: AtomicU64,
    done: AtomicU64,
    total: AtomicU64,
    stop: AtomicBool,
}

const PHASES: [Phase; 6] = [
    Phase::Queued,
    Phase::Snapshot,
    Phase::Candidates,
    Phase::Solving,
    Phase::Certifying,
    Phase::Writing,
];

impl Watch for Progress {
    fn enter(&self, phase: Phase, total: u64) {
        let number = PHASES.iter().position(|known| *known == phase).unwrap_or(0);
        self.total.store(total, Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
        self.phase.store(number as u64, Ordering::Relaxed);
    }

    fn step(&self, done: u64) -> bool {
        self.done.store(done, Ordering::Relaxed);
        !self.stop.load(Ordering::Relaxed)
    }
}

impl Progress {
    fn told(&self) -> (Phase, u64, u64) {
        let phase = self.phase.load(Ordering::Relaxed) as usize;
        (
            PHASES[phase % PHASES.len()],
            self.done.load(Ordering::Relaxed),
            self.total.load(Ordering::Relaxed),
        )
    }
}

/// Makes the plan of a run and stores it as `READY`.
///
/// Done without an error where the run is no longer to be computed: finished, cancelled or failed
/// already, or failing now for a reason that the coordinator reads.
///
/// # Errors
/// Faults, for a later attempt; after the last one the run has failed.
pub async fn execute(app: &App, id: RunId, job: &JobContext) -> Result<()> {
    let started = Instant::now();
    let mut tx = app.begin(&Caller::system()).await?;
    let Some(run) = runs::get(&mut tx, id, true).await? else {
        return Ok(());
    };
    if !run.state.is_working() {
        return Ok(());
    }
    if run.cancel_requested_at.is_some() {
        runs::cancelled(&mut tx, id).await?;
        events::notify(&mut tx, Event::Run(id)).await?;
        tx.commit().await?;
        return Ok(());
    }
    run.state.start()?;
    runs::start(&mut tx, id, app.now()).await?;
    events::notify(&mut tx, Event::Run(id)).await?;
    tx.commit().await?;

    let progress = Arc::new(Progress::default());
    let computed = {
        let computation = compute(app, &run, job, &progress, started);
        let reporting = report(app, id, job, &progress);
        tokio::pin!(computation, reporting);
        tokio::select! {
            result = &mut computation => result,
            never = &mut reporting => match never {},
        }
    };
    match computed {
        Ok(()) => Ok(()),
        Err(Stop::Cancelled) if job.is_lost() => {
            Err(Error::Fault("another worker has taken the run over".into()))
        }
        Err(Stop::Cancelled) => close(app, id, None).await,
        Err(Stop::Failed(reason)) => close(app, id, Some(&reason)).await,
        Err(Stop::Fault(error)) => {
            if job.attempt >= job.max_attempts {
                close(
                    app,
                    id,
                    Some("it could not be computed: the operators have been told"),
                )
                .await?;
            }
            Err(error)
        }
    }
}

/// Ends a run without a plan: cancelled, or failed for a reason.
async fn close(app: &App, id: RunId, failure: Option<&str>) -> Result<()> {
    let mut tx = app.begin(&Caller::system()).await?;
    let run = runs::get(&mut tx, id, true).await?;
    if run.is_some_and(|run| run.state.is_working()) {
        match failure {
            Some(reason) => runs::failed(&mut tx, id, reason).await?,
            None => runs::cancelled(&mut tx, id).await?,
        }
        events::notify(&mut tx, Event::Run(id)).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Fails runs whose job is dead, so that their offices can be planned again. A sweep calls it.
pub async fn fail_abandoned(app: &App) -> Result<usize> {
    let mut tx = app.begin(&Caller::system()).await?;
    let abandoned = runs::abandoned(&mut tx).await?;
    for run in &abandoned {
        runs::failed(
            &mut tx,
            *run,
            "its worker was stopped again and again: the operators have been told",
        )
        .await?;
        events::notify(&mut tx, Event::Run(*run)).await?;
    }
    tx.commit().await?;
    Ok(abandoned.len())
}

/// Stores how far it is and hears whether to stop, until it is dropped.
async fn report(app: &App, id: RunId, job: &JobContext, progress: &Progress) -> std::convert::Infallible {
    let mut last = (Phase::Queued, 0, 0);
    loop {
        tokio::time::sleep(TICK).await;
        let now = progress.told();
        let told = async {
            let mut tx = app.begin(&Caller::system()).await?;
            let goes_on = runs::report_progress(&mut tx, id, now.0, now.1, now.2).await?;
            if now != last {
                events::notify(&mut tx, Event::Run(id)).await?;
            }
            tx.commit().await?;
            Ok::<_, Error>(goes_on)
        };
        match told.await {
            Ok(goes_on) => {
                last = now;
                if !goes_on || job.is_lost() {
                    progress.stop.store(true, Ordering::Relaxed);
                }
            }
            Err(error) => tracing::warn!(run = %id, %error, "progress could not be stored"),
        }
    }
}

/// What a computation hands to the task that stores it.
struct Computed {
    summary: Summary,
    cases: Vec<NewRunCase>,
    proposals: Vec<NewProposal>,
}

async fn compute(
    app: &App,
    run: &Run,
    job: &JobContext,
    progress: &Arc<Progress>,
    started: Instant,
) -> std::result::Result<(), Stop> {
    progress.enter(Phase::Snapshot, 1);
    let mut conn = app.acquire(&Caller::system()).await?;
    let stored = runs::snapshot(&mut conn, run.id).await?;
    drop(conn);
    let snapshot = match stored {
        Some(bytes) => Snapshot::decode(&bytes, &run.parameters)?,
        None => take_snapshot(app, run).await?,
    };
    let computed = {
        let (app, progress) = (app.clone(), Arc::clone(progress));
        tokio::task::spawn_blocking(move || plan(&app, &snapshot, &progress))
            .await
            .map_err(|error| Error::Fault(format!("the solver did not return: {error}")))??
    };
    progress.enter(Phase::Writing, computed.cases.len() as u64);
    store(app, run, job, computed, started).await
}

/// No transaction that erases somebody lasts longer.
const ERASURE_AT_MOST: TimeDelta = TimeDelta::hours(1);

/// Reads the rows as of one moment and keeps what rules and scores ask for.
async fn take_snapshot(app: &App, run: &Run) -> std::result::Result<Snapshot, Stop> {
    // whoever is erased while this is read, or was about to be
    let erased_since = app.now() - ERASURE_AT_MOST;
    let mut tx = app.begin(&Caller::system()).await?;
    tandem_storage::freeze(&mut tx).await?;
    let ground = Ground::load(&mut tx, app, &run.parameters).await?;
    let cases = facts::cases(&mut tx, Cases::OfOffices(&run.offices), ground.today).await?;
    let since = approached_since(app, &ground.settings);
    let experts = facts::experts(&mut tx, None, since, ground.today).await?;
    let case_ids: Vec<_> = cases.iter().map(|case| case.id).collect();
    let histories = facts::histories(&mut tx, &case_ids).await?;
    let pins = runs::pins(&mut tx, run.id).await?;
    tx.commit().await?;

    let mut snapshot = Snapshot::new(ground, experts, cases, histories, pins);
    let mut tx = app.begin(&Caller::system()).await?;
    runs::hold_snapshots(&mut tx).await?;
    let erased = requests::erased_since(&mut tx, erased_since).await?;
    snapshot.forget(&erased);
    let bytes = snapshot.encode()?;
    let ours = runs::store_snapshot(&mut tx, run.id, &bytes, app.now()).await?;
    let theirs = if ours {
        None
    } else {
        // another worker was faster: its snapshot counts
        runs::snapshot(&mut tx, run.id).await?
    };
    tx.commit().await?;
    match theirs {
        Some(bytes) => Ok(Snapshot::decode(&bytes, &run.parameters)?),
        None => Ok(snapshot),
    }
}

/// Candidates, plan, proof, and the reasons.
fn plan(app: &App, snapshot: &Snapshot, progress: &Progress) -> std::result::Result<Computed, Stop> {
    let problem = Problem::new(snapshot, threads(), progress)?;
    let plan = problem.solve(progress)?;
    let seen = problem.explain()?;
    let (summary, cases, proposals) = written(app, &problem, &plan, seen)?;
    Ok(Computed {
        summary,
        cases,
        proposals,
    })
}

async fn store(
    app: &App,
    run: &Run,
    job: &JobContext,
    computed: Computed,
    started: Instant,
) -> std::result::Result<(), Stop> {
    let mut tx = app.begin(&Caller::system()).await?;
    let Some(current) = runs::get(&mut tx, run.id, true).await? else {
        return Err(Stop::Cancelled);
    };
    if current.state != RunState::Running || current.cancel_requested_at.is_some() {
        return Err(Stop::Cancelled);
    }
    job.hold(&mut tx).await?;
    current.state.ready().map_err(Error::from)?;
    runs::store_plan(&mut tx, run.id, &computed.cases, &computed.proposals).await?;
    let summary = Summary {
        run_ms: started.elapsed().as_millis() as u64,
        ..computed.summary
    };
    runs::ready(&mut tx, run.id, &summary, app.now()).await?;
    app.audit(
        &mut tx,
        &Caller::system(),
        &[Audit::new("run.ready", run.id)
            .detail(serde_json::json!({ "cases": summary.cases, "matched": summary.matched }))],
    )
    .await?;
    events::notify(&mut tx, Event::Run(run.id)).await?;
    tx.commit().await?;
    Ok(())
}
