//! Bulk matching runs: the run, its plan, and what a coordinator does with it.

pub mod insight;
pub mod mutations;
pub mod numbers;
pub mod proposals;
pub mod words;

use std::collections::HashMap;

use async_graphql::futures_util::stream::BoxStream;
use async_graphql::{Context, ID, Object, Subscription, dataloader::Loader};
use chrono::{DateTime, Utc};
use tandem_domain::ids::RunId;
use tandem_operations::runs;
use tandem_storage::events::Event;
use tandem_storage::runs::{Proposal as ProposalRow, ProposalFilter, Run};
use uuid::Uuid;

pub use self::{
    insight::{MatchingBottleneck, MatchingScenario, MatchingScenarioInput, MatchingUnlock, WhatIf},
    mutations::RunMutation,
    numbers::{
        MatchExplanation, MatchPoints, MatchingRunParameters, MatchingRunProgress, MatchingRunSummary,
        RemovedByRule, explanation, removed_words,
    },
    proposals::{NearMissExpert, PlanCase, Proposal, ProposalFilterInput},
    words::{
        ExplanationLanguage, MatchingObjective, MatchingRule, MatchingRunPhase, MatchingRunState,
        MissingForMatch, missing_words,
    },
};
use super::{
    app, caller,
    connection::{Connection, connection, cost, page},
    error::bad_input,
    ids,
    loaders::{LoadError, Loaders, loader},
    offices::RegionalOffice,
    subscriptions::watch,
};

/// The most changes, bottlenecks of one answer.
const MOST: i32 = 200;

/// How many of a list are asked for.
fn most(first: i32) -> async_graphql::Result<usize> {
    if (1..=MOST).contains(&first) {
        Ok(first as usize)
    } else {
        Err(bad_input(format!(
            "first is {first}, it must be from 1 to {MOST}"
        )))
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
        MatchingRunParameters::from(&self.0.parameters)
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
        let answer = runs::what_if(app(ctx), caller(ctx)?, self.0.id, case, expert).await?;
        Ok(WhatIf::new(answer, self.0.parameters.weights))
    }

    /// Another plan beside the stored one: with other weights, another radius, pairs that are set before.
    /// Computed from the numbers of this run and proved the best for them; nothing is changed.
    #[graphql(complexity = "200 + first.clamp(1, 200) as usize * child_complexity")]
    async fn scenario(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be otherwise; what is left out stays as this run has it.")]
        input: MatchingScenarioInput,
        #[graphql(
            desc = "So many of the cases that change are listed, at most 200.",
            default = 50
        )]
        first: i32,
    ) -> async_graphql::Result<MatchingScenario> {
        let most = most(first)?;
        let (input, weights) = input.checked(&self.0.parameters)?;
        let scenario = runs::scenario(app(ctx), caller(ctx)?, self.0.id, input, most).await?;
        Ok(MatchingScenario::new(scenario, weights))
    }

    /// Where one more ready expert would bring a case more, and in which field the most points; the most
    /// waiting cases first. Exact where every pair is listed, as in programmes of 12,000 experts and 3,000
    /// cases; in much larger ones, where only the best pairs of a case are, what is told is what the expert
    /// brings at least.
    #[graphql(complexity = "200 + first.clamp(1, 200) as usize * child_complexity")]
    async fn bottlenecks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 200.", default = 20)] first: i32,
    ) -> async_graphql::Result<Vec<MatchingBottleneck>> {
        let found = runs::bottlenecks(app(ctx), caller(ctx)?, self.0.id, most(first)?).await?;
        Ok(found.into_iter().map(MatchingBottleneck).collect())
    }

    /// Which expiring or expired certificates and missing trainings would unlock matches, the most first.
    /// Empty where the run admits experts who still lack something.
    #[graphql(complexity = "300 + 20 * child_complexity")]
    async fn unlocks(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<MatchingUnlock>> {
        let found = runs::unlocks(app(ctx), caller(ctx)?, self.0.id).await?;
        Ok(found.into_iter().map(MatchingUnlock).collect())
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
