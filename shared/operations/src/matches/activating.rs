//! The beginning of a match: everything that has to be right is asked inside the transaction that lets it
//! begin, whoever asks for it (S7 to S9, S15).

use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::MatchId;
use tandem_domain::matches::MatchState;
use tandem_domain::policy::Action;
use tandem_storage::matches::{self, Match};
use tandem_storage::{PgConnection, agreements, cases};

use super::gate::readiness;
use super::step::{Held, finish, hold, keep, people, take, tell};
use crate::deliveries::{Recipient, Trigger};
use crate::{App, Audit, Caller, Error, Result};

/// Office or centre lets a match begin that is agreed and signed, once the expert is ready. It begins by
/// itself with the last signature, or with what was missing after it.
///
/// # Errors
/// `NOT_READY` with everything that is still missing.
pub async fn activate(app: &App, caller: &Caller, id: MatchId, version: Option<i64>) -> Result<Match> {
    let mut tx = app.begin(caller).await?;
    let mut held = take(&mut tx, app, caller, Action::ActivateMatch, id, version).await?;
    held.matching.state.activate()?;
    let missing = begin(&mut tx, app, caller, &mut held).await?;
    if !missing.is_empty() {
        return Err(Error::Refused(missing));
    }
    finish(tx, id).await
}

/// Lets the match begin where nothing is missing, and says what is where something is.
///
/// The capacity of the expert and "one match a case" are constraints of the database: the match counts
/// among both since its question was asked.
pub(super) async fn begin(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    held: &mut Held,
) -> Result<Vec<UserError>> {
    let state = held.matching.state.activate()?;
    let mut missing = Vec::new();
    let not_ready = |message: &str| UserError::new(Code::NotReady, "id", message);
    if held.matching.consented_at.is_none() {
        missing.push(not_ready("both have not said yes yet"));
    }
    let newest = agreements::for_matches(conn, &[held.matching.id]).await?;
    match newest.first() {
        None => missing.push(not_ready("no agreement is written yet")),
        Some(newest) => {
            let unsigned = tandem_domain::agreements::unsigned(held.minor, &newest.signed());
            missing.extend(
                unsigned
                    .iter()
                    .map(|side| not_ready(&format!("the agreement lacks the signature of {side}"))),
            );
        }
    }
    let today = app.today();
    missing.extend(readiness(conn, app, caller, held, today, "id").await?);
    if !missing.is_empty() {
        return Ok(missing);
    }
    held.matching.state = state;
    held.matching.active_from = Some(today);
    keep(conn, app, caller, &held.matching, "match.activated").await?;
    let state = held.case.state.activate()?;
    cases::set_state(conn, &[held.case.id], state, "", app.now()).await?;
    let trace = Audit::new("case.activated", held.case.id).about(held.case.mentee);
    app.audit(conn, caller, &[trace]).await?;
    let mut told = people(held);
    told.push(Recipient::Center(held.matching.center));
    tell(conn, app, Trigger::MatchActive, &held.matching, 0, &told).await?;
    Ok(missing)
}

/// Lets matches begin that everybody has signed and whose expert has become ready since. Returns how many.
pub async fn begin_ready(app: &App) -> Result<usize> {
    let system = Caller::system();
    let mut conn = app.acquire(&system).await?;
    let waiting = matches::signed_and_waiting(&mut conn).await?;
    drop(conn);
    let mut begun = 0;
    for id in waiting {
        let mut tx = app.begin(&system).await?;
        let Some(seen) = matches::get(&mut tx, id).await? else {
            continue;
        };
        let mut held = hold(&mut tx, app, &seen).await?;
        if held.matching.state == MatchState::Met && begin(&mut tx, app, &system, &mut held).await?.is_empty()
        {
            begun += 1;
        }
        tx.commit().await?;
    }
    Ok(begun)
}
