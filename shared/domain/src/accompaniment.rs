//! What happens while a match is active: meetings, milestones, and what follows from them (S38 to S48).

use chrono::NaiveDate;

use crate::cases::PROGRAMME_START;
use crate::errors::{Problems, UserError};
use crate::values::{CefrLevel, SupportArea, optional_text, words};

/// The longest note.
const LONGEST_NOTE: usize = 2000;

words! {
    /// How two people met (S48: the channel, never the content).
    MeetingKind {
        /// In person.
        InPerson,
        /// By video.
        Video,
        /// By telephone.
        Phone,
        /// By a messenger.
        Chat,
    }

    /// A step on the way.
    MilestoneKind {
        /// A course was found (S37).
        CourseFound,
        /// A level of German was reached (S39).
        LevelReached,
        /// An application was sent, by the mentee (S41).
        ApplicationSent,
        /// An interview was prepared (S43).
        InterviewPrepared,
        /// An interview (S42).
        Interview,
        /// An interview was followed up (S43).
        InterviewFollowedUp,
        /// A club was joined (S46).
        ClubJoined,
        /// An internship.
        Internship,
        /// A training contract was signed (S5).
        ContractSigned,
        /// Something else.
        Other,
    }
}

/// A meeting as it was typed.
#[derive(Debug, Clone)]
pub struct MeetingDraft {
    /// When.
    pub met_on: NaiveDate,
    /// How long, in minutes.
    pub minutes: i64,
    /// How.
    pub kind: MeetingKind,
    /// What it was about.
    pub areas: Vec<SupportArea>,
    /// Whether the mentee asked for it (S40).
    pub requested_by_mentee: bool,
    /// A note, if somebody likes.
    pub note: String,
}

impl MeetingDraft {
    /// Checks a meeting of a match that is active since a day.
    ///
    /// # Errors
    /// Every problem at once, each with its field.
    pub fn validate(mut self, since: NaiveDate, today: NaiveDate) -> Result<Self, Vec<UserError>> {
        let mut problems = Problems::new();
        if self.met_on > today {
            problems.invalid("metOn", format!("{} lies in the future", self.met_on));
        } else if self.met_on < since {
            problems.invalid(
                "metOn",
                format!("{} is before the first meeting on {since}", self.met_on),
            );
        }
        if !(1..=1440).contains(&self.minutes) {
            problems.invalid(
                "minutes",
                format!("{} minutes are not possible: from 1 to 1440", self.minutes),
            );
        }
        self.areas.sort();
        self.areas.dedup();
        if let Some(note) = problems.take("note", optional_text("note", &self.note, LONGEST_NOTE)) {
            self.note = note;
        }
        problems.finish(Some(self))
    }
}

/// A milestone as it was typed; `I` identifies the interview that it belongs to.
#[derive(Debug, Clone)]
pub struct MilestoneDraft<I> {
    /// What.
    pub kind: MilestoneKind,
    /// When; an interview or a follow-up may lie ahead.
    pub on_date: NaiveDate,
    /// With `LEVEL_REACHED`: which.
    pub level: Option<CefrLevel>,
    /// With `INTERVIEW_PREPARED` and `INTERVIEW_FOLLOWED_UP`: the interview.
    pub interview: Option<I>,
    /// A note, if somebody likes.
    pub note: String,
}

impl<I> MilestoneDraft<I> {
    /// Checks a milestone.
    ///
    /// # Errors
    /// Every problem at once, each with its field.
    pub fn validate(mut self, today: NaiveDate) -> Result<Self, Vec<UserError>> {
        let mut problems = Problems::new();
        if self.on_date < PROGRAMME_START {
            problems.invalid(
                "onDate",
                format!(
                    "{} is before the programme began ({PROGRAMME_START})",
                    self.on_date
                ),
            );
        } else if self.on_date > today && self.kind != MilestoneKind::Interview {
            problems.invalid(
                "onDate",
                format!(
                    "{} lies in the future; only an interview is recorded before it takes place",
                    self.on_date
                ),
            );
        }
        let part = matches!(
            self.kind,
            MilestoneKind::InterviewPrepared | MilestoneKind::InterviewFollowedUp
        );
        if part != self.interview.is_some() {
            problems.invalid(
                "interviewId",
                "name the interview with its preparation or follow-up, and with nothing else",
            );
        }
        if (self.kind == MilestoneKind::LevelReached) != self.level.is_some() {
            problems.invalid(
                "level",
                "name the level with LEVEL_REACHED, and with nothing else",
            );
        }
        if let Some(note) = problems.take("note", optional_text("note", &self.note, LONGEST_NOTE)) {
            self.note = note;
        }
        problems.finish(Some(self))
    }
}

/// What follows from dates alone: nobody types it in (S47).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// Days from the beginning to the end, or to today.
    pub duration_days: u32,
    /// How many meetings were logged.
    pub meetings: u32,
    /// Of the whole periods of the agreed rhythm so far, the per cent with a meeting; none before the
    /// first is over.
    pub regularity_percent: Option<u8>,
    /// Days since the last meeting, or since the beginning where there was none; none once it is over.
    pub days_since_last_meeting: Option<u32>,
    /// The longest time without a meeting, in days.
    pub longest_gap_days: u32,
}

/// The course of a match that is active since `from`, with its meetings in any order.
pub fn course(
    from: NaiveDate,
    ended: Option<NaiveDate>,
    rhythm_days: u8,
    meetings: &[NaiveDate],
    today: NaiveDate,
) -> Course {
    let until = ended.unwrap_or(today).max(from);
    let days = |from: NaiveDate, to: NaiveDate| u32::try_from((to - from).num_days()).unwrap_or(0);
    let duration_days = days(from, until);
    let mut dates: Vec<NaiveDate> = meetings.iter().copied().filter(|day| *day <= until).collect();
    dates.sort();
    let rhythm = u32::from(rhythm_days.max(1));
    let periods = duration_days / rhythm;
    let kept = (0..periods)
        .filter(|period| {
            dates.iter().any(|day| {
                *day >= from && {
                    let offset = days(from, *day);
                    (period * rhythm..(period + 1) * rhythm).contains(&offset)
                }
            })
        })
        .count() as u32;
    let mut longest = 0;
    let mut last = from;
    for day in dates.iter().copied().filter(|day| *day > from).chain([until]) {
        longest = longest.max(days(last, day));
        last = day;
    }
    Course {
        duration_days,
        meetings: meetings.len() as u32,
        regularity_percent: (kept * 100).checked_div(periods).map(|percent| percent as u8),
        days_since_last_meeting: ended
            .is_none()
            .then(|| days(dates.last().copied().unwrap_or(from).max(from), until)),
        longest_gap_days: longest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn ten_weeks_with_a_meeting_each_are_regular() {
        let from = day("2026-09-01");
        let meetings: Vec<NaiveDate> = (0..10).map(|week| from + chrono::Days::new(week * 7)).collect();
        let course = course(from, None, 7, &meetings, day("2026-11-10"));
        assert_eq!(
            course,
            Course {
                duration_days: 70,
                meetings: 10,
                regularity_percent: Some(100),
                days_since_last_meeting: Some(7),
                longest_gap_days: 7,
            }
        );
    }

    #[test]
    fn weeks_without_a_meeting_lower_the_regularity_and_show_as_a_gap() {
        let from = day("2026-09-01");
        let meetings = [day("2026-09-02"), day("2026-09-30"), day("2026-09-03")];
        let course = course(from, None, 7, &meetings, day("2026-10-13"));
        assert_eq!(course.regularity_percent, Some(33), "two of six weeks");
        assert_eq!(course.longest_gap_days, 27);
        assert_eq!(course.days_since_last_meeting, Some(13));
    }

    #[test]
    fn what_is_over_has_no_days_since_the_last_meeting() {
        let over = course(
            day("2026-09-01"),
            Some(day("2026-09-04")),
            7,
            &[],
            day("2026-10-13"),
        );
        assert_eq!(over.days_since_last_meeting, None);
        assert_eq!(over.regularity_percent, None, "no week was over");
        assert_eq!((over.duration_days, over.longest_gap_days), (3, 3));
    }

    fn milestone(kind: MilestoneKind, on: &str) -> MilestoneDraft<u8> {
        MilestoneDraft {
            kind,
            on_date: day(on),
            level: None,
            interview: None,
            note: String::new(),
        }
    }

    #[test]
    fn only_an_interview_lies_ahead_and_only_its_parts_belong_to_it() {
        let today = day("2026-11-23");
        assert!(
            milestone(MilestoneKind::Interview, "2026-12-01")
                .validate(today)
                .is_ok()
        );
        assert!(
            milestone(MilestoneKind::ClubJoined, "2026-12-01")
                .validate(today)
                .is_err()
        );
        assert!(
            milestone(MilestoneKind::InterviewPrepared, "2026-11-20")
                .validate(today)
                .is_err()
        );
        let prepared = MilestoneDraft {
            interview: Some(1),
            ..milestone(MilestoneKind::InterviewPrepared, "2026-11-20")
        };
        assert!(prepared.validate(today).is_ok());
        let stray = MilestoneDraft {
            interview: Some(1),
            ..milestone(MilestoneKind::ClubJoined, "2026-11-20")
        };
        assert!(stray.validate(today).is_err());
        assert!(
            milestone(MilestoneKind::LevelReached, "2026-11-20")
                .validate(today)
                .is_err()
        );
    }

    #[test]
    fn a_meeting_lies_between_the_first_one_and_today() {
        let meeting = |on: &str| MeetingDraft {
            met_on: day(on),
            minutes: 90,
            kind: MeetingKind::InPerson,
            areas: vec![],
            requested_by_mentee: true,
            note: String::new(),
        };
        let (since, today) = (day("2026-11-01"), day("2026-11-23"));
        assert!(meeting("2026-11-23").validate(since, today).is_ok());
        assert!(meeting("2026-11-24").validate(since, today).is_err());
        assert!(meeting("2026-10-31").validate(since, today).is_err());
    }
}
