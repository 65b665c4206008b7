//! Training modules and who attended them.

pub mod missing;
pub mod sessions;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use tandem_domain::eligibility::Attended;
use tandem_domain::ids::{AttendanceId, ExpertId, ModuleId, TrainingSessionId, UserId};
use tandem_domain::training::{AttendanceState, ModuleInput, counts_until};
use uuid::Uuid;

use crate::{Error, Result, parse};

/// Something that must or may be learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Its id.
    pub id: ModuleId,
    /// Its code, as `BASE`.
    pub code: String,
    /// Its name for people.
    pub title: String,
    /// Whether every deployed expert needs it.
    pub required: bool,
    /// How long an attendance counts; none: for ever.
    pub validity_months: Option<u32>,
    /// Whether it is still offered.
    pub active: bool,
    /// Grows with every change.
    pub version: i64,
}

/// Every module, by code.
pub async fn modules(conn: &mut PgConnection) -> Result<Vec<Module>> {
    let rows =
        sqlx::query!("SELECT id, code, title, required, validity_months, active, version FROM training_modules ORDER BY code")
            .fetch_all(conn)
            .await?;
    Ok(rows
        .into_iter()
        .map(|row| Module {
            id: row.id.into(),
            code: row.code,
            title: row.title,
            required: row.required,
            validity_months: row.validity_months.map(|months| u32::from(months.unsigned_abs())),
            active: row.active,
            version: row.version,
        })
        .collect())
}

/// Writes a new module; `training_modules_code_unique` refuses a code that is taken.
pub async fn insert_module(
    conn: &mut PgConnection,
    id: ModuleId,
    module: &ModuleInput,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO training_modules (id, code, title, required, validity_months, active, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id.uuid(),
        module.code,
        module.title,
        module.required,
        module.validity_months.map(|months| months as i16),
        module.active,
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Changes a module. Says whether it still had that version.
pub async fn update_module(
    conn: &mut PgConnection,
    id: ModuleId,
    version: Option<i64>,
    module: &ModuleInput,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE training_modules SET code = $3, title = $4, required = $5, validity_months = $6, active = $7,
             version = version + 1
         WHERE id = $1 AND ($2::bigint IS NULL OR version = $2)",
        id.uuid(),
        version,
        module.code,
        module.title,
        module.required,
        module.validity_months.map(|months| months as i16),
        module.active,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One expert's seat in a course, or an attendance that was recorded without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendance {
    /// Its id.
    pub id: AttendanceId,
    /// Whose.
    pub expert_id: ExpertId,
    /// The module.
    pub module_id: ModuleId,
    /// The module's code.
    pub module: String,
    /// The session; none for an attendance that was recorded without one.
    pub session_id: Option<TrainingSessionId>,
    /// Where it stands.
    pub state: AttendanceState,
    /// When it was attended.
    pub attended_on: Option<NaiveDate>,
    /// The last day on which it counts; none: always, or not attended.
    pub counts_until: Option<NaiveDate>,
    /// Until when an offered seat is kept.
    pub offered_until: Option<DateTime<Utc>>,
    /// How often a seat was offered.
    pub offers: i16,
    /// How often it was booked.
    pub bookings: i16,
}

impl Attendance {
    /// What the rules ask for; none where it was not attended.
    pub fn attended(&self) -> Option<Attended> {
        self.attended_on.map(|on| Attended {
            module: self.module.clone(),
            on,
            counts_until: self.counts_until,
        })
    }
}

struct Row {
    id: Uuid,
    expert_id: Uuid,
    module_id: Uuid,
    code: String,
    session_id: Option<Uuid>,
    state: String,
    attended_on: Option<NaiveDate>,
    validity_months: Option<i16>,
    offered_until: Option<DateTime<Utc>>,
    offers: i16,
    bookings: i16,
}

impl TryFrom<Row> for Attendance {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let validity = row.validity_months.map(|months| u32::from(months.unsigned_abs()));
        Ok(Self {
            id: row.id.into(),
            expert_id: row.expert_id.into(),
            module_id: row.module_id.into(),
            module: row.code,
            session_id: row.session_id.map(Into::into),
            state: parse("training_attendances", "state", row.id, &row.state)?,
            attended_on: row.attended_on,
            counts_until: row.attended_on.and_then(|on| counts_until(on, validity)),
            offered_until: row.offered_until,
            offers: row.offers,
            bookings: row.bookings,
        })
    }
}

macro_rules! select {
    ($condition:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            "SELECT a.id, a.expert_id, a.module_id, m.code, a.session_id, a.state, a.attended_on, m.validity_months,
                 a.offered_until, a.offers, a.bookings
             FROM training_attendances a JOIN training_modules m ON m.id = a.module_id "
                + $condition,
            $($argument),*
        )
    };
}

/// Every attendance of these experts, by module and date.
pub async fn for_experts(conn: &mut PgConnection, experts: &[ExpertId]) -> Result<Vec<Attendance>> {
    let experts: Vec<Uuid> = experts.iter().map(|id| id.uuid()).collect();
    select!(
        "WHERE a.expert_id = ANY($1) ORDER BY a.expert_id, m.code, a.attended_on DESC NULLS LAST, a.id",
        &experts
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Attendance::try_from)
    .collect()
}

/// Every attendance of these sessions: by session, in the order in which they were written.
pub async fn for_sessions(
    conn: &mut PgConnection,
    sessions: &[TrainingSessionId],
) -> Result<Vec<Attendance>> {
    let sessions: Vec<Uuid> = sessions.iter().map(|id| id.uuid()).collect();
    select!(
        "WHERE a.session_id = ANY($1) ORDER BY a.session_id, a.created_at, a.id",
        &sessions
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Attendance::try_from)
    .collect()
}

/// One attendance.
pub async fn attendance(conn: &mut PgConnection, id: AttendanceId) -> Result<Option<Attendance>> {
    select!("WHERE a.id = $1", id.uuid())
        .fetch_optional(conn)
        .await?
        .map(Attendance::try_from)
        .transpose()
}

/// An expert's part in a session.
pub async fn of_expert(
    conn: &mut PgConnection,
    session: TrainingSessionId,
    expert: ExpertId,
) -> Result<Option<Attendance>> {
    select!(
        "WHERE a.session_id = $1 AND a.expert_id = $2",
        session.uuid(),
        expert.uuid()
    )
    .fetch_optional(conn)
    .await?
    .map(Attendance::try_from)
    .transpose()
}

/// An attendance without a session: recorded by the office, or taken over by an import.
#[derive(Debug, Clone, Copy)]
pub struct NewAttendance {
    /// The id where a row is made.
    pub id: AttendanceId,
    /// Whose.
    pub expert_id: ExpertId,
    /// The module.
    pub module_id: ModuleId,
    /// When.
    pub attended_on: NaiveDate,
    /// Who confirms it.
    pub confirmed_by: Option<UserId>,
}

#[derive(Serialize)]
struct NewRow {
    id: Uuid,
    expert_id: Uuid,
    module_id: Uuid,
    attended_on: NaiveDate,
    confirmed_by: Option<Uuid>,
}

/// Records attendances, in one statement; one that was recorded before for the same expert and module
/// gets the new date.
pub async fn record(conn: &mut PgConnection, attendances: &[NewAttendance], at: DateTime<Utc>) -> Result<()> {
    let rows: Vec<NewRow> = attendances
        .iter()
        .map(|attendance| NewRow {
            id: attendance.id.uuid(),
            expert_id: attendance.expert_id.uuid(),
            module_id: attendance.module_id.uuid(),
            attended_on: attendance.attended_on,
            confirmed_by: attendance.confirmed_by.map(UserId::uuid),
        })
        .collect();
    sqlx::query!(
        "INSERT INTO training_attendances (id, expert_id, module_id, state, attended_on, confirmed_by, created_at,
             updated_at)
         SELECT r.id, r.expert_id, r.module_id, 'ATTENDED', r.attended_on, r.confirmed_by, $2, $2
         FROM jsonb_to_recordset($1) AS r (id uuid, expert_id uuid, module_id uuid, attended_on date,
             confirmed_by uuid)
         ON CONFLICT (expert_id, module_id) WHERE session_id IS NULL DO UPDATE SET
             attended_on = excluded.attended_on, confirmed_by = excluded.confirmed_by,
             updated_at = excluded.updated_at",
        serde_json::to_value(&rows).expect("an attendance is plain data"),
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}
