//! "This is not right": an expert objects to an answer that the office recorded as given by telephone; and what every
//! objection stops.
//!
//! A yes that was none is taken back without a mark, as the office takes one back, and the case searches on; where the
//! accompaniment runs already, it is interrupted until it is cleared up. A no that was none is not undone, since others
//! have been asked by then: the offices are told, and ask once more.

use chrono::{DateTime, Utc};
use tandem_domain::chemistry::sides;
use tandem_domain::errors::UserError;
use tandem_domain::ids::MatchId;
use tandem_domain::matches::{AnswerWay, MatchState, PauseReason};
use tandem_domain::parties::Side;
use tandem_domain::policy::Action;
use tandem_storage::PgConnection;
use tandem_storage::cases::{self, Case};
use tandem_storage::matches::{self, Match};

use super::step::{Held, hold, people, recipient, step_of, tell, trail};
use super::{found, lock_open, pausing, withdraw_locked};
use crate::deliveries::{Recipient, Trigger};
use crate::{App, Audit, Caller, Result, refuse};

/// What was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Whether it was a yes.
    pub yes: bool,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// Whether the expert said that it is not right.
    pub contested: bool,
}

async fn seen(conn: &mut PgConnection, caller: &Caller, id: MatchId) -> Result<Match> {
    let matching = found(matches::get(conn, id).await?, "id")?;
    caller.authorize(Action::ObjectToPaper, &matching.resource(), "id", "match")?;
    let recorded = matching.answered_by_way == Some(AnswerWay::Telephone);
    if !recorded || !caller.is_side(Side::Expert, &matching.resource()) {
        return refuse(UserError::not_found("id", "recorded answer"));
    }
    Ok(matching)
}

async fn of(conn: &mut PgConnection, matching: &Match) -> Result<Told> {
    Ok(Told {
        yes: !matches!(matching.state, MatchState::Declined),
        at: matching.answered_at.unwrap_or(matching.approached_at),
        contested: matches::answer_contested(conn, matching.id).await?,
    })
}

/// What the office recorded, for its expert.
///
/// # Errors
/// `NOT_FOUND` for everybody else, and where the expert answered without the office.
pub async fn told_by_telephone(app: &App, caller: &Caller, id: MatchId) -> Result<Told> {
    let mut conn = app.acquire(caller).await?;
    let matching = seen(&mut conn, caller, id).await?;
    of(&mut conn, &matching).await
}

/// The expert says that it is not right; twice is one effect.
///
/// # Errors
/// `NOT_FOUND` for everybody else, and where the expert answered without the office.
pub async fn contest_answer(app: &App, caller: &Caller, id: MatchId) -> Result<Told> {
    let mut tx = app.begin(caller).await?;
    let matching = seen(&mut tx, caller, id).await?;
    let mut held = hold(&mut tx, app, &matching).await?;
    let mut told = of(&mut tx, &held.matching).await?;
    if matches::contest_answer(&mut tx, id, app.now()).await? {
        let before = held.matching.clone();
        let entry = trail("match.answer_contested", caller, &before)
            .detail(serde_json::json!({ "state": before.state }));
        app.audit(&mut tx, caller, &[entry]).await?;
        match before.state {
            MatchState::Interested | MatchState::Introduced | MatchState::Met => {
                take_back(&mut tx, app, caller, &held.case, &before).await?;
                let mut concerned: Vec<Recipient> = sides(held.minor)
                    .iter()
                    .filter(|side| **side != Side::Expert)
                    .map(|side| recipient(&before, *side))
                    .collect();
                concerned.push(Recipient::Center(before.center));
                tell(&mut tx, app, Trigger::MatchNotFormed, &before, 0, &concerned).await?;
            }
            MatchState::Active => have_a_break(&mut tx, app, &mut held).await?,
            _ => {}
        }
        let mut offices = vec![Recipient::Office(before.office)];
        if before.expert_office != before.office {
            offices.push(Recipient::Office(before.expert_office));
        }
        tell(&mut tx, app, Trigger::AnswerContested, &before, 0, &offices).await?;
        told.contested = true;
    }
    tx.commit().await?;
    Ok(told)
}

/// A yes that does not stand any more: withdrawn without a mark, and the case searches on.
async fn take_back(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    case: &Case,
    matching: &Match,
) -> Result<()> {
    withdraw_locked(conn, app, caller, std::slice::from_ref(matching)).await?;
    let state = case.state.search_again()?;
    cases::set_state(conn, &[case.id], state, "", app.now()).await?;
    let entry = Audit::new("case.searched_again", case.id).about(case.mentee);
    app.audit(conn, caller, &[entry]).await
}

/// Interrupts an accompaniment until it is cleared up, and tells everybody.
pub(super) async fn have_a_break(conn: &mut PgConnection, app: &App, held: &mut Held) -> Result<()> {
    pausing::interrupt(conn, app, &Caller::system(), held, PauseReason::PaperContested).await?;
    let mut concerned = people(held);
    concerned.push(Recipient::Center(held.matching.center));
    let step = step_of(&held.matching);
    tell(conn, app, Trigger::MatchPaused, &held.matching, step, &concerned).await
}

/// Stops what goes on for a case that is locked and whose consent its person denies: questions and matches before
/// their beginning are taken back, an accompaniment has a break. The caller tells centre and office why.
pub(crate) async fn stop_for_doubt(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    case: &Case,
) -> Result<()> {
    for open in lock_open(conn, case.id).await? {
        match open.state {
            MatchState::Approached => {
                withdraw_locked(conn, app, caller, std::slice::from_ref(&open)).await?;
            }
            MatchState::Interested | MatchState::Introduced | MatchState::Met => {
                take_back(conn, app, caller, case, &open).await?;
            }
            MatchState::Active => {
                let mut held = hold(conn, app, &open).await?;
                have_a_break(conn, app, &mut held).await?;
            }
            _ => {}
        }
    }
    Ok(())
}
