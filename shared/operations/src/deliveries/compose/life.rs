//! The mails of a match's life. The subject is the match; who reads it decides which of three letters it
//! is. A mentee without an e-mail address gets none: the centre prints the page with its code.

use tandem_domain::checks::is_minor;
use tandem_domain::experts::ExpertState;
use tandem_domain::ids::{CaseId, MatchId, ProblemId};
use tandem_domain::matches::{MatchState, PauseReason};
use tandem_domain::parties::Side;
use tandem_mail::mails::{ExpertNews, ExpertNewsMail, MenteeNews, MenteeNewsMail, StaffNews, StaffNewsMail};
use tandem_mail::{Addressee, Mail, MailAddress};
use tandem_storage::deliveries::{self, ContactFacts, PeopleFacts, RecipientKind};
use tandem_storage::matches::{self, Match};
use tandem_storage::{PgConnection, agreements, problems};
use url::Url;

use super::{Letter, Verdict, Writing, addressee, case_reference, language, one_name, page_url, suppress};
use crate::Result;
use crate::deliveries::Trigger;
use crate::links::Purpose;
use crate::matches::answer_until;

/// What the condition of each trigger looks at.
struct Story {
    matching: Match,
    people: PeopleFacts,
    /// The newest version of the agreement, and who has signed it.
    agreement: Option<(i16, Vec<Side>)>,
    /// Of a notice: whether it is about a signature, and the day of the paper.
    paper: Option<(bool, chrono::NaiveDate)>,
}

/// Reads the match, asks the trigger's condition and writes.
pub(super) async fn compose(
    conn: &mut PgConnection,
    writing: &Writing<'_>,
    trigger: Trigger,
) -> Result<Verdict<Letter>> {
    let id = MatchId::from(writing.delivery.subject_id);
    let (Some(matching), Some(people)) = (
        matches::get(conn, id).await?,
        deliveries::people_facts(conn, id).await?,
    ) else {
        return Ok(suppress("the match does not exist any more"));
    };
    let newest = agreements::for_matches(conn, &[id]).await?.into_iter().next();
    let story = Story {
        agreement: newest.map(|agreement| (agreement.number, agreement.signed())),
        paper: match trigger {
            Trigger::PaperNotice => deliveries::paper_day(conn, id, writing.delivery.step).await?,
            _ => None,
        },
        matching,
        people,
    };
    if let Some(reason) = obstacle(writing, trigger, &story) {
        return Ok(Verdict::Suppress(reason));
    }
    match writing.delivery.recipient_kind {
        RecipientKind::Expert => to_expert(writing, trigger, &story),
        RecipientKind::Mentee | RecipientKind::Guardian => to_mentee(writing, trigger, &story),
        RecipientKind::Center | RecipientKind::Office | RecipientKind::User => {
            to_staff(conn, writing, trigger, &story).await
        }
    }
}

/// Why a mail is not sent any more; none where it may leave.
fn obstacle(writing: &Writing<'_>, trigger: Trigger, story: &Story) -> Option<String> {
    let Story { matching, people, .. } = story;
    let step = writing.delivery.step;
    let side = match writing.delivery.recipient_kind {
        RecipientKind::Expert => Some(Side::Expert),
        RecipientKind::Mentee => Some(Side::Mentee),
        RecipientKind::Guardian => Some(Side::Guardian),
        _ => None,
    };
    if side == Some(Side::Expert) && people.expert.state == ExpertState::Left {
        return Some("the expert has left the programme".into());
    }
    if side == Some(Side::Guardian)
        && !is_minor(people.mentee.birth_date, writing.app.today())
        && trigger != Trigger::PaperNotice
    {
        return Some("the mentee is of age: no guardian is asked any more".into());
    }
    let state = matching.state;
    let over = matches!(state, MatchState::Completed | MatchState::EndedEarly);
    let wanted = match trigger {
        Trigger::Introduced => state.is_engaged(),
        Trigger::MeetingDated => state == MatchState::Introduced && matching.meeting_plan == step,
        Trigger::ChemistryQuestion => state == MatchState::Met && matching.consented_at.is_none(),
        Trigger::ChemistryAgreed => state.is_engaged() && matching.consented_at.is_some(),
        Trigger::MatchNotFormed => matches!(state, MatchState::NotFormed | MatchState::Withdrawn),
        Trigger::AgreementToSign => {
            state.is_engaged()
                && story.agreement.as_ref().is_some_and(|(number, signed)| {
                    *number == step && side.is_none_or(|side| !signed.contains(&side))
                })
        }
        Trigger::AgreementInForce => state.is_engaged(),
        Trigger::PaperNotice => story.paper.is_some(),
        Trigger::PaperContested | Trigger::AnswerContested => true,
        Trigger::MatchActive => matches!(state, MatchState::Active | MatchState::Paused),
        Trigger::MatchPaused => state == MatchState::Paused,
        Trigger::MatchResumed => state == MatchState::Active,
        Trigger::MatchEnded | Trigger::ThankYou => over,
        _ => false,
    };
    (!wanted).then(|| format!("the match is {state} meanwhile, or it was done already"))
}

fn person_url(writing: &Writing<'_>) -> Result<Url> {
    let token = writing.app.links.token(Purpose::Person, writing.delivery.id);
    page_url(writing.app, &format!("p/me/{token}"))
}

fn to_expert(writing: &Writing<'_>, trigger: Trigger, story: &Story) -> Result<Verdict<Letter>> {
    let Story { matching, people, .. } = story;
    let center = &people.center;
    let news = match trigger {
        Trigger::Introduced => ExpertNews::Introduced {
            center: people.center_name.clone(),
            contact_name: center.name.clone(),
            contact_phone: center.phone.clone(),
            contact_email: center.email.clone(),
        },
        Trigger::MeetingDated => match &matching.planned {
            Some(plan) => ExpertNews::MeetingDated {
                at: plan.at,
                place: plan.place.clone(),
                contact_name: center.name.clone(),
                contact_phone: center.phone.clone(),
            },
            None => return Ok(suppress("no meeting is arranged any more")),
        },
        Trigger::ChemistryQuestion => ExpertNews::Question {
            until: answer_until(matching, writing.settings.chemistry_close_days)
                .unwrap_or_else(|| writing.app.today()),
        },
        Trigger::ChemistryAgreed => ExpertNews::Agreed,
        Trigger::MatchNotFormed => ExpertNews::NotFormed,
        Trigger::AgreementToSign => ExpertNews::ToSign {
            number: writing.delivery.step,
        },
        Trigger::AgreementInForce => ExpertNews::InForce,
        Trigger::PaperNotice => match story.paper {
            Some((true, on)) => ExpertNews::PaperSignature { on },
            Some((false, on)) => ExpertNews::PaperVerdict { on },
            None => return Ok(suppress("the record does not exist any more")),
        },
        Trigger::MatchActive => ExpertNews::Active,
        Trigger::MatchPaused => ExpertNews::Paused {
            missing_check: matches!(matching.paused, Some((_, PauseReason::CheckExpired))),
        },
        Trigger::MatchResumed => ExpertNews::Resumed,
        Trigger::ThankYou => ExpertNews::ThankYou {
            given_name: people.mentee.given_name.clone(),
        },
        _ => return Ok(suppress("this is no news for an expert")),
    };
    let expert = addressee(&people.expert);
    let to = MailAddress {
        name: Some(expert.full_name()),
        address: people.expert.email.clone(),
    };
    let mail = ExpertNewsMail {
        letterhead: writing.letterhead(&people.expert_office)?,
        expert,
        news,
        url: person_url(writing)?,
    };
    let rendered = mail.render(language(&people.expert.language));
    Ok(Verdict::send(to, &people.expert_office, rendered))
}

fn to_mentee(writing: &Writing<'_>, trigger: Trigger, story: &Story) -> Result<Verdict<Letter>> {
    let Story { matching, people, .. } = story;
    let mentee = &people.mentee;
    let to_guardian = writing.delivery.recipient_kind == RecipientKind::Guardian;
    let news = match trigger {
        Trigger::MeetingDated => match &matching.planned {
            Some(plan) => MenteeNews::MeetingDated {
                at: plan.at,
                place: plan.place.clone(),
            },
            None => return Ok(suppress("no meeting is arranged any more")),
        },
        Trigger::ChemistryQuestion => MenteeNews::Question,
        Trigger::ChemistryAgreed => MenteeNews::Agreed,
        Trigger::MatchNotFormed => MenteeNews::NotFormed,
        Trigger::AgreementToSign => MenteeNews::ToSign,
        Trigger::AgreementInForce => MenteeNews::InForce,
        Trigger::PaperNotice => match story.paper {
            Some((true, _)) => MenteeNews::PaperSignature,
            _ => MenteeNews::PaperVerdict,
        },
        Trigger::MatchActive => MenteeNews::Active,
        Trigger::MatchPaused => MenteeNews::Paused,
        Trigger::MatchResumed => MenteeNews::Resumed,
        Trigger::MatchEnded => MenteeNews::Ended,
        _ => return Ok(suppress("this is no news for the mentee's side")),
    };
    let (name, email, code) = if to_guardian {
        match &mentee.guardian {
            Some(guardian) => (&guardian.name, &guardian.email, guardian.language.as_str()),
            None => return Ok(suppress("no guardian is known any more")),
        }
    } else {
        (&mentee.given_name, &mentee.email, mentee.language.as_str())
    };
    let Some(address) = email.clone() else {
        return Ok(suppress(
            "there is no e-mail address: the centre prints the page with its code",
        ));
    };
    let mail = MenteeNewsMail {
        letterhead: writing.letterhead(&people.center)?,
        person: Addressee::plain(name, ""),
        about: to_guardian.then(|| mentee.given_name.clone()),
        expert_name: addressee(&people.expert).full_name(),
        news,
        url: person_url(writing)?,
    };
    let to = MailAddress {
        name: Some(name.clone()),
        address,
    };
    Ok(Verdict::send(to, &people.center, mail.render(language(code))))
}

async fn to_staff(
    conn: &mut PgConnection,
    writing: &Writing<'_>,
    trigger: Trigger,
    story: &Story,
) -> Result<Verdict<Letter>> {
    let Story { matching, people, .. } = story;
    let expert = addressee(&people.expert);
    let news = match trigger {
        Trigger::Introduced => StaffNews::Introduced {
            expert_name: expert.full_name(),
            expert_phone: people.expert.phone.clone(),
            expert_email: people.expert.email.clone(),
        },
        Trigger::MeetingDated => match &matching.planned {
            Some(plan) => StaffNews::MeetingDated {
                at: plan.at,
                place: plan.place.clone(),
                expert_name: expert.full_name(),
            },
            None => return Ok(suppress("no meeting is arranged any more")),
        },
        Trigger::ChemistryAgreed => StaffNews::Agreed,
        Trigger::MatchNotFormed => StaffNews::NotFormed,
        Trigger::AgreementInForce => StaffNews::InForce,
        Trigger::PaperContested => StaffNews::PaperContested,
        Trigger::AnswerContested => StaffNews::AnswerContested,
        Trigger::MatchActive => StaffNews::Active,
        Trigger::MatchPaused => StaffNews::Paused {
            by_system: matches!(matching.paused, Some((_, reason)) if reason != PauseReason::Wished),
        },
        Trigger::MatchResumed => StaffNews::Resumed,
        Trigger::MatchEnded => StaffNews::Ended,
        _ => return Ok(suppress("this is no news for staff")),
    };
    let reader = if writing.delivery.recipient_kind == RecipientKind::Office {
        let id = writing.delivery.recipient_id.into();
        match deliveries::office_contact(conn, id).await? {
            Some(office) => office,
            None => return Ok(suppress("the office does not exist any more")),
        }
    } else {
        people.center.clone()
    };
    let reference = case_reference(people.external_id.as_deref(), people.case);
    staff(
        writing,
        &reader,
        &people.office,
        reference,
        expert.full_name(),
        news,
    )
}

/// A problem: that there is one, never what it is.
pub(super) async fn problem(conn: &mut PgConnection, writing: &Writing<'_>) -> Result<Verdict<Letter>> {
    let Some(problem) = problems::get(conn, ProblemId::from(writing.delivery.subject_id)).await? else {
        return Ok(suppress("the problem does not exist any more"));
    };
    if problem.settled_at.is_some() {
        return Ok(suppress("the problem is settled already"));
    }
    to_staff_of(conn, writing, problem.case, StaffNews::Problem).await
}

/// News of a case to its centre or its office, where it is about no expert.
pub(super) async fn to_staff_of(
    conn: &mut PgConnection,
    writing: &Writing<'_>,
    case: CaseId,
    news: StaffNews,
) -> Result<Verdict<Letter>> {
    let Some((center, office, external_id)) = deliveries::case_staff(conn, case.uuid()).await? else {
        return Ok(suppress("the case does not exist any more"));
    };
    let reader = match writing.delivery.recipient_kind {
        RecipientKind::Office => &office,
        _ => &center,
    };
    let reference = case_reference(external_id.as_deref(), case.uuid());
    staff(writing, reader, &office, reference, String::new(), news)
}

fn staff(
    writing: &Writing<'_>,
    reader: &ContactFacts,
    contact: &ContactFacts,
    case_reference: String,
    expert_name: String,
    news: StaffNews,
) -> Result<Verdict<Letter>> {
    let mail = StaffNewsMail {
        letterhead: writing.letterhead(contact)?,
        reader: one_name(&reader.name),
        case_reference,
        expert_name,
        news,
    };
    let to = MailAddress {
        name: Some(reader.name.clone()),
        address: reader.email.clone(),
    };
    Ok(Verdict::send(to, contact, mail.render(writing.staff_language)))
}
