//! Training modules and who attended them.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use tandem_domain::eligibility::Attended;
use tandem_domain::ids::{AttendanceId, ExpertId, ModuleId, UserId};
use tandem_domain::training::{AttendanceState, counts_until};
use uuid::Uuid;

use crate::{Result, parse};

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
}

/// Every module, by code.
pub async fn modules(conn: &mut PgConnection) -> Result<Vec<Module>> {
    let rows =
        sqlx::query!("SELECT id, code, title, required, validity_months FROM training_modules ORDER BY code")
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
        })
        .collect())
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
    /// Where it stands.
    pub state: AttendanceState,
    /// When it was attended.
    pub attended_on: Option<NaiveDate>,
    /// The last day on which it counts; none: always, or not attended.
    pub counts_until: Option<NaiveDate>,
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

/// Every attendance of these experts, by module and date.
pub async fn for_experts(conn: &mut PgConnection, experts: &[ExpertId]) -> Result<Vec<Attendance>> {
    let experts: Vec<Uuid> = experts.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        "SELECT a.id, a.expert_id, a.module_id, m.code, a.state, a.attended_on, m.validity_months
         FROM training_attendances a JOIN training_modules m ON m.id = a.module_id
         WHERE a.expert_id = ANY($1)
         ORDER BY a.expert_id, m.code, a.attended_on DESC NULLS LAST, a.id",
        &experts,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let validity = row.validity_months.map(|months| u32::from(months.unsigned_abs()));
            Ok(Attendance {
                id: row.id.into(),
                expert_id: row.expert_id.into(),
                module_id: row.module_id.into(),
                module: row.code,
                state: parse("training_attendances", "state", row.id, &row.state)?,
                attended_on: row.attended_on,
                counts_until: row.attended_on.and_then(|on| counts_until(on, validity)),
            })
        })
        .collect()
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
