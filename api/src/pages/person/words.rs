//! Terms of the domain in the words of a page.

use tandem_domain::accompaniment::{MeetingKind, MilestoneKind};
use tandem_domain::chemistry::Verdict;
use tandem_domain::errors::{Code, UserError};
use tandem_domain::feedback::Degree;
use tandem_domain::matches::EndReason;
use tandem_domain::parties::Side;
use tandem_domain::values::{Channel, SupportArea};
use tandem_operations::deliveries::support_area;

use super::Visit;
use crate::pages::texts::{ExpertTexts, Texts};
use crate::pages::view::Block;

/// The areas of support in the order of the forms.
pub(super) const AREAS: [SupportArea; 6] = [
    SupportArea::Language,
    SupportArea::Application,
    SupportArea::SocialContacts,
    SupportArea::SchoolAndWork,
    SupportArea::Authorities,
    SupportArea::Other,
];

/// An area of support. Experts read of it as mails to them do.
pub(super) fn area(visit: &Visit, area: SupportArea) -> &'static str {
    let t = visit.t();
    if visit.is_expert() {
        return visit.words().support_area(&support_area(area));
    }
    match area {
        SupportArea::Language => t.area_language,
        SupportArea::Application => t.area_application,
        SupportArea::SocialContacts => t.area_social,
        SupportArea::SchoolAndWork => t.area_school,
        SupportArea::Authorities => t.area_authorities,
        SupportArea::Other => t.area_other,
    }
}

/// The names of spoken languages; those that mentees rarely ask for in German.
pub(super) fn spoken(visit: &Visit, codes: &[String]) -> String {
    let t = visit.t();
    let name = |code: &String| match code.as_str() {
        "ar" => t.spoken_ar.to_owned(),
        "de" => t.spoken_de.to_owned(),
        "en" => t.spoken_en.to_owned(),
        "fr" => t.spoken_fr.to_owned(),
        "fa" => t.spoken_fa.to_owned(),
        "ru" => t.spoken_ru.to_owned(),
        "es" => t.spoken_es.to_owned(),
        "tr" => t.spoken_tr.to_owned(),
        "uk" => t.spoken_uk.to_owned(),
        _ => visit.words().spoken_languages(std::slice::from_ref(code)),
    };
    codes.iter().map(name).collect::<Vec<_>>().join(", ")
}

pub(super) fn channel(t: &Texts, channel: Channel) -> &'static str {
    match channel {
        Channel::Email => t.channel_email,
        Channel::Phone => t.channel_phone,
        Channel::InPerson => t.channel_in_person,
        Channel::Video => t.channel_video,
        Channel::Messenger => t.channel_messenger,
    }
}

pub(super) fn meeting_kind(t: &Texts, kind: MeetingKind) -> &'static str {
    match kind {
        MeetingKind::InPerson => t.kind_in_person,
        MeetingKind::Video => t.kind_video,
        MeetingKind::Phone => t.kind_phone,
        MeetingKind::Chat => t.kind_chat,
    }
}

pub(super) fn milestone(e: &ExpertTexts, kind: MilestoneKind) -> &'static str {
    match kind {
        MilestoneKind::CourseFound => e.m_course,
        MilestoneKind::LevelReached => e.m_level,
        MilestoneKind::ApplicationSent => e.m_application,
        MilestoneKind::InterviewPrepared => e.m_prepared,
        MilestoneKind::Interview => e.m_interview,
        MilestoneKind::InterviewFollowedUp => e.m_followed,
        MilestoneKind::ClubJoined => e.m_club,
        MilestoneKind::Internship => e.m_internship,
        MilestoneKind::ContractSigned => e.m_contract,
        MilestoneKind::Other => e.m_other,
    }
}

pub(super) fn degree(t: &Texts, degree: Degree) -> &'static str {
    match degree {
        Degree::Yes => t.degree_yes,
        Degree::Partly => t.degree_partly,
        Degree::No => t.degree_no,
    }
}

pub(super) fn side(t: &Texts, side: Side) -> &'static str {
    match side {
        Side::Expert => t.side_expert,
        Side::Mentee => t.side_mentee,
        Side::Guardian => t.side_guardian,
    }
}

pub(super) fn verdict(t: &Texts, e: Option<&ExpertTexts>, verdict: Verdict) -> &'static str {
    match (verdict, e) {
        (Verdict::Yes, None) => t.verdict_yes,
        (Verdict::No, None) => t.verdict_no,
        (Verdict::NotSureYet, None) => t.verdict_unsure,
        (Verdict::Yes, Some(e)) => e.verdict_yes,
        (Verdict::No, Some(e)) => e.verdict_no,
        (Verdict::NotSureYet, Some(e)) => e.verdict_unsure,
    }
}

/// The reasons for an end that its people are offered; that an expert left is nothing to choose.
pub(super) const END_REASONS: [EndReason; 9] = [
    EndReason::GoalReached,
    EndReason::TermOver,
    EndReason::TrainingBegun,
    EndReason::NoTime,
    EndReason::TooFar,
    EndReason::MovedAway,
    EndReason::ExpectationsDiffer,
    EndReason::ContactLost,
    EndReason::Other,
];

pub(super) fn end_reason(t: &Texts, e: Option<&ExpertTexts>, reason: EndReason) -> &'static str {
    let (own, experts) = match reason {
        EndReason::GoalReached => (t.end_goal, e.map(|e| e.end_goal)),
        EndReason::TermOver => (t.end_term, e.map(|e| e.end_term)),
        EndReason::TrainingBegun => (t.end_training, e.map(|e| e.end_training)),
        EndReason::NoTime => (t.end_time, e.map(|e| e.end_time)),
        EndReason::TooFar => (t.end_distance, e.map(|e| e.end_distance)),
        EndReason::MovedAway => (t.end_moved, e.map(|e| e.end_moved)),
        EndReason::ExpectationsDiffer => (t.end_differ, e.map(|e| e.end_differ)),
        EndReason::ContactLost => (t.end_lost, e.map(|e| e.end_lost)),
        EndReason::ExpertLeft | EndReason::Other => (t.end_other, e.map(|e| e.end_other)),
    };
    experts.unwrap_or(own)
}

/// What an operation refused, in the words of a page: refusals are written for programs and offices.
#[derive(Debug, Default)]
pub(super) struct Refusals(Vec<UserError>);

impl Refusals {
    pub(super) fn none() -> Self {
        Self::default()
    }

    /// A field that was left empty.
    pub(super) fn missing(field: &str) -> Self {
        Self(vec![UserError::invalid(field, "")])
    }

    /// Something changed while the form was filled in.
    pub(super) fn meanwhile() -> Self {
        Self(vec![UserError::conflict("")])
    }

    /// What is wrong with a field, if anything.
    pub(super) fn on(&self, t: &Texts, typed: &str, field: &str) -> Option<&'static str> {
        let wrong = self.0.iter().any(|error| error.field == field);
        wrong.then_some(if typed.is_empty() { t.missing } else { t.not_that })
    }

    /// What stands above the form: nothing where nothing is wrong.
    pub(super) fn alarm(&self, t: &Texts) -> Option<Block> {
        let code = self.0.first()?.code;
        let text = match code {
            Code::Invalid => t.check_form,
            Code::Conflict => t.meanwhile,
            Code::NotReady | Code::Forbidden | Code::NotFound => t.refused,
        };
        Some(Block::Alarm(text.to_owned()))
    }

    /// Whether a form was refused.
    pub(super) fn any(&self) -> bool {
        !self.0.is_empty()
    }
}

impl From<Vec<UserError>> for Refusals {
    fn from(errors: Vec<UserError>) -> Self {
        Self(errors)
    }
}
