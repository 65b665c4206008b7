//! Dated courses, their seats and their waiting lists.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::{AttendanceId, ExpertId, ModuleId, OfficeId, TrainingSessionId, UserId};
use tandem_domain::training::{AttendanceState, SessionDraft};
use uuid::Uuid;

use crate::Result;
use crate::paging::{Page, Slice};

/// A dated course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: TrainingSessionId,
    /// What is learnt.
    pub module_id: ModuleId,
    /// The module's code.
    pub module: String,
    /// The module's name for people.
    pub title: String,
    /// The office that holds it.
    pub office_id: OfficeId,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// Where; empty for a session by video alone.
    pub place: String,
    /// The address of the video conference; empty where there is none.
    pub video_link: String,
    /// How many can come.
    pub seats: i16,
    /// How many seats are taken or kept.
    pub seats_taken: i16,
    /// How many wait for a seat.
    pub waiting: i32,
    /// When it was cancelled.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Grows with every change.
    pub version: i64,
}

/// When it begins, and its id.
pub type Key = (DateTime<Utc>, Uuid);

/// The place of a session in the list.
pub fn key(session: &Session) -> Key {
    (session.starts_at, session.id.uuid())
}

macro_rules! select {
    ($condition:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Session,
            "SELECT s.id, s.module_id, m.code AS module, m.title, s.office_id, s.starts_at, s.ends_at, s.place,
                 s.video_link, s.seats, s.seats_taken, s.waiting, s.cancelled_at, s.version
             FROM training_sessions s JOIN training_modules m ON m.id = s.module_id "
                + $condition
            $(, $argument)*
        )
    };
}

/// Sessions, in no particular order.
pub async fn by_ids(conn: &mut PgConnection, ids: &[TrainingSessionId]) -> Result<Vec<Session>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    Ok(select!("WHERE s.id = ANY($1)", &ids).fetch_all(conn).await?)
}

/// A session whose seats nobody else changes until the transaction ends.
pub async fn lock(conn: &mut PgConnection, id: TrainingSessionId) -> Result<Option<Session>> {
    sqlx::query!(
        "SELECT id FROM training_sessions WHERE id = $1 FOR UPDATE",
        id.uuid()
    )
    .fetch_optional(&mut *conn)
    .await?;
    Ok(by_ids(conn, &[id]).await?.pop())
}

/// Narrows the list; what is none narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionFilter {
    /// Of this module.
    pub module: Option<ModuleId>,
    /// Held by this office.
    pub office: Option<OfficeId>,
    /// That end after this instant.
    pub ends_after: Option<DateTime<Utc>>,
    /// With seats that nobody has.
    pub with_free_seats: bool,
    /// Cancelled ones as well.
    pub with_cancelled: bool,
}

/// Sessions, the earliest first.
pub async fn list(
    conn: &mut PgConnection,
    filter: &SessionFilter,
    page: &Page<Key>,
) -> Result<Slice<Session>> {
    let (after_at, after_id) = page.after.unzip();
    let (before_at, before_id) = page.before.unzip();
    let rows = select!(
        "WHERE ($1::uuid IS NULL OR s.module_id = $1) AND ($2::uuid IS NULL OR s.office_id = $2)
           AND ($3::timestamptz IS NULL OR s.ends_at > $3) AND (NOT $4::bool OR s.seats_taken < s.seats)
           AND ($5::bool OR s.cancelled_at IS NULL)
           AND ($6::timestamptz IS NULL OR (s.starts_at, s.id) > ($6, $7))
           AND ($8::timestamptz IS NULL OR (s.starts_at, s.id) < ($8, $9))
         ORDER BY CASE WHEN $10 THEN s.starts_at END DESC, CASE WHEN $10 THEN s.id END DESC, s.starts_at, s.id
         LIMIT $11",
        filter.module.map(ModuleId::uuid),
        filter.office.map(OfficeId::uuid),
        filter.ends_after,
        filter.with_free_seats,
        filter.with_cancelled,
        after_at,
        after_id,
        before_at,
        before_id,
        page.backward,
        page.fetch()
    )
    .fetch_all(conn)
    .await?;
    Ok(page.slice(rows))
}

/// Writes a session.
pub async fn insert(
    conn: &mut PgConnection,
    id: TrainingSessionId,
    module: ModuleId,
    office: OfficeId,
    draft: &SessionDraft,
    by: Option<UserId>,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO training_sessions (id, module_id, office_id, starts_at, ends_at, place, video_link, seats,
             created_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        id.uuid(),
        module.uuid(),
        office.uuid(),
        draft.starts_at,
        draft.ends_at,
        draft.place,
        draft.video_link,
        draft.seats as i16,
        by.map(UserId::uuid),
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Changes a session; `training_sessions_seats_not_exceeded` refuses fewer seats than are taken.
pub async fn update(
    conn: &mut PgConnection,
    id: TrainingSessionId,
    draft: &SessionDraft,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE training_sessions SET starts_at = $2, ends_at = $3, place = $4, video_link = $5, seats = $6,
             version = version + 1, updated_at = $7
         WHERE id = $1",
        id.uuid(),
        draft.starts_at,
        draft.ends_at,
        draft.place,
        draft.video_link,
        draft.seats as i16,
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Cancels a session and every seat, offer, invitation and place on its waiting list. Returns who had one.
pub async fn cancel(
    conn: &mut PgConnection,
    id: TrainingSessionId,
    at: DateTime<Utc>,
) -> Result<Vec<(AttendanceId, ExpertId)>> {
    sqlx::query!(
        "UPDATE training_sessions SET cancelled_at = $2, version = version + 1, updated_at = $2 WHERE id = $1",
        id.uuid(),
        at,
    )
    .execute(&mut *conn)
    .await?;
    let rows = sqlx::query!(
        "UPDATE training_attendances SET state = 'CANCELLED', offered_until = NULL, updated_at = $2
         WHERE session_id = $1 AND state IN ('INVITED', 'BOOKED', 'WAITLISTED', 'OFFERED')
         RETURNING id, expert_id",
        id.uuid(),
        at,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.into(), row.expert_id.into()))
        .collect())
}

/// Where a seat stands after a step, with what belongs to its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// The state.
    pub state: AttendanceState,
    /// Until when an offered seat is kept.
    pub offered_until: Option<DateTime<Utc>>,
    /// When it was attended.
    pub attended_on: Option<NaiveDate>,
    /// Who confirmed that.
    pub confirmed_by: Option<UserId>,
}

impl Seat {
    /// A state to which nothing belongs.
    pub fn plain(state: AttendanceState) -> Self {
        Self {
            state,
            offered_until: None,
            attended_on: None,
            confirmed_by: None,
        }
    }
}

/// Gives an expert a part in a session that had none.
pub async fn insert_seat(
    conn: &mut PgConnection,
    id: AttendanceId,
    session: &Session,
    expert: ExpertId,
    state: AttendanceState,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO training_attendances (id, expert_id, module_id, session_id, state, waitlisted_at, bookings,
             created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5::text, CASE WHEN $5 = 'WAITLISTED' THEN $6::timestamptz END,
             CASE WHEN $5 = 'BOOKED' THEN 1 ELSE 0 END, $6, $6)",
        id.uuid(),
        expert.uuid(),
        session.module_id.uuid(),
        session.id.uuid(),
        state.as_str(),
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes where a seat stands after a step that was decided under the session's lock.
///
/// # Errors
/// Where no row changed, because there is none or the wall hides it: nobody is told of a step that was not
/// taken.
pub async fn set_seat(
    conn: &mut PgConnection,
    id: AttendanceId,
    seat: &Seat,
    at: DateTime<Utc>,
) -> Result<()> {
    let done = sqlx::query!(
        "UPDATE training_attendances SET state = $2::text, offered_until = $3, attended_on = $4, confirmed_by = $5,
             updated_at = $6,
             waitlisted_at = CASE WHEN $2 = 'WAITLISTED' THEN $6 ELSE waitlisted_at END,
             offers = offers + CASE WHEN $2 = 'OFFERED' THEN 1 ELSE 0 END,
             bookings = bookings + CASE WHEN $2 = 'BOOKED' THEN 1 ELSE 0 END
         WHERE id = $1",
        id.uuid(),
        seat.state.as_str(),
        seat.offered_until,
        seat.attended_on,
        seat.confirmed_by.map(UserId::uuid),
        at,
    )
    .execute(conn)
    .await?;
    changed_one(done.rows_affected())
}

fn changed_one(rows: u64) -> Result<()> {
    if rows == 1 {
        Ok(())
    } else {
        Err(sqlx::Error::RowNotFound.into())
    }
}

/// Makes an offer anew, with another deadline: its session has moved.
pub async fn renew_offer(
    conn: &mut PgConnection,
    id: AttendanceId,
    until: DateTime<Utc>,
    at: DateTime<Utc>,
) -> Result<()> {
    let done = sqlx::query!(
        "UPDATE training_attendances SET offered_until = $2, offers = offers + 1, updated_at = $3
         WHERE id = $1 AND state = 'OFFERED'",
        id.uuid(),
        until,
        at,
    )
    .execute(conn)
    .await?;
    changed_one(done.rows_affected())
}

/// Who waits for a seat of a session and has waited longest, at most `limit`.
pub async fn longest_waiting(
    conn: &mut PgConnection,
    id: TrainingSessionId,
    limit: i64,
) -> Result<Vec<(AttendanceId, ExpertId)>> {
    let rows = sqlx::query!(
        "SELECT a.id, a.expert_id FROM training_attendances a JOIN experts e ON e.id = a.expert_id
         WHERE a.session_id = $1 AND a.state = 'WAITLISTED' AND e.state <> 'LEFT'
         ORDER BY a.waitlisted_at, a.id LIMIT $2",
        id.uuid(),
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.into(), row.expert_id.into()))
        .collect())
}

/// Offers that nobody took in time, with their sessions. Found by an index of open offers.
pub async fn offers_due(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<(AttendanceId, TrainingSessionId)>> {
    let rows = sqlx::query!(
        r#"SELECT id, session_id AS "session_id!" FROM training_attendances
           WHERE state = 'OFFERED' AND offered_until <= $1 AND session_id IS NOT NULL
           ORDER BY offered_until, id LIMIT $2"#,
        now,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.into(), row.session_id.into()))
        .collect())
}
