//! Mails about background checks.

use chrono::NaiveDate;
use url::Url;

use crate::{
    letter::letters,
    people::{Addressee, Letterhead},
};

/// Asks an expert to apply for a certificate; the letter for the authority is attached.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckRequestedMail {
    /// Who writes; the contact is the expert's office, which inspects the certificate.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The extended kind; otherwise the simple one.
    pub extended: bool,
    /// The last day of the certificate that was shown before; none where it is the first.
    pub valid_until: Option<NaiveDate>,
    /// How old the certificate may be when it is shown, in months.
    pub max_age_months: u32,
}

letters! {
    CheckRequestedMail, "check_requested",
    De: "check_requested/de.md";
    En: "check_requested/en.md";
}

/// Tells the expert's own office that matches go on without a certificate that permits them. It says
/// nothing about why: a mail is read by more eyes than the office's list.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckGapMail {
    /// Who writes; the contact is whoever helps the office with the software.
    pub letterhead: Letterhead,
    /// The coordinator.
    pub coordinator: Addressee,
    /// The expert's full name.
    pub expert_name: String,
    /// The expert's telephone number, if known.
    pub expert_phone: Option<String>,
    /// The matches: the number of the case and the place of the centre; never the mentee's name.
    pub cases: Vec<GapCase>,
    /// The office's view.
    pub url: Url,
}

/// A match that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapCase {
    /// The number of the case.
    pub reference: String,
    /// The place of the centre.
    pub place: String,
    /// The mentee is under 18: it is interrupted at once.
    pub minor: bool,
}

letters! {
    CheckGapMail, "check_gap",
    De: "check_gap/de.md";
    En: "check_gap/en.md";
}
