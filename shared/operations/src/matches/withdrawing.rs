//! Taking questions back, neutrally.

use std::collections::BTreeSet;

use tandem_domain::errors::UserError;
use tandem_domain::ids::{CaseId, MatchId};
use tandem_domain::matches::MatchState;
use tandem_domain::policy::{Action, Decision};
use tandem_storage::events::{self, Event};
use tandem_storage::matches::{self, Match};
use tandem_storage::{PgConnection, cases};

use super::found;
use crate::deliveries::{NewDelivery, Recipient, Trigger, queue};
use crate::mentees::check_version;
use crate::{App, Audit, Caller, Result, refuse};

/// The office takes a match back before it is active; the expert gets a neutral mail. Where the expert
/// had said yes, the search for the case goes on with its waiting time.
///
/// # Errors
/// `CONFLICT` where the match is active or over.
pub async fn withdraw(app: &App, caller: &Caller, id: MatchId, version: Option<i64>) -> Result<Match> {
    let mut tx = app.begin(caller).await?;
    let seen = found(matches::get(&mut tx, id).await?, "id")?;
    caller.authorize(Action::ViewMatch, &seen.resource(), "id", "match")?;
    if caller.can(Action::Approach, &seen.resource()) != Decision::Allowed {
        return refuse(UserError {
            field: "id".into(),
            ..UserError::forbidden("you may see this match, but only the office that asked takes it back")
        });
    }
    let case = cases::lock(&mut tx, seen.case).await?;
    let open = lock_open(&mut tx, seen.case).await?;
    // as it is now, under the locks
    let matching = found(matches::get(&mut tx, id).await?, "id")?;
    check_version(version, matching.version, "match")?;
    matching.state.withdraw()?;
    let mine: Vec<Match> = open.into_iter().filter(|other| other.id == id).collect();
    withdraw_locked(&mut tx, app, caller, &mine).await?;
    if let Some(case) = case.filter(|_| matching.state.is_engaged()) {
        let state = case.state.search_again()?;
        cases::set_state(&mut tx, &[case.id], state, "", app.now()).await?;
        let trail = Audit::new("case.searched_again", case.id).about(case.mentee);
        app.audit(&mut tx, caller, &[trail]).await?;
    }
    events::notify(&mut tx, Event::Case(matching.case, matching.center)).await?;
    let matching = found(matches::get(&mut tx, id).await?, "id")?;
    tx.commit().await?;
    Ok(matching)
}

/// Takes back those of these approaches that have not been answered, with neutral mails to those who had
/// been asked; for undoing a run. The number of statements does not depend on their number. The caller
/// has authorized it.
///
/// Returns the matches that were withdrawn; what was answered meanwhile is left alone.
pub async fn withdraw_approaches(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    ids: &[MatchId],
) -> Result<Vec<MatchId>> {
    let wanted: BTreeSet<MatchId> = ids.iter().copied().collect();
    let cases: BTreeSet<CaseId> = matches::by_ids(conn, ids)
        .await?
        .into_iter()
        .map(|matching| matching.case)
        .collect();
    let cases: Vec<CaseId> = cases.into_iter().collect();
    tandem_storage::facts::lock(conn, &cases, &[]).await?;
    let mut open = matches::lock_of_cases(conn, &cases).await?;
    open.retain(|matching| matching.state == MatchState::Approached && wanted.contains(&matching.id));
    withdraw_locked(conn, app, caller, &open).await?;
    let news: BTreeSet<(CaseId, _)> = open
        .iter()
        .map(|matching| (matching.case, matching.center))
        .collect();
    let news: Vec<Event> = news
        .into_iter()
        .map(|(case, center)| Event::Case(case, center))
        .collect();
    events::notify_all(conn, &news).await?;
    Ok(open.into_iter().map(|matching| matching.id).collect())
}

/// The open matches of a case that is locked, locked as well.
pub(crate) async fn lock_open(conn: &mut PgConnection, case: CaseId) -> Result<Vec<Match>> {
    Ok(matches::lock_of_cases(conn, &[case]).await?)
}

/// Withdraws matches that are locked and before `ACTIVE`.
pub(crate) async fn withdraw_locked(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    open: &[Match],
) -> Result<()> {
    if open.is_empty() {
        return Ok(());
    }
    for matching in open {
        matching.state.withdraw()?;
    }
    let ids: Vec<MatchId> = open.iter().map(|matching| matching.id).collect();
    matches::withdraw(conn, &ids, app.now()).await?;
    let mails: Vec<NewDelivery> = open
        .iter()
        .map(|matching| {
            NewDelivery::new(
                Trigger::ApproachWithdrawn,
                matching.id,
                Recipient::Expert(matching.expert),
            )
        })
        .collect();
    queue(conn, app, &mails).await?;
    let trail: Vec<Audit> = open
        .iter()
        .map(|matching| {
            Audit::new("match.withdrawn", matching.id)
                .about(matching.expert)
                .detail(serde_json::json!({ "from": matching.state }))
        })
        .collect();
    app.audit(conn, caller, &trail).await
}
