//! The audit log: reading, sealing, checking.

pub(crate) mod chain;
mod checking;
mod sealing;

use chrono::{DateTime, Utc};
use tandem_domain::policy::Action;
use tandem_storage::{
    audit::{self, AuditEvent, AuditFilter},
    paging::{Page, Slice},
};
use uuid::Uuid;

pub use checking::{Fault, Verdict, verify};
pub use sealing::seal;
pub use tandem_storage::audit::sealing::Seal;

use crate::{App, Caller, Result};

/// Bytes as they are written down.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String");
        text
    })
}

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
