//! Lists of cases.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::cases::CaseState;
use tandem_domain::ids::{CaseId, CenterId, MenteeId, OfficeId};
use tandem_domain::policy::Scope;
use uuid::Uuid;

use super::{Case, by_ids};
use crate::Result;
use crate::paging::{Page, Slice};

/// Narrows the list; what is empty or none narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseFilter {
    /// In one of these states.
    pub states: Vec<CaseState>,
    /// Of this centre.
    pub center: Option<CenterId>,
    /// Of centres that this office serves.
    pub office: Option<OfficeId>,
    /// Of this mentee.
    pub mentee: Option<MenteeId>,
    /// Submitted at this instant or before it, and still waiting (`SUBMITTED` or `SEARCHING`).
    pub waiting_since: Option<DateTime<Utc>>,
    /// With (or without) a match in `APPROACHED … PAUSED`.
    pub has_open_match: Option<bool>,
    /// Which are open and whose consent is in doubt (or are not).
    pub consent_contested: Option<bool>,
    /// Whose mentee's name, target occupation or id in the centre's list contains this text.
    pub text: Option<String>,
}

/// The order of the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CaseOrder {
    /// Who has waited longest comes first; what was not submitted counts from its draft.
    #[default]
    WaitingLongest,
    /// The newest comes first.
    Newest,
}

/// Since when a case waits (or was drafted), and its id.
pub type Key = (DateTime<Utc>, Uuid);

/// The place of a case in the list.
pub fn key(case: &Case) -> Key {
    (case.submitted_at.unwrap_or(case.created_at), case.id.uuid())
}

struct Scoped {
    offices: Vec<Uuid>,
    centers: Vec<Uuid>,
    mentees: Vec<Uuid>,
    states: Vec<&'static str>,
}

impl Scoped {
    fn new(scope: &Scope, filter: &CaseFilter) -> Self {
        Self {
            offices: scope.offices.iter().map(|id| id.uuid()).collect(),
            centers: scope.centers.iter().map(|id| id.uuid()).collect(),
            mentees: scope.mentees.iter().map(|id| id.uuid()).collect(),
            states: filter.states.iter().map(|state| state.as_str()).collect(),
        }
    }
}

/// The cases of a scope.
pub async fn list(
    conn: &mut PgConnection,
    scope: &Scope,
    filter: &CaseFilter,
    order: CaseOrder,
    page: &Page<Key>,
) -> Result<Slice<Case>> {
    let scoped = Scoped::new(scope, filter);
    // the key rises with the time; the newest first is the same list from its other end
    let newest = order == CaseOrder::Newest;
    let (lower, upper) = if newest {
        (page.before, page.after)
    } else {
        (page.after, page.before)
    };
    let (lower_at, lower_id) = lower.unzip();
    let (upper_at, upper_id) = upper.unzip();
    let ids: Vec<CaseId> = sqlx::query_scalar!(
        "SELECT c.id
           FROM cases c
           JOIN service_centers s ON s.id = c.center_id
           JOIN mentees t ON t.id = c.mentee_id
          WHERE ($1::bool OR s.office_id = ANY($2::uuid[]) OR c.center_id = ANY($3::uuid[])
                 OR c.mentee_id = ANY($4::uuid[]))
            AND (cardinality($5::text[]) = 0 OR c.state = ANY($5))
            AND ($6::uuid IS NULL OR c.center_id = $6)
            AND ($7::uuid IS NULL OR s.office_id = $7)
            AND ($8::uuid IS NULL OR c.mentee_id = $8)
            AND ($9::timestamptz IS NULL OR (c.submitted_at <= $9 AND c.state IN ('SUBMITTED', 'SEARCHING')))
            AND ($10::bool IS NULL OR $10 = EXISTS (SELECT FROM matches m
                 WHERE m.case_id = c.id AND match_is_open(m.state)))
            AND ($18::bool IS NULL OR $18 = (c.consent_contested_at IS NOT NULL AND c.state NOT IN ('CLOSED', 'WITHDRAWN')))
            AND ($11::text IS NULL OR strpos(lower(t.given_name || ' ' || t.family_name), lower($11)) > 0
                 OR c.external_id = $11 OR EXISTS (SELECT FROM case_occupations o
                 WHERE o.case_id = c.id AND strpos(lower(o.label), lower($11)) > 0))
            AND ($12::timestamptz IS NULL OR (COALESCE(c.submitted_at, c.created_at), c.id) > ($12, $13))
            AND ($14::timestamptz IS NULL OR (COALESCE(c.submitted_at, c.created_at), c.id) < ($14, $15))
          ORDER BY CASE WHEN $16 THEN COALESCE(c.submitted_at, c.created_at) END DESC,
                   CASE WHEN $16 THEN c.id END DESC, COALESCE(c.submitted_at, c.created_at), c.id
          LIMIT $17",
        scope.everything,
        &scoped.offices,
        &scoped.centers,
        &scoped.mentees,
        &scoped.states as &[&str],
        filter.center.map(CenterId::uuid),
        filter.office.map(OfficeId::uuid),
        filter.mentee.map(MenteeId::uuid),
        filter.waiting_since,
        filter.has_open_match,
        filter.text,
        lower_at,
        lower_id,
        upper_at,
        upper_id,
        newest != page.backward,
        page.fetch(),
        filter.consent_contested,
    )
    .fetch_all(&mut *conn)
    .await?
    .into_iter()
    .map(CaseId::from)
    .collect();
    let slice = page.slice(ids);
    let mut found: HashMap<CaseId, Case> = by_ids(conn, &slice.rows)
        .await?
        .into_iter()
        .map(|case| (case.id, case))
        .collect();
    let rows = slice.rows.iter().filter_map(|id| found.remove(id)).collect();
    Ok(Slice {
        rows,
        has_next: slice.has_next,
        has_previous: slice.has_previous,
    })
}

/// How many cases a scope and a filter hold.
pub async fn count(conn: &mut PgConnection, scope: &Scope, filter: &CaseFilter) -> Result<i64> {
    let scoped = Scoped::new(scope, filter);
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!"
             FROM cases c
             JOIN service_centers s ON s.id = c.center_id
             JOIN mentees t ON t.id = c.mentee_id
            WHERE ($1::bool OR s.office_id = ANY($2::uuid[]) OR c.center_id = ANY($3::uuid[])
                   OR c.mentee_id = ANY($4::uuid[]))
              AND (cardinality($5::text[]) = 0 OR c.state = ANY($5))
              AND ($6::uuid IS NULL OR c.center_id = $6)
              AND ($7::uuid IS NULL OR s.office_id = $7)
              AND ($8::uuid IS NULL OR c.mentee_id = $8)
              AND ($9::timestamptz IS NULL OR (c.submitted_at <= $9 AND c.state IN ('SUBMITTED', 'SEARCHING')))
              AND ($10::bool IS NULL OR $10 = EXISTS (SELECT FROM matches m
                   WHERE m.case_id = c.id AND match_is_open(m.state)))
              AND ($12::bool IS NULL OR $12 = (c.consent_contested_at IS NOT NULL AND c.state NOT IN ('CLOSED', 'WITHDRAWN')))
              AND ($11::text IS NULL OR strpos(lower(t.given_name || ' ' || t.family_name), lower($11)) > 0
                   OR c.external_id = $11 OR EXISTS (SELECT FROM case_occupations o
                   WHERE o.case_id = c.id AND strpos(lower(o.label), lower($11)) > 0))"#,
        scope.everything,
        &scoped.offices,
        &scoped.centers,
        &scoped.mentees,
        &scoped.states as &[&str],
        filter.center.map(CenterId::uuid),
        filter.office.map(OfficeId::uuid),
        filter.mentee.map(MenteeId::uuid),
        filter.waiting_since,
        filter.has_open_match,
        filter.text,
        filter.consent_contested,
    )
    .fetch_one(conn)
    .await?)
}
