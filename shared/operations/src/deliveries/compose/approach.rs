//! Mails to experts about a question: the approach and what follows from it. The subject is the match.

use chrono::{DateTime, Days, Utc};
use tandem_domain::clock::date_in_germany;
use tandem_domain::experts::ExpertState;
use tandem_domain::ids::{DeliveryId, MatchId};
use tandem_domain::matches::{AnswerWay, MatchState};
use tandem_domain::settings::Settings;
use tandem_mail::mails::{
    Answer, AnswerChannel, AnswerRecordedMail, ApproachMail, ApproachWithdrawnMail, SupersededMail,
};
use tandem_mail::{Mail, MailAddress};
use tandem_storage::PgConnection;
use tandem_storage::deliveries::{self, MatchFacts};
use url::Url;

use super::case::{describe_case, selection};
use super::{Letter, Verdict, Writing, addressee, language, page_url, suppress};
use crate::deliveries::Trigger;
use crate::links::Purpose;
use crate::{App, Result};

/// Reads the match, asks the trigger's condition and writes.
pub(super) async fn compose(
    conn: &mut PgConnection,
    writing: &Writing<'_>,
    trigger: Trigger,
) -> Result<Verdict<Letter>> {
    let id = MatchId::from(writing.delivery.subject_id);
    match deliveries::match_facts(conn, &[id]).await?.pop() {
        Some(facts) => write(writing, trigger, &facts),
        None => Ok(suppress("the match does not exist any more")),
    }
}

/// The condition of each trigger that is about a match: none where the mail may leave.
fn obstacle(trigger: Trigger, facts: &MatchFacts) -> Option<Verdict<Letter>> {
    if facts.expert.state == ExpertState::Left {
        return Some(suppress("the expert has left the programme"));
    }
    let state = facts.state;
    let wanted = match trigger {
        Trigger::Approach if facts.expert.state != ExpertState::Active => {
            return Some(suppress("the expert is not active"));
        }
        Trigger::Approach => state == MatchState::Approached,
        Trigger::AnswerYes => state.is_engaged(),
        Trigger::AnswerNo => state == MatchState::Declined,
        Trigger::ApproachWithdrawn => state == MatchState::Withdrawn,
        Trigger::Superseded => state == MatchState::Superseded,
        _ => false,
    };
    if !wanted {
        return Some(Verdict::Suppress(format!("the match is {state} meanwhile")));
    }
    let follows_question = matches!(trigger, Trigger::ApproachWithdrawn | Trigger::Superseded);
    if follows_question && facts.answered_at.is_none() && facts.approach_sent_at.is_none() {
        // neutral mails go only to those who have been asked
        return Some(if facts.approach_sending {
            Verdict::Wait("the approach itself is being sent".into())
        } else {
            suppress("the expert was never asked")
        });
    }
    None
}

fn write(writing: &Writing<'_>, trigger: Trigger, facts: &MatchFacts) -> Result<Verdict<Letter>> {
    let Writing {
        app,
        settings,
        delivery,
        ..
    } = *writing;
    if let Some(verdict) = obstacle(trigger, facts) {
        return Ok(verdict);
    }
    let letterhead = writing.letterhead(&facts.contact)?;
    let expert = addressee(&facts.expert);
    let center_place = facts.case.center_place.clone();
    let approached_at = facts.approach_sent_at.unwrap_or(facts.approached_at);
    let language = language(&facts.expert.language);
    let mail = match trigger {
        Trigger::ApproachWithdrawn => ApproachWithdrawnMail {
            letterhead,
            expert,
            center_place,
            approached_at,
        }
        .render(language),
        Trigger::Superseded => SupersededMail {
            letterhead,
            expert,
            center_place,
            approached_at,
        }
        .render(language),
        Trigger::AnswerYes | Trigger::AnswerNo => AnswerRecordedMail {
            letterhead,
            expert,
            center_place,
            answer: if trigger == Trigger::AnswerYes {
                Answer::Yes
            } else {
                Answer::No
            },
            channel: if facts.answered_by_way == Some(AnswerWay::Telephone) {
                AnswerChannel::Telephone
            } else {
                AnswerChannel::Online
            },
            answered_at: facts.answered_at.unwrap_or(facts.approached_at),
            object_url: match facts.answered_by_way {
                Some(AnswerWay::Telephone) => Some(page_url(
                    app,
                    &format!(
                        "p/me/{}/match/{}/told",
                        app.links.token(Purpose::Person, delivery.id),
                        facts.id
                    ),
                )?),
                _ => None,
            },
        }
        .render(language),
        _ => {
            let sending_at = delivery.sending_at.unwrap_or(delivery.created_at);
            ApproachMail {
                letterhead,
                expert,
                case: describe_case(facts, date_in_germany(sending_at))?,
                selection: selection(facts)?,
                yes_url: answer_url(app, delivery.id, "yes")?,
                no_url: answer_url(app, delivery.id, "no")?,
                answer_by: answer_by(settings, sending_at),
            }
            .render(language)
        }
    };
    let to = MailAddress {
        name: Some(addressee(&facts.expert).full_name()),
        address: facts.expert.email.clone(),
    };
    Ok(Verdict::send(to, &facts.contact, mail))
}

/// Until when an approach that was sent at an instant waits for its answer.
pub fn answer_by(settings: &Settings, sent_at: DateTime<Utc>) -> DateTime<Utc> {
    sent_at + Days::new(settings.approach_lapse_days.into())
}

/// The page on which a question is answered, with an answer chosen.
pub(super) fn answer_url(app: &App, delivery: DeliveryId, answer: &str) -> Result<Url> {
    let path = format!("p/answer/{}", app.links.token(Purpose::Answer, delivery));
    let mut url = page_url(app, &path)?;
    url.query_pairs_mut().append_pair("answer", answer);
    Ok(url)
}
