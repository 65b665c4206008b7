//! What an approach says about a case: enough to decide, not enough to recognise the mentee.

use chrono::{Datelike, NaiveDate};

/// An age group instead of a birth date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgeGroup {
    /// Younger than 18: a minor, for whom the expert needs the extended certificate.
    Under18,
    /// 18 to 20 years.
    From18To20,
    /// 21 to 24 years.
    From21To24,
    /// 25 years and older.
    From25,
}

impl AgeGroup {
    /// The group of a person born on `birth_date`, seen on `day`.
    pub fn of(birth_date: NaiveDate, day: NaiveDate) -> Self {
        let had_birthday = (day.month(), day.day()) >= (birth_date.month(), birth_date.day());
        match day.year() - birth_date.year() - i32::from(!had_birthday) {
            ..18 => Self::Under18,
            18..=20 => Self::From18To20,
            21..=24 => Self::From21To24,
            25.. => Self::From25,
        }
    }
}

/// A CEFR level of German (S39); `None` is a start from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the levels of the Common European Framework are their own explanation"
)]
pub enum LanguageLevel {
    None,
    A1,
    A2,
    B1,
    B2,
    C1,
    C2,
}

/// What the expert helps with (domain.md, glossary: `SupportArea`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupportArea {
    /// Learning German.
    Language,
    /// Applications and interviews.
    Application,
    /// Friends, clubs, leisure.
    SocialContacts,
    /// School and the world of work.
    SchoolAndWork,
    /// Dealing with authorities.
    Authorities,
    /// Anything else.
    Other,
}

/// The pseudonymous description of a case. There is no field for a name, an address, a birth date, a
/// reason, health or residence status, so that no template can show one.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseDescription {
    /// The age group of the mentee on the day of writing.
    pub age_group: AgeGroup,
    /// The place of the service centre, such as "Leipzig".
    pub center_place: String,
    /// From the expert's postal code to the centre, in kilometres.
    pub distance_km: f64,
    /// The wished training occupations, best first (S49).
    pub occupations: Vec<String>,
    /// The support areas, most important first (S45).
    pub support_areas: Vec<SupportArea>,
    /// The German of the mentee, if known.
    pub level: Option<LanguageLevel>,
    /// The other languages of the mentee, as ISO 639-1 codes.
    pub languages: Vec<String>,
    /// The planned first day.
    pub planned_start: Option<NaiveDate>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn an_age_group_changes_on_the_birthday() {
        let born = day(2008, 11, 23);
        assert_eq!(AgeGroup::of(born, day(2026, 11, 22)), AgeGroup::Under18);
        assert_eq!(AgeGroup::of(born, day(2026, 11, 23)), AgeGroup::From18To20);
        assert_eq!(AgeGroup::of(born, day(2029, 11, 22)), AgeGroup::From18To20);
        assert_eq!(AgeGroup::of(born, day(2029, 11, 23)), AgeGroup::From21To24);
        assert_eq!(AgeGroup::of(born, day(2033, 11, 22)), AgeGroup::From21To24);
        assert_eq!(AgeGroup::of(born, day(2033, 11, 23)), AgeGroup::From25);
    }
}
