//! What the documents say is read from the pages that typst lays out; what they look like is for eyes
//! (`cargo run -p tandem-documents --example documents`).

use tandem_domain::checks::CheckKind;
use tandem_domain::parties::Side;
use typst::layout::{Frame, FrameItem};

use super::*;
use crate::samples;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn words(frame: &Frame, into: &mut String) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Text(run) => {
                into.push_str(&run.text);
                into.push(' ');
            }
            FrameItem::Group(group) => words(&group.frame, into),
            _ => {}
        }
    }
}

/// The text of every page, the blanks as one.
fn text(content: &Content) -> String {
    let mut text = String::new();
    for page in lay_out(content).unwrap().pages() {
        words(&page.frame, &mut text);
    }
    text.replace('\u{a0}', " ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether a text holds this one, wherever lines were broken and words were hyphenated.
fn says(text: &str, wanted: &str) -> bool {
    let plain = |text: &str| {
        text.chars()
            .filter(|c| !c.is_whitespace() && *c != '-' && *c != '\u{ad}')
            .collect::<String>()
    };
    plain(text).contains(&plain(wanted))
}

/// Glyph 0 stands for a character that no font has.
fn missing_glyphs(frame: &Frame) -> usize {
    frame
        .items()
        .map(|(_, item)| match item {
            FrameItem::Text(run) => run.glyphs.iter().filter(|glyph| glyph.id == 0).count(),
            FrameItem::Group(group) => missing_glyphs(&group.frame),
            _ => 0,
        })
        .sum()
}

#[test]
fn every_document_is_a_pdf_and_the_same_content_gives_the_same_bytes() {
    for (name, content) in samples::all() {
        let first = render(&content, at("2026-11-27T09:00:00Z")).unwrap();
        assert!(first.starts_with(b"%PDF-"), "{name}");
        assert_eq!(
            first,
            render(&content, at("2026-11-27T09:00:00Z")).unwrap(),
            "{name}"
        );
        assert_ne!(
            first,
            render(&content, at("2026-11-28T09:00:00Z")).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn an_agreement_says_what_the_data_say() {
    let agreement = samples::agreement();
    let text = text(&Content::Agreement(agreement.clone()));
    for wanted in [
        &agreement.expert,
        &agreement.mentee,
        &agreement.goals,
        &agreement.mentee_tasks,
        &agreement.place,
        &agreement.center.name,
        &agreement.center.contact,
        &agreement.center.phone,
        "Ich übe mit dir Deutsch für den Beruf.",
        "Ich lese deine Bewerbungen, wenn du das möchtest.",
        "einmal in der Woche",
        "1. Dezember 2026",
        "30. November 2027",
        "Menschen kennenlernen, Freizeit und Vereine",
        "Telefon, Nachrichten auf dem Handy",
        "Fassung 1",
        "Unterschrift: Prof. Dr. Jörg-Günther Weiß",
    ] {
        assert!(says(&text, wanted), "{wanted:?} is missing in {text}");
    }
    assert!(!says(&text, "gesetzliche Vertretung"));
}

#[test]
fn a_signature_that_was_given_is_named_and_the_others_get_a_line() {
    let agreement = samples::agreement_of_a_minor();
    let text = text(&Content::Agreement(agreement.clone()));
    assert!(says(&text, "online unterschrieben am 1. Dezember 2026"), "{text}");
    assert!(
        says(
            &text,
            "auf Papier unterschrieben, von der Servicestelle bestätigt am 2. Dezember 2026"
        ),
        "{text}"
    );
    assert!(
        says(&text, "Fassung 2 – sie ersetzt die frühere Fassung"),
        "{text}"
    );
    assert!(agreement.signatures.iter().all(|one| one.side != Side::Mentee));
    assert_eq!(text.matches("Unterschrift:").count(), 1, "{text}");
}

#[test]
fn names_with_umlauts_and_in_arabic_or_cyrillic_script_have_all_their_glyphs() {
    for name in [
        "Jörg-Günther Weiß",
        "Zübeyde Şahin-Öztürk",
        "عبد الرحمن الخطيب",
        "پروین گل‌محمدی",
        "Олександра Щербаківська",
        "Łukasz Żółć",
    ] {
        let content = Content::Agreement(tandem_domain::documents::Agreement {
            mentee: name.into(),
            ..samples::agreement()
        });
        let pages = lay_out(&content).unwrap();
        let missing: usize = pages.pages().iter().map(|page| missing_glyphs(&page.frame)).sum();
        assert_eq!(missing, 0, "{name}");
        // a line in two directions is laid out word by word from the left
        let text = text(&content);
        assert!(
            name.split_whitespace().all(|word| says(&text, word)),
            "{name}: {text}"
        );
    }
}

#[test]
fn an_agreement_fits_on_two_pages_and_a_letter_and_a_certificate_on_one() {
    for (name, content) in samples::all() {
        let most = match content {
            Content::CheckLetter(_) | Content::TrainingCertificate(_) => 1,
            Content::Agreement(_) => 2,
            Content::PersonReport(_) => 3,
        };
        let pages = lay_out(&content).unwrap().pages().len();
        assert!(pages <= most, "{name} has {pages} pages");
    }
}

#[test]
fn what_people_write_is_never_taken_for_markup() {
    let content = Content::Agreement(tandem_domain::documents::Agreement {
        goals: "#import \"x\"; *fett* $a^2$ @ref <label> \\ = Titel".into(),
        ..samples::agreement()
    });
    assert!(says(
        &text(&content),
        "#import \"x\"; *fett* $a^2$ @ref <label> \\ = Titel"
    ));
}

#[test]
fn a_letter_names_kind_purpose_legal_basis_and_that_it_is_free_of_charge() {
    let extended = text(&Content::CheckLetter(samples::check_letter(CheckKind::Extended)));
    for wanted in [
        "erweitertes Führungszeugnis",
        "§ 30a Absatz 2 Satz 1 BZRG",
        "ehrenamtlich",
        "Gebührenfreiheit",
        "§ 4 Absatz 1 JVKostG",
        "geboren am 12. April 1955",
        "Ingrid Öhlschläger",
        "99425 Weimar",
        "höchstens 3 Monate alt",
    ] {
        assert!(says(&extended, wanted), "{wanted:?} is missing in {extended}");
    }
    let simple = text(&Content::CheckLetter(samples::check_letter(CheckKind::Simple)));
    assert!(says(&simple, "§ 30 Absatz 1 BZRG"), "{simple}");
    assert!(!says(&simple, "§ 30a"), "{simple}");
    assert!(!says(&simple, "erweitert"), "{simple}");
    assert!(
        says(&simple, "Geburtsdatum"),
        "an unknown birth date is left to fill in"
    );
}

#[test]
fn a_certificate_says_who_attended_what_and_when() {
    let text = text(&Content::TrainingCertificate(samples::training_certificate()));
    for wanted in [
        "Dr. Heinz Krüger",
        "Begleitung junger Geflüchteter und interkulturelle Arbeit",
        "am 24. Oktober 2026 von 9.30 bis 16.00 Uhr",
        "in Erfurt, Haus der Vereine",
        "26. Oktober 2026",
        "Käthe Größler",
    ] {
        assert!(says(&text, wanted), "{wanted:?} is missing in {text}");
    }
}

#[test]
fn a_report_shows_every_section_and_every_value() {
    let report = samples::person_report();
    let text = text(&Content::PersonReport(report.clone()));
    assert!(
        report.name.split_whitespace().all(|word| says(&text, word)),
        "{text}"
    );
    for section in &report.sections {
        assert!(says(&text, &section.heading), "{}", section.heading);
        for entry in section.records.iter().flatten() {
            assert!(says(&text, &entry.label), "{}", entry.label);
            for line in entry.value.lines() {
                assert!(says(&text, line), "{line}");
            }
        }
    }
    assert!(says(&text, "Dazu ist nichts gespeichert."), "{text}");
}

#[test]
fn an_empty_report_is_a_document_as_well() {
    let report = tandem_domain::documents::PersonReport {
        sections: vec![],
        ..samples::person_report()
    };
    render(&Content::PersonReport(report), at("2026-11-27T09:00:00Z")).unwrap();
}
