//! Reminders about cases, to centres and offices.

use chrono::NaiveDate;
use url::Url;

use crate::{
    letter::letters,
    people::{Addressee, Letterhead},
};

/// Tells an office that a case still searches.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseSearchingMail {
    /// Who writes; the contact helps with the software.
    pub letterhead: Letterhead,
    /// The coordinator.
    pub reader: Addressee,
    /// The centre.
    pub center_name: String,
    /// The number of the case.
    pub case_reference: String,
    /// Since when it searches.
    pub since: NaiveDate,
    /// How many experts are being asked.
    pub open_approaches: i64,
    /// The case in the office's view.
    pub url: Url,
}

letters! {
    CaseSearchingMail, "case_searching",
    De: "case_searching/de.md";
    En: "case_searching/en.md";
}

/// Tells a centre that its case still searches.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseSearchingCenterMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The contact person.
    pub reader: Addressee,
    /// The number of the case.
    pub case_reference: String,
    /// Since when it searches.
    pub since: NaiveDate,
    /// The case in the centre's view.
    pub url: Url,
}

letters! {
    CaseSearchingCenterMail, "case_searching_center",
    De: "case_searching_center/de.md";
    En: "case_searching_center/en.md";
}

/// Asks a centre whether the training place still is one (S26).
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeConfirmationMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The contact person.
    pub reader: Addressee,
    /// The number of the case.
    pub case_reference: String,
    /// The first day of the training.
    pub training_starts_on: NaiveDate,
    /// Where the outcome is confirmed.
    pub url: Url,
}

letters! {
    OutcomeConfirmationMail, "outcome_confirmation",
    De: "outcome_confirmation/de.md";
    En: "outcome_confirmation/en.md";
}

/// Tells a centre that one of its mentees comes of age, and what changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Turns18Mail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The contact person.
    pub reader: Addressee,
    /// The number of the case.
    pub case_reference: String,
    /// The birthday. The mail goes to the centre, which knows it; it names no mentee.
    pub on: NaiveDate,
    /// The case in the centre's view.
    pub url: Url,
}

letters! {
    Turns18Mail, "turns_18",
    De: "turns_18/de.md";
    En: "turns_18/en.md";
}
