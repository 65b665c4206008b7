//! What the programme may change without a new release.

use async_graphql::{Context, Object, SimpleObject};
use tandem_operations::settings;

use super::{app, caller, error::visible};

/// Lead times, limits and names that count now.
#[derive(Debug, SimpleObject)]
pub struct Settings {
    /// The programme's name in texts.
    programme_name: String,
    /// The organisation that answers for the e-mails.
    organisation_name: String,
    /// How old a certificate may be when it is inspected, in months.
    check_max_age_at_inspection_months: u32,
    /// How long an inspected check is valid, in months.
    check_validity_months: u32,
    /// How long before its end a check is expiring, in weeks.
    check_expiring_weeks: u32,
    /// Days after its e-mail was sent until an approach is brought to mind.
    approach_reminder_days: u32,
    /// Days after its e-mail was sent until an approach lapses.
    approach_lapse_days: u32,
    /// An expert is not approached more often than this within `approachLimitDays`.
    approach_limit: u32,
    /// The days in which open and unanswered approaches count towards `approachLimit`.
    approach_limit_days: u32,
    /// The radius around a centre where a case names none, in kilometres.
    default_radius_km: u16,
}

/// Reading the settings.
#[derive(Default)]
pub struct SettingsQuery;

#[Object]
impl SettingsQuery {
    /// The settings that count now; null where you may not read them.
    async fn settings(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Settings>> {
        let current = visible(settings::get(app(ctx), caller(ctx)?).await)?;
        Ok(current.map(|settings| Settings {
            programme_name: settings.programme_name,
            organisation_name: settings.organisation_name,
            check_max_age_at_inspection_months: settings.check_max_age_at_inspection_months,
            check_validity_months: settings.check_validity_months,
            check_expiring_weeks: settings.check_expiring_weeks,
            approach_reminder_days: settings.approach_reminder_days,
            approach_lapse_days: settings.approach_lapse_days,
            approach_limit: settings.approach_limit,
            approach_limit_days: settings.approach_limit_days,
            default_radius_km: settings.default_radius_km,
        }))
    }
}
