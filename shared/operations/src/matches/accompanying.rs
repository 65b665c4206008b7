//! Meetings and milestones, and what follows from them (S38 to S48).

use std::collections::HashMap;

use tandem_domain::accompaniment::{Course, MeetingDraft, MilestoneDraft, MilestoneKind, course};
use tandem_domain::clock::date_in_germany;
use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::{MatchId, MeetingId, MilestoneId};
use tandem_domain::matches::MatchState;
use tandem_domain::policy::{Action, Decision};
use tandem_storage::accompaniment::{self, Meeting, Milestone};
use tandem_storage::events::{self, Event};
use tandem_storage::{PgConnection, agreements, matches};

use super::step::{Held, in_states, take, trail, writer};
use crate::{App, Caller, Error, Result, idempotency, refuse};

/// States in which something happens that is logged.
const RUNNING: &[MatchState] = &[
    MatchState::Active,
    MatchState::Paused,
    MatchState::Completed,
    MatchState::EndedEarly,
];

/// Expert or centre logs a meeting; `key` makes a repeated call the same effect.
///
/// # Errors
/// `CONFLICT` before the match is active; a date outside of it is `INVALID`.
pub async fn log_meeting(
    app: &App,
    caller: &Caller,
    id: MatchId,
    draft: MeetingDraft,
    key: Option<&str>,
) -> Result<Meeting> {
    let mut tx = app.begin(caller).await?;
    let held = take(&mut tx, app, caller, Action::LogMeeting, id, None).await?;
    in_states(
        &held.matching,
        RUNNING,
        "no meeting can be logged: it is active first",
    )?;
    let draft = draft.validate(since(&held), last_day(app, &held))?;
    let new: MeetingId = app.id();
    let meeting = idempotency::claim(&mut tx, app, caller, "logMeeting", key, new).await?;
    if meeting.is_none() {
        let by = (writer(caller, &held.matching), caller.user_id());
        accompaniment::insert_meeting(&mut tx, new, id, &draft, by, app.now()).await?;
        logged(&mut tx, app, caller, &held, "match.meeting_logged").await?;
    }
    let wanted = meeting.unwrap_or(new);
    let meeting = accompaniment::meetings(&mut tx, &[id])
        .await?
        .into_iter()
        .find(|meeting| meeting.id == wanted);
    tx.commit().await?;
    meeting.ok_or_else(|| UserError::not_found("idempotencyKey", "meeting").into())
}

/// Expert or centre records a step on the way; `key` makes a repeated call the same effect.
///
/// # Errors
/// `NOT_FOUND` for an interview of another match, `CONFLICT` for a second preparation or follow-up of the
/// same one.
pub async fn record_milestone(
    app: &App,
    caller: &Caller,
    id: MatchId,
    draft: MilestoneDraft<MilestoneId>,
    key: Option<&str>,
) -> Result<Milestone> {
    let mut tx = app.begin(caller).await?;
    let held = take(&mut tx, app, caller, Action::RecordMilestone, id, None).await?;
    in_states(
        &held.matching,
        RUNNING,
        "no milestone can be recorded: it is active first",
    )?;
    let draft = draft.validate(app.today())?;
    if let Some(interview) = draft.interview {
        let known = accompaniment::milestones(&mut tx, &[id]).await?;
        let interview = known.iter().find(|milestone| milestone.id == interview);
        match interview {
            Some(interview) if interview.kind == MilestoneKind::Interview => {
                check_order(&draft, interview)?;
            }
            _ => return refuse(UserError::not_found("interviewId", "interview")),
        }
    }
    let new: MilestoneId = app.id();
    let earlier = idempotency::claim(&mut tx, app, caller, "recordMilestone", key, new).await?;
    if earlier.is_none() {
        let by = (writer(caller, &held.matching), caller.user_id());
        accompaniment::insert_milestone(&mut tx, new, id, &draft, by, app.now())
            .await
            .map_err(explain)?;
        logged(&mut tx, app, caller, &held, "match.milestone_recorded").await?;
    }
    let wanted = earlier.unwrap_or(new);
    let milestone = accompaniment::milestones(&mut tx, &[id])
        .await?
        .into_iter()
        .find(|milestone| milestone.id == wanted);
    tx.commit().await?;
    milestone.ok_or_else(|| UserError::not_found("idempotencyKey", "milestone").into())
}

/// A preparation comes before its interview, a follow-up after it (S43).
fn check_order(draft: &MilestoneDraft<MilestoneId>, interview: &Milestone) -> Result<()> {
    let (wrong, words) = match draft.kind {
        MilestoneKind::InterviewPrepared => (draft.on_date > interview.on_date, "after"),
        _ => (draft.on_date < interview.on_date, "before"),
    };
    if wrong {
        return refuse(UserError::invalid(
            "onDate",
            format!(
                "{} is {words} the interview on {}",
                draft.on_date, interview.on_date
            ),
        ));
    }
    Ok(())
}

fn since(held: &Held) -> chrono::NaiveDate {
    let matching = &held.matching;
    matching
        .first_meeting_on
        .or(matching.active_from)
        .unwrap_or(chrono::NaiveDate::MIN)
}

fn last_day(app: &App, held: &Held) -> chrono::NaiveDate {
    held.matching
        .ended_at
        .map_or_else(|| app.today(), date_in_germany)
}

async fn logged(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    held: &Held,
    action: &'static str,
) -> Result<()> {
    app.audit(conn, caller, &[trail(action, caller, &held.matching)])
        .await?;
    events::notify(conn, Event::Case(held.matching.case, held.matching.center)).await?;
    Ok(())
}

fn explain(error: tandem_storage::Error) -> Error {
    match error.constraint() {
        Some("milestones_one_part_an_interview") => {
            UserError::new(Code::Conflict, "interviewId", "this interview has one already").into()
        }
        _ => error.into(),
    }
}

/// Those of these matches whose meetings and milestones the caller may see.
async fn visible(conn: &mut PgConnection, caller: &Caller, ids: &[MatchId]) -> Result<Vec<matches::Match>> {
    let mut seen = matches::by_ids(conn, ids).await?;
    seen.retain(|matching| caller.can(Action::ViewMatch, &matching.resource()) == Decision::Allowed);
    Ok(seen)
}

/// The meetings of those of these matches that the caller may see, the newest first. Notes are for who
/// writes them: expert and centre.
pub async fn meetings(app: &App, caller: &Caller, ids: &[MatchId]) -> Result<Vec<Meeting>> {
    let mut conn = app.acquire(caller).await?;
    let seen = visible(&mut conn, caller, ids).await?;
    let ids: Vec<MatchId> = seen.iter().map(|matching| matching.id).collect();
    let mut meetings = accompaniment::meetings(&mut conn, &ids).await?;
    for meeting in &mut meetings {
        if !reads_notes(caller, &seen, meeting.matching) {
            meeting.note.clear();
        }
    }
    Ok(meetings)
}

/// The milestones of those of these matches that the caller may see, the newest first.
pub async fn milestones(app: &App, caller: &Caller, ids: &[MatchId]) -> Result<Vec<Milestone>> {
    let mut conn = app.acquire(caller).await?;
    let seen = visible(&mut conn, caller, ids).await?;
    let ids: Vec<MatchId> = seen.iter().map(|matching| matching.id).collect();
    let mut milestones = accompaniment::milestones(&mut conn, &ids).await?;
    for milestone in &mut milestones {
        if !reads_notes(caller, &seen, milestone.matching) {
            milestone.note.clear();
        }
    }
    Ok(milestones)
}

fn reads_notes(caller: &Caller, seen: &[matches::Match], id: MatchId) -> bool {
    seen.iter()
        .find(|matching| matching.id == id)
        .is_some_and(|matching| caller.can(Action::LogMeeting, &matching.resource()) == Decision::Allowed)
}

/// Duration, regularity and gaps of those of these matches that the caller may see and that were ever
/// active (S47).
pub async fn courses(app: &App, caller: &Caller, ids: &[MatchId]) -> Result<HashMap<MatchId, Course>> {
    let mut conn = app.acquire(caller).await?;
    let seen = visible(&mut conn, caller, ids).await?;
    let ids: Vec<MatchId> = seen.iter().map(|matching| matching.id).collect();
    let days = accompaniment::meeting_days(&mut conn, &ids).await?;
    let agreements = agreements::for_matches(&mut conn, &ids).await?;
    let today = app.today();
    Ok(seen
        .iter()
        .filter_map(|matching| {
            let from = matching.active_from?;
            let rhythm = agreements
                .iter()
                .find(|agreement| agreement.matching == matching.id && agreement.in_force_at.is_some())
                .map_or(7, |agreement| agreement.terms.rhythm_days);
            let met = days.get(&matching.id).map(Vec::as_slice).unwrap_or_default();
            let ended = matching.ended_at.map(date_in_germany);
            Some((matching.id, course(from, ended, rhythm, met, today)))
        })
        .collect())
}
