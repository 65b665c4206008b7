//! Invented documents, for people who judge the templates and for tests.

use chrono::{NaiveDate, NaiveTime};
use tandem_domain::checks::CheckKind;
use tandem_domain::documents::{
    Agreement, CenterAddress, CheckLetter, Content, Entry, PersonReport, Section, Sender, Signature,
    TrainingCertificate,
};
use tandem_domain::parties::Side;
use tandem_domain::values::{Channel, SupportArea};

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a date of the calendar")
}

fn time(hour: u32, minute: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, minute, 0).expect("a time of the day")
}

fn sender() -> Sender {
    Sender {
        programme: "Tandem".into(),
        organisation: "Senior Experten Service".into(),
        office: "Regionalbüro Thüringen".into(),
        place: "99084 Erfurt".into(),
        contact: "Käthe Größler".into(),
        phone: "+49 361 555 0123".into(),
        email: "thueringen@tandem.example".into(),
    }
}

/// An agreement of a mentee of age, not signed yet.
pub fn agreement() -> Agreement {
    Agreement {
        programme: "Tandem".into(),
        organisation: "Senior Experten Service".into(),
        number: 1,
        expert: "Prof. Dr. Jörg-Günther Weiß".into(),
        mentee: "Zübeyde Şahin-Öztürk".into(),
        guardian: None,
        center: CenterAddress {
            name: "Servicestelle Erfurt".into(),
            carrier: "Bildungswerk Mitte e. V.".into(),
            street: "Löberstraße 12".into(),
            place: "99084 Erfurt".into(),
            contact: "Ayşe Kaya".into(),
            phone: "+49 361 555 0188".into(),
            email: "servicestelle@mitte.example".into(),
        },
        areas: vec![
            SupportArea::SocialContacts,
            SupportArea::Language,
            SupportArea::Application,
        ],
        expert_tasks:
            "Ich übe mit dir Deutsch für den Beruf.\nIch lese deine Bewerbungen, wenn du das möchtest.".into(),
        mentee_tasks: "Ich schreibe meine Bewerbungen selbst und bringe sie mit.".into(),
        rhythm_days: 7,
        place: "Stadtbibliothek, 2. Stock".into(),
        channels: vec![Channel::Phone, Channel::Messenger],
        goals: "Ein Ausbildungsplatz als Fachinformatikerin zum 1. September 2027; ein Sportverein.".into(),
        starts_on: day(2026, 12, 1),
        ends_on: day(2027, 11, 30),
        signatures: vec![],
    }
}

/// An amended agreement of a minor with a name in Arabic script, partly signed.
pub fn agreement_of_a_minor() -> Agreement {
    Agreement {
        number: 2,
        mentee: "عبد الرحمن الخطيب (Abdulrahman Al-Khatib)".into(),
        guardian: Some("Jugendamt Erfurt, Frau Müller-Lüdenscheidt".into()),
        signatures: vec![
            Signature {
                side: Side::Expert,
                on: day(2026, 12, 1),
                on_paper: false,
            },
            Signature {
                side: Side::Guardian,
                on: day(2026, 12, 2),
                on_paper: true,
            },
        ],
        ..agreement()
    }
}

/// A request letter.
pub fn check_letter(kind: CheckKind) -> CheckLetter {
    CheckLetter {
        sender: sender(),
        name: "Ingrid Öhlschläger".into(),
        birth_date: (kind == CheckKind::Extended).then(|| day(1955, 4, 12)),
        street: "Gartenweg 3".into(),
        place: "99425 Weimar".into(),
        kind,
        written_on: day(2026, 11, 27),
        max_age_months: 3,
    }
}

/// A certificate of a session at a place.
pub fn training_certificate() -> TrainingCertificate {
    TrainingCertificate {
        sender: sender(),
        name: "Dr. Heinz Krüger".into(),
        module: "Begleitung junger Geflüchteter und interkulturelle Arbeit".into(),
        code: "INTERCULTURAL".into(),
        attended_on: day(2026, 10, 24),
        hours: Some((time(9, 30), time(16, 0))),
        place: Some("Erfurt, Haus der Vereine".into()),
        online: false,
        counts_until: None,
        confirmed_by: Some("Käthe Größler".into()),
        issued_on: day(2026, 10, 26),
    }
}

/// A short report.
pub fn person_report() -> PersonReport {
    let entry = |label: &str, value: &str| Entry {
        label: label.into(),
        value: value.into(),
    };
    PersonReport {
        organisation: "Senior Experten Service".into(),
        programme: "Tandem".into(),
        contact: "Käthe Größler, Telefon +49 361 555 0123, thueringen@tandem.example".into(),
        name: "ناصر احمدزی (Naser Ahmadzai)".into(),
        written_on: day(2026, 11, 27),
        sections: vec![
            Section {
                heading: "Angaben zur Person".into(),
                note: "So stehen Sie in unserer Liste.".into(),
                records: vec![vec![
                    entry("Vorname", "Naser"),
                    entry("Familienname", "Ahmadzai"),
                    entry("Geburtstag", "3. Mai 2008"),
                    entry("Telefon", ""),
                ]],
            },
            Section {
                heading: "Treffen".into(),
                note: String::new(),
                records: (1..=9)
                    .map(|number| {
                        vec![
                            entry("Tag", &format!("{number}. Juni 2026")),
                            entry("Dauer", "90 Minuten"),
                            entry("Notiz", "Wir haben ein Praktikum gesucht.\nEs war gut."),
                        ]
                    })
                    .collect(),
            },
            Section {
                heading: "Meilensteine".into(),
                note: String::new(),
                records: vec![],
            },
        ],
    }
}

/// One of each kind, with a name for its file.
pub fn all() -> Vec<(&'static str, Content)> {
    vec![
        ("agreement", Content::Agreement(agreement())),
        ("agreement-of-a-minor", Content::Agreement(agreement_of_a_minor())),
        (
            "check-letter-extended",
            Content::CheckLetter(check_letter(CheckKind::Extended)),
        ),
        (
            "check-letter-simple",
            Content::CheckLetter(check_letter(CheckKind::Simple)),
        ),
        (
            "training-certificate",
            Content::TrainingCertificate(training_certificate()),
        ),
        ("person-report", Content::PersonReport(person_report())),
    ]
}
