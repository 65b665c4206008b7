//! What the programme may change without a new release. Stored as versions; the newest counts.
//!
//! Every lead time, age, limit and name of domain.md stands here once, with its default. Lists of lead
//! times may be empty, which switches the reminder off. [`Settings::check`] says what is wrong with
//! values that somebody wants to store.

mod check;
#[cfg(test)]
mod tests;

use chrono::{NaiveTime, Weekday};
use serde::{Deserialize, Serialize};

/// Lead times, limits and names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    // ── names ───────────────────────────────────────────────────────────────────────────────────
    /// The programme's name in texts: configuration, since partners have changed names before.
    pub programme_name: String,
    /// The organisation that answers for the mails.
    pub organisation_name: String,
    /// Its postal address in one line, for the foot of each mail and letter; may be empty.
    pub organisation_address: String,

    // ── background checks ───────────────────────────────────────────────────────────────────────
    /// How old a certificate may be when it is inspected, in months.
    pub check_max_age_at_inspection_months: u32,
    /// How long an inspected check is valid, in months.
    pub check_validity_months: u32,
    /// How long before its end a check is `EXPIRING`, in weeks.
    pub check_expiring_weeks: u32,
    /// Whether an inspection counts only when a second person has confirmed it.
    pub four_eyes_inspection: bool,
    /// Whether standing by as an active expert counts as the activity that keeps a check (L: to be
    /// confirmed by counsel). If not, the erasure clock starts at the end of the last match.
    pub standby_is_activity: bool,
    /// How long after the end of the activity a check is erased at the latest, in months.
    pub erase_after_end_months: u32,
    /// How long a match with an adult mentee goes on after the check has expired, in days.
    pub expired_grace_days: u32,
    /// How long before its end an expert is reminded to renew a check, in weeks, the longest first; 0 is
    /// the day itself.
    pub check_expiry_reminder_weeks: Vec<u32>,
    /// From how many weeks before its end the office hears of it as well.
    pub check_expiry_office_weeks: u32,

    // ── training ────────────────────────────────────────────────────────────────────────────────
    /// How long before a session those who are booked are reminded, in days, the longest first.
    pub training_reminder_days: Vec<u32>,
    /// How long a seat that became free is kept for the next person of the waiting list, in days.
    pub seat_offer_days: u32,

    // ── approaching ─────────────────────────────────────────────────────────────────────────────
    /// Days after its approach e-mail was sent until the reminder.
    pub approach_reminder_days: u32,
    /// Days after its approach e-mail was sent until an approach lapses.
    pub approach_lapse_days: u32,
    /// An expert is not approached more often than this …
    pub approach_limit: u32,
    /// … within this many days, counting what is open or was not answered.
    pub approach_limit_days: u32,
    /// The radius around the centre where a case names none, in kilometres (S19).
    pub default_radius_km: u16,

    // ── cases ───────────────────────────────────────────────────────────────────────────────────
    /// After how many days of searching office and centre are told, the shortest first.
    pub case_searching_reminder_days: Vec<u32>,
    /// How long after its closure a case may be opened again, in days.
    pub case_reopen_days: u32,
    /// How long after the start of a training place the outcome is confirmed, in months.
    pub outcome_confirmation_months: u32,
    /// How long before a mentee turns 18 the centre is told, in weeks.
    pub turns_18_reminder_weeks: u32,

    // ── the life of a match ─────────────────────────────────────────────────────────────────────
    /// How often an expert who said yes is told which check or training is missing, in weeks.
    pub readiness_reminder_weeks: u32,
    /// After how many days without a dated first meeting centre and expert are reminded.
    pub undated_meeting_reminder_days: Vec<u32>,
    /// After how many days without a dated first meeting the office decides.
    pub undated_meeting_decide_days: u32,
    /// After how many days a side that has not answered the chemistry question is reminded.
    pub chemistry_reminder_days: Vec<u32>,
    /// After how many days the chemistry question is closed.
    pub chemistry_close_days: u32,
    /// How long an agreement runs where none is said, in months.
    pub agreement_months: u32,
    /// How often the two meet where none is said, in days (S38).
    pub rhythm_days: u32,
    /// After how many weeks without a logged meeting the expert is asked.
    pub no_meeting_expert_weeks: u32,
    /// After how many weeks without a logged meeting the centre is told.
    pub no_meeting_center_weeks: u32,
    /// How many weeks after the start both sides are asked how it goes.
    pub check_in_weeks: u32,
    /// How many days after an interview the expert is reminded to follow it up (S43).
    pub interview_follow_up_days: u32,
    /// After how many months both sides are asked for feedback.
    pub half_year_feedback_months: u32,
    /// How long before the end of the agreement both sides and the centre are told, in months, the
    /// longest first; 0 is the day itself. With an agreement of 12 months these are months 10, 11, 12.
    pub agreement_ending_reminder_months: Vec<u32>,
    /// How many days after the end the expert is asked for the final report, the shortest first.
    pub final_report_reminder_days: Vec<u32>,

    // ── mails ───────────────────────────────────────────────────────────────────────────────────
    /// From this time in Germany on nobody is mailed …
    pub quiet_from: NaiveTime,
    /// … until this one. Sign-in links and answers to what a person just did are not held back.
    pub quiet_until: NaiveTime,
    /// The day of the coordinators' digest.
    pub digest_weekday: Weekday,
    /// When it is sent, in Germany.
    pub digest_time: NaiveTime,
    /// A reminder that has been due for longer than this is not sent any more, in days: after a long
    /// outage or an import nobody hears of what was long ago.
    pub reminder_stale_days: u32,
    /// How many mails a minute leave for one mail domain, over all workers.
    pub mails_per_minute_and_domain: u32,

    // ── data protection ─────────────────────────────────────────────────────────────────────────
    /// How long before something is erased the administrators are told, in days.
    pub erasure_notice_days: u32,
    /// How long free text is kept after a case was closed, in months.
    pub retention_free_text_months: u32,
    /// How long personal data are kept after closure or the confirmed outcome, in months.
    pub retention_person_data_months: u32,
    /// Statistics shown outside a scope suppress cells below this …
    pub statistics_suppress_below: u32,
    /// … and round the others to a multiple of this.
    pub statistics_round_to: u32,

    // ── people's own pages ──────────────────────────────────────────────────────────────────────
    /// How long a link to a person's own pages works after its e-mail was sent, in days.
    pub person_link_days: u32,
    /// How long a changed e-mail address can be confirmed, in days.
    pub address_change_days: u32,
    /// How long the old address can object after the office has vouched for a change, in days.
    pub address_vouch_days: u32,
    /// How long a printed one-time code can be typed in, in days.
    pub person_code_days: u32,
    /// How long the pages of a one-time code stay open after it was typed in, in minutes.
    pub person_code_minutes: u32,
}

impl Default for Settings {
    fn default() -> Self {
        let at = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).expect("a time of day");
        Self {
            programme_name: "Tandem".into(),
            organisation_name: "Senior Experten Service".into(),
            organisation_address: String::new(),

            check_max_age_at_inspection_months: 3,
            check_validity_months: 60,
            check_expiring_weeks: 12,
            four_eyes_inspection: false,
            standby_is_activity: true,
            erase_after_end_months: 6,
            expired_grace_days: 28,
            check_expiry_reminder_weeks: vec![12, 8, 4, 1, 0],
            check_expiry_office_weeks: 4,

            training_reminder_days: vec![42, 14, 2],
            seat_offer_days: 5,

            approach_reminder_days: 7,
            approach_lapse_days: 14,
            approach_limit: 3,
            approach_limit_days: 60,
            default_radius_km: 30,

            case_searching_reminder_days: vec![14, 28],
            case_reopen_days: 30,
            outcome_confirmation_months: 4,
            turns_18_reminder_weeks: 4,

            readiness_reminder_weeks: 2,
            undated_meeting_reminder_days: vec![14],
            undated_meeting_decide_days: 28,
            chemistry_reminder_days: vec![7],
            chemistry_close_days: 28,
            agreement_months: 12,
            rhythm_days: 7,
            no_meeting_expert_weeks: 3,
            no_meeting_center_weeks: 5,
            check_in_weeks: 4,
            interview_follow_up_days: 2,
            half_year_feedback_months: 6,
            agreement_ending_reminder_months: vec![2, 1, 0],
            final_report_reminder_days: vec![0, 14, 28],

            quiet_from: at(20, 0),
            quiet_until: at(7, 0),
            digest_weekday: Weekday::Mon,
            digest_time: at(7, 0),
            reminder_stale_days: 92,
            mails_per_minute_and_domain: 300,

            erasure_notice_days: 30,
            retention_free_text_months: 6,
            retention_person_data_months: 12,
            statistics_suppress_below: 3,
            statistics_round_to: 5,

            person_link_days: 60,
            address_change_days: 14,
            address_vouch_days: 3,
            person_code_days: 14,
            person_code_minutes: 120,
        }
    }
}
