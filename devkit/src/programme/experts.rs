//! `experts.csv`: Senior Experts with occupations, checks, trainings and pauses.

use chrono::{Days, Months, NaiveDate};
use rand::RngExt as _;
use rand_chacha::ChaCha20Rng;
use tandem_domain::cases::PROGRAMME_START;
use tandem_domain::text::fold_name;

use super::names::{FAMILY, OLDER_MEN, OLDER_WOMEN};
use super::occupations::{FORMER, Former, INTERESTS};
use super::organisation::{CENTERS, nearest_office};
use super::places::{Neighbourhoods, anywhere};
use super::{Plan, chance, csv, one, pick, several};

const HEADER: [&str; 32] = [
    "externalId",
    "office",
    "state",
    "activatedOn",
    "leftOn",
    "title",
    "givenName",
    "familyName",
    "gender",
    "birthDate",
    "street",
    "postalCode",
    "email",
    "phone",
    "capacity",
    "travelRadiusKm",
    "occupations",
    "interests",
    "languages",
    "supportAreas",
    "programmes",
    "preferredChannels",
    "motivation",
    "language",
    "pausedFrom",
    "pausedUntil",
    "checkKind",
    "checkCertificateDate",
    "checkInspectedOn",
    "checkValidUntil",
    "baseTraining",
    "interculturalTraining",
];

const STREETS: [&str; 12] = [
    "Hauptstraße",
    "Gartenweg",
    "Lindenallee",
    "Schillerstraße",
    "Am Mühlbach",
    "Goethestraße",
    "Kirchgasse",
    "Bergstraße",
    "Rosenweg",
    "Ahornring",
    "Ringstraße",
    "An der Linde",
];
const AREAS: [(&str, u32); 6] = [
    ("APPLICATION", 26),
    ("LANGUAGE", 24),
    ("SCHOOL_AND_WORK", 24),
    ("SOCIAL_CONTACTS", 16),
    ("AUTHORITIES", 9),
    ("OTHER", 2),
];
const PROGRAMMES: [(&str, u32); 4] = [
    ("VERA", 30),
    ("MOBIPRO_EU", 4),
    ("MAKE_IT_IN_GERMANY", 4),
    ("GERMAN_TUNISIAN_MOBILITY_PACT", 1),
];
const CHANNELS: [(&str, u32); 5] = [
    ("EMAIL", 30),
    ("PHONE", 25),
    ("IN_PERSON", 25),
    ("MESSENGER", 8),
    ("VIDEO", 7),
];
const FOREIGN: [(&str, u32); 12] = [
    ("en", 60),
    ("fr", 16),
    ("ru", 12),
    ("es", 7),
    ("it", 5),
    ("tr", 3),
    ("ar", 3),
    ("nl", 2),
    ("pl", 3),
    ("uk", 1),
    ("fa", 1),
    ("pt", 1),
];
const MOTIVATIONS: [&str; 8] = [
    "Ich möchte weitergeben, was ich in vierzig Berufsjahren gelernt habe.",
    "Ich habe Zeit und Freude daran, mit jungen Menschen zu arbeiten.",
    "Wer neu in Deutschland ist, braucht jemanden, der sich auskennt.",
    "Meine eigenen Eltern kamen als Flüchtlinge; ihnen wurde geholfen.",
    "Eine gute Ausbildung ist der beste Anfang. Dabei helfe ich gern.",
    "Nach vielen Auslandsjahren möchte ich hier etwas zurückgeben.",
    "Ich habe lange Lehrlinge ausgebildet und vermisse das.",
    "Ich lerne selbst gern dazu, auch über andere Kulturen.",
];

/// Where somebody stands with the programme.
#[derive(Clone, Copy, PartialEq)]
enum Standing {
    /// Check and trainings valid.
    Ready,
    /// The check ends within twelve weeks.
    Expiring,
    /// The check has ended.
    Expired,
    /// No check was ever shown.
    WithoutCheck,
    /// The base module alone.
    HalfTrained,
    /// In the list, no first talk yet.
    Registered,
    Suspended,
    Left,
}

const STANDINGS: [(Standing, u32); 8] = [
    (Standing::Ready, 73),
    (Standing::Expiring, 5),
    (Standing::Expired, 5),
    (Standing::WithoutCheck, 3),
    (Standing::HalfTrained, 4),
    (Standing::Registered, 6),
    (Standing::Suspended, 1),
    (Standing::Left, 3),
];

/// `experts.csv`.
pub(super) fn list(plan: &Plan, rng: &mut ChaCha20Rng) -> String {
    let neighbourhoods = Neighbourhoods::new();
    let centers: Vec<(usize, u32)> = CENTERS
        .iter()
        .enumerate()
        .map(|(index, center)| (index, center.experts))
        .collect();
    csv(
        HEADER,
        (1..=plan.experts).map(|number| expert(plan, rng, &neighbourhoods, &centers, number)),
    )
}

fn expert(
    plan: &Plan,
    rng: &mut ChaCha20Rng,
    neighbourhoods: &Neighbourhoods,
    centers: &[(usize, u32)],
    number: usize,
) -> [String; HEADER.len()] {
    let former = pick(rng, &FORMER);
    let woman = chance(rng, former.women);
    let given = if woman {
        *one(rng, &OLDER_WOMEN)
    } else {
        *one(rng, &OLDER_MEN)
    };
    let family = family_name(rng);
    let place = if chance(rng, 15) {
        anywhere(rng)
    } else {
        let center = *pick(rng, centers);
        neighbourhoods.near(rng, center)
    };
    let standing = *pick(rng, &STANDINGS);
    let (state, activated_on, left_on) = life(plan.day, rng, standing);
    let (check, trained) = papers(plan.day, rng, standing);
    let (paused_from, paused_until) = pause(plan.day, rng, standing);
    let age_days = rng.random_range(60 * 365 + 30..85 * 365);
    let gender = match (chance(rng, 96), woman) {
        (false, _) => "",
        (true, true) => "FEMALE",
        (true, false) => "MALE",
    };
    [
        format!("SE-{number:05}"),
        nearest_office(place).key.to_owned(),
        state.to_owned(),
        date(activated_on),
        date(left_on),
        title(rng, former).to_owned(),
        given.to_owned(),
        family.clone(),
        gender.to_owned(),
        date(Some(plan.day - Days::new(age_days))),
        format!("{} {}", one(rng, &STREETS), rng.random_range(1..120)),
        place.postal_code.to_string(),
        address(given, &family, number),
        format!(
            "0{} {}",
            rng.random_range(151..180),
            rng.random_range(1_000_000..9_999_999)
        ),
        (*pick(rng, &[("1", 72), ("2", 22), ("3", 6)])).to_owned(),
        (*pick(
            rng,
            &[
                ("15", 8),
                ("20", 18),
                ("25", 14),
                ("30", 30),
                ("40", 16),
                ("50", 9),
                ("60", 5),
            ],
        ))
        .to_owned(),
        occupations(rng, former, woman),
        interests(rng),
        languages(rng),
        areas(rng),
        programmes(rng),
        channels(rng),
        if chance(rng, 45) {
            (*one(rng, &MOTIVATIONS)).to_owned()
        } else {
            String::new()
        },
        "de".to_owned(),
        date(paused_from),
        date(paused_until),
        check.map_or_else(String::new, |check| check.kind.to_owned()),
        date(check.map(|check| check.certificate)),
        date(check.map(|check| check.inspected)),
        String::new(),
        date(trained[0]),
        date(trained[1]),
    ]
}

fn date(day: Option<NaiveDate>) -> String {
    day.map_or_else(String::new, |day| day.to_string())
}

fn ago(day: NaiveDate, rng: &mut ChaCha20Rng, days: std::ops::Range<u64>) -> NaiveDate {
    day - Days::new(rng.random_range(days))
}

fn family_name(rng: &mut ChaCha20Rng) -> String {
    let first = *pick(rng, &FAMILY);
    if chance(rng, 4) {
        let second = *pick(rng, &FAMILY);
        if second != first {
            return format!("{first}-{second}");
        }
    }
    first.to_owned()
}

fn title(rng: &mut ChaCha20Rng, former: &Former) -> &'static str {
    let professor = former.code.starts_with("8430");
    let doctor = former.code.starts_with("814") || former.code.starts_with("413");
    match rng.random_range(0..100) {
        0..75 if professor => "Prof. Dr.",
        _ if professor => "Prof.",
        0..70 if doctor => "Dr.",
        0..14 if former.academic => "Dr.",
        14..40 if former.academic && former.code.starts_with(['2', '3']) => "Dipl.-Ing.",
        _ => "",
    }
}

/// An address that nobody has: example.org is reserved for examples.
pub(super) fn address(given: &str, family: &str, number: usize) -> String {
    format!("{}.{}.{number}@example.org", in_ascii(given), in_ascii(family))
}

fn in_ascii(name: &str) -> String {
    name.to_lowercase()
        .chars()
        .map(|c| match c {
            'ä' => "ae".to_owned(),
            'ö' => "oe".to_owned(),
            'ü' => "ue".to_owned(),
            c if c.is_ascii_alphanumeric() => c.to_string(),
            c if c.is_alphabetic() => fold_name(c.encode_utf8(&mut [0; 4])),
            _ => "-".to_owned(),
        })
        .collect()
}

fn life(
    day: NaiveDate,
    rng: &mut ChaCha20Rng,
    standing: Standing,
) -> (&'static str, Option<NaiveDate>, Option<NaiveDate>) {
    let activated = ago(day, rng, 40..2_400).max(PROGRAMME_START);
    let left = ago(day, rng, 1..35);
    match standing {
        Standing::Registered => ("REGISTERED", None, None),
        Standing::Suspended => ("SUSPENDED", Some(activated), None),
        Standing::Left => ("LEFT", Some(activated), Some(left)),
        _ => ("ACTIVE", Some(activated), None),
    }
}

#[derive(Clone, Copy)]
struct Check {
    kind: &'static str,
    certificate: NaiveDate,
    inspected: NaiveDate,
}

/// The check, and when both modules were attended.
fn papers(
    day: NaiveDate,
    rng: &mut ChaCha20Rng,
    standing: Standing,
) -> (Option<Check>, [Option<NaiveDate>; 2]) {
    let five_years_ago = day - Months::new(60);
    let inspected = match standing {
        Standing::Registered | Standing::WithoutCheck | Standing::Left => None,
        Standing::Expiring => Some(five_years_ago + Days::new(rng.random_range(1..80))),
        Standing::Expired => Some(five_years_ago - Days::new(rng.random_range(3..300))),
        _ => Some(ago(day, rng, 5..1_700)),
    };
    let kind = if chance(rng, 58) { "EXTENDED" } else { "SIMPLE" };
    let age = Days::new(rng.random_range(4..75));
    let check = inspected.map(|inspected| Check {
        kind,
        certificate: inspected - age,
        inspected,
    });
    let base = ago(day, rng, 60..3_000);
    let intercultural = ago(day, rng, 20..2_200).max(PROGRAMME_START);
    let trained = match standing {
        Standing::Registered => [None, None],
        Standing::HalfTrained => [Some(base), None],
        _ => [Some(base), Some(intercultural)],
    };
    (check, trained)
}

fn pause(
    day: NaiveDate,
    rng: &mut ChaCha20Rng,
    standing: Standing,
) -> (Option<NaiveDate>, Option<NaiveDate>) {
    if matches!(standing, Standing::Registered | Standing::Left) || !chance(rng, 5) {
        return (None, None);
    }
    let from = ago(day, rng, 1..90);
    let until = chance(rng, 60).then(|| day + Days::new(rng.random_range(10..150)));
    (Some(from), until)
}

fn occupations(rng: &mut ChaCha20Rng, former: &Former, woman: bool) -> String {
    let written = |former: &Former| {
        format!(
            "{} {}",
            former.code,
            if woman { former.woman } else { former.man }
        )
    };
    let mut all = written(former);
    if chance(rng, 18) {
        let second = pick(rng, &FORMER);
        if second.code != former.code {
            all = format!("{all} | {}", written(second));
        }
    }
    all
}

fn interests(rng: &mut ChaCha20Rng) -> String {
    let count = *pick(rng, &[(0, 20), (1, 35), (2, 30), (3, 15)]);
    several(rng, &INTERESTS, count).join(" | ")
}

fn languages(rng: &mut ChaCha20Rng) -> String {
    let count = *pick(rng, &[(0, 30), (1, 48), (2, 18), (3, 4)]);
    let mut all = vec!["de"];
    all.extend(several(rng, &FOREIGN, count));
    all.join(" ")
}

fn areas(rng: &mut ChaCha20Rng) -> String {
    let count = *pick(rng, &[(1, 8), (2, 38), (3, 36), (4, 18)]);
    several(rng, &AREAS, count).join(" | ")
}

fn programmes(rng: &mut ChaCha20Rng) -> String {
    let count = *pick(rng, &[(0, 55), (1, 40), (2, 5)]);
    several(rng, &PROGRAMMES, count).join(" | ")
}

fn channels(rng: &mut ChaCha20Rng) -> String {
    let count = *pick(rng, &[(0, 25), (1, 40), (2, 35)]);
    several(rng, &CHANNELS, count).join(" | ")
}
