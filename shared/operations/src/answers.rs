//! The answer page behind the links of an approach e-mail. The link is the permission: nobody but the
//! expert received it, and it permits the answer to one question and nothing else.
//!
//! Looking at the page changes nothing, so that a mail scanner that follows links answers nothing.

use chrono::{DateTime, Months, NaiveDate, Utc};
use tandem_domain::errors::UserError;
use tandem_domain::experts::Pause;
use tandem_domain::ids::MatchId;
use tandem_domain::matches::{Answer, AnswerWay, DeclineReason, MatchState};
use tandem_domain::parties::{About, GivenWay, Party, Person};
use tandem_domain::policy::Action;
use tandem_mail::{Addressee, CaseDescription, Contact, Language, Organisation};
use tandem_storage::deliveries::{self, RecipientKind};
use tandem_storage::events::{self, Event};
use tandem_storage::experts::{self, ExpertPause};
use tandem_storage::{PgConnection, matches, persons};

use crate::deliveries::{Trigger, addressee, answer_by, describe_case, language, letterhead};
use crate::links::Purpose;
use crate::matches::{AnswerOutcome, Match, decide, outcome_of};
use crate::{App, Audit, Caller, Result, addresses, settings};

/// What the page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// How the question stands; none while it waits for its answer.
    pub outcome: Option<AnswerOutcome>,
    /// Whether the answer waits for a changed address to be confirmed.
    pub frozen: bool,
    /// What a no said of itself.
    pub decline_reason: Option<DeclineReason>,
    /// The expert.
    pub expert: Addressee,
    /// The language of the page.
    pub language: Language,
    /// The case, told without the mentee.
    pub case: CaseDescription,
    /// What the reason of a no implies, offered at one click.
    pub implied: Option<Implied>,
    /// The last day on which an answer helps, as an instant of it; none before the mail has left.
    pub answer_by: Option<DateTime<Utc>>,
    /// Whom the expert can call.
    pub contact: Contact,
    /// Who asks.
    pub organisation: Organisation,
}

/// What the link of an approach opens.
#[derive(Debug, Clone, PartialEq)]
pub enum Door {
    /// The question.
    Open(Box<Question>),
    /// Nothing: it is none of ours.
    Unknown,
    /// Nothing any more: the expert's address has changed since it was sent.
    Voided(Language),
}

/// The question behind a link.
pub async fn question(app: &App, token: &str) -> Result<Door> {
    let (id, caller) = match behind(app, token, "").await? {
        Behind::Match(id, caller) => (id, caller),
        Behind::Unknown => return Ok(Door::Unknown),
        Behind::Voided(language) => return Ok(Door::Voided(language)),
    };
    let mut conn = app.acquire(&caller).await?;
    let Some(matching) = matches::get(&mut conn, id).await? else {
        return Ok(Door::Unknown);
    };
    let question = describe(&mut conn, app, &matching).await?;
    Ok(question.map_or(Door::Unknown, |question| Door::Open(Box::new(question))))
}

/// The question that a match was, for its expert.
///
/// # Errors
/// `NOT_FOUND` for everybody else.
pub async fn question_of(app: &App, caller: &Caller, id: MatchId) -> Result<Question> {
    let missing = || UserError::not_found("id", "match");
    let mut conn = app.acquire(caller).await?;
    let matching = matches::get(&mut conn, id).await?.ok_or_else(missing)?;
    caller.authorize(Action::AnswerApproach, &matching.resource(), "id", "match")?;
    let question = describe(&mut conn, app, &matching).await?;
    Ok(question.ok_or_else(missing)?)
}

async fn describe(conn: &mut PgConnection, app: &App, matching: &Match) -> Result<Option<Question>> {
    let settings = settings::current(conn).await?;
    let Some(facts) = deliveries::match_facts(conn, &[matching.id]).await?.pop() else {
        return Ok(None);
    };
    let letterhead = letterhead(&settings, &facts.contact);
    let implied = offer(conn, app, matching).await?;
    let frozen = addresses::is_frozen(conn, app, Party::Expert(matching.expert)).await?;
    Ok(Some(Question {
        frozen,
        implied,
        outcome: outcome_of(facts.state, facts.approach_sent_at, &settings, app.now()),
        decline_reason: matching.decline_reason,
        expert: addressee(&facts.expert),
        language: language(&facts.expert.language),
        case: describe_case(&facts, app.today())?,
        answer_by: facts
            .approach_sent_at
            .map(|sent_at| answer_by(&settings, sent_at)),
        contact: letterhead.contact,
        organisation: letterhead.organisation,
    }))
}

/// Answers by link, from a network address; none where the link opens nothing.
///
/// # Errors
/// `CONFLICT` where the expert's address is being changed.
pub async fn answer(app: &App, token: &str, answer: Answer, address: &str) -> Result<Option<AnswerOutcome>> {
    let Behind::Match(id, caller) = behind(app, token, address).await? else {
        return Ok(None);
    };
    let mut tx = app.begin(&caller).await?;
    let Some(matching) = matches::get(&mut tx, id).await? else {
        return Ok(None);
    };
    let outcome = decide(&mut tx, app, &caller, &matching, answer, AnswerWay::Link).await?;
    tx.commit().await?;
    Ok(Some(outcome))
}

/// Says why, after a no; nobody is asked to (S12). `false` where the question was not answered with no;
/// none where the link is not one of ours.
pub async fn give_reason(
    app: &App,
    token: &str,
    reason: DeclineReason,
    address: &str,
) -> Result<Option<bool>> {
    let Behind::Match(id, caller) = behind(app, token, address).await? else {
        return Ok(None);
    };
    let mut tx = app.begin(&caller).await?;
    let Some(matching) = matches::get(&mut tx, id).await? else {
        return Ok(None);
    };
    let done = note_reason(&mut tx, app, &caller, &matching, reason).await?;
    tx.commit().await?;
    Ok(Some(done))
}

/// The same for an expert who is signed in, or comes by another link about the match.
pub async fn give_reason_as(app: &App, caller: &Caller, id: MatchId, reason: DeclineReason) -> Result<bool> {
    let mut tx = app.begin(caller).await?;
    let missing = || UserError::not_found("id", "match");
    let matching = matches::get(&mut tx, id).await?.ok_or_else(missing)?;
    caller.authorize(Action::AnswerApproach, &matching.resource(), "id", "match")?;
    let done = note_reason(&mut tx, app, caller, &matching, reason).await?;
    tx.commit().await?;
    Ok(done)
}

async fn note_reason(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    matching: &Match,
    reason: DeclineReason,
) -> Result<bool> {
    let done = matches::set_decline_reason(conn, matching.id, reason, app.now()).await?;
    if done {
        let trail = Audit::new("match.decline_reason_given", matching.id).about(matching.expert);
        app.audit(conn, caller, &[trail]).await?;
        events::notify(conn, Event::Case(matching.case, matching.center)).await?;
    }
    Ok(done)
}

/// Whose link it is, and about which match: the approach that carried it, or the reminder of it, says so.
/// Only then is it known whose rows may be looked at.
async fn behind(app: &App, token: &str, address: &str) -> Result<Behind> {
    let Some(id) = app.links.verify(Purpose::Answer, token) else {
        return Ok(Behind::Unknown);
    };
    let mut conn = app.acquire(&Caller::nobody()).await?;
    let Some((delivery, _)) = deliveries::find(&mut conn, id).await? else {
        return Ok(Behind::Unknown);
    };
    let asks = [Trigger::Approach, Trigger::ApproachReminder].map(Trigger::as_str);
    if !asks.contains(&delivery.trigger.as_str()) || delivery.recipient_kind != RecipientKind::Expert {
        return Ok(Behind::Unknown);
    }
    let matching = MatchId::from(delivery.subject_id);
    let person = Person {
        party: Party::Expert(delivery.recipient_id.into()),
        about: About::Match(matching),
        way: GivenWay::Link,
    };
    let caller = Caller::person(person, address);
    let mut conn = app.acquire(&caller).await?;
    match persons::person(&mut conn, person.party).await? {
        Some(facts) if facts.voids(delivery.created_at) => Ok(Behind::Voided(language(&facts.language))),
        _ => Ok(Behind::Match(matching, caller)),
    }
}

/// What is behind a link.
enum Behind {
    /// This match, for its expert.
    Match(MatchId, Caller),
    /// Nothing: it is none of ours.
    Unknown,
    /// Nothing any more: the address has changed since.
    Voided(Language),
}

/// What a no implies about the expert's own data, offered as one click.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Implied {
    /// "Not now": a pause from today until this day.
    Pause {
        /// The last day.
        until: NaiveDate,
    },
    /// "Too far": a radius that this centre lies outside of.
    SmallerRadius {
        /// In kilometres.
        kilometres: u16,
    },
}

/// How long the pause is that "not now" offers.
const PAUSE_MONTHS: u32 = 3;
/// The smallest radius that is offered, and the step in which it is.
const RADIUS_STEP_KM: u16 = 5;

/// Takes the offer up, by the link of the approach; none where there is none. Twice is one effect.
pub async fn take_up(app: &App, token: &str, address: &str) -> Result<Option<Implied>> {
    let Behind::Match(id, caller) = behind(app, token, address).await? else {
        return Ok(None);
    };
    let mut tx = app.begin(&caller).await?;
    let Some(matching) = matches::get(&mut tx, id).await? else {
        return Ok(None);
    };
    let taken = take(&mut tx, app, &caller, &matching).await?;
    tx.commit().await?;
    Ok(taken)
}

/// The same for an expert who is signed in, or comes by another link about the match.
pub async fn take_up_as(app: &App, caller: &Caller, id: MatchId) -> Result<Option<Implied>> {
    let mut tx = app.begin(caller).await?;
    let missing = || UserError::not_found("id", "match");
    let matching = matches::get(&mut tx, id).await?.ok_or_else(missing)?;
    caller.authorize(Action::AnswerApproach, &matching.resource(), "id", "match")?;
    let taken = take(&mut tx, app, caller, &matching).await?;
    tx.commit().await?;
    Ok(taken)
}

async fn take(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    matching: &Match,
) -> Result<Option<Implied>> {
    if experts::lock(conn, matching.expert).await?.is_none() {
        return Ok(None);
    }
    let Some(implied) = offer(conn, app, matching).await? else {
        return Ok(None);
    };
    let action = match implied {
        Implied::Pause { until } => {
            let pause = ExpertPause {
                id: app.id(),
                expert_id: matching.expert,
                pause: Pause {
                    from: app.today(),
                    until: Some(until),
                },
            };
            experts::insert_pauses(conn, &[pause]).await?;
            "expert.paused"
        }
        Implied::SmallerRadius { kilometres } => {
            experts::set_travel_radius(conn, matching.expert, kilometres, app.now()).await?;
            "expert.radius_reduced"
        }
    };
    let trail = Audit::new(action, matching.expert).about(matching.expert);
    app.audit(conn, caller, &[trail]).await?;
    Ok(Some(implied))
}

async fn offer(conn: &mut PgConnection, app: &App, matching: &Match) -> Result<Option<Implied>> {
    if matching.state != MatchState::Declined {
        return Ok(None);
    }
    match matching.decline_reason {
        Some(DeclineReason::NotNow) => {
            let today = app.today();
            let until = today + Months::new(PAUSE_MONTHS);
            let pauses = experts::pauses_for(conn, &[matching.expert], today).await?;
            let paused = pauses.iter().any(|pause| pause.pause.covers(today));
            Ok((!paused).then_some(Implied::Pause { until }))
        }
        Some(DeclineReason::TooFar) => {
            let facts = deliveries::match_facts(conn, &[matching.id]).await?.pop();
            let expert = experts::get(conn, matching.expert).await?;
            let (Some(facts), Some(expert)) = (facts, expert) else {
                return Ok(None);
            };
            let distance = describe_case(&facts, app.today())?.distance_km;
            Ok(smaller(distance, expert.travel_radius_km)
                .map(|kilometres| Implied::SmallerRadius { kilometres }))
        }
        Some(DeclineReason::Other) | None => Ok(None),
    }
}

/// The largest step below a distance; none where the radius is smaller already, or none is left.
fn smaller(distance_km: f64, radius_km: u16) -> Option<u16> {
    let steps = (distance_km.ceil() as u16).saturating_sub(1) / RADIUS_STEP_KM;
    let kilometres = (steps * RADIUS_STEP_KM).max(RADIUS_STEP_KM);
    (f64::from(kilometres) < distance_km && kilometres < radius_km).then_some(kilometres)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_radius_leaves_the_centre_outside() {
        assert_eq!(smaller(23.4, 30), Some(20));
        assert_eq!(smaller(20.0, 30), Some(15));
        assert_eq!(smaller(5.1, 30), Some(5));
        assert_eq!(smaller(3.0, 30), None, "there is no smaller one");
        assert_eq!(smaller(23.4, 20), None, "it is small enough");
    }
}
