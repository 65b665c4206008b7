//! What the programme may change without a new release. Stored as versions; the newest counts.

use serde::{Deserialize, Serialize};

/// Lead times, limits and names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// The programme's name in texts: configuration, since partners have changed names before.
    pub programme_name: String,
    /// The organisation that answers for the mails.
    pub organisation_name: String,
    /// How old a certificate may be when it is inspected, in months.
    pub check_max_age_at_inspection_months: u32,
    /// How long an inspected check is valid, in months.
    pub check_validity_months: u32,
    /// How long before its end a check is `EXPIRING`, in weeks.
    pub check_expiring_weeks: u32,
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

    /// How long a link to a person's own pages works after its e-mail was sent, in days.
    pub person_link_days: u32,
    /// How long a printed one-time code can be typed in, in days.
    pub person_code_days: u32,
    /// How long the pages of a one-time code stay open after it was typed in, in minutes.
    pub person_code_minutes: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            programme_name: "Tandem".into(),
            organisation_name: "Senior Experten Service".into(),
            check_max_age_at_inspection_months: 3,
            check_validity_months: 60,
            check_expiring_weeks: 12,
            approach_reminder_days: 7,
            approach_lapse_days: 14,
            approach_limit: 3,
            approach_limit_days: 60,
            default_radius_km: 30,
            person_link_days: 60,
            person_code_days: 14,
            person_code_minutes: 120,
        }
    }
}
