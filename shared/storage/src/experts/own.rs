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
    /// Consent to publicity.
    pub publicity_consent: bool,
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
            SET capacity = $2, travel_radius_km = $3, publicity_consent = $4, version = version + 1, updated_at = $5
          WHERE id = $1",
        id.uuid(),
        change.capacity,
        change.travel_radius_km,
        change.publicity_consent,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}
