//! Mentees: what is stored of a young person, and what is not (no religion, health, city of origin,
//! asylum file; L).

use chrono::NaiveDate;

use crate::errors::{Problems, UserError};
use crate::experts::{check_birth_date, check_phone};
use crate::values::{CefrLevel, Email, Gender, Language, optional_line, required_line, words};

words! {
    /// Who stands beside a mentee under 18.
    GuardianKind {
        /// A parent or appointed person.
        Person,
        /// A youth welfare office.
        Institution,
    }
}

/// A guardian: no role, a person or institution beside a mentee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guardian {
    /// Person or institution.
    pub kind: GuardianKind,
    /// Name.
    pub name: String,
    /// Where answers by link go.
    pub email: Option<Email>,
    /// Telephone.
    pub phone: String,
}

/// A mentee's data, validated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenteeProfile {
    /// The id in the centre's own list.
    pub external_id: Option<String>,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Where given.
    pub gender: Option<Gender>,
    /// Decides about guardian and kind of check.
    pub birth_date: NaiveDate,
    /// Not required: links can be printed.
    pub email: Option<Email>,
    /// Telephone.
    pub phone: String,
    /// The language this person chose to be written to in.
    pub language: Language,
    /// Only with the person's consent.
    pub first_language: Option<Language>,
    /// Languages the person speaks.
    pub languages: Vec<Language>,
    /// German (S39).
    pub german_level: CefrLevel,
    /// When it was known.
    pub german_level_on: Option<NaiveDate>,
    /// How it is known: certificate, course, own estimate.
    pub german_level_source: String,
    /// For a mentee under 18.
    pub guardian: Option<Guardian>,
}

/// The same as it was typed.
#[derive(Debug, Clone, Default)]
pub struct MenteeDraft {
    /// See [`MenteeProfile`]; so for every field.
    pub external_id: Option<String>,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Gender.
    pub gender: Option<Gender>,
    /// Birth date.
    pub birth_date: Option<NaiveDate>,
    /// E-mail.
    pub email: Option<String>,
    /// Telephone.
    pub phone: String,
    /// Correspondence language, default German.
    pub language: Option<String>,
    /// First language.
    pub first_language: Option<String>,
    /// Whether the person agreed that the first language is stored.
    pub first_language_consent: bool,
    /// Languages.
    pub languages: Vec<String>,
    /// German.
    pub german_level: Option<CefrLevel>,
    /// Since when.
    pub german_level_on: Option<NaiveDate>,
    /// How it is known.
    pub german_level_source: String,
    /// Kind of guardian.
    pub guardian_kind: Option<GuardianKind>,
    /// Name of the guardian.
    pub guardian_name: String,
    /// E-mail of the guardian.
    pub guardian_email: Option<String>,
    /// Telephone of the guardian.
    pub guardian_phone: String,
}

fn optional_email(problems: &mut Problems, field: &str, text: Option<&str>) -> Option<Option<Email>> {
    match text.map(str::trim) {
        None | Some("") => Some(None),
        Some(text) => problems.take(field, text.parse::<Email>()).map(Some),
    }
}

impl MenteeDraft {
    /// Checks every field.
    ///
    /// # Errors
    /// Every problem at once, each with its field.
    pub fn validate(self, today: NaiveDate) -> Result<MenteeProfile, Vec<UserError>> {
        let mut problems = Problems::new();
        let external_id = match self.external_id.as_deref().map(str::trim) {
            None | Some("") => Some(None),
            Some(id) => problems
                .take("externalId", required_line("external id", id, 100))
                .map(Some),
        };
        let given_name = problems.take("givenName", required_line("given name", &self.given_name, 100));
        let family_name = problems.take("familyName", required_line("family name", &self.family_name, 100));
        let birth_date = if let Some(date) = self.birth_date {
            problems.take("birthDate", check_birth_date(date, today, 1950))
        } else {
            problems.invalid(
                "birthDate",
                "birth date is needed: it decides about guardian and kind of check",
            );
            None
        };
        let email = optional_email(&mut problems, "email", self.email.as_deref());
        let phone = problems.take("phone", check_phone(&self.phone));
        let language = problems.take(
            "language",
            self.language.as_deref().unwrap_or("de").parse::<Language>(),
        );
        let first_language = match self.first_language.as_deref().map(str::trim) {
            None | Some("") => Some(None),
            Some(_) if !self.first_language_consent => {
                problems.invalid(
                    "firstLanguageConsent",
                    "the first language is stored only with the mentee's consent",
                );
                None
            }
            Some(text) => problems.take("firstLanguage", text.parse::<Language>()).map(Some),
        };
        let mut languages = Vec::new();
        for (position, text) in self.languages.iter().enumerate() {
            languages.extend(problems.take(&format!("languages.{position}"), text.parse::<Language>()));
        }
        languages.sort();
        languages.dedup();
        if let Some(date) = self.german_level_on.filter(|date| *date > today) {
            problems.invalid("germanLevelOn", format!("date {date} lies in the future"));
        }
        let german_level_source = problems.take(
            "germanLevelSource",
            optional_line("source of the German level", &self.german_level_source, 100),
        );
        let guardian = match self.guardian_kind {
            None => {
                if !self.guardian_name.trim().is_empty() {
                    problems.invalid(
                        "guardianKind",
                        "say whether the guardian is a PERSON or an INSTITUTION",
                    );
                }
                Some(None)
            }
            Some(kind) => {
                let name = problems.take(
                    "guardianName",
                    required_line("name of the guardian", &self.guardian_name, 200),
                );
                let email = optional_email(&mut problems, "guardianEmail", self.guardian_email.as_deref());
                let phone = problems.take("guardianPhone", check_phone(&self.guardian_phone));
                (|| {
                    Some(Some(Guardian {
                        kind,
                        name: name?,
                        email: email?,
                        phone: phone?,
                    }))
                })()
            }
        };
        let profile = (|| {
            Some(MenteeProfile {
                external_id: external_id?,
                given_name: given_name?,
                family_name: family_name?,
                gender: self.gender,
                birth_date: birth_date?,
                email: email?,
                phone: phone?,
                language: language?,
                first_language: first_language?,
                languages,
                german_level: self.german_level.unwrap_or(CefrLevel::None),
                german_level_on: self.german_level_on,
                german_level_source: german_level_source?,
                guardian: guardian?,
            })
        })();
        problems.finish(profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_language_needs_consent() {
        let draft = MenteeDraft {
            given_name: "Samira".into(),
            family_name: "A.".into(),
            birth_date: "2007-01-01".parse().ok(),
            first_language: Some("fa".into()),
            ..MenteeDraft::default()
        };
        let today = "2026-11-23".parse().unwrap();
        assert_eq!(
            draft.clone().validate(today).unwrap_err()[0].field,
            "firstLanguageConsent"
        );
        let agreed = MenteeDraft {
            first_language_consent: true,
            ..draft
        };
        assert_eq!(
            agreed.validate(today).unwrap().first_language.unwrap().as_str(),
            "fa"
        );
    }

    #[test]
    fn a_birth_date_in_the_future_is_refused() {
        let draft = MenteeDraft {
            given_name: "Samira".into(),
            family_name: "A.".into(),
            birth_date: "2027-01-01".parse().ok(),
            ..MenteeDraft::default()
        };
        let errors = draft.validate("2026-11-23".parse().unwrap()).unwrap_err();
        assert_eq!(
            (errors[0].field.as_str(), errors[0].message.as_str()),
            ("birthDate", "birth date 2027-01-01 lies in the future")
        );
    }
}
