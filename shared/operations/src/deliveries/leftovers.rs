//! Mails that nobody is sending any more: their worker was killed in the job's last attempt.

use tandem_domain::ids::DeliveryId;
use tandem_storage::deliveries::{self, State};
use tandem_storage::jobs::{self, State as JobState};

use crate::jobs::{Job, JobKind, enqueue};
use crate::{App, Caller, Result};

const BATCH: i64 = 200;

/// Gives each of them its job back; says how many. Where the job has had every attempt that it may have,
/// the delivery fails, so that somebody reads of it.
///
/// What the server may have taken already is sent again as the same message, with the same Message-ID.
pub async fn recover(app: &App) -> Result<usize> {
    let mut tx = app.begin(&Caller::system()).await?;
    let left = deliveries::left_behind(&mut tx, BATCH).await?;
    for (delivery, job) in &left {
        recover_one(app, &mut tx, *delivery, *job).await?;
    }
    tx.commit().await?;
    Ok(left.len())
}

async fn recover_one(
    app: &App,
    conn: &mut tandem_storage::PgConnection,
    delivery: DeliveryId,
    job: Option<(tandem_domain::ids::JobId, JobState)>,
) -> Result<()> {
    let again = match job {
        None => !enqueue(conn, app, &[Job::SendEmail { delivery }])
            .await?
            .is_empty(),
        Some((job, JobState::Dead)) => {
            let attempts = JobKind::SendEmail.policy().max_attempts;
            !jobs::requeue(conn, &[job], attempts, app.now()).await?.is_empty()
        }
        Some(_) => false,
    };
    if again {
        tracing::warn!(%delivery, "nobody was sending this e-mail any more: it will be sent");
    } else if let Some(claimed) = deliveries::claim(conn, delivery, app.now()).await? {
        let reason = "given up: every attempt was interrupted";
        let now = app.now();
        deliveries::finish(
            conn,
            delivery,
            claimed.attempts,
            State::Failed,
            Some(reason),
            false,
            false,
            now,
        )
        .await?;
        tracing::error!(%delivery, "an e-mail was given up");
    }
    Ok(())
}
