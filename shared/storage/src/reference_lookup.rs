//! Reference data as they stand in the database: places and training occupations.

use sqlx::PgConnection;
use tandem_domain::geo::Coordinates;
use tandem_domain::occupations::Occupation;
use tandem_domain::postal_codes::Place;

use crate::{Error, Result, parse};

/// Every place, by rising postal code ([`tandem_domain::postal_codes::find`] searches in it).
pub async fn places(conn: &mut PgConnection) -> Result<Vec<Place>> {
    let rows = sqlx::query!(
        "SELECT postal_code, place, latitude, longitude, federal_state FROM postal_codes
         ORDER BY postal_code COLLATE \"C\""
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Place {
                postal_code: parse("postal_codes", "postal_code", &row.postal_code, &row.postal_code)?,
                coordinates: Coordinates::new(row.latitude, row.longitude).map_err(|problem| {
                    Error::Corrupt {
                        table: "postal_codes",
                        column: "latitude, longitude",
                        id: row.postal_code.clone(),
                        problem: problem.to_string(),
                    }
                })?,
                federal_state: parse(
                    "postal_codes",
                    "federal_state",
                    &row.postal_code,
                    &row.federal_state,
                )?,
                place: row.place,
            })
        })
        .collect()
}

/// The catalogue of training occupations, by rising id.
pub async fn occupations(conn: &mut PgConnection) -> Result<Vec<Occupation>> {
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
