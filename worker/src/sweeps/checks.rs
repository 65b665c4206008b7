//! Background checks that nobody needs any more.

use tandem_operations::{App, checks, jobs::JobError};

/// Erases inspections that nobody needs any more.
pub async fn erase(app: App) -> Result<(), JobError> {
    let erased = checks::erase_due(&app).await?;
    if erased > 0 {
        tracing::info!(checks = erased, "were erased");
    }
    Ok(())
}
