//! What the programme may change without a new release.

use tandem_domain::settings::Settings;
use tandem_storage::{PgConnection, settings};

use crate::Result;

/// The settings that count now.
pub async fn current(conn: &mut PgConnection) -> Result<Settings> {
    Ok(settings::newest(conn).await?)
}
