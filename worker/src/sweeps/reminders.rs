//! Reminders that are due and not yet sent.

use tandem_operations::{App, jobs::JobError, reminders};

/// Promises their mails; a missed period is caught up with the latest step of each.
pub async fn sweep(app: App) -> Result<(), JobError> {
    let swept = reminders::sweep(&app).await?;
    if swept.promised > 0 {
        tracing::info!(
            looked_at = swept.looked_at,
            promised = swept.promised,
            "reminders"
        );
    }
    Ok(())
}
