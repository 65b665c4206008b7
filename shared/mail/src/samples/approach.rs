//! What an expert is asked, and what follows from it.

use chrono::{NaiveDate, TimeDelta};

use super::{Sample, expert, letterhead, now, sample, url};
use crate::{
    case::{AgeGroup, CaseDescription, LanguageLevel, SupportArea},
    mails::{
        Answer, AnswerChannel, AnswerRecordedMail, ApproachMail, ApproachReminderMail, ApproachWithdrawnMail,
        Selection, SupersededMail,
    },
    people::{Addressee, Salutation},
};

pub(super) fn all() -> Vec<Sample> {
    vec![
        sample("approach", "an expert is asked", approach()),
        sample(
            "approach_sparse",
            "an expert is asked, with as little data as can be",
            sparse_approach(),
        ),
        sample("approach_reminder", "a question is brought to mind", reminder()),
        sample(
            "approach_withdrawn",
            "the office takes a question back",
            withdrawn(),
        ),
        sample("superseded", "another expert said yes first", superseded()),
        sample(
            "answer_yes",
            "a yes is confirmed",
            answer(Answer::Yes, AnswerChannel::Online),
        ),
        sample(
            "answer_no",
            "a no is confirmed",
            answer(Answer::No, AnswerChannel::Online),
        ),
        sample(
            "answer_yes_telephone",
            "a yes by telephone",
            answer(Answer::Yes, AnswerChannel::Telephone),
        ),
        sample(
            "answer_no_telephone",
            "a no by telephone",
            answer(Answer::No, AnswerChannel::Telephone),
        ),
    ]
}

/// An approach with every field filled.
pub fn approach() -> ApproachMail {
    ApproachMail {
        letterhead: letterhead(),
        expert: expert(),
        case: CaseDescription {
            age_group: AgeGroup::From18To20,
            center_place: "Berlin".to_owned(),
            distance_km: 6.3,
            occupations: vec![
                "Elektroniker/in für Energie- und Gebäudetechnik".to_owned(),
                "Mechatroniker/in".to_owned(),
            ],
            support_areas: vec![
                SupportArea::Language,
                SupportArea::Application,
                SupportArea::SocialContacts,
            ],
            level: Some(LanguageLevel::A2),
            languages: vec!["ar".to_owned(), "en".to_owned()],
            planned_start: NaiveDate::from_ymd_opt(2026, 12, 7),
        },
        selection: Selection {
            occupation: Some("Elektroingenieur/in".to_owned()),
            lives_nearby: true,
        },
        yes_url: url("antwort/Vd3kq9ZrT0yX8mB-2fWnLw?antwort=ja"),
        no_url: url("antwort/Vd3kq9ZrT0yX8mB-2fWnLw?antwort=nein"),
        answer_by: now() + TimeDelta::days(14),
    }
}

fn sparse_approach() -> ApproachMail {
    let full = approach();
    ApproachMail {
        expert: Addressee {
            salutation: Salutation::Unknown,
            title: None,
            given_name: "Kim".to_owned(),
            family_name: "Nguyễn-Müller".to_owned(),
        },
        case: CaseDescription {
            age_group: AgeGroup::Under18,
            center_place: "Neustadt an der Weinstraße".to_owned(),
            distance_km: 0.3,
            occupations: Vec::new(),
            support_areas: vec![SupportArea::Authorities],
            level: None,
            languages: Vec::new(),
            planned_start: None,
        },
        selection: Selection::default(),
        ..full
    }
}

fn reminder() -> ApproachReminderMail {
    let approach = approach();
    ApproachReminderMail {
        letterhead: letterhead(),
        expert: expert(),
        center_place: "Berlin".to_owned(),
        approached_at: now() - TimeDelta::days(7),
        yes_url: approach.yes_url,
        no_url: approach.no_url,
        answer_by: now() + TimeDelta::days(7),
    }
}

fn withdrawn() -> ApproachWithdrawnMail {
    ApproachWithdrawnMail {
        letterhead: letterhead(),
        expert: expert(),
        center_place: "Berlin".to_owned(),
        approached_at: now() - TimeDelta::days(4),
    }
}

fn superseded() -> SupersededMail {
    SupersededMail {
        letterhead: letterhead(),
        expert: expert(),
        center_place: "Berlin".to_owned(),
        approached_at: now() - TimeDelta::days(4),
    }
}

fn answer(answer: Answer, channel: AnswerChannel) -> AnswerRecordedMail {
    let page = url("p/me/8sLZr1bQmPq3vXyT6nKd0Hj5uWcE2aFg/match/1/told");
    AnswerRecordedMail {
        object_url: (channel == AnswerChannel::Telephone).then_some(page),
        letterhead: letterhead(),
        expert: expert(),
        center_place: "Berlin".to_owned(),
        answer,
        channel,
        answered_at: now(),
    }
}
