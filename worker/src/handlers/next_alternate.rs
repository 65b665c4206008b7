//! Brings the next alternate forward.

use tandem_domain::ids::MatchId;
use tandem_operations::{
    App,
    jobs::{JobContext, JobError},
};

/// Leaves the job to a worker that can do it.
#[expect(clippy::unused_async, reason = "the operation behind it is asynchronous")]
pub(super) async fn handle(_app: &App, matching: MatchId, _context: &JobContext) -> Result<(), JobError> {
    Err(JobError::Retry(format!(
        "this worker cannot do alternates yet ({matching})"
    )))
}
