//! Somebody looks at a certificate; where the programme wants it, a second person as well.

use chrono::NaiveDate;
use serde_json::json;
use tandem_domain::checks::{CheckKind, Inspection, check_kind, check_second_person, inspect};
use tandem_domain::errors::UserError;
use tandem_domain::experts::ExpertState;
use tandem_domain::ids::{CheckId, ExpertId, UserId};
use tandem_storage::checks::{self, NewInspection, requests};
use tandem_storage::experts::Expert;
use tandem_storage::{PgConnection, documents};

use super::{locked, locked_check};
use crate::jobs::{self, Job};
use crate::{App, Audit, Caller, Result, refuse, settings};

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

/// Records an inspection by the caller. Where the programme asks for a second person, it counts only when
/// that one has confirmed it.
pub async fn record_inspection(
    app: &App,
    caller: &Caller,
    expert: ExpertId,
    input: InspectionInput,
) -> Result<Expert> {
    let mut tx = app.begin(caller).await?;
    let row = locked(&mut tx, caller, expert, "expertId").await?;
    if row.state == ExpertState::Left {
        return refuse(UserError::conflict(
            "this expert has left: nothing is recorded any more",
        ));
    }
    let settings = settings::current(&mut tx).await?;
    let today = app.today();
    let inspected_on = input.inspected_on.unwrap_or(today);
    let inspection = inspect(
        input.certificate_date,
        inspected_on,
        input.no_relevant_entry,
        today,
        &settings,
    )?;
    let encounters = requests::encounters(&mut tx, expert, today).await?;
    check_kind(input.kind, input.no_relevant_entry, &encounters, today)?;
    let found = Found {
        expert,
        kind: input.kind,
        inspection: shortened(inspection, input.valid_until)?,
        inspected_by: caller.user_id(),
    };
    match found.inspected_by {
        Some(inspected_by) if settings.four_eyes_inspection => {
            wait_for_second(&mut tx, app, caller, &found, inspected_by).await?;
        }
        _ => {
            write(&mut tx, app, caller, &found, None).await?;
        }
    }
    tx.commit().await?;
    Ok(row)
}

/// What was found, by whom.
#[derive(Debug, Clone, Copy)]
struct Found {
    expert: ExpertId,
    kind: CheckKind,
    inspection: Inspection,
    inspected_by: Option<UserId>,
}

async fn wait_for_second(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    found: &Found,
    inspected_by: UserId,
) -> Result<()> {
    let (request, _) = requests::request(
        conn,
        app.id(),
        found.expert,
        found.kind,
        app.today(),
        caller.user_id(),
        app.now(),
    )
    .await?;
    requests::put_pending(conn, request, &found.inspection, inspected_by, app.now()).await?;
    let entry = Audit::new("check.inspected_by_first", request).about(found.expert);
    app.audit(conn, caller, &[entry]).await
}

/// Writes an inspection that counts, and lets the worker look at what it means for the expert's matches.
async fn write(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    found: &Found,
    confirmed_by: Option<UserId>,
) -> Result<()> {
    let check = NewInspection {
        id: app.id(),
        expert_id: found.expert,
        kind: found.kind,
        inspection: found.inspection,
        inspected_by: found.inspected_by,
        confirmed_by,
    };
    let id: CheckId = match checks::fulfil_request(conn, &check, app.now()).await? {
        Some(request) => request,
        None => {
            checks::insert(conn, &[check], app.now()).await?;
            check.id
        }
    };
    // the letter has served, and it has a birth date and an address in it
    documents::remove_of(conn, id.uuid()).await?;
    let review = Job::ReviewChecks {
        expert: found.expert,
        occasion: id.uuid(),
    };
    jobs::enqueue(conn, app, &[review]).await?;
    let entry = Audit::new("check.inspected", id)
        .about(found.expert)
        .detail(json!({ "fourEyes": confirmed_by.is_some() }));
    app.audit(conn, caller, &[entry]).await
}

/// A second person has seen the same certificate and agrees: now it counts.
pub async fn confirm_inspection(app: &App, caller: &Caller, id: CheckId) -> Result<Expert> {
    let mut tx = app.begin(caller).await?;
    let (check, expert) = locked_check(&mut tx, caller, id).await?;
    let Some(pending) = check.pending else {
        return refuse(UserError::conflict(
            "no inspection waits for a second person here",
        ));
    };
    let Some(second) = caller.user_id() else {
        return refuse(UserError::forbidden(
            "a person confirms an inspection, no program does",
        ));
    };
    check_second_person(pending.inspected_by, second)?;
    requests::drop_pending(&mut tx, id).await?;
    let found = Found {
        expert: expert.id,
        kind: check.check.kind,
        inspection: pending.inspection,
        inspected_by: Some(pending.inspected_by),
    };
    write(&mut tx, app, caller, &found, Some(second)).await?;
    tx.commit().await?;
    Ok(expert)
}

/// An inspection that waits for a second person is taken back, by the second person or by the first: the
/// certificate is inspected again.
pub async fn reject_inspection(app: &App, caller: &Caller, id: CheckId) -> Result<Expert> {
    let mut tx = app.begin(caller).await?;
    let (check, expert) = locked_check(&mut tx, caller, id).await?;
    if check.pending.is_none() {
        return refuse(UserError::conflict(
            "no inspection waits for a second person here",
        ));
    }
    requests::drop_pending(&mut tx, id).await?;
    let entry = Audit::new("check.inspection_rejected", id).about(expert.id);
    app.audit(&mut tx, caller, &[entry]).await?;
    tx.commit().await?;
    Ok(expert)
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
