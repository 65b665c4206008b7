//! Mails about trainings.

use chrono::{DateTime, Utc};
use url::Url;

use crate::{
    letter::letters,
    people::{Addressee, Letterhead},
};

/// A session as a mail tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFacts {
    /// What is learnt.
    pub title: String,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// Where; empty for a session by video alone.
    pub place: String,
    /// The address of the video conference; empty where there is none, or the reader has no seat.
    pub video_link: String,
}

/// Invites an expert to book a seat.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingInvitedMail {
    /// Who writes; the contact is the office that holds the session.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The session.
    pub session: SessionFacts,
    /// Where the seat is booked.
    pub url: Url,
}

letters! {
    TrainingInvitedMail, "training_invited",
    De: "training_invited/de.md";
    En: "training_invited/en.md";
}

/// Confirms a seat; an invitation for the calendar is attached.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingBookedMail {
    /// Who writes; the contact is the office that holds the session.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The session.
    pub session: SessionFacts,
    /// Where the seat can be given back.
    pub url: Url,
}

letters! {
    TrainingBookedMail, "training_booked",
    De: "training_booked/de.md";
    En: "training_booked/en.md";
}

/// Tells who is booked that time or place are others now; a new invitation is attached.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingChangedMail {
    /// Who writes; the contact is the office that holds the session.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The session.
    pub session: SessionFacts,
    /// Where the seat can be given back.
    pub url: Url,
}

letters! {
    TrainingChangedMail, "training_changed",
    De: "training_changed/de.md";
    En: "training_changed/en.md";
}

/// Tells who had a part in a session that it does not take place; the entry in the calendar is taken back.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingCancelledMail {
    /// Who writes; the contact is the office that holds the session.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The session.
    pub session: SessionFacts,
    /// Where other dates are.
    pub url: Url,
}

letters! {
    TrainingCancelledMail, "training_cancelled",
    De: "training_cancelled/de.md";
    En: "training_cancelled/en.md";
}

/// Offers a seat that became free to the next who waits.
#[derive(Debug, Clone, PartialEq)]
pub struct SeatOfferedMail {
    /// Who writes; the contact is the office that holds the session.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The session.
    pub session: SessionFacts,
    /// Until when the seat is kept.
    pub until: DateTime<Utc>,
    /// Where it is taken.
    pub url: Url,
}

letters! {
    SeatOfferedMail, "seat_offered",
    De: "seat_offered/de.md";
    En: "seat_offered/en.md";
}

/// Tells an expert that the offered seat went to the next.
#[derive(Debug, Clone, PartialEq)]
pub struct SeatLapsedMail {
    /// Who writes; the contact is the office that holds the session.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The session.
    pub session: SessionFacts,
    /// Where other dates are.
    pub url: Url,
}

letters! {
    SeatLapsedMail, "seat_lapsed",
    De: "seat_lapsed/de.md";
    En: "seat_lapsed/en.md";
}
