//! What imports of lists need besides the aggregates' own functions.

use sqlx::PgConnection;
use tandem_domain::ids::{CenterId, MenteeId, OfficeId};
use uuid::Uuid;

use crate::Result;

/// Lets one import run at a time, until the transaction ends: two that meet would wait for each other's rows.
pub async fn lock(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('tandem import', 0))")
        .execute(conn)
        .await?;
    Ok(())
}

/// Every office with its external id and its name: what a cell of a list may call it.
pub async fn office_names(conn: &mut PgConnection) -> Result<Vec<(OfficeId, Option<String>, String)>> {
    let rows = sqlx::query!("SELECT id, external_id, name FROM regional_offices")
        .fetch_all(conn)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.into(), row.external_id, row.name))
        .collect())
}

/// Every centre with its external id and its name.
pub async fn center_names(conn: &mut PgConnection) -> Result<Vec<(CenterId, Option<String>, String)>> {
    let rows = sqlx::query!("SELECT id, external_id, name FROM service_centers")
        .fetch_all(conn)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.into(), row.external_id, row.name))
        .collect())
}

/// Locks the cases of these mentees, by rising id, until the transaction ends.
pub async fn lock_cases_of(conn: &mut PgConnection, mentees: &[MenteeId]) -> Result<()> {
    let mentees: Vec<Uuid> = mentees.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "SELECT id FROM cases WHERE mentee_id = ANY($1) ORDER BY id FOR UPDATE",
        &mentees
    )
    .fetch_all(conn)
    .await?;
    Ok(())
}
