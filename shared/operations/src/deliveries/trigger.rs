//! Why mails are sent: the one list.

use strum::VariantArray;
use tandem_domain::reminders::Reminder;
use tandem_storage::deliveries::Delivery;
use tandem_storage::parse;

use crate::Result;

/// Why a mail is sent. Each trigger has its own condition, which is asked again at the moment of sending.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Trigger {
    /// A link that signs a user in; the delivery's row in `sign_in_links` says whom and until when. Its
    /// subject is a fresh id, since each request is a mail of its own.
    SignIn,
    /// Asks an expert; the subject is the match.
    Approach,
    /// Brings an approach to mind that was not answered; the subject is the match.
    ApproachReminder,
    /// Takes an open approach back, neutrally; the subject is the match.
    ApproachWithdrawn,
    /// Another expert said yes first; the subject is the match.
    Superseded,
    /// Confirms a yes; the subject is the match.
    AnswerYes,
    /// Confirms a no; the subject is the match.
    AnswerNo,
    /// Tells an office that an approach cannot be delivered; the subject is the delivery that failed.
    ApproachUndeliverable,
    /// Tells an office that another mail cannot be delivered; the subject is the delivery that failed.
    MailUndeliverable,

    // reminders: `domain::reminders::Reminder` says when, and about what
    /// No first meeting is dated, to centre and expert; the subject is the match.
    MeetingUndated,
    /// One side has not answered after the first meeting, to that side; the subject is the match.
    ChemistrySilent,
    /// Check or training are missing after a yes; the subject is the match.
    ReadinessMissing,
    /// A check ends, to the expert; the subject is the check.
    CheckExpiry,
    /// A check ends, to the office; the subject is the check.
    CheckExpiryOffice,
    /// A training session, to who is booked; the subject is the attendance.
    TrainingSession,
    /// A case still searches, to office and centre; the subject is the case.
    CaseSearching,
    /// No meeting was logged, to the expert; the subject is the match.
    NoMeeting,
    /// No meeting was logged, to the centre; the subject is the match.
    NoMeetingCenter,
    /// How does it go, to both; the subject is the match.
    CheckIn,
    /// An interview is to be followed up; the subject is the milestone.
    InterviewFollowUp,
    /// Feedback at half-time, to both; the subject is the match.
    HalfYearFeedback,
    /// The agreement ends, to both and the centre; the subject is the match.
    AgreementEnding,
    /// The final report; the subject is the match.
    FinalReport,
    /// The outcome is to be confirmed, to the centre; the subject is the case.
    OutcomeConfirmation,
    /// A mentee comes of age, to the centre; the subject is the case.
    Turns18,
    /// Data are about to be erased, to the administrators; the subject is the programme.
    ErasureDue,
    /// The coordinators' digest; the subject is the office.
    WeeklyDigest,

    /// Sends an expert the letter for the authority; the subject is the document.
    CheckRequested,
    /// Tells the expert's office of matches that go on without a valid check; the subject is the check that
    /// ended, or that showed an entry.
    CheckGap,
    /// Invites an expert to a session; the subject of this and the following is the attendance.
    TrainingInvited,
    /// Confirms a seat, with an invitation for the calendar; the step counts the bookings.
    TrainingBooked,
    /// Tells who is booked that time or place are others now; the step is the session's version before.
    TrainingChanged,
    /// Tells who had a part in a session that it does not take place.
    TrainingCancelled,
    /// Offers a seat that became free; the step counts the offers.
    SeatOffered,
    /// Tells that the offered seat went to the next; the step is the offer's.
    SeatLapsed,
    // the life of a match; the subject is the match, and the step tells repeated ones apart
    /// Introduces centre and expert to each other.
    Introduced,
    /// Tells everybody who comes of the first meeting; the step is the number of the date.
    MeetingDated,
    /// Asks a side whether the chemistry fits.
    ChemistryQuestion,
    /// Both have said yes.
    ChemistryAgreed,
    /// It does not become a tandem.
    MatchNotFormed,
    /// Asks a side to sign; the step is the number of the version.
    AgreementToSign,
    /// Everybody has signed.
    AgreementInForce,
    /// Tells a person what was recorded on paper; the step is the number of the record.
    PaperNotice,
    /// Tells centre and office that a person says a record is not right.
    PaperContested,
    /// Tells a person which consent on paper was entered for them; the subject is the case, and the step is the number
    /// of the entry.
    ConsentNotice,
    /// Tells centre and office that a person says such an entry is not right; the subject is the case.
    ConsentContested,
    /// Tells the offices that an expert says an answer by telephone is not right.
    AnswerContested,
    /// It begins.
    MatchActive,
    /// It is interrupted.
    MatchPaused,
    /// It goes on.
    MatchResumed,
    /// It has ended.
    MatchEnded,
    /// Thanks the expert at the end (S53).
    ThankYou,
    /// Tells centre and office that a problem was reported; the subject is the problem.
    ProblemReported,

    /// A new link in place of an old one, which whoever holds that one asked for; the subject is that one's.
    NewLink,

    // a changed address; the subject is the change
    /// Asks at the old address whether the change is right.
    AddressOld,
    /// Asks at the new address whether the person reads there.
    AddressNew,
    /// Tells the old address that the office has vouched for the change.
    AddressVouched,
    /// Tells the new address that it counts now.
    AddressChanged,
    /// Tells the old address that it is used no more.
    AddressLeft,
    /// Tells an address that it was taken away.
    AddressRemoved,
    /// Tells office and centre that a change has come to nothing.
    AddressUnsettled,
}

impl Trigger {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The trigger of a delivery's row.
    pub(super) fn of(delivery: &Delivery) -> Result<Self> {
        Ok(parse(
            "email_deliveries",
            "trigger",
            delivery.id,
            &delivery.trigger,
        )?)
    }

    /// Whether it cannot be unsubscribed from: what somebody asked for, what a promise or a deadline
    /// hangs on. A new trigger is essential until it is named here.
    pub fn is_essential(self) -> bool {
        !matches!(
            self,
            Self::NoMeeting
                | Self::CheckIn
                | Self::InterviewFollowUp
                | Self::HalfYearFeedback
                | Self::CaseSearching
                | Self::WeeklyDigest
        )
    }

    /// Whether somebody asked for it a moment ago and looks into the mailbox now: it overtakes the mails of
    /// sweeps and plans.
    pub fn is_awaited(self) -> bool {
        matches!(
            self,
            Self::SignIn | Self::NewLink | Self::AddressOld | Self::AddressNew
        )
    }

    /// Whether it goes to an address that is not, or no longer, the person's own: what a mail server says of
    /// that one says nothing of the person's.
    pub fn is_about_an_address(self) -> bool {
        matches!(
            self,
            Self::AddressOld
                | Self::AddressNew
                | Self::AddressVouched
                | Self::AddressChanged
                | Self::AddressLeft
                | Self::AddressRemoved
        )
    }

    /// The reminder that this trigger is; those wait for the morning and are asked again before they leave.
    pub fn reminder(self) -> Option<Reminder> {
        Reminder::VARIANTS
            .iter()
            .copied()
            .find(|reminder| Self::from(*reminder) == self)
    }
}

impl From<Reminder> for Trigger {
    fn from(reminder: Reminder) -> Self {
        match reminder {
            Reminder::Approach => Self::ApproachReminder,
            Reminder::MeetingUndated => Self::MeetingUndated,
            Reminder::ChemistrySilent => Self::ChemistrySilent,
            Reminder::ReadinessMissing => Self::ReadinessMissing,
            Reminder::CheckExpiry => Self::CheckExpiry,
            Reminder::CheckExpiryOffice => Self::CheckExpiryOffice,
            Reminder::TrainingSession => Self::TrainingSession,
            Reminder::CaseSearching => Self::CaseSearching,
            Reminder::NoMeeting => Self::NoMeeting,
            Reminder::NoMeetingCenter => Self::NoMeetingCenter,
            Reminder::CheckIn => Self::CheckIn,
            Reminder::InterviewFollowUp => Self::InterviewFollowUp,
            Reminder::HalfYearFeedback => Self::HalfYearFeedback,
            Reminder::AgreementEnding => Self::AgreementEnding,
            Reminder::FinalReport => Self::FinalReport,
            Reminder::OutcomeConfirmation => Self::OutcomeConfirmation,
            Reminder::Turns18 => Self::Turns18,
            Reminder::ErasureDue => Self::ErasureDue,
            Reminder::WeeklyDigest => Self::WeeklyDigest,
        }
    }
}
