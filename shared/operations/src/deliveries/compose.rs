//! From a delivery to the letter that it is at this moment, or to why it is not sent.

use chrono::{DateTime, Days, NaiveDate, Utc};
use tandem_domain::clock::date_in_germany;
use tandem_domain::experts::ExpertState;
use tandem_domain::geo::{Coordinates, distance_km};
use tandem_domain::ids::{DeliveryId, MatchId, OfficeId};
use tandem_domain::matches::{AnswerWay, MatchState};
use tandem_domain::occupations::KldbCode;
use tandem_domain::settings::Settings;
use tandem_domain::values::{CefrLevel, Gender, SupportArea};
use tandem_mail::mails::{
    Answer, AnswerChannel, AnswerRecordedMail, ApproachMail, ApproachUndeliverableMail,
    ApproachWithdrawnMail, Selection, SignInMail, SupersededMail,
};
use tandem_mail::{
    Addressee, AgeGroup, CaseDescription, Contact, Language, LanguageLevel, Letterhead, Mail, MailAddress,
    Organisation, RenderedMail, Salutation,
};
use tandem_storage::deliveries::{self, ContactFacts, Delivery, ExpertFacts, MatchFacts};
use tandem_storage::{PgConnection, parse};
use url::Url;

use super::Trigger;
use crate::links::Purpose;
use crate::{App, Error, Result};

/// Lives near enough that the distance counted, in kilometres.
const NEARBY_KM: f64 = 20.0;
/// So many shared digits of KldB 2010 make one occupation speak for another: the same group.
const SAME_GROUP: u8 = 3;

/// What is to be done with a delivery.
pub(super) enum Verdict<T> {
    /// It is sent.
    Send(T),
    /// It is never sent, and this is why.
    Suppress(String),
    /// It cannot be decided yet.
    Wait(String),
}

impl<T> Verdict<T> {
    pub(super) fn map<U>(self, convert: impl FnOnce(T) -> U) -> Verdict<U> {
        match self {
            Self::Send(letter) => Verdict::Send(convert(letter)),
            Self::Suppress(reason) => Verdict::Suppress(reason),
            Self::Wait(reason) => Verdict::Wait(reason),
        }
    }
}

fn suppress<T>(reason: &str) -> Verdict<T> {
    Verdict::Suppress(reason.to_owned())
}

/// A rendered mail and its two addresses.
pub(super) struct Letter {
    pub(super) to: MailAddress,
    pub(super) reply_to: MailAddress,
    pub(super) mail: RenderedMail,
}

/// Reads what a delivery is about, asks its trigger's condition and renders it.
pub(super) async fn compose(
    conn: &mut PgConnection,
    app: &App,
    settings: &Settings,
    delivery: &Delivery,
    from: &str,
) -> Result<Verdict<Letter>> {
    let trigger: Trigger = parse("email_deliveries", "trigger", delivery.id, &delivery.trigger)?;
    match trigger {
        Trigger::SignIn => sign_in(conn, app, settings, delivery, from).await,
        Trigger::ApproachUndeliverable => undeliverable(conn, app, settings, delivery).await,
        Trigger::Approach
        | Trigger::ApproachWithdrawn
        | Trigger::Superseded
        | Trigger::AnswerYes
        | Trigger::AnswerNo => {
            let id = MatchId::from(delivery.subject_id);
            match deliveries::match_facts(conn, &[id]).await?.pop() {
                Some(facts) => to_expert(app, settings, delivery, trigger, &facts),
                None => Ok(suppress("the match does not exist any more")),
            }
        }
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
        Trigger::SignIn | Trigger::ApproachUndeliverable => false,
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

fn to_expert(
    app: &App,
    settings: &Settings,
    delivery: &Delivery,
    trigger: Trigger,
    facts: &MatchFacts,
) -> Result<Verdict<Letter>> {
    if let Some(verdict) = obstacle(trigger, facts) {
        return Ok(verdict);
    }
    let letterhead = letterhead(settings, &facts.contact);
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
        }
        .render(language),
        _ => {
            let sending_at = delivery.sending_at.unwrap_or(delivery.created_at);
            let page = answer_url(app, delivery.id)?;
            let answer = |word: &str| {
                let mut url = page.clone();
                url.query_pairs_mut().append_pair("answer", word);
                url
            };
            ApproachMail {
                letterhead,
                expert,
                case: describe_case(facts, date_in_germany(sending_at))?,
                selection: selection(facts)?,
                yes_url: answer("yes"),
                no_url: answer("no"),
                answer_by: answer_by(settings, sending_at),
            }
            .render(language)
        }
    };
    Ok(Verdict::Send(Letter {
        to: MailAddress {
            name: Some(addressee(&facts.expert).full_name()),
            address: facts.expert.email.clone(),
        },
        reply_to: reply_to(&facts.contact),
        mail,
    }))
}

/// Until when an approach that was sent at an instant waits for its answer.
pub fn answer_by(settings: &Settings, sent_at: DateTime<Utc>) -> DateTime<Utc> {
    sent_at + Days::new(settings.approach_lapse_days.into())
}

fn answer_url(app: &App, delivery: DeliveryId) -> Result<Url> {
    page_url(
        app,
        &format!("p/answer/{}", app.links.token(Purpose::Answer, delivery)),
    )
}

fn page_url(app: &App, path: &str) -> Result<Url> {
    app.public_url
        .join(path)
        .map_err(|error| Error::Fault(format!("the public address takes no path {path:?}: {error}")))
}

async fn sign_in(
    conn: &mut PgConnection,
    app: &App,
    settings: &Settings,
    delivery: &Delivery,
    from: &str,
) -> Result<Verdict<Letter>> {
    let Some(facts) = deliveries::sign_in_facts(conn, delivery.id).await? else {
        return Ok(suppress("the link does not exist any more"));
    };
    if !facts.active {
        return Ok(suppress("the user may not sign in any more"));
    }
    if facts.used_at.is_some() || facts.expires_at <= app.now() {
        return Ok(suppress("the link was used or has expired"));
    }
    let contact = match facts.office {
        Some(office) => office,
        None => helper(conn, settings).await?.unwrap_or_else(|| ContactFacts {
            name: settings.organisation_name.clone(),
            office_name: settings.programme_name.clone(),
            phone: String::new(),
            email: from.to_owned(),
        }),
    };
    let mail = SignInMail {
        letterhead: letterhead(settings, &contact),
        person: one_name(&facts.name),
        url: page_url(
            app,
            &format!("p/sign-in/{}", app.links.token(Purpose::SignIn, delivery.id)),
        )?,
        valid_minutes: (facts.expires_at - facts.created_at).num_minutes().max(1) as u32,
    };
    Ok(Verdict::Send(Letter {
        to: MailAddress {
            name: Some(facts.name),
            address: facts.email,
        },
        reply_to: reply_to(&contact),
        mail: mail.render(language(&facts.language)),
    }))
}

async fn undeliverable(
    conn: &mut PgConnection,
    app: &App,
    settings: &Settings,
    delivery: &Delivery,
) -> Result<Verdict<Letter>> {
    let Some(failure) = deliveries::failure(conn, DeliveryId::from(delivery.subject_id)).await? else {
        return Ok(suppress("the approach has not failed"));
    };
    let Some(facts) = deliveries::match_facts(conn, &[failure.matching]).await?.pop() else {
        return Ok(suppress("the match does not exist any more"));
    };
    if facts.state != MatchState::Approached || !facts.undeliverable {
        return Ok(suppress(
            "the approach is no longer open, or was delivered after all",
        ));
    }
    let Some(office) = deliveries::office_contact(conn, OfficeId::from(delivery.recipient_id)).await? else {
        return Ok(suppress("the office does not exist any more"));
    };
    let contact = helper(conn, settings).await?.unwrap_or_else(|| office.clone());
    let case = &facts.case;
    let mail = ApproachUndeliverableMail {
        letterhead: letterhead(settings, &contact),
        coordinator: one_name(&office.name),
        expert_name: addressee(&facts.expert).full_name(),
        expert_phone: Some(facts.expert.phone.clone()).filter(|phone| !phone.is_empty()),
        address: facts.expert.email.clone(),
        case_reference: case.external_id.clone().unwrap_or_else(|| {
            // the end of an id, where its randomness is
            let id = case.id.simple().to_string();
            id[id.len() - 8..].to_uppercase()
        }),
        refused_at: failure.at,
        reason: failure.reason,
        url: page_url(app, "")?,
    };
    Ok(Verdict::Send(Letter {
        to: MailAddress {
            name: Some(office.name),
            address: office.email,
        },
        reply_to: reply_to(&contact),
        mail: mail.render(Language::De),
    }))
}

/// Who helps staff with the software.
async fn helper(conn: &mut PgConnection, settings: &Settings) -> Result<Option<ContactFacts>> {
    let admin = deliveries::admin_contact(conn).await?;
    Ok(admin.map(|admin| ContactFacts {
        office_name: settings.organisation_name.clone(),
        ..admin
    }))
}

pub(crate) fn letterhead(settings: &Settings, contact: &ContactFacts) -> Letterhead {
    Letterhead {
        organisation: Organisation {
            programme_name: settings.programme_name.clone(),
            organisation_name: settings.organisation_name.clone(),
            postal_address: None,
        },
        contact: Contact {
            name: contact.name.clone(),
            office_name: contact.office_name.clone(),
            phone: contact.phone.clone(),
            email: contact.email.clone(),
            office_hours: None,
        },
    }
}

fn reply_to(contact: &ContactFacts) -> MailAddress {
    MailAddress {
        name: Some(contact.name.clone()),
        address: contact.email.clone(),
    }
}

pub(crate) fn addressee(expert: &ExpertFacts) -> Addressee {
    Addressee {
        salutation: match expert.gender {
            Some(Gender::Female) => Salutation::Ms,
            Some(Gender::Male) => Salutation::Mr,
            Some(Gender::Diverse) | None => Salutation::Unknown,
        },
        title: Some(expert.title.clone()).filter(|title| !title.is_empty()),
        given_name: expert.given_name.clone(),
        family_name: expert.family_name.clone(),
    }
}

fn one_name(name: &str) -> Addressee {
    Addressee {
        salutation: Salutation::Unknown,
        title: None,
        given_name: name.to_owned(),
        family_name: String::new(),
    }
}

/// The language of mails and pages for somebody who chose `code`; German where there is none.
pub(crate) fn language(code: &str) -> Language {
    match code {
        "en" => Language::En,
        "ar" => Language::Ar,
        "fa" | "prs" => Language::Fa,
        "uk" => Language::Uk,
        "tr" => Language::Tr,
        _ => Language::De,
    }
}

/// The case, told without the mentee, as it is on `day`.
pub fn describe_case(facts: &MatchFacts, day: NaiveDate) -> Result<CaseDescription> {
    let case = &facts.case;
    Ok(CaseDescription {
        age_group: AgeGroup::of(case.mentee_birth_date, day),
        center_place: case.center_place.clone(),
        distance_km: distance(facts)?,
        occupations: case.occupations.iter().map(|(_, label)| label.clone()).collect(),
        support_areas: case.support_areas.iter().copied().map(support_area).collect(),
        level: Some(level(case.german_level)),
        // German is told by its level
        languages: case
            .languages
            .iter()
            .filter(|code| *code != "de")
            .cloned()
            .collect(),
        planned_start: case.planned_start,
    })
}

fn distance(facts: &MatchFacts) -> Result<f64> {
    let point = |(latitude, longitude): (f64, f64)| {
        Coordinates::new(latitude, longitude).map_err(|error| Error::Fault(error.to_string()))
    };
    Ok(distance_km(
        point(facts.expert_coordinates)?,
        point(facts.case.center_coordinates)?,
    ))
}

/// Why this expert, as far as it can be told in a sentence.
fn selection(facts: &MatchFacts) -> Result<Selection> {
    let code = |text: &str| text.parse::<KldbCode>().ok();
    let wanted: Vec<KldbCode> = facts
        .case
        .occupations
        .iter()
        .filter_map(|(text, _)| code(text))
        .collect();
    let best = facts
        .expert_occupations
        .iter()
        .filter_map(|(text, label)| {
            let own = code(text)?;
            let shared = wanted.iter().map(|other| own.shared_digits(*other)).max()?;
            (shared >= SAME_GROUP).then_some((shared, label))
        })
        // the first of the closest: experts name the most important first
        .reduce(|best, other| if other.0 > best.0 { other } else { best });
    Ok(Selection {
        occupation: best.map(|(_, label)| label.clone()),
        lives_nearby: distance(facts)? <= NEARBY_KM,
    })
}

/// An area in the words of mails and pages.
pub fn support_area(area: SupportArea) -> tandem_mail::SupportArea {
    match area {
        SupportArea::Language => tandem_mail::SupportArea::Language,
        SupportArea::Application => tandem_mail::SupportArea::Application,
        SupportArea::SocialContacts => tandem_mail::SupportArea::SocialContacts,
        SupportArea::SchoolAndWork => tandem_mail::SupportArea::SchoolAndWork,
        SupportArea::Authorities => tandem_mail::SupportArea::Authorities,
        SupportArea::Other => tandem_mail::SupportArea::Other,
    }
}

fn level(level: CefrLevel) -> LanguageLevel {
    match level {
        CefrLevel::None => LanguageLevel::None,
        CefrLevel::A1 => LanguageLevel::A1,
        CefrLevel::A2 => LanguageLevel::A2,
        CefrLevel::B1 => LanguageLevel::B1,
        CefrLevel::B2 => LanguageLevel::B2,
        CefrLevel::C1 => LanguageLevel::C1,
        CefrLevel::C2 => LanguageLevel::C2,
    }
}
