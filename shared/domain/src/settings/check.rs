//! What values are acceptable: each problem names the field, the value and what would be right.

use std::ops::RangeInclusive;

use super::Settings;
use crate::errors::{Problems, UserError};

/// No name is longer.
const NAME_LIMIT: usize = 120;
/// No address is longer.
const ADDRESS_LIMIT: usize = 200;
/// No reminder has more steps.
const STEPS_LIMIT: usize = 8;

/// In which order the steps of a reminder are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Days after something: 14, 28.
    Rising,
    /// Weeks before something: 12, 8, 4.
    Falling,
}

struct Check(Problems);

impl Check {
    fn line(&mut self, field: &str, value: &str, required: bool, limit: usize) {
        if required && value.trim().is_empty() {
            self.0.invalid(
                field,
                format!("{field} is empty: it stands in every mail, so write it out"),
            );
        } else if value.chars().any(char::is_control) {
            self.0.invalid(
                field,
                format!("{field} has a line break or another control character: write it in one line"),
            );
        } else if value.chars().count() > limit {
            let length = value.chars().count();
            self.0.invalid(
                field,
                format!("{field} has {length} characters, at most {limit} are possible"),
            );
        }
    }

    fn number(&mut self, field: &str, value: u32, unit: &str, range: RangeInclusive<u32>) {
        if !range.contains(&value) {
            let (from, to) = range.into_inner();
            self.0.invalid(
                field,
                format!("{field} is {value}: it must be {from} to {to} {unit}"),
            );
        }
    }

    fn steps(&mut self, field: &str, values: &[u32], unit: &str, range: RangeInclusive<u32>, order: Order) {
        if values.len() > STEPS_LIMIT {
            let count = values.len();
            self.0.invalid(field, format!("{field} has {count} steps: at most {STEPS_LIMIT} are possible, none switches the reminder off"));
            return;
        }
        if let Some(value) = values.iter().find(|value| !range.contains(value)) {
            let (from, to) = range.into_inner();
            self.0.invalid(
                field,
                format!("{field} holds {value}: each step must be {from} to {to} {unit}"),
            );
        }
        let ordered = values.windows(2).all(|pair| match order {
            Order::Rising => pair[0] < pair[1],
            Order::Falling => pair[0] > pair[1],
        });
        if !ordered {
            let wanted = match order {
                Order::Rising => "each step must be later than the one before, as in 14, 28",
                Order::Falling => "each step must be nearer to the day than the one before, as in 12, 8, 4",
            };
            let written: Vec<String> = values.iter().map(u32::to_string).collect();
            self.0
                .invalid(field, format!("{field} is {}: {wanted}", written.join(", ")));
        }
    }

    fn before(&mut self, field: &str, value: u32, other: &str, limit: u32, unit: &str) {
        if value >= limit {
            self.0.invalid(
                field,
                format!("{field} is {value}: it must be less than {other}, which is {limit} {unit}"),
            );
        }
    }
}

impl Settings {
    /// Checks every value, and those that depend on each other.
    ///
    /// # Errors
    /// Every problem at once: the field in the API's spelling, what is wrong, and what would be right.
    pub fn check(&self) -> Result<(), Vec<UserError>> {
        let mut c = Check(Problems::new());
        c.line("programmeName", &self.programme_name, true, NAME_LIMIT);
        c.line("organisationName", &self.organisation_name, true, NAME_LIMIT);
        c.line(
            "organisationAddress",
            &self.organisation_address,
            false,
            ADDRESS_LIMIT,
        );

        c.number(
            "checkMaxAgeAtInspectionMonths",
            self.check_max_age_at_inspection_months,
            "months",
            1..=12,
        );
        c.number(
            "checkValidityMonths",
            self.check_validity_months,
            "months",
            6..=60,
        );
        c.number("checkExpiringWeeks", self.check_expiring_weeks, "weeks", 1..=26);
        c.number(
            "eraseAfterEndMonths",
            self.erase_after_end_months,
            "months",
            0..=6,
        );
        c.number("expiredGraceDays", self.expired_grace_days, "days", 0..=28);
        c.steps(
            "checkExpiryReminderWeeks",
            &self.check_expiry_reminder_weeks,
            "weeks",
            0..=26,
            Order::Falling,
        );
        c.number(
            "checkExpiryOfficeWeeks",
            self.check_expiry_office_weeks,
            "weeks",
            0..=26,
        );

        c.steps(
            "trainingReminderDays",
            &self.training_reminder_days,
            "days",
            0..=120,
            Order::Falling,
        );
        c.number("seatOfferDays", self.seat_offer_days, "days", 1..=30);

        c.number(
            "approachReminderDays",
            self.approach_reminder_days,
            "days",
            1..=60,
        );
        c.number("approachLapseDays", self.approach_lapse_days, "days", 2..=90);
        c.before(
            "approachReminderDays",
            self.approach_reminder_days,
            "approachLapseDays",
            self.approach_lapse_days,
            "days",
        );
        c.number("approachLimit", self.approach_limit, "approaches", 1..=20);
        c.number("approachLimitDays", self.approach_limit_days, "days", 1..=365);
        c.number(
            "defaultRadiusKm",
            u32::from(self.default_radius_km),
            "kilometres",
            1..=300,
        );

        c.steps(
            "caseSearchingReminderDays",
            &self.case_searching_reminder_days,
            "days",
            1..=365,
            Order::Rising,
        );
        c.number("caseReopenDays", self.case_reopen_days, "days", 0..=180);
        c.number(
            "outcomeConfirmationMonths",
            self.outcome_confirmation_months,
            "months",
            1..=12,
        );
        c.number(
            "turns18ReminderWeeks",
            self.turns_18_reminder_weeks,
            "weeks",
            1..=26,
        );

        c.number(
            "readinessReminderWeeks",
            self.readiness_reminder_weeks,
            "weeks",
            1..=12,
        );
        c.steps(
            "undatedMeetingReminderDays",
            &self.undated_meeting_reminder_days,
            "days",
            1..=90,
            Order::Rising,
        );
        c.number(
            "undatedMeetingDecideDays",
            self.undated_meeting_decide_days,
            "days",
            2..=180,
        );
        if let Some(last) = self.undated_meeting_reminder_days.last() {
            c.before(
                "undatedMeetingReminderDays",
                *last,
                "undatedMeetingDecideDays",
                self.undated_meeting_decide_days,
                "days",
            );
        }
        c.steps(
            "chemistryReminderDays",
            &self.chemistry_reminder_days,
            "days",
            1..=90,
            Order::Rising,
        );
        c.number("chemistryCloseDays", self.chemistry_close_days, "days", 2..=180);
        if let Some(last) = self.chemistry_reminder_days.last() {
            c.before(
                "chemistryReminderDays",
                *last,
                "chemistryCloseDays",
                self.chemistry_close_days,
                "days",
            );
        }
        c.number("agreementMonths", self.agreement_months, "months", 1..=36);
        c.number("rhythmDays", self.rhythm_days, "days", 1..=31);
        c.number(
            "noMeetingExpertWeeks",
            self.no_meeting_expert_weeks,
            "weeks",
            1..=26,
        );
        c.number(
            "noMeetingCenterWeeks",
            self.no_meeting_center_weeks,
            "weeks",
            1..=52,
        );
        c.before(
            "noMeetingExpertWeeks",
            self.no_meeting_expert_weeks,
            "noMeetingCenterWeeks",
            self.no_meeting_center_weeks,
            "weeks",
        );
        c.number("checkInWeeks", self.check_in_weeks, "weeks", 1..=26);
        c.number(
            "interviewFollowUpDays",
            self.interview_follow_up_days,
            "days",
            0..=30,
        );
        c.number(
            "halfYearFeedbackMonths",
            self.half_year_feedback_months,
            "months",
            1..=24,
        );
        c.steps(
            "agreementEndingReminderMonths",
            &self.agreement_ending_reminder_months,
            "months",
            0..=12,
            Order::Falling,
        );
        c.steps(
            "finalReportReminderDays",
            &self.final_report_reminder_days,
            "days",
            0..=180,
            Order::Rising,
        );

        if self.quiet_from == self.quiet_until {
            let time = self.quiet_from.format("%H:%M");
            c.0.invalid(
                "quietUntil",
                format!("quietFrom and quietUntil are both {time}: the night needs a beginning and an end, as in 20:00 and 07:00"),
            );
        } else if self.is_quiet(self.digest_time) {
            c.0.invalid(
                "digestTime",
                format!(
                    "digestTime is {}: it must lie outside of the quiet hours, {} to {}",
                    self.digest_time.format("%H:%M"),
                    self.quiet_from.format("%H:%M"),
                    self.quiet_until.format("%H:%M")
                ),
            );
        }
        c.number("reminderStaleDays", self.reminder_stale_days, "days", 7..=730);
        c.number(
            "mailsPerMinuteAndDomain",
            self.mails_per_minute_and_domain,
            "mails",
            1..=100_000,
        );

        c.number("erasureNoticeDays", self.erasure_notice_days, "days", 1..=180);
        c.number(
            "retentionFreeTextMonths",
            self.retention_free_text_months,
            "months",
            1..=36,
        );
        c.number(
            "retentionPersonDataMonths",
            self.retention_person_data_months,
            "months",
            1..=60,
        );
        c.number(
            "statisticsSuppressBelow",
            self.statistics_suppress_below,
            "people",
            1..=20,
        );
        c.number("statisticsRoundTo", self.statistics_round_to, "people", 1..=20);

        c.number("personLinkDays", self.person_link_days, "days", 1..=180);
        c.number("addressChangeDays", self.address_change_days, "days", 1..=60);
        c.number("addressVouchDays", self.address_vouch_days, "days", 1..=30);
        c.number("personCodeDays", self.person_code_days, "days", 1..=60);
        c.number("personCodeMinutes", self.person_code_minutes, "minutes", 10..=480);
        c.0.finish(Some(()))
    }
}
