//! Mails to regional offices.

use chrono::{DateTime, NaiveDate, Utc};
use url::Url;

use crate::{
    letter::letters,
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

/// Tells an office that an e-mail to somebody it looks after cannot be delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct MailUndeliverableMail {
    /// Who writes; the contact helps with the software.
    pub letterhead: Letterhead,
    /// The coordinator.
    pub coordinator: Addressee,
    /// To whom it should have gone: a name, or "mentee of case …".
    pub recipient: String,
    /// The recipient's telephone number; may be empty.
    pub phone: String,
    /// When it was refused.
    pub refused_at: DateTime<Utc>,
    /// The server's words.
    pub reason: String,
    /// Where the address is corrected.
    pub url: Url,
}

letters! {
    MailUndeliverableMail, "mail_undeliverable",
    De: "mail_undeliverable/de.md";
    En: "mail_undeliverable/en.md";
}

/// One line of a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestLine {
    /// An expert, or the place of a centre.
    pub name: String,
    /// The number of a case; empty where it is about an expert alone.
    pub reference: String,
    /// The day that it is about.
    pub on: NaiveDate,
    /// Where one acts on it.
    pub url: Url,
}

/// One part of a digest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DigestPart {
    /// The most urgent first.
    pub lines: Vec<DigestLine>,
    /// How many there are besides.
    pub more: usize,
}

impl DigestPart {
    fn count(&self) -> usize {
        self.lines.len() + self.more
    }

    fn any(&self) -> bool {
        self.count() > 0
    }
}

/// What an office has to look at this week, readable in a minute.
#[derive(Debug, Clone, PartialEq)]
pub struct WeeklyDigestMail {
    /// Who writes; the contact helps with the software.
    pub letterhead: Letterhead,
    /// The coordinator.
    pub coordinator: Addressee,
    /// The Monday.
    pub on: NaiveDate,
    /// Checks that end soon or have ended.
    pub expiring: DigestPart,
    /// Approaches without an answer.
    pub unanswered: DigestPart,
    /// Tandems without a logged meeting.
    pub silent: DigestPart,
    /// Cases that search.
    pub unfilled: DigestPart,
    /// The office's own page.
    pub url: Url,
}

letters! {
    WeeklyDigestMail, "weekly_digest",
    De: "weekly_digest/de.md";
    En: "weekly_digest/en.md";
}

/// Tells an administrator what is about to be erased.
#[derive(Debug, Clone, PartialEq)]
pub struct ErasureDueMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The administrator.
    pub reader: Addressee,
    /// How many background checks.
    pub checks: usize,
    /// How many cases of which only the free text goes.
    pub free_texts: usize,
    /// How many mentees.
    pub mentees: usize,
    /// How many experts.
    pub experts: usize,
    /// How many closed accounts.
    pub accounts: usize,
    /// Until when they are erased.
    pub until: NaiveDate,
    /// Where they are listed.
    pub url: Url,
}

letters! {
    ErasureDueMail, "erasure_due",
    De: "erasure_due/de.md";
    En: "erasure_due/en.md";
}
