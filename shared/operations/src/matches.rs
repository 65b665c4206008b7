//! Matches: an expert is asked, answers freely, or is no longer asked (domain.md "Life of a match").

mod accompanying;
mod activating;
mod agreeing;
mod alternates;
mod answering;
mod approaching;
mod chemistry;
mod contesting;
mod ending;
mod gate;
mod introducing;
mod lapsing;
pub(crate) mod leaving;
mod meeting;
mod own;
mod paper;
mod pausing;
mod step;
mod withdrawing;

pub use accompanying::{courses, log_meeting, meetings, milestones, record_milestone};
pub use activating::{activate, begin_ready};
pub use agreeing::{
    agreements, agreements_of, extend_agreement, record_signature_on_paper, sign, write_agreement,
};
pub use alternates::next_alternate;
pub use answering::{AnswerOutcome, answer_signed_in, decide, outcome_of, record_by_telephone};
pub use approaching::{approach, insert_approaches};
pub use chemistry::{
    OwnVerdict, answer_until, close_overdue_questions, give_verdict, leave, record_verdict_on_paper,
};
pub(crate) use contesting::stop_for_doubt;
pub use contesting::{Told, contest_answer, told_by_telephone};
pub use ending::{EndDraft, end, feedback_of, give_feedback, reports, wish_another, write_report};
pub use introducing::{introduce, record_briefing};
pub use lapsing::lapse_due;
pub use meeting::{date_first_meeting, record_first_meeting};
pub use own::{Own, PersonContact, Task, own, own_of_case};
pub use paper::{Paper, contest_paper, paper_record};
pub use pausing::{pause, pause_unchecked, resume, resume_checked};
pub use tandem_storage::accompaniment::{Meeting, Milestone};
pub use tandem_storage::agreements::{Agreement, Signature};
pub use tandem_storage::feedback::Feedback;
pub use tandem_storage::matches::PlannedMeeting;
pub use tandem_storage::matches::{Match, MatchFilter, NewApproach, key};
pub use tandem_storage::papers::{OnPaper, PaperRecord};
pub(crate) use withdrawing::{lock_open, withdraw_locked};
pub use withdrawing::{withdraw, withdraw_approaches};

use std::collections::HashMap;

use tandem_domain::errors::UserError;
use tandem_domain::ids::{CaseId, MatchId};
use tandem_domain::policy::{Action, Decision};
use tandem_storage::deliveries::{self, MatchFacts};
use tandem_storage::matches::{self, Key};
use tandem_storage::paging::{Page, Slice};

use crate::{App, Caller, Result};

/// How many due matches a sweep takes at once; what is left it takes at its next tick.
const SWEEP_LIMIT: i64 = 500;

/// One match; not found where the caller may not see it.
pub async fn get(app: &App, caller: &Caller, id: MatchId) -> Result<Match> {
    found(by_ids(app, caller, &[id]).await?.pop(), "id")
}

/// Those of these matches that the caller may see.
pub async fn by_ids(app: &App, caller: &Caller, ids: &[MatchId]) -> Result<Vec<Match>> {
    let mut conn = app.acquire(caller).await?;
    let mut matches = matches::by_ids(&mut conn, ids).await?;
    matches.retain(|matching| caller.can(Action::ViewMatch, &matching.resource()) == Decision::Allowed);
    Ok(matches)
}

/// Those matches of these cases that the caller may see, the one asked first first.
pub async fn for_cases(app: &App, caller: &Caller, cases: &[CaseId]) -> Result<Vec<Match>> {
    let mut conn = app.acquire(caller).await?;
    let mut matches = matches::for_cases(&mut conn, cases).await?;
    matches.retain(|matching| caller.can(Action::ViewMatch, &matching.resource()) == Decision::Allowed);
    Ok(matches)
}

/// How many experts are being asked for each of these cases, which the caller may see: a number and no
/// identity (S21).
pub async fn open_counts(app: &App, caller: &Caller, cases: &[CaseId]) -> Result<HashMap<CaseId, i64>> {
    let mut conn = app.acquire(caller).await?;
    Ok(matches::open_counts(&mut conn, cases).await?)
}

/// The cases of these matches as an expert is told of them: without the mentee. For matches that the
/// caller may see.
pub async fn told(app: &App, caller: &Caller, ids: &[MatchId]) -> Result<Vec<MatchFacts>> {
    let mut conn = app.acquire(caller).await?;
    Ok(deliveries::match_facts(&mut conn, ids).await?)
}

/// The matches that the caller may see, the one asked last first, and how many there are where `total`
/// is wanted.
pub async fn list(
    app: &App,
    caller: &Caller,
    filter: &MatchFilter,
    page: &Page<Key>,
    total: bool,
) -> Result<(Slice<Match>, Option<i64>)> {
    let scope = caller.scope(Action::ViewMatch);
    let mut conn = app.begin(caller).await?;
    let slice = matches::list(&mut conn, &scope, filter, page).await?;
    let total = if total {
        Some(matches::count(&mut conn, &scope, filter).await?)
    } else {
        None
    };
    let shape = [
        ("states", !filter.states.is_empty()),
        ("caseId", filter.case.is_some()),
        ("expertId", filter.expert.is_some()),
        ("undeliverable", filter.undeliverable.is_some()),
    ];
    app.listed(conn, caller, "matches.listed", &shape).await?;
    Ok((slice, total))
}

pub(crate) fn found(matching: Option<Match>, field: &str) -> Result<Match> {
    matching.ok_or_else(|| UserError::not_found(field, "match").into())
}

/// Whether the caller learns why a match is interrupted: the expert and the expert's office. Everybody else
/// learns that it is, never why (L).
pub fn shows_pause_reason(caller: &Caller, matching: &Match) -> bool {
    gate::knows_why(caller, matching)
}

/// Whether the caller reads what came of the needs briefing: who writes it, the expert, and the office.
pub fn shows_briefing(caller: &Caller, matching: &Match) -> bool {
    let resource = matching.resource();
    [Action::LogMeeting, Action::ViewFeedback]
        .iter()
        .any(|action| caller.can(*action, &resource) == Decision::Allowed)
}

/// Whether the caller reads who ended a match, why, and who would like another one: centre and office.
pub fn shows_ending(caller: &Caller, matching: &Match) -> bool {
    caller.can(Action::ViewFeedback, &matching.resource()) == Decision::Allowed
}
