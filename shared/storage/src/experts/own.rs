//! What an expert sets without the office.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::ExpertId;

use crate::Result;

/// What is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnChange {
    /// How many matches at once.
    pub capacity: i16,
    /// How far, in kilometres.
    pub travel_radius_km: i16,
    /// Whether reminders are mailed that are not essential.
    pub reminders: bool,
    /// Consent to publicity.
    pub publicity_consent: bool,
}

/// Whether reminders are mailed that are not essential; the default.
pub async fn wants_reminders(conn: &mut PgConnection, id: ExpertId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT COALESCE((notifications ->> 'reminders')::boolean, true) AS "wants!" FROM experts WHERE id = $1"#,
        id.uuid(),
    )
    .fetch_one(conn)
    .await?)
}

/// Writes what an expert set.
pub async fn change_own(
    conn: &mut PgConnection,
    id: ExpertId,
    change: &OwnChange,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE experts
            SET capacity = $2, travel_radius_km = $3, publicity_consent = $4,
                notifications = notifications || jsonb_build_object('reminders', $5::boolean),
                version = version + 1, updated_at = $6
          WHERE id = $1",
        id.uuid(),
        change.capacity,
        change.travel_radius_km,
        change.publicity_consent,
        change.reminders,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}
