//! Matching runs whose job is dead: nobody would ever finish them, and their offices could not be
//! planned again.

use tandem_operations::{App, jobs::JobError, runs};

/// Fails them, with a reason that the coordinator reads.
pub async fn sweep(app: App) -> Result<(), JobError> {
    let failed = runs::fail_abandoned(&app).await?;
    if failed > 0 {
        tracing::warn!(failed, "matching runs were given up");
    }
    Ok(())
}
