//! Senior Experts: what they carry, how their life in the programme goes (domain.md "Life of an
//! expert").

mod search;

pub use search::search_words;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::cases::PROGRAMME_START;
use crate::errors::{InvalidTransition, Problems, UserError};
use crate::occupations::KldbCode;
use crate::postal_codes::PostalCode;
use crate::values::{
    Channel, Email, Gender, Language, Programme, SupportArea, optional_line, optional_text, required_line,
    words,
};

/// How many matches at once an expert may take on.
pub const CAPACITY: std::ops::RangeInclusive<i64> = 1..=10;
/// How far an expert travels, in kilometres.
pub const TRAVEL_RADIUS_KM: std::ops::RangeInclusive<i64> = 1..=300;
/// Nobody in the programme was born before this year.
const EARLIEST_BIRTH_YEAR: i32 = 1915;

words! {
    /// `REGISTERED → ACTIVE → LEFT`, with `SUSPENDED` beside `ACTIVE`. "Paused" is no state: it
    /// follows from dates.
    ExpertState {
        /// In the list, no first talk yet.
        Registered,
        /// Activated by the office after a first talk (S27).
        Active,
        /// Suspended at once in an emergency.
        Suspended,
        /// No longer in the programme.
        Left,
    }

    /// A former occupation, or an interest that is none (S50).
    OccupationKind {
        /// What the expert worked as.
        Occupation,
        /// What the expert likes besides.
        Interest,
    }
}

impl ExpertState {
    fn step(self, step: &'static str, from: &[Self], to: Self) -> Result<Self, InvalidTransition> {
        if from.contains(&self) {
            Ok(to)
        } else {
            Err(InvalidTransition {
                entity: "this expert",
                from: self.to_string(),
                step,
            })
        }
    }

    /// The office activates after a first talk.
    pub fn activate(self) -> Result<Self, InvalidTransition> {
        self.step("activated", &[Self::Registered], Self::Active)
    }

    /// The office suspends in an emergency.
    pub fn suspend(self) -> Result<Self, InvalidTransition> {
        self.step("suspended", &[Self::Active], Self::Suspended)
    }

    /// The office takes a suspended expert back.
    pub fn reinstate(self) -> Result<Self, InvalidTransition> {
        self.step("reinstated", &[Self::Suspended], Self::Active)
    }

    /// The expert leaves.
    pub fn leave(self) -> Result<Self, InvalidTransition> {
        self.step(
            "recorded as having left",
            &[Self::Registered, Self::Active, Self::Suspended],
            Self::Left,
        )
    }
}

/// An occupation or interest: free text, and the KldB 2010 code where it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpertOccupation {
    /// Occupation or interest.
    pub kind: OccupationKind,
    /// One to five digits of KldB 2010; the fifth is the level of requirement (S22).
    pub kldb_code: Option<KldbCode>,
    /// In the expert's words.
    pub label: String,
}

/// An interval in which an expert is not available; both days belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// First day.
    pub from: NaiveDate,
    /// Last day; none: until further notice.
    pub until: Option<NaiveDate>,
}

impl Pause {
    /// Whether the expert is paused on that day.
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}

/// An expert's own data, validated; what registering, updating and importing have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpertProfile {
    /// The id in the list that the expert came from.
    pub external_id: Option<String>,
    /// Academic title, as "Dr.".
    pub title: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Where given.
    pub gender: Option<Gender>,
    /// For the request letter only.
    pub birth_date: Option<NaiveDate>,
    /// For the request letter only.
    pub street: String,
    /// Where the expert lives; coordinates follow from it.
    pub postal_code: PostalCode,
    /// Where approaches go.
    pub email: Email,
    /// Telephone.
    pub phone: String,
    /// How many matches at once.
    pub capacity: u8,
    /// In kilometres.
    pub travel_radius_km: u16,
    /// Former occupations and interests, the most important first.
    pub occupations: Vec<ExpertOccupation>,
    /// Languages besides or including German.
    pub languages: Vec<Language>,
    /// Areas in which the expert offers support.
    pub support_areas: Vec<SupportArea>,
    /// Earlier one-to-one programmes (S24).
    pub programmes: Vec<Programme>,
    /// Preferred channels (S48).
    pub preferred_channels: Vec<Channel>,
    /// Why, in the expert's words (S29).
    pub motivation: String,
    /// Correspondence language.
    pub language: Language,
    /// Consent to publicity (S54): separate, off by default.
    pub publicity_consent: bool,
}

/// The same as it was typed: text that is not checked yet.
#[derive(Debug, Clone, Default)]
pub struct ExpertDraft {
    /// See [`ExpertProfile`]; so for every field.
    pub external_id: Option<String>,
    /// Academic title.
    pub title: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Gender.
    pub gender: Option<Gender>,
    /// Birth date.
    pub birth_date: Option<NaiveDate>,
    /// Street and number.
    pub street: String,
    /// Postal code.
    pub postal_code: String,
    /// E-mail address.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Default 1.
    pub capacity: Option<i64>,
    /// Kilometres, default 30.
    pub travel_radius_km: Option<i64>,
    /// Kind, code and label.
    pub occupations: Vec<(OccupationKind, Option<String>, String)>,
    /// ISO 639 codes.
    pub languages: Vec<String>,
    /// Areas offered.
    pub support_areas: Vec<SupportArea>,
    /// Earlier programmes.
    pub programmes: Vec<Programme>,
    /// Preferred channels.
    pub preferred_channels: Vec<Channel>,
    /// Motivation.
    pub motivation: String,
    /// Correspondence language, default German.
    pub language: Option<String>,
    /// Consent to publicity.
    pub publicity_consent: bool,
}

/// Checks a number against its range.
pub fn in_range(name: &str, value: i64, range: &std::ops::RangeInclusive<i64>) -> Result<i64, String> {
    if range.contains(&value) {
        Ok(value)
    } else {
        Err(format!(
            "{name} {value} is out of range: it must be from {} to {}",
            range.start(),
            range.end()
        ))
    }
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort();
    values.dedup();
    values
}

impl ExpertDraft {
    /// Checks every field; `known` tells whether a postal code exists.
    ///
    /// # Errors
    /// Every problem at once, each with its field.
    pub fn validate(
        self,
        today: NaiveDate,
        known: impl Fn(&PostalCode) -> bool,
    ) -> Result<ExpertProfile, Vec<UserError>> {
        let mut problems = Problems::new();
        let external_id = match self.external_id.as_deref().map(str::trim) {
            None | Some("") => Some(None),
            Some(id) => problems
                .take("externalId", required_line("external id", id, 100))
                .map(Some),
        };
        let title = problems.take("title", optional_line("title", &self.title, 50));
        let given_name = problems.take("givenName", required_line("given name", &self.given_name, 100));
        let family_name = problems.take("familyName", required_line("family name", &self.family_name, 100));
        if let Some(date) = self.birth_date {
            problems.take("birthDate", check_birth_date(date, today, EARLIEST_BIRTH_YEAR));
        }
        let street = problems.take("street", optional_line("street", &self.street, 200));
        let postal_code = problems.take("postalCode", check_postal_code(&self.postal_code, known));
        let email = problems.take("email", self.email.parse::<Email>());
        let phone = problems.take("phone", check_phone(&self.phone));
        let capacity = problems.take(
            "capacity",
            in_range("capacity", self.capacity.unwrap_or(1), &CAPACITY),
        );
        let travel_radius_km = problems.take(
            "travelRadiusKm",
            in_range(
                "travel radius in km",
                self.travel_radius_km.unwrap_or(30),
                &TRAVEL_RADIUS_KM,
            ),
        );
        let mut occupations = Vec::with_capacity(self.occupations.len());
        for (position, (kind, code, label)) in self.occupations.into_iter().enumerate() {
            let code = match code.as_deref().map(str::trim) {
                None | Some("") => Some(None),
                Some(code) => problems
                    .take(
                        &format!("occupations.{position}.kldbCode"),
                        code.parse::<KldbCode>(),
                    )
                    .map(Some),
            };
            let label = problems.take(
                &format!("occupations.{position}.label"),
                required_line("occupation", &label, 200),
            );
            if let (Some(kldb_code), Some(label)) = (code, label) {
                occupations.push(ExpertOccupation {
                    kind,
                    kldb_code,
                    label,
                });
            }
        }
        let mut languages = Vec::with_capacity(self.languages.len());
        for (position, language) in self.languages.iter().enumerate() {
            languages.extend(problems.take(&format!("languages.{position}"), language.parse::<Language>()));
        }
        let motivation = problems.take("motivation", optional_text("motivation", &self.motivation, 4000));
        let language = problems.take(
            "language",
            self.language.as_deref().unwrap_or("de").parse::<Language>(),
        );
        let profile = (|| {
            Some(ExpertProfile {
                external_id: external_id?,
                title: title?,
                given_name: given_name?,
                family_name: family_name?,
                gender: self.gender,
                birth_date: self.birth_date,
                street: street?,
                postal_code: postal_code?,
                email: email?,
                phone: phone?,
                capacity: capacity? as u8,
                travel_radius_km: travel_radius_km? as u16,
                occupations,
                languages: sorted(languages),
                support_areas: sorted(self.support_areas),
                programmes: sorted(self.programmes),
                preferred_channels: sorted(self.preferred_channels),
                motivation: motivation?,
                language: language?,
                publicity_consent: self.publicity_consent,
            })
        })();
        problems.finish(profile)
    }
}

/// A postal code that is written rightly and exists.
pub fn check_postal_code(text: &str, known: impl Fn(&PostalCode) -> bool) -> Result<PostalCode, String> {
    let code = text.parse::<PostalCode>().map_err(|error| error.to_string())?;
    if known(&code) {
        Ok(code)
    } else {
        Err(format!(
            "postal code {text:?} does not exist in Germany: check its five digits"
        ))
    }
}

/// A birth date that somebody alive can have.
pub fn check_birth_date(date: NaiveDate, today: NaiveDate, earliest_year: i32) -> Result<NaiveDate, String> {
    use chrono::Datelike;
    if date > today {
        Err(format!("birth date {date} lies in the future"))
    } else if date.year() < earliest_year {
        Err(format!(
            "birth date {date} is too long ago: the year must be {earliest_year} or later"
        ))
    } else {
        Ok(date)
    }
}

/// The day of an activation on the programme's behalf (S2, S27).
pub fn check_activation(day: NaiveDate, today: NaiveDate) -> Result<NaiveDate, String> {
    if day > today {
        Err(format!("activation date {day} lies in the future"))
    } else if day < PROGRAMME_START {
        Err(format!(
            "activation date {day} is before the programme began ({PROGRAMME_START})"
        ))
    } else {
        Ok(day)
    }
}

/// A telephone number as people write it: digits, blanks and `+-/().`; empty is allowed.
pub fn check_phone(text: &str) -> Result<String, String> {
    let phone = optional_line("telephone number", text, 40)?;
    let well_formed = phone.chars().all(|c| c.is_ascii_digit() || " +-/().".contains(c));
    if phone.is_empty() || (well_formed && phone.chars().filter(char::is_ascii_digit).count() >= 4) {
        Ok(phone)
    } else {
        Err(format!(
            "telephone number {text:?} must have at least 4 digits and only digits, blanks and +-/()."
        ))
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn draft() -> ExpertDraft {
        ExpertDraft {
            given_name: "Jörg".into(),
            family_name: "Müller".into(),
            postal_code: "01067".into(),
            email: "joerg@example.org".into(),
            ..ExpertDraft::default()
        }
    }

    fn fields(draft: ExpertDraft) -> Vec<String> {
        let errors = draft
            .validate(day("2026-11-23"), |code| code.as_str() != "99999")
            .unwrap_err();
        errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn a_minimal_expert_gets_the_defaults() {
        let profile = draft().validate(day("2026-11-23"), |_| true).unwrap();
        assert_eq!(
            (
                profile.capacity,
                profile.travel_radius_km,
                profile.language.as_str()
            ),
            (1, 30, "de")
        );
        assert!(!profile.publicity_consent);
    }

    #[test]
    fn every_problem_is_reported_at_once_with_its_field() {
        let bad = ExpertDraft {
            given_name: " ".into(),
            birth_date: Some(day("2027-01-01")),
            postal_code: "99999".into(),
            email: "nobody".into(),
            capacity: Some(0),
            travel_radius_km: Some(1000),
            languages: vec!["german".into()],
            ..draft()
        };
        assert_eq!(
            fields(bad),
            [
                "givenName",
                "birthDate",
                "postalCode",
                "email",
                "capacity",
                "travelRadiusKm",
                "languages.0"
            ]
        );
    }

    #[test]
    fn capacity_is_from_one_to_ten() {
        for (capacity, ok) in [(0, false), (1, true), (10, true), (11, false), (1000, false)] {
            let checked = ExpertDraft {
                capacity: Some(capacity),
                ..draft()
            }
            .validate(day("2026-11-23"), |_| true);
            assert_eq!(checked.is_ok(), ok, "{capacity}");
        }
    }

    #[test]
    fn nobody_was_activated_before_the_programme_began_or_will_have_been_tomorrow() {
        let today = day("2026-11-23");
        for (date, ok) in [
            ("2016-07-31", false),
            ("2016-08-01", true),
            ("2026-11-23", true),
            ("2026-11-24", false),
        ] {
            assert_eq!(check_activation(day(date), today).is_ok(), ok, "{date}");
        }
    }

    #[test]
    fn a_pause_covers_both_its_days() {
        let pause = Pause {
            from: day("2026-03-01"),
            until: Some(day("2026-03-31")),
        };
        for (date, covered) in [
            ("2026-02-28", false),
            ("2026-03-01", true),
            ("2026-03-31", true),
            ("2026-04-01", false),
        ] {
            assert_eq!(pause.covers(day(date)), covered, "{date}");
        }
        assert!(
            Pause {
                from: day("2026-03-01"),
                until: None
            }
            .covers(day("2099-01-01"))
        );
    }

    #[test]
    fn an_expert_goes_only_the_ways_that_the_programme_knows() {
        use ExpertState::{Active, Left, Registered, Suspended};
        type Step = fn(ExpertState) -> Result<ExpertState, InvalidTransition>;
        let steps: [(Step, &[(ExpertState, ExpertState)]); 4] = [
            (ExpertState::activate, &[(Registered, Active)]),
            (ExpertState::suspend, &[(Active, Suspended)]),
            (ExpertState::reinstate, &[(Suspended, Active)]),
            (
                ExpertState::leave,
                &[(Registered, Left), (Active, Left), (Suspended, Left)],
            ),
        ];
        for (step, allowed) in steps {
            for &from in ExpertState::VARIANTS {
                let expected = allowed
                    .iter()
                    .find(|(state, _)| *state == from)
                    .map(|(_, to)| *to);
                assert_eq!(step(from).ok(), expected, "{from}");
            }
        }
    }
}
