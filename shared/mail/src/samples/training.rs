//! What is written about trainings.

use chrono::{DateTime, Utc};

use super::{Sample, expert, letterhead, sample, url};
use crate::mails::{
    SeatLapsedMail, SeatOfferedMail, SessionFacts, TrainingBookedMail, TrainingCancelledMail,
    TrainingChangedMail, TrainingInvitedMail,
};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a valid instant")
}

fn session() -> SessionFacts {
    SessionFacts {
        title: "Begleitung junger Geflüchteter und interkulturelle Arbeit".to_owned(),
        starts_at: at("2027-01-16T08:30:00Z"),
        ends_at: at("2027-01-16T15:00:00Z"),
        place: "Haus der Vereine, Musterstraße 1, Berlin".to_owned(),
        video_link: String::new(),
    }
}

fn online() -> SessionFacts {
    SessionFacts {
        place: String::new(),
        video_link: "https://video.example/raum_42".to_owned(),
        ..session()
    }
}

pub(super) fn all() -> Vec<Sample> {
    vec![
        sample(
            "training_invited",
            "invites an expert to book a seat",
            TrainingInvitedMail {
                letterhead: letterhead(),
                expert: expert(),
                session: session(),
                url: url("schulungen/42"),
            },
        ),
        sample(
            "training_booked",
            "confirms a seat; an invitation for the calendar is attached",
            TrainingBookedMail {
                letterhead: letterhead(),
                expert: expert(),
                session: session(),
                url: url("schulungen/42"),
            },
        ),
        sample(
            "training_changed",
            "tells who is booked that time or place are others now; a new invitation is attached",
            TrainingChangedMail {
                letterhead: letterhead(),
                expert: expert(),
                session: online(),
                url: url("schulungen/42"),
            },
        ),
        sample(
            "training_cancelled",
            "tells who had a part in a session that it does not take place; the entry in the calendar is taken back",
            TrainingCancelledMail {
                letterhead: letterhead(),
                expert: expert(),
                session: session(),
                url: url("schulungen/42"),
            },
        ),
        sample(
            "seat_offered",
            "offers a seat that became free to the next who waits",
            SeatOfferedMail {
                letterhead: letterhead(),
                expert: expert(),
                session: session(),
                until: at("2026-11-28T09:00:00Z"),
                url: url("schulungen/42"),
            },
        ),
        sample(
            "seat_lapsed",
            "tells an expert that the offered seat went to the next",
            SeatLapsedMail {
                letterhead: letterhead(),
                expert: expert(),
                session: session(),
                url: url("schulungen/42"),
            },
        ),
    ]
}
