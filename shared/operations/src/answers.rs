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
use tandem_storage::matches;

use crate::deliveries::{Trigger, addressee, answer_by, describe_case, language, letterhead};
use crate::links::Purpose;
use crate::matches::{AnswerOutcome, decide, outcome_of};
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
    let Some((id, caller)) = behind(app, token, "").await? else {
        return Ok(None);
    };
    let mut conn = app.acquire(&caller).await?;
    let Some(matching) = matches::get(&mut conn, id).await? else {
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
    let Some((id, caller)) = behind(app, token, address).await? else {
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
    let Some((id, caller)) = behind(app, token, address).await? else {
        return Ok(None);
    };
    let mut tx = app.begin(&caller).await?;
    let Some(matching) = matches::get(&mut tx, id).await? else {
        return Ok(None);
    };
    let done = matches::set_decline_reason(&mut tx, matching.id, reason, app.now()).await?;
    if done {
        let trail = Audit::new("match.decline_reason_given", matching.id).about(matching.expert);
        app.audit(&mut tx, &caller, &[trail]).await?;
        events::notify(&mut tx, Event::Case(matching.case, matching.center)).await?;
    }
    tx.commit().await?;
    Ok(Some(done))
}

/// Whose link it is, and about which match: the approach that carried it, or the reminder of it, says so. Only then is it known
/// whose rows may be looked at.
async fn behind(app: &App, token: &str, address: &str) -> Result<Option<(MatchId, Caller)>> {
    let Some(id) = app.links.verify(Purpose::Answer, token) else {
        return Ok(None);
    };
    let mut conn = app.acquire(&Caller::nobody()).await?;
    let Some((delivery, _)) = deliveries::find(&mut conn, id).await? else {
        return Ok(None);
    };
    let asks = [Trigger::Approach, Trigger::ApproachReminder].map(Trigger::as_str);
    if !asks.contains(&delivery.trigger.as_str()) || delivery.recipient_kind != RecipientKind::Expert {
        return Ok(None);
    }
    let matching = MatchId::from(delivery.subject_id);
    let person = Person {
        party: Party::Expert(delivery.recipient_id.into()),
        about: About::Match(matching),
        way: GivenWay::Link,
    };
    Ok(Some((matching, Caller::person(person, address))))
}
