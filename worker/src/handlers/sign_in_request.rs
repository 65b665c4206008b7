//! Looks whether somebody who asked for a sign-in link may sign in.

use tandem_domain::ids::SignInRequestId;
use tandem_operations::{App, auth, jobs::JobError};

pub(super) async fn handle(app: &App, request: SignInRequestId) -> Result<(), JobError> {
    auth::answer_request(app, request).await?;
    Ok(())
}
