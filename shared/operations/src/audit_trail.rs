//! Reading the audit log.

use chrono::{DateTime, Utc};
use tandem_domain::policy::Action;
use tandem_storage::{
    audit::{self, AuditEvent, AuditFilter},
    paging::{Page, Slice},
};
use uuid::Uuid;

use crate::{App, Caller, Result};

/// The log, newest first; nothing for those who may not read it.
pub async fn list(
    app: &App,
    caller: &Caller,
    filter: &AuditFilter,
    page: &Page<(DateTime<Utc>, Uuid)>,
) -> Result<Slice<AuditEvent>> {
    if !caller.scope(Action::ViewAudit).everything {
        return Ok(page.slice(Vec::new()));
    }
    let mut conn = app.acquire(caller).await?;
    Ok(audit::list(&mut conn, filter, page).await?)
}
