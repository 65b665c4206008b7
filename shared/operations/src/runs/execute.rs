//! What a worker does with a run: snapshot, candidates, plan, proof, and the stored result.
//!
//! Killed between any two lines, another worker takes it up: the snapshot is written once and then
//! only read, the plan follows from it alone, and everything else is one transaction.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tandem_domain::ids::RunId;
use tandem_domain::runs::{ALTERNATES, CertificateSummary, Objective, Phase, RunState, Summary};
use tandem_matching::{Certificate, Instance, Solution, SolveError};
use tandem_storage::events::{self, Event};
use tandem_storage::facts::{self, Cases};
use tandem_storage::runs::{self, NewProposal, NewRunCase, Run};

use super::snapshot::Snapshot;
use crate::candidates::{Ground, Pool, approached_since, fields};
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

impl Progress {
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

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Why there is no plan although nothing broke.
enum Stop {
    /// On request, or because another worker has taken over.
    Cancelled,
    /// For a reason that the coordinator reads.
    Failed(String),
    /// A fault.
    Fault(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Fault(error)
    }
}

impl From<tandem_storage::Error> for Stop {
    fn from(error: tandem_storage::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

struct Plan {
    solution: Solution,
    certificate: Certificate,
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
    let mut last = (0, 0, 0);
    loop {
        tokio::time::sleep(TICK).await;
        let now = (
            progress.phase.load(Ordering::Relaxed),
            progress.done.load(Ordering::Relaxed),
            progress.total.load(Ordering::Relaxed),
        );
        let told = async {
            let mut tx = app.begin(&Caller::system()).await?;
            let goes_on =
                runs::report_progress(&mut tx, id, PHASES[now.0 as usize % PHASES.len()], now.1, now.2)
                    .await?;
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
        Some(bytes) => Snapshot::decode(&bytes)?,
        None => take_snapshot(app, run, progress).await?,
    };
    let objective = match run.parameters.objective {
        Objective::Participation => tandem_matching::Objective::Participation,
        Objective::Score => tandem_matching::Objective::Score,
    };
    let (snapshot, plan) = {
        let progress = Arc::clone(progress);
        tokio::task::spawn_blocking(move || {
            solve(&snapshot, objective, &progress).map(|plan| (snapshot, plan))
        })
        .await
        .map_err(|error| Error::Fault(format!("the solver did not return: {error}")))??
    };
    progress.enter(Phase::Writing, snapshot.cases.len() as u64);
    store(app, run, job, &snapshot, &plan, started).await
}

/// Reads the rows as of one moment, applies rules and scores, and stores the result.
async fn take_snapshot(
    app: &App,
    run: &Run,
    progress: &Arc<Progress>,
) -> std::result::Result<Snapshot, Stop> {
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

    progress.enter(Phase::Candidates, cases.len() as u64);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let watched = Arc::clone(progress);
    let snapshot = tokio::task::spawn_blocking(move || {
        let pool = Pool::new(experts)?;
        let fields = fields(&ground, &pool, &cases, &histories, threads, &|done| {
            watched.step(done)
        })?;
        Ok::<_, Error>(fields.map(|fields| Snapshot::new(&pool, &cases, fields, pins)))
    })
    .await
    .map_err(|error| Error::Fault(format!("the candidate search did not return: {error}")))??;
    let Some(snapshot) = snapshot else {
        return Err(Stop::Cancelled);
    };
    let bytes = snapshot.encode()?;
    let mut tx = app.begin(&Caller::system()).await?;
    runs::store_snapshot(&mut tx, run.id, &bytes, app.now()).await?;
    // another worker may have been faster: its snapshot counts
    let stored = runs::snapshot(&mut tx, run.id).await?.unwrap_or(bytes);
    tx.commit().await?;
    Ok(Snapshot::decode(&stored)?)
}

fn solve(
    snapshot: &Snapshot,
    objective: tandem_matching::Objective,
    progress: &Progress,
) -> std::result::Result<Plan, Stop> {
    if progress.stopped() {
        return Err(Stop::Cancelled);
    }
    progress.enter(Phase::Solving, snapshot.cases.len() as u64);
    let instance: Instance = snapshot.instance()?;
    let pins = snapshot.solver_pins().map_err(Stop::Failed)?;
    let mut observer = |_phase, done, total| {
        progress.total.store(total, Ordering::Relaxed);
        if progress.step(done) {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    };
    let solution =
        tandem_matching::solve(&instance, objective, &pins, &mut observer).map_err(|error| match error {
            SolveError::Stopped => Stop::Cancelled,
            refused => Stop::Failed(format!("the pins cannot be kept: {refused}")),
        })?;
    progress.enter(Phase::Certifying, 1);
    // A plan without a proof is never stored.
    let certificate = tandem_matching::certify(&instance, objective, &pins, &solution)
        .map_err(|violation| Error::Fault(format!("the plan failed its certificate: {violation}")))?;
    Ok(Plan {
        solution,
        certificate,
    })
}

/// The plan's choice and its alternates for one case: those with room left in the plan first, then by
/// score.
fn proposals_of(snapshot: &Snapshot, free: &[u8], case: usize, chosen: u32) -> Vec<(u32, u8)> {
    let pairs = &snapshot.cases[case].pairs;
    let mut others: Vec<_> = pairs.iter().filter(|pair| pair.expert != chosen).collect();
    let order = |pair: &&super::snapshot::Pair| (free[pair.expert as usize] == 0, -pair.score(), pair.expert);
    if others.len() > ALTERNATES {
        others.select_nth_unstable_by_key(ALTERNATES - 1, order);
        others.truncate(ALTERNATES);
    }
    others.sort_unstable_by_key(order);
    let alternates = others.iter().zip(1..).map(|(pair, rank)| (pair.expert, rank));
    std::iter::once((chosen, 0)).chain(alternates).collect()
}

async fn store(
    app: &App,
    run: &Run,
    job: &JobContext,
    snapshot: &Snapshot,
    plan: &Plan,
    started: Instant,
) -> std::result::Result<(), Stop> {
    let assignment = &plan.solution.assignment;
    let mut free: Vec<u8> = snapshot.experts.iter().map(|expert| expert.1).collect();
    for expert in assignment.iter().flatten() {
        free[*expert as usize] = free[*expert as usize].saturating_sub(1);
    }
    let mut cases = Vec::with_capacity(snapshot.cases.len());
    let mut proposals = Vec::new();
    let mut removed = std::collections::BTreeMap::new();
    for (index, case) in snapshot.cases.iter().enumerate() {
        let chosen = assignment[index];
        for (rule, count) in &case.removed {
            *removed.entry(*rule).or_default() += u64::from(*count);
        }
        cases.push(NewRunCase {
            case: case.id,
            candidates: case.pairs.len() as u32,
            removed: case.removed.clone(),
            near_misses: if chosen.is_some() {
                serde_json::json!([])
            } else {
                serde_json::to_value(&case.near_misses)
                    .map_err(|error| Error::Fault(format!("near misses: {error}")))?
            },
            matched: chosen.is_some(),
        });
        let Some(chosen) = chosen else { continue };
        for (expert, rank) in proposals_of(snapshot, &free, index, chosen) {
            let pair = snapshot
                .pair(index as u32, expert)
                .ok_or_else(|| Error::Fault("a planned pair is not in the snapshot".into()))?;
            proposals.push(NewProposal {
                id: app.id(),
                case: case.id,
                expert: snapshot.experts[expert as usize].0,
                rank,
                score: pair.score(),
                points: pair.points(),
                distance_m: pair.distance_m,
                missing: pair.missing.clone(),
                pinned: rank == 0 && snapshot.pins.iter().any(|pin| pin.0 == case.id),
            });
        }
    }
    let summary = Summary {
        experts: snapshot.experts.len() as u32,
        cases: snapshot.cases.len() as u32,
        candidates: snapshot.cases.iter().map(|case| case.pairs.len() as u64).sum(),
        matched: assignment.iter().flatten().count() as u32,
        score: plan.certificate.score,
        certificate: CertificateSummary {
            cardinality_bound: plan.certificate.cardinality,
            score_bound: plan.certificate.score,
        },
        removed,
        run_ms: started.elapsed().as_millis() as u64,
    };

    let mut tx = app.begin(&Caller::system()).await?;
    let Some(current) = runs::get(&mut tx, run.id, true).await? else {
        return Err(Stop::Cancelled);
    };
    if current.state != RunState::Running || current.cancel_requested_at.is_some() {
        return Err(Stop::Cancelled);
    }
    job.hold(&mut tx).await?;
    current.state.ready().map_err(Error::from)?;
    runs::store_plan(&mut tx, run.id, &cases, &proposals).await?;
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
