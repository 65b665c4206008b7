//! Training modules and attendance (S8, S9).

use chrono::{DateTime, Days, Months, NaiveDate, TimeDelta, Utc};

use crate::errors::{InvalidTransition, Problems, UserError};
use crate::settings::Settings;
use crate::values::{optional_line, required_line, words};

/// The module of one-to-one accompaniment.
pub const BASE: &str = "BASE";
/// The module of refugees and intercultural work; the base module alone is not enough (S9).
pub const INTERCULTURAL: &str = "INTERCULTURAL";

words! {
    /// `INVITED → BOOKED → ATTENDED | MISSED | CANCELLED`, `WAITLISTED → OFFERED → BOOKED | LAPSED`.
    AttendanceState {
        /// Asked to come.
        Invited,
        /// Has a seat.
        Booked,
        /// Was there, confirmed by the office.
        Attended,
        /// Had a seat and was not there.
        Missed,
        /// Gave the seat back.
        Cancelled,
        /// Waits for a seat.
        Waitlisted,
        /// A seat is held for this expert until a deadline.
        Offered,
        /// The offer was not taken up.
        Lapsed,
    }
}

impl AttendanceState {
    /// Whether a seat is taken, or kept, by it.
    pub fn takes_a_seat(self) -> bool {
        matches!(self, Self::Booked | Self::Offered | Self::Attended | Self::Missed)
    }

    /// Whether somebody hopes or plans to come.
    pub fn is_open(self) -> bool {
        matches!(
            self,
            Self::Invited | Self::Booked | Self::Waitlisted | Self::Offered
        )
    }

    fn step(self, step: &'static str, from: &[Self], to: Self) -> Result<Self, InvalidTransition> {
        if from.contains(&self) {
            Ok(to)
        } else {
            Err(InvalidTransition {
                entity: "this seat",
                from: self.to_string(),
                step,
            })
        }
    }

    /// A free seat is taken. Who changes their mind books again.
    pub fn book(self) -> Result<Self, InvalidTransition> {
        self.step(
            "booked",
            &[Self::Invited, Self::Cancelled, Self::Lapsed],
            Self::Booked,
        )
    }

    /// No seat is free: it waits for one.
    pub fn wait(self) -> Result<Self, InvalidTransition> {
        self.step(
            "put on the waiting list",
            &[Self::Invited, Self::Cancelled, Self::Lapsed],
            Self::Waitlisted,
        )
    }

    /// A seat became free and is kept for a while.
    pub fn offer(self) -> Result<Self, InvalidTransition> {
        self.step("offered a seat", &[Self::Waitlisted], Self::Offered)
    }

    /// The offered seat is taken.
    pub fn accept(self) -> Result<Self, InvalidTransition> {
        self.step("accepted", &[Self::Offered], Self::Booked)
    }

    /// The offered seat was not taken in time.
    pub fn lapse(self) -> Result<Self, InvalidTransition> {
        self.step("lapsed", &[Self::Offered], Self::Lapsed)
    }

    /// The seat, the place on the waiting list, the offer or the invitation is given back.
    pub fn cancel(self) -> Result<Self, InvalidTransition> {
        self.step(
            "cancelled",
            &[Self::Invited, Self::Booked, Self::Waitlisted, Self::Offered],
            Self::Cancelled,
        )
    }

    /// The office confirms who was there, and may correct itself.
    pub fn confirm(self, attended: bool) -> Result<Self, InvalidTransition> {
        let to = if attended { Self::Attended } else { Self::Missed };
        self.step("confirmed", &[Self::Booked, Self::Attended, Self::Missed], to)
    }
}

/// Until when an offered seat is kept: the days of the settings, but no longer than until the session
/// begins.
pub fn offer_until(now: DateTime<Utc>, starts_at: DateTime<Utc>, settings: &Settings) -> DateTime<Utc> {
    (now + Days::new(settings.seat_offer_days.into())).min(starts_at)
}

/// Seats of the smallest and the largest session.
pub const SEATS: std::ops::RangeInclusive<u32> = 1..=500;
/// No session lasts longer.
const LONGEST: TimeDelta = TimeDelta::days(5);

/// A session as the office plans it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInput {
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// Where; empty for a session by video alone.
    pub place: String,
    /// The address of the video conference; empty where there is none.
    pub video_link: String,
    /// How many can come.
    pub seats: u32,
}

/// A session that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionDraft {
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// Where.
    pub place: String,
    /// The address of the video conference.
    pub video_link: String,
    /// How many can come.
    pub seats: u16,
}

impl SessionInput {
    /// Checks a session that lies ahead.
    ///
    /// # Errors
    /// Every problem with its field.
    pub fn check(self, now: DateTime<Utc>) -> Result<SessionDraft, Vec<UserError>> {
        let mut problems = Problems::new();
        if self.starts_at <= now {
            problems.invalid(
                "startsAt",
                format!("{} is past: a session lies ahead", self.starts_at),
            );
        }
        if self.ends_at <= self.starts_at {
            problems.invalid("endsAt", "the session must end after it begins");
        } else if self.ends_at - self.starts_at > LONGEST {
            problems.invalid("endsAt", "a session lasts at most 5 days");
        }
        let place = problems.take("place", optional_line("place", &self.place, 200));
        let video_link = problems.take("videoLink", optional_line("videoLink", &self.video_link, 500));
        if let Some(link) = &video_link
            && !link.is_empty()
            && !link.starts_with("https://")
        {
            problems.invalid(
                "videoLink",
                format!("videoLink {link:?} must begin with https://"),
            );
        }
        if place.as_deref() == Some("") && video_link.as_deref() == Some("") {
            problems.invalid("place", "a session needs a place or a videoLink");
        }
        if !SEATS.contains(&self.seats) {
            problems.invalid(
                "seats",
                format!(
                    "seats is {}: a session has {} to {}",
                    self.seats,
                    SEATS.start(),
                    SEATS.end()
                ),
            );
        }
        let draft = place.zip(video_link).map(|(place, video_link)| SessionDraft {
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            place,
            video_link,
            seats: self.seats as u16,
        });
        problems.finish(draft)
    }
}

/// A module as the programme defines it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleInput {
    /// A short code, as `BASE`: capitals, digits and `_`.
    pub code: String,
    /// Its name for people.
    pub title: String,
    /// Whether every deployed expert needs it.
    pub required: bool,
    /// For how many months an attendance counts; none: for ever.
    pub validity_months: Option<u32>,
    /// Whether it is still offered.
    pub active: bool,
}

impl ModuleInput {
    /// Checks a module.
    ///
    /// # Errors
    /// Every problem with its field.
    pub fn check(self) -> Result<Self, Vec<UserError>> {
        let mut problems = Problems::new();
        let code = self.code.trim();
        let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        if !(2..=40).contains(&code.len())
            || !code.chars().all(plain)
            || !code.starts_with(|c: char| c.is_ascii_uppercase())
        {
            problems.invalid(
                "code",
                format!("code {code:?} must have 2 to 40 capitals, digits or _, as \"FIRST_AID\""),
            );
        }
        let title = problems.take("title", required_line("title", &self.title, 120));
        if self
            .validity_months
            .is_some_and(|months| !(1..=240).contains(&months))
        {
            problems.invalid("validityMonths", "validityMonths must be 1 to 240, or left out");
        }
        if self.required && !self.active {
            problems.invalid("active", "a module that is required must be offered");
        }
        let code = code.to_owned();
        problems.finish(title.map(|title| Self { code, title, ..self }))
    }
}

/// The last day on which an attendance counts; none: it never ends (the default).
pub fn counts_until(attended_on: NaiveDate, validity_months: Option<u32>) -> Option<NaiveDate> {
    validity_months.map(|months| attended_on + Months::new(months))
}

/// Trainings of the older one-to-one programmes count (S8), but none is older than this.
const EARLIEST: NaiveDate = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a date of the calendar");

/// Checks the day on which a module was attended.
///
/// # Errors
/// A text that says why somebody cannot have attended on that day.
pub fn check_attendance(attended_on: NaiveDate, today: NaiveDate) -> Result<NaiveDate, String> {
    if attended_on > today {
        Err(format!("attendance date {attended_on} lies in the future"))
    } else if attended_on < EARLIEST {
        Err(format!(
            "attendance date {attended_on} is too long ago: it must be {EARLIEST} or later"
        ))
    } else {
        Ok(attended_on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_seat_goes_only_the_ways_that_the_programme_knows() {
        use AttendanceState::{Attended, Booked, Cancelled, Invited, Lapsed, Missed, Offered, Waitlisted};
        use strum::VariantArray;
        type Step = fn(AttendanceState) -> Result<AttendanceState, InvalidTransition>;
        let steps: [(Step, &[AttendanceState], AttendanceState); 8] = [
            (AttendanceState::book, &[Invited, Cancelled, Lapsed], Booked),
            (AttendanceState::wait, &[Invited, Cancelled, Lapsed], Waitlisted),
            (AttendanceState::offer, &[Waitlisted], Offered),
            (AttendanceState::accept, &[Offered], Booked),
            (AttendanceState::lapse, &[Offered], Lapsed),
            (
                AttendanceState::cancel,
                &[Invited, Booked, Waitlisted, Offered],
                Cancelled,
            ),
            (|state| state.confirm(true), &[Booked, Attended, Missed], Attended),
            (|state| state.confirm(false), &[Booked, Attended, Missed], Missed),
        ];
        for (step, from, to) in steps {
            for &state in AttendanceState::VARIANTS {
                assert_eq!(
                    step(state).ok(),
                    from.contains(&state).then_some(to),
                    "{state} to {to}"
                );
            }
        }
    }

    #[test]
    fn an_offer_never_outlives_the_beginning_of_its_session() {
        let settings = Settings::default();
        let now = at("2026-11-23T08:00:00Z");
        assert_eq!(
            offer_until(now, at("2026-12-24T08:00:00Z"), &settings),
            at("2026-11-28T08:00:00Z")
        );
        assert_eq!(
            offer_until(now, at("2026-11-24T08:00:00Z"), &settings),
            at("2026-11-24T08:00:00Z")
        );
    }

    #[test]
    fn every_problem_of_a_session_is_told_at_once() {
        let input = SessionInput {
            starts_at: at("2026-11-01T08:00:00Z"),
            ends_at: at("2026-11-01T07:00:00Z"),
            place: " ".into(),
            video_link: String::new(),
            seats: 0,
        };
        let fields: Vec<String> = input
            .check(at("2026-11-23T08:00:00Z"))
            .unwrap_err()
            .into_iter()
            .map(|error| error.field)
            .collect();
        assert_eq!(fields, ["startsAt", "endsAt", "place", "seats"]);
    }

    #[test]
    fn a_required_module_is_offered_and_has_a_plain_code() {
        let module = ModuleInput {
            code: "erste Hilfe".into(),
            title: String::new(),
            required: true,
            validity_months: Some(0),
            active: false,
        };
        let fields: Vec<String> = module
            .check()
            .unwrap_err()
            .into_iter()
            .map(|error| error.field)
            .collect();
        assert_eq!(fields, ["code", "title", "validityMonths", "active"]);
    }

    #[test]
    fn nobody_attended_in_the_future_or_in_the_last_century() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let today = day("2026-11-23");
        for (date, ok) in [
            ("2026-11-23", true),
            ("2026-11-24", false),
            ("2000-01-01", true),
            ("1999-12-31", false),
        ] {
            assert_eq!(check_attendance(day(date), today).is_ok(), ok, "{date}");
        }
    }

    #[test]
    fn a_module_without_validity_counts_for_ever() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(counts_until(day("2020-01-31"), None), None);
        assert_eq!(counts_until(day("2020-01-31"), Some(13)), Some(day("2021-02-28")));
    }
}
