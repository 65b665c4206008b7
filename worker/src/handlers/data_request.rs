//! Exports or erases what is kept about one person.

use tandem_domain::ids::DataRequestId;
use tandem_operations::{App, jobs::JobError, personal_data};

pub(super) async fn handle(app: &App, request: DataRequestId) -> Result<(), JobError> {
    Ok(personal_data::execute(app, request).await?)
}
