//! The end of a match: reasons from a list, "would you like another match?", thanks, and the last words
//! (S12, S53).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use tandem_domain::errors::UserError;
use tandem_domain::feedback::{Answers, Occasion, Report};
use tandem_domain::ids::{FeedbackId, MatchId};
use tandem_domain::matches::{EndReason, EndedBy, MatchState};
use tandem_domain::parties::{Party, Side};
use tandem_domain::policy::{Action, Decision};
use tandem_storage::feedback::{self, Feedback};
use tandem_storage::matches::{self, Match};
use tandem_storage::{PgConnection, cases};

use super::step::{Held, finish, in_states, keep, own_side, people, take, tell, trail};
use crate::deliveries::{Recipient, Trigger};
use crate::{App, Caller, Result, refuse};

const OVER: &[MatchState] = &[MatchState::Completed, MatchState::EndedEarly];

/// How a match ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndDraft {
    /// Whether it ends as it was planned.
    pub completed: bool,
    /// Why; nobody has to say so.
    pub reasons: Vec<EndReason>,
    /// Whether the person who ends it would like another match; for expert and mentee.
    pub another: Option<bool>,
}

/// Whoever is concerned ends a match, at any time (S12). A thank-you goes to the expert, and word of it to
/// everybody else, without the reasons. The case stays with the centre, which closes it or searches again.
pub async fn end(
    app: &App,
    caller: &Caller,
    id: MatchId,
    version: Option<i64>,
    draft: EndDraft,
) -> Result<Match> {
    let mut tx = app.begin(caller).await?;
    let mut held = take(&mut tx, app, caller, Action::EndMatch, id, version).await?;
    let by = match caller.as_party(&held.matching.resource()) {
        Some((Party::Expert(_), _)) => EndedBy::Expert,
        Some((Party::Mentee(_), _)) => EndedBy::Mentee,
        Some((Party::Guardian(_), _)) => {
            own_side(caller, &held)?;
            EndedBy::Guardian
        }
        None if caller.can(Action::LogMeeting, &held.matching.resource()) == Decision::Allowed => {
            EndedBy::Center
        }
        None => EndedBy::Office,
    };
    match (by, draft.another) {
        (_, None) => {}
        (EndedBy::Expert, another) => held.matching.another_wished = another,
        (EndedBy::Mentee, another) => held.matching.mentee_another_wished = another,
        _ => {
            return refuse(UserError::invalid(
                "another",
                "only expert and mentee say whether they would like another match, each alone",
            ));
        }
    }
    close(&mut tx, app, caller, &mut held, by, &draft).await?;
    finish(tx, id).await
}

/// Ends a match that is held.
pub(crate) async fn close(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    held: &mut Held,
    by: EndedBy,
    draft: &EndDraft,
) -> Result<()> {
    let matching = &mut held.matching;
    matching.state = if draft.completed {
        matching.state.complete()?
    } else {
        matching.state.end_early()?
    };
    matching.paused = None;
    matching.ended_at = Some(app.now());
    matching.ended_by = Some(by);
    matching.end_reasons = draft.reasons.clone();
    matching.end_reasons.sort();
    matching.end_reasons.dedup();
    keep(conn, app, caller, matching, "match.ended").await?;
    let told: Vec<Recipient> = people(held)
        .into_iter()
        .filter(|to| !matches!(to, Recipient::Expert(_)))
        .chain([Recipient::Center(held.matching.center)])
        .collect();
    tell(conn, app, Trigger::MatchEnded, &held.matching, 0, &told).await?;
    let expert = [Recipient::Expert(held.matching.expert)];
    tell(conn, app, Trigger::ThankYou, &held.matching, 0, &expert).await
}

/// Expert or mentee says, each alone, whether another match would be welcome; may be said anew.
pub async fn wish_another(app: &App, caller: &Caller, id: MatchId, another: bool) -> Result<Match> {
    let mut tx = app.begin(caller).await?;
    let mut held = take(&mut tx, app, caller, Action::GiveFeedback, id, None).await?;
    in_states(&held.matching, OVER, "nobody is asked for another one yet")?;
    match own_side(caller, &held)?.0 {
        Party::Expert(_) => held.matching.another_wished = Some(another),
        Party::Mentee(_) | Party::Guardian(_) => held.matching.mentee_another_wished = Some(another),
    }
    keep(&mut tx, app, caller, &held.matching, "match.another_wished").await?;
    finish(tx, id).await
}

/// Expert or mentee answers the short form of an occasion, each its own; the newer answer counts.
///
/// # Errors
/// `CONFLICT` before the match is active, and for the form of the end before it.
pub async fn give_feedback(
    app: &App,
    caller: &Caller,
    id: MatchId,
    occasion: Occasion,
    answers: Answers,
) -> Result<Feedback> {
    let mut tx = app.begin(caller).await?;
    let held = take(&mut tx, app, caller, Action::GiveFeedback, id, None).await?;
    let (party, way) = own_side(caller, &held)?;
    if party.side() != answers.side() {
        return refuse(UserError::invalid(
            "answers",
            "this is the form of the other side",
        ));
    }
    let states: &[MatchState] = match occasion {
        Occasion::Final => OVER,
        Occasion::CheckIn | Occasion::HalfYear => &[
            MatchState::Active,
            MatchState::Paused,
            MatchState::Completed,
            MatchState::EndedEarly,
        ],
    };
    in_states(&held.matching, states, "this form is not asked for yet")?;
    let answers = answers.validate()?;
    let side = answers.side();
    feedback::put(
        &mut tx,
        app.id::<FeedbackId>(),
        id,
        occasion,
        &answers,
        way,
        app.now(),
    )
    .await?;
    let entry = trail("match.feedback_given", caller, &held.matching)
        .detail(serde_json::json!({ "occasion": occasion }));
    app.audit(&mut tx, caller, &[entry]).await?;
    let given = feedback::for_matches(&mut tx, &[id])
        .await?
        .into_iter()
        .find(|given| given.side == side && given.occasion == occasion);
    tx.commit().await?;
    given.ok_or_else(|| UserError::not_found("id", "feedback").into())
}

/// The expert's final report; the newer one counts.
///
/// # Errors
/// `CONFLICT` before the end.
pub async fn write_report(app: &App, caller: &Caller, id: MatchId, report: Report) -> Result<Report> {
    let mut tx = app.begin(caller).await?;
    let held = take(&mut tx, app, caller, Action::WriteReport, id, None).await?;
    let (party, way) = own_side(caller, &held)?;
    if party.side() != Side::Expert {
        return refuse(UserError::forbidden("the final report is the expert's"));
    }
    in_states(
        &held.matching,
        OVER,
        "the final report is not due yet: it is written after the end",
    )?;
    let report = report.validate()?;
    feedback::put_report(&mut tx, id, &report, way, app.now()).await?;
    app.audit(
        &mut tx,
        caller,
        &[trail("match.report_written", caller, &held.matching)],
    )
    .await?;
    tx.commit().await?;
    Ok(report)
}

/// What was answered about these matches, for who may read it: everything for office and centre, to a
/// person the own answers.
pub async fn feedback_of(app: &App, caller: &Caller, ids: &[MatchId]) -> Result<Vec<Feedback>> {
    let mut conn = app.acquire(caller).await?;
    let seen = matches::by_ids(&mut conn, ids).await?;
    let ids: Vec<MatchId> = seen.iter().map(|matching| matching.id).collect();
    let mut given = feedback::for_matches(&mut conn, &ids).await?;
    given.retain(|feedback| {
        seen.iter()
            .find(|matching| matching.id == feedback.matching)
            .is_some_and(|matching| {
                let resource = matching.resource();
                caller.can(Action::ViewFeedback, &resource) == Decision::Allowed
                    || (caller.can(Action::GiveFeedback, &resource) == Decision::Allowed
                        && caller.is_side(feedback.side, &resource))
            })
    });
    Ok(given)
}

/// The final reports of these matches, for office, centre and the expert.
pub async fn reports(
    app: &App,
    caller: &Caller,
    ids: &[MatchId],
) -> Result<HashMap<MatchId, (Report, DateTime<Utc>)>> {
    let mut conn = app.acquire(caller).await?;
    let mut seen = matches::by_ids(&mut conn, ids).await?;
    seen.retain(|matching| {
        let resource = matching.resource();
        [Action::ViewFeedback, Action::WriteReport]
            .iter()
            .any(|action| caller.can(*action, &resource) == Decision::Allowed)
    });
    let ids: Vec<MatchId> = seen.iter().map(|matching| matching.id).collect();
    let reports = feedback::reports(&mut conn, &ids).await?;
    Ok(reports
        .into_iter()
        .map(|(id, report, at)| (id, (report, at)))
        .collect())
}

/// Takes every engaged match of an expert out of the way who is not available any more: what has not begun
/// is withdrawn, and the case searches on. Held under the locks of cases and expert.
pub(crate) async fn withdraw_before_beginning(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    held: &Held,
) -> Result<()> {
    super::withdraw_locked(conn, app, caller, std::slice::from_ref(&held.matching)).await?;
    if held.matching.state.is_engaged() {
        let state = held.case.state.search_again()?;
        cases::set_state(conn, &[held.case.id], state, "", app.now()).await?;
        let trace = crate::Audit::new("case.searched_again", held.case.id).about(held.case.mentee);
        app.audit(conn, caller, &[trace]).await?;
        let center = [Recipient::Center(held.matching.center)];
        tell(conn, app, Trigger::MatchNotFormed, &held.matching, 0, &center).await?;
    }
    Ok(())
}
