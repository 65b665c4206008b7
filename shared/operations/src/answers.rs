//! The answer page behind the links of an approach e-mail. The link is the permission: nobody but the
//! expert received it, and it permits the answer to one question and nothing else.
//!
//! Looking at the page changes nothing, so that a mail scanner that follows links answers nothing.

use chrono::{DateTime, Utc};
use tandem_domain::ids::MatchId;
use tandem_domain::matches::{Answer, AnswerWay, DeclineReason};
use tandem_domain::parties::{About, GivenWay, Party, Person};
use tandem_mail::{Addressee, CaseDescription, Contact, Language, Organisation};
use tandem_storage::deliveries::{self, RecipientKind};
use tandem_storage::events::{self, Event};
use tandem_storage::{PgConnection, matches};

use crate::deliveries::{Trigger, addressee, answer_by, describe_case, language, letterhead};
use crate::links::Purpose;
use crate::matches::{AnswerOutcome, Match, decide, outcome_of};
use crate::{App, Audit, Caller, Result, settings};

/// What the page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// How the question stands; none while it waits for its answer.
    pub outcome: Option<AnswerOutcome>,
    /// What a no said of itself.
    pub decline_reason: Option<DeclineReason>,
    /// The expert.
    pub expert: Addressee,
    /// The language of the page.
    pub language: Language,
    /// The case, told without the mentee.
    pub case: CaseDescription,
    /// The last day on which an answer helps, as an instant of it; none before the mail has left.
    pub answer_by: Option<DateTime<Utc>>,
    /// Whom the expert can call.
    pub contact: Contact,
    /// Who asks.
    pub organisation: Organisation,
}

/// The question behind a link; none where the link is not one of ours.
pub async fn question(app: &App, token: &str) -> Result<Option<Question>> {
    let mut conn = app.acquire(&Caller::nobody()).await?;
    let Some(matching) = find(&mut conn, app, token).await? else {
        return Ok(None);
    };
    let settings = settings::current(&mut conn).await?;
    let Some(facts) = deliveries::match_facts(&mut conn, &[matching.id]).await?.pop() else {
        return Ok(None);
    };
    let letterhead = letterhead(&settings, &facts.contact);
    Ok(Some(Question {
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

/// Answers by link, from a network address; none where the link is not one of ours.
pub async fn answer(app: &App, token: &str, answer: Answer, address: &str) -> Result<Option<AnswerOutcome>> {
    let mut tx = app.begin(&Caller::nobody()).await?;
    let Some(matching) = find(&mut tx, app, token).await? else {
        return Ok(None);
    };
    let caller = by_link(&matching, address);
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
    let mut tx = app.begin(&Caller::nobody()).await?;
    let Some(matching) = find(&mut tx, app, token).await? else {
        return Ok(None);
    };
    let done = matches::set_decline_reason(&mut tx, matching.id, reason, app.now()).await?;
    if done {
        let trail = Audit::new("match.decline_reason_given", matching.id).about(matching.expert);
        app.audit(&mut tx, &by_link(&matching, address), &[trail]).await?;
        events::notify(&mut tx, Event::Case(matching.case, matching.center)).await?;
    }
    tx.commit().await?;
    Ok(Some(done))
}

fn by_link(matching: &Match, address: &str) -> Caller {
    let person = Person {
        party: Party::Expert(matching.expert),
        about: About::Match(matching.id),
        way: GivenWay::Link,
    };
    Caller::person(person, address)
}

/// The match whose approach, or the reminder of it, carried the link.
async fn find(conn: &mut PgConnection, app: &App, token: &str) -> Result<Option<Match>> {
    let Some(id) = app.links.verify(Purpose::Answer, token) else {
        return Ok(None);
    };
    let Some((delivery, _)) = deliveries::find(conn, id).await? else {
        return Ok(None);
    };
    let asks = [Trigger::Approach, Trigger::ApproachReminder].map(Trigger::as_str);
    if !asks.contains(&delivery.trigger.as_str()) || delivery.recipient_kind != RecipientKind::Expert {
        return Ok(None);
    }
    Ok(matches::get(conn, MatchId::from(delivery.subject_id)).await?)
}
