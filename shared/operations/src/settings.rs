//! What the programme may change without a new release.

use tandem_domain::{
    policy::{Action, Resource},
    settings::Settings,
};
use tandem_storage::{PgConnection, settings};

use crate::{App, Caller, Result};

/// The settings that count now.
pub async fn current(conn: &mut PgConnection) -> Result<Settings> {
    Ok(settings::newest(conn).await?)
}

/// The settings that count now, for somebody who may read them.
pub async fn get(app: &App, caller: &Caller) -> Result<Settings> {
    caller.authorize(Action::ViewSettings, &Resource::programme(), "", "programme")?;
    let mut conn = app.acquire(caller).await?;
    current(&mut conn).await
}
