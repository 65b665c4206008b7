//! `cases.csv`: mentees with their cases, all of them accepted and waiting.

use chrono::Days;
use rand::RngExt as _;
use rand_chacha::ChaCha20Rng;

use super::experts::address;
use super::names::{ORIGINS, Origin};
use super::occupations::{WANTED, catalogued};
use super::organisation::{CENTERS, contact};
use super::{Plan, chance, csv, one, pick, several};

const HEADER: [&str; 33] = [
    "externalId",
    "center",
    "givenName",
    "familyName",
    "gender",
    "birthDate",
    "email",
    "phone",
    "language",
    "firstLanguage",
    "firstLanguageConsent",
    "languages",
    "germanLevel",
    "germanLevelOn",
    "germanLevelSource",
    "guardianKind",
    "guardianName",
    "guardianEmail",
    "guardianPhone",
    "contactName",
    "menteeWishes",
    "centerWishes",
    "startLevel",
    "radiusKm",
    "plannedStart",
    "expertGenderWish",
    "supportAreas",
    "occupations",
    "eligibilityConfirmed",
    "menteeConsentOn",
    "guardianConsentOn",
    "state",
    "submittedOn",
];

const AREAS: [(&str, u32); 5] = [
    ("LANGUAGE", 34),
    ("APPLICATION", 30),
    ("SCHOOL_AND_WORK", 18),
    ("SOCIAL_CONTACTS", 14),
    ("AUTHORITIES", 8),
];
const WISHES: [&str; 7] = [
    "Ich möchte eine Ausbildung finden und mein Deutsch verbessern.",
    "Ich brauche Hilfe bei Bewerbungen und beim Vorstellungsgespräch.",
    "Ich möchte mehr Menschen kennenlernen und einen Verein finden.",
    "Ich möchte wissen, welcher Beruf zu mir passt.",
    "Ich will die Fachsprache für die Berufsschule lernen.",
    "Ich suche jemanden, der den Beruf gut kennt.",
    "Ich möchte über meine Zukunft sprechen.",
];
const CENTER_WISHES: [&str; 5] = [
    "Regelmäßige Treffen, gern einmal in der Woche.",
    "Erfahrung mit Ausbildungsbetrieben in der Region ist hilfreich.",
    "Bitte Geduld mitbringen; die Person lernt schnell.",
    "Ein ruhiger Ort zum Lernen steht bei uns bereit.",
    "Unterstützung bei Mathematik für die Berufsschule.",
];
const START_LEVELS: [&str; 5] = [
    "Schulabschluss im Herkunftsland, Zeugnisse übersetzt.",
    "Hauptschulabschluss in Deutschland.",
    "Mittlerer Schulabschluss in Deutschland.",
    "Praktikum gemacht, noch keine Bewerbung geschrieben.",
    "Berufserfahrung im Herkunftsland, kein Nachweis.",
];
const RELATIVES: [&str; 4] = ["Hana", "Karim", "Nadia", "Yusuf"];

/// `cases.csv`.
pub(super) fn list(plan: &Plan, rng: &mut ChaCha20Rng) -> String {
    let all: u32 = CENTERS.iter().map(|center| center.cases).sum();
    // every centre its share, the rest at random
    let mut centers = Vec::with_capacity(plan.cases);
    for (index, center) in CENTERS.iter().enumerate() {
        let share = plan.cases * center.cases as usize / all as usize;
        centers.extend(std::iter::repeat_n(index, share));
    }
    let weights: Vec<(usize, u32)> = CENTERS
        .iter()
        .enumerate()
        .map(|(index, center)| (index, center.cases))
        .collect();
    while centers.len() < plan.cases {
        centers.push(*pick(rng, &weights));
    }
    csv(
        HEADER,
        centers
            .into_iter()
            .enumerate()
            .map(|(number, center)| case(plan, rng, number + 1, center)),
    )
}

fn case(plan: &Plan, rng: &mut ChaCha20Rng, number: usize, center: usize) -> [String; HEADER.len()] {
    let origin = pick(rng, &ORIGINS);
    let man = chance(rng, origin.men);
    let given = *one(rng, if man { origin.given_men } else { origin.given_women });
    let family = *one(rng, origin.family);
    // a few are minors; most are of age
    let minor = chance(rng, 12);
    let age_days = if minor {
        rng.random_range(16 * 366..17 * 365)
    } else {
        rng.random_range(18 * 366..27 * 365)
    };
    let born = plan.day - Days::new(age_days);
    // the square makes recent cases more frequent than old ones
    let waited: f64 = rng.random_range(0.0..1.0);
    let submitted = plan.day - Days::new(1 + (waited * waited * 199.0) as u64);
    let consent = submitted - Days::new(rng.random_range(0..14));
    let level = *pick(
        rng,
        &[
            ("A1", 8),
            ("A2", 26),
            ("B1", 40),
            ("B2", 20),
            ("C1", 5),
            ("NONE", 1),
        ],
    );
    let consented = chance(rng, 60);
    let guardian = guardian(rng, minor, number, family);
    let [kind, name, email, phone] = guardian;
    [
        format!("M-{number:05}"),
        CENTERS[center].key.to_owned(),
        given.to_owned(),
        family.to_owned(),
        if man { "MALE" } else { "FEMALE" }.to_owned(),
        born.to_string(),
        if chance(rng, 85) {
            address(given, family, 500_000 + number)
        } else {
            String::new()
        },
        format!(
            "0{} {}",
            rng.random_range(151..180),
            rng.random_range(1_000_000..9_999_999)
        ),
        correspondence(rng, origin, level).to_owned(),
        if consented { origin.language } else { "" }.to_owned(),
        if consented { "ja" } else { "nein" }.to_owned(),
        languages(rng, origin),
        level.to_owned(),
        (submitted - Days::new(rng.random_range(5..120))).to_string(),
        (*one(rng, &["Zertifikat", "Sprachkurs", "eigene Einschätzung"])).to_owned(),
        kind,
        name,
        email,
        phone,
        contact(center).to_owned(),
        (*one(rng, &WISHES)).to_owned(),
        if chance(rng, 60) {
            (*one(rng, &CENTER_WISHES)).to_owned()
        } else {
            String::new()
        },
        if chance(rng, 70) {
            (*one(rng, &START_LEVELS)).to_owned()
        } else {
            String::new()
        },
        (*pick(rng, &[("30", 70), ("20", 15), ("40", 15)])).to_owned(),
        (plan.day + Days::new(rng.random_range(7..60))).to_string(),
        gender_wish(rng, man).to_owned(),
        areas(rng),
        occupations(rng),
        "ja".to_owned(),
        consent.to_string(),
        if minor { consent.to_string() } else { String::new() },
        "SEARCHING".to_owned(),
        submitted.to_string(),
    ]
}

/// Kind, name, e-mail and telephone of the guardian of a minor.
fn guardian(rng: &mut ChaCha20Rng, minor: bool, number: usize, family: &str) -> [String; 4] {
    if !minor {
        return Default::default();
    }
    let phone = format!("030 {}", rng.random_range(100_000..999_999));
    if chance(rng, 55) {
        let name = format!("Jugendamt, Vormundschaften, Team {}", rng.random_range(1..9));
        [
            "INSTITUTION".to_owned(),
            name,
            format!("vormund.{number}@example.org"),
            phone,
        ]
    } else {
        let given = *one(rng, &RELATIVES);
        [
            "PERSON".to_owned(),
            format!("{given} {family}"),
            address(given, family, 700_000 + number),
            phone,
        ]
    }
}

/// Who knows little German chooses a language with templates for mentees; the rest German.
fn correspondence(rng: &mut ChaCha20Rng, origin: &Origin, level: &str) -> &'static str {
    let little = matches!(level, "NONE" | "A1" | "A2");
    match origin.language {
        language @ ("ar" | "fa" | "uk") if little && chance(rng, 60) => language,
        "ps" if little && chance(rng, 60) => "fa",
        _ => "de",
    }
}

fn languages(rng: &mut ChaCha20Rng, origin: &Origin) -> String {
    let mut all = vec![origin.language, "de"];
    for language in origin.besides {
        if chance(rng, 45) {
            all.push(language);
        }
    }
    all.join(" ")
}

fn gender_wish(rng: &mut ChaCha20Rng, man: bool) -> &'static str {
    match rng.random_range(0..100) {
        0..9 if !man => "FEMALE",
        0..1 if man => "MALE",
        _ => "",
    }
}

/// The most important first: priorities one to three by their order.
fn areas(rng: &mut ChaCha20Rng) -> String {
    let count = *pick(rng, &[(1, 15), (2, 45), (3, 40)]);
    several(rng, &AREAS, count).join(" | ")
}

fn occupations(rng: &mut ChaCha20Rng) -> String {
    let count = *pick(rng, &[(1, 45), (2, 42), (3, 13)]);
    several(rng, &WANTED, count)
        .into_iter()
        .map(|id| {
            let (code, title) = catalogued(id);
            format!("{code} {title}")
        })
        .collect::<Vec<_>>()
        .join(" | ")
}
