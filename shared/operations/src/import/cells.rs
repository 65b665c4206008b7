//! What stands in a cell: dates, numbers, words in English and German, lists.

use std::collections::HashMap;
use std::str::FromStr;

use chrono::NaiveDate;
use tandem_domain::cases::CaseState;
use tandem_domain::checks::CheckKind;
use tandem_domain::errors::UserError;
use tandem_domain::experts::ExpertState;
use tandem_domain::mentees::GuardianKind;
use tandem_domain::occupations::{KldbCode, Occupation};
use tandem_domain::text::fold_name;
use tandem_domain::values::{CefrLevel, Channel, Gender, Programme, SupportArea};

use super::file::{Record, Table};
use super::report::Problem;

/// German words for a value besides its own.
pub(super) trait Words: FromStr + Copy + 'static {
    /// Each value with the words that mean it.
    const GERMAN: &'static [(Self, &'static [&'static str])];
    /// What would be right, for messages.
    const EXAMPLE: &'static str;

    /// Reads its own word or a German one; case, umlauts and hyphens make no difference.
    fn read(text: &str) -> Option<Self> {
        let own = text.trim().to_uppercase().replace([' ', '-'], "_");
        let folded = fold_name(text);
        own.parse().ok().or_else(|| {
            let found = Self::GERMAN
                .iter()
                .find(|(_, words)| words.iter().any(|word| fold_name(word) == folded));
            found.map(|(value, _)| *value)
        })
    }
}

macro_rules! words {
    ($($name:ty { $example:literal $($variant:ident: $($word:literal),+;)* })*) => {$(
        impl Words for $name {
            const GERMAN: &'static [(Self, &'static [&'static str])] = &[$((Self::$variant, &[$($word),+]),)*];
            const EXAMPLE: &'static str = $example;
        }
    )*};
}

words! {
    Gender { "FEMALE, MALE or DIVERSE"
        Female: "weiblich", "w", "f", "Frau"; Male: "männlich", "m", "Mann", "Herr"; Diverse: "divers", "d"; }
    SupportArea { "LANGUAGE, APPLICATION, SOCIAL_CONTACTS, SCHOOL_AND_WORK, AUTHORITIES or OTHER"
        Language: "Sprache", "Deutsch"; Application: "Bewerbung", "Bewerbungen";
        SocialContacts: "Soziale Kontakte", "Kontakte"; SchoolAndWork: "Schule und Arbeit", "Schule und Beruf";
        Authorities: "Behörden", "Ämter"; Other: "Sonstiges", "Anderes"; }
    Programme { "VERA, MOBIPRO_EU, MAKE_IT_IN_GERMANY, GERMAN_TUNISIAN_MOBILITY_PACT or OTHER"
        Vera: "VerA"; MobiproEu: "MobiPro-EU", "MobiPro"; MakeItInGermany: "Make it in Germany";
        GermanTunisianMobilityPact: "Deutsch-Tunesischer Mobilitätspakt", "Mobilitätspakt"; Other: "Andere", "Sonstige"; }
    Channel { "EMAIL, PHONE, IN_PERSON, VIDEO or MESSENGER"
        Email: "E-Mail", "Mail"; Phone: "Telefon"; InPerson: "persönlich"; Video: "Videogespräch"; Messenger: "Chat"; }
    CheckKind { "SIMPLE or EXTENDED" Simple: "einfach", "einfaches"; Extended: "erweitert", "erweitertes"; }
    ExpertState { "REGISTERED, ACTIVE, SUSPENDED or LEFT"
        Registered: "registriert", "angemeldet"; Active: "aktiv"; Suspended: "gesperrt"; Left: "ausgeschieden"; }
    CaseState { "SUBMITTED or SEARCHING" Submitted: "eingereicht"; Searching: "in Suche", "Suche", "sucht"; }
    CefrLevel { "NONE, A1, A2, B1, B2, C1 or C2" None: "keine", "kein", "0"; }
    GuardianKind { "PERSON or INSTITUTION" Person: "Eltern", "Vormund"; Institution: "Jugendamt", "Amt"; }
}

/// Occupations of the catalogue by their folded names, so that a label alone is enough where it is one.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, KldbCode>);

impl Names {
    /// The names of a catalogue; one that stands for several codes stands for none.
    pub(super) fn of(catalogue: &[Occupation]) -> Self {
        let mut names: HashMap<String, Option<KldbCode>> = HashMap::new();
        for occupation in catalogue {
            let titles = [
                &occupation.title,
                &occupation.title_masculine,
                &occupation.title_feminine,
            ];
            for name in titles.into_iter().chain(&occupation.aliases) {
                let entry = names
                    .entry(tandem_domain::text::fold(name))
                    .or_insert(Some(occupation.kldb_code));
                if *entry != Some(occupation.kldb_code) {
                    *entry = None;
                }
            }
        }
        Self(
            names
                .into_iter()
                .filter_map(|(name, code)| Some((name, code?)))
                .collect(),
        )
    }

    /// `26112 Mechatronikerin` or `Mechatronikerin`: the code, given or found by the name, and the label.
    pub(super) fn read(&self, text: &str) -> (Option<String>, String) {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (code, label) = text.split_at(digits);
        let label = label.trim_start_matches([' ', ':', '-', '\t']).trim();
        if digits > 0 {
            return (Some(code.to_owned()), label.to_owned());
        }
        let code = self.0.get(&tandem_domain::text::fold(label));
        (code.map(|code| code.as_str().to_owned()), label.to_owned())
    }
}

/// Reads the cells of one row and collects what is wrong with them.
pub(super) struct Row<'a> {
    table: &'a Table,
    record: &'a Record,
    problems: Vec<Problem>,
}

impl<'a> Row<'a> {
    pub(super) fn new(table: &'a Table, record: &'a Record) -> Self {
        let mut row = Self {
            table,
            record,
            problems: Vec::new(),
        };
        let (cells, headers) = (record.cells.len(), table.headers.len());
        if cells != headers {
            row.problems.push(Problem {
                column: String::new(),
                reason: format!(
                    "the row has {cells} cells, the header {headers}: is a quotation mark missing?"
                ),
            });
        }
        row
    }

    /// The line on which it begins.
    pub(super) fn line(&self) -> u64 {
        self.record.line
    }

    /// Notes what is wrong with a field.
    pub(super) fn refuse(&mut self, field: &str, reason: impl Into<String>) {
        self.problems.push(Problem {
            column: self.table.header(field),
            reason: reason.into(),
        });
    }

    /// Notes what the domain refused, each problem under the column that its field came from.
    pub(super) fn refuse_all(&mut self, errors: Vec<UserError>, column_of: impl Fn(&str) -> &str) {
        for error in errors {
            let field = column_of(&error.field).to_owned();
            // what could not even be read has been noted already
            let header = self.table.header(&field);
            if !self.problems.iter().any(|problem| problem.column == header) {
                self.refuse(&field, error.message);
            }
        }
    }

    /// What is wrong, if anything is.
    pub(super) fn problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Whether nothing is wrong so far.
    pub(super) fn is_good(&self) -> bool {
        self.problems.is_empty()
    }

    /// The text; none where the list has no such column.
    pub(super) fn text(&self, field: &str) -> Option<String> {
        self.table.cell(self.record, field).map(str::to_owned)
    }

    fn filled(&self, field: &str) -> Option<&'a str> {
        self.table
            .cell(self.record, field)
            .filter(|cell| !cell.is_empty())
    }

    fn read<T>(&mut self, field: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<Option<T>> {
        self.table.cell(self.record, field)?;
        let Some(cell) = self.filled(field) else {
            return Some(None);
        };
        match read(cell) {
            Ok(value) => Some(Some(value)),
            Err(reason) => {
                self.refuse(field, reason);
                Some(None)
            }
        }
    }

    /// A date: `2026-11-23` or `23.11.2026`. The outer none: no such column; the inner: an empty cell.
    pub(super) fn date(&mut self, field: &str) -> Option<Option<NaiveDate>> {
        self.read(field, date)
    }

    /// A whole number.
    pub(super) fn number(&mut self, field: &str) -> Option<Option<i64>> {
        self.read(field, |cell| {
            cell.parse()
                .map_err(|_| format!("{cell:?} is no whole number, as 30"))
        })
    }

    /// Yes or no; an empty cell is no.
    pub(super) fn yes_no(&mut self, field: &str) -> Option<bool> {
        let read = self.read(field, |cell| match cell.to_lowercase().as_str() {
            "ja" | "yes" | "true" | "wahr" | "1" | "x" | "j" | "y" => Ok(true),
            "nein" | "no" | "false" | "falsch" | "0" | "-" | "n" => Ok(false),
            _ => Err(format!("{cell:?} must be yes or no (ja or nein)")),
        });
        read.map(Option::unwrap_or_default)
    }

    /// One of a few words.
    pub(super) fn word<T: Words>(&mut self, field: &str) -> Option<Option<T>> {
        self.read(field, |cell| {
            T::read(cell).ok_or_else(|| format!("{cell:?} is not known: it must be {}", T::EXAMPLE))
        })
    }

    /// Several of a few words, separated by `|`, `;` or a comma.
    pub(super) fn words<T: Words>(&mut self, field: &str) -> Option<Vec<T>> {
        let read = self.read(field, |cell| {
            items(cell, &['|', ';', ',', '\n'])
                .map(|item| {
                    T::read(item).ok_or_else(|| format!("{item:?} is not known: each must be {}", T::EXAMPLE))
                })
                .collect()
        });
        read.map(Option::unwrap_or_default)
    }

    /// Several words with a priority each, `LANGUAGE:1 | APPLICATION:2`; without one the order counts, and the
    /// third priority is the last.
    pub(super) fn prioritised<T: Words>(&mut self, field: &str) -> Option<Vec<(T, i64)>> {
        let read = self.read(field, |cell| {
            items(cell, &['|', ';', ',', '\n'])
                .enumerate()
                .map(|(position, item)| {
                    let (word, priority) = match item.rsplit_once([':', '=']) {
                        None => (item, (position as i64 + 1).min(3)),
                        Some((word, priority)) => (
                            word,
                            priority
                                .trim()
                                .parse()
                                .map_err(|_| format!("the priority of {item:?} is no number, as 1"))?,
                        ),
                    };
                    let value = T::read(word)
                        .ok_or_else(|| format!("{word:?} is not known: each must be {}", T::EXAMPLE))?;
                    Ok((value, priority))
                })
                .collect()
        });
        read.map(Option::unwrap_or_default)
    }

    /// Codes, separated by `|`, `;`, a comma or a blank.
    pub(super) fn codes(&self, field: &str) -> Option<Vec<String>> {
        let cell = self.table.cell(self.record, field)?;
        Some(
            items(cell, &['|', ';', ',', ' ', '\n'])
                .map(str::to_owned)
                .collect(),
        )
    }

    /// Texts that may hold commas, separated by `|` or `;`.
    pub(super) fn texts(&self, field: &str) -> Option<Vec<String>> {
        let cell = self.table.cell(self.record, field)?;
        Some(items(cell, &['|', ';', '\n']).map(str::to_owned).collect())
    }

    /// A postal code; spreadsheets take a leading zero for superfluous, so four digits get it back.
    pub(super) fn postal_code(&self, field: &str) -> Option<String> {
        let cell = self.text(field)?;
        let shortened = cell.len() == 4 && cell.bytes().all(|digit| digit.is_ascii_digit());
        Some(if shortened { format!("0{cell}") } else { cell })
    }
}

fn items<'a>(cell: &'a str, separators: &'static [char]) -> impl Iterator<Item = &'a str> {
    cell.split(separators)
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

fn date(cell: &str) -> Result<NaiveDate, String> {
    // what a spreadsheet adds to a date that it takes for a moment
    let day = cell
        .strip_suffix(" 00:00:00")
        .or_else(|| cell.strip_suffix("T00:00:00"))
        .unwrap_or(cell);
    // chrono would take "1.2.26" for the year 26
    let whole_year = day.split(['.', '-']).any(|part| part.len() == 4);
    NaiveDate::parse_from_str(day, "%Y-%m-%d")
        .or_else(|_| NaiveDate::parse_from_str(day, "%d.%m.%Y"))
        .ok()
        .filter(|_| whole_year)
        .ok_or_else(|| format!("{cell:?} is no date, as 2026-11-23 or 23.11.2026"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_both_spellings_and_no_other() {
        let expected = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
        for text in ["2026-03-01", "01.03.2026", "1.3.2026", "2026-03-01 00:00:00"] {
            assert_eq!(date(text), Ok(expected), "{text}");
        }
        for text in ["1.3.26", "03/01/2026", "2026-02-30", "soon", "45000"] {
            assert!(date(text).is_err(), "{text}");
        }
    }

    #[test]
    fn words_are_read_in_english_and_german() {
        assert_eq!(
            SupportArea::read("soziale Kontakte"),
            Some(SupportArea::SocialContacts)
        );
        assert_eq!(
            SupportArea::read("school and work"),
            Some(SupportArea::SchoolAndWork)
        );
        assert_eq!(SupportArea::read("Behoerden"), Some(SupportArea::Authorities));
        assert_eq!(Gender::read("W"), Some(Gender::Female));
        assert_eq!(Programme::read("MobiPro-EU"), Some(Programme::MobiproEu));
        assert_eq!(CheckKind::read("Erweitert"), Some(CheckKind::Extended));
        assert_eq!(CefrLevel::read("b1"), Some(CefrLevel::B1));
        assert_eq!(Gender::read("unbekannt"), None);
    }

    #[test]
    fn an_occupation_may_be_given_with_its_code_or_by_its_name() {
        let names = Names::of(tandem_domain::occupations::builtin());
        assert_eq!(
            names.read("26112 Mechatronikerin"),
            (Some("26112".into()), "Mechatronikerin".into())
        );
        assert_eq!(
            names.read("Mechatronikerin"),
            (Some("26112".into()), "Mechatronikerin".into())
        );
        assert_eq!(names.read("Sterndeuter"), (None, "Sterndeuter".into()));
    }
}
