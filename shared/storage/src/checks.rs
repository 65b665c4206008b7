//! Background checks: one row an inspection, or a request that waits for one.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use tandem_domain::checks::{BackgroundCheck, CheckKind, Inspection};
use tandem_domain::ids::{CheckId, ExpertId, UserId};
use uuid::Uuid;

use crate::{Error, Result, parse};

/// A background check as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Its id.
    pub id: CheckId,
    /// Whose.
    pub expert_id: ExpertId,
    /// Kind, inspection, erasure.
    pub check: BackgroundCheck,
    /// When it was asked for.
    pub requested_on: Option<NaiveDate>,
    /// Who inspected; none where it was taken over by an import.
    pub inspected_by: Option<UserId>,
    /// Grows with every change.
    pub version: i64,
}

struct Row {
    id: Uuid,
    expert_id: Uuid,
    kind: String,
    requested_on: Option<NaiveDate>,
    certificate_date: Option<NaiveDate>,
    inspected_on: Option<NaiveDate>,
    inspected_by: Option<Uuid>,
    no_relevant_entry: Option<bool>,
    valid_until: Option<NaiveDate>,
    erased_on: Option<NaiveDate>,
    version: i64,
}

impl TryFrom<Row> for Check {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let inspection = match (
            row.certificate_date,
            row.inspected_on,
            row.no_relevant_entry,
            row.valid_until,
        ) {
            (Some(certificate_date), Some(inspected_on), Some(no_relevant_entry), Some(valid_until)) => {
                Some(Inspection {
                    certificate_date,
                    inspected_on,
                    no_relevant_entry,
                    valid_until,
                })
            }
            _ => None,
        };
        Ok(Self {
            id: row.id.into(),
            expert_id: row.expert_id.into(),
            check: BackgroundCheck {
                kind: parse("background_checks", "kind", row.id, &row.kind)?,
                inspection,
                erased: row.erased_on.is_some(),
            },
            requested_on: row.requested_on,
            inspected_by: row.inspected_by.map(Into::into),
            version: row.version,
        })
    }
}

/// Every check of these experts, an expert's newest inspection first.
pub async fn for_experts(conn: &mut PgConnection, experts: &[ExpertId]) -> Result<Vec<Check>> {
    let experts: Vec<Uuid> = experts.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        Row,
        "SELECT id, expert_id, kind, requested_on, certificate_date, inspected_on, inspected_by, no_relevant_entry,
             valid_until, erased_on, version
         FROM background_checks WHERE expert_id = ANY($1)
         ORDER BY expert_id, inspected_on DESC NULLS FIRST, id DESC",
        &experts,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Check::try_from)
    .collect()
}

/// An inspection to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewInspection {
    /// The id of the row where one is made.
    pub id: CheckId,
    /// Whose.
    pub expert_id: ExpertId,
    /// Simple or extended.
    pub kind: CheckKind,
    /// What was found.
    pub inspection: Inspection,
    /// Who inspected; none where it is taken over by an import.
    pub inspected_by: Option<UserId>,
}

#[derive(Serialize)]
struct NewRow {
    id: Uuid,
    expert_id: Uuid,
    kind: &'static str,
    certificate_date: NaiveDate,
    inspected_on: NaiveDate,
    inspected_by: Option<Uuid>,
    no_relevant_entry: bool,
    valid_until: NaiveDate,
}

/// Appends inspections, in one statement.
pub async fn insert(conn: &mut PgConnection, checks: &[NewInspection], at: DateTime<Utc>) -> Result<()> {
    let rows: Vec<NewRow> = checks
        .iter()
        .map(|check| NewRow {
            id: check.id.uuid(),
            expert_id: check.expert_id.uuid(),
            kind: check.kind.as_str(),
            certificate_date: check.inspection.certificate_date,
            inspected_on: check.inspection.inspected_on,
            inspected_by: check.inspected_by.map(UserId::uuid),
            no_relevant_entry: check.inspection.no_relevant_entry,
            valid_until: check.inspection.valid_until,
        })
        .collect();
    sqlx::query!(
        "INSERT INTO background_checks (id, expert_id, kind, certificate_date, inspected_on, inspected_by,
             no_relevant_entry, valid_until, created_at, updated_at)
         SELECT r.id, r.expert_id, r.kind, r.certificate_date, r.inspected_on, r.inspected_by, r.no_relevant_entry,
             r.valid_until, $2, $2
         FROM jsonb_to_recordset($1) AS r (id uuid, expert_id uuid, kind text, certificate_date date,
             inspected_on date, inspected_by uuid, no_relevant_entry boolean, valid_until date)",
        serde_json::to_value(&rows).expect("an inspection is plain data"),
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes the inspection into the expert's oldest open request of that kind. Returns the request, or none
/// where none is open.
pub async fn fulfil_request(
    conn: &mut PgConnection,
    check: &NewInspection,
    at: DateTime<Utc>,
) -> Result<Option<CheckId>> {
    let id = sqlx::query_scalar!(
        "UPDATE background_checks SET certificate_date = $3, inspected_on = $4, inspected_by = $5,
             no_relevant_entry = $6, valid_until = $7, version = version + 1, updated_at = $8
         WHERE id = (SELECT id FROM background_checks
                     WHERE expert_id = $1 AND kind = $2 AND inspected_on IS NULL AND erased_on IS NULL
                     ORDER BY requested_on, id LIMIT 1 FOR UPDATE)
         RETURNING id",
        check.expert_id.uuid(),
        check.kind.as_str(),
        check.inspection.certificate_date,
        check.inspection.inspected_on,
        check.inspected_by.map(UserId::uuid),
        check.inspection.no_relevant_entry,
        check.inspection.valid_until,
        at,
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(CheckId::from))
}
