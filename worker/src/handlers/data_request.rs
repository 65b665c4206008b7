//! Exports or erases what is kept about one person.

use tandem_domain::documents::Content;
use tandem_domain::ids::DataRequestId;
use tandem_operations::{App, jobs::JobError, personal_data};

pub(super) async fn handle(app: &App, request: DataRequestId) -> Result<(), JobError> {
    let Some(found) = personal_data::execute(app, request).await? else {
        return Ok(());
    };
    let (content, at) = (Content::PersonReport(found.report.clone()), found.at);
    let pdf = tokio::task::spawn_blocking(move || tandem_documents::render(&content, at))
        .await
        .map_err(|error| JobError::Retry(error.to_string()))?
        .map_err(|error| JobError::Fail(error.to_string()))?;
    Ok(personal_data::finish_export(app, found, &pdf).await?)
}
