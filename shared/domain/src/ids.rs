//! One id newtype an entity: no bare UUID crosses a function boundary.
//!
//! Ids are version 7 UUIDs, made from the clock and the randomness that the caller passes in
//! (`id` of [`crate::random::Random`]), so that rows of one time lie together in the indexes.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An entity's id: a UUID that knows what it identifies.
pub trait Id:
    Copy + Ord + std::hash::Hash + std::fmt::Display + From<Uuid> + Into<Uuid> + Send + Sync
{
    /// The entity's name in every layer, as `Expert`.
    const KIND: &'static str;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The bare UUID, for the edges: a database column, a node id.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl Id for $name {
            const KIND: &'static str = $kind;
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A regional office.
    OfficeId = "RegionalOffice";
    /// A service centre.
    CenterId = "ServiceCenter";
    /// Somebody who can sign in.
    UserId = "User";
    /// One signed-in browser or program.
    SessionId = "Session";
    /// One wish for a sign-in link.
    SignInRequestId = "SignInRequest";
    /// What a partner's program shows instead of a session.
    ApiTokenId = "ApiToken";
    /// One change of an e-mail address that waits to be confirmed.
    AddressChangeId = "AddressChange";
    /// One role of a user with its scope.
    RoleGrantId = "RoleGrant";
    /// A Senior Expert.
    ExpertId = "Expert";
    /// One interval in which an expert is not available.
    PauseId = "Pause";
    /// One inspection of one certificate.
    CheckId = "BackgroundCheck";
    /// Something that must be learnt.
    ModuleId = "TrainingModule";
    /// A dated course.
    TrainingSessionId = "TrainingSession";
    /// One expert's seat in a course.
    AttendanceId = "TrainingAttendance";
    /// The young person.
    MenteeId = "Mentee";
    /// One young person's wish for one expert.
    CaseId = "Case";
    /// One expert for one case.
    MatchId = "Match";
    /// One version of the agreement of a match.
    AgreementId = "Agreement";
    /// One logged meeting.
    MeetingId = "Meeting";
    /// One step on the way.
    MilestoneId = "Milestone";
    /// One answered form.
    FeedbackId = "Feedback";
    /// One reported problem.
    ProblemId = "Problem";
    /// One record of what somebody gave on paper.
    PaperRecordId = "PaperRecord";
    /// One bulk matching job.
    RunId = "MatchingRun";
    /// One row of a plan.
    ProposalId = "Proposal";
    /// One row of the job ledger.
    JobId = "Job";
    /// One e-mail.
    DeliveryId = "EmailDelivery";
    /// One one-time code on paper.
    CodeId = "PersonCode";
    /// One import of a list.
    ImportId = "Import";
    /// A document that people print.
    DocumentId = "Document";
    /// One entry of the audit log.
    AuditEventId = "AuditEvent";
    /// One request to export or to erase a person's data.
    DataRequestId = "DataRequest";
}
