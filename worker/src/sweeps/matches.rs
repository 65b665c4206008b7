//! What falls due in the life of matches: questions that lapse, verdicts that become a result, beginnings
//! that waited for something, checks that expired and checks that came.

use tandem_operations::{App, Error, jobs::JobError, matches};

/// Each step asks what is due and not yet done, and does each in a transaction of its own.
pub async fn sweep(app: App) -> Result<(), JobError> {
    run(&app).await.map_err(JobError::from)
}

async fn run(app: &App) -> Result<(), Error> {
    matches::lapse_due(app).await?;
    matches::close_overdue_questions(app).await?;
    // what comes back first, so that it is asked about with the others
    matches::resume_checked(app).await?;
    matches::begin_ready(app).await?;
    matches::pause_unchecked(app).await?;
    Ok(())
}
