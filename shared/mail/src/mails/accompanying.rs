//! Reminders about a match: from the yes to the final report.

use chrono::{DateTime, NaiveDate, Utc};
use url::Url;

use crate::{
    letter::letters,
    people::{Addressee, Contact, Letterhead},
};

/// Tells an expert who said yes what is still missing before the first meeting (S7).
#[derive(Debug, Clone, PartialEq)]
pub struct ReadinessMissingMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// Whether a police clearance certificate is missing; and whether it has to be the extended one.
    pub check: Option<CheckWanted>,
    /// Whether a training is missing that is not booked yet.
    pub training: bool,
    /// Whether it was told before.
    pub again: bool,
    /// Where sessions are booked.
    pub url: Url,
}

/// Which certificate is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckWanted {
    /// The simple one.
    Simple,
    /// The extended one, for who meets minors.
    Extended,
}

impl ReadinessMissingMail {
    fn extended(&self) -> bool {
        self.check == Some(CheckWanted::Extended)
    }
}

letters! {
    ReadinessMissingMail, "readiness_missing",
    De: "readiness_missing/de.md";
    En: "readiness_missing/en.md";
}

/// Reminds an expert that no first meeting is dated.
#[derive(Debug, Clone, PartialEq)]
pub struct MeetingUndatedMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The centre's contact person.
    pub center: Contact,
    /// When they were introduced; the German day is shown.
    pub introduced_at: DateTime<Utc>,
    /// Where the date is entered.
    pub url: Url,
}

letters! {
    MeetingUndatedMail, "meeting_undated",
    De: "meeting_undated/de.md";
    En: "meeting_undated/en.md";
}

/// Reminds a centre that no first meeting is dated.
#[derive(Debug, Clone, PartialEq)]
pub struct MeetingUndatedCenterMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The contact person.
    pub reader: Addressee,
    /// The expert, whom the centre knows by now.
    pub expert_name: String,
    /// The expert's telephone number; may be empty.
    pub expert_phone: String,
    /// The number of the case.
    pub case_reference: String,
    /// When they were introduced; the German day is shown.
    pub introduced_at: DateTime<Utc>,
    /// The case in the centre's view.
    pub url: Url,
}

letters! {
    MeetingUndatedCenterMail, "meeting_undated_center",
    De: "meeting_undated_center/de.md";
    En: "meeting_undated_center/en.md";
}

/// Asks the expert alone how the first meeting went (S13). It says nothing of the other side.
#[derive(Debug, Clone, PartialEq)]
pub struct ChemistryExpertMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The day of the first meeting.
    pub met_on: NaiveDate,
    /// Until when an answer counts.
    pub answer_by: NaiveDate,
    /// Where it is given.
    pub url: Url,
}

letters! {
    ChemistryExpertMail, "chemistry_expert",
    De: "chemistry_expert/de.md";
    En: "chemistry_expert/en.md";
}

/// Asks the mentee, or the guardian of one under 18, how the first meeting went (S13), in plain language.
#[derive(Debug, Clone, PartialEq)]
pub struct ChemistryMenteeMail {
    /// Who writes; the contact is the centre's.
    pub letterhead: Letterhead,
    /// The mentee or the guardian.
    pub reader: Addressee,
    /// Whether the guardian is asked.
    pub guardian: bool,
    /// The day of the first meeting.
    pub met_on: NaiveDate,
    /// Until when an answer counts.
    pub answer_by: NaiveDate,
    /// Where it is given.
    pub url: Url,
}

letters! {
    ChemistryMenteeMail, "chemistry_mentee",
    De: "chemistry_mentee/de.md";
    En: "chemistry_mentee/en.md";
    Ar: "chemistry_mentee/ar.md";
    Fa: "chemistry_mentee/fa.md";
    Uk: "chemistry_mentee/uk.md";
    Tr: "chemistry_mentee/tr.md";
}

/// Asks an expert about meetings, of which none was logged for some time (S38).
#[derive(Debug, Clone, PartialEq)]
pub struct NoMeetingMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The last day that is known.
    pub last_on: NaiveDate,
    /// Where meetings are logged.
    pub url: Url,
}

letters! {
    NoMeetingMail, "no_meeting",
    De: "no_meeting/de.md";
    En: "no_meeting/en.md";
}

/// Tells a centre that no meeting of one of its tandems was logged for some time.
#[derive(Debug, Clone, PartialEq)]
pub struct NoMeetingCenterMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The contact person.
    pub reader: Addressee,
    /// The expert.
    pub expert_name: String,
    /// The expert's telephone number; may be empty.
    pub expert_phone: String,
    /// The number of the case.
    pub case_reference: String,
    /// The last day that is known.
    pub last_on: NaiveDate,
    /// The case in the centre's view.
    pub url: Url,
}

letters! {
    NoMeetingCenterMail, "no_meeting_center",
    De: "no_meeting_center/de.md";
    En: "no_meeting_center/en.md";
}

/// Asks an expert how it goes, some weeks after the start.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckInMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The first day.
    pub since: NaiveDate,
    /// Where the answer is given.
    pub url: Url,
}

letters! {
    CheckInMail, "check_in",
    De: "check_in/de.md";
    En: "check_in/en.md";
}

/// Asks a mentee how it goes, some weeks after the start, in plain language.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckInMenteeMail {
    /// Who writes; the contact is the centre's.
    pub letterhead: Letterhead,
    /// The mentee.
    pub reader: Addressee,
    /// Where the answer is given.
    pub url: Url,
}

letters! {
    CheckInMenteeMail, "check_in_mentee",
    De: "check_in_mentee/de.md";
    En: "check_in_mentee/en.md";
    Ar: "check_in_mentee/ar.md";
    Fa: "check_in_mentee/fa.md";
    Uk: "check_in_mentee/uk.md";
    Tr: "check_in_mentee/tr.md";
}

/// Reminds an expert to talk about an interview (S43).
#[derive(Debug, Clone, PartialEq)]
pub struct InterviewFollowUpMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The day of the interview.
    pub on: NaiveDate,
    /// Where the follow-up is noted.
    pub url: Url,
}

letters! {
    InterviewFollowUpMail, "interview_follow_up",
    De: "interview_follow_up/de.md";
    En: "interview_follow_up/en.md";
}

/// Asks an expert for feedback at half-time.
#[derive(Debug, Clone, PartialEq)]
pub struct HalfYearFeedbackMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The first day.
    pub since: NaiveDate,
    /// Where the feedback is given.
    pub url: Url,
}

letters! {
    HalfYearFeedbackMail, "half_year_feedback",
    De: "half_year_feedback/de.md";
    En: "half_year_feedback/en.md";
}

/// Asks a mentee for feedback at half-time, in plain language.
#[derive(Debug, Clone, PartialEq)]
pub struct HalfYearFeedbackMenteeMail {
    /// Who writes; the contact is the centre's.
    pub letterhead: Letterhead,
    /// The mentee.
    pub reader: Addressee,
    /// Where the feedback is given.
    pub url: Url,
}

letters! {
    HalfYearFeedbackMenteeMail, "half_year_feedback_mentee",
    De: "half_year_feedback_mentee/de.md";
    En: "half_year_feedback_mentee/en.md";
    Ar: "half_year_feedback_mentee/ar.md";
    Fa: "half_year_feedback_mentee/fa.md";
    Uk: "half_year_feedback_mentee/uk.md";
    Tr: "half_year_feedback_mentee/tr.md";
}

/// Tells an expert when the agreement ends.
#[derive(Debug, Clone, PartialEq)]
pub struct AgreementEndingMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// The last day.
    pub ends_on: NaiveDate,
    /// Where it is extended or brought to its end.
    pub url: Url,
}

letters! {
    AgreementEndingMail, "agreement_ending",
    De: "agreement_ending/de.md";
    En: "agreement_ending/en.md";
}

/// Tells a mentee when the agreement ends, in plain language.
#[derive(Debug, Clone, PartialEq)]
pub struct AgreementEndingMenteeMail {
    /// Who writes; the contact is the centre's.
    pub letterhead: Letterhead,
    /// The mentee.
    pub reader: Addressee,
    /// The last day.
    pub ends_on: NaiveDate,
    /// The mentee's page.
    pub url: Url,
}

letters! {
    AgreementEndingMenteeMail, "agreement_ending_mentee",
    De: "agreement_ending_mentee/de.md";
    En: "agreement_ending_mentee/en.md";
    Ar: "agreement_ending_mentee/ar.md";
    Fa: "agreement_ending_mentee/fa.md";
    Uk: "agreement_ending_mentee/uk.md";
    Tr: "agreement_ending_mentee/tr.md";
}

/// Tells a centre when an agreement ends.
#[derive(Debug, Clone, PartialEq)]
pub struct AgreementEndingCenterMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The contact person.
    pub reader: Addressee,
    /// The expert.
    pub expert_name: String,
    /// The number of the case.
    pub case_reference: String,
    /// The last day.
    pub ends_on: NaiveDate,
    /// The case in the centre's view.
    pub url: Url,
}

letters! {
    AgreementEndingCenterMail, "agreement_ending_center",
    De: "agreement_ending_center/de.md";
    En: "agreement_ending_center/en.md";
}

/// Asks an expert for the final report.
#[derive(Debug, Clone, PartialEq)]
pub struct FinalReportMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// When it ended; the German day is shown.
    pub ended_at: DateTime<Utc>,
    /// Whether it was asked for before.
    pub again: bool,
    /// Where the report is written.
    pub url: Url,
}

letters! {
    FinalReportMail, "final_report",
    De: "final_report/de.md";
    En: "final_report/en.md";
}
