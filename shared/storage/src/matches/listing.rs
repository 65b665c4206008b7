//! Lists of matches.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::{CaseId, ExpertId, MatchId};
use tandem_domain::matches::MatchState;
use tandem_domain::policy::Scope;
use uuid::Uuid;

use super::{Match, by_ids};
use crate::Result;
use crate::paging::{Page, Slice};

/// Narrows the list; what is empty or none narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MatchFilter {
    /// In one of these states.
    pub states: Vec<MatchState>,
    /// For this case.
    pub case: Option<CaseId>,
    /// Of this expert.
    pub expert: Option<ExpertId>,
    /// Whose approach e-mail could (or could not) be delivered.
    pub undeliverable: Option<bool>,
}

/// When the expert was asked, and the match's id.
pub type Key = (DateTime<Utc>, Uuid);

/// The place of a match in the list.
pub fn key(matching: &Match) -> Key {
    (matching.approached_at, matching.id.uuid())
}

/// The ids of a scope and a filter as SQL takes them.
struct Scoped {
    offices: Vec<Uuid>,
    other_offices: Vec<Uuid>,
    centers: Vec<Uuid>,
    experts: Vec<Uuid>,
    mentees: Vec<Uuid>,
    states: Vec<&'static str>,
}

impl Scoped {
    fn new(scope: &Scope, states: &[MatchState]) -> Self {
        Self {
            offices: scope.offices.iter().map(|id| id.uuid()).collect(),
            other_offices: scope.other_offices.iter().map(|id| id.uuid()).collect(),
            centers: scope.revealed_centers.iter().map(|id| id.uuid()).collect(),
            experts: scope.experts.iter().map(|id| id.uuid()).collect(),
            mentees: scope.revealed_mentees.iter().map(|id| id.uuid()).collect(),
            states: states.iter().map(|state| state.as_str()).collect(),
        }
    }
}

/// The matches of a scope, the one asked last first.
pub async fn list(
    conn: &mut PgConnection,
    scope: &Scope,
    filter: &MatchFilter,
    page: &Page<Key>,
) -> Result<Slice<Match>> {
    let scoped = Scoped::new(scope, &filter.states);
    let (after_at, after_id) = page.after.unzip();
    let (before_at, before_id) = page.before.unzip();
    let ids: Vec<MatchId> = sqlx::query_scalar!(
        "SELECT m.id
           FROM matches m
           JOIN cases c ON c.id = m.case_id
           JOIN service_centers s ON s.id = c.center_id
           JOIN experts e ON e.id = m.expert_id
          WHERE ($1::bool OR s.office_id = ANY($2::uuid[]) OR e.office_id = ANY($3::uuid[])
                 OR m.expert_id = ANY($5::uuid[])
                 OR (match_reveals_expert(m.state)
                     AND (c.center_id = ANY($4::uuid[]) OR c.mentee_id = ANY($6::uuid[]))))
            AND (cardinality($7::text[]) = 0 OR m.state = ANY($7))
            AND ($8::uuid IS NULL OR m.case_id = $8)
            AND ($9::uuid IS NULL OR m.expert_id = $9)
            AND ($10::bool IS NULL OR m.undeliverable = $10)
            AND ($11::timestamptz IS NULL OR (m.approached_at, m.id) < ($11, $12))
            AND ($13::timestamptz IS NULL OR (m.approached_at, m.id) > ($13, $14))
          ORDER BY CASE WHEN $15 THEN m.approached_at END, CASE WHEN $15 THEN m.id END, m.approached_at DESC, m.id DESC
          LIMIT $16",
        scope.everything,
        &scoped.offices,
        &scoped.other_offices,
        &scoped.centers,
        &scoped.experts,
        &scoped.mentees,
        &scoped.states as &[&str],
        filter.case.map(CaseId::uuid),
        filter.expert.map(ExpertId::uuid),
        filter.undeliverable,
        after_at,
        after_id,
        before_at,
        before_id,
        page.backward,
        page.fetch(),
    )
    .fetch_all(&mut *conn)
    .await?
    .into_iter()
    .map(MatchId::from)
    .collect();
    let slice = page.slice(ids);
    let mut found: HashMap<MatchId, Match> = by_ids(conn, &slice.rows)
        .await?
        .into_iter()
        .map(|matching| (matching.id, matching))
        .collect();
    let rows = slice.rows.iter().filter_map(|id| found.remove(id)).collect();
    Ok(Slice {
        rows,
        has_next: slice.has_next,
        has_previous: slice.has_previous,
    })
}

/// How many matches a scope and a filter hold.
pub async fn count(conn: &mut PgConnection, scope: &Scope, filter: &MatchFilter) -> Result<i64> {
    let scoped = Scoped::new(scope, &filter.states);
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!"
             FROM matches m
             JOIN cases c ON c.id = m.case_id
             JOIN service_centers s ON s.id = c.center_id
             JOIN experts e ON e.id = m.expert_id
            WHERE ($1::bool OR s.office_id = ANY($2::uuid[]) OR e.office_id = ANY($3::uuid[])
                   OR m.expert_id = ANY($5::uuid[])
                   OR (match_reveals_expert(m.state)
                       AND (c.center_id = ANY($4::uuid[]) OR c.mentee_id = ANY($6::uuid[]))))
              AND (cardinality($7::text[]) = 0 OR m.state = ANY($7))
              AND ($8::uuid IS NULL OR m.case_id = $8)
              AND ($9::uuid IS NULL OR m.expert_id = $9)
              AND ($10::bool IS NULL OR m.undeliverable = $10)"#,
        scope.everything,
        &scoped.offices,
        &scoped.other_offices,
        &scoped.centers,
        &scoped.experts,
        &scoped.mentees,
        &scoped.states as &[&str],
        filter.case.map(CaseId::uuid),
        filter.expert.map(ExpertId::uuid),
        filter.undeliverable,
    )
    .fetch_one(conn)
    .await?)
}

/// Every match of these cases, whatever its state, the one asked first first; the caller asks the policy.
pub async fn for_cases(conn: &mut PgConnection, cases: &[CaseId]) -> Result<Vec<Match>> {
    let cases: Vec<Uuid> = cases.iter().map(|id| id.uuid()).collect();
    let ids: Vec<MatchId> = sqlx::query_scalar!("SELECT id FROM matches WHERE case_id = ANY($1)", &cases)
        .fetch_all(&mut *conn)
        .await?
        .into_iter()
        .map(MatchId::from)
        .collect();
    let mut matches = by_ids(conn, &ids).await?;
    matches.sort_by_key(|matching| (matching.approached_at, matching.id));
    Ok(matches)
}

/// How many experts are being asked for each of these cases; a case for which nobody is asked is absent.
pub async fn open_counts(conn: &mut PgConnection, cases: &[CaseId]) -> Result<HashMap<CaseId, i64>> {
    let cases: Vec<Uuid> = cases.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"SELECT case_id, count(*) AS "count!" FROM matches
            WHERE case_id = ANY($1) AND state = 'APPROACHED' GROUP BY case_id"#,
        &cases
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.case_id.into(), row.count))
        .collect())
}
