//! An expert's answer to an approach, by whatever way it comes.

use chrono::{DateTime, Utc};
use tandem_domain::cases::CaseState;
use tandem_domain::clock::date_in_germany;
use tandem_domain::experts::ExpertState;
use tandem_domain::ids::MatchId;
use tandem_domain::matches::{Answer, AnswerWay, MatchState};
use tandem_domain::policy::Action;
use tandem_domain::settings::Settings;
use tandem_storage::events::{self, Event};
use tandem_storage::matches::{self, Match};
use tandem_storage::{PgConnection, cases, deliveries};

use super::{found, lock_open};
use crate::addresses::may_answer;
use crate::deliveries::{NewDelivery, Recipient, Trigger, answer_by, queue};
use crate::jobs::{self, Job};
use crate::{App, Audit, Caller, Result, settings};

/// What became of an answer. None of these is an error: whoever is asked and answers gets a friendly
/// word, however late it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::Display, strum::EnumString)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum AnswerOutcome {
    /// A yes, recorded now.
    Accepted,
    /// A no, recorded now.
    Declined,
    /// A yes that was recorded before.
    AlreadyAccepted,
    /// A no that was recorded before.
    AlreadyDeclined,
    /// The question was taken back, or is not open for another reason of ours.
    Withdrawn,
    /// Another expert said yes first.
    SomebodyWasFaster,
    /// It was asked too long ago.
    Expired,
}

/// How a question stands that is not open any more; none while it waits for its answer.
///
/// `sent_at` is when its e-mail left. A link expires at the end of the German day that the e-mail names.
pub fn outcome_of(
    state: MatchState,
    sent_at: Option<DateTime<Utc>>,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Option<AnswerOutcome> {
    match state {
        MatchState::Approached => {
            let last_day = sent_at.map(|sent_at| date_in_germany(answer_by(settings, sent_at)));
            last_day
                .is_some_and(|day| date_in_germany(now) > day)
                .then_some(AnswerOutcome::Expired)
        }
        MatchState::Interested
        | MatchState::Introduced
        | MatchState::Met
        | MatchState::Active
        | MatchState::Paused
        | MatchState::Completed
        | MatchState::EndedEarly
        | MatchState::NotFormed => Some(AnswerOutcome::AlreadyAccepted),
        MatchState::Declined => Some(AnswerOutcome::AlreadyDeclined),
        MatchState::Lapsed => Some(AnswerOutcome::Expired),
        MatchState::Withdrawn => Some(AnswerOutcome::Withdrawn),
        MatchState::Superseded => Some(AnswerOutcome::SomebodyWasFaster),
    }
}

/// The expert who is asked answers, signed in.
pub async fn answer_signed_in(
    app: &App,
    caller: &Caller,
    id: MatchId,
    answer: Answer,
) -> Result<(Match, AnswerOutcome)> {
    authorized(
        app,
        caller,
        Action::AnswerApproach,
        id,
        answer,
        AnswerWay::SignedIn,
    )
    .await
}

/// The office records what an expert said on the telephone; the expert gets a notice that says so.
pub async fn record_by_telephone(
    app: &App,
    caller: &Caller,
    id: MatchId,
    answer: Answer,
) -> Result<(Match, AnswerOutcome)> {
    authorized(
        app,
        caller,
        Action::RecordAnswer,
        id,
        answer,
        AnswerWay::Telephone,
    )
    .await
}

async fn authorized(
    app: &App,
    caller: &Caller,
    action: Action,
    id: MatchId,
    answer: Answer,
    way: AnswerWay,
) -> Result<(Match, AnswerOutcome)> {
    let mut tx = app.begin(caller).await?;
    let seen = found(matches::get(&mut tx, id).await?, "id")?;
    caller.authorize(action, &seen.resource(), "id", "match")?;
    let outcome = decide(&mut tx, app, caller, &seen, answer, way).await?;
    let matching = found(matches::get(&mut tx, id).await?, "id")?;
    tx.commit().await?;
    Ok((matching, outcome))
}

/// Records an answer inside the caller's transaction; who may give it has been asked already.
///
/// The case is locked first, then its matches, then their experts: of two experts who say yes at the same
/// moment one wins, and the other one hears that somebody was faster.
///
/// # Errors
/// `CONFLICT` where the expert's address is being changed, unless the answer came by telephone.
pub async fn decide(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    seen: &Match,
    answer: Answer,
    way: AnswerWay,
) -> Result<AnswerOutcome> {
    let case = cases::lock(conn, seen.case).await?;
    let open = lock_open(conn, seen.case).await?;
    let now = app.now();
    // under the locks: of a change of the address and an answer at the same moment one comes first
    if way != AnswerWay::Telephone {
        may_answer(conn, app, caller, Action::AnswerApproach, &seen.resource()).await?;
    }
    let settings = settings::current(conn).await?;
    // as it is now, under the locks
    let Some(matching) = matches::get(conn, seen.id).await? else {
        return Ok(AnswerOutcome::Withdrawn);
    };
    match outcome_of(matching.state, matching.approach_sent_at, &settings, now) {
        None => {}
        // a question that is still open is answered late on the telephone or signed in as well
        Some(AnswerOutcome::Expired)
            if matching.state == MatchState::Approached && way != AnswerWay::Link => {}
        Some(outcome) => return Ok(outcome),
    }
    match answer {
        Answer::No(reason) => {
            matching.state.decline()?;
            matches::decline(conn, matching.id, way, reason, now).await?;
            mail(conn, app, &[(Trigger::AnswerNo, &matching)]).await?;
            let next = Job::NextAlternate {
                matching: matching.id,
            };
            jobs::enqueue(conn, app, &[next]).await?;
            let trail = [trace("match.declined", &matching, way)];
            app.audit(conn, caller, &trail).await?;
            events::notify(conn, Event::Case(matching.case, matching.center)).await?;
            Ok(AnswerOutcome::Declined)
        }
        Answer::Yes => {
            let Some(case) = case.filter(|case| case.state == CaseState::Searching) else {
                return Ok(AnswerOutcome::Withdrawn);
            };
            let expert = deliveries::match_facts(conn, &[matching.id]).await?.pop();
            if expert.is_none_or(|facts| facts.expert.state != ExpertState::Active) {
                // suspended or gone meanwhile: nobody is introduced
                return Ok(AnswerOutcome::Withdrawn);
            }
            matching.state.accept()?;
            let others: Vec<&Match> = open
                .iter()
                .filter(|other| other.id != matching.id && other.state == MatchState::Approached)
                .collect();
            for other in &others {
                other.state.supersede()?;
            }
            let superseded: Vec<MatchId> = others.iter().map(|other| other.id).collect();
            matches::supersede(conn, &superseded, now).await?;
            matches::accept(conn, matching.id, way, now).await?;
            let state = case.state.matched()?;
            cases::set_state(conn, &[case.id], state, "", now).await?;
            let mut mails = vec![(Trigger::AnswerYes, &matching)];
            mails.extend(others.iter().map(|other| (Trigger::Superseded, *other)));
            mail(conn, app, &mails).await?;
            let mut trail = vec![
                trace("match.accepted", &matching, way),
                Audit::new("case.matched", case.id).about(case.mentee),
            ];
            trail.extend(
                others
                    .iter()
                    .map(|other| Audit::new("match.superseded", other.id).about(other.expert)),
            );
            app.audit(conn, caller, &trail).await?;
            events::notify(conn, Event::Case(matching.case, matching.center)).await?;
            Ok(AnswerOutcome::Accepted)
        }
    }
}

async fn mail(conn: &mut PgConnection, app: &App, mails: &[(Trigger, &Match)]) -> Result<()> {
    let mails: Vec<NewDelivery> = mails
        .iter()
        .map(|(trigger, matching)| {
            NewDelivery::new(*trigger, matching.id, Recipient::Expert(matching.expert))
        })
        .collect();
    queue(conn, app, &mails).await?;
    Ok(())
}

fn trace(action: &'static str, matching: &Match, way: AnswerWay) -> Audit {
    Audit::new(action, matching.id)
        .about(matching.expert)
        .detail(serde_json::json!({ "way": way }))
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_question_is_open_until_the_end_of_the_day_that_its_mail_names() {
        let settings = Settings::default();
        let sent = Some(at("2026-11-09T10:00:00Z"));
        let asked = |now| outcome_of(MatchState::Approached, sent, &settings, at(now));
        assert_eq!(asked("2026-11-23T10:00:01Z"), None);
        assert_eq!(
            asked("2026-11-23T22:59:59Z"),
            None,
            "midnight in Germany is an hour before"
        );
        assert_eq!(asked("2026-11-23T23:00:00Z"), Some(AnswerOutcome::Expired));
    }

    #[test]
    fn a_question_whose_mail_has_not_left_does_not_expire() {
        let late = at("2030-01-01T00:00:00Z");
        assert_eq!(
            outcome_of(MatchState::Approached, None, &Settings::default(), late),
            None
        );
    }

    #[test]
    fn only_an_approached_match_is_open_for_an_answer() {
        let now = at("2026-11-09T10:00:00Z");
        for state in MatchState::VARIANTS {
            let open = outcome_of(*state, Some(now), &Settings::default(), now).is_none();
            assert_eq!(open, *state == MatchState::Approached, "{state}");
        }
    }
}
