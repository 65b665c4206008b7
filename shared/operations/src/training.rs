//! Training modules, sessions with seats and a waiting list, and attendance (S7 to S9).

mod booking;
mod links;
mod offer_seats;
mod sessions;

pub use booking::{accept_offer, book, cancel};
pub use links::{Act, Seat, act, look};
pub use offer_seats::{lapse_offers, offer};
pub use sessions::{
    cancel_session, confirm_attendance, create_session, for_sessions, invite, plans, sessions,
    sessions_by_ids, update_session,
};
pub use tandem_storage::training::missing::{Key as MissingKey, MissingModule, key as missing_key};
pub use tandem_storage::training::sessions::{Key as SessionKey, Session, SessionFilter, key as session_key};

use chrono::NaiveDate;
use serde_json::json;
use tandem_domain::errors::{Code, UserError};
use tandem_domain::experts::ExpertState;
use tandem_domain::ids::{AttendanceId, ExpertId, ModuleId, OfficeId};
use tandem_domain::policy::{Action, Decision, Resource};
use tandem_domain::training::{AttendanceState, BASE, INTERCULTURAL, ModuleInput, check_attendance};
use tandem_mail::Invitation;
use tandem_storage::deliveries::{self, SeatFacts};
use tandem_storage::experts::{self, Expert};
use tandem_storage::paging::{Page, Slice};
use tandem_storage::training::{self, Attendance, Module, NewAttendance, missing};

use crate::{App, Audit, Caller, Error, Result, refuse};

/// Every module, by code.
pub async fn modules(app: &App, caller: &Caller) -> Result<Vec<Module>> {
    let mut conn = app.acquire(caller).await?;
    Ok(training::modules(&mut conn).await?)
}

/// Adds a module to the programme.
pub async fn create_module(app: &App, caller: &Caller, input: ModuleInput) -> Result<Module> {
    caller.authorize(Action::ManageModule, &Resource::programme(), "", "programme")?;
    let input = input.check()?;
    let id: ModuleId = app.id();
    let mut tx = app.begin(caller).await?;
    training::insert_module(&mut tx, id, &input, app.now())
        .await
        .map_err(explain)?;
    app.audit(&mut tx, caller, &[Audit::new("training.module_created", id)])
        .await?;
    tx.commit().await?;
    module(app, caller, id).await
}

/// Changes a module. What is required counts at once for every first meeting.
pub async fn update_module(
    app: &App,
    caller: &Caller,
    id: ModuleId,
    version: Option<i64>,
    input: ModuleInput,
) -> Result<Module> {
    caller.authorize(
        Action::ManageModule,
        &Resource::programme(),
        "moduleId",
        "training module",
    )?;
    let input = input.check()?;
    let mut tx = app.begin(caller).await?;
    let Some(before) = training::modules(&mut tx)
        .await?
        .into_iter()
        .find(|module| module.id == id)
    else {
        return refuse(UserError::not_found("moduleId", "training module"));
    };
    if [BASE, INTERCULTURAL].contains(&before.code.as_str()) && before.code != input.code {
        return refuse(UserError::invalid(
            "code",
            format!("the programme's own module keeps its code {}", before.code),
        ));
    }
    if !training::update_module(&mut tx, id, version, &input)
        .await
        .map_err(explain)?
    {
        return refuse(UserError::new(
            Code::Conflict,
            "version",
            "somebody else changed this module meanwhile; look at it again and repeat your change",
        ));
    }
    let entry = Audit::new("training.module_updated", id)
        .detail(json!({ "required": input.required, "validityMonths": input.validity_months }));
    app.audit(&mut tx, caller, &[entry]).await?;
    tx.commit().await?;
    module(app, caller, id).await
}

async fn module(app: &App, caller: &Caller, id: ModuleId) -> Result<Module> {
    let found = modules(app, caller)
        .await?
        .into_iter()
        .find(|module| module.id == id);
    found.ok_or_else(|| UserError::not_found("moduleId", "training module").into())
}

fn explain(error: tandem_storage::Error) -> Error {
    match error.constraint() {
        Some("training_modules_code_unique") => {
            UserError::invalid("code", "there is another module with this code").into()
        }
        _ => error.into(),
    }
}

/// What is missing for whom: required modules of active experts whom the caller looks after, those first who
/// have said yes to a match. An expert sees the own ones.
pub async fn missing(
    app: &App,
    caller: &Caller,
    office: Option<OfficeId>,
    module: Option<ModuleId>,
    page: &Page<MissingKey>,
) -> Result<Slice<MissingModule>> {
    let scope = caller.scope(Action::ViewExpertContact);
    if scope.is_empty() {
        return Ok(page.slice(Vec::new()));
    }
    let mut conn = app.acquire(caller).await?;
    let office = office.map(OfficeId::uuid);
    Ok(missing::list(&mut conn, &scope, office, module, app.today(), app.now(), page).await?)
}

/// A seat as a date for the calendar.
pub(crate) fn invitation(app: &App, id: AttendanceId, facts: &SeatFacts) -> Invitation {
    let host = app.public_url.host_str().unwrap_or("tandem.invalid");
    Invitation {
        uid: format!("training-{id}@{host}"),
        sequence: facts.version.clamp(0, i64::from(i32::MAX)) as u32,
        stamp: facts.updated_at,
        starts_at: facts.starts_at,
        ends_at: facts.ends_at,
        title: facts.title.clone(),
        description: format!(
            "{}\n{}\nTelefon {}\n{}",
            facts.contact.name, facts.contact.office_name, facts.contact.phone, facts.contact.email
        ),
        place: facts.place.clone(),
        video_link: facts.video_link.clone(),
        cancelled: facts.cancelled,
    }
}

/// The date of a booked seat for a calendar, for who may book it: the file's text.
pub async fn calendar(app: &App, caller: &Caller, id: AttendanceId) -> Result<String> {
    let mut conn = app.acquire(caller).await?;
    let attendance = training::attendance(&mut conn, id).await?;
    let not_found = || UserError::not_found("attendanceId", "seat");
    let Some(attendance) = attendance else {
        return refuse(not_found());
    };
    let Some(expert) = experts::by_ids(&mut conn, &[attendance.expert_id]).await?.pop() else {
        return refuse(not_found());
    };
    let resource = Resource::expert(expert.id, expert.office_id);
    caller.authorize(Action::BookTraining, &resource, "attendanceId", "seat")?;
    if attendance.state != AttendanceState::Booked {
        return refuse(UserError::new(
            Code::NotReady,
            "attendanceId",
            "there is no booked seat: book first",
        ));
    }
    match deliveries::seat_facts(&mut conn, id).await? {
        Some(facts) => Ok(invitation(app, id, &facts).ics()),
        None => refuse(not_found()),
    }
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
    let home = (expert, row.office_id);
    crate::experts::authorize(&mut tx, caller, Action::ManageExpert, home, "expertId").await?;
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
