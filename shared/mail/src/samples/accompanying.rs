//! Reminders about a match.

use chrono::{NaiveDate, TimeDelta};

use super::{Sample, day, expert, letterhead, mentee, now, sample, url};
use crate::{
    mails::{
        AgreementEndingCenterMail, AgreementEndingMail, AgreementEndingMenteeMail, CheckInMail,
        CheckInMenteeMail, CheckWanted, ChemistryExpertMail, ChemistryMenteeMail, FinalReportMail,
        HalfYearFeedbackMail, HalfYearFeedbackMenteeMail, InterviewFollowUpMail, MeetingUndatedCenterMail,
        MeetingUndatedMail, NoMeetingCenterMail, NoMeetingMail, ReadinessMissingMail,
    },
    people::{Addressee, Contact, Letterhead},
};

const REFERENCE: &str = "B-2026-0147";

fn center() -> Contact {
    Contact {
        name: "Jana Köhler".to_owned(),
        office_name: "Servicestelle Berlin-Mitte".to_owned(),
        phone: "030 23125 230".to_owned(),
        email: "servicestelle.mitte@tandem.example".to_owned(),
        office_hours: None,
    }
}

/// Mentees and guardians call the centre.
fn from_center() -> Letterhead {
    Letterhead {
        contact: center(),
        ..letterhead()
    }
}

fn reader() -> Addressee {
    Addressee::plain("Jana", "Köhler")
}

fn ends_on() -> NaiveDate {
    day("2027-01-31")
}

fn readiness(check: Option<CheckWanted>, training: bool, again: bool) -> ReadinessMissingMail {
    ReadinessMissingMail {
        letterhead: letterhead(),
        expert: expert(),
        check,
        training,
        again,
        url: url("p/me/8sLZr1bQmPq3vXyT6nKd0Hj5uWcE2aFg"),
    }
}

fn chemistry(guardian: bool) -> ChemistryMenteeMail {
    ChemistryMenteeMail {
        letterhead: from_center(),
        reader: if guardian {
            Addressee::plain("Samira", "Haddad")
        } else {
            mentee()
        },
        guardian,
        met_on: day("2026-11-16"),
        answer_by: day("2026-12-14"),
        url: url("p/me/8sLZr1bQmPq3vXyT6nKd0Hj5uWcE2aFg"),
    }
}

pub(super) fn all() -> Vec<Sample> {
    let page = || url("p/me/8sLZr1bQmPq3vXyT6nKd0Hj5uWcE2aFg");
    let case = || url("cases/01935a7e-4a1b-7c3d-9e2f-0a1b2c3d4e5f");
    vec![
        sample(
            "readiness_missing",
            "check and training are missing after a yes",
            readiness(Some(CheckWanted::Extended), true, false),
        ),
        sample(
            "readiness_missing_again",
            "only the check is still missing",
            readiness(Some(CheckWanted::Simple), false, true),
        ),
        sample(
            "meeting_undated",
            "no first meeting is dated, to the expert",
            MeetingUndatedMail {
                letterhead: letterhead(),
                expert: expert(),
                center: center(),
                introduced_at: now() - TimeDelta::days(14),
                url: page(),
            },
        ),
        sample(
            "meeting_undated_center",
            "no first meeting is dated, to the centre",
            MeetingUndatedCenterMail {
                letterhead: letterhead(),
                reader: reader(),
                expert_name: "Dr. Maria Weber".to_owned(),
                expert_phone: "030 23125 815".to_owned(),
                case_reference: REFERENCE.to_owned(),
                introduced_at: now() - TimeDelta::days(14),
                url: case(),
            },
        ),
        sample(
            "chemistry_expert",
            "the expert has not said how the first meeting was",
            ChemistryExpertMail {
                letterhead: letterhead(),
                expert: expert(),
                met_on: day("2026-11-16"),
                answer_by: day("2026-12-14"),
                url: page(),
            },
        ),
        sample(
            "chemistry_mentee",
            "the mentee has not said how the first meeting was",
            chemistry(false),
        ),
        sample(
            "chemistry_guardian",
            "the guardian of a minor has not said yes",
            chemistry(true),
        ),
        sample(
            "no_meeting",
            "no meeting was logged, to the expert",
            NoMeetingMail {
                letterhead: unsubscribable(),
                expert: expert(),
                last_on: day("2026-11-02"),
                url: page(),
            },
        ),
        sample(
            "no_meeting_center",
            "no meeting was logged, to the centre",
            NoMeetingCenterMail {
                letterhead: letterhead(),
                reader: reader(),
                expert_name: "Dr. Maria Weber".to_owned(),
                expert_phone: String::new(),
                case_reference: REFERENCE.to_owned(),
                last_on: day("2026-10-19"),
                url: case(),
            },
        ),
        sample(
            "check_in",
            "four weeks after the start, to the expert",
            CheckInMail {
                letterhead: unsubscribable(),
                expert: expert(),
                since: day("2026-10-26"),
                url: page(),
            },
        ),
        sample(
            "check_in_mentee",
            "four weeks after the start, to the mentee",
            CheckInMenteeMail {
                letterhead: Letterhead {
                    contact: center(),
                    ..unsubscribable()
                },
                reader: mentee(),
                url: page(),
            },
        ),
        sample(
            "interview_follow_up",
            "two days after an interview",
            InterviewFollowUpMail {
                letterhead: unsubscribable(),
                expert: expert(),
                on: day("2026-11-21"),
                url: page(),
            },
        ),
        sample(
            "half_year_feedback",
            "month six, to the expert",
            HalfYearFeedbackMail {
                letterhead: unsubscribable(),
                expert: expert(),
                since: day("2026-05-26"),
                url: page(),
            },
        ),
        sample(
            "half_year_feedback_mentee",
            "month six, to the mentee",
            HalfYearFeedbackMenteeMail {
                letterhead: Letterhead {
                    contact: center(),
                    ..unsubscribable()
                },
                reader: mentee(),
                url: page(),
            },
        ),
        sample(
            "agreement_ending",
            "the agreement ends, to the expert",
            AgreementEndingMail {
                letterhead: letterhead(),
                expert: expert(),
                ends_on: ends_on(),
                url: page(),
            },
        ),
        sample(
            "agreement_ending_mentee",
            "the agreement ends, to the mentee",
            AgreementEndingMenteeMail {
                letterhead: from_center(),
                reader: mentee(),
                ends_on: ends_on(),
                url: page(),
            },
        ),
        sample(
            "agreement_ending_center",
            "the agreement ends, to the centre",
            AgreementEndingCenterMail {
                letterhead: letterhead(),
                reader: reader(),
                expert_name: "Dr. Maria Weber".to_owned(),
                case_reference: REFERENCE.to_owned(),
                ends_on: ends_on(),
                url: case(),
            },
        ),
        sample("final_report", "the end, with thanks", final_report(false)),
        sample(
            "final_report_again",
            "the report is still missing",
            final_report(true),
        ),
    ]
}

fn final_report(again: bool) -> FinalReportMail {
    FinalReportMail {
        letterhead: letterhead(),
        expert: expert(),
        ended_at: now() - TimeDelta::days(if again { 14 } else { 0 }),
        again,
        url: url("p/me/8sLZr1bQmPq3vXyT6nKd0Hj5uWcE2aFg"),
    }
}

/// What is not essential carries the address that ends it.
fn unsubscribable() -> Letterhead {
    Letterhead {
        unsubscribe_url: Some(url("p/unsubscribe/Vd3kq9ZrT0yX8mB2fWnLw")),
        ..letterhead()
    }
}
