//! E-mails whose job is over although they are not: their worker was killed in its last attempt.

use tandem_operations::{App, deliveries, jobs::JobError};

/// Has them sent again, as the same messages.
pub async fn sweep(app: App) -> Result<(), JobError> {
    while deliveries::recover(&app).await? > 0 {}
    Ok(())
}
