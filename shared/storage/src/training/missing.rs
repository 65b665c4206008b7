//! What is missing for whom.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::{ExpertId, ModuleId, TrainingSessionId};
use tandem_domain::policy::Scope;
use uuid::Uuid;

use crate::Result;
use crate::paging::{Page, Slice};

/// A required module that an active expert has not attended, or whose attendance does not count any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingModule {
    /// The expert.
    pub expert_id: ExpertId,
    /// The expert's name as lists are sorted.
    pub sort_name: String,
    /// The module.
    pub module_id: ModuleId,
    /// Whether the expert has said yes to a match and waits for nothing else than this, perhaps.
    pub needed_now: bool,
    /// The session in which a seat is booked or offered, the next one.
    pub session_id: Option<TrainingSessionId>,
    /// When that begins.
    pub starts_at: Option<DateTime<Utc>>,
}

/// Whether it is needed now, the name, the expert, the module.
pub type Key = (bool, String, Uuid, Uuid);

/// The place of a row in the list.
pub fn key(row: &MissingModule) -> Key {
    (
        !row.needed_now,
        row.sort_name.clone(),
        row.expert_id.uuid(),
        row.module_id.uuid(),
    )
}

/// What is missing, for active experts of a scope: those first who have said yes to a match.
pub async fn list(
    conn: &mut PgConnection,
    scope: &Scope,
    office: Option<Uuid>,
    module: Option<ModuleId>,
    today: NaiveDate,
    now: DateTime<Utc>,
    page: &Page<Key>,
) -> Result<Slice<MissingModule>> {
    let offices: Vec<Uuid> = scope.offices.iter().map(|id| id.uuid()).collect();
    let experts: Vec<Uuid> = scope.experts.iter().map(|id| id.uuid()).collect();
    let split = |key: Option<Key>| match key {
        Some((later, name, expert, module)) => (Some(later), Some(name), Some(expert), Some(module)),
        None => (None, None, None, None),
    };
    let (after_later, after_name, after_expert, after_module) = split(page.after.clone());
    let (before_later, before_name, before_expert, before_module) = split(page.before.clone());
    let rows = sqlx::query!(
        r#"SELECT expert_id AS "expert_id!", sort_name AS "sort_name!", module_id AS "module_id!",
               NOT later AS "needed_now!", session_id AS "session_id?", starts_at AS "starts_at?"
           FROM (
             SELECT e.id AS expert_id, e.sort_name, t.id AS module_id, booked.session_id, booked.starts_at,
                    NOT EXISTS (SELECT FROM matches m WHERE m.expert_id = e.id
                        AND m.state IN ('INTERESTED', 'INTRODUCED', 'MET', 'ACTIVE', 'PAUSED')) AS later
               FROM experts e CROSS JOIN training_modules t
               LEFT JOIN LATERAL (
                   SELECT s.id AS session_id, s.starts_at FROM training_attendances a
                     JOIN training_sessions s ON s.id = a.session_id
                    WHERE a.expert_id = e.id AND a.module_id = t.id AND a.state IN ('BOOKED', 'OFFERED')
                      AND s.ends_at > $6
                    ORDER BY s.starts_at, s.id LIMIT 1) booked ON true
              WHERE e.state = 'ACTIVE' AND t.required
                AND ($1::bool OR e.office_id = ANY($2) OR e.id = ANY($3))
                AND ($4::uuid IS NULL OR e.office_id = $4) AND ($7::uuid IS NULL OR t.id = $7)
                AND NOT EXISTS (
                    SELECT FROM training_attendances a
                     WHERE a.expert_id = e.id AND a.module_id = t.id AND a.state = 'ATTENDED' AND a.attended_on <= $5
                       AND (t.validity_months IS NULL
                            OR (a.attended_on + make_interval(months => t.validity_months))::date >= $5))
           ) missing
           WHERE ($8::bool IS NULL OR (later, sort_name, expert_id, module_id) > ($8, $9, $10, $11))
             AND ($12::bool IS NULL OR (later, sort_name, expert_id, module_id) < ($12, $13, $14, $15))
           ORDER BY CASE WHEN $16 THEN later END DESC, CASE WHEN $16 THEN sort_name END DESC,
                    CASE WHEN $16 THEN expert_id END DESC, CASE WHEN $16 THEN module_id END DESC,
                    later, sort_name, expert_id, module_id
           LIMIT $17"#,
        scope.everything,
        &offices,
        &experts,
        office,
        today,
        now,
        module.map(ModuleId::uuid),
        after_later,
        after_name,
        after_expert,
        after_module,
        before_later,
        before_name,
        before_expert,
        before_module,
        page.backward,
        page.fetch(),
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| MissingModule {
        expert_id: row.expert_id.into(),
        sort_name: row.sort_name,
        module_id: row.module_id.into(),
        needed_now: row.needed_now,
        session_id: row.session_id.map(TrainingSessionId::from),
        starts_at: row.starts_at,
    })
    .collect();
    Ok(page.slice(rows))
}
