//! Regional offices: each owns its experts and serves its centres.

use chrono::{DateTime, Utc};

use crate::errors::{Problems, UserError};
use crate::ids::OfficeId;
use crate::postal_codes::PostalCode;
use crate::values::{Email, optional_line, required_line};

/// One of the programme's offices (S17).
#[derive(Debug, Clone, PartialEq)]
pub struct Office {
    /// Its id.
    pub id: OfficeId,
    /// Its key in the list that it came from.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub postal_code: PostalCode,
    /// Its shared mailbox.
    pub email: Email,
    /// The telephone number that mails name.
    pub phone: String,
    /// The human being that mails name.
    pub contact_name: String,
    /// Grows by one with each change.
    pub version: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// What somebody wrote about an office, not yet checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfficeInput {
    /// Its key in the list that it came from.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub postal_code: String,
    /// Its shared mailbox.
    pub email: String,
    /// The telephone number that mails name.
    pub phone: String,
    /// The human being that mails name.
    pub contact_name: String,
}

/// An office's checked details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeDraft {
    /// Its key in the list that it came from.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Where it is; whether the programme knows the code is checked where it is stored.
    pub postal_code: PostalCode,
    /// Its shared mailbox.
    pub email: Email,
    /// The telephone number that mails name.
    pub phone: String,
    /// The human being that mails name.
    pub contact_name: String,
}

impl OfficeInput {
    /// Checks every field.
    ///
    /// # Errors
    /// Every problem at once, by field.
    pub fn check(self) -> Result<OfficeDraft, Vec<UserError>> {
        let mut problems = Problems::new();
        let external_id = match self.external_id.as_deref().map(str::trim) {
            None | Some("") => Some(None),
            Some(text) => problems
                .take("externalId", optional_line("externalId", text, 100))
                .map(Some),
        };
        let name = problems.take("name", required_line("name", &self.name, 200));
        let postal_code = problems.take("postalCode", PostalCode::parse(&self.postal_code));
        let email = problems.take("email", self.email.parse::<Email>());
        // every mail names a human being with a telephone number (domain.md "E-mails and reminders")
        let phone = problems.take("phone", required_line("phone", &self.phone, 50));
        let contact_name = problems.take(
            "contactName",
            required_line("contactName", &self.contact_name, 200),
        );
        let draft = (|| {
            Some(OfficeDraft {
                external_id: external_id?,
                name: name?,
                postal_code: postal_code?,
                email: email?,
                phone: phone?,
                contact_name: contact_name?,
            })
        })();
        problems.finish(draft)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_of_an_office_is_named_at_once() {
        let input = OfficeInput {
            name: " ".into(),
            postal_code: "1234".into(),
            email: "office".into(),
            phone: String::new(),
            contact_name: "A\nB".into(),
            external_id: None,
        };
        let fields: Vec<String> = input
            .check()
            .unwrap_err()
            .into_iter()
            .map(|error| error.field)
            .collect();
        assert_eq!(fields, ["name", "postalCode", "email", "phone", "contactName"]);
    }

    #[test]
    fn a_whole_office_passes_trimmed() {
        let draft = OfficeInput {
            external_id: Some(" ".into()),
            name: " Büro Nord ".into(),
            postal_code: "20095".into(),
            email: "Nord@Example.org".into(),
            phone: "+49 40 123".into(),
            contact_name: "Jutta Petersen".into(),
        }
        .check()
        .unwrap();
        assert_eq!((draft.name.as_str(), draft.external_id), ("Büro Nord", None));
        assert_eq!(draft.email.as_str(), "nord@example.org");
    }
}
