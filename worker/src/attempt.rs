//! One attempt at one job: claim, handle, write what came of it. Everything that runs jobs runs this.

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use futures::FutureExt;
use tandem_domain::ids::JobId;
use tandem_operations::{
    App, Error,
    jobs::{Job, JobContext, JobError, JobKind, Lease},
};
use tandem_storage::jobs::{self, Claimed, State};
use tokio::time::Instant;
use tracing::Instrument;

use crate::Registry;

/// No error text in the ledger is longer.
const LONGEST_ERROR: usize = 2_000;
/// How long writing an attempt's end waits before it is tried again.
const WRITE_PAUSE: Duration = Duration::from_millis(200);

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There was nothing to do: a duplicate, or not due.
    Nothing,
    /// The job is done.
    Done,
    /// It failed and is tried again, not before this instant.
    Retry(DateTime<Utc>),
    /// It failed for good.
    Dead,
    /// The lease was lost meanwhile; whoever holds the job now decides.
    Lost,
}

/// Begins the next attempt at a job, if there is one to begin, and sees it through.
///
/// # Errors
/// The ledger could not be reached. Nothing is lost then: the lease expires, or the dispatch does.
pub async fn attempt(registry: &Registry, app: &App, lease: Duration, id: JobId) -> Result<Outcome, Error> {
    let claimed_at = Instant::now();
    let claimed = {
        let now = app.now();
        let mut conn = app.db.acquire().await?;
        jobs::claim(&mut conn, id, now, now + lease).await?
    };
    let Some(claimed) = claimed else {
        tracing::debug!(job = %id, "nothing to do");
        return Ok(Outcome::Nothing);
    };
    let span = tracing::info_span!("job", %id, kind = claimed.kind, attempt = claimed.attempt);
    async {
        let lease = Lease::keep(app, id, claimed.attempt, claimed_at, lease);
        let (result, context) = handle(registry, app, &claimed, lease).await;
        let outcome = write_patiently(app, &claimed, context.as_deref(), &result).await?;
        match (&result, outcome) {
            (Ok(()), Outcome::Done) => tracing::info!(took_ms = claimed_at.elapsed().as_millis(), "done"),
            (Err(error), Outcome::Retry(at)) => tracing::warn!(%error, %at, "failed, will be tried again"),
            (Err(error), Outcome::Dead) => tracing::error!(%error, "failed for good"),
            _ => tracing::warn!("the lease was lost, the result is dropped"),
        }
        Ok(outcome)
    }
    .instrument(span)
    .await
}

async fn handle(
    registry: &Registry,
    app: &App,
    claimed: &Claimed,
    lease: Lease,
) -> (Result<(), JobError>, Option<Arc<JobContext>>) {
    let job = match Job::from_row(&claimed.kind, &claimed.payload) {
        Ok(job) => job,
        // A newer program may have written it; another worker of that version can do it.
        Err(problem) => return (Err(JobError::Retry(problem)), None),
    };
    let kind = job.kind();
    let Some(handler) = registry.handler(kind) else {
        return (
            Err(JobError::Retry(format!(
                "this worker has no handler for jobs of kind {kind}"
            ))),
            None,
        );
    };
    let context = Arc::new(JobContext::new(
        claimed.id,
        kind,
        claimed.attempt,
        claimed.max_attempts,
        lease,
    ));
    let timeout = registry.timeout(kind);
    let handling = AssertUnwindSafe(handler(app.clone(), job, Arc::clone(&context))).catch_unwind();
    let result = tokio::select! {
        // Dropping the handler rolls back what it has not committed.
        () = context.until_lost() => Err(JobError::Retry("the lease was lost".into())),
        handled = tokio::time::timeout(timeout, handling) => match handled {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(JobError::Retry(format!("the handler panicked: {}", panic_message(&*panic)))),
            Err(_) => Err(JobError::Retry(format!("took longer than {timeout:?}"))),
        },
    };
    (result, Some(context))
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

/// Writes the end of an attempt, again and again while the ledger cannot be reached and the lease holds:
/// work that is done is not done twice for a connection that broke.
async fn write_patiently(
    app: &App,
    claimed: &Claimed,
    context: Option<&JobContext>,
    result: &Result<(), JobError>,
) -> Result<Outcome, Error> {
    loop {
        match write(app, claimed, result).await {
            Err(error) if context.is_some_and(|context| !context.is_lost()) => {
                tracing::warn!(%error, "the end of the attempt could not be written yet");
                tokio::time::sleep(WRITE_PAUSE).await;
            }
            written => return written,
        }
    }
}

async fn write(app: &App, claimed: &Claimed, result: &Result<(), JobError>) -> Result<Outcome, Error> {
    let (id, attempt) = (claimed.id, claimed.attempt);
    let mut conn = app.db.acquire().await?;
    let now = app.now();
    let (written, outcome) = match result {
        Ok(()) => (jobs::finish(&mut conn, id, attempt, now).await?, Outcome::Done),
        Err(JobError::Fail(error)) => (
            jobs::bury(&mut conn, id, attempt, now, &shortened(error)).await?,
            Outcome::Dead,
        ),
        Err(JobError::Postpone(at, reason)) => {
            let state = jobs::postpone(&mut conn, id, attempt, *at, now, &shortened(reason)).await?;
            let outcome = if state == Some(State::Dead) {
                Outcome::Dead
            } else {
                Outcome::Retry(*at)
            };
            (state.is_some(), outcome)
        }
        Err(JobError::Retry(error)) => {
            let at = now + backoff(app, &claimed.kind, attempt);
            let state = jobs::retry(&mut conn, id, attempt, at, now, &shortened(error)).await?;
            let outcome = if state == Some(State::Dead) {
                Outcome::Dead
            } else {
                Outcome::Retry(at)
            };
            (state.is_some(), outcome)
        }
    };
    Ok(if written { outcome } else { Outcome::Lost })
}

fn backoff(app: &App, kind: &str, attempt: i32) -> Duration {
    // A kind that this program does not know waits as long as the most patient one.
    let kind: JobKind = kind.parse().unwrap_or(JobKind::SendEmail);
    kind.policy().backoff.delay(attempt, app.random.fraction())
}

fn shortened(error: &str) -> String {
    error.chars().take(LONGEST_ERROR).collect()
}
