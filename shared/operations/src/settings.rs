//! What the programme may change without a new release.

use serde_json::{Value, json};
use tandem_domain::{
    errors::{Code, UserError},
    policy::{Action, Resource},
    settings::Settings,
};
pub use tandem_storage::settings::Version;
use tandem_storage::{PgConnection, settings};

use crate::{App, Audit, Caller, Error, Result, refuse};

/// No page of the history is longer.
const HISTORY_AT_MOST: i64 = 100;

/// The settings that count now.
pub async fn current(conn: &mut PgConnection) -> Result<Settings> {
    Ok(settings::newest(conn).await?)
}

/// The settings that count now, for somebody who may read them.
pub async fn get(app: &App, caller: &Caller) -> Result<Settings> {
    Ok(newest(app, caller).await?.settings)
}

/// The settings that count now with their version, for somebody who may read them.
pub async fn newest(app: &App, caller: &Caller) -> Result<Version> {
    caller.authorize(Action::ViewSettings, &Resource::programme(), "", "programme")?;
    let mut conn = app.acquire(caller).await?;
    Ok(settings::newest_version(&mut conn).await?)
}

/// Earlier versions below `before`, the newest first.
pub async fn history(app: &App, caller: &Caller, before: Option<i64>, first: i64) -> Result<Vec<Version>> {
    caller.authorize(Action::ViewSettings, &Resource::programme(), "", "programme")?;
    let mut conn = app.acquire(caller).await?;
    Ok(settings::history(&mut conn, before, first.clamp(1, HISTORY_AT_MOST)).await?)
}

/// Changes settings as a new version, which counts from the next transaction on: no program is restarted.
/// What changes nothing is no version.
///
/// # Errors
/// `CONFLICT` where `version` is not the newest; every value that is not acceptable, at once.
pub async fn update(
    app: &App,
    caller: &Caller,
    version: i64,
    change: impl FnOnce(&mut Settings),
) -> Result<Version> {
    caller.authorize(Action::ManageSettings, &Resource::programme(), "", "programme")?;
    let conflict = || {
        UserError::new(
            Code::Conflict,
            "version",
            "somebody else has changed the settings meanwhile: read them again",
        )
    };
    let mut tx = app.begin(caller).await?;
    let newest = settings::newest_version(&mut tx).await?;
    if newest.version != version {
        return refuse(conflict());
    }
    let mut changed = newest.settings.clone();
    change(&mut changed);
    changed.check()?;
    if changed == newest.settings {
        return Ok(newest);
    }
    let number = newest.version + 1;
    if !settings::insert(&mut tx, number, &changed, caller.user_id(), app.now()).await? {
        return refuse(conflict());
    }
    let fields = changed_fields(&newest.settings, &changed)?;
    let trail = Audit::programme("settings.changed").detail(json!({ "version": number, "fields": fields }));
    app.audit(&mut tx, caller, &[trail]).await?;
    let written = settings::newest_version(&mut tx).await?;
    tx.commit().await?;
    Ok(written)
}

/// The names of the fields that differ.
fn changed_fields(before: &Settings, after: &Settings) -> Result<Vec<String>> {
    let fields = |settings: &Settings| match serde_json::to_value(settings) {
        Ok(Value::Object(fields)) => Ok(fields),
        other => Err(Error::Fault(format!("settings are no object: {other:?}"))),
    };
    let before = fields(before)?;
    Ok(fields(after)?
        .into_iter()
        .filter(|(name, value)| before.get(name) != Some(value))
        .map(|(name, _)| name)
        .collect())
}
