//! The erasure clock (SGB VIII § 72a (5)): what nobody needs any more is forgotten.

use serde_json::json;
use tandem_domain::checks::erase_on;
use tandem_domain::ids::CheckId;
use tandem_storage::checks::erasing;

use crate::{App, Audit, Caller, Result, settings};

const BATCH: i64 = 500;

/// Erases every inspection whose time is over, and the open requests of those who left. Says how many.
pub async fn erase_due(app: &App) -> Result<usize> {
    let caller = Caller::system();
    let today = app.today();
    let mut erased = 0;
    let mut after = None;
    loop {
        let mut tx = app.begin(&caller).await?;
        let settings = settings::current(&mut tx).await?;
        let ended = erasing::ended(&mut tx, settings.standby_is_activity, today, after, BATCH).await?;
        let Some((last, _, day, _)) = ended.last() else {
            break;
        };
        after = Some((*day, *last));
        let due: Vec<CheckId> = ended
            .iter()
            .filter(|(.., activity)| erase_on(activity, &settings).is_some_and(|day| day <= today))
            .map(|(id, ..)| *id)
            .collect();
        erased += erase(&mut tx, app, &caller, &due).await?;
        tx.commit().await?;
    }
    loop {
        let mut tx = app.begin(&caller).await?;
        let abandoned = erasing::abandoned_requests(&mut tx, BATCH).await?;
        if abandoned.is_empty() {
            return Ok(erased);
        }
        erased += erase(&mut tx, app, &caller, &abandoned).await?;
        tx.commit().await?;
    }
}

async fn erase(
    conn: &mut tandem_storage::PgConnection,
    app: &App,
    caller: &Caller,
    checks: &[CheckId],
) -> Result<usize> {
    if checks.is_empty() {
        return Ok(0);
    }
    let erased = erasing::erase(conn, checks, app.today(), app.now()).await?;
    let trail: Vec<Audit> = erased
        .iter()
        .map(|(check, expert)| {
            Audit::new("check.erased", *check)
                .about(*expert)
                .detail(json!({ "by": "retention" }))
        })
        .collect();
    app.audit(conn, caller, &trail).await?;
    Ok(erased.len())
}
