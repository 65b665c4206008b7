//! Every mail in every language it declares, read by rules and kept as snapshots.

use std::{collections::BTreeSet, fs, path::Path};

use tandem_mail::{Language, RenderedMail, samples};

/// Every sample in every language of its mail.
fn renderings() -> Vec<(String, RenderedMail)> {
    samples::all()
        .into_iter()
        .flat_map(|sample| {
            let languages = sample.mail.languages();
            languages.iter().map(move |&language| {
                (
                    format!("{}.{language}", sample.name),
                    sample.mail.render(language),
                )
            })
        })
        .collect()
}

/// What a reader of the HTML sees, without tags, styles and the hidden preview line.
fn visible(html: &str) -> String {
    let body = html.split_once("<h1").expect("a heading").1;
    let mut text = String::new();
    let mut inside = true;
    for c in body.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(c),
            _ => {}
        }
    }
    text
}

#[test]
fn every_mail_is_as_it_was_read_and_approved() {
    for (name, mail) in renderings() {
        insta::assert_snapshot!(
            format!("{name}.txt"),
            format!("{}\n\n{}", mail.subject, mail.text)
        );
        insta::assert_snapshot!(format!("{name}.html"), mail.html);
    }
}

#[test]
fn every_declared_language_has_every_part_in_that_language() {
    for (name, mail) in renderings() {
        assert!(
            name.ends_with(mail.language.code()),
            "{name} is in {}",
            mail.language
        );
        assert!(!mail.subject.is_empty() && !mail.text.is_empty(), "{name}");
        assert!(
            mail.html.contains(&format!(
                "<html lang=\"{}\" dir=\"{}\">",
                mail.language,
                mail.language.direction()
            )),
            "{name}"
        );
        assert!(
            mail.html
                .contains(&format!("<title>{}</title>", escape(&mail.subject))),
            "{name}"
        );
        let german =
            mail.text.contains("Mit herzlichem Gruß") && mail.text.contains("automatisch verschickt");
        assert_eq!(german, mail.language == Language::De, "{name}");
    }
}

#[test]
fn every_folder_of_templates_has_a_sample_and_every_file_a_use() {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut expected = BTreeSet::new();
    for sample in samples::all() {
        for language in sample.mail.languages() {
            let trigger = sample.mail.trigger();
            let letter = format!("{trigger}/{language}.md");
            if templates.join(&letter).exists() {
                expected.insert(letter);
                continue;
            }
            for part in ["subject.txt", "txt", "html"] {
                expected.insert(format!("{trigger}/{language}.{part}"));
            }
        }
    }
    let mut found = BTreeSet::new();
    for folder in fs::read_dir(&templates).unwrap().map(Result::unwrap) {
        let trigger = folder.file_name().into_string().unwrap();
        if trigger != "layout" {
            for file in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
                found.insert(format!("{trigger}/{}", file.file_name().into_string().unwrap()));
            }
        }
    }
    assert_eq!(found, expected);
}

#[test]
fn a_mail_without_the_wished_language_comes_in_german() {
    for sample in samples::all() {
        assert_eq!(
            sample.mail.languages().first(),
            Some(&Language::De),
            "{}",
            sample.name
        );
        for language in Language::ALL {
            if !sample.mail.languages().contains(&language) {
                assert_eq!(
                    sample.mail.render(language),
                    sample.mail.render(Language::De),
                    "{}",
                    sample.name
                );
            }
        }
    }
}

#[test]
fn no_template_leaves_a_placeholder() {
    for (name, mail) in renderings() {
        for part in [&mail.subject, &mail.text, &visible(&mail.html)] {
            for trace in [
                "{{",
                "}}",
                "{%",
                "%}",
                "{#",
                "Some(",
                "&amp;amp;",
                "&lt;",
                "  ,",
                " ,",
            ] {
                assert!(!part.contains(trace), "{name} shows {trace}: {part}");
            }
        }
    }
}

#[test]
fn lines_of_text_stay_readable_and_links_stay_whole() {
    for (name, mail) in renderings() {
        for line in mail.text.lines() {
            // signs that stand above their letters, or that only join, part and turn them
            let narrow = |c: &char| matches!(c, '\u{64b}'..='\u{652}' | '\u{200b}'..='\u{200f}' | '\u{2066}'..='\u{2069}');
            let width = line.chars().filter(|c| !narrow(c)).count();
            assert!(
                width <= 72 || line.trim_start().starts_with("https://"),
                "{name}: {line}"
            );
            assert!(!line.ends_with(' ') && !line.contains('\t'), "{name}: {line:?}");
        }
        assert!(
            !mail.text.contains("\n\n\n") && mail.text.ends_with('\n'),
            "{name}"
        );
        assert!(
            !mail.subject.contains('\n') && mail.subject.chars().count() <= 80,
            "{name}: {}",
            mail.subject
        );
    }
}

#[test]
fn both_parts_name_a_human_being_with_phone_and_address() {
    for sample in samples::all() {
        let mail = sample.mail.render(Language::De);
        let people = [
            ("Katrin Sommer", "030 23125 120", "katrin.sommer@tandem.example"),
            (
                "Jonas Berger",
                "+49 (0)30 23125 140",
                "jonas.berger@tandem.example",
            ),
            (
                "Jana Köhler",
                "030 23125 230",
                "servicestelle.mitte@tandem.example",
            ),
        ];
        let signature = mail
            .text
            .split("Mit herzlichem Gruß")
            .nth(1)
            .expect("a signature");
        let (name, phone, email) = people
            .into_iter()
            .find(|(name, ..)| signature.contains(name))
            .expect("a human being");
        for part in [&mail.text, &visible(&mail.html)] {
            assert!(
                part.contains(name) && part.contains(phone) && part.contains(email),
                "{}",
                sample.name
            );
        }
    }
}

#[test]
fn the_text_holds_every_link_that_the_html_offers() {
    for (name, mail) in renderings() {
        for link in mail
            .html
            .split("href=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
        {
            if !link.starts_with("tel:") && !link.starts_with("mailto:") {
                assert!(mail.text.contains(link), "{name}: {link}");
            }
        }
    }
}

#[test]
fn html_loads_nothing_and_runs_nothing() {
    for (name, mail) in renderings() {
        for part in [
            "<script",
            "<img",
            "<link",
            "<table",
            "<iframe",
            "url(",
            "@import",
            "src=",
            "javascript:",
        ] {
            assert!(!mail.html.contains(part), "{name}: {part}");
        }
    }
}

#[test]
fn an_approach_can_be_answered_both_ways_and_asks_for_no_reason() {
    let data = samples::approach();
    for sample in samples::all()
        .into_iter()
        .filter(|sample| sample.mail.trigger() == "approach")
    {
        let mail = sample.mail.render(Language::De);
        for part in [&mail.text, &mail.html] {
            assert!(part.contains(data.yes_url.as_str()) && part.contains(data.no_url.as_str()));
            assert!(part.contains("Sie müssen nichts begründen."));
            assert!(part.contains("Montag, 7. Dezember 2026"));
        }
    }
}

#[test]
fn an_approach_tells_the_age_group_and_never_a_birth_date_or_a_status() {
    for (name, mail) in renderings()
        .into_iter()
        .filter(|(name, _)| name.starts_with("approach"))
    {
        for part in [&mail.text, &visible(&mail.html)] {
            let lower = part.to_lowercase();
            for word in [
                "geboren",
                "geburtsdatum",
                "born",
                "asyl",
                "aufenthalt",
                "asylum",
                "flucht",
                "flücht",
                "refugee",
            ] {
                assert!(!lower.contains(word), "{name}: {word}");
            }
        }
    }
}

#[test]
fn names_and_texts_from_data_cannot_become_html() {
    let mut approach = samples::approach();
    approach.expert.family_name = "<b onclick=\"x\">Weber</b> & Söhne".to_owned();
    approach.case.occupations = vec!["<script>alert(1)</script>".to_owned()];
    let mail = tandem_mail::Mail::render(&approach, Language::De);
    assert!(!mail.html.contains("<b onclick") && !mail.html.contains("<script"));
    assert!(
        mail.text.contains("<b onclick=\"x\">Weber</b> & Söhne"),
        "{}",
        mail.text
    );
}

#[test]
fn organisation_names_come_from_data_alone() {
    let mut approach = samples::approach();
    approach.letterhead.organisation.programme_name = "Brückenbau".to_owned();
    approach.letterhead.organisation.organisation_name = "Anderer Verein".to_owned();
    for language in [Language::De, Language::En] {
        let mail = tandem_mail::Mail::render(&approach, language);
        for part in [
            &mail.subject,
            &mail.text,
            &mail.html.replace("tandem.example", ""),
        ] {
            assert!(!part.replace("tandem.example", "").contains("Tandem"), "{part}");
        }
        assert!(mail.text.contains("Brückenbau · Anderer Verein"));
    }
}

/// Mails to mentees and guardians are those in all six languages.
#[test]
fn what_mentees_read_is_in_plain_language() {
    let mut seen = 0;
    for sample in samples::all() {
        let languages = sample.mail.languages();
        if !languages.contains(&Language::Ar) {
            continue;
        }
        assert_eq!(languages.len(), Language::ALL.len(), "{}", sample.name);
        for &language in languages {
            seen += 1;
            let mail = sample.mail.render(language);
            let letter = mail.text.replace('\n', " ");
            let body = letter.split("-----").next().unwrap();
            for sentence in body.split(['.', '!', '?', '؟', ':']) {
                let words = sentence
                    .split_whitespace()
                    .filter(|word| word.chars().any(char::is_alphabetic) && !word.contains("//"))
                    .count();
                assert!(
                    words <= 15,
                    "{}.{language}, {words} words: {sentence}",
                    sample.name
                );
            }
        }
    }
    assert!(seen >= 24, "{seen}");
}

#[test]
fn rendering_twice_gives_the_same_mail() {
    assert_eq!(renderings(), renderings());
}

fn escape(text: &str) -> String {
    text.replace('&', "&#38;")
        .replace('<', "&#60;")
        .replace('>', "&#62;")
        .replace('"', "&#34;")
        .replace('\'', "&#39;")
}
