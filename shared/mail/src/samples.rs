//! Every mail with invented data, for previews and tests. None of these people exists; the telephone
//! numbers are from the range that is kept free for films.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use url::Url;

use crate::{
    case::{AgeGroup, CaseDescription, LanguageLevel, SupportArea},
    mails::{
        Answer, AnswerChannel, AnswerRecordedMail, ApproachMail, ApproachUndeliverableMail,
        ApproachWithdrawnMail, Selection, SignInMail, SupersededMail,
    },
    people::{Addressee, Contact, Letterhead, Organisation, Salutation},
    render::Mail,
};

/// A mail with sample data.
pub struct Sample {
    /// A name for files and snapshots, in snake case; unique.
    pub name: &'static str,
    /// What it shows, in a line for the index of the previews.
    pub about: &'static str,
    /// The mail.
    pub mail: Box<dyn Mail>,
}

/// Every mail at least once, and once more for each case that reads differently.
pub fn all() -> Vec<Sample> {
    fn sample(name: &'static str, about: &'static str, mail: impl Mail + 'static) -> Sample {
        Sample {
            name,
            about,
            mail: Box::new(mail),
        }
    }
    vec![
        sample("approach", "an expert is asked", approach()),
        sample(
            "approach_sparse",
            "an expert is asked, with as little data as can be",
            sparse_approach(),
        ),
        sample("sign_in", "a sign-in link", sign_in()),
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
        sample(
            "approach_undeliverable",
            "the office learns of a refused mail",
            undeliverable(),
        ),
    ]
}

/// Who writes in the samples.
pub fn letterhead() -> Letterhead {
    Letterhead {
        organisation: Organisation {
            programme_name: "Tandem".to_owned(),
            organisation_name: "Beispielverein für Ehrenamt e. V.".to_owned(),
            postal_address: Some("Musterstraße 1, 10115 Berlin".to_owned()),
        },
        contact: Contact {
            name: "Katrin Sommer".to_owned(),
            office_name: "Regionalbüro Berlin".to_owned(),
            phone: "030 23125 120".to_owned(),
            email: "katrin.sommer@tandem.example".to_owned(),
            office_hours: Some("Mo bis Fr, 9 bis 15 Uhr".to_owned()),
        },
    }
}

/// The expert of the samples.
pub fn expert() -> Addressee {
    Addressee {
        salutation: Salutation::Ms,
        title: Some("Dr.".to_owned()),
        given_name: "Maria".to_owned(),
        family_name: "Weber".to_owned(),
    }
}

/// The day on which the samples are written.
pub fn now() -> DateTime<Utc> {
    "2026-11-23T08:05:00Z".parse().expect("a valid instant")
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

fn sign_in() -> SignInMail {
    SignInMail {
        letterhead: letterhead(),
        person: expert(),
        url: url("anmelden/8sLZr1bQmPq3vXyT6nKd0Hj5uWcE2aFg"),
        valid_minutes: 15,
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
    AnswerRecordedMail {
        letterhead: letterhead(),
        expert: expert(),
        center_place: "Berlin".to_owned(),
        answer,
        channel,
        answered_at: now(),
    }
}

fn undeliverable() -> ApproachUndeliverableMail {
    ApproachUndeliverableMail {
        letterhead: Letterhead {
            contact: Contact {
                name: "Jonas Berger".to_owned(),
                office_name: "Geschäftsstelle, Betreuung der Software".to_owned(),
                phone: "+49 (0)30 23125 140".to_owned(),
                email: "jonas.berger@tandem.example".to_owned(),
                office_hours: None,
            },
            ..letterhead()
        },
        coordinator: Addressee {
            salutation: Salutation::Ms,
            title: None,
            given_name: "Katrin".to_owned(),
            family_name: "Sommer".to_owned(),
        },
        expert_name: "Dr. Maria Weber".to_owned(),
        expert_phone: Some("030 23125 815".to_owned()),
        address: "m.weber@mail.example".to_owned(),
        case_reference: "B-2026-0147".to_owned(),
        refused_at: now(),
        reason: "550 5.1.1 [address]: Recipient address rejected: User unknown".to_owned(),
        url: url("ansprachen/01935a7e-4a1b-7c3d-9e2f-0a1b2c3d4e5f"),
    }
}

fn url(path: &str) -> Url {
    Url::parse("https://tandem.example/")
        .and_then(|base| base.join(path))
        .expect("a valid address")
}
