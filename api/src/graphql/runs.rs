//! Bulk matching runs: the run, its plan, and what a coordinator does with it.

pub mod mutations;
pub mod proposals;

use std::collections::{BTreeMap, HashMap};

use async_graphql::futures_util::stream::BoxStream;
use async_graphql::{Context, Enum, ID, Object, SimpleObject, Subscription, dataloader::Loader};
use chrono::{DateTime, Utc};
use tandem_domain::{
    eligibility::{Missing, Rule},
    ids::RunId,
    runs as domain,
    scores::{Points, Weights},
};
use tandem_operations::runs;
use tandem_storage::events::Event;
use tandem_storage::runs::{Proposal as ProposalRow, ProposalFilter, Run};
use uuid::Uuid;

pub use self::{
    mutations::RunMutation,
    proposals::{NearMissExpert, PlanCase, Proposal, ProposalFilterInput, WhatIf},
};
use super::{
    app, caller,
    connection::{Connection, connection, cost, page},
    ids,
    loaders::{LoadError, Loaders, loader},
    offices::RegionalOffice,
    subscriptions::watch,
};

/// Where a matching run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::runs::RunState")]
pub enum MatchingRunState {
    /// Waits for a worker.
    Queued,
    /// Being computed.
    Running,
    /// The plan is stored with its certificate; nothing has been sent.
    Ready,
    /// Its proposals became approaches.
    Applied,
    /// Put away.
    Discarded,
    /// Could not be computed; `failure` says why.
    Failed,
    /// Stopped on request.
    Cancelled,
    /// Applied, and what was not answered taken back.
    Undone,
}

/// What a running run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::runs::Phase")]
pub enum MatchingRunPhase {
    /// Waiting for a worker.
    Queued,
    /// Reading experts and cases.
    Snapshot,
    /// Asking the rules and computing scores.
    Candidates,
    /// Looking for the best plan.
    Solving,
    /// Checking the proof that it is the best.
    Certifying,
    /// Storing the plan.
    Writing,
    /// Finished, in whatever way.
    Done,
}

/// What a plan optimizes; both exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::runs::Objective")]
pub enum MatchingObjective {
    /// First the most cases with an expert, then the highest total score.
    Participation,
    /// The highest total score; a case may stay without an expert.
    Score,
}

/// A rule that an expert has to meet before being proposed for a case; in the order in which they are
/// asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::eligibility::Rule")]
pub enum MatchingRule {
    /// The expert is not active.
    State,
    /// The expert belongs to another office, and only the own ones take part.
    OtherOffice,
    /// Farther from the centre than the case's radius.
    Distance,
    /// Farther from the centre than the expert travels.
    TravelRadius,
    /// Paused at the planned start.
    Paused,
    /// The case wishes for another gender.
    Gender,
    /// Declined this case, or it did not come about before.
    Barred,
    /// Is asked for this case already.
    AlreadyAsked,
    /// Has as many matches as the expert takes on at once.
    Capacity,
    /// Was approached too often lately.
    ApproachLimit,
    /// No valid background check of the kind that this mentee needs.
    CheckMissing,
    /// The background check ends before the planned start.
    CheckExpires,
    /// A required training module is missing.
    Training,
    /// The centre has as many matches as it can look after.
    CenterLimit,
    /// The case is not, or no longer, searched for.
    CaseNotSearching,
    /// Another expert is being asked for the case.
    AnotherAsked,
}

/// What an expert has to do before the first meeting is dated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "MissingForMatch", remote = "tandem_domain::eligibility::Missing")]
pub enum MissingForMatch {
    /// A valid simple background check.
    SimpleCheck,
    /// A valid extended background check.
    ExtendedCheck,
    /// The base training module.
    BaseTraining,
    /// The intercultural training module.
    InterculturalTraining,
    /// Another required training module.
    OtherTraining,
}

/// The words for a list of missing things.
pub fn missing_words(missing: &[Missing]) -> Vec<MissingForMatch> {
    missing.iter().copied().map(MissingForMatch::from).collect()
}

/// How many experts one rule removed.
#[derive(Debug, Clone, SimpleObject)]
pub struct RemovedByRule {
    /// The rule.
    pub rule: MatchingRule,
    /// How many.
    pub count: i64,
}

/// Counts by rule, in the rules' order.
pub fn removed_words<N: Copy + Into<i64>>(removed: &BTreeMap<Rule, N>) -> Vec<RemovedByRule> {
    removed
        .iter()
        .filter(|(_, count)| (**count).into() > 0)
        .map(|(rule, count)| RemovedByRule {
            rule: (*rule).into(),
            count: (*count).into(),
        })
        .collect()
}

/// Points by criterion. Their sum is the score.
#[derive(Debug, Clone, SimpleObject)]
pub struct MatchPoints {
    /// Nearness to the centre.
    pub distance: i32,
    /// Closeness of the expert's occupations and interests to the target occupations.
    pub occupation: i32,
    /// Wanted support areas that the expert offers.
    pub support_areas: i32,
    /// A common language besides German.
    pub language: i32,
    /// Earlier one-to-one programmes.
    pub programmes: i32,
    /// Free capacity.
    pub balance: i32,
    /// Waiting time of the case.
    pub waiting: i32,
    /// What the expert still lacks; zero or negative.
    pub missing: i32,
    /// The sum.
    pub total: i32,
}

impl From<Points> for MatchPoints {
    fn from(points: Points) -> Self {
        Self {
            distance: points.distance,
            occupation: points.occupation,
            support_areas: points.support_areas,
            language: points.language,
            programmes: points.programmes,
            balance: points.balance,
            waiting: points.waiting,
            missing: points.missing,
            total: points.total(),
        }
    }
}

/// The most points that each criterion can give.
#[derive(Debug, Clone, SimpleObject)]
pub struct MatchWeights {
    /// At the centre's door.
    pub distance: i32,
    /// The same occupation as the first choice.
    pub occupation: i32,
    /// Every wanted area is offered.
    pub support_areas: i32,
    /// A common language besides German.
    pub language: i32,
    /// Was in an earlier programme.
    pub programmes: i32,
    /// The whole capacity is free.
    pub balance: i32,
    /// For each day of waiting.
    pub waiting_per_day: i32,
    /// Taken off for each thing that is missing.
    pub missing: i32,
}

impl From<Weights> for MatchWeights {
    fn from(weights: Weights) -> Self {
        Self {
            distance: weights.distance,
            occupation: weights.occupation,
            support_areas: weights.support_areas,
            language: weights.language,
            programmes: weights.programmes,
            balance: weights.balance,
            waiting_per_day: weights.waiting_per_day,
            missing: weights.missing,
        }
    }
}

/// How far a run is.
#[derive(Debug, Clone, SimpleObject)]
pub struct MatchingRunProgress {
    /// What it is doing.
    pub phase: MatchingRunPhase,
    /// Steps of the phase that are done.
    pub done: i64,
    /// Steps of the phase; 0 where they are not counted.
    pub total: i64,
}

/// What was set for a run.
#[derive(Debug, Clone, SimpleObject)]
pub struct MatchingRunParameters {
    /// What the plan optimizes.
    pub objective: MatchingObjective,
    /// Whether only experts of the offices themselves take part.
    pub own_office_only: bool,
    /// Whether experts who still lack a check or training take part.
    pub admit_missing: bool,
    /// A radius in kilometres instead of each case's own.
    pub radius_km: Option<i32>,
    /// Points a criterion.
    pub weights: MatchWeights,
}

/// The proof, in numbers, that no plan is better: the bounds are the plan's own numbers.
#[derive(Debug, Clone, SimpleObject)]
pub struct MatchingCertificate {
    /// No plan matches more cases than this.
    pub cardinality_bound: i64,
    /// No plan of that many cases scores more than this.
    pub score_bound: i64,
    /// Whether the plan reaches both bounds. A plan that does not is never shown.
    pub certified: bool,
}

/// What a plan says of itself.
#[derive(Debug, Clone, SimpleObject)]
pub struct MatchingRunSummary {
    /// Experts that took part.
    pub experts: i32,
    /// Cases that took part.
    pub cases: i32,
    /// Pairs that passed every rule.
    pub candidates: i64,
    /// Cases with a proposal.
    pub matched: i32,
    /// The total score.
    pub score: i64,
    /// The proof.
    pub certificate: MatchingCertificate,
    /// How many pairs within the radius each rule removed.
    pub removed: Vec<RemovedByRule>,
    /// Milliseconds that the worker needed, everything stored.
    pub run_ms: i64,
}

impl From<&domain::Summary> for MatchingRunSummary {
    fn from(summary: &domain::Summary) -> Self {
        let bounds = summary.certificate;
        let removed: BTreeMap<Rule, i64> = summary
            .removed
            .iter()
            .map(|(rule, count)| (*rule, *count as i64))
            .collect();
        Self {
            experts: summary.experts as i32,
            cases: summary.cases as i32,
            candidates: summary.candidates as i64,
            matched: summary.matched as i32,
            score: summary.score,
            certificate: MatchingCertificate {
                cardinality_bound: bounds.cardinality_bound as i64,
                score_bound: bounds.score_bound,
                certified: bounds.cardinality_bound == u64::from(summary.matched)
                    && bounds.score_bound == summary.score,
            },
            removed: removed_words(&removed),
            run_ms: summary.run_ms as i64,
        }
    }
}

/// One bulk matching job over the cases of one or several offices, and its plan.
#[derive(Debug, Clone)]
pub struct MatchingRun(pub Run);

impl From<Run> for MatchingRun {
    fn from(run: Run) -> Self {
        Self(run)
    }
}

impl MatchingRun {
    /// The run, through the request's loader.
    pub async fn load(ctx: &Context<'_>, id: RunId) -> async_graphql::Result<Option<Self>> {
        Ok(loader(ctx)?.load_one(id).await?.map(Self))
    }
}

impl Loader<RunId> for Loaders {
    type Value = Run;
    type Error = LoadError;

    async fn load(&self, keys: &[RunId]) -> Result<HashMap<RunId, Run>, LoadError> {
        let runs = runs::by_ids(&self.app, &self.caller, keys).await?;
        Ok(runs.into_iter().map(|run| (run.id, run)).collect())
    }
}

/// One bulk matching job over the cases of one or several offices, and its plan.
#[Object]
impl MatchingRun {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// Where it stands.
    async fn state(&self) -> MatchingRunState {
        self.0.state.into()
    }

    /// How far it is.
    async fn progress(&self) -> MatchingRunProgress {
        MatchingRunProgress {
            phase: self.0.phase.into(),
            done: self.0.progress_done,
            total: self.0.progress_total,
        }
    }

    /// What was set for it.
    async fn parameters(&self) -> MatchingRunParameters {
        let parameters = &self.0.parameters;
        MatchingRunParameters {
            objective: parameters.objective.into(),
            own_office_only: parameters.own_office_only,
            admit_missing: parameters.admit_missing,
            radius_km: parameters.radius_km.map(i32::from),
            weights: parameters.weights.into(),
        }
    }

    /// The offices whose cases it covers.
    async fn offices(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<RegionalOffice>> {
        let offices = loader(ctx)?.load_many(self.0.offices.iter().copied()).await?;
        Ok(self
            .0
            .offices
            .iter()
            .filter_map(|id| offices.get(id).cloned())
            .map(RegionalOffice)
            .collect())
    }

    /// What the plan says of itself, from `READY` on.
    async fn summary(&self) -> Option<MatchingRunSummary> {
        self.0.summary.as_ref().map(MatchingRunSummary::from)
    }

    /// Why it failed.
    async fn failure(&self) -> Option<&str> {
        self.0.failure.as_deref()
    }

    /// Whether a decline or a lapse brings the next alternate forward.
    async fn next_alternates(&self) -> bool {
        self.0.next_alternates
    }

    /// Grows with each change; send it with `applyMatchingRun` to notice a change by somebody else.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When the plan was stored.
    async fn ready_at(&self) -> Option<DateTime<Utc>> {
        self.0.ready_at
    }

    /// When it was first applied, or discarded.
    async fn decided_at(&self) -> Option<DateTime<Utc>> {
        self.0.decided_at
    }

    /// When it was undone.
    async fn undone_at(&self) -> Option<DateTime<Utc>> {
        self.0.undone_at
    }

    /// The proposals of the plan, the highest score first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn proposals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrows them.")] filter: Option<ProposalFilterInput>,
        #[graphql(desc = "The first so many, at most 200.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 200.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<Proposal>> {
        let page = page::<(i32, Uuid)>(first, after, last, before)?;
        let filter = filter.map_or(Ok(ProposalFilter::default()), ProposalFilterInput::filter)?;
        let slice = runs::proposals(app(ctx), caller(ctx)?, self.0.id, &filter, &page).await?;
        Ok(connection(slice, None, |proposal: &ProposalRow| {
            (proposal.score, proposal.id.uuid())
        }))
    }

    /// The cases of the run, each with how many experts were possible and what the rules removed.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn cases(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those with (true) or without (false) a proposal.")] matched: Option<bool>,
        #[graphql(desc = "The first so many, at most 200.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 200.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<PlanCase>> {
        let page = page::<Uuid>(first, after, last, before)?;
        let slice = runs::plan_cases(app(ctx), caller(ctx)?, self.0.id, matched, &page).await?;
        Ok(connection(slice, None, |case: &tandem_storage::runs::RunCase| {
            case.case.uuid()
        }))
    }

    /// What planning this expert for this case would cost against the certified best plan, exactly;
    /// nothing is changed.
    #[graphql(complexity = "50 + child_complexity")]
    async fn what_if(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case.")] case_id: ID,
        #[graphql(desc = "The expert to be planned for it.")] expert_id: ID,
    ) -> async_graphql::Result<WhatIf> {
        let case = ids::parse("caseId", &case_id).map_err(tandem_operations::Error::from)?;
        let expert = ids::parse("expertId", &expert_id).map_err(tandem_operations::Error::from)?;
        Ok(runs::what_if(app(ctx), caller(ctx)?, self.0.id, case, expert)
            .await?
            .into())
    }
}

/// News of matching runs.
#[derive(Default)]
pub struct RunSubscription;

#[Subscription]
impl RunSubscription {
    /// A matching run at once, and then at each change of its state or progress; it ends when you may no
    /// longer see it.
    async fn matching_run_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run.")] id: ID,
    ) -> async_graphql::Result<BoxStream<'static, async_graphql::Result<MatchingRun>>> {
        let id: RunId = ids::parse("id", &id).map_err(tandem_operations::Error::from)?;
        watch(
            ctx,
            move |event| *event == Event::Run(id),
            move |app, caller| async move { Ok(runs::get(&app, &caller, id).await?.map(MatchingRun)) },
        )
    }
}

/// Queries for matching runs.
#[derive(Default)]
pub struct RunQuery;

#[Object]
impl RunQuery {
    /// A matching run; null where there is none or you may not see it.
    async fn matching_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run.")] id: ID,
    ) -> async_graphql::Result<Option<MatchingRun>> {
        match ids::parse("id", &id) {
            Ok(id) => MatchingRun::load(ctx, id).await,
            Err(_) => Ok(None),
        }
    }

    /// The matching runs, the newest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn matching_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 200.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 200.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<MatchingRun>> {
        let page = page::<(DateTime<Utc>, Uuid)>(first, after, last, before)?;
        let slice = runs::list(app(ctx), caller(ctx)?, &page).await?;
        Ok(connection(slice, None, |run: &Run| {
            (run.created_at, run.id.uuid())
        }))
    }
}
