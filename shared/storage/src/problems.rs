//! Problems that mentees and guardians report.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::{CaseId, CenterId, MatchId, MenteeId, OfficeId, ProblemId, UserId};
use tandem_domain::parties::{GivenWay, Side};
use tandem_domain::policy::{Resource, Scope};
use uuid::Uuid;

use crate::{Result, parse};

/// A reported problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The id.
    pub id: ProblemId,
    /// The case.
    pub case: CaseId,
    /// The match, where one was engaged.
    pub matching: Option<MatchId>,
    /// Who reported it.
    pub side: Side,
    /// What.
    pub text: String,
    /// When.
    pub reported_at: DateTime<Utc>,
    /// When somebody settled it.
    pub settled_at: Option<DateTime<Utc>>,
    /// What was done.
    pub settled_note: String,
    /// The case's centre.
    pub center: CenterId,
    /// The office that serves the centre.
    pub office: OfficeId,
    /// The case's mentee.
    pub mentee: MenteeId,
}

impl Problem {
    /// The scope facts for the policy: never an expert's.
    pub fn resource(&self) -> Resource {
        Resource::mentee(self.mentee, self.center, self.office).of_case(self.case)
    }
}

/// A problem to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewProblem<'a> {
    /// Its id.
    pub id: ProblemId,
    /// The case.
    pub case: CaseId,
    /// The match, where one is engaged.
    pub matching: Option<MatchId>,
    /// Who reports it.
    pub side: Side,
    /// What.
    pub text: &'a str,
    /// How it came.
    pub way: GivenWay,
}

/// Writes a problem.
pub async fn insert(conn: &mut PgConnection, new: NewProblem<'_>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO problem_reports (id, case_id, match_id, side, text, given_by_way, reported_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        new.id.uuid(),
        new.case.uuid(),
        new.matching.map(MatchId::uuid),
        new.side.as_str(),
        new.text,
        new.way.as_str(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    case_id: Uuid,
    match_id: Option<Uuid>,
    side: String,
    text: String,
    reported_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
    settled_note: String,
    center_id: Uuid,
    office_id: Uuid,
    mentee_id: Uuid,
}

impl TryFrom<Row> for Problem {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            case: row.case_id.into(),
            matching: row.match_id.map(MatchId::from),
            side: parse("problem_reports", "side", row.id, &row.side)?,
            text: row.text,
            reported_at: row.reported_at,
            settled_at: row.settled_at,
            settled_note: row.settled_note,
            center: row.center_id.into(),
            office: row.office_id.into(),
            mentee: row.mentee_id.into(),
        })
    }
}

/// The newest problems of a scope, at most `limit`: those that nobody has settled, or all.
pub async fn list(
    conn: &mut PgConnection,
    scope: &Scope,
    case: Option<CaseId>,
    open_only: bool,
    limit: i64,
) -> Result<Vec<Problem>> {
    let offices: Vec<Uuid> = scope.offices.iter().map(|id| id.uuid()).collect();
    let centers: Vec<Uuid> = scope.centers.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        Row,
        "SELECT p.id, p.case_id, p.match_id, p.side, p.text, p.reported_at, p.settled_at, p.settled_note, c.center_id,
             s.office_id, c.mentee_id
           FROM problem_reports p JOIN cases c ON c.id = p.case_id JOIN service_centers s ON s.id = c.center_id
          WHERE ($1::bool OR s.office_id = ANY($2::uuid[]) OR c.center_id = ANY($3::uuid[]))
            AND ($4::uuid IS NULL OR p.case_id = $4)
            AND (NOT $5::bool OR p.settled_at IS NULL)
          ORDER BY p.reported_at DESC, p.id LIMIT $6",
        scope.everything,
        &offices,
        &centers,
        case.map(CaseId::uuid),
        open_only,
        limit,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Problem::try_from)
    .collect()
}

/// One problem.
pub async fn get(conn: &mut PgConnection, id: ProblemId) -> Result<Option<Problem>> {
    sqlx::query_as!(
        Row,
        "SELECT p.id, p.case_id, p.match_id, p.side, p.text, p.reported_at, p.settled_at, p.settled_note, c.center_id,
             s.office_id, c.mentee_id
           FROM problem_reports p JOIN cases c ON c.id = p.case_id JOIN service_centers s ON s.id = c.center_id
          WHERE p.id = $1",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(Problem::try_from)
    .transpose()
}

/// Somebody has settled it; `false` where it was settled before.
pub async fn settle(
    conn: &mut PgConnection,
    id: ProblemId,
    by: Option<UserId>,
    note: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE problem_reports SET settled_at = $4, settled_by = $2, settled_note = $3
          WHERE id = $1 AND settled_at IS NULL",
        id.uuid(),
        by.map(UserId::uuid),
        note,
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
