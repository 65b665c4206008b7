//! Runs what is due in this process, without Redis: for tests, and for nothing else.

use std::time::Duration;

use tandem_domain::ids::JobId;
use tandem_operations::{App, Error};
use tandem_storage::jobs;

use crate::{Outcome, Registry, attempt, sweeps};

const LEASE: Duration = Duration::from_secs(60);
const BATCH: i64 = 500;

/// One attempt that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The job.
    pub id: JobId,
    /// What was to be done.
    pub kind: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// Runs due jobs, and those that they bring about, until none is due at the app's clock, in the order
/// in which they became due; the claim, the handler and the end are the real worker's.
///
/// A job that failed and waits for its backoff is not due: move the clock and drain again.
pub async fn drain(registry: &Registry, app: &App) -> Result<Vec<Ran>, Error> {
    let mut ran = Vec::new();
    loop {
        let due = {
            let mut conn = app.db.acquire().await?;
            jobs::due(&mut conn, app.now(), BATCH).await?
        };
        let before = ran.len();
        for job in due {
            let outcome = attempt(registry, app, LEASE, job.id).await?;
            if outcome != Outcome::Nothing {
                ran.push(Ran {
                    id: job.id,
                    kind: job.kind,
                    outcome,
                });
            }
        }
        if ran.len() == before {
            return Ok(ran);
        }
    }
}

/// Runs the scheduled sweeps whose tick is due at the app's clock, and names those that ran.
pub async fn run_due_sweeps(registry: &Registry, app: &App) -> Result<Vec<&'static str>, Error> {
    let mut ran = Vec::new();
    for sweep in registry.sweeps() {
        if sweeps::run_if_due(sweep, app).await? {
            ran.push(sweep.name);
        }
    }
    Ok(ran)
}
