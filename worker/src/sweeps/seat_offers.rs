//! Offered seats that nobody took in time.

use tandem_operations::{App, jobs::JobError, training};

/// Lapses them and offers the seats to the next.
pub async fn sweep(app: App) -> Result<(), JobError> {
    training::lapse_offers(&app).await?;
    Ok(())
}
