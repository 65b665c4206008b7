//! Who a mail is from, whom it greets, and whom the reader can call.

use url::Url;

use crate::language::Language;

/// How a person wishes to be addressed; follows from the gender, if it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Salutation {
    /// "Frau", "Ms".
    Ms,
    /// "Herr", "Mr".
    Mr,
    /// Not given: the full name is used.
    #[default]
    Unknown,
}

/// The reader of a mail, as its first line greets them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// How the person wishes to be addressed.
    pub salutation: Salutation,
    /// An academic title such as "Dr." or "Prof. Dr.".
    pub title: Option<String>,
    /// The given name.
    pub given_name: String,
    /// The family name; empty for a person who has only one name.
    pub family_name: String,
}

impl Addressee {
    /// The name without a form of address: "Dr. Maria Weber".
    pub fn full_name(&self) -> String {
        join(&[
            self.title.as_deref().unwrap_or_default(),
            &self.given_name,
            &self.family_name,
        ])
    }

    /// The first line of a mail, without its comma: "Guten Tag Frau Dr. Weber", "Dear Ms Weber".
    ///
    /// Without a salutation or a family name the full name is used, so that nobody is addressed as
    /// what they are not.
    pub fn greeting(&self, language: Language) -> String {
        let title = self.title.as_deref().unwrap_or_default();
        let form = match (language, self.salutation) {
            (_, Salutation::Unknown) => None,
            // English drops "Ms" and "Mr" before a title.
            (Language::En, _) if !title.is_empty() => Some(""),
            // These address by the given name, or by the whole one.
            (Language::Ar | Language::Fa | Language::Uk | Language::Tr, _) => None,
            (Language::En, Salutation::Ms) => Some("Ms"),
            (Language::En, Salutation::Mr) => Some("Mr"),
            (_, Salutation::Ms) => Some("Frau"),
            (_, Salutation::Mr) => Some("Herr"),
        };
        let name = match form {
            Some(form) if !self.family_name.trim().is_empty() => join(&[form, title, &self.family_name]),
            _ => self.full_name(),
        };
        let hello = match language {
            Language::De => "Guten Tag",
            Language::En => "Dear",
            Language::Ar => "مرحبًا",
            Language::Fa => "سلام",
            Language::Uk => "Доброго дня,",
            Language::Tr => "Merhaba",
        };
        join(&[hello, &name])
    }
}

impl Addressee {
    /// A mentee or a guardian, greeted by the whole name in every language.
    pub fn plain(given_name: &str, family_name: &str) -> Self {
        Self {
            salutation: Salutation::Unknown,
            title: None,
            given_name: given_name.to_owned(),
            family_name: family_name.to_owned(),
        }
    }
}

/// Joins the words that are there by one blank each.
fn join(words: &[&str]) -> String {
    words
        .iter()
        .flat_map(|word| word.split_whitespace())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The names under which the programme writes. Configuration, never part of a template: partners
/// have changed names before (domain.md, first section).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// The name of the programme, as in "Tandem".
    pub programme_name: String,
    /// The organisation that runs it.
    pub organisation_name: String,
    /// Its postal address in one line, for the foot of each mail.
    pub postal_address: Option<String>,
}

impl Organisation {
    /// Both names in one line, for the foot of each mail.
    pub fn line(&self) -> String {
        format!("{} · {}", self.programme_name, self.organisation_name)
    }
}

/// The human being whom the reader can call and who gets the reply (domain.md, "E-mails and reminders").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Given and family name.
    pub name: String,
    /// Where the person works, such as "Regionalbüro Sachsen".
    pub office_name: String,
    /// The telephone number as people write it.
    pub phone: String,
    /// The e-mail address, the same as in Reply-To.
    pub email: String,
    /// When the telephone is answered, such as "Mo bis Fr, 9 bis 15 Uhr".
    pub office_hours: Option<String>,
}

impl Contact {
    /// The number as a `tel:` link takes it: digits and a leading plus.
    pub fn phone_digits(&self) -> String {
        // "+49 (0)30 …" is the written form; the zero in brackets is not dialled.
        let number = self.phone.replace("(0)", "");
        let plus = if number.trim_start().starts_with('+') {
            "+"
        } else {
            ""
        };
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        format!("{plus}{digits}")
    }
}

/// What every mail carries besides its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letterhead {
    /// Who writes.
    pub organisation: Organisation,
    /// Whom to call.
    pub contact: Contact,
    /// Where the reader ends mails of this kind; only for those that are not essential.
    pub unsubscribe_url: Option<Url>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addressee(salutation: Salutation, title: Option<&str>) -> Addressee {
        Addressee {
            salutation,
            title: title.map(str::to_owned),
            given_name: "Maria".to_owned(),
            family_name: "Weber".to_owned(),
        }
    }

    #[test]
    fn a_greeting_uses_salutation_title_and_family_name() {
        let weber = addressee(Salutation::Ms, Some("Dr."));
        assert_eq!(weber.greeting(Language::De), "Guten Tag Frau Dr. Weber");
        assert_eq!(weber.greeting(Language::En), "Dear Dr. Weber");
        let weber = addressee(Salutation::Mr, None);
        assert_eq!(weber.greeting(Language::De), "Guten Tag Herr Weber");
        assert_eq!(weber.greeting(Language::En), "Dear Mr Weber");
    }

    #[test]
    fn a_greeting_without_a_salutation_uses_the_full_name() {
        let weber = addressee(Salutation::Unknown, Some("Prof. Dr."));
        assert_eq!(weber.greeting(Language::De), "Guten Tag Prof. Dr. Maria Weber");
        assert_eq!(weber.greeting(Language::En), "Dear Prof. Dr. Maria Weber");
    }

    #[test]
    fn a_person_with_one_name_is_greeted_by_it() {
        let mut weber = addressee(Salutation::Ms, None);
        weber.family_name = " ".to_owned();
        assert_eq!(weber.greeting(Language::De), "Guten Tag Maria");
    }

    #[test]
    fn a_phone_link_holds_only_what_is_dialled() {
        let mut contact = Contact {
            name: String::new(),
            office_name: String::new(),
            phone: "+49 (0)30 / 23 125-120".to_owned(),
            email: String::new(),
            office_hours: None,
        };
        assert_eq!(contact.phone_digits(), "+493023125120");
        contact.phone = "030 23125120".to_owned();
        assert_eq!(contact.phone_digits(), "03023125120");
    }
}
