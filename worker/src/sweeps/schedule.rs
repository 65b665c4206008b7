//! When a sweep runs.

use std::time::Duration;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use tandem_domain::clock::ZONE;
use tandem_domain::quiet::in_germany;

/// When a sweep runs. Each has ticks; a missed one is caught up, several missed ones together as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// Again and again, counted from 1970 so that all replicas agree.
    Every(Duration),
    /// Each day at this time in Germany.
    Daily(NaiveTime),
}

impl Schedule {
    /// The last tick that is not after `now`.
    pub fn latest_tick(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        match *self {
            Self::Every(period) => {
                let period = period.as_micros().max(1) as i64;
                let past = now.timestamp_micros().rem_euclid(period);
                now - TimeDelta::microseconds(past)
            }
            Self::Daily(time) => {
                let today = now.with_timezone(&ZONE).date_naive();
                let tick = in_germany(today, time);
                if tick <= now {
                    tick
                } else {
                    in_germany(today - Days::new(1), time)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn daily(hour: u32, minute: u32) -> Schedule {
        Schedule::Daily(NaiveTime::from_hms_opt(hour, minute, 0).unwrap())
    }

    #[test]
    fn a_period_ticks_alike_on_every_replica() {
        let every = Schedule::Every(Duration::from_secs(3_600));
        assert_eq!(
            every.latest_tick(at("2026-11-23T07:59:59.5Z")),
            at("2026-11-23T07:00:00Z")
        );
        assert_eq!(
            every.latest_tick(at("2026-11-23T08:00:00Z")),
            at("2026-11-23T08:00:00Z")
        );
    }

    #[test]
    fn a_daily_sweep_keeps_its_hour_in_germany_summer_and_winter() {
        assert_eq!(
            daily(6, 0).latest_tick(at("2026-07-01T12:00:00Z")),
            at("2026-07-01T04:00:00Z")
        );
        assert_eq!(
            daily(6, 0).latest_tick(at("2026-12-01T12:00:00Z")),
            at("2026-12-01T05:00:00Z")
        );
    }

    #[test]
    fn before_its_hour_the_tick_is_yesterdays() {
        assert_eq!(
            daily(6, 0).latest_tick(at("2026-12-01T04:59:59Z")),
            at("2026-11-30T05:00:00Z")
        );
    }

    #[test]
    fn an_hour_that_does_not_exist_is_an_hour_later_and_one_that_exists_twice_is_the_first() {
        assert_eq!(
            daily(2, 30).latest_tick(at("2026-03-29T12:00:00Z")),
            at("2026-03-29T01:30:00Z")
        );
        assert_eq!(
            daily(2, 30).latest_tick(at("2026-10-25T12:00:00Z")),
            at("2026-10-25T00:30:00Z")
        );
    }
}
