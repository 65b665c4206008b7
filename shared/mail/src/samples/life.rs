//! The news of a match's life, each once, and to a guardian once more.

use chrono::NaiveDate;

use super::{Sample, expert, letterhead, now, sample, url};
use crate::{
    mails::{ExpertNews, ExpertNewsMail, MenteeNews, MenteeNewsMail, StaffNews, StaffNewsMail},
    people::Addressee,
};

pub(super) fn all() -> Vec<Sample> {
    let mut samples = Vec::new();
    for (name, guardian_name, news) in mentee_news() {
        samples.push(sample(name, "news to a mentee", mentee(news.clone(), None)));
        samples.push(sample(
            guardian_name,
            "the same to the guardian",
            mentee(news, Some("Samira".to_owned())),
        ));
    }
    for (name, news) in expert_news() {
        let mail = ExpertNewsMail {
            letterhead: letterhead(),
            expert: expert(),
            news,
            url: url("p/me/8sLZr1bQmPq3vXyT6nKd0Hj5uWcE2aFg"),
        };
        samples.push(sample(name, "news to an expert", mail));
    }
    for (name, news) in staff_news() {
        let mail = StaffNewsMail {
            letterhead: letterhead(),
            reader: Addressee::plain("Ayşe Kaya", ""),
            case_reference: "B-2026-0147".to_owned(),
            expert_name: "Dr. Maria Weber".to_owned(),
            news,
        };
        samples.push(sample(name, "news to a centre or an office", mail));
    }
    samples
}

fn mentee(news: MenteeNews, about: Option<String>) -> MenteeNewsMail {
    let person = if about.is_some() {
        Addressee::plain("Farid Ahmadi", "")
    } else {
        Addressee::plain("Samira", "")
    };
    MenteeNewsMail {
        letterhead: letterhead(),
        person,
        about,
        expert_name: "Dr. Maria Weber".to_owned(),
        news,
        url: url("p/me/8sLZr1bQmPq3vXyT6nKd0Hj5uWcE2aFg"),
    }
}

fn mentee_news() -> Vec<(&'static str, &'static str, MenteeNews)> {
    let meeting = MenteeNews::MeetingDated {
        at: now(),
        place: "Servicestelle, Hauptstraße 1, Berlin".to_owned(),
    };
    vec![
        ("mentee_meeting", "guardian_meeting", meeting),
        ("mentee_question", "guardian_question", MenteeNews::Question),
        ("mentee_agreed", "guardian_agreed", MenteeNews::Agreed),
        ("mentee_not_formed", "guardian_not_formed", MenteeNews::NotFormed),
        ("mentee_to_sign", "guardian_to_sign", MenteeNews::ToSign),
        ("mentee_in_force", "guardian_in_force", MenteeNews::InForce),
        (
            "mentee_paper_verdict",
            "guardian_paper_verdict",
            MenteeNews::PaperVerdict,
        ),
        (
            "mentee_paper_signature",
            "guardian_paper_signature",
            MenteeNews::PaperSignature,
        ),
        (
            "mentee_paper_consent",
            "guardian_paper_consent",
            MenteeNews::PaperConsent,
        ),
        ("mentee_active", "guardian_active", MenteeNews::Active),
        ("mentee_paused", "guardian_paused", MenteeNews::Paused),
        ("mentee_resumed", "guardian_resumed", MenteeNews::Resumed),
        ("mentee_ended", "guardian_ended", MenteeNews::Ended),
    ]
}

fn expert_news() -> Vec<(&'static str, ExpertNews)> {
    let day = NaiveDate::from_ymd_opt(2026, 12, 14).expect("a date of the calendar");
    vec![
        (
            "expert_introduced",
            ExpertNews::Introduced {
                center: "Servicestelle Berlin-Mitte".to_owned(),
                contact_name: "Ayşe Kaya".to_owned(),
                contact_phone: "030 23125 002".to_owned(),
                contact_email: "mitte@center.example".to_owned(),
            },
        ),
        (
            "expert_meeting",
            ExpertNews::MeetingDated {
                at: now(),
                place: "Servicestelle, Hauptstraße 1, Berlin".to_owned(),
                contact_name: "Ayşe Kaya".to_owned(),
                contact_phone: "030 23125 002".to_owned(),
            },
        ),
        ("expert_question", ExpertNews::Question { until: day }),
        ("expert_agreed", ExpertNews::Agreed),
        ("expert_not_formed", ExpertNews::NotFormed),
        ("expert_to_sign", ExpertNews::ToSign { number: 1 }),
        ("expert_to_sign_again", ExpertNews::ToSign { number: 2 }),
        ("expert_in_force", ExpertNews::InForce),
        ("expert_paper_verdict", ExpertNews::PaperVerdict { on: day }),
        ("expert_paper_signature", ExpertNews::PaperSignature { on: day }),
        ("expert_active", ExpertNews::Active),
        ("expert_paused", ExpertNews::Paused { missing_check: false }),
        ("expert_paused_check", ExpertNews::Paused { missing_check: true }),
        ("expert_resumed", ExpertNews::Resumed),
        (
            "expert_thank_you",
            ExpertNews::ThankYou {
                given_name: "Samira".to_owned(),
            },
        ),
    ]
}

fn staff_news() -> Vec<(&'static str, StaffNews)> {
    vec![
        (
            "staff_introduced",
            StaffNews::Introduced {
                expert_name: "Dr. Maria Weber".to_owned(),
                expert_phone: "030 23125 815".to_owned(),
                expert_email: "m.weber@mail.example".to_owned(),
            },
        ),
        (
            "staff_meeting",
            StaffNews::MeetingDated {
                at: now(),
                place: "Servicestelle, Hauptstraße 1, Berlin".to_owned(),
                expert_name: "Dr. Maria Weber".to_owned(),
            },
        ),
        ("staff_agreed", StaffNews::Agreed),
        ("staff_not_formed", StaffNews::NotFormed),
        ("staff_in_force", StaffNews::InForce),
        ("staff_paper_contested", StaffNews::PaperContested),
        ("staff_consent_contested", StaffNews::ConsentContested),
        ("staff_answer_contested", StaffNews::AnswerContested),
        ("staff_active", StaffNews::Active),
        ("staff_paused", StaffNews::Paused { by_system: false }),
        ("staff_paused_by_system", StaffNews::Paused { by_system: true }),
        ("staff_resumed", StaffNews::Resumed),
        ("staff_ended", StaffNews::Ended),
        ("staff_problem", StaffNews::Problem),
    ]
}
