//! Nobody is mailed at night (domain.md "E-mails and reminders"): times are Europe/Berlin.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};

use crate::clock::ZONE;
use crate::settings::Settings;

impl Settings {
    /// Whether a time of day lies in the quiet hours; their end does not belong to them.
    pub fn is_quiet(&self, time: NaiveTime) -> bool {
        if self.quiet_from < self.quiet_until {
            (self.quiet_from..self.quiet_until).contains(&time)
        } else {
            time >= self.quiet_from || time < self.quiet_until
        }
    }

    /// The first instant from `at` on at which somebody may be mailed: `at` itself by day, the end of the
    /// quiet hours otherwise.
    pub fn awake(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let local = at.with_timezone(&ZONE);
        if !self.is_quiet(local.time()) {
            return at;
        }
        let day = if local.time() < self.quiet_until {
            local.date_naive()
        } else {
            local.date_naive() + Days::new(1)
        };
        in_germany(day, self.quiet_until).max(at)
    }
}

/// The instant of a German wall clock; the first of two where the clock is put back, an hour later where
/// it is put forward over it.
pub fn in_germany(date: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    let local = date.and_time(time);
    ZONE.from_local_datetime(&local)
        .earliest()
        .or_else(|| {
            ZONE.from_local_datetime(&(local + TimeDelta::hours(1)))
                .earliest()
        })
        .expect("the clock is put forward by one hour")
        .with_timezone(&Utc)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_due_at_night_waits_for_the_morning() {
        let settings = Settings::default();
        // winter: Germany is one hour ahead, in summer two
        for (now, expected) in [
            ("2026-11-23T05:59:59Z", "2026-11-23T06:00:00Z"),
            ("2026-11-23T06:00:00Z", "2026-11-23T06:00:00Z"),
            ("2026-11-23T18:59:59Z", "2026-11-23T18:59:59Z"),
            ("2026-11-23T19:00:00Z", "2026-11-24T06:00:00Z"),
            ("2026-11-23T23:30:00Z", "2026-11-24T06:00:00Z"),
            ("2026-07-01T04:59:00Z", "2026-07-01T05:00:00Z"),
            ("2026-07-01T18:00:00Z", "2026-07-02T05:00:00Z"),
            // the night in which the clock is put forward
            ("2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z"),
        ] {
            assert_eq!(settings.awake(at(now)), at(expected), "{now}");
        }
    }

    #[test]
    fn quiet_hours_may_lie_within_one_day() {
        let settings = Settings {
            quiet_from: NaiveTime::from_hms_opt(12, 0, 0).unwrap(),
            quiet_until: NaiveTime::from_hms_opt(14, 0, 0).unwrap(),
            ..Settings::default()
        };
        assert_eq!(
            settings.awake(at("2026-11-23T11:30:00Z")),
            at("2026-11-23T13:00:00Z")
        );
        assert_eq!(
            settings.awake(at("2026-11-23T13:00:00Z")),
            at("2026-11-23T13:00:00Z")
        );
    }
}
