//! Bulk matching runs: the run itself, its snapshot, and what a worker reports of it.

mod decisions;
mod plan;

use chrono::{DateTime, Utc};
pub use decisions::{applicable, case_is_applied, choose, clear_decision, record_outcomes, veto};
pub use plan::{
    NewProposal, NewRunCase, Proposal, ProposalFilter, RunCase, plan_cases, proposal, proposals,
    proposals_by_ids, store_plan,
};
use serde::de::DeserializeOwned;
use sqlx::PgConnection;
use tandem_domain::ids::{CaseId, ExpertId, MatchId, OfficeId, RunId, UserId};
use tandem_domain::policy::Scope;
use tandem_domain::runs::{Parameters, Phase, RunState, Summary};
use uuid::Uuid;

use crate::paging::{Page, Slice};
use crate::{Error, Result, parse};

/// The constraint by which one office is never planned twice at the same time.
pub const ONE_WORKING: &str = "matching_run_offices_one_working";

/// A run as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Who pressed the button.
    pub requested_by: UserId,
    /// Where it stands.
    pub state: RunState,
    /// What the coordinator set.
    pub parameters: Parameters,
    /// What a running run is doing.
    pub phase: Phase,
    /// Steps of the phase that are done.
    pub progress_done: i64,
    /// Steps of the phase.
    pub progress_total: i64,
    /// When somebody asked to stop it.
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// Why it failed.
    pub failure: Option<String>,
    /// What the plan says of itself, from `READY` on.
    pub summary: Option<Summary>,
    /// Whether a decline or a lapse brings the next alternate forward.
    pub next_alternates: bool,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When a worker first took it up.
    pub started_at: Option<DateTime<Utc>>,
    /// When the plan was stored.
    pub ready_at: Option<DateTime<Utc>>,
    /// When it was first applied, or discarded.
    pub decided_at: Option<DateTime<Utc>>,
    /// Who did that.
    pub decided_by: Option<UserId>,
    /// When it was undone.
    pub undone_at: Option<DateTime<Utc>>,
    /// The offices whose cases it covers.
    pub offices: Vec<OfficeId>,
}

struct Row {
    id: Uuid,
    requested_by: Uuid,
    state: String,
    parameters: serde_json::Value,
    phase: String,
    progress_done: i64,
    progress_total: i64,
    cancel_requested_at: Option<DateTime<Utc>>,
    failure: Option<String>,
    summary: Option<serde_json::Value>,
    next_alternates: bool,
    version: i64,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    ready_at: Option<DateTime<Utc>>,
    decided_at: Option<DateTime<Utc>>,
    decided_by: Option<Uuid>,
    undone_at: Option<DateTime<Utc>>,
    offices: Vec<Uuid>,
}

/// Reads stored JSON, naming table, column and row where it does not fit.
pub(crate) fn from_json<T: DeserializeOwned>(
    table: &'static str,
    column: &'static str,
    id: Uuid,
    value: serde_json::Value,
) -> Result<T> {
    serde_json::from_value(value).map_err(|error| Error::Corrupt {
        table,
        column,
        id: id.to_string(),
        problem: error.to_string(),
    })
}

/// Writes plain data as JSON.
pub(crate) fn to_json(value: &impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(value).expect("plain data with text keys")
}

/// The same as text.
pub(crate) fn json_text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("plain data with text keys")
}

impl Row {
    fn run(self) -> Result<Run> {
        Ok(Run {
            id: self.id.into(),
            requested_by: self.requested_by.into(),
            state: parse("matching_runs", "state", self.id, &self.state)?,
            parameters: from_json("matching_runs", "parameters", self.id, self.parameters)?,
            phase: parse("matching_runs", "phase", self.id, &self.phase)?,
            progress_done: self.progress_done,
            progress_total: self.progress_total,
            cancel_requested_at: self.cancel_requested_at,
            failure: self.failure,
            summary: self
                .summary
                .map(|summary| from_json("matching_runs", "summary", self.id, summary))
                .transpose()?,
            next_alternates: self.next_alternates,
            version: self.version,
            created_at: self.created_at,
            started_at: self.started_at,
            ready_at: self.ready_at,
            decided_at: self.decided_at,
            decided_by: self.decided_by.map(UserId::from),
            undone_at: self.undone_at,
            offices: self.offices.into_iter().map(OfficeId::from).collect(),
        })
    }
}

/// Stores a new run as `QUEUED`, with its offices and pins.
pub async fn insert(
    conn: &mut PgConnection,
    id: RunId,
    requested_by: UserId,
    parameters: &Parameters,
    offices: &[OfficeId],
    pins: &[(CaseId, ExpertId)],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO matching_runs (id, requested_by, state, parameters, created_at) VALUES ($1, $2, 'QUEUED', $3, $4)",
        id.uuid(),
        requested_by.uuid(),
        to_json(parameters),
        now,
    )
    .execute(&mut *conn)
    .await?;
    let offices: Vec<Uuid> = offices.iter().map(|office| office.uuid()).collect();
    sqlx::query!(
        "INSERT INTO matching_run_offices (run_id, office_id) SELECT $1, unnest($2::uuid[])",
        id.uuid(),
        &offices,
    )
    .execute(&mut *conn)
    .await?;
    let (cases, experts): (Vec<Uuid>, Vec<Uuid>) = pins
        .iter()
        .map(|(case, expert)| (case.uuid(), expert.uuid()))
        .unzip();
    sqlx::query!(
        "INSERT INTO matching_run_pins (run_id, case_id, expert_id)
         SELECT $1, * FROM unnest($2::uuid[], $3::uuid[])",
        id.uuid(),
        &cases,
        &experts,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A run, locked until the transaction ends where `lock` is set.
pub async fn get(conn: &mut PgConnection, id: RunId, lock: bool) -> Result<Option<Run>> {
    if lock {
        sqlx::query!("SELECT id FROM matching_runs WHERE id = $1 FOR UPDATE", id.uuid())
            .fetch_optional(&mut *conn)
            .await?;
    }
    Ok(by_ids(conn, &[id]).await?.pop())
}

/// Runs, in no order.
pub async fn by_ids(conn: &mut PgConnection, ids: &[RunId]) -> Result<Vec<Run>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, requested_by, state, parameters, phase, progress_done, progress_total, cancel_requested_at,
               failure, summary, next_alternates, version, created_at, started_at, ready_at, decided_at,
               decided_by, undone_at,
               ARRAY(SELECT office_id FROM matching_run_offices WHERE run_id = id ORDER BY office_id) AS "offices!"
           FROM matching_runs WHERE id = ANY($1)"#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::run).collect()
}

/// Runs all of whose offices are in `scope`, newest first.
pub async fn list(
    conn: &mut PgConnection,
    scope: &Scope,
    page: &Page<(DateTime<Utc>, Uuid)>,
) -> Result<Slice<Run>> {
    let offices: Vec<Uuid> = scope.offices.iter().map(|office| office.uuid()).collect();
    let (after_at, after_id) = page.after.unzip();
    let (before_at, before_id) = page.before.unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, requested_by, state, parameters, phase, progress_done, progress_total, cancel_requested_at,
               failure, summary, next_alternates, version, created_at, started_at, ready_at, decided_at,
               decided_by, undone_at,
               ARRAY(SELECT office_id FROM matching_run_offices WHERE run_id = id ORDER BY office_id) AS "offices!"
           FROM matching_runs
           WHERE ($1 OR NOT EXISTS (SELECT FROM matching_run_offices
                                    WHERE run_id = id AND NOT office_id = ANY($2)))
             AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4))
             AND ($5::timestamptz IS NULL OR (created_at, id) > ($5, $6))
           ORDER BY CASE WHEN $7 THEN created_at END, CASE WHEN $7 THEN id END, created_at DESC, id DESC
           LIMIT $8"#,
        scope.everything,
        &offices,
        after_at,
        after_id,
        before_at,
        before_id,
        page.backward,
        page.fetch(),
    )
    .fetch_all(conn)
    .await?;
    let runs = rows.into_iter().map(Row::run).collect::<Result<_>>()?;
    Ok(page.slice(runs))
}

/// The pinned pairs of a run, by case.
pub async fn pins(conn: &mut PgConnection, id: RunId) -> Result<Vec<(CaseId, ExpertId)>> {
    let rows = sqlx::query!(
        "SELECT case_id, expert_id FROM matching_run_pins WHERE run_id = $1 ORDER BY case_id",
        id.uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.case_id.into(), row.expert_id.into()))
        .collect())
}

/// A worker takes the run up, or over.
pub async fn start(conn: &mut PgConnection, id: RunId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE matching_runs SET state = 'RUNNING', started_at = coalesce(started_at, $2), version = version + 1
         WHERE id = $1",
        id.uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes how far a running run is; says whether it goes on, which it does unless somebody asked to stop
/// it.
pub async fn report_progress(
    conn: &mut PgConnection,
    id: RunId,
    phase: Phase,
    done: u64,
    total: u64,
) -> Result<bool> {
    let cancelled = sqlx::query_scalar!(
        r#"UPDATE matching_runs SET phase = $2, progress_done = $3, progress_total = $4
           WHERE id = $1 AND state = 'RUNNING'
           RETURNING cancel_requested_at IS NOT NULL AS "cancelled!""#,
        id.uuid(),
        phase.as_str(),
        done as i64,
        total as i64,
    )
    .fetch_optional(conn)
    .await?;
    Ok(cancelled == Some(false))
}

/// Somebody asks a worker to stop.
pub async fn request_cancel(conn: &mut PgConnection, id: RunId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE matching_runs SET cancel_requested_at = coalesce(cancel_requested_at, $2), version = version + 1
         WHERE id = $1",
        id.uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn release_offices(conn: &mut PgConnection, id: RunId) -> Result<()> {
    sqlx::query!(
        "UPDATE matching_run_offices SET working = false WHERE run_id = $1",
        id.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The run was stopped before it had a plan.
pub async fn cancelled(conn: &mut PgConnection, id: RunId) -> Result<()> {
    sqlx::query!(
        "UPDATE matching_runs SET state = 'CANCELLED', phase = 'DONE', version = version + 1 WHERE id = $1",
        id.uuid(),
    )
    .execute(&mut *conn)
    .await?;
    release_offices(conn, id).await
}

/// The run could not be computed.
pub async fn failed(conn: &mut PgConnection, id: RunId, reason: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE matching_runs SET state = 'FAILED', phase = 'DONE', failure = $2, version = version + 1
         WHERE id = $1",
        id.uuid(),
        reason,
    )
    .execute(&mut *conn)
    .await?;
    release_offices(conn, id).await
}

/// The certified plan is stored.
pub async fn ready(conn: &mut PgConnection, id: RunId, summary: &Summary, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE matching_runs SET state = 'READY', phase = 'DONE', summary = $2, ready_at = $3, version = version + 1
         WHERE id = $1",
        id.uuid(),
        to_json(summary),
        now,
    )
    .execute(&mut *conn)
    .await?;
    release_offices(conn, id).await
}

/// A coordinator applied, discarded or undid it. The first decision keeps its date and person.
pub async fn decide(
    conn: &mut PgConnection,
    id: RunId,
    state: RunState,
    next_alternates: bool,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE matching_runs SET state = $2, next_alternates = $3,
             decided_by = coalesce(decided_by, $4), decided_at = coalesce(decided_at, $5),
             undone_at = CASE WHEN $2 = 'UNDONE' THEN $5 END, version = version + 1
         WHERE id = $1",
        id.uuid(),
        state.as_str(),
        next_alternates,
        by.map(UserId::uuid),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps the numbers that go into the plan; those that are there already stay. Whether these are kept.
pub async fn store_snapshot(
    conn: &mut PgConnection,
    id: RunId,
    snapshot: &[u8],
    now: DateTime<Utc>,
) -> Result<bool> {
    let stored = sqlx::query!(
        "INSERT INTO matching_run_snapshots (run_id, snapshot, taken_at) VALUES ($1, $2, $3)
         ON CONFLICT (run_id) DO NOTHING",
        id.uuid(),
        snapshot,
        now,
    )
    .execute(conn)
    .await?;
    Ok(stored.rows_affected() == 1)
}

/// The numbers that went into the plan.
pub async fn snapshot(conn: &mut PgConnection, id: RunId) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!(
        "SELECT snapshot FROM matching_run_snapshots WHERE run_id = $1",
        id.uuid()
    )
    .fetch_optional(conn)
    .await?)
}

/// Holds every other transaction that writes or blanks snapshots until this one ends: what is written must not be
/// of somebody who is erased at the same time.
pub async fn hold_snapshots(conn: &mut PgConnection) -> Result<()> {
    // any number that nobody else takes
    sqlx::query!("SELECT pg_advisory_xact_lock(7301200501)")
        .execute(conn)
        .await?;
    Ok(())
}

/// The runs whose numbers are kept.
pub async fn with_snapshots(conn: &mut PgConnection) -> Result<Vec<RunId>> {
    let ids = sqlx::query_scalar!("SELECT run_id FROM matching_run_snapshots ORDER BY run_id")
        .fetch_all(conn)
        .await?;
    Ok(ids.into_iter().map(RunId::from).collect())
}

/// Keeps other numbers in place of those of a run; none: no numbers any more.
pub async fn replace_snapshot(conn: &mut PgConnection, id: RunId, snapshot: Option<&[u8]>) -> Result<()> {
    match snapshot {
        Some(bytes) => sqlx::query!(
            "UPDATE matching_run_snapshots SET snapshot = $2 WHERE run_id = $1",
            id.uuid(),
            bytes,
        ),
        None => sqlx::query!("DELETE FROM matching_run_snapshots WHERE run_id = $1", id.uuid()),
    }
    .execute(conn)
    .await?;
    Ok(())
}

/// Throws away the numbers that were taken before this moment; of how many runs.
pub async fn purge_snapshots(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let purged = sqlx::query!("DELETE FROM matching_run_snapshots WHERE taken_at < $1", before)
        .execute(conn)
        .await?;
    Ok(purged.rows_affected())
}

/// The matches of a run whose experts have not answered, by rising id.
pub async fn unanswered_matches(conn: &mut PgConnection, id: RunId) -> Result<Vec<MatchId>> {
    let ids = sqlx::query_scalar!(
        "SELECT m.id FROM matches m JOIN proposals p ON p.id = m.proposal_id
         WHERE p.run_id = $1 AND m.state = 'APPROACHED' ORDER BY m.id",
        id.uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(MatchId::from).collect())
}

/// Runs that wait for a worker whose job is dead: nobody will ever finish them.
pub async fn abandoned(conn: &mut PgConnection) -> Result<Vec<RunId>> {
    let ids = sqlx::query_scalar!(
        "SELECT run.id FROM matching_runs run
         JOIN jobs ON jobs.dedupe_key = 'MATCHING_RUN:' || run.id AND jobs.state = 'DEAD'
         WHERE run.state IN ('QUEUED', 'RUNNING') ORDER BY run.id FOR UPDATE OF run SKIP LOCKED",
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(RunId::from).collect())
}
