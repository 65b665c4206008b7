//! What a coordinator does with a run: start, cancel, decide, apply, discard, undo.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use tandem_domain::{
    errors::UserError as Refusal,
    ids::{CaseId, ExpertId, ProposalId, RunId},
    runs::Parameters,
    scores::Weights,
};
use tandem_operations::{
    Caller, Error,
    runs::{self, Applied, ApplyInput, StartInput},
};

use super::{MatchingObjective, MatchingRule, MatchingRun, Proposal};
use crate::graphql::{
    app, caller,
    cases::Case,
    experts::Expert,
    ids,
    payload::{UserError, payload, settle, settle_with_current},
};

/// The most points that each criterion can give; what is left out keeps its default.
#[derive(Debug, Default, InputObject)]
pub struct MatchWeightsInput {
    /// At the centre's door. Default 300.
    pub distance: Option<i32>,
    /// The same occupation as the first choice. Default 400.
    pub occupation: Option<i32>,
    /// Every wanted area is offered. Default 200.
    pub support_areas: Option<i32>,
    /// A common language besides German. Default 60.
    pub language: Option<i32>,
    /// Was in an earlier one-to-one programme. Default 40.
    pub programmes: Option<i32>,
    /// The whole capacity is free. Default 50.
    pub balance: Option<i32>,
    /// For each day of waiting. Default 2.
    pub waiting_per_day: Option<i32>,
    /// Taken off for each thing that is missing. Default 150.
    pub missing: Option<i32>,
}

impl From<MatchWeightsInput> for Weights {
    fn from(input: MatchWeightsInput) -> Self {
        let default = Self::default();
        Self {
            distance: input.distance.unwrap_or(default.distance),
            occupation: input.occupation.unwrap_or(default.occupation),
            support_areas: input.support_areas.unwrap_or(default.support_areas),
            language: input.language.unwrap_or(default.language),
            programmes: input.programmes.unwrap_or(default.programmes),
            balance: input.balance.unwrap_or(default.balance),
            waiting_per_day: input.waiting_per_day.unwrap_or(default.waiting_per_day),
            missing: input.missing.unwrap_or(default.missing),
        }
    }
}

/// A pair that the plan has to contain.
#[derive(Debug, InputObject)]
pub struct PinInput {
    /// The case.
    pub case_id: ID,
    /// The expert who is to be proposed for it.
    pub expert_id: ID,
}

/// What a run is started with.
#[derive(Debug, InputObject)]
pub struct StartMatchingRunInput {
    /// The offices whose searching cases are to be matched.
    pub office_ids: Vec<ID>,
    /// What the plan optimizes.
    #[graphql(default_with = "MatchingObjective::Participation")]
    pub objective: MatchingObjective,
    /// Only experts of these offices take part; otherwise those of every office do.
    #[graphql(default = false)]
    pub own_office_only: bool,
    /// Experts who still lack a check or training take part as well, at a cost in the score.
    #[graphql(default = false)]
    pub admit_missing: bool,
    /// A radius around the centre in kilometres, 1 to 300, instead of each case's own.
    pub radius_km: Option<i32>,
    /// Points a criterion.
    pub weights: Option<MatchWeightsInput>,
    /// Pairs that the plan has to contain.
    #[graphql(default)]
    pub pins: Vec<PinInput>,
}

impl StartMatchingRunInput {
    /// The input, once the caller may start a run over these offices: who may not learns nothing of what is
    /// wrong with the rest.
    fn checked(self, caller: &Caller) -> Result<StartInput, Error> {
        let offices = ids::parse_all("officeIds", &self.office_ids)?;
        runs::may_start(caller, &offices)?;
        let mut pins = Vec::with_capacity(self.pins.len());
        for (place, pin) in self.pins.iter().enumerate() {
            let case: CaseId = ids::parse(&format!("pins.{place}.caseId"), &pin.case_id)?;
            let expert: ExpertId = ids::parse(&format!("pins.{place}.expertId"), &pin.expert_id)?;
            pins.push((case, expert));
        }
        let radius_km = match self.radius_km.map(u16::try_from) {
            None => None,
            Some(Ok(radius)) => Some(radius),
            Some(Err(_)) => {
                return Err(Refusal::invalid("radiusKm", "the radius must be from 1 to 300 km").into());
            }
        };
        Ok(StartInput {
            offices,
            parameters: Parameters {
                objective: self.objective.into(),
                own_office_only: self.own_office_only,
                admit_missing: self.admit_missing,
                radius_km,
                weights: self.weights.map(Weights::from).unwrap_or_default(),
            },
            pins,
        })
    }
}

/// How a plan is applied.
#[derive(Debug, InputObject)]
pub struct ApplyMatchingRunInput {
    /// The run.
    pub run_id: ID,
    /// Only the cases of these proposals; left out, the whole plan.
    pub proposal_ids: Option<Vec<ID>>,
    /// Whether a decline or a lapse brings the next alternate forward.
    #[graphql(default = true)]
    pub next_alternates: bool,
    /// The version of the run that you looked at; a stale one is a conflict.
    pub version: Option<i64>,
}

impl ApplyMatchingRunInput {
    fn checked(self) -> Result<ApplyInput, Error> {
        Ok(ApplyInput {
            run: ids::parse("runId", &self.run_id)?,
            proposals: self
                .proposal_ids
                .map(|named| ids::parse_all::<ProposalId>("proposalIds", &named))
                .transpose()?,
            next_alternates: self.next_alternates,
            version: self.version,
        })
    }
}

payload! {
    /// The answer to a mutation of a matching run.
    MatchingRunPayload {
        /// The run as it is now, after a conflict as well.
        matching_run: MatchingRun,
    }
}

payload! {
    /// The answer to a decision about a proposal.
    ProposalPayload {
        /// The proposal as it is now.
        proposal: Proposal,
    }
}

/// A proposal that was left out, since a rule no longer held.
#[derive(Debug, Clone)]
pub struct StaleProposal(runs::StaleProposal);

/// A proposal that was left out, since a rule no longer held.
#[Object]
impl StaleProposal {
    /// The proposal's id.
    async fn proposal_id(&self) -> ID {
        ids::global(self.0.proposal)
    }

    /// The case.
    async fn case(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Case>> {
        Case::load(ctx, self.0.case).await
    }

    /// The expert.
    async fn expert(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Expert>> {
        Expert::load(ctx, self.0.expert).await
    }

    /// The rule that stands in the way now.
    async fn rule(&self) -> MatchingRule {
        self.0.rule.into()
    }
}

/// The answer to `applyMatchingRun`.
#[derive(SimpleObject)]
pub struct ApplyMatchingRunPayload {
    /// The run as it is now.
    pub matching_run: Option<MatchingRun>,
    /// How many experts were approached by this call.
    pub approached: i32,
    /// What had gone stale and was left out; the rest was applied.
    pub stale: Vec<StaleProposal>,
    /// Why nothing was applied; empty where it was.
    pub user_errors: Vec<UserError>,
}

/// The answer to `undoMatchingRun`.
#[derive(SimpleObject)]
pub struct UndoMatchingRunPayload {
    /// The run as it is now.
    pub matching_run: Option<MatchingRun>,
    /// How many approaches were taken back.
    pub withdrawn: i32,
    /// Why it was not undone; empty where it was.
    pub user_errors: Vec<UserError>,
}

/// Mutations of matching runs.
#[derive(Default)]
pub struct RunMutation;

#[Object]
impl RunMutation {
    /// Starts a bulk matching run. A worker computes the plan; nothing is sent before it is applied.
    async fn start_matching_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Offices and parameters.")] input: StartMatchingRunInput,
        #[graphql(desc = "The same key twice is one effect.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<MatchingRunPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let started = match input.checked(caller) {
            Ok(input) => runs::start(app, caller, input, idempotency_key.as_deref()).await,
            Err(error) => Err(error),
        };
        settle(started)
    }

    /// Stops a run that is queued or running.
    async fn cancel_matching_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run.")] id: ID,
    ) -> async_graphql::Result<MatchingRunPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let id: RunId = match ids::parse("id", &id) {
            Ok(id) => id,
            Err(error) => return settle(Err::<MatchingRun, _>(error.into())),
        };
        settle_with_current(runs::cancel(app, caller, id).await, current(ctx, id)).await
    }

    /// Makes the proposals of a plan approaches: whole, in part, or in waves. Each is checked again;
    /// what has gone stale is left out and named.
    async fn apply_matching_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to apply, and how.")] input: ApplyMatchingRunInput,
    ) -> async_graphql::Result<ApplyMatchingRunPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let run = ids::parse::<RunId>("runId", &input.run_id).ok();
        let applied = match input.checked() {
            Ok(input) => runs::apply(app, caller, input).await,
            Err(error) => Err(error),
        };
        match applied {
            Ok(Applied {
                run,
                approached,
                stale,
            }) => Ok(ApplyMatchingRunPayload {
                matching_run: Some(run.into()),
                approached: approached as i32,
                stale: stale.into_iter().map(StaleProposal).collect(),
                user_errors: Vec::new(),
            }),
            Err(Error::Refused(errors)) => Ok(ApplyMatchingRunPayload {
                matching_run: seen(ctx, run).await,
                approached: 0,
                stale: Vec::new(),
                user_errors: errors.into_iter().map(UserError::from).collect(),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts a plan away; nobody hears of it.
    async fn discard_matching_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run.")] id: ID,
    ) -> async_graphql::Result<MatchingRunPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let id: RunId = match ids::parse("id", &id) {
            Ok(id) => id,
            Err(error) => return settle(Err::<MatchingRun, _>(error.into())),
        };
        settle_with_current(runs::discard(app, caller, id).await, current(ctx, id)).await
    }

    /// Takes back every approach of an applied run that was not answered, with neutral mails to those
    /// who had been asked.
    async fn undo_matching_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run.")] id: ID,
    ) -> async_graphql::Result<UndoMatchingRunPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let run = ids::parse::<RunId>("id", &id);
        let undone = match run.clone() {
            Ok(run) => runs::undo(app, caller, run).await,
            Err(error) => Err(error.into()),
        };
        match undone {
            Ok((run, withdrawn)) => Ok(UndoMatchingRunPayload {
                matching_run: Some(run.into()),
                withdrawn: withdrawn as i32,
                user_errors: Vec::new(),
            }),
            Err(Error::Refused(errors)) => Ok(UndoMatchingRunPayload {
                matching_run: seen(ctx, run.ok()).await,
                withdrawn: 0,
                user_errors: errors.into_iter().map(UserError::from).collect(),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Not this pair: applying leaves the case out, unless an alternate is chosen.
    async fn veto_proposal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proposal.")] id: ID,
    ) -> async_graphql::Result<ProposalPayload> {
        match ids::parse("id", &id) {
            Ok(id) => settle(runs::veto_proposal(app(ctx), caller(ctx)?, id).await),
            Err(error) => settle(Err::<Proposal, _>(error.into())),
        }
    }

    /// This alternate instead of the plan's choice for its case.
    async fn choose_alternate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The alternate.")] id: ID,
    ) -> async_graphql::Result<ProposalPayload> {
        match ids::parse("id", &id) {
            Ok(id) => settle(runs::choose_alternate(app(ctx), caller(ctx)?, id).await),
            Err(error) => settle(Err::<Proposal, _>(error.into())),
        }
    }

    /// As planned again.
    async fn clear_proposal_decision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proposal.")] id: ID,
    ) -> async_graphql::Result<ProposalPayload> {
        match ids::parse("id", &id) {
            Ok(id) => settle(runs::clear_proposal_decision(app(ctx), caller(ctx)?, id).await),
            Err(error) => settle(Err::<Proposal, _>(error.into())),
        }
    }
}

/// The run as it is now, under the policy.
async fn current(ctx: &Context<'_>, id: RunId) -> tandem_operations::Result<tandem_storage::runs::Run> {
    let caller = caller(ctx).map_err(|_| Error::from(Refusal::not_found("id", "matching run")))?;
    runs::get(app(ctx), caller, id)
        .await?
        .ok_or_else(|| Refusal::not_found("id", "matching run").into())
}

async fn seen(ctx: &Context<'_>, id: Option<RunId>) -> Option<MatchingRun> {
    Some(current(ctx, id?).await.ok()?.into())
}
