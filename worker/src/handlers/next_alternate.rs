//! Brings the next alternate forward.

use tandem_domain::ids::MatchId;
use tandem_operations::{App, jobs::JobError, matches};

pub(super) async fn handle(app: &App, matching: MatchId) -> Result<(), JobError> {
    matches::next_alternate(app, matching).await?;
    Ok(())
}
