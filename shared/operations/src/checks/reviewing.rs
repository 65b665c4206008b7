//! What an inspection means for matches that go on (domain.md "Background check"): after one with an entry
//! the office is told at once and the match is interrupted; with a valid one it goes on by itself. Of checks
//! that end, the reminders tell.

use tandem_domain::checks::{BackgroundCheck, needed_kind, permitted};
use tandem_domain::ids::{CheckId, ExpertId};
use tandem_storage::PgConnection;
use tandem_storage::checks::{self, expiry};
use tandem_storage::experts;

use crate::deliveries::{self, NewDelivery, Recipient, Trigger};
use crate::{App, Caller, Result, matches};

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
