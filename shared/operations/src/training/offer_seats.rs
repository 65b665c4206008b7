//! Seats that became free are offered to those who wait, with a deadline; what nobody takes lapses. The
//! worker does both, since who gives a seat back sees nothing of who waits.

use chrono::{DateTime, Utc};
use tandem_domain::ids::TrainingSessionId;
use tandem_domain::training::{AttendanceState, offer_until};
use tandem_storage::PgConnection;
use tandem_storage::training::{self, Attendance, sessions};

use crate::deliveries::{self, NewDelivery, Recipient, Trigger};
use crate::jobs::{self, Job};
use crate::{App, Audit, Caller, Result, settings};

const BATCH: i64 = 200;

/// Promises that free seats are offered, as part of the caller's transaction.
pub(super) async fn promise(conn: &mut PgConnection, app: &App, session: TrainingSessionId) -> Result<()> {
    let occasion: TrainingSessionId = app.id();
    let job = Job::OfferSeats {
        session,
        occasion: occasion.uuid(),
    };
    jobs::enqueue(conn, app, &[job]).await?;
    Ok(())
}

/// Offers every free seat of a session to whoever has waited longest. Says how many.
pub async fn offer(app: &App, session: TrainingSessionId) -> Result<usize> {
    let mut tx = app.begin(&Caller::system()).await?;
    let offered = offer_locked(&mut tx, app, session).await?;
    tx.commit().await?;
    Ok(offered)
}

async fn offer_locked(conn: &mut PgConnection, app: &App, id: TrainingSessionId) -> Result<usize> {
    let Some(session) = sessions::lock(conn, id).await? else {
        return Ok(0);
    };
    let free = session.seats - session.seats_taken;
    if free <= 0 || session.cancelled_at.is_some() || session.starts_at <= app.now() {
        return Ok(0);
    }
    let settings = settings::current(conn).await?;
    let waiting = sessions::longest_waiting(conn, id, free.into()).await?;
    let mut mails = Vec::with_capacity(waiting.len());
    let mut trail = Vec::with_capacity(waiting.len());
    for (attendance, expert) in waiting {
        let Some(row) = training::attendance(conn, attendance).await? else {
            continue;
        };
        let seat = sessions::Seat {
            offered_until: Some(offer_until(app.now(), session.starts_at, &settings)),
            ..sessions::Seat::plain(row.state.offer()?)
        };
        sessions::set_seat(conn, attendance, &seat, app.now()).await?;
        mails.push(NewDelivery {
            step: row.offers,
            ..NewDelivery::new(Trigger::SeatOffered, attendance, Recipient::Expert(expert))
        });
        trail.push(Audit::new("training.seat_offered", attendance).about(expert));
    }
    deliveries::queue(conn, app, &mails).await?;
    app.audit(conn, &Caller::system(), &trail).await?;
    Ok(mails.len())
}

/// Makes the open offers of a session that has moved anew, as part of the caller's transaction: with the new
/// time, and with a deadline that follows from it.
pub(super) async fn renew(
    conn: &mut PgConnection,
    app: &App,
    attendances: &[Attendance],
    starts_at: DateTime<Utc>,
) -> Result<()> {
    let settings = settings::current(conn).await?;
    let until = offer_until(app.now(), starts_at, &settings);
    let mut mails = Vec::new();
    for row in attendances {
        if row.state == AttendanceState::Offered {
            sessions::renew_offer(conn, row.id, until, app.now()).await?;
            mails.push(NewDelivery {
                step: row.offers,
                ..NewDelivery::new(Trigger::SeatOffered, row.id, Recipient::Expert(row.expert_id))
            });
        }
    }
    deliveries::queue(conn, app, &mails).await?;
    Ok(())
}

/// Lapses offers whose deadline has passed and offers their seats to the next. Says how many lapsed.
pub async fn lapse_offers(app: &App) -> Result<usize> {
    let caller = Caller::system();
    let mut lapsed = 0;
    loop {
        let mut conn = app.acquire(&caller).await?;
        let due = sessions::offers_due(&mut conn, app.now(), BATCH).await?;
        drop(conn);
        if due.is_empty() {
            return Ok(lapsed);
        }
        for (attendance, session) in due {
            let mut tx = app.begin(&caller).await?;
            sessions::lock(&mut tx, session).await?;
            // as it is now, under the session's lock: it may have been accepted meanwhile
            let Some(row) = training::attendance(&mut tx, attendance).await? else {
                continue;
            };
            let over = row.offered_until.is_some_and(|until| until <= app.now());
            if row.state != AttendanceState::Offered || !over {
                continue;
            }
            let seat = sessions::Seat::plain(row.state.lapse()?);
            sessions::set_seat(&mut tx, attendance, &seat, app.now()).await?;
            let mail = NewDelivery {
                step: row.offers,
                ..NewDelivery::new(Trigger::SeatLapsed, attendance, Recipient::Expert(row.expert_id))
            };
            deliveries::queue(&mut tx, app, &[mail]).await?;
            let entry = Audit::new("training.offer_lapsed", attendance).about(row.expert_id);
            app.audit(&mut tx, &caller, &[entry]).await?;
            offer_locked(&mut tx, app, session).await?;
            tx.commit().await?;
            lapsed += 1;
        }
    }
}
