//! Interrupting a match and taking it up again: by wish, and by the system while a check is missing.

use chrono::{Months, NaiveDate};
use tandem_domain::checks::is_minor;
use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::MatchId;
use tandem_domain::matches::{MatchState, PauseReason, pauses_for_check};
use tandem_domain::policy::Action;
use tandem_storage::matches::{self, Match};
use tandem_storage::{PgConnection, agreements};

use super::gate::readiness;
use super::step::{Held, finish, hold, keep, people, step_of, take, tell};
use crate::cases::consenting::undoubted;
use crate::deliveries::{Recipient, Trigger};
use crate::{App, Caller, Error, Result, settings};

/// Whoever is concerned interrupts a match; nobody is asked why.
pub async fn pause(app: &App, caller: &Caller, id: MatchId, version: Option<i64>) -> Result<Match> {
    let mut tx = app.begin(caller).await?;
    let mut held = take(&mut tx, app, caller, Action::PauseMatch, id, version).await?;
    interrupt(&mut tx, app, caller, &mut held, PauseReason::Wished).await?;
    told_all(&mut tx, app, Trigger::MatchPaused, &held, false).await?;
    finish(tx, id).await
}

/// Takes a match up again. What began the match is asked again: a ready expert, the right kind of check for
/// the mentee's age today, and an agreement in force.
///
/// # Errors
/// `NOT_READY` with everything that is missing.
pub async fn resume(app: &App, caller: &Caller, id: MatchId, version: Option<i64>) -> Result<Match> {
    let mut tx = app.begin(caller).await?;
    let mut held = take(&mut tx, app, caller, Action::PauseMatch, id, version).await?;
    let missing = take_up(&mut tx, app, caller, &mut held).await?;
    if !missing.is_empty() {
        return Err(Error::Refused(missing));
    }
    finish(tx, id).await
}

/// Interrupts a match that is held; who is told is left to the caller.
pub(super) async fn interrupt(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    held: &mut Held,
    reason: PauseReason,
) -> Result<()> {
    held.matching.state = held.matching.state.pause()?;
    held.matching.paused = Some((app.now(), reason));
    keep(conn, app, caller, &held.matching, "match.paused").await
}

async fn take_up(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    held: &mut Held,
) -> Result<Vec<UserError>> {
    let state = held.matching.state.resume()?;
    let mut missing = readiness(conn, app, caller, held, app.today(), "id").await?;
    missing.extend(undoubted(&held.case).err());
    let versions = agreements::for_matches(conn, &[held.matching.id]).await?;
    if !versions.iter().any(|version| version.in_force_at.is_some()) {
        missing.push(UserError::new(
            Code::NotReady,
            "id",
            "no agreement is in force: it has to be signed again first",
        ));
    }
    if missing.is_empty() {
        held.matching.state = state;
        held.matching.paused = None;
        keep(conn, app, caller, &held.matching, "match.resumed").await?;
        told_all(conn, app, Trigger::MatchResumed, held, false).await?;
    }
    Ok(missing)
}

/// Tells everybody; what the system did, the office as well.
pub(super) async fn told_all(
    conn: &mut PgConnection,
    app: &App,
    trigger: Trigger,
    held: &Held,
    by_system: bool,
) -> Result<()> {
    let mut told = people(held);
    told.push(Recipient::Center(held.matching.center));
    if by_system {
        told.push(Recipient::Office(held.matching.office));
        if held.matching.expert_office != held.matching.office {
            told.push(Recipient::Office(held.matching.expert_office));
        }
    }
    tell(conn, app, trigger, &held.matching, step_of(&held.matching), &told).await
}

/// The latest birth date of somebody who is of age on a day.
fn of_age(today: NaiveDate) -> NaiveDate {
    today - Months::new(18 * 12)
}

/// Interrupts active matches whose expert has no valid check of the needed kind any more: at once with a
/// mentee under 18, otherwise after a grace (L). Returns how many.
pub async fn pause_unchecked(app: &App) -> Result<usize> {
    let system = Caller::system();
    let today = app.today();
    let mut conn = app.acquire(&system).await?;
    let settings = settings::current(&mut conn).await?;
    let mut due = matches::expired_checks(&mut conn, today, of_age(today)).await?;
    drop(conn);
    due.retain(|checked| {
        let minor = is_minor(checked.mentee_birth_date, today);
        pauses_for_check(minor, checked.expired_on, today, &settings)
    });
    let mut paused = 0;
    for checked in due {
        let mut tx = app.begin(&system).await?;
        let Some(seen) = matches::get(&mut tx, checked.id).await? else {
            continue;
        };
        let mut held = hold(&mut tx, app, &seen).await?;
        // the expert is locked now: a check that was inspected meanwhile is seen
        let still = matches::expired_checks(&mut tx, today, of_age(today)).await?;
        if held.matching.state == MatchState::Active && still.contains(&checked) {
            interrupt(&mut tx, app, &system, &mut held, PauseReason::CheckExpired).await?;
            told_all(&mut tx, app, Trigger::MatchPaused, &held, true).await?;
            paused += 1;
        }
        tx.commit().await?;
    }
    Ok(paused)
}

/// Takes up matches again that wait for nothing but a check which is there now. Returns how many.
pub async fn resume_checked(app: &App) -> Result<usize> {
    let system = Caller::system();
    let today = app.today();
    let mut conn = app.acquire(&system).await?;
    let due = matches::resumable(&mut conn, today, of_age(today)).await?;
    drop(conn);
    let mut resumed = 0;
    for id in due {
        let mut tx = app.begin(&system).await?;
        let Some(seen) = matches::get(&mut tx, id).await? else {
            continue;
        };
        let mut held = hold(&mut tx, app, &seen).await?;
        let waits = matches!(held.matching.paused, Some((_, PauseReason::CheckExpired)));
        if waits && take_up(&mut tx, app, &system, &mut held).await?.is_empty() {
            resumed += 1;
        }
        tx.commit().await?;
    }
    Ok(resumed)
}
