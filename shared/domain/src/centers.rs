//! Service centres: where cases come from (S3, S18, S31).

use crate::errors::{Problems, UserError};
use crate::experts::{check_phone, check_postal_code, in_range};
use crate::postal_codes::PostalCode;
use crate::values::{Email, optional_line, required_line};

/// How many matches at once a centre may look after; no limit where none is set.
pub const MATCH_LIMIT: std::ops::RangeInclusive<i64> = 1..=500;

/// A centre's data, validated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CenterProfile {
    /// The id in the list that the centre came from.
    pub external_id: Option<String>,
    /// Name.
    pub name: String,
    /// The education provider inside which the centre works (S31).
    pub carrier_organisation: String,
    /// Street and number.
    pub street: String,
    /// Experts are searched around it (S19).
    pub postal_code: PostalCode,
    /// The shared mailbox.
    pub email: Email,
    /// Telephone.
    pub phone: String,
    /// A human being who answers.
    pub contact_name: String,
    /// Simultaneous matches (`INTERESTED … PAUSED`); none: no limit. A hard rule where set.
    pub match_limit: Option<u16>,
    /// Whether it files cases.
    pub active: bool,
}

/// The same as it was typed.
#[derive(Debug, Clone)]
pub struct CenterDraft {
    /// See [`CenterProfile`]; so for every field.
    pub external_id: Option<String>,
    /// Name.
    pub name: String,
    /// Carrier organisation.
    pub carrier_organisation: String,
    /// Street and number.
    pub street: String,
    /// Postal code.
    pub postal_code: String,
    /// Shared mailbox.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Contact person.
    pub contact_name: String,
    /// Limit of simultaneous matches.
    pub match_limit: Option<i64>,
    /// Whether it files cases; default yes.
    pub active: bool,
}

impl Default for CenterDraft {
    fn default() -> Self {
        Self {
            external_id: None,
            name: String::new(),
            carrier_organisation: String::new(),
            street: String::new(),
            postal_code: String::new(),
            email: String::new(),
            phone: String::new(),
            contact_name: String::new(),
            match_limit: None,
            active: true,
        }
    }
}

impl CenterDraft {
    /// Checks every field; `known` tells whether a postal code exists.
    ///
    /// # Errors
    /// Every problem at once, each with its field.
    pub fn validate(self, known: impl Fn(&PostalCode) -> bool) -> Result<CenterProfile, Vec<UserError>> {
        let mut problems = Problems::new();
        let external_id = match self.external_id.as_deref().map(str::trim) {
            None | Some("") => Some(None),
            Some(id) => problems
                .take("externalId", required_line("external id", id, 100))
                .map(Some),
        };
        let name = problems.take("name", required_line("name", &self.name, 200));
        let carrier_organisation = problems.take(
            "carrierOrganisation",
            optional_line("carrier organisation", &self.carrier_organisation, 200),
        );
        let street = problems.take("street", optional_line("street", &self.street, 200));
        let postal_code = problems.take("postalCode", check_postal_code(&self.postal_code, known));
        let email = problems.take("email", self.email.parse::<Email>());
        let phone = problems.take("phone", check_phone(&self.phone));
        let contact_name = problems.take(
            "contactName",
            required_line("contact person", &self.contact_name, 200),
        );
        let match_limit = match self.match_limit {
            None => Some(None),
            Some(limit) => problems
                .take("matchLimit", in_range("match limit", limit, &MATCH_LIMIT))
                .map(Some),
        };
        let profile = (|| {
            Some(CenterProfile {
                external_id: external_id?,
                name: name?,
                carrier_organisation: carrier_organisation?,
                street: street?,
                postal_code: postal_code?,
                email: email?,
                phone: phone?,
                contact_name: contact_name?,
                match_limit: match_limit?.map(|limit| limit as u16),
                active: self.active,
            })
        })();
        problems.finish(profile)
    }
}

/// A profile as it would be typed: what an update starts from.
impl From<CenterProfile> for CenterDraft {
    fn from(profile: CenterProfile) -> Self {
        Self {
            external_id: profile.external_id,
            name: profile.name,
            carrier_organisation: profile.carrier_organisation,
            street: profile.street,
            postal_code: profile.postal_code.into(),
            email: profile.email.into(),
            phone: profile.phone,
            contact_name: profile.contact_name,
            match_limit: profile.match_limit.map(Into::into),
            active: profile.active,
        }
    }
}

impl CenterProfile {
    /// Names of the fields in which two profiles differ, as the API calls them: for the audit log.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let fields = [
            ("externalId", self.external_id == other.external_id),
            ("name", self.name == other.name),
            (
                "carrierOrganisation",
                self.carrier_organisation == other.carrier_organisation,
            ),
            ("street", self.street == other.street),
            ("postalCode", self.postal_code == other.postal_code),
            ("email", self.email == other.email),
            ("phone", self.phone == other.phone),
            ("contactName", self.contact_name == other.contact_name),
            ("matchLimit", self.match_limit == other.match_limit),
            ("active", self.active == other.active),
        ];
        fields
            .into_iter()
            .filter(|(_, same)| !same)
            .map(|(field, _)| field)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> CenterDraft {
        CenterDraft {
            name: "Servicestelle Chemnitz".into(),
            postal_code: "09111".into(),
            email: "chemnitz@example.org".into(),
            phone: "0371 123456".into(),
            contact_name: "Ute Krüger".into(),
            ..CenterDraft::default()
        }
    }

    fn fields(draft: CenterDraft) -> Vec<String> {
        let errors = draft.validate(|code| code.as_str() != "99999").unwrap_err();
        errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn every_problem_is_reported_at_once_with_its_field() {
        let bad = CenterDraft {
            name: String::new(),
            postal_code: "99999".into(),
            email: "x".into(),
            phone: "call me".into(),
            contact_name: " ".into(),
            match_limit: Some(0),
            ..draft()
        };
        assert_eq!(
            fields(bad),
            [
                "name",
                "postalCode",
                "email",
                "phone",
                "contactName",
                "matchLimit"
            ]
        );
    }

    #[test]
    fn a_profile_typed_again_is_the_same() {
        let profile = draft().validate(|_| true).unwrap();
        let again = CenterDraft::from(profile.clone()).validate(|_| true).unwrap();
        assert!(profile.differences(&again).is_empty());
        let limited = CenterProfile {
            match_limit: Some(10),
            ..profile.clone()
        };
        assert_eq!(profile.differences(&limited), ["matchLimit"]);
    }
}
