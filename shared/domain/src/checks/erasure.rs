//! When an inspection's data are erased: at the latest some months after the activity ended, and at once
//! where it was never taken up (SGB VIII § 72a (5)).

use chrono::{Months, NaiveDate};

use crate::experts::ExpertState;
use crate::settings::Settings;

/// What of an expert the clock depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// Where the expert stands in the programme.
    pub state: ExpertState,
    /// Since when the expert has stood by.
    pub activated_on: Option<NaiveDate>,
    /// When the expert left.
    pub left_on: Option<NaiveDate>,
    /// A match between the expert's yes and its end is there now.
    pub engaged: bool,
    /// The end of the last match that ever became active.
    pub last_match_ended_on: Option<NaiveDate>,
    /// When the certificate was inspected.
    pub inspected_on: NaiveDate,
}

impl Activity {
    /// Whether that for which the certificate was shown was ever begun.
    fn was_taken_up(&self, settings: &Settings) -> bool {
        (settings.standby_is_activity && self.activated_on.is_some()) || self.last_match_ended_on.is_some()
    }
}

/// The day on which the activity ended; none while it goes on.
///
/// Where standing by is the activity, it goes on until the expert leaves. Where it is not, it ends with the
/// last match, or with the inspection where none followed. Who was never activated is given the same time
/// to be: an inspection that leads nowhere is kept no longer than one that has served.
pub fn activity_ended_on(activity: &Activity, settings: &Settings) -> Option<NaiveDate> {
    match activity.state {
        ExpertState::Left => Some(match activity.last_match_ended_on {
            Some(ended) if !settings.standby_is_activity => ended,
            _ => activity.left_on.unwrap_or(activity.inspected_on),
        }),
        _ if activity.engaged => None,
        ExpertState::Registered => Some(activity.inspected_on),
        ExpertState::Active | ExpertState::Suspended if settings.standby_is_activity => None,
        ExpertState::Active | ExpertState::Suspended => Some(
            activity
                .last_match_ended_on
                .map_or(activity.inspected_on, |ended| ended.max(activity.inspected_on)),
        ),
    }
}

/// The day on which the inspection is erased; none while the activity goes on.
pub fn erase_on(activity: &Activity, settings: &Settings) -> Option<NaiveDate> {
    let ended = activity_ended_on(activity, settings)?;
    if activity.state == ExpertState::Left && !activity.was_taken_up(settings) {
        return Some(ended);
    }
    Some(ended + Months::new(settings.erase_after_end_months))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn settings(standby_is_activity: bool) -> Settings {
        Settings {
            standby_is_activity,
            ..Settings::default()
        }
    }

    fn standing_by() -> Activity {
        Activity {
            state: ExpertState::Active,
            activated_on: Some(day("2024-01-15")),
            left_on: None,
            engaged: false,
            last_match_ended_on: None,
            inspected_on: day("2024-01-10"),
        }
    }

    fn left(activity: Activity, on: &str) -> Activity {
        Activity {
            state: ExpertState::Left,
            left_on: Some(day(on)),
            ..activity
        }
    }

    #[test]
    fn while_standing_by_counts_the_clock_starts_when_the_expert_leaves() {
        let settings = settings(true);
        assert_eq!(erase_on(&standing_by(), &settings), None);
        let served = Activity {
            last_match_ended_on: Some(day("2024-06-30")),
            ..standing_by()
        };
        assert_eq!(erase_on(&served, &settings), None);
        assert_eq!(
            erase_on(&left(served, "2026-03-01"), &settings),
            Some(day("2026-09-01"))
        );
    }

    #[test]
    fn where_it_does_not_count_the_clock_starts_at_the_end_of_the_last_match() {
        let settings = settings(false);
        let served = Activity {
            last_match_ended_on: Some(day("2024-06-30")),
            ..standing_by()
        };
        assert_eq!(erase_on(&served, &settings), Some(day("2024-12-30")));
        assert_eq!(
            erase_on(&left(served, "2026-03-01"), &settings),
            Some(day("2024-12-30"))
        );
        let engaged = Activity {
            engaged: true,
            ..served
        };
        assert_eq!(erase_on(&engaged, &settings), None);
    }

    #[test]
    fn where_it_does_not_count_and_no_match_followed_the_clock_starts_at_the_inspection() {
        assert_eq!(
            erase_on(&standing_by(), &settings(false)),
            Some(day("2024-07-10"))
        );
        let renewed = Activity {
            inspected_on: day("2025-02-01"),
            last_match_ended_on: Some(day("2024-06-30")),
            ..standing_by()
        };
        assert_eq!(erase_on(&renewed, &settings(false)), Some(day("2025-08-01")));
    }

    #[test]
    fn what_was_never_taken_up_is_erased_at_once() {
        let never_activated = Activity {
            state: ExpertState::Registered,
            activated_on: None,
            ..standing_by()
        };
        for standby in [true, false] {
            assert_eq!(
                erase_on(&left(never_activated, "2024-02-01"), &settings(standby)),
                Some(day("2024-02-01"))
            );
            assert_eq!(
                erase_on(&never_activated, &settings(standby)),
                Some(day("2024-07-10")),
                "nobody waits for years to begin"
            );
        }
        assert_eq!(
            erase_on(&left(standing_by(), "2024-02-01"), &settings(false)),
            Some(day("2024-02-01")),
            "standing by was no activity, and no match followed"
        );
        assert_eq!(
            erase_on(&left(standing_by(), "2024-02-01"), &settings(true)),
            Some(day("2024-08-01"))
        );
    }
}
