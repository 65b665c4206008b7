//! Changed addresses whose days after a voucher are over, and those that nobody confirmed in time.

use tandem_operations::{App, addresses, jobs::JobError};

/// Lets the first count, and ends the others.
pub async fn sweep(app: App) -> Result<(), JobError> {
    addresses::settle_due(&app).await?;
    Ok(())
}
