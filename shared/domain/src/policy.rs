//! Who may do what (domain.md "Who may do what"): one pure function, default deny.
//!
//! Operations call [`can`]; lists get [`scope`], which storage turns into a WHERE. A property test
//! holds the two together.

use serde::{Deserialize, Serialize};

use crate::ids::{CaseId, CenterId, ExpertId, MatchId, MenteeId, OfficeId, UserId};
use crate::parties::{About, Party, Person, Side};
use crate::tokens::TokenScope;
use crate::values::words;

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

/// The committed matrix: a line an action, a column a role (`docs/policy-matrix.md`).
pub fn matrix() -> String {
    use std::fmt::Write;
    use strum::VariantArray;
    let mut text = String::from("| action |");
    for role in Role::VARIANTS {
        write!(text, " {role} |").expect("writing to a String");
    }
    text.push_str(" guardian | by link or code |\n|---|---|---|---|---|---|---|---|\n");
    for action in Action::VARIANTS {
        write!(text, "| {action} |").expect("writing to a String");
        let mut columns: Vec<Reach> = Role::VARIANTS.iter().map(|role| reach(*role, *action)).collect();
        columns.push(guardian_reach(*action));
        for reach in columns {
            let word = match reach {
                Reach::Nothing => "–",
                Reach::Own => "own",
                Reach::OwnRevealed => "own, after the yes",
                Reach::Everything => "all",
            };
            write!(text, " {word} |").expect("writing to a String");
        }
        let word = if by_link(*action) { "yes" } else { "–" };
        writeln!(text, " {word} |").expect("writing to a String");
    }
    text.push_str(&scope_matrix());
    text
}

/// What [`can`] answers about a row: of the role's own scope after the expert's yes, of it before, and of
/// another scope; and what a partner's token needs besides.
fn scope_matrix() -> String {
    use std::fmt::Write;
    use strum::VariantArray;
    fn id<T: From<uuid::Uuid>>(number: u128) -> T {
        uuid::Uuid::from_u128(number).into()
    }
    let row = |number: u128| Resource {
        office: Some(id(number)),
        center: Some(id(number)),
        expert: Some(id(number)),
        mentee: Some(id(number)),
        ..Resource::default()
    };
    let grants = [
        Grant::Admin,
        Grant::Coordinator(Some(id(1))),
        Grant::CenterStaff(id(1)),
        Grant::Expert(id(1)),
        Grant::Mentee(id(1)),
    ];
    let mut text = String::from(
        "\n## In which scope\n\nFor a row of the role's own scope after the expert's yes / before it / for a row of \
         another scope:\n\"yes\", \"F\" (`FORBIDDEN`), \"–\" (`NOT_FOUND`). The last column is what a partner's token \
         needs;\nwhere there is nothing, no token may do it.\n\n| action | ADMIN | COORDINATOR | CENTER_STAFF | EXPERT | \
         MENTEE | token |\n|---|---|---|---|---|---|---|\n",
    );
    for action in Action::VARIANTS {
        write!(text, "| {action} |").expect("writing to a String");
        for grant in grants {
            let actor = Actor::new(id(9), vec![grant]);
            let words = [row(1).revealed(true), row(1), row(2)].map(|row| match can(&actor, *action, &row) {
                Decision::Allowed => "yes",
                Decision::Forbidden => "F",
                Decision::Hidden => "–",
            });
            write!(text, " {} |", words.join(" / ")).expect("writing to a String");
        }
        let scope = TokenScope::for_action(*action).map_or("", TokenScope::as_str);
        writeln!(text, " {scope} |").expect("writing to a String");
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strum::VariantArray;
    use uuid::Uuid;

    use super::*;

    fn id<T: From<Uuid>>(number: u8) -> T {
        Uuid::from_u128(u128::from(number)).into()
    }

    fn actor(grant: Grant) -> Actor {
        Actor::new(id(1), vec![grant])
    }

    fn grants() -> impl Strategy<Value = Vec<Grant>> {
        let grant = (0..6_u8, 0..3_u8).prop_map(|(kind, number)| match kind {
            0 => Grant::Admin,
            1 => Grant::Coordinator(None),
            2 => Grant::Coordinator(Some(id(number))),
            3 => Grant::CenterStaff(id(number)),
            4 => Grant::Expert(id(number)),
            _ => Grant::Mentee(id(number)),
        });
        prop::collection::vec(grant, 0..4)
    }

    fn scopes() -> impl Strategy<Value = Option<Vec<TokenScope>>> {
        prop::option::of(prop::sample::subsequence(
            TokenScope::VARIANTS.to_vec(),
            0..=TokenScope::VARIANTS.len(),
        ))
    }

    fn resources() -> impl Strategy<Value = Resource> {
        let maybe = || prop::option::of(0..3_u8);
        (maybe(), maybe(), maybe(), maybe(), maybe(), any::<bool>()).prop_map(
            |(office, other_office, center, expert, mentee, revealed)| Resource {
                office: office.map(id),
                other_office: other_office.map(id),
                center: center.map(id),
                expert: expert.map(id),
                mentee: mentee.map(id),
                revealed,
                ..Resource::default()
            },
        )
    }

    proptest! {
        #[test]
        fn a_list_shows_exactly_what_may_be_done(grants in grants(), scopes in scopes(), resource in resources(), number in 0..Action::VARIANTS.len()) {
            let actor = Actor { user: id(1), grants, scopes };
            let action = Action::VARIANTS[number];
            let allowed = can(&actor, action, &resource) == Decision::Allowed;
            prop_assert_eq!(scope(&actor, action).holds(&resource), allowed);
        }
    }

    #[test]
    fn nobody_may_do_anything_without_a_role() {
        let nobody = Actor::new(id(1), vec![]);
        for action in Action::VARIANTS {
            assert_eq!(
                can(&nobody, *action, &Resource::programme()),
                Decision::Hidden,
                "{action}"
            );
        }
    }

    #[test]
    fn a_token_reaches_no_further_than_its_scopes_and_its_user() {
        let expert = Resource::expert(id(1), id(1));
        let reader = |grant| actor(grant).limited_to(vec![TokenScope::ReadExperts]);
        let own = reader(Grant::Coordinator(Some(id(1))));
        assert_eq!(can(&own, Action::ViewExpertContact, &expert), Decision::Allowed);
        assert_eq!(can(&own, Action::ManageExpert, &expert), Decision::Forbidden);
        assert_eq!(can(&own, Action::ViewCase, &expert), Decision::Hidden);
        let other = reader(Grant::Coordinator(Some(id(2))));
        assert_eq!(
            can(&other, Action::ViewExpertContact, &expert),
            Decision::Forbidden
        );
        assert!(scope(&own, Action::ViewCase).is_empty());
    }

    #[test]
    fn no_staff_answers_for_an_expert() {
        let resource = Resource {
            other_office: Some(id(1)),
            ..Resource::expert(id(1), id(1))
        };
        for grant in [
            Grant::Admin,
            Grant::Coordinator(None),
            Grant::Coordinator(Some(id(1))),
            Grant::CenterStaff(id(1)),
        ] {
            assert_ne!(
                can(&actor(grant), Action::AnswerApproach, &resource),
                Decision::Allowed,
                "{grant:?}"
            );
        }
        assert_eq!(
            can(&actor(Grant::Expert(id(1))), Action::AnswerApproach, &resource),
            Decision::Allowed
        );
        assert_eq!(
            can(&actor(Grant::Expert(id(2))), Action::AnswerApproach, &resource),
            Decision::Hidden
        );
    }

    fn own_match() -> Resource {
        Resource {
            other_office: Some(id(1)),
            expert: Some(id(1)),
            matching: Some(id(1)),
            case: Some(id(1)),
            revealed: true,
            ..Resource::mentee(id(1), id(1), id(1))
        }
    }

    fn person(party: Party, about: About) -> Person {
        Person {
            party,
            about,
            way: crate::parties::GivenWay::Link,
        }
    }

    #[test]
    fn no_role_of_staff_says_a_persons_own_word() {
        let own: Vec<Action> = Action::VARIANTS
            .iter()
            .copied()
            .filter(|action| is_own_word(*action))
            .collect();
        assert_eq!(own.len(), 10);
        for grant in [
            Grant::Admin,
            Grant::Coordinator(None),
            Grant::Coordinator(Some(id(1))),
            Grant::CenterStaff(id(1)),
        ] {
            for action in &own {
                assert_ne!(
                    can(&actor(grant), *action, &own_match()),
                    Decision::Allowed,
                    "{grant:?} {action}"
                );
            }
        }
    }

    #[test]
    fn a_link_opens_its_own_match_and_no_other() {
        let expert = Party::Expert(id(1));
        let mentee = Party::Mentee(id(1));
        let guardian = Party::Guardian(id(1));
        for party in [expert, mentee, guardian] {
            for about in [About::Match(id(1)), About::Case(id(1))] {
                assert_eq!(
                    person_can(&person(party, about), Action::GiveVerdict, &own_match()),
                    Decision::Allowed,
                    "{party:?}"
                );
            }
            for about in [About::Match(id(2)), About::Case(id(2))] {
                for action in Action::VARIANTS {
                    assert_eq!(
                        person_can(&person(party, about), *action, &own_match()),
                        Decision::Hidden,
                        "{party:?} {action}"
                    );
                }
            }
        }
        for party in [Party::Expert(id(2)), Party::Mentee(id(2)), Party::Guardian(id(2))] {
            assert_eq!(
                person_can(
                    &person(party, About::Match(id(1))),
                    Action::ViewMatch,
                    &own_match()
                ),
                Decision::Hidden,
                "forwarded to somebody else it is still about its own person"
            );
        }
    }

    #[test]
    fn a_link_permits_nothing_that_the_person_may_not_do_signed_in() {
        for action in Action::VARIANTS {
            for (party, grant) in [
                (Party::Expert(id(1)), Grant::Expert(id(1))),
                (Party::Mentee(id(1)), Grant::Mentee(id(1))),
            ] {
                let by_link = person_can(&person(party, About::Match(id(1))), *action, &own_match());
                let signed_in = can(&actor(grant), *action, &own_match());
                assert!(by_link <= signed_in, "{party:?} {action}");
            }
            let guardian = person_can(
                &person(Party::Guardian(id(1)), About::Case(id(1))),
                *action,
                &own_match(),
            );
            let mentee = can(&actor(Grant::Mentee(id(1))), *action, &own_match());
            assert!(guardian <= mentee, "{action}");
        }
        let contact = person_can(
            &person(Party::Expert(id(1)), About::Match(id(1))),
            Action::ViewExpertContact,
            &own_match(),
        );
        assert_ne!(contact, Decision::Allowed, "who wants more signs in");
    }

    #[test]
    fn a_problem_never_reaches_the_expert() {
        for action in [Action::HandleProblem, Action::ViewFeedback] {
            for resource in [
                own_match(),
                Resource {
                    other_office: None,
                    ..own_match()
                },
            ] {
                assert_ne!(
                    can(&actor(Grant::Expert(id(1))), action, &resource),
                    Decision::Allowed
                );
            }
        }
    }

    #[test]
    fn a_centre_learns_of_an_expert_only_after_the_yes() {
        let staff = actor(Grant::CenterStaff(id(1)));
        let matched = Resource {
            expert: Some(id(1)),
            ..Resource::mentee(id(1), id(1), id(1))
        };
        assert_eq!(can(&staff, Action::ViewMatch, &matched), Decision::Hidden);
        assert_eq!(
            can(&staff, Action::ViewMatch, &matched.revealed(true)),
            Decision::Allowed
        );
        assert_eq!(can(&staff, Action::ViewCandidates, &matched), Decision::Forbidden);
    }

    #[test]
    fn another_centres_case_does_not_exist() {
        let staff = actor(Grant::CenterStaff(id(1)));
        assert_eq!(
            can(&staff, Action::ViewCase, &Resource::mentee(id(1), id(2), id(1))),
            Decision::Hidden
        );
        assert_eq!(
            can(&staff, Action::ManageCase, &Resource::mentee(id(1), id(2), id(1))),
            Decision::Hidden
        );
        assert_eq!(
            can(&staff, Action::ManageCase, &Resource::mentee(id(1), id(1), id(1))),
            Decision::Allowed
        );
    }

    #[test]
    fn a_coordinator_sees_every_expert_and_the_contact_of_the_own_ones() {
        let coordinator = actor(Grant::Coordinator(Some(id(1))));
        let other = Resource::expert(id(1), id(2));
        assert_eq!(can(&coordinator, Action::ViewExpert, &other), Decision::Allowed);
        assert_eq!(
            can(&coordinator, Action::ViewExpertContact, &other),
            Decision::Forbidden
        );
        assert_eq!(
            can(&coordinator, Action::ManageExpert, &other),
            Decision::Forbidden
        );
        assert_eq!(can(&coordinator, Action::ViewCheck, &other), Decision::Hidden);
        assert_eq!(
            can(
                &coordinator,
                Action::ManageExpert,
                &Resource::expert(id(1), id(1))
            ),
            Decision::Allowed
        );
    }

    #[test]
    fn the_committed_matrix_is_the_one_that_counts() {
        let committed = include_str!("../../../docs/policy-matrix.md");
        assert!(
            committed.ends_with(&matrix()),
            "docs/policy-matrix.md differs; its table must be:\n{}",
            matrix()
        );
    }
}
