//! Matches: from the question to an expert on.

pub mod inputs;
pub mod life;
pub mod mutations;
pub mod payloads;
pub mod steps;
pub mod told;

pub use self::{
    mutations::MatchMutation,
    steps::MatchLifeMutation,
    told::{AgeGroup, ToldCase},
};

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, InputObject, Object, dataloader::Loader};
use chrono::{DateTime, Utc};
use tandem_domain::errors::UserError;
use tandem_domain::ids::{CaseId, MatchId};
use tandem_operations::matches::{self, Match as Row, MatchFilter};
use tandem_operations::readings::{self, Reading};
use tandem_storage::matches::Key;

use self::life::{
    Agreement, AgreementsOf, Course, CourseOf, EndReason, EndedBy, Feedback, FeedbackOf, FinalReport,
    Meeting, MeetingsOf, Milestone, MilestonesOf, OwnMatch, PauseReason, PlannedMeeting, ReportOf,
};
use self::told::ToldOf;
use super::{
    app, caller,
    cases::Case,
    connection::{Connection, connection, cost, page, wants_total},
    error::visible,
    experts::Expert,
    ids,
    loaders::{LoadError, Loaders, loader},
    scalars::Date,
};

/// Where a match stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::matches::MatchState")]
pub enum MatchState {
    /// The expert is asked and answers freely.
    Approached,
    /// The expert said yes.
    Interested,
    /// Expert and centre know of each other.
    Introduced,
    /// The first meeting took place.
    Met,
    /// Both consented and signed.
    Active,
    /// Interrupted.
    Paused,
    /// Ended as planned.
    Completed,
    /// Ended before its time.
    EndedEarly,
    /// The expert said no.
    Declined,
    /// The expert did not answer.
    Lapsed,
    /// Taken back by the office, or with the case.
    Withdrawn,
    /// Another expert said yes first.
    Superseded,
    /// It did not become a tandem, and nobody is asked why.
    NotFormed,
}

/// How an answer to an approach came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::matches::AnswerWay")]
pub enum AnswerWay {
    /// By the link in the e-mail.
    Link,
    /// Signed in.
    SignedIn,
    /// By telephone to the office, recorded as such.
    Telephone,
}

/// What a no may say of itself; nothing is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::matches::DeclineReason")]
pub enum DeclineReason {
    /// Not now.
    NotNow,
    /// Too far.
    TooFar,
    /// Other reasons.
    Other,
}

/// One expert for one case, from the first question to the end.
#[derive(Debug, Clone)]
pub struct Match(pub Row);

impl From<Row> for Match {
    fn from(row: Row) -> Self {
        Self(row)
    }
}

impl Match {
    /// The match, through the request's loader.
    pub async fn load(ctx: &Context<'_>, id: MatchId) -> async_graphql::Result<Option<Self>> {
        Ok(loader(ctx)?.load_one(id).await?.map(Self))
    }
}

impl Loader<MatchId> for Loaders {
    type Value = Row;
    type Error = LoadError;

    async fn load(&self, keys: &[MatchId]) -> Result<HashMap<MatchId, Row>, LoadError> {
        let matches = matches::by_ids(&self.app, &self.caller, keys).await?;
        Ok(matches
            .into_iter()
            .map(|matching| (matching.id, matching))
            .collect())
    }
}

/// The matches of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MatchesOf(pub CaseId);

impl Loader<MatchesOf> for Loaders {
    type Value = Vec<Row>;
    type Error = LoadError;

    async fn load(&self, keys: &[MatchesOf]) -> Result<HashMap<MatchesOf, Vec<Row>>, LoadError> {
        let cases: Vec<CaseId> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<MatchesOf, Vec<Row>> = HashMap::new();
        for matching in matches::for_cases(&self.app, &self.caller, &cases).await? {
            found.entry(MatchesOf(matching.case)).or_default().push(matching);
        }
        Ok(found)
    }
}

/// One expert for one case, from the first question to the end.
#[Object]
impl Match {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// Where it stands.
    async fn state(&self) -> MatchState {
        self.0.state.into()
    }

    /// The case; null for the expert, who is told of it in `told`.
    async fn case(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Case>> {
        Case::load(ctx, self.0.case).await
    }

    /// The case as the expert is told of it: without the mentee.
    async fn told(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ToldCase>> {
        Ok(loader(ctx)?.load_one(ToldOf(self.0.id)).await?)
    }

    /// The global id of the expert.
    async fn expert_id(&self) -> ID {
        ids::global(self.0.expert)
    }

    /// The expert.
    async fn expert(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Expert>> {
        Expert::load(ctx, self.0.expert).await
    }

    /// The global id of the row of the plan that it came from; null where it was approached by hand.
    async fn proposal_id(&self) -> Option<ID> {
        self.0.proposal.map(ids::global)
    }

    /// When the expert was asked.
    async fn approached_at(&self) -> DateTime<Utc> {
        self.0.approached_at
    }

    /// When the e-mail with the question left.
    async fn approach_sent_at(&self) -> Option<DateTime<Utc>> {
        self.0.approach_sent_at
    }

    /// Whether the e-mail with the question cannot be delivered: call the expert instead.
    async fn undeliverable(&self) -> bool {
        self.0.undeliverable
    }

    /// When the expert answered.
    async fn answered_at(&self) -> Option<DateTime<Utc>> {
        self.0.answered_at
    }

    /// How the expert answered.
    async fn answered_by_way(&self) -> Option<AnswerWay> {
        self.0.answered_by_way.map(AnswerWay::from)
    }

    /// What a no said of itself, if anything. For the office and the expert alone.
    async fn decline_reason(&self) -> Option<DeclineReason> {
        self.0.decline_reason.map(DeclineReason::from)
    }

    /// When expert and centre were introduced.
    async fn introduced_at(&self) -> Option<DateTime<Utc>> {
        self.0.introduced_at
    }

    /// The day of the first meeting.
    async fn first_meeting_on(&self) -> Option<Date> {
        self.0.first_meeting_on.map(Date)
    }

    /// Since when it is active.
    async fn active_from(&self) -> Option<Date> {
        self.0.active_from.map(Date)
    }

    /// When it ended, in whatever way.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }

    /// When centre and expert have talked about what the mentee needs.
    async fn briefed_on(&self) -> Option<Date> {
        self.0.briefed_on.map(Date)
    }

    /// What came of that talk. For centre, expert and office.
    async fn briefing_note(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&str>> {
        let shown = matches::shows_briefing(caller(ctx)?, &self.0);
        Ok(shown.then_some(self.0.briefing_note.as_str()))
    }

    /// The first meeting as it is arranged.
    async fn planned_meeting(&self) -> Option<PlannedMeeting> {
        self.0.planned.clone().map(PlannedMeeting::from)
    }

    /// When both had said yes, and the agreement was opened.
    async fn consented_at(&self) -> Option<DateTime<Utc>> {
        self.0.consented_at
    }

    /// Since when it is interrupted.
    async fn paused_at(&self) -> Option<DateTime<Utc>> {
        self.0.paused.map(|(at, _)| at)
    }

    /// Why it is interrupted. For the expert and the expert's office; everybody else learns that it is.
    async fn pause_reason(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<PauseReason>> {
        let shown = matches::shows_pause_reason(caller(ctx)?, &self.0);
        Ok(self.0.paused.filter(|_| shown).map(|(_, reason)| reason.into()))
    }

    /// Why it ended, as far as somebody said so. For centre and office.
    async fn end_reasons(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<EndReason>> {
        let shown = matches::shows_ending(caller(ctx)?, &self.0);
        let reasons = self.0.end_reasons.iter().filter(|_| shown);
        Ok(reasons.copied().map(EndReason::from).collect())
    }

    /// Who ended it. For centre and office.
    async fn ended_by(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<EndedBy>> {
        let shown = matches::shows_ending(caller(ctx)?, &self.0);
        Ok(self.0.ended_by.filter(|_| shown).map(EndedBy::from))
    }

    /// Whether the expert would like another match. For centre and office.
    async fn expert_wishes_another(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<bool>> {
        let shown = matches::shows_ending(caller(ctx)?, &self.0);
        Ok(self.0.another_wished.filter(|_| shown))
    }

    /// Whether the mentee would like another match. For centre and office.
    async fn mentee_wishes_another(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<bool>> {
        let shown = matches::shows_ending(caller(ctx)?, &self.0);
        Ok(self.0.mentee_another_wished.filter(|_| shown))
    }

    /// The versions of the agreement, the newest first.
    async fn agreements(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Agreement>> {
        let found = loader(ctx)?.load_one(AgreementsOf(self.0.id)).await?;
        Ok(found.unwrap_or_default().into_iter().map(Agreement).collect())
    }

    /// The logged meetings, the newest first.
    async fn meetings(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Meeting>> {
        let found = loader(ctx)?.load_one(MeetingsOf(self.0.id)).await?;
        Ok(found.unwrap_or_default().into_iter().map(Meeting::from).collect())
    }

    /// The steps on the way, the newest first.
    async fn milestones(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Milestone>> {
        let found = loader(ctx)?.load_one(MilestonesOf(self.0.id)).await?;
        Ok(found
            .unwrap_or_default()
            .into_iter()
            .map(Milestone::from)
            .collect())
    }

    /// Duration, regularity and gaps; null before it was active.
    async fn course(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Course>> {
        Ok(loader(ctx)?
            .load_one(CourseOf(self.0.id))
            .await?
            .map(Course::from))
    }

    /// What was answered in the short forms: everything for centre and office, the own answers for
    /// expert and mentee.
    async fn feedback(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Feedback>> {
        let found = loader(ctx)?.load_one(FeedbackOf(self.0.id)).await?;
        Ok(found
            .unwrap_or_default()
            .into_iter()
            .map(Feedback::from)
            .collect())
    }

    /// The final report. For centre, office and the expert.
    async fn final_report(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<FinalReport>> {
        Ok(loader(ctx)?
            .load_one(ReportOf(self.0.id))
            .await?
            .map(FinalReport::from))
    }

    /// The match as you see it who are one of its people; null for everybody else.
    #[graphql(complexity = "10 + child_complexity")]
    async fn own(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<OwnMatch>> {
        let own = matches::own(app(ctx), caller(ctx)?, self.0.id).await;
        Ok(visible(own)?.map(OwnMatch::from))
    }

    /// Grows by one with each change of its state.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

/// Narrows the list of matches.
#[derive(Debug, Default, InputObject)]
pub struct MatchFilterInput {
    /// Only matches in one of these states.
    #[graphql(default)]
    pub states: Vec<MatchState>,
    /// Only matches for this case.
    pub case_id: Option<ID>,
    /// Only matches of this expert.
    pub expert_id: Option<ID>,
    /// Only matches whose question could not (true) or could (false) be delivered by e-mail.
    pub undeliverable: Option<bool>,
}

impl MatchFilterInput {
    fn check(self) -> Result<MatchFilter, UserError> {
        Ok(MatchFilter {
            states: self.states.into_iter().map(Into::into).collect(),
            case: ids::parse_optional("filter.caseId", self.case_id.as_ref())?,
            expert: ids::parse_optional("filter.expertId", self.expert_id.as_ref())?,
            undeliverable: self.undeliverable,
        })
    }
}

/// Queries for matches.
#[derive(Default)]
pub struct MatchQuery;

#[Object]
impl MatchQuery {
    /// One match; null where there is none or you may not see it.
    #[graphql(name = "match")]
    async fn one_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> async_graphql::Result<Option<Match>> {
        let id = ids::parse("id", &id)?;
        let (app, caller) = (app(ctx), caller(ctx)?);
        let found = visible(matches::get(app, caller, id).await)?;
        if let Some(matching) = &found {
            let reading = Reading::Match(matching.id, matching.expert, matching.mentee);
            readings::trace(app, caller, &[reading]).await?;
        }
        Ok(found.map(Match))
    }

    /// The matches that you may see, the one asked last first. An expert sees the own ones; a centre
    /// those whose expert has said yes.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn matches(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrows the list.")] filter: Option<MatchFilterInput>,
        #[graphql(desc = "The first so many, at most 200.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 200.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<Match>> {
        let page = page::<Key>(first, after, last, before)?;
        let filter = filter.unwrap_or_default().check()?;
        let (slice, total) = matches::list(app(ctx), caller(ctx)?, &filter, &page, wants_total(ctx)).await?;
        Ok(connection(slice, total, matches::key))
    }
}
