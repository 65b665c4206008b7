//! Sets a document in type.

use tandem_domain::ids::DocumentId;
use tandem_operations::{App, documents, jobs::JobError};

pub(super) async fn handle(app: &App, document: DocumentId) -> Result<(), JobError> {
    let Some((content, at)) = documents::content(app, document).await? else {
        return Ok(());
    };
    // a few hundred milliseconds of computing
    let bytes = tokio::task::spawn_blocking(move || tandem_documents::render(&content, at))
        .await
        .map_err(|error| JobError::Retry(error.to_string()))?
        .map_err(|error| JobError::Fail(error.to_string()))?;
    Ok(documents::store(app, document, &bytes).await?)
}
