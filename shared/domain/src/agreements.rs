//! The written agreement (S11, S35, S36): what the two do together, how often, where, and to what end.

use std::collections::BTreeSet;

use chrono::{Months, NaiveDate};

use crate::errors::{Problems, UserError};
use crate::parties::Side;
use crate::settings::Settings;
use crate::values::{Channel, SupportArea, optional_text, words};

/// The longest of its texts.
const LONGEST_TEXT: usize = 4000;
/// No agreement runs longer than this, in months.
const MOST_MONTHS: u32 = 36;

words! {
    /// Who wrote something down about a match: the centre or the expert.
    Writer {
        /// The service centre.
        Center,
        /// The expert.
        Expert,
    }
}

/// What an agreement says, validated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementTerms {
    /// In which areas the expert helps, each once.
    pub areas: Vec<SupportArea>,
    /// What the expert does.
    pub expert_tasks: String,
    /// What the mentee does: help towards self-help (S41).
    pub mentee_tasks: String,
    /// How often they meet, in days: weekly by default (S38).
    pub rhythm_days: u8,
    /// Where.
    pub place: String,
    /// How else they are in touch (S48).
    pub channels: Vec<Channel>,
    /// To what end.
    pub goals: String,
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day.
    pub ends_on: NaiveDate,
}

/// The same as it was typed.
#[derive(Debug, Clone, Default)]
pub struct AgreementDraft {
    /// See [`AgreementTerms`]; so for every field.
    pub areas: Vec<SupportArea>,
    /// The expert's tasks.
    pub expert_tasks: String,
    /// The mentee's tasks.
    pub mentee_tasks: String,
    /// Days; the programme's default where none.
    pub rhythm_days: Option<i64>,
    /// Place.
    pub place: String,
    /// Channels.
    pub channels: Vec<Channel>,
    /// Goals.
    pub goals: String,
    /// First day; today where none.
    pub starts_on: Option<NaiveDate>,
    /// Last day; the programme's default after the first where none.
    pub ends_on: Option<NaiveDate>,
}

impl AgreementDraft {
    /// Checks every field.
    ///
    /// # Errors
    /// Every problem at once, each with its field.
    pub fn validate(self, today: NaiveDate, settings: &Settings) -> Result<AgreementTerms, Vec<UserError>> {
        let mut problems = Problems::new();
        let areas: BTreeSet<SupportArea> = self.areas.into_iter().collect();
        if areas.is_empty() {
            problems.invalid("areas", "name at least one area in which the expert helps");
        }
        let text = |problems: &mut Problems, field: &str, name: &str, value: &str| {
            problems.take(field, optional_text(name, value, LONGEST_TEXT))
        };
        let expert_tasks = text(
            &mut problems,
            "expertTasks",
            "tasks of the expert",
            &self.expert_tasks,
        );
        let mentee_tasks = text(
            &mut problems,
            "menteeTasks",
            "tasks of the mentee",
            &self.mentee_tasks,
        );
        let place = text(&mut problems, "place", "place", &self.place);
        let goals = text(&mut problems, "goals", "goals", &self.goals);
        let rhythm = self
            .rhythm_days
            .unwrap_or_else(|| i64::from(settings.rhythm_days));
        if !(1..=31).contains(&rhythm) {
            problems.invalid(
                "rhythmDays",
                format!("a meeting every {rhythm} days is not possible: from 1 to 31, weekly is usual"),
            );
        }
        let starts_on = self.starts_on.unwrap_or(today);
        let ends_on = self
            .ends_on
            .unwrap_or_else(|| starts_on + Months::new(settings.agreement_months));
        check_end(&mut problems, starts_on, ends_on);
        let channels: BTreeSet<Channel> = self.channels.into_iter().collect();
        let terms = (|| {
            Some(AgreementTerms {
                areas: areas.into_iter().collect(),
                expert_tasks: expert_tasks?,
                mentee_tasks: mentee_tasks?,
                rhythm_days: u8::try_from(rhythm).ok()?,
                place: place?,
                channels: channels.into_iter().collect(),
                goals: goals?,
                starts_on,
                ends_on,
            })
        })();
        problems.finish(terms)
    }
}

fn check_end(problems: &mut Problems, starts_on: NaiveDate, ends_on: NaiveDate) {
    if ends_on <= starts_on {
        problems.invalid(
            "endsOn",
            format!("the end {ends_on} is not after the beginning {starts_on}"),
        );
    } else if ends_on > starts_on + Months::new(MOST_MONTHS) {
        problems.invalid(
            "endsOn",
            format!("the end {ends_on} is more than {MOST_MONTHS} months after the beginning {starts_on}"),
        );
    }
}

impl AgreementTerms {
    /// The same with a later end.
    ///
    /// # Errors
    /// `INVALID` where the end is not later than it was, is past, or is too far away.
    pub fn extended(&self, ends_on: NaiveDate, today: NaiveDate) -> Result<Self, Vec<UserError>> {
        let mut problems = Problems::new();
        if ends_on <= self.ends_on || ends_on <= today {
            problems.invalid(
                "endsOn",
                format!(
                    "{ends_on} is no extension: the agreement runs until {}",
                    self.ends_on
                ),
            );
        }
        check_end(&mut problems, self.starts_on, ends_on);
        problems.finish(Some(Self {
            ends_on,
            ..self.clone()
        }))
    }
}

/// The sides whose signatures are still needed.
pub fn unsigned(minor: bool, signed: &[Side]) -> Vec<Side> {
    crate::chemistry::sides(minor)
        .iter()
        .copied()
        .filter(|side| !signed.contains(side))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn draft() -> AgreementDraft {
        AgreementDraft {
            areas: vec![
                SupportArea::Application,
                SupportArea::Language,
                SupportArea::Language,
            ],
            ..AgreementDraft::default()
        }
    }

    #[test]
    fn an_agreement_is_weekly_and_for_a_year_where_nothing_else_is_said() {
        let terms = draft().validate(day("2026-12-01"), &Settings::default()).unwrap();
        assert_eq!(terms.rhythm_days, 7);
        assert_eq!(terms.ends_on, day("2027-12-01"));
        assert_eq!(terms.areas, [SupportArea::Language, SupportArea::Application]);
    }

    #[test]
    fn what_cannot_be_agreed_is_named_field_by_field() {
        let wrong = AgreementDraft {
            rhythm_days: Some(0),
            starts_on: Some(day("2026-12-01")),
            ends_on: Some(day("2026-12-01")),
            goals: "x".repeat(LONGEST_TEXT + 1),
            ..AgreementDraft::default()
        };
        let errors = wrong
            .validate(day("2026-12-01"), &Settings::default())
            .unwrap_err();
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["areas", "goals", "rhythmDays", "endsOn"]);
    }

    #[test]
    fn an_extension_is_later_and_not_for_ever() {
        let today = day("2027-10-01");
        let terms = draft().validate(day("2026-12-01"), &Settings::default()).unwrap();
        assert!(terms.extended(day("2027-12-01"), today).is_err());
        assert!(terms.extended(day("2029-12-02"), today).is_err());
        assert_eq!(
            terms.extended(day("2028-06-01"), today).unwrap().ends_on,
            day("2028-06-01")
        );
    }

    #[test]
    fn a_guardian_signs_for_a_minor_besides_the_two() {
        assert_eq!(unsigned(false, &[Side::Expert]), [Side::Mentee]);
        assert_eq!(unsigned(true, &[Side::Expert, Side::Mentee]), [Side::Guardian]);
        assert!(unsigned(false, &[Side::Expert, Side::Mentee]).is_empty());
    }
}
