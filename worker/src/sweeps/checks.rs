//! Background checks whose time is over: for a match that goes on, or for being kept at all.

use tandem_operations::{App, checks, jobs::JobError};

/// Tells offices of matches that go on without a valid check, and interrupts what may not go on.
pub async fn expire(app: App) -> Result<(), JobError> {
    let told = checks::expire(&app).await?;
    if told > 0 {
        tracing::info!(offices = told, "were told of matches without a valid check");
    }
    Ok(())
}

/// Erases inspections that nobody needs any more.
pub async fn erase(app: App) -> Result<(), JobError> {
    let erased = checks::erase_due(&app).await?;
    if erased > 0 {
        tracing::info!(checks = erased, "were erased");
    }
    Ok(())
}
