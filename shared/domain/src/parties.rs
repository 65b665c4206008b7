//! The people between whom a match is: they answer for themselves and nobody else does (S14).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{AddressChangeId, AttendanceId, CaseId, ExpertId, MatchId, MenteeId};
use crate::values::words;

words! {
    /// Which of the people of a match.
    Side {
        /// The expert.
        Expert,
        /// The mentee.
        Mentee,
        /// The guardian of a mentee under 18.
        Guardian,
    }

    /// How a person's own word came: consent, signature, verdict. No staff action is among them except
    /// paper, which the centre records with date and witness (S14).
    GivenWay {
        /// By a link that only this person received.
        Link,
        /// By a one-time code that only this person received.
        Code,
        /// Signed in.
        SignedIn,
        /// On paper, recorded by the centre.
        Paper,
    }
}

/// One person of a match or a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "side", content = "id", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Party {
    /// An expert.
    Expert(ExpertId),
    /// A mentee.
    Mentee(MenteeId),
    /// The guardian of this mentee.
    Guardian(MenteeId),
}

impl Party {
    /// Which of the people it is.
    pub fn side(self) -> Side {
        match self {
            Self::Expert(_) => Side::Expert,
            Self::Mentee(_) => Side::Mentee,
            Self::Guardian(_) => Side::Guardian,
        }
    }

    /// The expert's id, or that of the mentee; a guardian has none of its own.
    pub fn uuid(self) -> Uuid {
        match self {
            Self::Expert(id) => id.uuid(),
            Self::Mentee(id) | Self::Guardian(id) => id.uuid(),
        }
    }
}

/// What a link or a code is about; it permits nothing beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum About {
    /// One match.
    Match(MatchId),
    /// One case, with its matches.
    Case(CaseId),
    /// One seat in a training.
    Seat(AttendanceId),
    /// One change of the own address.
    Address(AddressChangeId),
}

/// A person who comes by a link or a one-time code: who, about what, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub party: Party,
    /// About what.
    pub about: About,
    /// By link or by code.
    pub way: GivenWay,
}
