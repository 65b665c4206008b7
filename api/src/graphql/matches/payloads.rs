//! What the steps of a match's life answer.

use async_graphql::SimpleObject;

use super::Match;
use super::life::{Agreement, ChemistryResult, Feedback, FinalReport, Meeting, Milestone, Verdict};
use crate::graphql::payload::{UserError, payload};

payload! {
    /// The answer to `introduceMatch`.
    IntroduceMatchPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        matching: Match,
    }
}
payload! {
    /// The answer to `recordNeedsBriefing`.
    RecordNeedsBriefingPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        matching: Match,
    }
}
payload! {
    /// The answer to `dateFirstMeeting`.
    DateFirstMeetingPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        matching: Match,
    }
}
payload! {
    /// The answer to `recordFirstMeeting`.
    RecordFirstMeetingPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        matching: Match,
    }
}
payload! {
    /// The answer to `recordVerdictOnPaper`.
    RecordVerdictOnPaperPayload {
        /// True where it is recorded. A match that ends thereby is no longer shown.
        recorded: bool,
    }
}
payload! {
    /// The answer to `writeAgreement`.
    WriteAgreementPayload {
        /// The new version.
        agreement: Agreement,
    }
}
payload! {
    /// The answer to `extendAgreement`.
    ExtendAgreementPayload {
        /// The new version.
        agreement: Agreement,
    }
}
payload! {
    /// The answer to `signAgreement`.
    SignAgreementPayload {
        /// The version as it is now.
        agreement: Agreement,
    }
}
payload! {
    /// The answer to `recordSignatureOnPaper`.
    RecordSignatureOnPaperPayload {
        /// The version as it is now.
        agreement: Agreement,
    }
}
payload! {
    /// The answer to `activateMatch`.
    ActivateMatchPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        matching: Match,
    }
}
payload! {
    /// The answer to `pauseMatch`.
    PauseMatchPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        matching: Match,
    }
}
payload! {
    /// The answer to `resumeMatch`.
    ResumeMatchPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        matching: Match,
    }
}
payload! {
    /// The answer to `endMatch`.
    EndMatchPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        matching: Match,
    }
}
payload! {
    /// The answer to `wishAnotherMatch`.
    WishAnotherMatchPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        matching: Match,
    }
}
payload! {
    /// The answer to `logMeeting`.
    LogMeetingPayload {
        /// The meeting.
        meeting: Meeting,
    }
}
payload! {
    /// The answer to `recordMilestone`.
    RecordMilestonePayload {
        /// The milestone.
        milestone: Milestone,
    }
}
payload! {
    /// The answer to `giveFeedback`.
    GiveFeedbackPayload {
        /// The answered form.
        feedback: Feedback,
    }
}
payload! {
    /// The answer to `writeFinalReport`.
    WriteFinalReportPayload {
        /// The report.
        report: FinalReport,
    }
}
payload! {
    /// The answer to `leaveMatch`.
    LeaveMatchPayload {
        /// True where you have left.
        left: bool,
    }
}
payload! {
    /// The answer to `contestPaper`.
    ContestPaperPayload {
        /// True where the record no longer counts.
        contested: bool,
    }
}
payload! {
    /// The answer to `consentToPublicity`.
    ConsentToPublicityPayload {
        /// What you consent to now.
        consent: bool,
    }
}

/// The answer to `giveVerdict`.
#[derive(SimpleObject)]
pub struct GiveVerdictPayload {
    /// What you said.
    pub verdict: Option<Verdict>,
    /// The result, where it is there now; it does not show who said what.
    pub result: Option<ChemistryResult>,
    /// Why it did not happen; empty where it did.
    pub user_errors: Vec<UserError>,
}
