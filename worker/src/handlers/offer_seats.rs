//! Offers free seats of a training to those who wait.

use tandem_domain::ids::TrainingSessionId;
use tandem_operations::{App, jobs::JobError, training};

pub(super) async fn handle(app: &App, session: TrainingSessionId) -> Result<(), JobError> {
    training::offer(app, session).await?;
    Ok(())
}
