//! Invitations for calendars (RFC 5545), with Germany's time zone written out, so that a summer's date
//! stays a summer's date in every program.

use chrono::{DateTime, Utc};
use chrono_tz::Europe::Berlin;
use icalendar::{Calendar, CalendarDateTime, Component, Event, EventLike, EventStatus};

/// The rules of the European Union since 1996 (directive 2000/84/EC): the last Sundays of March and October.
const ZONE: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Tandem//Training//DE\r\nBEGIN:VTIMEZONE\r\n\
TZID:Europe/Berlin\r\nBEGIN:DAYLIGHT\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\n\
DTSTART:19810329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nBEGIN:STANDARD\r\n\
TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\nDTSTART:19961027T030000\r\n\
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n";

/// A date for somebody's calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The same for every version of the same date.
    pub uid: String,
    /// Grows with every version: the newest takes the place of the earlier ones.
    pub sequence: u32,
    /// When this version was made.
    pub stamp: DateTime<Utc>,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// What it is.
    pub title: String,
    /// Whom to call, and what else is worth knowing.
    pub description: String,
    /// Where; empty for a session by video alone.
    pub place: String,
    /// The address of the video conference; empty where there is none.
    pub video_link: String,
    /// It does not take place: calendars take the entry back.
    pub cancelled: bool,
}

impl Invitation {
    /// The file. The same invitation gives the same bytes.
    pub fn ics(&self) -> String {
        let local = |at: DateTime<Utc>| CalendarDateTime::WithTimezone {
            date_time: at.with_timezone(&Berlin).naive_local(),
            tzid: "Europe/Berlin".to_owned(),
        };
        let mut event = Event::new();
        event
            .uid(&self.uid)
            .sequence(self.sequence)
            .timestamp(self.stamp)
            .starts(local(self.starts_at))
            .ends(local(self.ends_at))
            .summary(&self.title)
            .description(&self.description)
            .status(if self.cancelled {
                EventStatus::Cancelled
            } else {
                EventStatus::Confirmed
            });
        if !self.place.is_empty() {
            event.location(&self.place);
        }
        if !self.video_link.is_empty() {
            event.url(&self.video_link);
            if self.place.is_empty() {
                event.location(&self.video_link);
            }
        }
        let mut calendar: Calendar = ZONE.parse().expect("our time zone is a calendar");
        calendar.append_property(("METHOD", if self.cancelled { "CANCEL" } else { "PUBLISH" }));
        calendar.push(event.done());
        without_stamps(&calendar.to_string())
    }
}

/// The file without the ids and times that the library gives to the parts of a time zone: RFC 5545 knows
/// none there, and they would differ each time.
fn without_stamps(ics: &str) -> String {
    let mut zone = false;
    let mut kept = String::with_capacity(ics.len());
    for line in ics.split_inclusive("\r\n") {
        zone = (zone || line.starts_with("BEGIN:VTIMEZONE")) && !line.starts_with("END:VTIMEZONE");
        if !(zone && (line.starts_with("DTSTAMP:") || line.starts_with("UID:"))) {
            kept.push_str(line);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invitation(starts_at: &str) -> Invitation {
        let starts_at: DateTime<Utc> = starts_at.parse().unwrap();
        Invitation {
            uid: "01935a7e@tandem.example".into(),
            sequence: 2,
            stamp: "2026-11-23T08:05:00Z".parse().unwrap(),
            starts_at,
            ends_at: starts_at + chrono::TimeDelta::hours(6),
            title: "Grundmodul; Fragen, Übung".into(),
            description: "Jutta Petersen\nTelefon 030 23125".into(),
            place: "Köln".into(),
            video_link: String::new(),
            cancelled: false,
        }
    }

    #[test]
    fn a_summers_session_begins_at_the_summers_clock_and_a_winters_at_the_winters() {
        for (utc, local) in [
            (
                "2027-07-03T07:30:00Z",
                "DTSTART;TZID=Europe/Berlin:20270703T093000",
            ),
            (
                "2027-01-16T08:30:00Z",
                "DTSTART;TZID=Europe/Berlin:20270116T093000",
            ),
        ] {
            let ics = invitation(utc).ics();
            assert!(ics.contains(local), "{ics}");
            assert!(
                ics.contains("BEGIN:VTIMEZONE") && ics.contains("TZOFFSETTO:+0200"),
                "{ics}"
            );
        }
    }

    #[test]
    fn every_line_ends_as_the_standard_says_and_text_is_escaped() {
        let ics = invitation("2027-01-16T08:30:00Z").ics();
        assert!(ics.lines().count() > 20);
        assert!(!ics.replace("\r\n", "").contains('\n'), "{ics:?}");
        assert!(ics.contains(r"SUMMARY:Grundmodul\; Fragen\, Übung"), "{ics}");
        assert!(ics.contains(r"Jutta Petersen\nTelefon"), "{ics}");
        assert!(ics.lines().all(|line| line.len() <= 75), "{ics}");
        for once in [
            "UID:01935a7e@tandem.example",
            "SEQUENCE:2",
            "DTSTAMP:20261123T080500Z",
            "METHOD:PUBLISH",
        ] {
            assert_eq!(ics.matches(once).count(), 1, "{once} in {ics}");
        }
        assert_eq!(ics, invitation("2027-01-16T08:30:00Z").ics());
    }

    #[test]
    fn a_cancelled_session_is_taken_back_under_the_same_uid() {
        let ics = Invitation {
            cancelled: true,
            sequence: 3,
            ..invitation("2027-01-16T08:30:00Z")
        }
        .ics();
        assert!(
            ics.contains("METHOD:CANCEL") && ics.contains("STATUS:CANCELLED"),
            "{ics}"
        );
        assert!(ics.contains("UID:01935a7e@tandem.example"), "{ics}");
    }

    #[test]
    fn what_was_written_is_read_back() {
        let ics = invitation("2027-07-03T07:30:00Z").ics();
        let read: Calendar = ics.parse().unwrap();
        let event = read.events().next().unwrap();
        assert_eq!(event.get_summary(), Some("Grundmodul; Fragen, Übung"));
    }
}
