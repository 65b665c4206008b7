//! An expert books a seat, gives it back, takes an offered one.
//!
//! Whoever comes first gets it: the session is locked first, and what a race could break is refused by
//! `training_sessions_seats_not_exceeded`.

use tandem_domain::errors::{Code, UserError};
use tandem_domain::experts::ExpertState;
use tandem_domain::ids::{AttendanceId, ExpertId, TrainingSessionId};
use tandem_domain::policy::Action;
use tandem_domain::training::AttendanceState;
use tandem_storage::training::sessions::{self, Seat, Session};
use tandem_storage::training::{self, Attendance};
use tandem_storage::{PgConnection, experts};

use super::offer_seats;
use crate::deliveries::{self, NewDelivery, Recipient, Trigger};
use crate::experts::authorize;
use crate::{App, Audit, Caller, Result, refuse};

/// Locks the expert whose seat it is, and asks whether the caller may book for this one: the expert, or the
/// expert's office for somebody who called.
async fn locked(conn: &mut PgConnection, caller: &Caller, expert: ExpertId, field: &str) -> Result<()> {
    let Some(row) = experts::lock(conn, expert).await? else {
        return refuse(UserError::not_found(field, "expert"));
    };
    authorize(conn, caller, Action::BookTraining, (row.id, row.office_id), field).await?;
    if row.state == ExpertState::Left {
        return refuse(UserError::conflict("this expert has left the programme"));
    }
    Ok(())
}

async fn open_session(conn: &mut PgConnection, app: &App, id: TrainingSessionId) -> Result<Session> {
    let Some(session) = sessions::lock(conn, id).await? else {
        return refuse(UserError::not_found("sessionId", "training session"));
    };
    if session.cancelled_at.is_some() {
        return refuse(UserError::conflict("this session is cancelled"));
    }
    if session.starts_at <= app.now() {
        return refuse(UserError::conflict("this session has begun"));
    }
    Ok(session)
}

/// Books a seat, or a place on the waiting list where none is free or others wait already. Who is booked
/// gets a confirmation with an invitation for the calendar.
pub async fn book(
    app: &App,
    caller: &Caller,
    session: TrainingSessionId,
    expert: ExpertId,
) -> Result<Attendance> {
    let mut tx = app.begin(caller).await?;
    locked(&mut tx, caller, expert, "expertId").await?;
    let session = open_session(&mut tx, app, session).await?;
    let free = session.seats_taken < session.seats && session.waiting == 0;
    let before = training::of_expert(&mut tx, session.id, expert).await?;
    let id = match &before {
        Some(before) => {
            let state = if free {
                before.state.book()?
            } else {
                before.state.wait()?
            };
            sessions::set_seat(&mut tx, before.id, &Seat::plain(state), app.now()).await?;
            before.id
        }
        None => {
            let id: AttendanceId = app.id();
            let state = if free {
                AttendanceState::Booked
            } else {
                AttendanceState::Waitlisted
            };
            sessions::insert_seat(&mut tx, id, &session, expert, state, app.now()).await?;
            id
        }
    };
    let attendance = seat(&mut tx, id).await?;
    if attendance.state == AttendanceState::Booked {
        confirm_by_mail(&mut tx, app, &attendance).await?;
    }
    trace(&mut tx, app, caller, "training.booked", &attendance).await?;
    tx.commit().await?;
    Ok(attendance)
}

/// Gives back a seat, a place on the waiting list, an offer or an invitation. The next who waits is offered
/// the seat.
pub async fn cancel(app: &App, caller: &Caller, id: AttendanceId) -> Result<Attendance> {
    step(app, caller, id, "training.cancelled", AttendanceState::cancel).await
}

/// Takes the seat that is kept.
pub async fn accept_offer(app: &App, caller: &Caller, id: AttendanceId) -> Result<Attendance> {
    step(
        app,
        caller,
        id,
        "training.offer_accepted",
        AttendanceState::accept,
    )
    .await
}

async fn step(
    app: &App,
    caller: &Caller,
    id: AttendanceId,
    action: &'static str,
    next: fn(
        AttendanceState,
    ) -> std::result::Result<AttendanceState, tandem_domain::errors::InvalidTransition>,
) -> Result<Attendance> {
    let mut tx = app.begin(caller).await?;
    let seen = seat(&mut tx, id).await?;
    locked(&mut tx, caller, seen.expert_id, "attendanceId").await?;
    let Some(session) = seen.session_id else {
        return refuse(UserError::conflict(
            "this attendance was recorded without a session",
        ));
    };
    let session = open_session(&mut tx, app, session).await?;
    // as it is now, under the session's lock
    let before = seat(&mut tx, id).await?;
    let state = next(before.state)?;
    if before.state == AttendanceState::Offered
        && state == AttendanceState::Booked
        && before.offered_until.is_some_and(|until| until <= app.now())
    {
        return refuse(UserError::new(
            Code::Conflict,
            "attendanceId",
            "the seat was kept for you until its deadline, which has passed; book again to wait for another one",
        ));
    }
    sessions::set_seat(&mut tx, id, &Seat::plain(state), app.now()).await?;
    let after = seat(&mut tx, id).await?;
    if state == AttendanceState::Booked {
        confirm_by_mail(&mut tx, app, &after).await?;
    } else if before.state.takes_a_seat() {
        offer_seats::promise(&mut tx, app, session.id).await?;
    }
    trace(&mut tx, app, caller, action, &after).await?;
    tx.commit().await?;
    Ok(after)
}

async fn seat(conn: &mut PgConnection, id: AttendanceId) -> Result<Attendance> {
    match training::attendance(conn, id).await? {
        Some(attendance) => Ok(attendance),
        None => refuse(UserError::not_found("attendanceId", "seat")),
    }
}

async fn confirm_by_mail(conn: &mut PgConnection, app: &App, attendance: &Attendance) -> Result<()> {
    let mail = NewDelivery {
        // who gives the seat back and books again is confirmed again
        step: attendance.bookings,
        ..NewDelivery::new(
            Trigger::TrainingBooked,
            attendance.id,
            Recipient::Expert(attendance.expert_id),
        )
    };
    deliveries::queue(conn, app, &[mail]).await?;
    Ok(())
}

async fn trace(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    action: &'static str,
    attendance: &Attendance,
) -> Result<()> {
    let entry = Audit::new(action, attendance.id).about(attendance.expert_id);
    app.audit(conn, caller, &[entry]).await
}
