//! Who may do what (domain.md "Who may do what"): one pure function, default deny.
//!
//! Operations call [`can`]; lists get [`scope`], which storage turns into a WHERE. A property test
//! holds the two together.

mod matrix;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::ids::{CaseId, CenterId, ExpertId, MatchId, MenteeId, OfficeId, UserId};
use crate::parties::{About, Party, Person, Side};
use crate::tokens::TokenScope;
use crate::values::words;

pub use matrix::matrix;

/// One role with its scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Grant {
    /// Everything but answering for a person.
    Admin,
    /// One regional office, or all of them (head office).
    Coordinator(Option<OfficeId>),
    /// One service centre.
    CenterStaff(CenterId),
    /// The expert's own things.
    Expert(ExpertId),
    /// The mentee's own things.
    Mentee(MenteeId),
}

words! {
    /// The five roles.
    Role {
        /// Everything but answering for a person.
        Admin,
        /// A regional office.
        Coordinator,
        /// A service centre.
        CenterStaff,
        /// An expert.
        Expert,
        /// A mentee.
        Mentee,
    }

    /// Everything that somebody may want to do.
    Action {
        /// See an office.
        ViewOffice,
        /// Create and change offices.
        ManageOffice,
        /// See a centre.
        ViewCenter,
        /// Create and change centres.
        ManageCenter,
        /// See a member of staff.
        ViewUser,
        /// Create staff, give and take roles.
        ManageUser,
        /// See what a search for experts shows: name, office, occupations, readiness.
        ViewExpert,
        /// See an expert's address, birth date, e-mail and telephone.
        ViewExpertContact,
        /// Register, change, pause, activate, suspend.
        ManageExpert,
        /// Vouch, after a telephone call, for a changed address that cannot be confirmed at the old one.
        VouchForAddress,
        /// Set when and how an expert may be asked: time off, radius, number of matches, reminders.
        SetAvailability,
        /// See an expert's background checks.
        ViewCheck,
        /// Record inspections.
        ManageCheck,
        /// See the letters and certificates that were made for an expert.
        ViewExpertDocument,
        /// See the dates of trainings.
        ViewTraining,
        /// Plan sessions, invite, confirm who was there.
        ManageTraining,
        /// Book a seat in a training and give it back.
        BookTraining,
        /// Define the training modules.
        ManageModule,
        /// See a mentee.
        ViewMentee,
        /// Register and change a mentee.
        ManageMentee,
        /// See a case.
        ViewCase,
        /// Draft, change, submit, withdraw a case.
        ManageCase,
        /// Accept or return a submitted case.
        DecideCase,
        /// See the ranked and explained candidates of a case.
        ViewCandidates,
        /// Approach an expert for a case, take an approach back.
        Approach,
        /// See a match.
        ViewMatch,
        /// Answer an approach as the expert that is asked.
        AnswerApproach,
        /// Record an answer that an expert gave by telephone.
        RecordAnswer,
        /// Introduce expert and centre to each other after the yes.
        IntroduceMatch,
        /// Record that expert and centre have talked about what the mentee needs (S33).
        RecordBriefing,
        /// Date the first meeting and record that it took place.
        ArrangeFirstMeeting,
        /// Leave a match before it is active, without a reason (S14).
        LeaveMatch,
        /// Say whether the chemistry fits (S13), for oneself.
        GiveVerdict,
        /// Record what a person gave on paper, with date and witness.
        RecordPaper,
        /// Say that what was recorded on paper is not right.
        ObjectToPaper,
        /// Write the agreement, amend and extend it.
        WriteAgreement,
        /// Sign the agreement, for oneself.
        SignAgreement,
        /// Let a match begin that is agreed, signed and ready.
        ActivateMatch,
        /// Interrupt a match and take it up again.
        PauseMatch,
        /// End a match.
        EndMatch,
        /// Log a meeting.
        LogMeeting,
        /// Record a milestone.
        RecordMilestone,
        /// Answer a feedback form, for oneself.
        GiveFeedback,
        /// Read what was answered.
        ViewFeedback,
        /// Write the final report, as the expert.
        WriteReport,
        /// Report a problem: it goes to centre and office, never to the expert.
        ReportProblem,
        /// Read what was reported, and settle it.
        HandleProblem,
        /// Consent to the sharing of data that the search for an expert needs, for oneself.
        ConsentToSharing,
        /// Consent to publicity (S54), for oneself.
        ConsentToPublicity,
        /// Have a page with a one-time code printed for somebody without e-mail; the code itself is not shown.
        PrintCode,
        /// See a matching run.
        ViewRun,
        /// Start, cancel, decide on, apply, discard, undo a run.
        ManageRun,
        /// See, make and end the tokens of partners' programs.
        ManageApiToken,
        /// See the job ledger.
        ViewJobs,
        /// Put a dead job back.
        ManageJobs,
        /// Read the audit log.
        ViewAudit,
        /// Ask for everything about a person, or for its erasure.
        RequestData,
        /// Confirm erasures, set and end holds, see all requests.
        ManageData,
        /// See the mails to a person.
        ViewDeliveries,
        /// See statistics: coarse numbers of the programme, an office or a centre.
        ViewStatistics,
        /// See them exact.
        ViewExactStatistics,
        /// Read the programme's settings.
        ViewSettings,
        /// Change the programme's settings.
        ManageSettings,
    }
}

impl Grant {
    /// The role without its scope.
    pub fn role(self) -> Role {
        match self {
            Self::Admin => Role::Admin,
            Self::Coordinator(_) => Role::Coordinator,
            Self::CenterStaff(_) => Role::CenterStaff,
            Self::Expert(_) => Role::Expert,
            Self::Mentee(_) => Role::Mentee,
        }
    }
}

/// Who acts: somebody signed in, or a program with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub user: UserId,
    /// As what.
    pub grants: Vec<Grant>,
    /// With a token: what it may be used for. None: whatever the grants allow.
    pub scopes: Option<Vec<TokenScope>>,
}

impl Actor {
    /// Somebody signed in.
    pub fn new(user: UserId, grants: Vec<Grant>) -> Self {
        Self {
            user,
            grants,
            scopes: None,
        }
    }

    /// The same, limited to what a token may be used for.
    pub fn limited_to(self, scopes: Vec<TokenScope>) -> Self {
        Self {
            scopes: Some(scopes),
            ..self
        }
    }

    /// Whether a token's scopes, if there is a token, have room for this.
    fn has_scope_for(&self, action: Action) -> bool {
        match &self.scopes {
            None => true,
            Some(scopes) => TokenScope::for_action(action).is_some_and(|needed| scopes.contains(&needed)),
        }
    }
}

/// What it is about: the scope facts of a row. A fact that a kind of row does not have is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resource {
    /// The office that answers for it (of a case: the one that serves the centre).
    pub office: Option<OfficeId>,
    /// A second office that is concerned (of a match: the expert's own).
    pub other_office: Option<OfficeId>,
    /// The centre.
    pub center: Option<CenterId>,
    /// The expert.
    pub expert: Option<ExpertId>,
    /// The mentee.
    pub mentee: Option<MenteeId>,
    /// The match, where it is one or belongs to one.
    pub matching: Option<MatchId>,
    /// The case, where it is one or belongs to one.
    pub case: Option<CaseId>,
    /// Whether the expert has said yes, so that the centre and the mentee may know of it (S21).
    pub revealed: bool,
}

impl Resource {
    /// The programme as a whole.
    pub fn programme() -> Self {
        Self::default()
    }

    /// An office.
    pub fn office(office: OfficeId) -> Self {
        Self {
            office: Some(office),
            ..Self::default()
        }
    }

    /// A centre and the office that serves it.
    pub fn center(center: CenterId, office: OfficeId) -> Self {
        Self {
            office: Some(office),
            center: Some(center),
            ..Self::default()
        }
    }

    /// An expert and the expert's office.
    pub fn expert(expert: ExpertId, office: OfficeId) -> Self {
        Self {
            office: Some(office),
            expert: Some(expert),
            ..Self::default()
        }
    }

    /// A mentee, or a case, of a centre.
    pub fn mentee(mentee: MenteeId, center: CenterId, office: OfficeId) -> Self {
        Self {
            office: Some(office),
            center: Some(center),
            mentee: Some(mentee),
            ..Self::default()
        }
    }

    /// Makes it a case.
    pub fn of_case(self, case: CaseId) -> Self {
        Self {
            case: Some(case),
            ..self
        }
    }

    /// Makes it known that the expert has said yes.
    pub fn revealed(self, revealed: bool) -> Self {
        Self { revealed, ..self }
    }
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// To this caller it does not exist: `NOT_FOUND`.
    Hidden,
    /// Seen, but not allowed: `FORBIDDEN`.
    Forbidden,
    /// Go ahead.
    Allowed,
}

/// How far a role reaches with an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Not at all.
    Nothing,
    /// Rows of the role's own scope.
    Own,
    /// The same, once the expert has said yes.
    OwnRevealed,
    /// Every row.
    Everything,
}

/// The one table of rights. What is not named is denied.
fn reach(role: Role, action: Action) -> Reach {
    use Action as A;
    use Reach::{Everything, Nothing, Own, OwnRevealed};
    match (role, action) {
        // nobody answers for a person (S14)
        (Role::Admin, action) if is_own_word(action) || matches!(action, A::RecordPaper | A::PrintCode) => {
            Nothing
        }
        (Role::Admin, _) => Everything,

        (
            Role::Coordinator,
            A::ViewOffice
            | A::ViewCenter
            | A::ViewSettings
            | A::ViewExpert
            | A::ViewUser
            | A::ViewStatistics
            | A::ViewTraining,
        ) => Everything,
        (
            Role::Coordinator,
            A::ViewExpertContact
            | A::ManageExpert
            | A::VouchForAddress
            | A::SetAvailability
            | A::ViewCheck
            | A::ManageCheck
            | A::ViewExpertDocument
            | A::ManageTraining
            | A::BookTraining
            | A::ManageCenter
            | A::ViewMentee
            | A::ViewCase
            | A::DecideCase
            | A::ViewCandidates
            | A::Approach
            | A::ViewMatch
            | A::RecordAnswer
            | A::IntroduceMatch
            | A::ActivateMatch
            | A::PauseMatch
            | A::EndMatch
            | A::ViewFeedback
            | A::HandleProblem
            | A::ViewRun
            | A::ManageRun
            | A::ViewExactStatistics
            | A::ViewDeliveries,
        ) => Own,

        (Role::CenterStaff, A::ViewOffice | A::ViewStatistics) => Everything,
        (
            Role::CenterStaff,
            A::ViewCenter
            | A::ViewMentee
            | A::ManageMentee
            | A::ViewCase
            | A::ManageCase
            | A::HandleProblem
            | A::ViewExactStatistics
            | A::PrintCode,
        ) => Own,
        (
            Role::CenterStaff,
            A::ViewMatch
            | A::ViewExpert
            | A::IntroduceMatch
            | A::RecordBriefing
            | A::ArrangeFirstMeeting
            | A::RecordPaper
            | A::WriteAgreement
            | A::ActivateMatch
            | A::PauseMatch
            | A::EndMatch
            | A::LogMeeting
            | A::RecordMilestone
            | A::ViewFeedback,
        ) => OwnRevealed,

        (Role::Expert, A::ViewOffice | A::ViewTraining) => Everything,
        (
            Role::Expert,
            A::ViewExpert
            | A::ViewExpertContact
            | A::ViewExpertDocument
            | A::BookTraining
            | A::SetAvailability
            | A::ViewMatch
            | A::AnswerApproach
            | A::ArrangeFirstMeeting
            | A::LeaveMatch
            | A::GiveVerdict
            | A::ObjectToPaper
            | A::WriteAgreement
            | A::SignAgreement
            | A::PauseMatch
            | A::EndMatch
            | A::LogMeeting
            | A::RecordMilestone
            | A::GiveFeedback
            | A::WriteReport
            | A::ConsentToPublicity
            | A::RequestData,
        ) => Own,

        (
            Role::Mentee,
            A::ViewMentee
            | A::ViewCase
            | A::ObjectToPaper
            | A::ReportProblem
            | A::ConsentToSharing
            | A::ConsentToPublicity
            | A::RequestData,
        ) => Own,
        (
            Role::Mentee,
            A::ViewMatch
            | A::ViewExpert
            | A::LeaveMatch
            | A::GiveVerdict
            | A::SignAgreement
            | A::PauseMatch
            | A::EndMatch
            | A::GiveFeedback,
        ) => OwnRevealed,

        _ => Nothing,
    }
}

/// A guardian is no role: a person beside a mentee, who answers by link or on paper.
fn guardian_reach(action: Action) -> Reach {
    use Action as A;
    match action {
        A::ViewCase | A::ObjectToPaper | A::ReportProblem | A::ConsentToSharing | A::ConsentToPublicity => {
            Reach::Own
        }
        A::ViewMatch | A::LeaveMatch | A::GiveVerdict | A::SignAgreement | A::EndMatch => Reach::OwnRevealed,
        _ => Reach::Nothing,
    }
}

/// What only the person itself says: no member of staff and no program does it in its place (S14).
pub fn is_own_word(action: Action) -> bool {
    use Action as A;
    matches!(
        action,
        A::AnswerApproach
            | A::LeaveMatch
            | A::GiveVerdict
            | A::ObjectToPaper
            | A::SignAgreement
            | A::GiveFeedback
            | A::WriteReport
            | A::ReportProblem
            | A::ConsentToSharing
            | A::ConsentToPublicity
    )
}

/// Which words of a person wait while the own address is being changed (rule 2): what binds, and not what
/// protects. A no that stops everything, an objection and a problem are heard at any time.
pub fn waits_for_address(action: Action) -> bool {
    use Action as A;
    is_own_word(action) && !matches!(action, A::LeaveMatch | A::ObjectToPaper | A::ReportProblem)
}

/// What a link or a code may be used for at all. Whoever wants more signs in.
fn by_link(action: Action) -> bool {
    use Action as A;
    is_own_word(action)
        || matches!(
            action,
            A::ViewCase
                | A::ViewMatch
                | A::ArrangeFirstMeeting
                | A::WriteAgreement
                | A::PauseMatch
                | A::EndMatch
                | A::LogMeeting
                | A::RecordMilestone
                | A::BookTraining
        )
}

fn concerns(grant: Grant, action: Action, resource: &Resource) -> bool {
    match grant {
        Grant::Admin => true,
        Grant::Coordinator(None) => true,
        Grant::Coordinator(Some(office)) => {
            resource.office == Some(office)
                // the expert's own office sees what its expert is asked and records what its expert
                // says on the telephone
                || (resource.other_office == Some(office) && matches!(action, Action::ViewMatch | Action::RecordAnswer))
        }
        Grant::CenterStaff(center) => resource.center == Some(center),
        Grant::Expert(expert) => resource.expert == Some(expert),
        Grant::Mentee(mentee) => resource.mentee == Some(mentee),
    }
}

fn allowed(actor: &Actor, action: Action, resource: &Resource) -> bool {
    if !actor.has_scope_for(action) {
        return false;
    }
    actor
        .grants
        .iter()
        .any(|grant| match reach(grant.role(), action) {
            Reach::Nothing => false,
            Reach::Own => concerns(*grant, action, resource),
            Reach::OwnRevealed => resource.revealed && concerns(*grant, action, resource),
            Reach::Everything => true,
        })
}

/// The action by which one sees what another action is about.
fn seeing(action: Action) -> Action {
    use Action as A;
    match action {
        A::ViewOffice | A::ManageOffice => A::ViewOffice,
        A::ViewCenter | A::ManageCenter => A::ViewCenter,
        A::ViewUser | A::ManageUser => A::ViewUser,
        A::ManageApiToken => A::ManageApiToken,
        A::ViewExpert | A::ViewExpertContact | A::ManageExpert | A::VouchForAddress | A::SetAvailability => {
            A::ViewExpert
        }
        // a mail in the log is a thing of its own: it may be about anybody
        A::ViewDeliveries => A::ViewDeliveries,
        A::ViewCheck | A::ManageCheck => A::ViewCheck,
        A::ViewExpertDocument | A::BookTraining => A::ViewExpert,
        A::ViewTraining | A::ManageTraining | A::ManageModule => A::ViewTraining,
        A::ViewMentee | A::ManageMentee => A::ViewMentee,
        A::ViewCase | A::ManageCase | A::DecideCase | A::ViewCandidates | A::Approach => A::ViewCase,
        A::ViewMatch
        | A::AnswerApproach
        | A::RecordAnswer
        | A::IntroduceMatch
        | A::RecordBriefing
        | A::ArrangeFirstMeeting
        | A::LeaveMatch
        | A::GiveVerdict
        | A::RecordPaper
        | A::ObjectToPaper
        | A::WriteAgreement
        | A::SignAgreement
        | A::ActivateMatch
        | A::PauseMatch
        | A::EndMatch
        | A::LogMeeting
        | A::RecordMilestone
        | A::GiveFeedback
        | A::ViewFeedback
        | A::ConsentToPublicity
        | A::WriteReport => A::ViewMatch,
        A::ReportProblem | A::ConsentToSharing | A::PrintCode => A::ViewCase,
        A::HandleProblem => A::HandleProblem,
        A::ViewRun | A::ManageRun => A::ViewRun,
        A::ViewJobs | A::ManageJobs => A::ViewJobs,
        A::ViewAudit => A::ViewAudit,
        A::RequestData => A::RequestData,
        A::ManageData => A::ManageData,
        A::ViewStatistics | A::ViewExactStatistics => A::ViewStatistics,
        A::ViewSettings | A::ManageSettings => A::ViewSettings,
    }
}

/// Whether `actor` may do `action` with `resource`.
pub fn can(actor: &Actor, action: Action, resource: &Resource) -> Decision {
    if allowed(actor, action, resource) {
        Decision::Allowed
    } else if allowed(actor, seeing(action), resource) {
        Decision::Forbidden
    } else {
        Decision::Hidden
    }
}

/// Whether a person who came by a link or a code may do `action` with `resource`: the person's own things,
/// of the very match or case that the link is about.
pub fn person_can(person: &Person, action: Action, resource: &Resource) -> Decision {
    let about = match person.about {
        About::Match(id) => resource.matching == Some(id),
        About::Case(id) => resource.case == Some(id),
        // the operation holds the seat against the link; it is about nothing else of the expert's
        About::Seat(_) => action == Action::BookTraining,
        // the operation confirms or contests the change itself; it opens nothing else
        About::Address(_) => false,
    };
    let own = match person.party {
        Party::Expert(id) => resource.expert == Some(id),
        Party::Mentee(id) | Party::Guardian(id) => resource.mentee == Some(id),
    };
    let allowed = |action: Action| {
        let reach = match person.party.side() {
            Side::Expert => reach(Role::Expert, action),
            Side::Mentee => reach(Role::Mentee, action),
            Side::Guardian => guardian_reach(action),
        };
        by_link(action)
            && about
            && own
            && match reach {
                Reach::Nothing => false,
                Reach::Own | Reach::Everything => true,
                Reach::OwnRevealed => resource.revealed,
            }
    };
    if allowed(action) {
        Decision::Allowed
    } else if allowed(seeing(action)) {
        Decision::Forbidden
    } else {
        Decision::Hidden
    }
}

/// The rows that a list may show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Every row.
    pub everything: bool,
    /// Rows of these offices.
    pub offices: Vec<OfficeId>,
    /// Rows that concern these offices as the expert's own.
    pub other_offices: Vec<OfficeId>,
    /// Rows of these centres.
    pub centers: Vec<CenterId>,
    /// Rows of these centres once the expert has said yes.
    pub revealed_centers: Vec<CenterId>,
    /// Rows of these experts.
    pub experts: Vec<ExpertId>,
    /// Rows of these mentees.
    pub mentees: Vec<MenteeId>,
    /// Rows of these mentees once the expert has said yes.
    pub revealed_mentees: Vec<MenteeId>,
}

impl Scope {
    /// Whether it shows nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a row belongs to it; what storage's WHERE means.
    pub fn holds(&self, resource: &Resource) -> bool {
        fn among<T: PartialEq>(ids: &[T], id: Option<T>) -> bool {
            id.is_some_and(|id| ids.contains(&id))
        }
        self.everything
            || among(&self.offices, resource.office)
            || among(&self.other_offices, resource.other_office)
            || among(&self.centers, resource.center)
            || among(&self.experts, resource.expert)
            || among(&self.mentees, resource.mentee)
            || (resource.revealed
                && (among(&self.revealed_centers, resource.center)
                    || among(&self.revealed_mentees, resource.mentee)))
    }
}

/// What a list under `action` may show to `actor`.
pub fn scope(actor: &Actor, action: Action) -> Scope {
    let mut scope = Scope::default();
    if !actor.has_scope_for(action) {
        return scope;
    }
    for grant in &actor.grants {
        let reach = reach(grant.role(), action);
        match (reach, *grant) {
            (Reach::Nothing, _) => {}
            (Reach::Everything, _) | (_, Grant::Admin | Grant::Coordinator(None)) => scope.everything = true,
            (_, Grant::Coordinator(Some(office))) => {
                scope.offices.push(office);
                if matches!(action, Action::ViewMatch | Action::RecordAnswer) {
                    scope.other_offices.push(office);
                }
            }
            (Reach::Own, Grant::CenterStaff(center)) => scope.centers.push(center),
            (Reach::OwnRevealed, Grant::CenterStaff(center)) => scope.revealed_centers.push(center),
            (_, Grant::Expert(expert)) => scope.experts.push(expert),
            (Reach::Own, Grant::Mentee(mentee)) => scope.mentees.push(mentee),
            (Reach::OwnRevealed, Grant::Mentee(mentee)) => scope.revealed_mentees.push(mentee),
        }
    }
    scope
}
