//! Planning of sessions, and who was there.

use serde_json::json;
use tandem_domain::clock::date_in_germany;
use tandem_domain::errors::{Code, UserError};
use tandem_domain::experts::ExpertState;
use tandem_domain::ids::{AttendanceId, ExpertId, ModuleId, OfficeId, TrainingSessionId};
use tandem_domain::policy::{Action, Decision, Resource};
use tandem_domain::training::{AttendanceState, SessionDraft, SessionInput};
use tandem_storage::paging::{Page, Slice};
use tandem_storage::training::sessions::{self, Key, Seat, Session, SessionFilter};
use tandem_storage::training::{self, Attendance};
use tandem_storage::{PgConnection, documents, experts};

use super::offer_seats;
use crate::deliveries::{self, NewDelivery, Recipient, Trigger};
use crate::experts::authorize;
use crate::{App, Audit, Caller, Error, Result, idempotency, refuse};

/// No call invites or confirms more experts.
const MOST: usize = 500;

/// Sessions, the earliest first; nothing for those who may not see them.
pub async fn sessions(
    app: &App,
    caller: &Caller,
    filter: &SessionFilter,
    page: &Page<Key>,
) -> Result<Slice<Session>> {
    if !caller.scope(Action::ViewTraining).everything {
        return Ok(page.slice(Vec::new()));
    }
    let mut conn = app.acquire(caller).await?;
    Ok(sessions::list(&mut conn, filter, page).await?)
}

/// Those of these sessions that the caller may see.
pub async fn sessions_by_ids(app: &App, caller: &Caller, ids: &[TrainingSessionId]) -> Result<Vec<Session>> {
    if !caller.scope(Action::ViewTraining).everything {
        return Ok(Vec::new());
    }
    let mut conn = app.acquire(caller).await?;
    Ok(sessions::by_ids(&mut conn, ids).await?)
}

/// Whether the caller plans this session: sees who comes, and confirms who was there.
pub fn plans(caller: &Caller, session: &Session) -> bool {
    caller.can(Action::ManageTraining, &Resource::office(session.office_id)) == Decision::Allowed
}

/// Who has a part in these sessions: everybody's, for the office that holds one; otherwise of the experts
/// whom the caller may see.
pub async fn for_sessions(app: &App, caller: &Caller, ids: &[TrainingSessionId]) -> Result<Vec<Attendance>> {
    let mut conn = app.acquire(caller).await?;
    let planned: Vec<TrainingSessionId> = sessions::by_ids(&mut conn, ids)
        .await?
        .into_iter()
        .filter(|session| plans(caller, session))
        .map(|session| session.id)
        .collect();
    let all = training::for_sessions(&mut conn, ids).await?;
    let people: Vec<ExpertId> = all.iter().map(|attendance| attendance.expert_id).collect();
    let visible: Vec<ExpertId> = experts::by_ids(&mut conn, &people)
        .await?
        .into_iter()
        .filter(|expert| {
            let resource = Resource::expert(expert.id, expert.office_id);
            caller.can(Action::ViewExpertContact, &resource) == Decision::Allowed
        })
        .map(|expert| expert.id)
        .collect();
    Ok(all
        .into_iter()
        .filter(|attendance| {
            attendance.session_id.is_some_and(|id| planned.contains(&id))
                || visible.contains(&attendance.expert_id)
        })
        .collect())
}

fn found<T>(row: Option<T>, field: &str) -> Result<T> {
    row.ok_or_else(|| UserError::not_found(field, "training session").into())
}

/// A session that the caller plans, locked.
async fn planned(conn: &mut PgConnection, caller: &Caller, id: TrainingSessionId) -> Result<Session> {
    let session = found(sessions::lock(conn, id).await?, "sessionId")?;
    let resource = Resource::office(session.office_id);
    caller.authorize(Action::ManageTraining, &resource, "sessionId", "training session")?;
    Ok(session)
}

fn not_cancelled(session: &Session) -> Result<()> {
    if session.cancelled_at.is_some() {
        return refuse(UserError::conflict("this session is cancelled"));
    }
    Ok(())
}

/// Plans a session of an office.
pub async fn create_session(
    app: &App,
    caller: &Caller,
    module: ModuleId,
    office: OfficeId,
    input: SessionInput,
    key: Option<&str>,
) -> Result<Session> {
    caller.authorize(
        Action::ManageTraining,
        &Resource::office(office),
        "officeId",
        "office",
    )?;
    let draft = input.check(app.now())?;
    let id: TrainingSessionId = app.id();
    let mut tx = app.begin(caller).await?;
    if let Some(earlier) = idempotency::claim(&mut tx, app, caller, "createTrainingSession", key, id).await? {
        return found(
            sessions::by_ids(&mut tx, &[earlier]).await?.pop(),
            "idempotencyKey",
        );
    }
    let modules = training::modules(&mut tx).await?;
    match modules.iter().find(|known| known.id == module) {
        None => return refuse(UserError::not_found("moduleId", "training module")),
        Some(module) if !module.active => {
            return refuse(UserError::new(
                Code::Conflict,
                "moduleId",
                "this module is not offered any more",
            ));
        }
        Some(_) => {}
    }
    if tandem_storage::offices::find(&mut tx, office).await?.is_none() {
        return refuse(UserError::not_found("officeId", "office"));
    }
    sessions::insert(&mut tx, id, module, office, &draft, caller.user_id(), app.now()).await?;
    app.audit(&mut tx, caller, &[Audit::new("training.session_created", id)])
        .await?;
    let session = found(sessions::by_ids(&mut tx, &[id]).await?.pop(), "sessionId")?;
    tx.commit().await?;
    Ok(session)
}

/// Changes a session; who is booked hears of another time or place. More seats go to those who wait.
pub async fn update_session(
    app: &App,
    caller: &Caller,
    id: TrainingSessionId,
    version: Option<i64>,
    input: SessionInput,
) -> Result<Session> {
    let draft = input.check(app.now())?;
    let mut tx = app.begin(caller).await?;
    let before = planned(&mut tx, caller, id).await?;
    not_cancelled(&before)?;
    if version.is_some_and(|version| version != before.version) {
        return refuse(UserError::new(
            Code::Conflict,
            "version",
            "somebody else changed this session meanwhile; look at it again and repeat your change",
        ));
    }
    sessions::update(&mut tx, id, &draft, app.now())
        .await
        .map_err(explain)?;
    if moved(&before, &draft) {
        let booked = training::for_sessions(&mut tx, &[id]).await?;
        let mails: Vec<NewDelivery> = booked
            .iter()
            .filter(|attendance| attendance.state == AttendanceState::Booked)
            .map(|attendance| NewDelivery {
                // the invitation of a changed session takes the place of the earlier one
                step: before.version as i16,
                ..NewDelivery::new(
                    Trigger::TrainingChanged,
                    attendance.id,
                    Recipient::Expert(attendance.expert_id),
                )
            })
            .collect();
        deliveries::queue(&mut tx, app, &mails).await?;
        offer_seats::renew(&mut tx, app, &booked, draft.starts_at).await?;
    }
    offer_seats::promise(&mut tx, app, id).await?;
    app.audit(&mut tx, caller, &[Audit::new("training.session_updated", id)])
        .await?;
    let session = found(sessions::by_ids(&mut tx, &[id]).await?.pop(), "sessionId")?;
    tx.commit().await?;
    Ok(session)
}

fn moved(before: &Session, draft: &SessionDraft) -> bool {
    (before.starts_at, before.ends_at) != (draft.starts_at, draft.ends_at)
        || before.place != draft.place
        || before.video_link != draft.video_link
}

fn explain(error: tandem_storage::Error) -> Error {
    match error.constraint() {
        Some("training_sessions_seats_not_exceeded") => {
            UserError::new(Code::Conflict, "seats", "more seats than these are taken already").into()
        }
        _ => error.into(),
    }
}

/// Cancels a session; everybody who had a part in it hears of it.
pub async fn cancel_session(app: &App, caller: &Caller, id: TrainingSessionId) -> Result<Session> {
    let mut tx = app.begin(caller).await?;
    let session = planned(&mut tx, caller, id).await?;
    not_cancelled(&session)?;
    if session.starts_at <= app.now() {
        return refuse(UserError::conflict(
            "this session has begun: it cannot be cancelled",
        ));
    }
    let told = sessions::cancel(&mut tx, id, app.now()).await?;
    let mails: Vec<NewDelivery> = told
        .iter()
        .map(|(attendance, expert)| {
            NewDelivery::new(
                Trigger::TrainingCancelled,
                *attendance,
                Recipient::Expert(*expert),
            )
        })
        .collect();
    deliveries::queue(&mut tx, app, &mails).await?;
    let entry = Audit::new("training.session_cancelled", id).detail(json!({ "seats": told.len() }));
    app.audit(&mut tx, caller, &[entry]).await?;
    let session = found(sessions::by_ids(&mut tx, &[id]).await?.pop(), "sessionId")?;
    tx.commit().await?;
    Ok(session)
}

/// Invites experts to book; who has a part in the session already is left alone. Returns who was invited.
pub async fn invite(
    app: &App,
    caller: &Caller,
    id: TrainingSessionId,
    people: &[ExpertId],
) -> Result<Session> {
    check_size("expertIds", people.len())?;
    let mut people = people.to_vec();
    people.sort();
    people.dedup();
    let mut tx = app.begin(caller).await?;
    let rows = experts::by_ids(&mut tx, &people).await?;
    for (place, expert) in people.iter().enumerate() {
        let field = format!("expertIds.{place}");
        let Some(row) = rows.iter().find(|row| row.id == *expert) else {
            return refuse(UserError::not_found(field, "expert"));
        };
        // an office invites its own experts
        let home = (row.id, row.office_id);
        authorize(&mut tx, caller, Action::BookTraining, home, &field).await?;
        let office = Resource::office(row.office_id);
        if caller.can(Action::ManageTraining, &office) != Decision::Allowed {
            return refuse(UserError {
                field,
                ..UserError::forbidden("the office invites its experts: book a seat instead")
            });
        }
        if row.state == ExpertState::Left {
            return refuse(UserError::new(Code::Conflict, field, "this expert has left"));
        }
    }
    let session = found(sessions::lock(&mut tx, id).await?, "sessionId")?;
    let known = Resource::programme();
    caller.authorize(Action::ViewTraining, &known, "sessionId", "training session")?;
    not_cancelled(&session)?;
    if session.starts_at <= app.now() {
        return refuse(UserError::conflict("this session has begun"));
    }
    let mut mails = Vec::new();
    let mut trail = Vec::new();
    for expert in people {
        if training::of_expert(&mut tx, id, expert).await?.is_some() {
            continue;
        }
        let attendance: AttendanceId = app.id();
        sessions::insert_seat(
            &mut tx,
            attendance,
            &session,
            expert,
            AttendanceState::Invited,
            app.now(),
        )
        .await?;
        mails.push(NewDelivery::new(
            Trigger::TrainingInvited,
            attendance,
            Recipient::Expert(expert),
        ));
        trail.push(Audit::new("training.invited", attendance).about(expert));
    }
    deliveries::queue(&mut tx, app, &mails).await?;
    app.audit(&mut tx, caller, &trail).await?;
    tx.commit().await?;
    Ok(session)
}

fn check_size(field: &str, size: usize) -> Result<()> {
    if size == 0 || size > MOST {
        return refuse(UserError::invalid(
            field,
            format!("{field} has {size} entries: 1 to {MOST} are possible"),
        ));
    }
    Ok(())
}

/// Confirms in bulk who was there and who was not; once the session has begun, and again to correct it.
pub async fn confirm_attendance(
    app: &App,
    caller: &Caller,
    id: TrainingSessionId,
    people: &[(AttendanceId, bool)],
) -> Result<Session> {
    let mut tx = app.begin(caller).await?;
    let session = planned(&mut tx, caller, id).await?;
    check_size("attendances", people.len())?;
    not_cancelled(&session)?;
    if session.starts_at > app.now() {
        return refuse(UserError::new(
            Code::NotReady,
            "sessionId",
            format!(
                "this session begins on {}: nobody was there yet",
                date_in_germany(session.starts_at)
            ),
        ));
    }
    let rows = training::for_sessions(&mut tx, &[id]).await?;
    let mut problems = Vec::new();
    let mut trail = Vec::new();
    for (place, (attendance, attended)) in people.iter().enumerate() {
        let field = format!("attendances.{place}");
        let Some(row) = rows.iter().find(|row| row.id == *attendance) else {
            problems.push(UserError::not_found(field, "seat in this session"));
            continue;
        };
        let state = match row.state.confirm(*attended) {
            Ok(state) => state,
            Err(error) => {
                problems.push(UserError::new(Code::Conflict, field, error.to_string()));
                continue;
            }
        };
        let seat = Seat {
            attended_on: attended.then(|| date_in_germany(session.starts_at)),
            confirmed_by: caller.user_id(),
            ..Seat::plain(state)
        };
        sessions::set_seat(&mut tx, *attendance, &seat, app.now()).await?;
        if !attended {
            // a certificate of what was corrected is not true any more
            documents::remove_of(&mut tx, attendance.uuid()).await?;
        }
        trail.push(Audit::new("training.attendance_confirmed", *attendance).about(row.expert_id));
    }
    if !problems.is_empty() {
        return Err(Error::Refused(problems));
    }
    app.audit(&mut tx, caller, &trail).await?;
    tx.commit().await?;
    Ok(session)
}
