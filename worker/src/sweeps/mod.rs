//! Periodic, input-free and idempotent: what is due and not yet done? (architecture.md, decision 3)
//!
//! The ledger's own sweeps ([`leases`], [`undispatched`], [`finished`]) run on every worker, often: rows
//! that one is at are skipped by the others. Scheduled sweeps run once a tick, on whichever replica
//! takes it.

pub mod abandoned_runs;
pub mod addresses;
pub mod checks;
pub mod finished;
pub mod leases;
pub mod leftovers;
pub mod matches;
pub mod purge;
pub mod reminders;
pub mod retention;
mod schedule;
pub mod seal_audit;
pub mod seat_offers;
pub mod undispatched;

use std::time::Duration;

pub use schedule::Schedule;
use tandem_operations::{App, Caller, Error};
use tandem_storage::sweep_ticks;

use crate::registry::Sweep;

/// How often a scheduled sweep is asked whether its tick has come.
const LOOK: Duration = Duration::from_secs(5);

/// Runs a sweep if its latest tick has not been run by anybody; says whether it did.
///
/// The tick counts only when the sweep succeeded: otherwise it is run again.
pub(crate) async fn run_if_due(sweep: &Sweep, app: &App) -> Result<bool, Error> {
    let now = app.now();
    let tick = sweep.schedule.latest_tick(now);
    let mut tx = app.begin(&Caller::system()).await?;
    // Rolled back here and not by the pool, some time later: until then the tick's lock would be held, and
    // whoever asks next be told that somebody is at it.
    if !sweep_ticks::take(&mut tx, sweep.name, tick, now).await? {
        tx.rollback().await?;
        return Ok(false);
    }
    if let Err(error) = (sweep.run)(app.clone()).await {
        // where even that fails, the connection is lost and the lock with it: why the sweep failed says more
        tx.rollback().await.ok();
        return Err(Error::Fault(format!("the sweep {} failed: {error}", sweep.name)));
    }
    tx.commit().await?;
    Ok(true)
}

/// Runs a scheduled sweep for ever.
pub(crate) async fn keep(sweep: Sweep, app: App) {
    let mut seen = None;
    loop {
        let tick = sweep.schedule.latest_tick(app.now());
        if seen != Some(tick) {
            match run_if_due(&sweep, &app).await {
                Ok(ran) => {
                    // A tick that another replica is at is asked for again: that one may die.
                    if ran || is_run(&sweep, &app, tick).await {
                        seen = Some(tick);
                    }
                    if ran {
                        tracing::info!(sweep = sweep.name, %tick, "swept");
                    }
                }
                Err(error) => tracing::error!(sweep = sweep.name, %tick, %error, "will be tried again"),
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn is_run(sweep: &Sweep, app: &App, tick: chrono::DateTime<chrono::Utc>) -> bool {
    let Ok(mut conn) = app.db.acquire().await else {
        return false;
    };
    matches!(sweep_ticks::latest(&mut conn, sweep.name).await, Ok(Some(latest)) if latest >= tick)
}
