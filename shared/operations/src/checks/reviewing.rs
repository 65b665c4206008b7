//! What a check that ended, or that showed an entry, means for matches that go on (domain.md "Background
//! check"): the office is told at once, the match is interrupted, and goes on by itself with a valid check.

use tandem_domain::checks::{BackgroundCheck, needed_kind, permitted};
use tandem_domain::ids::{CheckId, ExpertId};
use tandem_storage::PgConnection;
use tandem_storage::checks::{self, expiry};
use tandem_storage::experts;

use crate::deliveries::{self, NewDelivery, Recipient, Trigger};
use crate::{App, Caller, Result, matches};

const BATCH: i64 = 200;

/// Looks at every check whose last day has passed since it was looked at last: once each, found by its date.
/// Then interrupts what may not go on. Returns how many offices were told.
pub async fn expire(app: &App) -> Result<usize> {
    let caller = Caller::system();
    let today = app.today();
    let mut told = 0;
    loop {
        let mut conn = app.acquire(&caller).await?;
        let ended = expiry::unseen(&mut conn, today, BATCH).await?;
        drop(conn);
        if ended.is_empty() {
            break;
        }
        for (check, expert) in ended {
            let mut tx = app.begin(&caller).await?;
            // no check is inspected meanwhile
            experts::lock(&mut tx, expert).await?;
            told += tell_office(&mut tx, app, check).await?;
            expiry::mark_seen(&mut tx, check, today).await?;
            tx.commit().await?;
        }
    }
    matches::pause_unchecked(app).await?;
    Ok(told)
}

/// Looks at an expert whose certificate was inspected just now: one with an entry ends what was permitted
/// before; a good one lets matches go on that waited for it.
pub async fn review(app: &App, expert: ExpertId) -> Result<()> {
    let mut tx = app.begin(&Caller::system()).await?;
    experts::lock(&mut tx, expert).await?;
    if let Some(check) = expiry::newest_entry(&mut tx, expert).await? {
        tell_office(&mut tx, app, check).await?;
    }
    tx.commit().await?;
    matches::pause_unchecked(app).await?;
    matches::resume_checked(app).await?;
    Ok(())
}

/// Promises a notice to the expert's own office where a match goes on without a check that permits it. One
/// check is told once.
async fn tell_office(conn: &mut PgConnection, app: &App, check: CheckId) -> Result<usize> {
    let Some(facts) = unchecked(conn, app, check).await? else {
        return Ok(0);
    };
    let notice = NewDelivery::new(Trigger::CheckGap, check, Recipient::Office(facts.office_id));
    Ok(deliveries::queue(conn, app, &[notice]).await?.len())
}

/// The matches of a check's expert that no check permits today; none where there are none.
pub(crate) async fn unchecked(
    conn: &mut PgConnection,
    app: &App,
    check: CheckId,
) -> Result<Option<expiry::UncheckedFacts>> {
    let Some(mut facts) = expiry::running(conn, check).await? else {
        return Ok(None);
    };
    let checks: Vec<BackgroundCheck> = checks::for_experts(conn, &[facts.expert_id])
        .await?
        .into_iter()
        .map(|check| check.check)
        .collect();
    let today = app.today();
    facts
        .matches
        .retain(|matching| !permitted(&checks, needed_kind(matching.mentee_birth_date, today), today));
    Ok(Some(facts).filter(|facts| !facts.matches.is_empty()))
}
