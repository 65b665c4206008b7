//! What a match carries after the yes: agreement, meetings, milestones, forms.

use std::collections::HashMap;

use async_graphql::{Enum, ID, Object, SimpleObject, Union, dataloader::Loader};
use chrono::{DateTime, Utc};
use tandem_domain::accompaniment::Course as CourseRow;
use tandem_domain::feedback::{Answers, Report as ReportRow};
use tandem_domain::ids::MatchId;
use tandem_operations::matches::{
    self, Agreement as AgreementRow, Feedback as FeedbackRow, Meeting as MeetingRow,
    Milestone as MilestoneRow, Own,
};

use crate::graphql::enums::{CefrLevel, Channel, SupportArea};
use crate::graphql::ids;
use crate::graphql::loaders::{LoadError, Loaders};
use crate::graphql::scalars::Date;

/// Which of the people of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "MatchSide", remote = "tandem_domain::parties::Side")]
pub enum Side {
    /// The expert.
    Expert,
    /// The mentee.
    Mentee,
    /// The guardian of a mentee under 18.
    Guardian,
}

/// How a person's own word came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::parties::GivenWay")]
pub enum GivenWay {
    /// By a link that only this person received.
    Link,
    /// By a one-time code that only this person received.
    Code,
    /// Signed in.
    SignedIn,
    /// On paper, recorded by the centre with date and witness.
    Paper,
}

/// Who wrote something down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "MatchWriter", remote = "tandem_domain::agreements::Writer")]
pub enum Writer {
    /// The service centre.
    Center,
    /// The expert.
    Expert,
}

/// Whether the chemistry fits, as one side says for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::chemistry::Verdict")]
pub enum Verdict {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Not sure yet: may be answered again.
    NotSureYet,
}

/// What all sides together come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::chemistry::ChemistryResult")]
pub enum ChemistryResult {
    /// Everybody said yes: the agreement is opened.
    Agreed,
    /// Anything else, without blame and without a reason.
    NotFormed,
}

/// Why a match is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::matches::PauseReason")]
pub enum PauseReason {
    /// Somebody wished it.
    Wished,
    /// The expert's check has expired; it resumes by itself.
    CheckExpired,
    /// The office has suspended the expert.
    ExpertSuspended,
    /// Somebody says that a signature recorded on paper is not right.
    PaperContested,
}

/// Why a match ended; several may hold, and none has to be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::matches::EndReason")]
pub enum EndReason {
    /// What was agreed is reached.
    GoalReached,
    /// The agreed time is over.
    TermOver,
    /// The training has begun.
    TrainingBegun,
    /// Too little time.
    NoTime,
    /// Too far.
    TooFar,
    /// Moved away.
    MovedAway,
    /// The two expected different things.
    ExpectationsDiffer,
    /// They lost touch.
    ContactLost,
    /// The expert has left the programme.
    ExpertLeft,
    /// Something else.
    Other,
}

/// Who ended a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "MatchEndedBy", remote = "tandem_domain::matches::EndedBy")]
pub enum EndedBy {
    /// The expert.
    Expert,
    /// The mentee.
    Mentee,
    /// The guardian.
    Guardian,
    /// The centre.
    Center,
    /// The office.
    Office,
    /// The system, when the expert left.
    System,
}

/// How two people met: the channel, never the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::accompaniment::MeetingKind")]
pub enum MeetingKind {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::accompaniment::MilestoneKind")]
pub enum MilestoneKind {
    /// A course was found.
    CourseFound,
    /// A level of German was reached.
    LevelReached,
    /// An application was sent, by the mentee.
    ApplicationSent,
    /// An interview was prepared.
    InterviewPrepared,
    /// An interview.
    Interview,
    /// An interview was followed up.
    InterviewFollowedUp,
    /// A club was joined.
    ClubJoined,
    /// An internship.
    Internship,
    /// A training contract was signed.
    ContractSigned,
    /// Something else.
    Other,
}

/// When a short form is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "FeedbackOccasion", remote = "tandem_domain::feedback::Occasion")]
pub enum Occasion {
    /// Some weeks after the start.
    CheckIn,
    /// After half a year.
    HalfYear,
    /// At the end.
    Final,
}

/// An answer that everybody can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::feedback::Degree")]
pub enum Degree {
    /// Yes.
    Yes,
    /// Partly.
    Partly,
    /// No.
    No,
}

/// A first meeting that is arranged.
#[derive(Debug, Clone, SimpleObject)]
pub struct PlannedMeeting {
    /// When.
    at: DateTime<Utc>,
    /// Where.
    place: String,
    /// Who arranged it.
    arranged_by: Writer,
}

impl From<matches::PlannedMeeting> for PlannedMeeting {
    fn from(row: matches::PlannedMeeting) -> Self {
        Self {
            at: row.at,
            place: row.place,
            arranged_by: row.by.into(),
        }
    }
}

/// A signature under an agreement.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "AgreementSignature")]
pub struct Signature {
    /// Whose.
    side: Side,
    /// The name, as it stood on the day.
    name: String,
    /// How it was given.
    way: GivenWay,
    /// The day that it carries.
    signed_on: Date,
    /// When it was given, or recorded.
    signed_at: DateTime<Utc>,
    /// Who saw it being given on paper.
    witness: Option<String>,
}

/// One version of the agreement of a match.
#[derive(Debug, Clone)]
pub struct Agreement(pub AgreementRow);

impl From<AgreementRow> for Agreement {
    fn from(row: AgreementRow) -> Self {
        Self(row)
    }
}

/// One version of the agreement of a match.
#[Object]
impl Agreement {
    /// The global id.
    async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// Which version, from 1 on.
    async fn number(&self) -> i32 {
        self.0.number.into()
    }

    /// In which areas the expert helps.
    async fn areas(&self) -> Vec<SupportArea> {
        self.0.terms.areas.iter().copied().map(Into::into).collect()
    }

    /// What the expert does.
    async fn expert_tasks(&self) -> &str {
        &self.0.terms.expert_tasks
    }

    /// What the mentee does.
    async fn mentee_tasks(&self) -> &str {
        &self.0.terms.mentee_tasks
    }

    /// How often they meet, in days.
    async fn rhythm_days(&self) -> i32 {
        self.0.terms.rhythm_days.into()
    }

    /// Where they meet.
    async fn place(&self) -> &str {
        &self.0.terms.place
    }

    /// How else they are in touch.
    async fn channels(&self) -> Vec<Channel> {
        self.0.terms.channels.iter().copied().map(Into::into).collect()
    }

    /// To what end.
    async fn goals(&self) -> &str {
        &self.0.terms.goals
    }

    /// The first day.
    async fn starts_on(&self) -> Date {
        self.0.terms.starts_on.into()
    }

    /// The last day.
    async fn ends_on(&self) -> Date {
        self.0.terms.ends_on.into()
    }

    /// Who wrote it.
    async fn written_by(&self) -> Writer {
        self.0.written_by.into()
    }

    /// When it was written.
    async fn written_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When everybody who has to had signed; null before.
    async fn in_force_at(&self) -> Option<DateTime<Utc>> {
        self.0.in_force_at
    }

    /// Who has signed.
    async fn signatures(&self) -> Vec<Signature> {
        self.0
            .signatures
            .iter()
            .map(|signature| Signature {
                side: signature.side.into(),
                name: signature.name.clone(),
                way: signature.way.into(),
                signed_on: signature.on.into(),
                signed_at: signature.at,
                witness: signature.witness.clone(),
            })
            .collect()
    }
}

/// A logged meeting.
#[derive(Debug, Clone, SimpleObject)]
pub struct Meeting {
    /// The global id.
    id: ID,
    /// When.
    met_on: Date,
    /// How long, in minutes.
    minutes: i32,
    /// How.
    kind: MeetingKind,
    /// What it was about.
    areas: Vec<SupportArea>,
    /// Whether the mentee asked for it.
    requested_by_mentee: bool,
    /// A note; empty for those who do not write notes.
    note: String,
    /// Who logged it.
    recorded_by: Writer,
}

impl From<MeetingRow> for Meeting {
    fn from(row: MeetingRow) -> Self {
        Self {
            id: ids::global(row.id),
            met_on: row.met_on.into(),
            minutes: row.minutes.into(),
            kind: row.kind.into(),
            areas: row.areas.into_iter().map(Into::into).collect(),
            requested_by_mentee: row.requested_by_mentee,
            note: row.note,
            recorded_by: row.recorded_by.into(),
        }
    }
}

/// A step on the way.
#[derive(Debug, Clone, SimpleObject)]
pub struct Milestone {
    /// The global id.
    id: ID,
    /// What.
    kind: MilestoneKind,
    /// When.
    on_date: Date,
    /// The interview that a preparation or a follow-up belongs to.
    interview_id: Option<ID>,
    /// Which level was reached.
    level: Option<CefrLevel>,
    /// A note; empty for those who do not write notes.
    note: String,
    /// Who recorded it.
    recorded_by: Writer,
}

impl From<MilestoneRow> for Milestone {
    fn from(row: MilestoneRow) -> Self {
        Self {
            id: ids::global(row.id),
            kind: row.kind.into(),
            on_date: row.on_date.into(),
            interview_id: row.interview.map(ids::global),
            level: row.level.map(Into::into),
            note: row.note,
            recorded_by: row.recorded_by.into(),
        }
    }
}

/// What follows from the dates of a match.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "MatchCourse")]
pub struct Course {
    /// Days from the beginning to the end, or to today.
    duration_days: i32,
    /// How many meetings were logged.
    meetings: i32,
    /// Of the whole periods of the agreed rhythm so far, the per cent with a meeting; null before the
    /// first is over.
    regularity_percent: Option<i32>,
    /// Days since the last meeting, or since the beginning; null once it is over.
    days_since_last_meeting: Option<i32>,
    /// The longest time without a meeting, in days.
    longest_gap_days: i32,
}

impl From<CourseRow> for Course {
    fn from(row: CourseRow) -> Self {
        Self {
            duration_days: row.duration_days as i32,
            meetings: row.meetings as i32,
            regularity_percent: row.regularity_percent.map(i32::from),
            days_since_last_meeting: row.days_since_last_meeting.map(|days| days as i32),
            longest_gap_days: row.longest_gap_days as i32,
        }
    }
}

/// The mentee's three answers.
#[derive(Debug, Clone, SimpleObject)]
pub struct MenteeAnswers {
    /// Whether the accompaniment helps.
    helps: Degree,
    /// Whether they meet often enough.
    often_enough: Degree,
    /// What the mentee would like to tell.
    comment: String,
}

/// The expert's answers.
#[derive(Debug, Clone, SimpleObject)]
pub struct ExpertAnswers {
    /// From 1 (not at all) to 5 (very satisfied).
    satisfaction: i32,
    /// Whether the expert wishes for support by the office.
    support_wished: bool,
    /// What the expert would like to tell.
    comment: String,
}

/// What a side answered.
#[derive(Debug, Clone, Union)]
pub enum FeedbackAnswers {
    /// The mentee's.
    Mentee(MenteeAnswers),
    /// The expert's.
    Expert(ExpertAnswers),
}

/// An answered form.
#[derive(Debug, Clone, SimpleObject)]
pub struct Feedback {
    /// The global id.
    id: ID,
    /// Who answered.
    side: Side,
    /// On which occasion.
    occasion: Occasion,
    /// What.
    answers: FeedbackAnswers,
    /// When.
    given_at: DateTime<Utc>,
}

impl From<FeedbackRow> for Feedback {
    fn from(row: FeedbackRow) -> Self {
        Self {
            id: ids::global(row.id),
            side: row.side.into(),
            occasion: row.occasion.into(),
            answers: match row.answers {
                Answers::Mentee {
                    helps,
                    often_enough,
                    comment,
                } => FeedbackAnswers::Mentee(MenteeAnswers {
                    helps: helps.into(),
                    often_enough: often_enough.into(),
                    comment,
                }),
                Answers::Expert {
                    satisfaction,
                    support_wished,
                    comment,
                } => FeedbackAnswers::Expert(ExpertAnswers {
                    satisfaction: satisfaction.into(),
                    support_wished,
                    comment,
                }),
            },
            given_at: row.given_at,
        }
    }
}

/// The expert's last word on a match.
#[derive(Debug, Clone, SimpleObject)]
pub struct FinalReport {
    /// The mentee's German at the end.
    german_level: Option<CefrLevel>,
    /// Whether the mentee tackles things alone now.
    tackles_alone: Degree,
    /// In the expert's words.
    summary: String,
}

impl From<ReportRow> for FinalReport {
    fn from(row: ReportRow) -> Self {
        Self {
            german_level: row.german_level.map(Into::into),
            tackles_alone: row.tackles_alone.into(),
            summary: row.summary,
        }
    }
}

/// The other one's contact details.
#[derive(Debug, Clone, SimpleObject)]
pub struct PersonContact {
    /// The name.
    name: String,
    /// The e-mail address, where there is one.
    email: Option<String>,
    /// The telephone number; empty where there is none.
    phone: String,
}

impl From<matches::PersonContact> for PersonContact {
    fn from(row: matches::PersonContact) -> Self {
        Self {
            name: row.name,
            email: row.email,
            phone: row.phone,
        }
    }
}

/// A match as you see it who are one of its people.
#[derive(Debug, Clone, SimpleObject)]
pub struct OwnMatch {
    /// Which of its people you are.
    side: Side,
    /// The expert's name.
    expert_name: String,
    /// The mentee's given name.
    mentee_given_name: String,
    /// The other one's contact details, once both have said yes.
    partner: Option<PersonContact>,
    /// Whom to call at the centre.
    center_contact: PersonContact,
    /// What you said of the chemistry; nobody else reads it.
    verdict: Option<Verdict>,
    /// The result, once it is there; it does not show who said what.
    result: Option<ChemistryResult>,
    /// Whether you may say, or say anew, whether the chemistry fits.
    verdict_open: bool,
    /// Whether you have signed the newest version of the agreement.
    signed: bool,
}

impl From<Own> for OwnMatch {
    fn from(own: Own) -> Self {
        Self {
            side: own.party.side().into(),
            expert_name: own.expert_name,
            mentee_given_name: own.mentee_given_name,
            partner: own.partner.map(Into::into),
            center_contact: own.center.into(),
            verdict: own.verdict.verdict.map(Into::into),
            result: own.verdict.result.map(Into::into),
            verdict_open: own.verdict.open,
            signed: own.signed,
        }
    }
}

/// Declares what is loaded for many matches at once: the key, what it gives, and how.
macro_rules! of_matches {
    ($($(#[$doc:meta])* $key:ident => $value:ty, |$loaders:ident, $ids:ident| $load:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(super) struct $key(pub(super) MatchId);

        impl Loader<$key> for Loaders {
            type Value = $value;
            type Error = LoadError;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, $value>, LoadError> {
                let $loaders = self;
                let $ids: Vec<MatchId> = keys.iter().map(|key| key.0).collect();
                let found: HashMap<MatchId, $value> = $load;
                Ok(found.into_iter().map(|(id, value)| ($key(id), value)).collect())
            }
        }
    )*};
}

fn grouped<T>(rows: Vec<T>, of: impl Fn(&T) -> MatchId) -> HashMap<MatchId, Vec<T>> {
    let mut groups: HashMap<MatchId, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(of(&row)).or_default().push(row);
    }
    groups
}

of_matches! {
    /// The versions of a match's agreement.
    AgreementsOf => Vec<AgreementRow>, |loaders, ids|
        matches::agreements_of(&loaders.app, &loaders.caller, &ids).await?;
    /// The meetings of a match.
    MeetingsOf => Vec<MeetingRow>, |loaders, ids|
        grouped(matches::meetings(&loaders.app, &loaders.caller, &ids).await?, |row| row.matching);
    /// The milestones of a match.
    MilestonesOf => Vec<MilestoneRow>, |loaders, ids|
        grouped(matches::milestones(&loaders.app, &loaders.caller, &ids).await?, |row| row.matching);
    /// The course of a match.
    CourseOf => CourseRow, |loaders, ids|
        matches::courses(&loaders.app, &loaders.caller, &ids).await?;
    /// The answered forms of a match.
    FeedbackOf => Vec<FeedbackRow>, |loaders, ids|
        grouped(matches::feedback_of(&loaders.app, &loaders.caller, &ids).await?, |row| row.matching);
    /// The final report of a match.
    ReportOf => ReportRow, |loaders, ids|
        matches::reports(&loaders.app, &loaders.caller, &ids)
            .await?
            .into_iter()
            .map(|(id, (report, _))| (id, report))
            .collect();
}
