//! Background checks: one row an inspection, or a request that waits for one.

pub mod erasing;
pub mod expiry;
pub mod overview;
pub mod requests;

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
    /// The second person, where the programme asked for one.
    pub confirmed_by: Option<UserId>,
    /// An inspection that waits for the second person.
    pub pending: Option<Pending>,
    /// Grows with every change.
    pub version: i64,
}

/// An inspection that counts only when a second person has confirmed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// What was found.
    pub inspection: Inspection,
    /// Who found it.
    pub inspected_by: UserId,
}

struct Row {
    id: Uuid,
    expert_id: Uuid,
    kind: String,
    requested_on: Option<NaiveDate>,
    certificate_date: Option<NaiveDate>,
    inspected_on: Option<NaiveDate>,
    inspected_by: Option<Uuid>,
    confirmed_by: Option<Uuid>,
    no_relevant_entry: Option<bool>,
    valid_until: Option<NaiveDate>,
    erased_on: Option<NaiveDate>,
    version: i64,
    pending_certificate_date: Option<NaiveDate>,
    pending_inspected_on: Option<NaiveDate>,
    pending_inspected_by: Option<Uuid>,
    pending_no_relevant_entry: Option<bool>,
    pending_valid_until: Option<NaiveDate>,
}

fn inspection(
    certificate_date: Option<NaiveDate>,
    inspected_on: Option<NaiveDate>,
    no_relevant_entry: Option<bool>,
    valid_until: Option<NaiveDate>,
) -> Option<Inspection> {
    Some(Inspection {
        certificate_date: certificate_date?,
        inspected_on: inspected_on?,
        no_relevant_entry: no_relevant_entry?,
        valid_until: valid_until?,
    })
}

impl TryFrom<Row> for Check {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let found = inspection(
            row.certificate_date,
            row.inspected_on,
            row.no_relevant_entry,
            row.valid_until,
        );
        let pending = inspection(
            row.pending_certificate_date,
            row.pending_inspected_on,
            row.pending_no_relevant_entry,
            row.pending_valid_until,
        );
        Ok(Self {
            id: row.id.into(),
            expert_id: row.expert_id.into(),
            check: BackgroundCheck {
                kind: parse("background_checks", "kind", row.id, &row.kind)?,
                inspection: found,
                erased: row.erased_on.is_some(),
            },
            requested_on: row.requested_on,
            inspected_by: row.inspected_by.map(Into::into),
            confirmed_by: row.confirmed_by.map(Into::into),
            pending: pending
                .zip(row.pending_inspected_by)
                .map(|(inspection, inspected_by)| Pending {
                    inspection,
                    inspected_by: inspected_by.into(),
                }),
            version: row.version,
        })
    }
}

macro_rules! select {
    ($condition:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            "SELECT b.id, b.expert_id, b.kind, b.requested_on, b.certificate_date, b.inspected_on, b.inspected_by,
                 b.confirmed_by, b.no_relevant_entry, b.valid_until, b.erased_on, b.version,
                 p.certificate_date AS \"pending_certificate_date?\", p.inspected_on AS \"pending_inspected_on?\",
                 p.inspected_by AS \"pending_inspected_by?\", p.no_relevant_entry AS \"pending_no_relevant_entry?\",
                 p.valid_until AS \"pending_valid_until?\"
             FROM background_checks b LEFT JOIN pending_inspections p ON p.check_id = b.id "
                + $condition,
            $($argument),*
        )
    };
}

/// Every check of these experts, an expert's newest inspection first.
pub async fn for_experts(conn: &mut PgConnection, experts: &[ExpertId]) -> Result<Vec<Check>> {
    let experts: Vec<Uuid> = experts.iter().map(|id| id.uuid()).collect();
    select!(
        "WHERE b.expert_id = ANY($1) ORDER BY b.expert_id, b.inspected_on DESC NULLS FIRST, b.id DESC",
        &experts
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Check::try_from)
    .collect()
}

/// One check.
pub async fn find(conn: &mut PgConnection, id: CheckId) -> Result<Option<Check>> {
    select!("WHERE b.id = $1", id.uuid())
        .fetch_optional(conn)
        .await?
        .map(Check::try_from)
        .transpose()
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
    /// The second person, where the programme asks for one.
    pub confirmed_by: Option<UserId>,
}

#[derive(Serialize)]
struct NewRow {
    id: Uuid,
    expert_id: Uuid,
    kind: &'static str,
    certificate_date: NaiveDate,
    inspected_on: NaiveDate,
    inspected_by: Option<Uuid>,
    confirmed_by: Option<Uuid>,
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
            confirmed_by: check.confirmed_by.map(UserId::uuid),
            no_relevant_entry: check.inspection.no_relevant_entry,
            valid_until: check.inspection.valid_until,
        })
        .collect();
    sqlx::query!(
        "INSERT INTO background_checks (id, expert_id, kind, certificate_date, inspected_on, inspected_by,
             confirmed_by, no_relevant_entry, valid_until, created_at, updated_at)
         SELECT r.id, r.expert_id, r.kind, r.certificate_date, r.inspected_on, r.inspected_by, r.confirmed_by,
             r.no_relevant_entry, r.valid_until, $2, $2
         FROM jsonb_to_recordset($1) AS r (id uuid, expert_id uuid, kind text, certificate_date date,
             inspected_on date, inspected_by uuid, confirmed_by uuid, no_relevant_entry boolean, valid_until date)",
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
             no_relevant_entry = $6, valid_until = $7, version = version + 1, updated_at = $8, confirmed_by = $9
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
        check.confirmed_by.map(UserId::uuid),
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(CheckId::from))
}
