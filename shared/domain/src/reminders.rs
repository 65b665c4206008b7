//! Reminders: what is due when (domain.md, the table of "E-mails and reminders").
//!
//! A reminder watches one subject and counts its steps from (or towards) one day, its anchor. A sweep
//! asks [`Reminder::plan`] what is due and when to look again; whatever it missed, only the latest due
//! step is sent. Whether a reminder is still wanted is asked where the subject is known, at the sweep and
//! again at the moment of sending.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use crate::settings::Settings;
use crate::values::words;

words! {
    /// What is brought to mind, and to whom.
    Reminder {
        /// An approach that was not answered, to the expert; counted from the day it was sent.
        Approach,
        /// No first meeting is dated, to centre and expert; from the introduction.
        MeetingUndated,
        /// One side has not answered after the first meeting, to that side alone; from the meeting.
        ChemistrySilent,
        /// Check or training are missing after a yes, to the expert; from the yes.
        ReadinessMissing,
        /// A check ends, to the expert; towards its last day.
        CheckExpiry,
        /// A check ends, to the office; towards its last day.
        CheckExpiryOffice,
        /// A training session, to who is booked; towards its day.
        TrainingSession,
        /// A case still searches, to office and centre; from the day since when it does.
        CaseSearching,
        /// No meeting was logged, to the expert; from the last one.
        NoMeeting,
        /// No meeting was logged, to the centre; from the last one.
        NoMeetingCenter,
        /// How does it go, to both; from the start.
        CheckIn,
        /// An interview is to be followed up, to the expert (S43); from the interview.
        InterviewFollowUp,
        /// Feedback, to both; from the start.
        HalfYearFeedback,
        /// The agreement ends, to both and the centre; towards its last day.
        AgreementEnding,
        /// The final report, to the expert; from the end.
        FinalReport,
        /// The outcome is to be confirmed, to the centre; from the start of the training place.
        OutcomeConfirmation,
        /// A mentee turns 18, to the centre; towards the birthday.
        Turns18,
        /// Data are about to be erased, to the administrators; every day on which there is something new.
        ErasureDue,
        /// The coordinators' digest, to each office, once a week.
        WeeklyDigest,
    }
}

/// One step of a reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Which one: the lead time in its own unit, so that a changed list does not renumber the others.
    pub number: i16,
    /// The day on which it falls due.
    pub on: NaiveDate,
}

/// What is to be done about one subject on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The latest step that is due and not stale.
    pub due: Option<Step>,
    /// When there is something to do again; `None`: never, under these settings.
    pub next: Option<NaiveDate>,
}

/// When the steps fall.
#[derive(PartialEq, Eq)]
enum Schedule {
    /// On these days.
    Steps(Vec<Step>),
    /// Every so many days, from the anchor on, until the thing is done.
    Every(u32),
    /// Once a week on this day.
    Weekly(Weekday),
}

fn days_before(anchor: NaiveDate, days: u32) -> NaiveDate {
    anchor
        .checked_sub_days(Days::new(days.into()))
        .unwrap_or(NaiveDate::MIN)
}

fn days_after(anchor: NaiveDate, days: u32) -> NaiveDate {
    anchor
        .checked_add_days(Days::new(days.into()))
        .unwrap_or(NaiveDate::MAX)
}

fn months_before(anchor: NaiveDate, months: u32) -> NaiveDate {
    anchor
        .checked_sub_months(Months::new(months))
        .unwrap_or(NaiveDate::MIN)
}

fn months_after(anchor: NaiveDate, months: u32) -> NaiveDate {
    anchor
        .checked_add_months(Months::new(months))
        .unwrap_or(NaiveDate::MAX)
}

impl Reminder {
    fn schedule(self, anchor: NaiveDate, settings: &Settings) -> Schedule {
        let one = |value: u32, on: fn(NaiveDate, u32) -> NaiveDate, unit: u32| {
            Schedule::Steps(vec![Step {
                number: value as i16,
                on: on(anchor, value * unit),
            }])
        };
        let many = |values: &[u32], on: fn(NaiveDate, u32) -> NaiveDate, unit: u32| {
            let steps = values.iter().map(|value| Step {
                number: *value as i16,
                on: on(anchor, *value * unit),
            });
            Schedule::Steps(steps.collect())
        };
        match self {
            Self::Approach => one(settings.approach_reminder_days, days_after, 1),
            Self::MeetingUndated => many(&settings.undated_meeting_reminder_days, days_after, 1),
            Self::ChemistrySilent => many(&settings.chemistry_reminder_days, days_after, 1),
            Self::ReadinessMissing => Schedule::Every(settings.readiness_reminder_weeks * 7),
            Self::CheckExpiry => many(&settings.check_expiry_reminder_weeks, days_before, 7),
            Self::CheckExpiryOffice => {
                let weeks: Vec<u32> = settings
                    .check_expiry_reminder_weeks
                    .iter()
                    .copied()
                    .filter(|weeks| *weeks <= settings.check_expiry_office_weeks)
                    .collect();
                many(&weeks, days_before, 7)
            }
            Self::TrainingSession => many(&settings.training_reminder_days, days_before, 1),
            Self::CaseSearching => many(&settings.case_searching_reminder_days, days_after, 1),
            Self::NoMeeting => one(settings.no_meeting_expert_weeks, days_after, 7),
            Self::NoMeetingCenter => one(settings.no_meeting_center_weeks, days_after, 7),
            Self::CheckIn => one(settings.check_in_weeks, days_after, 7),
            Self::InterviewFollowUp => one(settings.interview_follow_up_days, days_after, 1),
            Self::HalfYearFeedback => one(settings.half_year_feedback_months, months_after, 1),
            Self::AgreementEnding => many(&settings.agreement_ending_reminder_months, months_before, 1),
            Self::FinalReport => many(&settings.final_report_reminder_days, days_after, 1),
            Self::OutcomeConfirmation => one(settings.outcome_confirmation_months, months_after, 1),
            Self::Turns18 => one(settings.turns_18_reminder_weeks, days_before, 7),
            Self::ErasureDue => Schedule::Every(1),
            Self::WeeklyDigest => Schedule::Weekly(settings.digest_weekday),
        }
    }

    /// Whether nothing that [`Self::plan`] asks differs between these settings, so that every plan that was
    /// made with one is still right with the other.
    pub fn is_planned_alike(self, before: &Settings, after: &Settings) -> bool {
        // any day will do: how the steps lie around it is what the settings say
        let anchor = NaiveDate::default();
        before.reminder_stale_days == after.reminder_stale_days
            && self.schedule(anchor, before) == self.schedule(anchor, after)
    }

    /// What is due about a subject whose steps count from `anchor`, and when to look again.
    ///
    /// Of several due steps only the latest counts, and none that has been due for longer than
    /// [`Settings::reminder_stale_days`].
    pub fn plan(self, anchor: NaiveDate, today: NaiveDate, settings: &Settings) -> Plan {
        let (latest, next) = match self.schedule(anchor, settings) {
            Schedule::Steps(steps) => (
                steps
                    .iter()
                    .copied()
                    .filter(|step| step.on <= today)
                    .max_by_key(|step| step.on),
                steps.iter().map(|step| step.on).filter(|on| *on > today).min(),
            ),
            Schedule::Every(period) => {
                let past = (today - anchor).num_days();
                if past < 0 {
                    (None, Some(anchor))
                } else {
                    let number = past / i64::from(period.max(1));
                    let on = days_after(anchor, (number * i64::from(period)) as u32);
                    let step = Step {
                        number: number as i16,
                        on,
                    };
                    (Some(step), Some(days_after(on, period)))
                }
            }
            Schedule::Weekly(weekday) => {
                let back = (7 + today.weekday().num_days_from_monday() - weekday.num_days_from_monday()) % 7;
                let on = days_before(today, back);
                // what was before the subject existed is not caught up
                let step = (on >= anchor).then_some(Step { number: 0, on });
                (step, Some(days_after(on, 7)))
            }
        };
        let oldest = days_before(today, settings.reminder_stale_days);
        Plan {
            due: latest.filter(|step| step.on >= oldest),
            next,
        }
    }

    /// The day that tells this round of a reminder from the others about the same subject, as part of the
    /// key under which it is sent once: the anchor, or the day of a step that comes again and again.
    pub fn occasion(self, anchor: NaiveDate, step: Step) -> NaiveDate {
        match self {
            Self::WeeklyDigest | Self::ErasureDue => step.on,
            _ => anchor,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strum::VariantArray;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn due(reminder: Reminder, anchor: &str, today: &str) -> Option<i16> {
        reminder
            .plan(day(anchor), day(today), &Settings::default())
            .due
            .map(|step| step.number)
    }

    #[test]
    fn a_check_is_told_12_8_4_and_1_weeks_before_its_end_and_on_the_day() {
        for (today, step) in [
            ("2026-09-07", None),
            ("2026-09-08", Some(12)),
            ("2026-10-05", Some(12)),
            ("2026-10-06", Some(8)),
            ("2026-11-03", Some(4)),
            ("2026-11-24", Some(1)),
            ("2026-12-01", Some(0)),
            ("2026-12-24", Some(0)),
        ] {
            assert_eq!(due(Reminder::CheckExpiry, "2026-12-01", today), step, "{today}");
        }
        assert_eq!(due(Reminder::CheckExpiryOffice, "2026-12-01", "2026-11-02"), None);
        assert_eq!(
            due(Reminder::CheckExpiryOffice, "2026-12-01", "2026-11-03"),
            Some(4)
        );
    }

    #[test]
    fn catching_up_sends_the_latest_step_and_nothing_that_is_long_past() {
        let settings = Settings::default();
        let plan = Reminder::CaseSearching.plan(day("2026-01-01"), day("2026-02-15"), &settings);
        assert_eq!(plan.due.map(|step| step.number), Some(28));
        assert_eq!(plan.next, None);
        let plan = Reminder::CaseSearching.plan(day("2026-01-01"), day("2026-06-15"), &settings);
        assert_eq!(
            plan,
            Plan {
                due: None,
                next: None
            }
        );
    }

    #[test]
    fn what_is_missing_is_told_at_once_and_then_every_two_weeks() {
        let plan = |today: &str| {
            Reminder::ReadinessMissing.plan(day("2026-11-02"), day(today), &Settings::default())
        };
        assert_eq!(plan("2026-11-02").due.map(|step| step.number), Some(0));
        assert_eq!(plan("2026-11-15").due.map(|step| step.number), Some(0));
        assert_eq!(plan("2026-11-16").due.map(|step| step.number), Some(1));
        assert_eq!(plan("2026-12-20").due.map(|step| step.number), Some(3));
        assert_eq!(plan("2026-12-20").next, Some(day("2026-12-28")));
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        assert_eq!(due(Reminder::HalfYearFeedback, "2026-08-31", "2027-02-27"), None);
        assert_eq!(
            due(Reminder::HalfYearFeedback, "2026-08-31", "2027-02-28"),
            Some(6)
        );
        assert_eq!(
            due(Reminder::AgreementEnding, "2027-01-15", "2026-11-15"),
            Some(2)
        );
        assert_eq!(
            due(Reminder::AgreementEnding, "2027-01-15", "2027-01-15"),
            Some(0)
        );
        assert_eq!(
            due(Reminder::OutcomeConfirmation, "2026-08-01", "2026-12-01"),
            Some(4)
        );
    }

    #[test]
    fn the_digest_is_mondays_and_a_missed_one_is_caught_up_once() {
        let plan =
            |today: &str| Reminder::WeeklyDigest.plan(day("2026-11-01"), day(today), &Settings::default());
        for today in ["2026-11-23", "2026-11-25", "2026-11-29"] {
            assert_eq!(
                plan(today).due.map(|step| step.on),
                Some(day("2026-11-23")),
                "{today}"
            );
            assert_eq!(plan(today).next, Some(day("2026-11-30")), "{today}");
        }
    }

    #[test]
    fn a_changed_setting_changes_the_plans_of_what_depends_on_it_and_no_others() {
        let before = Settings::default();
        let changed = |change: fn(&mut Settings)| {
            let mut after = before.clone();
            change(&mut after);
            Reminder::VARIANTS
                .iter()
                .copied()
                .filter(|reminder| !reminder.is_planned_alike(&before, &after))
                .collect::<Vec<_>>()
        };
        assert_eq!(changed(|settings| settings.programme_name = "VerA".into()), []);
        assert_eq!(
            changed(|settings| settings.check_in_weeks = 5),
            [Reminder::CheckIn]
        );
        assert_eq!(
            changed(|settings| settings.check_expiry_reminder_weeks = vec![12, 8, 2]),
            [Reminder::CheckExpiry, Reminder::CheckExpiryOffice]
        );
        assert_eq!(
            changed(|settings| settings.check_expiry_office_weeks = 8),
            [Reminder::CheckExpiryOffice]
        );
        assert_eq!(
            changed(|settings| settings.digest_weekday = Weekday::Tue),
            [Reminder::WeeklyDigest]
        );
        assert_eq!(
            changed(|settings| settings.reminder_stale_days = 30),
            Reminder::VARIANTS
        );
    }

    #[test]
    fn an_empty_list_is_no_reminder() {
        let settings = Settings {
            chemistry_reminder_days: vec![],
            ..Settings::default()
        };
        assert_eq!(
            Reminder::ChemistrySilent.plan(day("2026-11-02"), day("2026-12-02"), &settings),
            Plan {
                due: None,
                next: None
            }
        );
    }

    proptest! {
        /// Whoever looks only on the days that the plan names sees every step that a daily look sees.
        #[test]
        fn looking_again_when_told_to_misses_nothing(kind in 0..Reminder::VARIANTS.len(), offset in -400_i64..400) {
            let settings = Settings::default();
            let reminder = Reminder::VARIANTS[kind];
            let start = day("2026-01-01");
            let anchor = start + chrono::TimeDelta::days(offset);
            let mut daily = Vec::new();
            let mut told = Vec::new();
            let mut next = Some(start);
            for past in 0..500 {
                let today = start + Days::new(past);
                let plan = reminder.plan(anchor, today, &settings);
                daily.extend(plan.due);
                if next.is_some_and(|next| next <= today) {
                    told.extend(plan.due);
                    next = plan.next;
                }
            }
            daily.dedup();
            told.dedup();
            prop_assert_eq!(daily, told);
        }
    }
}
