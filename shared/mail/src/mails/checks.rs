//! Reminders about background checks and training.

use chrono::{DateTime, NaiveDate, Utc};
use url::Url;

use crate::{
    letter::letters,
    people::{Addressee, Letterhead},
};

/// Tells an expert that a check ends.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckExpiryMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// Whether the extended certificate is meant.
    pub extended: bool,
    /// The last day.
    pub valid_until: NaiveDate,
    /// Whether that day has come.
    pub today: bool,
}

letters! {
    CheckExpiryMail, "check_expiry",
    De: "check_expiry/de.md";
    En: "check_expiry/en.md";
}

/// Tells an office that the check of one of its experts ends.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckExpiryOfficeMail {
    /// Who writes; the contact helps with the software.
    pub letterhead: Letterhead,
    /// The coordinator.
    pub coordinator: Addressee,
    /// The expert.
    pub expert_name: String,
    /// The expert's telephone number; may be empty.
    pub expert_phone: String,
    /// The last day.
    pub valid_until: NaiveDate,
    /// How many matches of the expert are active.
    pub active_matches: i64,
    /// The expert in the office's view.
    pub url: Url,
}

letters! {
    CheckExpiryOfficeMail, "check_expiry_office",
    De: "check_expiry_office/de.md";
    En: "check_expiry_office/en.md";
}

/// Reminds an expert of a course with a seat for them.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingReminderMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// What is learnt.
    pub module: String,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// Where; none for a course by video.
    pub place: Option<String>,
    /// The address of the video conference.
    pub video: Option<Url>,
    /// Where the seat is given back.
    pub url: Url,
}

letters! {
    TrainingReminderMail, "training_reminder",
    De: "training_reminder/de.md";
    En: "training_reminder/en.md";
}
