//! Erases what may no longer be kept (domain.md "Data protection").

use tandem_operations::{App, jobs::JobError, personal_data};

/// Enforces retention.
pub async fn sweep(app: App) -> Result<(), JobError> {
    Ok(personal_data::enforce(&app).await?)
}
