//! Dates, numbers and the domain's terms in the words of a language.
//!
//! Templates call these; a template never formats a value by itself. What only experts and staff are told
//! exists in German and English; the other languages get German there, as everywhere.

mod calendar;
mod frame;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Europe::Berlin;

use crate::{
    case::{AgeGroup, LanguageLevel, SupportArea},
    language::Language,
    spoken,
};

/// The words of one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words(pub Language);

impl Words {
    /// The language itself.
    pub fn language(&self) -> Language {
        self.0
    }

    fn pick<'a>(self, german: &'a str, english: &'a str) -> &'a str {
        if self.0 == Language::En { english } else { german }
    }

    /// A day: "Montag, 23. November 2026", "Monday, 23 November 2026".
    pub fn date(&self, day: &NaiveDate) -> String {
        calendar::date(self.0, *day)
    }

    /// A day in numbers, for lists: "23.11.2026", "23 Nov 2026".
    pub fn short_date(&self, day: &NaiveDate) -> String {
        match self.0 {
            Language::En => day.format("%-d %b %Y").to_string(),
            _ => day.format("%d.%m.%Y").to_string(),
        }
    }

    /// The day in Germany on which an instant falls.
    pub fn day_of(&self, instant: &DateTime<Utc>) -> String {
        self.date(&instant.with_timezone(&Berlin).date_naive())
    }

    /// Day and time of day in Germany: "Montag, 23. November 2026, 09:05 Uhr". Readers of other
    /// languages are told that it is German time.
    pub fn day_and_time(&self, instant: &DateTime<Utc>) -> String {
        let time = instant.with_timezone(&Berlin).format("%H:%M");
        let day = self.day_of(instant);
        match self.0 {
            Language::De => format!("{day}, {time} Uhr"),
            Language::En => format!("{day}, {time} (German time)"),
            Language::Ar => format!("{day}، الساعة {time} (بتوقيت ألمانيا)"),
            Language::Fa => format!("{day}، ساعت {time} (به وقت آلمان)"),
            Language::Uk => format!("{day}, {time} (за німецьким часом)"),
            Language::Tr => format!("{day}, saat {time} (Almanya saati)"),
        }
    }

    /// A month: "März 2027". For planned starts, which are seldom known to the day.
    pub fn month(&self, day: &NaiveDate) -> String {
        calendar::month(self.0, *day)
    }

    /// Keeps something that runs from left to right together inside text that runs from right to left:
    /// a telephone number, an address.
    pub fn ltr(&self, text: &str) -> String {
        if self.0.direction() == "rtl" {
            format!("\u{2066}{text}\u{2069}")
        } else {
            text.to_owned()
        }
    }

    /// A distance in kilometres, rounded to whole ones as people say it: "etwa 6 km". Rounding also
    /// keeps an address from being worked out of it.
    pub fn distance(&self, kilometres: &f64) -> String {
        if *kilometres < 1.0 {
            return self.pick("weniger als 1 km", "less than 1 km").to_owned();
        }
        format!("{} {:.0} km", self.pick("etwa", "about"), kilometres.round())
    }

    /// An age group: "18 bis 20 Jahre".
    pub fn age_group(&self, group: &AgeGroup) -> &'static str {
        match (self.0, group) {
            (Language::En, AgeGroup::Under18) => "under 18 years",
            (Language::En, AgeGroup::From18To20) => "18 to 20 years",
            (Language::En, AgeGroup::From21To24) => "21 to 24 years",
            (Language::En, AgeGroup::From25) => "25 years or older",
            (_, AgeGroup::Under18) => "unter 18 Jahre",
            (_, AgeGroup::From18To20) => "18 bis 20 Jahre",
            (_, AgeGroup::From21To24) => "21 bis 24 Jahre",
            (_, AgeGroup::From25) => "25 Jahre oder älter",
        }
    }

    /// A level of German in words, with the CEFR level for those who know it.
    pub fn level(&self, level: &LanguageLevel) -> &'static str {
        match (self.0, level) {
            (Language::En, LanguageLevel::None) => "no German yet",
            (Language::En, LanguageLevel::A1) => "first words and simple sentences (A1)",
            (Language::En, LanguageLevel::A2) => "simple everyday conversations (A2)",
            (Language::En, LanguageLevel::B1) => "manages everyday life in German (B1)",
            (Language::En, LanguageLevel::B2) => "speaks fluently about many subjects (B2)",
            (Language::En, LanguageLevel::C1) => "speaks German very well (C1)",
            (Language::En, LanguageLevel::C2) => "speaks German almost like a native (C2)",
            (_, LanguageLevel::None) => "noch keine Deutschkenntnisse",
            (_, LanguageLevel::A1) => "erste Wörter und einfache Sätze (A1)",
            (_, LanguageLevel::A2) => "einfache Gespräche im Alltag (A2)",
            (_, LanguageLevel::B1) => "kommt im Alltag auf Deutsch gut zurecht (B1)",
            (_, LanguageLevel::B2) => "spricht fließend über viele Themen (B2)",
            (_, LanguageLevel::C1) => "spricht sehr gut Deutsch (C1)",
            (_, LanguageLevel::C2) => "spricht fast wie in der Muttersprache (C2)",
        }
    }

    /// A support area as something that two people do together.
    pub fn support_area(&self, area: &SupportArea) -> &'static str {
        match (self.0, area) {
            (Language::En, SupportArea::Language) => "learning and practising German",
            (Language::En, SupportArea::Application) => "writing applications and preparing for interviews",
            (Language::En, SupportArea::SocialContacts) => "meeting people, for example in a sports club",
            (Language::En, SupportArea::SchoolAndWork) => "understanding school and the world of work",
            (Language::En, SupportArea::Authorities) => "dealing with public authorities",
            (Language::En, SupportArea::Other) => "other subjects that you agree on",
            (_, SupportArea::Language) => "Deutsch lernen und üben",
            (_, SupportArea::Application) => "Bewerbungen schreiben, Vorstellungsgespräche vorbereiten",
            (_, SupportArea::SocialContacts) => "Menschen kennenlernen, zum Beispiel im Sportverein",
            (_, SupportArea::SchoolAndWork) => "sich in Schule und Arbeitswelt zurechtfinden",
            (_, SupportArea::Authorities) => "Wege zu Ämtern und Behörden",
            (_, SupportArea::Other) => "weitere Themen, die Sie gemeinsam festlegen",
        }
    }

    /// The names of spoken languages as one phrase: "Arabisch und Persisch". An unknown code is shown
    /// as it is.
    pub fn spoken_languages(&self, codes: &[String]) -> String {
        let names: Vec<String> = codes
            .iter()
            .map(|code| spoken::name(code, self.0).map_or_else(|| code.clone(), str::to_owned))
            .collect();
        self.list(&names)
    }

    /// A list as a phrase: "Schreinerin, Glaserin und Malerin".
    pub fn list(&self, items: &[String]) -> String {
        match items {
            [] => String::new(),
            [only] => only.clone(),
            [head @ .., last] => self.join(head, last, self.and()),
        }
    }

    fn join(self, head: &[String], last: &str, word: &str) -> String {
        let comma = match self.0 {
            Language::Ar | Language::Fa => "، ",
            _ => ", ",
        };
        format!("{} {word} {last}", head.join(comma))
    }

    fn and(self) -> &'static str {
        match self.0 {
            Language::De => "und",
            Language::En => "and",
            Language::Ar | Language::Fa => "و",
            Language::Uk => "і",
            Language::Tr => "ve",
        }
    }

    fn or(self) -> &'static str {
        match self.0 {
            Language::De => "oder",
            Language::En => "or",
            Language::Ar => "أو",
            Language::Fa => "یا",
            Language::Uk => "або",
            Language::Tr => "veya",
        }
    }

    /// The alternatives of a list: "Schreinerin oder Glaserin".
    pub fn alternatives(&self, items: &[String]) -> String {
        match items {
            [] => String::new(),
            [only] => only.clone(),
            [head @ .., last] => self.join(head, last, self.or()),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    const DE: Words = Words(Language::De);
    const EN: Words = Words(Language::En);

    #[test]
    fn a_date_is_written_out_in_the_language() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        assert_eq!(DE.date(&day), "Montag, 23. November 2026");
        assert_eq!(EN.date(&day), "Monday, 23 November 2026");
        assert_eq!(DE.month(&day), "November 2026");
        assert_eq!(Words(Language::Tr).date(&day), "23 Kasım 2026 Pazartesi");
        assert_eq!(
            Words(Language::Uk).date(&day),
            "понеділок, 23 листопада 2026 року"
        );
        assert_eq!(Words(Language::Ar).date(&day), "الاثنين، 23.11.2026");
        assert_eq!(Words(Language::Fa).date(&day), "دوشنبه، 23.11.2026");
    }

    #[test]
    fn an_instant_is_told_in_german_time_in_winter_and_summer() {
        let winter = Utc.with_ymd_and_hms(2026, 11, 23, 23, 30, 0).unwrap();
        assert_eq!(DE.day_and_time(&winter), "Dienstag, 24. November 2026, 00:30 Uhr");
        let summer = Utc.with_ymd_and_hms(2026, 7, 1, 22, 30, 0).unwrap();
        assert_eq!(
            EN.day_and_time(&summer),
            "Thursday, 2 July 2026, 00:30 (German time)"
        );
    }

    #[test]
    fn a_distance_is_told_in_whole_kilometres() {
        assert_eq!(DE.distance(&0.4), "weniger als 1 km");
        assert_eq!(DE.distance(&1.0), "etwa 1 km");
        assert_eq!(EN.distance(&6.6), "about 7 km");
    }

    #[test]
    fn a_list_reads_as_a_phrase() {
        let items: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
        assert_eq!(DE.list(&items), "a, b und c");
        assert_eq!(DE.list(&items[..1]), "a");
        assert_eq!(EN.alternatives(&items[..2]), "a or b");
        assert_eq!(EN.list(&[]), "");
    }

    #[test]
    fn an_unknown_language_code_is_shown_as_it_is() {
        let codes: Vec<String> = ["ar", "fa", "qqq"].map(str::to_owned).into();
        assert_eq!(
            DE.spoken_languages(&codes),
            "Arabisch, Persisch (Dari, Farsi) und qqq"
        );
    }
}
