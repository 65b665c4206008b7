//! Reference data: postal codes and training occupations, filled by `tandem-api migrate`.

use sqlx::PgConnection;
use tandem_domain::{occupations::Occupation, postal_codes::Place};

use crate::Result;

/// Writes the postal codes that differ from what is stored, in one statement; says how many.
///
/// A code that is not among `places` stays: rows refer to it.
pub async fn upsert_postal_codes(conn: &mut PgConnection, places: &[Place]) -> Result<u64> {
    let codes: Vec<String> = places.iter().map(|place| place.postal_code.to_string()).collect();
    let names: Vec<String> = places.iter().map(|place| place.place.clone()).collect();
    let latitudes: Vec<f64> = places.iter().map(|place| place.coordinates.latitude()).collect();
    let longitudes: Vec<f64> = places.iter().map(|place| place.coordinates.longitude()).collect();
    let states: Vec<String> = places
        .iter()
        .map(|place| place.federal_state.code().to_owned())
        .collect();
    let written = sqlx::query!(
        "INSERT INTO postal_codes AS stored (postal_code, place, latitude, longitude, federal_state)
         SELECT * FROM UNNEST($1::text[], $2::text[], $3::float8[], $4::float8[], $5::text[])
         ON CONFLICT (postal_code) DO UPDATE
            SET place = excluded.place, latitude = excluded.latitude, longitude = excluded.longitude,
                federal_state = excluded.federal_state
          WHERE (stored.place, stored.latitude, stored.longitude, stored.federal_state)
             IS DISTINCT FROM (excluded.place, excluded.latitude, excluded.longitude, excluded.federal_state)",
        &codes,
        &names,
        &latitudes,
        &longitudes,
        &states,
    )
    .execute(conn)
    .await?;
    Ok(written.rows_affected())
}

/// Writes the training occupations that are not stored yet, in one statement; says how many.
///
/// Those that are stored stay as they are, since operators import the official titles over them;
/// only what the search looks at is brought up to date.
pub async fn upsert_occupations(conn: &mut PgConnection, occupations: &[Occupation]) -> Result<u64> {
    let rows: Vec<serde_json::Value> = occupations
        .iter()
        .map(|occupation| {
            serde_json::json!({
                "id": occupation.id,
                "kldb_code": occupation.kldb_code.as_str(),
                "title": occupation.title,
                "title_feminine": occupation.title_feminine,
                "title_masculine": occupation.title_masculine,
                "field": occupation.field,
                "aliases": occupation.aliases,
                "search_text": occupation.search_text(),
            })
        })
        .collect();
    let written = sqlx::query!(
        "INSERT INTO occupations AS stored
             (id, kldb_code, title, title_feminine, title_masculine, field, aliases, search_text)
         SELECT id, kldb_code, title, title_feminine, title_masculine, field, aliases, search_text
           FROM jsonb_to_recordset($1) AS given (id text, kldb_code text, title text, title_feminine text,
                title_masculine text, field text, aliases text[], search_text text)
         ON CONFLICT (id) DO UPDATE SET search_text = excluded.search_text
          WHERE stored.title = excluded.title AND stored.search_text <> excluded.search_text",
        serde_json::Value::Array(rows),
    )
    .execute(conn)
    .await?;
    Ok(written.rows_affected())
}

/// Whether a postal code is known.
pub async fn postal_code_exists(conn: &mut PgConnection, postal_code: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM postal_codes WHERE postal_code = $1) AS "exists!""#,
        postal_code
    )
    .fetch_one(conn)
    .await?)
}
