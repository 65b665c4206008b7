//! Time is passed in: a test lives through two years in a second.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};

/// The time zone of the programme's dates: deadlines, birthdays, "on the day".
pub const ZONE: chrono_tz::Tz = chrono_tz::Europe::Berlin;

/// Where the time comes from.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Now, to the microsecond, as PostgreSQL stores it.
    fn now(&self) -> DateTime<Utc>;

    /// Today's date in Germany.
    fn today(&self) -> NaiveDate {
        date_in_germany(self.now())
    }
}

/// The calendar date in Germany at an instant.
pub fn date_in_germany(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&ZONE).date_naive()
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where time enters")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

/// The machine's clock, moved by a fixed time: a demonstration begins weeks ago.
#[derive(Debug, Clone, Copy)]
pub struct ShiftedClock(pub chrono::Duration);

impl Clock for ShiftedClock {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + self.0
    }
}

/// A clock that moves only when told to.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at `start`.
    pub fn at(start: DateTime<Utc>) -> Self {
        Self(AtomicI64::new(start.timestamp_micros()))
    }

    /// Moves the clock forward (or back).
    pub fn advance(&self, by: chrono::Duration) {
        self.0.fetch_add(
            by.num_microseconds()
                .expect("a test moves less than 290,000 years"),
            Ordering::SeqCst,
        );
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).expect("stays in chrono's range")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_the_one_in_germany_not_the_one_in_greenwich() {
        let late_evening: DateTime<Utc> = "2026-06-30T22:30:00Z".parse().unwrap();
        assert_eq!(
            date_in_germany(late_evening),
            NaiveDate::from_ymd_opt(2026, 7, 1).unwrap()
        );
    }
}
