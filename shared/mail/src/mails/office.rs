//! Mails to regional offices.

use chrono::{DateTime, Utc};
use url::Url;

use crate::{
    people::{Addressee, Letterhead},
    render::templates,
};

/// Tells the office that an approach did not reach its expert, which is no lapse.
#[derive(Debug, Clone, PartialEq)]
pub struct ApproachUndeliverableMail {
    /// Who writes; the contact is whoever helps the office with the software.
    pub letterhead: Letterhead,
    /// The coordinator.
    pub coordinator: Addressee,
    /// The expert's full name.
    pub expert_name: String,
    /// The expert's telephone number, if known: the quickest way on.
    pub expert_phone: Option<String>,
    /// The address that did not work.
    pub address: String,
    /// The number of the case; never the mentee's name.
    pub case_reference: String,
    /// When the mail was refused.
    pub refused_at: DateTime<Utc>,
    /// The server's words, as in [`crate::SendError`].
    pub reason: String,
    /// The approach in the office's view.
    pub url: Url,
}

templates! {
    ApproachUndeliverableMail, "approach_undeliverable",
    De: "approach_undeliverable/de.subject.txt", "approach_undeliverable/de.txt", "approach_undeliverable/de.html";
    En: "approach_undeliverable/en.subject.txt", "approach_undeliverable/en.txt", "approach_undeliverable/en.html";
}
