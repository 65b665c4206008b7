//! Days and months in words.

use chrono::{Datelike, NaiveDate};

use crate::language::Language;

const WEEKDAYS_DE: [&str; 7] = [
    "Montag",
    "Dienstag",
    "Mittwoch",
    "Donnerstag",
    "Freitag",
    "Samstag",
    "Sonntag",
];
const WEEKDAYS_EN: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const WEEKDAYS_AR: [&str; 7] = [
    "الاثنين",
    "الثلاثاء",
    "الأربعاء",
    "الخميس",
    "الجمعة",
    "السبت",
    "الأحد",
];
const WEEKDAYS_FA: [&str; 7] = [
    "دوشنبه",
    "سه‌شنبه",
    "چهارشنبه",
    "پنجشنبه",
    "جمعه",
    "شنبه",
    "یکشنبه",
];
const WEEKDAYS_UK: [&str; 7] = [
    "понеділок",
    "вівторок",
    "середа",
    "четвер",
    "п’ятниця",
    "субота",
    "неділя",
];
const WEEKDAYS_TR: [&str; 7] = [
    "Pazartesi",
    "Salı",
    "Çarşamba",
    "Perşembe",
    "Cuma",
    "Cumartesi",
    "Pazar",
];

const MONTHS_DE: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// In the genitive, as they stand after a day.
const MONTHS_UK: [&str; 12] = [
    "січня",
    "лютого",
    "березня",
    "квітня",
    "травня",
    "червня",
    "липня",
    "серпня",
    "вересня",
    "жовтня",
    "листопада",
    "грудня",
];
/// In the nominative, as they stand alone.
const MONTHS_ALONE_UK: [&str; 12] = [
    "січень",
    "лютий",
    "березень",
    "квітень",
    "травень",
    "червень",
    "липень",
    "серпень",
    "вересень",
    "жовтень",
    "листопад",
    "грудень",
];
const MONTHS_TR: [&str; 12] = [
    "Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim", "Kasım",
    "Aralık",
];

/// A day with its weekday. Arabic and Persian readers come from places that name the months differently,
/// and read the numbers of a German date everywhere here: so they get those.
pub(super) fn date(language: Language, day: NaiveDate) -> String {
    let weekday = day.weekday().num_days_from_monday() as usize;
    let month = day.month0() as usize;
    let (number, year) = (day.day(), day.year());
    match language {
        Language::De => format!("{}, {number}. {} {year}", WEEKDAYS_DE[weekday], MONTHS_DE[month]),
        Language::En => format!("{}, {number} {} {year}", WEEKDAYS_EN[weekday], MONTHS_EN[month]),
        Language::Ar => format!("{}، {}", WEEKDAYS_AR[weekday], day.format("%d.%m.%Y")),
        Language::Fa => format!("{}، {}", WEEKDAYS_FA[weekday], day.format("%d.%m.%Y")),
        Language::Uk => format!(
            "{}, {number} {} {year} року",
            WEEKDAYS_UK[weekday], MONTHS_UK[month]
        ),
        Language::Tr => format!("{number} {} {year} {}", MONTHS_TR[month], WEEKDAYS_TR[weekday]),
    }
}

/// A month of a year.
pub(super) fn month(language: Language, day: NaiveDate) -> String {
    let month = day.month0() as usize;
    let year = day.year();
    match language {
        Language::De => format!("{} {year}", MONTHS_DE[month]),
        Language::En => format!("{} {year}", MONTHS_EN[month]),
        Language::Ar | Language::Fa => day.format("%m.%Y").to_string(),
        Language::Uk => format!("{} {year} року", MONTHS_ALONE_UK[month]),
        Language::Tr => format!("{} {year}", MONTHS_TR[month]),
    }
}
