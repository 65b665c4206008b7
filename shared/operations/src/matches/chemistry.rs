//! Whether the two fit: each side answers alone and in private, nobody else can, and the result is told in
//! words that do not show who said what (S13 to S15).

use chrono::{Days, NaiveDate};
use tandem_domain::chemistry::{ChemistryResult, Verdict};
use tandem_domain::errors::UserError;
use tandem_domain::ids::MatchId;
use tandem_domain::matches::MatchState;
use tandem_domain::parties::{GivenWay, Side};
use tandem_domain::policy::Action;
use tandem_storage::chemistry::{self, NewVerdict};
use tandem_storage::matches::{self, Match};
use tandem_storage::papers::OnPaper;
use tandem_storage::{PgConnection, cases};

use super::paper::{Paper, record};
use super::step::{Held, finish, hold, in_states, keep, own_side, people, step_of, take, tell, trail};
use crate::deliveries::{Recipient, Trigger};
use crate::{App, Audit, Caller, Result, refuse, settings};

/// What a person knows of the chemistry question: the own word and nobody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnVerdict {
    /// What this side said last.
    pub verdict: Option<Verdict>,
    /// The result, once it is there.
    pub result: Option<ChemistryResult>,
    /// Whether this side may answer, or answer again.
    pub open: bool,
}

/// A side says whether the chemistry fits. "Not sure yet" may be answered again, and so may any answer
/// until the result is there.
///
/// # Errors
/// `CONFLICT` before the first meeting, and once the result is there.
pub async fn give_verdict(app: &App, caller: &Caller, id: MatchId, verdict: Verdict) -> Result<OwnVerdict> {
    let mut tx = app.begin(caller).await?;
    let mut held = take(&mut tx, app, caller, Action::GiveVerdict, id, None).await?;
    let (party, way) = own_side(caller, &held)?;
    open_question(&held.matching)?;
    let new = NewVerdict {
        matching: id,
        side: party.side(),
        verdict,
        way,
        paper: None,
    };
    chemistry::put(&mut tx, &new, app.now()).await?;
    // that it was given, never what: nobody reads it in the log either
    app.audit(
        &mut tx,
        caller,
        &[trail("match.verdict_given", caller, &held.matching)],
    )
    .await?;
    settle(&mut tx, app, &mut held, false).await?;
    let own = own_of(&held.matching, Some(verdict));
    tx.commit().await?;
    Ok(own)
}

/// The centre records what a person wrote on paper before a witness; the person gets a notice with which it
/// can say that this is not right.
pub async fn record_verdict_on_paper(
    app: &App,
    caller: &Caller,
    id: MatchId,
    side: Side,
    verdict: Verdict,
    paper: Paper,
) -> Result<Match> {
    let mut tx = app.begin(caller).await?;
    let mut held = take(&mut tx, app, caller, Action::RecordPaper, id, None).await?;
    open_question(&held.matching)?;
    let paper = paper.validate(held.matching.first_meeting_on, app.today())?;
    let by = record(&mut tx, app, caller, &held, side, OnPaper::Verdict, &paper).await?;
    let new = NewVerdict {
        matching: id,
        side,
        verdict,
        way: GivenWay::Paper,
        paper: Some((by, &paper.witness)),
    };
    chemistry::put(&mut tx, &new, app.now()).await?;
    settle(&mut tx, app, &mut held, false).await?;
    finish(tx, id).await
}

/// What the caller itself said, for the own page.
pub(super) async fn own_verdict(conn: &mut PgConnection, matching: &Match, side: Side) -> Result<OwnVerdict> {
    let verdicts = chemistry::verdicts(conn, matching.id).await?;
    Ok(own_of(matching, verdicts.of(side)))
}

fn own_of(matching: &Match, verdict: Option<Verdict>) -> OwnVerdict {
    let result = match matching.state {
        MatchState::NotFormed => Some(ChemistryResult::NotFormed),
        _ => matching.consented_at.map(|_| ChemistryResult::Agreed),
    };
    OwnVerdict {
        verdict,
        result,
        open: matching.state == MatchState::Met && result.is_none(),
    }
}

fn open_question(matching: &Match) -> Result<()> {
    in_states(
        matching,
        &[MatchState::Met],
        "nobody is asked whether the chemistry fits",
    )?;
    if matching.consented_at.is_some() {
        return refuse(UserError::conflict("both have said yes: the agreement is open"));
    }
    Ok(())
}

/// Makes a result of the verdicts where it is time.
async fn settle(conn: &mut PgConnection, app: &App, held: &mut Held, time_is_over: bool) -> Result<()> {
    let verdicts = chemistry::verdicts(conn, held.matching.id).await?;
    match verdicts.result(held.minor, time_is_over) {
        None => Ok(()),
        Some(ChemistryResult::Agreed) => {
            held.matching.consented_at = Some(app.now());
            // the result is the programme's word, not that of whoever answered last
            keep(conn, app, &Caller::system(), &held.matching, "match.consented").await?;
            let mut told = people(held);
            told.push(Recipient::Center(held.matching.center));
            // told anew where a contested paper had closed it again
            let step = step_of(&held.matching);
            tell(conn, app, Trigger::ChemistryAgreed, &held.matching, step, &told).await
        }
        Some(ChemistryResult::NotFormed) => not_formed(conn, app, &Caller::system(), held).await,
    }
}

/// Ends a match that did not form: no blame, no reason, and the case searches on with its waiting time (S14).
pub(super) async fn not_formed(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    held: &mut Held,
) -> Result<()> {
    held.matching.state = held.matching.state.not_formed()?;
    held.matching.ended_at = Some(app.now());
    keep(conn, app, caller, &held.matching, "match.not_formed").await?;
    let state = held.case.state.search_again()?;
    cases::set_state(conn, &[held.case.id], state, "", app.now()).await?;
    let trace = Audit::new("case.searched_again", held.case.id).about(held.case.mentee);
    app.audit(conn, caller, &[trace]).await?;
    let mut told = people(held);
    told.push(Recipient::Center(held.matching.center));
    tell(conn, app, Trigger::MatchNotFormed, &held.matching, 0, &told).await
}

/// Either side leaves before the match is active; nobody is asked why, and nobody is told who (S12, S14).
///
/// # Errors
/// `CONFLICT` where the match is not between yes and beginning.
pub async fn leave(app: &App, caller: &Caller, id: MatchId) -> Result<()> {
    let mut tx = app.begin(caller).await?;
    let mut held = take(&mut tx, app, caller, Action::LeaveMatch, id, None).await?;
    own_side(caller, &held)?;
    not_formed(&mut tx, app, caller, &mut held).await?;
    tx.commit().await?;
    Ok(())
}

/// Closes the questions that have waited for long enough: anything but a yes of everybody ends the match.
/// Returns how many results there are now.
pub async fn close_overdue_questions(app: &App) -> Result<usize> {
    let system = Caller::system();
    let mut conn = app.acquire(&system).await?;
    let settings = settings::current(&mut conn).await?;
    let days = Days::new(settings.chemistry_close_days.into());
    let due = matches::overdue_verdicts(&mut conn, app.now() - days, super::SWEEP_LIMIT).await?;
    drop(conn);
    let mut closed = 0;
    for id in due {
        let mut tx = app.begin(&system).await?;
        let Some(seen) = matches::get(&mut tx, id).await? else {
            continue;
        };
        let mut held = hold(&mut tx, app, &seen).await?;
        let due = held
            .matching
            .met_recorded_at
            .is_some_and(|at| at + days <= app.now());
        if held.matching.state == MatchState::Met && held.matching.consented_at.is_none() && due {
            settle(&mut tx, app, &mut held, true).await?;
            closed += 1;
        }
        tx.commit().await?;
    }
    Ok(closed)
}

/// The last day on which an answer counts.
pub fn answer_until(matching: &Match, close_days: u32) -> Option<NaiveDate> {
    let met = matching.met_recorded_at?;
    Some(tandem_domain::clock::date_in_germany(
        met + Days::new(close_days.into()),
    ))
}
