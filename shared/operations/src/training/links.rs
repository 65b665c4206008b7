//! The seat behind the link of a mail: seen, booked, taken or given back without a password.

use tandem_domain::ids::{AttendanceId, ExpertId, TrainingSessionId};
use tandem_domain::parties::{About, GivenWay, Party, Person};
use tandem_domain::training::AttendanceState;
use tandem_mail::{Contact, Language, Organisation};
use tandem_storage::deliveries::{self, RecipientKind, SeatFacts};
use tandem_storage::{persons, training};

use super::booking;
use crate::deliveries::{Trigger, language, letterhead};
use crate::links::Purpose;
use crate::{App, Caller, Result, settings};

/// What the page shows.
#[derive(Debug, Clone)]
pub struct Seat {
    /// The seat and its session.
    pub facts: SeatFacts,
    /// Whether the session has begun.
    pub begun: bool,
    /// The reader's language.
    pub language: Language,
    /// Whom to call.
    pub contact: Contact,
    /// Who writes.
    pub organisation: Organisation,
}

/// What a button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Books a seat, or a place on the waiting list.
    Book,
    /// Takes the seat that is kept.
    Accept,
    /// Gives it back.
    GiveBack,
}

struct Found {
    attendance: AttendanceId,
    session: TrainingSessionId,
    expert: ExpertId,
    caller: Caller,
}

/// The seat that a link is about, and who came by it; none where the link is not one of ours. The delivery
/// says who that is; everything else is read as that person.
async fn find(app: &App, token: &str, address: &str) -> Result<Option<Found>> {
    let Some(id) = app.links.verify(Purpose::Training, token) else {
        return Ok(None);
    };
    let mut conn = app.acquire(&Caller::nobody()).await?;
    let Some((delivery, _)) = deliveries::find(&mut conn, id).await? else {
        return Ok(None);
    };
    drop(conn);
    let about_seats = [
        Trigger::TrainingInvited,
        Trigger::TrainingBooked,
        Trigger::TrainingChanged,
        Trigger::TrainingCancelled,
        Trigger::SeatOffered,
        Trigger::SeatLapsed,
        Trigger::TrainingSession,
    ]
    .map(Trigger::as_str);
    if !about_seats.contains(&delivery.trigger.as_str()) || delivery.recipient_kind != RecipientKind::Expert {
        return Ok(None);
    }
    let attendance = AttendanceId::from(delivery.subject_id);
    let person = Person {
        party: Party::Expert(delivery.recipient_id.into()),
        about: About::Seat(attendance),
        way: GivenWay::Link,
    };
    let caller = Caller::person(person, address);
    let mut conn = app.acquire(&caller).await?;
    let facts = persons::person(&mut conn, person.party).await?;
    if facts.is_none_or(|facts| facts.voids(delivery.created_at)) {
        return Ok(None);
    }
    let row = training::attendance(&mut conn, attendance).await?;
    Ok(row.and_then(|row| {
        Some(Found {
            attendance,
            session: row.session_id?,
            expert: row.expert_id,
            caller,
        })
    }))
}

/// Shows the seat; none where the link is not one of ours. Changes nothing.
pub async fn look(app: &App, token: &str) -> Result<Option<Seat>> {
    let Some(found) = find(app, token, "").await? else {
        return Ok(None);
    };
    let mut conn = app.acquire(&found.caller).await?;
    let Some(facts) = deliveries::seat_facts(&mut conn, found.attendance).await? else {
        return Ok(None);
    };
    let Some((expert, _)) = deliveries::expert_contact(&mut conn, found.expert).await? else {
        return Ok(None);
    };
    let settings = settings::current(&mut conn).await?;
    let letterhead = letterhead(&settings, &facts.contact);
    Ok(Some(Seat {
        begun: facts.starts_at <= app.now(),
        language: language(&expert.language),
        contact: letterhead.contact,
        organisation: letterhead.organisation,
        facts,
    }))
}

/// Does what a button says, from a network address. `false` where it does not fit (any more): the page shows
/// how it stands. None where the link is not one of ours.
pub async fn act(app: &App, token: &str, act: Act, address: &str) -> Result<Option<bool>> {
    let Some(found) = find(app, token, address).await? else {
        return Ok(None);
    };
    let caller = &found.caller;
    let done = match act {
        Act::Book => booking::book(app, caller, found.session, found.expert).await,
        Act::Accept => booking::accept_offer(app, caller, found.attendance).await,
        Act::GiveBack => booking::cancel(app, caller, found.attendance).await,
    };
    match done {
        Ok(_) => Ok(Some(true)),
        Err(crate::Error::Refused(_)) => Ok(Some(false)),
        Err(error) => Err(error),
    }
}

impl Seat {
    /// A seat, or a place on the waiting list, can be had.
    pub fn can_book(&self) -> bool {
        self.is_open()
            && matches!(
                self.facts.state,
                AttendanceState::Invited | AttendanceState::Cancelled | AttendanceState::Lapsed
            )
    }

    /// A seat is kept and can be taken.
    pub fn can_accept(&self) -> bool {
        self.is_open() && self.facts.state == AttendanceState::Offered
    }

    /// There is something to give back.
    pub fn can_give_back(&self) -> bool {
        self.is_open() && self.facts.state.is_open()
    }

    fn is_open(&self) -> bool {
        !self.begun && !self.facts.cancelled
    }
}
