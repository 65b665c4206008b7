//! Makes the plan of a bulk matching run.

use tandem_domain::ids::RunId;
use tandem_operations::{
    App,
    jobs::{JobContext, JobError},
};

/// Leaves the job to a worker that can do it.
#[expect(clippy::unused_async, reason = "the operation behind it is asynchronous")]
pub(super) async fn handle(_app: &App, run: RunId, _context: &JobContext) -> Result<(), JobError> {
    Err(JobError::Retry(format!(
        "this worker cannot do bulk matching runs yet ({run})"
    )))
}
