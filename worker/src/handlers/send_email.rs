//! Sends one e-mail.

use tandem_domain::ids::DeliveryId;
use tandem_operations::{
    App,
    jobs::{JobContext, JobError},
};

/// Leaves the job to a worker that can do it.
#[expect(clippy::unused_async, reason = "the operation behind it is asynchronous")]
pub(super) async fn handle(_app: &App, delivery: DeliveryId, _context: &JobContext) -> Result<(), JobError> {
    Err(JobError::Retry(format!(
        "this worker cannot do e-mails yet ({delivery})"
    )))
}
