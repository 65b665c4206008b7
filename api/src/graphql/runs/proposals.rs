//! The rows of a plan, and why a case has none.

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, InputObject, Object, dataloader::Loader};
use tandem_domain::{explaining, ids::ProposalId, runs as domain};
use tandem_operations::{candidates::NearMiss, runs};
use tandem_storage::runs::{self as rows, ProposalFilter, RunCase};

use super::{
    ExplanationLanguage, MatchExplanation, MatchPoints, MatchingRule, MissingForMatch, RemovedByRule,
    explanation, missing_words, removed_words,
};
use crate::graphql::{
    cases::Case,
    error::bad_input,
    experts::Expert,
    ids,
    loaders::{LoadError, Loaders, loader},
};

/// What was decided about a row of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::runs::ProposalDecision")]
pub enum ProposalDecision {
    /// Nothing: as planned.
    None,
    /// Not this pair.
    Vetoed,
    /// This alternate instead of the plan's choice.
    Chosen,
}

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::runs::ProposalOutcome")]
pub enum ProposalOutcome {
    /// The expert was approached.
    Approached,
    /// A rule no longer held when it was applied, so it was left out.
    Stale,
}

/// One pair of a plan: the plan's choice for a case (rank 0) or an alternate (rank 1 to 3).
#[derive(Debug, Clone)]
pub struct Proposal(pub rows::Proposal);

impl From<rows::Proposal> for Proposal {
    fn from(proposal: rows::Proposal) -> Self {
        Self(proposal)
    }
}

impl Proposal {
    /// The proposal, through the request's loader.
    pub async fn load(ctx: &Context<'_>, id: ProposalId) -> async_graphql::Result<Option<Self>> {
        Ok(loader(ctx)?.load_one(id).await?.map(Self))
    }
}

impl Loader<ProposalId> for Loaders {
    type Value = rows::Proposal;
    type Error = LoadError;

    async fn load(&self, keys: &[ProposalId]) -> Result<HashMap<ProposalId, rows::Proposal>, LoadError> {
        let proposals = runs::proposals_by_ids(&self.app, &self.caller, keys).await?;
        Ok(proposals
            .into_iter()
            .map(|proposal| (proposal.id, proposal))
            .collect())
    }
}

/// One pair of a plan: the plan's choice for a case (rank 0) or an alternate (rank 1 to 3).
#[Object]
impl Proposal {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// The case.
    async fn case(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Case>> {
        Case::load(ctx, self.0.case).await
    }

    /// The proposed expert.
    async fn expert(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Expert>> {
        Expert::load(ctx, self.0.expert).await
    }

    /// 0 is the plan's choice, 1 to 3 are alternates.
    async fn rank(&self) -> i32 {
        i32::from(self.0.rank)
    }

    /// The sum of the points.
    async fn score(&self) -> i32 {
        self.0.score
    }

    /// Why this score: points by criterion.
    async fn points(&self) -> MatchPoints {
        self.0.points.into()
    }

    /// Why this score, in words: a line a criterion.
    async fn explanation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "German or English.", default_with = "ExplanationLanguage::De")]
        language: ExplanationLanguage,
    ) -> async_graphql::Result<Vec<MatchExplanation>> {
        let run = loader(ctx)?.load_one(self.0.run).await?;
        let weights = run.map(|run| run.parameters.weights).unwrap_or_default();
        let row = &self.0;
        Ok(explanation(
            &row.points,
            &weights,
            row.distance_m,
            &row.missing,
            language,
        ))
    }

    /// Kilometres from the centre to the expert's postal code.
    async fn distance_km(&self) -> f64 {
        f64::from(self.0.distance_m) / 1000.0
    }

    /// What the expert still lacked when the plan was made.
    async fn missing(&self) -> Vec<MissingForMatch> {
        missing_words(&self.0.missing)
    }

    /// Whether a coordinator had set this pair before the plan was made.
    async fn pinned(&self) -> bool {
        self.0.pinned
    }

    /// What was decided about it.
    async fn decision(&self) -> ProposalDecision {
        self.0.decision.into()
    }

    /// What became of it; null as long as it was not applied.
    async fn outcome(&self) -> Option<ProposalOutcome> {
        self.0.outcome.map(ProposalOutcome::from)
    }

    /// The rule that no longer held, where it was left out.
    async fn stale_reason(&self) -> Option<MatchingRule> {
        self.0.stale_reason.map(MatchingRule::from)
    }
}

/// Narrows the proposals of a run.
#[derive(Debug, Default, InputObject)]
pub struct ProposalFilterInput {
    /// 0: only the plan's choices; 1 to 3: only those alternates.
    pub rank: Option<i32>,
    /// Only this case.
    pub case_id: Option<ID>,
    /// Only this expert.
    pub expert_id: Option<ID>,
    /// Only proposals that went so.
    pub outcome: Option<ProposalOutcome>,
}

impl ProposalFilterInput {
    /// The filter, checked.
    pub(super) fn filter(self) -> async_graphql::Result<ProposalFilter> {
        let most = domain::ALTERNATES as i32;
        if let Some(rank) = self.rank.filter(|rank| !(0..=most).contains(rank)) {
            return Err(bad_input(format!(
                "filter.rank is {rank}, it must be from 0 to {most}"
            )));
        }
        let case = ids::parse_optional("filter.caseId", self.case_id.as_ref());
        let expert = ids::parse_optional("filter.expertId", self.expert_id.as_ref());
        Ok(ProposalFilter {
            rank: self.rank.map(|rank| rank as u8),
            case: case.map_err(tandem_operations::Error::from)?,
            expert: expert.map_err(tandem_operations::Error::from)?,
            outcome: self.outcome.map(domain::ProposalOutcome::from),
        })
    }
}

/// An expert near the centre whom one rule removed.
#[derive(Debug, Clone)]
pub struct NearMissExpert(pub NearMiss);

/// An expert near the centre whom one rule removed.
#[Object]
impl NearMissExpert {
    /// The expert.
    async fn expert(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Expert>> {
        Expert::load(ctx, self.0.expert).await
    }

    /// The rule.
    async fn rule(&self) -> MatchingRule {
        self.0.rule.into()
    }

    /// Kilometres from the centre.
    async fn distance_km(&self) -> f64 {
        f64::from(self.0.distance_m) / 1000.0
    }

    /// The same in words.
    async fn explanation(
        &self,
        #[graphql(desc = "German or English.", default_with = "ExplanationLanguage::De")]
        language: ExplanationLanguage,
    ) -> String {
        explaining::near_miss(self.0.rule, self.0.distance_m, language.into())
    }
}

/// A case of a run: how many experts were possible, and what the rules removed.
#[derive(Debug, Clone)]
pub struct PlanCase(pub RunCase);

impl From<RunCase> for PlanCase {
    fn from(case: RunCase) -> Self {
        Self(case)
    }
}

/// A case of a run: how many experts were possible, and what the rules removed.
#[Object]
impl PlanCase {
    /// The case.
    async fn case(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Case>> {
        Case::load(ctx, self.0.case).await
    }

    /// Whether it has a proposal.
    async fn matched(&self) -> bool {
        self.0.matched
    }

    /// How many experts met every rule.
    async fn candidates(&self) -> i64 {
        i64::from(self.0.candidates)
    }

    /// How many experts within the radius each rule removed; each counts once, at the first rule that it
    /// does not meet.
    async fn removed(&self) -> Vec<RemovedByRule> {
        removed_words(&self.0.removed)
    }

    /// For a case without a proposal, why, in words: how many experts there are within the radius, and what
    /// the rules say of them.
    async fn explanation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "German or English.", default_with = "ExplanationLanguage::De")]
        language: ExplanationLanguage,
    ) -> async_graphql::Result<Option<String>> {
        if self.0.matched {
            return Ok(None);
        }
        let run = loader(ctx)?.load_one(self.0.run).await?;
        let of_run = run.and_then(|run| run.parameters.radius_km);
        let radius_km = match of_run {
            Some(radius) => Some(radius),
            None => Case::load(ctx, self.0.case)
                .await?
                .map(|case| case.0.wishes.radius_km),
        };
        Ok(Some(explaining::without_expert(
            radius_km,
            self.0.candidates,
            &self.0.removed,
            language.into(),
        )))
    }

    /// For a case without a proposal: the nearest experts whom a rule removed that somebody could do
    /// something about.
    async fn near_misses(&self) -> async_graphql::Result<Vec<NearMissExpert>> {
        let misses: Vec<NearMiss> = serde_json::from_value(self.0.near_misses.clone()).map_err(|error| {
            tandem_operations::Error::Fault(format!("near misses of a stored plan: {error}"))
        })?;
        Ok(misses.into_iter().map(NearMissExpert).collect())
    }
}
