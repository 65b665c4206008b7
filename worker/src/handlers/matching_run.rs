//! Makes the plan of a bulk matching run.

use tandem_domain::ids::RunId;
use tandem_operations::{
    App,
    jobs::{JobContext, JobError},
    runs,
};

pub(super) async fn handle(app: &App, run: RunId, context: &JobContext) -> Result<(), JobError> {
    Ok(runs::execute(app, run, context).await?)
}
