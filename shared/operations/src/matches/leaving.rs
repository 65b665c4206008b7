//! What becomes of an expert's matches when the office suspends the expert at once, or the expert leaves.

use std::collections::BTreeSet;

use tandem_domain::ids::{CaseId, ExpertId};
use tandem_domain::matches::{EndReason, EndedBy, MatchState, PauseReason};
use tandem_storage::experts::{self, Expert};
use tandem_storage::{PgConnection, cases, matches};

use super::ending::{EndDraft, close, withdraw_before_beginning};
use super::pausing::{interrupt, told_all};
use super::step::{Held, hold};
use crate::deliveries::Trigger;
use crate::{App, Caller, Result};

/// Why an expert is not available any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Departure {
    /// Suspended: what is active is interrupted.
    Suspended,
    /// Has left: what is active is ended.
    Left,
}

/// Locks an expert together with the cases of the open matches, in the order of locks: cases first. None
/// where a new match came in between; the caller begins its transaction anew.
pub(crate) async fn lock_with_cases(
    conn: &mut PgConnection,
    expert: ExpertId,
) -> Result<Option<Option<Expert>>> {
    let locked: BTreeSet<CaseId> = matches::open_of_expert(conn, expert)
        .await?
        .into_iter()
        .map(|(_, case)| case)
        .collect();
    for case in &locked {
        cases::lock(conn, *case).await?;
    }
    let row = experts::lock(conn, expert).await?;
    let complete = matches::open_of_expert(conn, expert)
        .await?
        .iter()
        .all(|(_, case)| locked.contains(case));
    Ok(complete.then_some(row))
}

/// Takes back what has not begun and interrupts or ends what has. The cases and the expert are locked.
pub(crate) async fn depart(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    expert: ExpertId,
    why: Departure,
) -> Result<()> {
    for (id, _) in matches::open_of_expert(conn, expert).await? {
        let Some(seen) = matches::get(conn, id).await? else {
            continue;
        };
        let mut held: Held = hold(conn, app, &seen).await?;
        match (held.matching.state, why) {
            (MatchState::Active, Departure::Suspended) => {
                interrupt(conn, app, caller, &mut held, PauseReason::ExpertSuspended).await?;
                told_all(conn, app, Trigger::MatchPaused, &held, true).await?;
            }
            // it must not be resumed by a check alone
            (MatchState::Paused, Departure::Suspended) => {
                held.matching.paused = Some((app.now(), PauseReason::ExpertSuspended));
                super::step::keep(conn, app, caller, &held.matching, "match.paused").await?;
            }
            (MatchState::Active | MatchState::Paused, Departure::Left) => {
                let draft = EndDraft {
                    reasons: vec![EndReason::ExpertLeft],
                    ..EndDraft::default()
                };
                close(conn, app, caller, &mut held, EndedBy::System, &draft).await?;
            }
            _ => withdraw_before_beginning(conn, app, caller, &held).await?,
        }
    }
    Ok(())
}
