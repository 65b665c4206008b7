//! Statistics of the programme, an office or a centre, and what of them is shown to whom (domain.md
//! "Data protection": outside a scope cells below 3 are suppressed and the others rounded to 5).

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::errors::UserError;
use crate::values::words;

/// Outside of one's own scope a cell that counts fewer is not shown.
pub const SMALLEST_CELL: i64 = 3;
/// Outside of one's own scope numbers are rounded to a multiple of this.
pub const ROUNDING: i64 = 5;
/// The longest period that can be asked for, in years.
pub const LONGEST_YEARS: u32 = 20;

words! {
    /// Into what a period is divided.
    PeriodUnit {
        /// Calendar months.
        Month,
        /// Calendar quarters.
        Quarter,
        /// Calendar years.
        Year,
    }

    /// What is counted.
    Measure {
        /// Cases that are open now, by state; the days are those since submission.
        Open,
        /// Cases submitted in the period.
        Submitted,
        /// Cases closed in the period.
        Closed,
        /// Cases withdrawn in the period.
        Withdrawn,
        /// Closed cases by their outcome on the way into training (S26).
        Outcome,
        /// Closed cases by their social outcome (S26).
        SocialOutcome,
        /// Experts who were asked in the period, by what became of the question.
        Approach,
        /// Matches that became active in the period; the days are those since the case was submitted.
        Activated,
        /// Meetings in the period, by kind; the total is minutes.
        Meeting,
        /// Matches that ended in the period, by how.
        Ended,
        /// Why they ended; one match may have several reasons.
        EndReason,
    }

    /// What became of an approach.
    ApproachResult {
        /// The expert said yes.
        Accepted,
        /// The expert said no.
        Declined,
        /// The expert did not answer in time.
        Lapsed,
        /// The office took the question back.
        Withdrawn,
        /// Another expert said yes first.
        Superseded,
        /// It waits for an answer.
        Unanswered,
    }
}

/// Calendar days in Germany, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
}

impl Period {
    /// A period, checked.
    ///
    /// # Errors
    /// Where it ends before it begins or is longer than [`LONGEST_YEARS`].
    pub fn new(from: NaiveDate, until: NaiveDate) -> Result<Self, UserError> {
        if until < from {
            return Err(UserError::invalid(
                "until",
                format!("the period ends on {until}, before it begins on {from}"),
            ));
        }
        if from
            .checked_add_months(Months::new(LONGEST_YEARS * 12))
            .is_none_or(|limit| until >= limit)
        {
            return Err(UserError::invalid(
                "until",
                format!("a period may be {LONGEST_YEARS} years long at most"),
            ));
        }
        Ok(Self { from, until })
    }

    /// Whether it begins and ends with a calendar quarter. Outside of one's own scope nothing finer is
    /// shown: of two periods that differ by a day, the difference would tell about one person.
    pub fn is_whole_quarters(&self) -> bool {
        let begins = |day: NaiveDate| day.day() == 1 && day.month0().is_multiple_of(3);
        begins(self.from) && self.until.succ_opt().is_some_and(begins)
    }
}

/// One number of the statistics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// What is counted.
    pub measure: Measure,
    /// The kind of it: a state, a reason, an outcome; empty where the measure has none.
    pub key: String,
    /// The first day of the month, quarter or year; none for the whole period, and for what is now.
    pub bucket: Option<NaiveDate>,
    /// How many.
    pub count: i64,
    /// The median of the days that the measure tells of.
    pub median: Option<f64>,
    /// The longest of them.
    pub longest: Option<i64>,
    /// Their sum: minutes of meetings.
    pub total: Option<i64>,
}

impl Cell {
    /// The cell as somebody outside its scope may see it; none where it counts too few.
    #[must_use]
    pub fn coarse(self) -> Option<Self> {
        Some(Self {
            count: coarse(self.count)?,
            median: self
                .median
                .map(|days| (days / ROUNDING as f64).round() * ROUNDING as f64),
            // one person's own number
            longest: None,
            total: self.total.and_then(coarse),
            ..self
        })
    }
}

/// Rounded to [`ROUNDING`], none below [`SMALLEST_CELL`].
fn coarse(count: i64) -> Option<i64> {
    (count >= SMALLEST_CELL).then(|| (count + ROUNDING / 2) / ROUNDING * ROUNDING)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn cell(count: i64) -> Cell {
        Cell {
            measure: Measure::Activated,
            key: String::new(),
            bucket: None,
            count,
            median: Some(42.0),
            longest: Some(99),
            total: None,
        }
    }

    #[test]
    fn outside_its_scope_a_small_cell_is_not_shown_and_a_larger_one_is_rounded() {
        for (count, shown) in [(0, None), (2, None), (3, Some(5)), (7, Some(5)), (8, Some(10))] {
            assert_eq!(cell(count).coarse().map(|cell| cell.count), shown, "{count}");
        }
    }

    #[test]
    fn outside_its_scope_the_longest_time_is_nobodys_business() {
        let shown = cell(8).coarse().unwrap();
        assert_eq!((shown.median, shown.longest), (Some(40.0), None));
    }

    #[test]
    fn a_period_that_ends_before_it_begins_or_lasts_for_ever_is_refused() {
        assert!(Period::new(day("2026-02-01"), day("2026-01-31")).is_err());
        assert!(Period::new(day("2026-02-01"), day("2026-02-01")).is_ok());
        assert!(Period::new(day("2016-08-01"), day("2036-07-31")).is_ok());
        assert!(Period::new(day("2016-08-01"), day("2036-08-01")).is_err());
    }

    #[test]
    fn only_whole_quarters_are_told_outside_a_scope() {
        let whole = |from, until| Period::new(day(from), day(until)).unwrap().is_whole_quarters();
        assert!(whole("2026-01-01", "2026-03-31"));
        assert!(whole("2025-10-01", "2026-12-31"));
        assert!(!whole("2026-01-02", "2026-03-31"));
        assert!(!whole("2026-01-01", "2026-03-30"));
        assert!(!whole("2026-02-01", "2026-04-30"));
    }

    proptest! {
        #[test]
        fn a_shown_number_is_at_most_half_a_step_from_the_true_one(count in 0i64..100_000) {
            match coarse(count) {
                Some(shown) => {
                    prop_assert!(count >= SMALLEST_CELL);
                    prop_assert_eq!(shown % ROUNDING, 0);
                    prop_assert!((shown - count).abs() <= ROUNDING / 2);
                }
                None => prop_assert!(count < SMALLEST_CELL),
            }
        }
    }
}
