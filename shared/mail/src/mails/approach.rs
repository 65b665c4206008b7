//! Mails to experts about a question: the approach and what follows from it.

use chrono::{DateTime, Utc};
use url::Url;

use crate::{
    case::CaseDescription,
    letter::letters,
    people::{Addressee, Letterhead},
    render::templates,
};

/// Why this expert is asked, as far as it can be told in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// The expert's own occupation that fits one of the wished ones.
    pub occupation: Option<String>,
    /// Whether the expert lives near enough for the distance to have counted.
    pub lives_nearby: bool,
}

/// Asks an expert whether they would accompany the young person of a case (S20).
#[derive(Debug, Clone, PartialEq)]
pub struct ApproachMail {
    /// Who writes; the contact is the coordinator of the expert's office.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The case, told without the mentee.
    pub case: CaseDescription,
    /// Why this expert; left out where there is nothing to say.
    pub selection: Selection,
    /// The answer page with "yes" chosen. Opening it answers nothing yet.
    pub yes_url: Url,
    /// The same answer page with "no" chosen.
    pub no_url: Url,
    /// By when an answer helps; the German day is shown.
    pub answer_by: DateTime<Utc>,
}

templates! {
    ApproachMail, "approach",
    De: "approach/de.subject.txt", "approach/de.txt", "approach/de.html";
    En: "approach/en.subject.txt", "approach/en.txt", "approach/en.html";
}

/// Brings a question to mind that was not answered.
#[derive(Debug, Clone, PartialEq)]
pub struct ApproachReminderMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The place of the service centre.
    pub center_place: String,
    /// When the question was sent; the German day is shown.
    pub approached_at: DateTime<Utc>,
    /// The answer page with "yes" chosen. Opening it answers nothing yet.
    pub yes_url: Url,
    /// The same answer page with "no" chosen.
    pub no_url: Url,
    /// Until when the question waits; the German day is shown.
    pub answer_by: DateTime<Utc>,
}

letters! {
    ApproachReminderMail, "approach_reminder",
    De: "approach_reminder/de.md";
    En: "approach_reminder/en.md";
}

/// Tells an expert that an open question is taken back: the office withdrew it or undid a run. It gives
/// no reason, since every true one would tell about the mentee or sound like a judgement of the expert.
#[derive(Debug, Clone, PartialEq)]
pub struct ApproachWithdrawnMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The place of the service centre, so that the expert knows which question is meant.
    pub center_place: String,
    /// When the question was sent; the German day is shown.
    pub approached_at: DateTime<Utc>,
}

templates! {
    ApproachWithdrawnMail, "approach_withdrawn",
    De: "approach_withdrawn/de.subject.txt", "approach_withdrawn/de.txt", "approach_withdrawn/de.html";
    En: "approach_withdrawn/en.subject.txt", "approach_withdrawn/en.txt", "approach_withdrawn/en.html";
}

/// Thanks an expert whose question has been answered by somebody else first.
#[derive(Debug, Clone, PartialEq)]
pub struct SupersededMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The place of the service centre.
    pub center_place: String,
    /// When the question was sent; the German day is shown.
    pub approached_at: DateTime<Utc>,
}

templates! {
    SupersededMail, "superseded",
    De: "superseded/de.subject.txt", "superseded/de.txt", "superseded/de.html";
    En: "superseded/en.subject.txt", "superseded/en.txt", "superseded/en.html";
}

/// An expert's answer to an approach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Interested.
    Yes,
    /// Not this time; no reason is asked for (S12).
    No,
}

/// How the answer reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerChannel {
    /// By the link of the approach or signed in.
    Online,
    /// By telephone, recorded by the office: the mail says so and how to correct it (domain.md, "Who may
    /// do what", 1).
    Telephone,
}

/// Confirms an expert's answer and says what happens next.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerRecordedMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The place of the service centre.
    pub center_place: String,
    /// The answer.
    pub answer: Answer,
    /// How it was given.
    pub channel: AnswerChannel,
    /// When it was given; the German day is shown.
    pub answered_at: DateTime<Utc>,
    /// Where the expert says that it is not right; for an answer by telephone.
    pub object_url: Option<Url>,
}

impl AnswerRecordedMail {
    fn is_yes(&self) -> bool {
        self.answer == Answer::Yes
    }

    fn by_telephone(&self) -> bool {
        self.channel == AnswerChannel::Telephone
    }
}

templates! {
    AnswerRecordedMail, "answer_recorded",
    De: "answer_recorded/de.subject.txt", "answer_recorded/de.txt", "answer_recorded/de.html";
    En: "answer_recorded/en.subject.txt", "answer_recorded/en.txt", "answer_recorded/en.html";
}
