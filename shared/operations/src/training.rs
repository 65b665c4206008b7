//! Training modules and attendance (S7 to S9).

use chrono::NaiveDate;
use serde_json::json;
use tandem_domain::errors::UserError;
use tandem_domain::experts::ExpertState;
use tandem_domain::ids::{ExpertId, ModuleId};
use tandem_domain::policy::{Action, Decision, Resource};
use tandem_domain::training::check_attendance;
use tandem_storage::experts::{self, Expert};
use tandem_storage::training::{self, Attendance, Module, NewAttendance};

use crate::{App, Audit, Caller, Result, refuse};

/// Every module, by code.
pub async fn modules(app: &App, caller: &Caller) -> Result<Vec<Module>> {
    let mut conn = app.acquire(caller).await?;
    Ok(training::modules(&mut conn).await?)
}

/// Records that an expert attended a module outside a session of this programme's calendar; the office
/// confirms it. Recorded again, the new date counts.
pub async fn record_attendance(
    app: &App,
    caller: &Caller,
    expert: ExpertId,
    module: ModuleId,
    attended_on: NaiveDate,
) -> Result<Expert> {
    let mut tx = app.begin(caller).await?;
    let Some(row) = experts::lock(&mut tx, expert).await? else {
        return refuse(UserError::not_found("expertId", "expert"));
    };
    caller.authorize(
        Action::ManageExpert,
        &Resource::expert(expert, row.office_id),
        "expertId",
        "expert",
    )?;
    if row.state == ExpertState::Left {
        return refuse(UserError::conflict(
            "this expert has left: nothing is recorded any more",
        ));
    }
    let Some(module) = training::modules(&mut tx)
        .await?
        .into_iter()
        .find(|known| known.id == module)
    else {
        return refuse(UserError::not_found("moduleId", "training module"));
    };
    let attended_on = check_attendance(attended_on, app.today())
        .map_err(|problem| UserError::invalid("attendedOn", problem))?;
    let attendance = NewAttendance {
        id: app.id(),
        expert_id: expert,
        module_id: module.id,
        attended_on,
        confirmed_by: caller.user_id(),
    };
    training::record(&mut tx, &[attendance], app.now()).await?;
    let entry = Audit::new("expert.attendance_recorded", expert)
        .about(expert)
        .detail(json!({ "module": module.code }));
    app.audit(&mut tx, caller, &[entry]).await?;
    tx.commit().await?;
    Ok(row)
}

/// The attendances of those of these experts whose office's view the caller has, or who are the caller.
pub async fn for_experts(app: &App, caller: &Caller, experts: &[ExpertId]) -> Result<Vec<Attendance>> {
    let mut conn = app.acquire(caller).await?;
    let visible: Vec<ExpertId> = experts::by_ids(&mut conn, experts)
        .await?
        .into_iter()
        .filter(|expert| {
            let resource = Resource::expert(expert.id, expert.office_id);
            caller.can(Action::ViewExpertContact, &resource) == Decision::Allowed
        })
        .map(|expert| expert.id)
        .collect();
    Ok(training::for_experts(&mut conn, &visible).await?)
}
