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
