//! What the programme may change without a new release.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, NaiveTime, Utc};
use tandem_operations::settings::{self, Version};

use super::{
    app, caller,
    error::visible,
    ids,
    payload::{payload, settle_with_current},
};

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "chrono::Weekday")]
pub enum Weekday {
    /// Monday.
    #[graphql(name = "MONDAY")]
    Mon,
    /// Tuesday.
    #[graphql(name = "TUESDAY")]
    Tue,
    /// Wednesday.
    #[graphql(name = "WEDNESDAY")]
    Wed,
    /// Thursday.
    #[graphql(name = "THURSDAY")]
    Thu,
    /// Friday.
    #[graphql(name = "FRIDAY")]
    Fri,
    /// Saturday.
    #[graphql(name = "SATURDAY")]
    Sat,
    /// Sunday.
    #[graphql(name = "SUNDAY")]
    Sun,
}

/// Declares what is shown and what may be changed from one list, so that the two cannot differ.
macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)*) => {
        /// Lead times, limits and names that count now, or did.
        #[derive(Debug, SimpleObject)]
        pub struct Settings {
            /// Which version this is; 0 are the defaults, before anything was changed.
            version: i64,
            /// When it began to count; null for the defaults.
            changed_at: Option<DateTime<Utc>>,
            /// Who wrote it: the id of a user; null for the defaults.
            changed_by_id: Option<ID>,
            $($(#[$doc])* $name: $type,)*
        }

        /// What is to be changed; what is left out stays as it is.
        #[derive(Debug, InputObject)]
        pub struct UpdateSettingsInput {
            /// The version that you read; an older one than the newest is a conflict.
            version: i64,
            $($(#[$doc])* $name: Option<$type>,)*
        }

        impl From<Version> for Settings {
            fn from(version: Version) -> Self {
                let settings = version.settings;
                Self {
                    version: version.version,
                    changed_at: version.changed_at,
                    changed_by_id: version.changed_by.map(ids::global),
                    $($name: settings.$name.into(),)*
                }
            }
        }

        impl UpdateSettingsInput {
            fn apply(self, settings: &mut tandem_domain::settings::Settings) {
                $(if let Some(value) = self.$name {
                    settings.$name = value.into();
                })*
            }
        }
    };
}

fields! {
    /// The programme's name in texts: configuration, since partners have changed names before.
    programme_name: String,
    /// The organisation that answers for the mails.
    organisation_name: String,
    /// Its postal address in one line, for the foot of each mail and letter; may be empty.
    organisation_address: String,
    /// How old a certificate may be when it is inspected, in months.
    check_max_age_at_inspection_months: u32,
    /// How long an inspected check is valid, in months.
    check_validity_months: u32,
    /// How long before its end a check is `EXPIRING`, in weeks.
    check_expiring_weeks: u32,
    /// Whether an inspection counts only when a second person has confirmed it.
    four_eyes_inspection: bool,
    /// Whether standing by as an active expert counts as the activity that keeps a check (L: to be
    /// confirmed by counsel). If not, the erasure clock starts at the end of the last match.
    standby_is_activity: bool,
    /// How long after the end of the activity a check is erased at the latest, in months.
    erase_after_end_months: u32,
    /// How long a match with an adult mentee goes on after the check has expired, in days.
    expired_grace_days: u32,
    /// How long before its end an expert is reminded to renew a check, in weeks, the longest first; 0 is
    /// the day itself.
    check_expiry_reminder_weeks: Vec<u32>,
    /// From how many weeks before its end the office hears of it as well.
    check_expiry_office_weeks: u32,
    /// How long before a session those who are booked are reminded, in days, the longest first.
    training_reminder_days: Vec<u32>,
    /// How long a seat that became free is kept for the next person of the waiting list, in days.
    seat_offer_days: u32,
    /// Days after its approach e-mail was sent until the reminder.
    approach_reminder_days: u32,
    /// Days after its approach e-mail was sent until an approach lapses.
    approach_lapse_days: u32,
    /// An expert is not approached more often than this within `approachLimitDays`.
    approach_limit: u32,
    /// The days in which open and unanswered approaches count towards `approachLimit`.
    approach_limit_days: u32,
    /// The radius around the centre where a case names none, in kilometres (S19).
    default_radius_km: u16,
    /// After how many days of searching office and centre are told, the shortest first.
    case_searching_reminder_days: Vec<u32>,
    /// How long after its closure a case may be opened again, in days.
    case_reopen_days: u32,
    /// How long after the start of a training place the outcome is confirmed, in months.
    outcome_confirmation_months: u32,
    /// How long before a mentee turns 18 the centre is told, in weeks.
    turns_18_reminder_weeks: u32,
    /// How often an expert who said yes is told which check or training is missing, in weeks.
    readiness_reminder_weeks: u32,
    /// After how many days without a dated first meeting centre and expert are reminded.
    undated_meeting_reminder_days: Vec<u32>,
    /// After how many days without a dated first meeting the office decides.
    undated_meeting_decide_days: u32,
    /// After how many days a side that has not answered the chemistry question is reminded.
    chemistry_reminder_days: Vec<u32>,
    /// After how many days the chemistry question is closed.
    chemistry_close_days: u32,
    /// How long an agreement runs where none is said, in months.
    agreement_months: u32,
    /// How often the two meet where none is said, in days (S38).
    rhythm_days: u32,
    /// After how many weeks without a logged meeting the expert is asked.
    no_meeting_expert_weeks: u32,
    /// After how many weeks without a logged meeting the centre is told.
    no_meeting_center_weeks: u32,
    /// How many weeks after the start both sides are asked how it goes.
    check_in_weeks: u32,
    /// How many days after an interview the expert is reminded to follow it up (S43).
    interview_follow_up_days: u32,
    /// After how many months both sides are asked for feedback.
    half_year_feedback_months: u32,
    /// How long before the end of the agreement both sides and the centre are told, in months, the
    /// longest first; 0 is the day itself. With an agreement of 12 months these are months 10, 11, 12.
    agreement_ending_reminder_months: Vec<u32>,
    /// How many days after the end the expert is asked for the final report, the shortest first.
    final_report_reminder_days: Vec<u32>,
    /// From this time in Germany on nobody is mailed, until `quietUntil`.
    quiet_from: NaiveTime,
    /// The end of the quiet hours. Sign-in links and answers to what a person just did are not held back.
    quiet_until: NaiveTime,
    /// The day of the coordinators' digest.
    digest_weekday: Weekday,
    /// When it is sent, in Germany.
    digest_time: NaiveTime,
    /// A reminder that has been due for longer than this is not sent any more, in days: after a long
    /// outage or an import nobody hears of what was long ago.
    reminder_stale_days: u32,
    /// How many mails a minute leave for one mail domain, over all workers.
    mails_per_minute_and_domain: u32,
    /// How long before something is erased the administrators are told, in days.
    erasure_notice_days: u32,
    /// How long free text is kept after a case was closed, in months.
    retention_free_text_months: u32,
    /// How long personal data are kept after closure or the confirmed outcome, in months.
    retention_person_data_months: u32,
    /// Statistics shown outside a scope suppress cells below this.
    statistics_suppress_below: u32,
    /// Statistics shown outside a scope round to a multiple of this.
    statistics_round_to: u32,
}

payload! {
    /// What came of `updateSettings`.
    UpdateSettingsPayload {
        /// The settings that count now.
        settings: Settings
    }
}

/// Reading the settings.
#[derive(Default)]
pub struct SettingsQuery;

#[Object]
impl SettingsQuery {
    /// The settings that count now; null where you may not read them.
    async fn settings(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Settings>> {
        let current = visible(settings::newest(app(ctx), caller(ctx)?).await)?;
        Ok(current.map(Settings::from))
    }

    /// Earlier versions of the settings, the newest first; null where you may not read them.
    async fn settings_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only versions below this one.")] before: Option<i64>,
        #[graphql(desc = "How many, at most 100.", default = 20)] first: i64,
    ) -> async_graphql::Result<Option<Vec<Settings>>> {
        let history = visible(settings::history(app(ctx), caller(ctx)?, before, first).await)?;
        Ok(history.map(|versions| versions.into_iter().map(Settings::from).collect()))
    }
}

/// Changing the settings.
#[derive(Default)]
pub struct SettingsMutation;

#[Object]
impl SettingsMutation {
    /// Changes settings as a new version, which counts at once. Every value that is not acceptable is named
    /// with what would be right.
    async fn update_settings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be changed.")] input: UpdateSettingsInput,
    ) -> async_graphql::Result<UpdateSettingsPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let updated = settings::update(app, caller, input.version, |settings| input.apply(settings)).await;
        settle_with_current(updated, settings::newest(app, caller)).await
    }
}
