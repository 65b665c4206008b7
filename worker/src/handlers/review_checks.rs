//! Looks whether an expert's matches may go on.

use tandem_domain::ids::ExpertId;
use tandem_operations::{App, checks, jobs::JobError};

pub(super) async fn handle(app: &App, expert: ExpertId) -> Result<(), JobError> {
    Ok(checks::review(app, expert).await?)
}
