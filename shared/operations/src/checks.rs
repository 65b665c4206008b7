//! Background checks: inspections are recorded, and shown to who may see them.

use chrono::NaiveDate;
use serde_json::json;
use tandem_domain::checks::{CheckKind, Inspection, inspect};
use tandem_domain::errors::UserError;
use tandem_domain::experts::ExpertState;
use tandem_domain::ids::{CheckId, ExpertId};
use tandem_domain::policy::{Action, Decision, Resource};
use tandem_storage::checks::{self, Check, NewInspection};
use tandem_storage::experts::{self, Expert};

use crate::{App, Audit, Caller, Error, Result, refuse, settings};

/// What somebody inspected. Nothing else of a certificate is stored, so nothing else can be given.
#[derive(Debug, Clone, Copy)]
pub struct InspectionInput {
    /// Simple or extended.
    pub kind: CheckKind,
    /// The certificate's own date.
    pub certificate_date: NaiveDate,
    /// When it was inspected; today where not given.
    pub inspected_on: Option<NaiveDate>,
    /// The one thing that is recorded of its content.
    pub no_relevant_entry: bool,
    /// An earlier end than the programme's validity gives.
    pub valid_until: Option<NaiveDate>,
}

/// Records an inspection by the caller.
pub async fn record_inspection(
    app: &App,
    caller: &Caller,
    expert: ExpertId,
    input: InspectionInput,
) -> Result<Expert> {
    let mut tx = app.begin(caller).await?;
    let Some(row) = experts::lock(&mut tx, expert).await? else {
        return refuse(UserError::not_found("expertId", "expert"));
    };
    caller.authorize(
        Action::ManageCheck,
        &Resource::expert(expert, row.office_id),
        "expertId",
        "expert",
    )?;
    if row.state == ExpertState::Left {
        return refuse(UserError::conflict(
            "this expert has left: nothing is recorded any more",
        ));
    }
    let settings = settings::current(&mut tx).await?;
    let inspected_on = input.inspected_on.unwrap_or_else(|| app.today());
    let inspection = inspect(
        input.certificate_date,
        inspected_on,
        input.no_relevant_entry,
        app.today(),
        &settings,
    )?;
    let check = NewInspection {
        id: app.id(),
        expert_id: expert,
        kind: input.kind,
        inspection: shortened(inspection, input.valid_until)?,
        inspected_by: caller.user_id(),
    };
    let id: CheckId = match checks::fulfil_request(&mut tx, &check, app.now()).await? {
        Some(request) => request,
        None => {
            checks::insert(&mut tx, &[check], app.now()).await?;
            check.id
        }
    };
    let entry = Audit::new("check.inspected", id)
        .about(expert)
        .detail(json!({ "kind": input.kind }));
    app.audit(&mut tx, caller, &[entry]).await?;
    tx.commit().await?;
    Ok(row)
}

/// The inspection with an earlier end (domain.md: "can be set shorter").
pub(crate) fn shortened(inspection: Inspection, until: Option<NaiveDate>) -> Result<Inspection> {
    match until {
        None => Ok(inspection),
        Some(until) if until > inspection.valid_until => refuse(UserError::invalid(
            "validUntil",
            format!(
                "{until} is too late: this inspection is valid until {} at most",
                inspection.valid_until
            ),
        )),
        Some(until) if until < inspection.inspected_on => refuse(UserError::invalid(
            "validUntil",
            format!("{until} is before the inspection on {}", inspection.inspected_on),
        )),
        Some(valid_until) => Ok(Inspection {
            valid_until,
            ..inspection
        }),
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
