//! Small values that validate themselves; the same words in every layer.

use serde::{Deserialize, Serialize};

/// Declares enums whose variants are written `SCREAMING_SNAKE_CASE` in the API, in the database and
/// in imported files alike.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
            strum::Display, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
        )]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        #[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// The word that stands for it in the API, in the database and in files.
            pub fn as_str(self) -> &'static str {
                self.into()
            }
        }
    )*};
}
pub(crate) use words;

words! {
    /// Gender, where somebody gave it.
    Gender {
        /// Female.
        Female,
        /// Male.
        Male,
        /// Diverse.
        Diverse,
    }

    /// What a young person wants help with (S36, S45).
    SupportArea {
        /// German, courses, practice (S37).
        Language,
        /// Applications, interviews (S40 to S43).
        Application,
        /// Leisure, clubs, contacts (S44, S46).
        SocialContacts,
        /// School, internship, work.
        SchoolAndWork,
        /// Dealing with authorities.
        Authorities,
        /// Anything else.
        Other,
    }

    /// Earlier one-to-one programmes (S24): a bonus, never a gate.
    Programme {
        /// VerA.
        Vera,
        /// MobiPro-EU.
        MobiproEu,
        /// Make it in Germany.
        MakeItInGermany,
        /// The German-Tunisian mobility pact.
        GermanTunisianMobilityPact,
        /// Another one.
        Other,
    }

    /// A way in which somebody likes to be reached (S48: channel, never content).
    Channel {
        /// By e-mail.
        Email,
        /// By telephone.
        Phone,
        /// In person.
        InPerson,
        /// By video.
        Video,
        /// By a messenger.
        Messenger,
    }
}

/// A level of the Common European Framework of Reference, `NONE` before A1.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
pub enum CefrLevel {
    /// No German yet.
    #[serde(rename = "NONE")]
    #[strum(serialize = "NONE")]
    None,
    /// Beginner.
    A1,
    /// Elementary.
    A2,
    /// Intermediate.
    B1,
    /// Upper intermediate.
    B2,
    /// Advanced.
    C1,
    /// Proficient.
    C2,
}

impl CefrLevel {
    /// The word that stands for it in every layer.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// An e-mail address, lower-cased: `local@domain`, at most 254 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Email {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = text.trim().to_lowercase();
        let options = email_address::Options::default()
            .without_display_text()
            .without_domain_literal()
            .with_required_tld();
        email_address::EmailAddress::parse_with_options(&address, options).map_err(|_| {
            format!("e-mail address {text:?} is not valid: it must look like name@example.org")
        })?;
        Ok(Self(address))
    }
}

impl TryFrom<String> for Email {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Email> for String {
    fn from(email: Email) -> String {
        email.0
    }
}

impl std::fmt::Display for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A language as ISO 639 code of two or three letters, as `de`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(String);

impl Language {
    /// German, the language of the programme and of every fallback.
    pub fn german() -> Self {
        Self("de".into())
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A number of its own for each code.
    pub(crate) fn packed(&self) -> u32 {
        self.0
            .bytes()
            .fold(0, |packed, letter| packed << 8 | u32::from(letter))
    }
}

impl std::str::FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let code = text.trim().to_lowercase();
        if (2..=3).contains(&code.len()) && code.bytes().all(|letter| letter.is_ascii_lowercase()) {
            Ok(Self(code))
        } else {
            Err(format!(
                "language {text:?} must be an ISO 639 code of two or three letters, as \"de\" or \"fa\""
            ))
        }
    }
}

impl TryFrom<String> for Language {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Language> for String {
    fn from(language: Language) -> String {
        language.0
    }
}

impl std::fmt::Display for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A line of text that must not be empty, trimmed, without control characters, at most `most`
/// characters.
pub fn required_line(name: &str, text: &str, most: usize) -> Result<String, String> {
    let line = optional_line(name, text, most)?;
    if line.is_empty() {
        Err(format!("{name} must not be empty"))
    } else {
        Ok(line)
    }
}

/// A line of text that may be empty, trimmed, without control characters, at most `most` characters.
pub fn optional_line(name: &str, text: &str, most: usize) -> Result<String, String> {
    let line = text.trim();
    if line.chars().any(char::is_control) {
        return Err(format!("{name} must be one line without control characters"));
    }
    limited(name, line, most)
}

/// A text that may have several lines, trimmed, at most `most` characters.
pub fn optional_text(name: &str, text: &str, most: usize) -> Result<String, String> {
    let text = text.trim();
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err(format!("{name} must not contain control characters"));
    }
    limited(name, text, most)
}

fn limited(name: &str, text: &str, most: usize) -> Result<String, String> {
    let length = text.chars().count();
    if length > most {
        return Err(format!(
            "{name} has {length} characters, at most {most} are allowed"
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_lower_cased_and_checked() {
        assert_eq!(
            "Anna.Weber@Example.ORG ".parse::<Email>().unwrap().as_str(),
            "anna.weber@example.org"
        );
        for bad in [
            "anna",
            "anna@",
            "anna@localhost",
            "a b@example.org",
            "anna@example.org\r\nBcc: x@y.de",
            "Anna <a@b.de>",
        ] {
            assert!(bad.parse::<Email>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_word_is_the_same_in_every_layer() {
        assert_eq!(SupportArea::SocialContacts.as_str(), "SOCIAL_CONTACTS");
        assert_eq!("MOBIPRO_EU".parse(), Ok(Programme::MobiproEu));
        assert_eq!(CefrLevel::None.as_str(), "NONE");
        assert!(CefrLevel::A2 < CefrLevel::B1);
    }

    #[test]
    fn a_line_has_no_line_breaks() {
        assert!(required_line("name", "Anna\nBcc: x", 100).is_err());
        assert!(required_line("name", "  ", 100).is_err());
        assert_eq!(required_line("name", " Jörg ", 100).unwrap(), "Jörg");
    }
}
