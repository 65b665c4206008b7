//! Background checks: asked for, inspected, looked at again when they end, erased when nobody needs them.

mod erasing;
mod inspecting;
mod overview;
mod requesting;
mod reviewing;

pub use erasing::erase_due;
pub(crate) use inspecting::shortened;
pub use inspecting::{InspectionInput, confirm_inspection, record_inspection, reject_inspection};
pub use overview::{OfficeChecks, csv, offices, pending, rows};
pub use requesting::{request, request_renewals, withdraw_request};
pub use reviewing::review;
pub(crate) use reviewing::unchecked;
pub use tandem_storage::checks::overview::{CheckFilter, CheckRow, Key, key};

use tandem_domain::errors::UserError;
use tandem_domain::ids::{CheckId, ExpertId};
use tandem_domain::policy::{Action, Decision, Resource};
use tandem_storage::PgConnection;
use tandem_storage::checks::{self, Check};
use tandem_storage::experts::{self, Expert};

use crate::{App, Audit, Caller, Error, Result, refuse};

/// An expert whom the caller may do something to about the checks, locked.
async fn locked(conn: &mut PgConnection, caller: &Caller, expert: ExpertId, field: &str) -> Result<Expert> {
    let Some(row) = experts::lock(conn, expert).await? else {
        return refuse(UserError::not_found(field, "expert"));
    };
    let resource = Resource::expert(expert, row.office_id);
    caller.authorize(Action::ManageCheck, &resource, field, "expert")?;
    Ok(row)
}

/// A check whose expert the caller may do something to, with the expert locked.
async fn locked_check(conn: &mut PgConnection, caller: &Caller, id: CheckId) -> Result<(Check, Expert)> {
    let Some(seen) = checks::find(conn, id).await? else {
        return refuse(UserError::not_found("checkId", "background check"));
    };
    let expert = locked(conn, caller, seen.expert_id, "checkId").await?;
    // as it is now, under the lock
    match checks::find(conn, id).await? {
        Some(check) => Ok((check, expert)),
        None => refuse(UserError::not_found("checkId", "background check")),
    }
}

/// The checks of those of these experts whose checks the caller may see. Leaves a trace of each expert
/// whose checks staff read.
pub async fn for_experts(app: &App, caller: &Caller, experts: &[ExpertId]) -> Result<Vec<Check>> {
    let mut tx = app.begin(caller).await?;
    let mut visible = Vec::new();
    let mut trace = Vec::new();
    for expert in experts::by_ids(&mut tx, experts).await? {
        if caller.can(Action::ViewCheck, &Resource::expert(expert.id, expert.office_id)) == Decision::Allowed
        {
            visible.push(expert.id);
            trace.push(Audit::new("expert.checks_viewed", expert.id).about(expert.id));
        }
    }
    let checks = checks::for_experts(&mut tx, &visible).await?;
    app.audit(&mut tx, caller, &trace).await?;
    tx.commit().await.map_err(Error::from)?;
    Ok(checks)
}
