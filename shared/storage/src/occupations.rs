//! The catalogue of training occupations, as it stands in the database.

use sqlx::PgConnection;
use tandem_domain::occupations::Occupation;

use crate::{Result, parse};

/// Every occupation, by rising id.
pub async fn all(conn: &mut PgConnection) -> Result<Vec<Occupation>> {
    let rows = sqlx::query!(
        "SELECT id, kldb_code, title, title_feminine, title_masculine, field, aliases FROM occupations ORDER BY id"
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Occupation {
                kldb_code: parse("occupations", "kldb_code", &row.id, &row.kldb_code)?,
                id: row.id,
                title: row.title,
                title_feminine: row.title_feminine,
                title_masculine: row.title_masculine,
                field: row.field,
                aliases: row.aliases,
            })
        })
        .collect()
}
