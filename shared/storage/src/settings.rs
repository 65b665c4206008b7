//! The programme's settings: versions, of which the newest counts.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::UserId;
use tandem_domain::settings::Settings;

use crate::{Error, Result};

/// One version of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its number; 0 are the defaults, before anything was changed.
    pub version: i64,
    /// The settings.
    pub settings: Settings,
    /// Who changed them.
    pub changed_by: Option<UserId>,
    /// When.
    pub changed_at: Option<DateTime<Utc>>,
}

/// The newest version, or the defaults where nothing was ever changed.
pub async fn newest(conn: &mut PgConnection) -> Result<Settings> {
    Ok(newest_version(conn).await?.settings)
}

/// The newest version with its number.
pub async fn newest_version(conn: &mut PgConnection) -> Result<Version> {
    up_to(conn, None).await
}

/// The settings as they were in a version; the newest before it where there is no such one.
pub async fn at_version(conn: &mut PgConnection, version: i64) -> Result<Settings> {
    Ok(up_to(conn, Some(version + 1)).await?.settings)
}

async fn up_to(conn: &mut PgConnection, before: Option<i64>) -> Result<Version> {
    Ok(history(conn, before, 1).await?.pop().unwrap_or(Version {
        version: 0,
        settings: Settings::default(),
        changed_by: None,
        changed_at: None,
    }))
}

/// Up to `limit` versions below `before`, the newest first.
pub async fn history(conn: &mut PgConnection, before: Option<i64>, limit: i64) -> Result<Vec<Version>> {
    let rows = sqlx::query!(
        "SELECT version, settings, changed_by, changed_at FROM settings
          WHERE $1::bigint IS NULL OR version < $1
          ORDER BY version DESC LIMIT $2",
        before,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let settings = serde_json::from_value(row.settings).map_err(|error| Error::Corrupt {
                table: "settings",
                column: "settings",
                id: row.version.to_string(),
                problem: format!("is not understood: {error}"),
            })?;
            Ok(Version {
                version: row.version,
                settings,
                changed_by: row.changed_by.map(UserId::from),
                changed_at: Some(row.changed_at),
            })
        })
        .collect()
}

/// Writes a version; `false` where somebody else has written it meanwhile.
pub async fn insert(
    conn: &mut PgConnection,
    version: i64,
    settings: &Settings,
    changed_by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let json = serde_json::to_value(settings).map_err(|error| Error::Corrupt {
        table: "settings",
        column: "settings",
        id: version.to_string(),
        problem: format!("cannot be written: {error}"),
    })?;
    let done = sqlx::query!(
        "INSERT INTO settings (version, settings, changed_by, changed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (version) DO NOTHING",
        version,
        json,
        changed_by.map(UserId::uuid),
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
