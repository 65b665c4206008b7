//! Training modules and attendance (S8, S9).

use chrono::{Months, NaiveDate};

use crate::values::words;

/// The module of one-to-one accompaniment.
pub const BASE: &str = "BASE";
/// The module of refugees and intercultural work; the base module alone is not enough (S9).
pub const INTERCULTURAL: &str = "INTERCULTURAL";

words! {
    /// `INVITED → BOOKED → ATTENDED | MISSED | CANCELLED`, `WAITLISTED → OFFERED → BOOKED | LAPSED`.
    AttendanceState {
        /// Asked to come.
        Invited,
        /// Has a seat.
        Booked,
        /// Was there, confirmed by the office.
        Attended,
        /// Had a seat and was not there.
        Missed,
        /// Gave the seat back.
        Cancelled,
        /// Waits for a seat.
        Waitlisted,
        /// A seat is held for this expert until a deadline.
        Offered,
        /// The offer was not taken up.
        Lapsed,
    }
}

/// The last day on which an attendance counts; none: it never ends (the default).
pub fn counts_until(attended_on: NaiveDate, validity_months: Option<u32>) -> Option<NaiveDate> {
    validity_months.map(|months| attended_on + Months::new(months))
}

/// Trainings of the older one-to-one programmes count (S8), but none is older than this.
const EARLIEST: NaiveDate = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a date of the calendar");

/// Checks the day on which a module was attended.
///
/// # Errors
/// A text that says why somebody cannot have attended on that day.
pub fn check_attendance(attended_on: NaiveDate, today: NaiveDate) -> Result<NaiveDate, String> {
    if attended_on > today {
        Err(format!("attendance date {attended_on} lies in the future"))
    } else if attended_on < EARLIEST {
        Err(format!(
            "attendance date {attended_on} is too long ago: it must be {EARLIEST} or later"
        ))
    } else {
        Ok(attended_on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_attended_in_the_future_or_in_the_last_century() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let today = day("2026-11-23");
        for (date, ok) in [
            ("2026-11-23", true),
            ("2026-11-24", false),
            ("2000-01-01", true),
            ("1999-12-31", false),
        ] {
            assert_eq!(check_attendance(day(date), today).is_ok(), ok, "{date}");
        }
    }

    #[test]
    fn a_module_without_validity_counts_for_ever() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(counts_until(day("2020-01-31"), None), None);
        assert_eq!(counts_until(day("2020-01-31"), Some(13)), Some(day("2021-02-28")));
    }
}
