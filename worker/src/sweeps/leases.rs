//! Attempts that ended without a word: their worker died, or could not reach the ledger.

use tandem_operations::{App, Error};
use tandem_storage::jobs;

const BATCH: i64 = 500;

/// Returns expired leases; says how many.
pub async fn sweep(app: &App) -> Result<usize, Error> {
    let mut conn = app.db.acquire().await?;
    let expired = jobs::return_expired_leases(&mut conn, app.now(), BATCH).await?;
    for job in &expired {
        if job.dead {
            tracing::error!(job = %job.id, kind = job.kind, "the lease of the last attempt expired: given up");
        } else {
            tracing::warn!(job = %job.id, kind = job.kind, "the lease of an attempt expired: will be tried again");
        }
    }
    Ok(expired.len())
}
