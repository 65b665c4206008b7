//! The programme's settings: versions, of which the newest counts.

use sqlx::PgConnection;
use tandem_domain::settings::Settings;

use crate::{Error, Result};

/// The newest version, or the defaults where nothing was ever changed.
pub async fn newest(conn: &mut PgConnection) -> Result<Settings> {
    let row = sqlx::query!("SELECT version, settings FROM settings ORDER BY version DESC LIMIT 1")
        .fetch_optional(conn)
        .await?;
    let Some(row) = row else {
        return Ok(Settings::default());
    };
    serde_json::from_value(row.settings).map_err(|error| Error::Corrupt {
        table: "settings",
        column: "settings",
        id: row.version.to_string(),
        problem: format!("is not understood: {error}"),
    })
}
