//! What offices do with experts.

use async_graphql::{Context, ID, Object, SimpleObject};
use tandem_domain::ids::ExpertId;
use tandem_operations::{
    Error,
    experts::{self, Duplicate},
};
use tandem_storage::experts::Expert as Row;

use super::Expert;
use super::input::{RegisterExpertInput, UpdateExpertInput};
use crate::graphql::{
    app, caller, ids,
    payload::{UserError, payload, settle, settle_with_current},
    scalars::Date,
};

/// An expert who may be the same person as the one who was just registered.
#[derive(SimpleObject)]
pub struct DuplicateExpertWarning {
    /// Who is there already.
    expert: Expert,
    /// What is alike, as "a similar name and the same birth date".
    reason: &'static str,
}

impl From<Duplicate> for DuplicateExpertWarning {
    fn from(duplicate: Duplicate) -> Self {
        Self {
            expert: duplicate.expert.into(),
            reason: duplicate.reason,
        }
    }
}

/// The answer to `registerExpert`.
#[derive(SimpleObject)]
pub struct RegisterExpertPayload {
    /// The new expert.
    expert: Option<Expert>,
    /// Experts who may be the same person; the new one is registered all the same.
    warnings: Vec<DuplicateExpertWarning>,
    /// Why it did not happen; empty where it did.
    user_errors: Vec<UserError>,
}

impl RegisterExpertPayload {
    fn of(result: tandem_operations::Result<(Row, Vec<Duplicate>)>) -> async_graphql::Result<Self> {
        match result {
            Ok((expert, duplicates)) => Ok(Self {
                expert: Some(expert.into()),
                warnings: duplicates.into_iter().map(Into::into).collect(),
                user_errors: Vec::new(),
            }),
            Err(Error::Refused(errors)) => Ok(Self {
                expert: None,
                warnings: Vec::new(),
                user_errors: errors.into_iter().map(UserError::from).collect(),
            }),
            Err(error) => Err(error.into()),
        }
    }
}

payload! {
    /// The answer to `updateExpert`.
    UpdateExpertPayload {
        /// The expert as the data are now, after a conflict as well.
        expert: Expert,
    }
}

payload! {
    /// The answer to `activateExpert`.
    ActivateExpertPayload {
        /// The expert as the data are now, after a conflict as well.
        expert: Expert,
    }
}

payload! {
    /// The answer to `suspendExpert`.
    SuspendExpertPayload {
        /// The expert as the data are now, after a conflict as well.
        expert: Expert,
    }
}

payload! {
    /// The answer to `reinstateExpert`.
    ReinstateExpertPayload {
        /// The expert as the data are now, after a conflict as well.
        expert: Expert,
    }
}

payload! {
    /// The answer to `leaveExpert`.
    LeaveExpertPayload {
        /// The expert as the data are now, after a conflict as well.
        expert: Expert,
    }
}

payload! {
    /// The answer to `pauseExpert`.
    PauseExpertPayload {
        /// The expert, whose `pauses` have the new one.
        expert: Expert,
    }
}

payload! {
    /// The answer to `resumeExpert`.
    ResumeExpertPayload {
        /// The expert, available again.
        expert: Expert,
    }
}

/// Parses the expert's id, or answers with the refusal.
macro_rules! expert_id {
    ($id:expr) => {
        match ids::parse::<ExpertId>("expertId", &$id) {
            Ok(id) => id,
            Err(error) => return settle(Err::<Row, _>(error.into())),
        }
    };
}

/// Mutations of experts.
#[derive(Default)]
pub struct ExpertMutation;

#[Object]
impl ExpertMutation {
    /// Registers an expert. Whoever may be the same person is returned as a warning. For the expert's
    /// office.
    async fn register_expert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The details.")] input: RegisterExpertInput,
        #[graphql(desc = "The same key twice is one effect.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<RegisterExpertPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        RegisterExpertPayload::of(match input.check() {
            Ok((office, draft)) => {
                experts::register(app, caller, office, draft, idempotency_key.as_deref()).await
            }
            Err(error) => Err(error.into()),
        })
    }

    /// Changes an expert: what is not given stays. For the expert's office.
    async fn update_expert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The expert.")] expert_id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
        #[graphql(desc = "What changes.")] input: UpdateExpertInput,
    ) -> async_graphql::Result<UpdateExpertPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let id = expert_id!(expert_id);
        let patch = match input.check() {
            Ok(patch) => patch,
            Err(error) => return settle(Err::<Row, _>(error.into())),
        };
        settle_with_current(
            experts::update(app, caller, id, version, patch).await,
            experts::get(app, caller, id),
        )
        .await
    }

    /// Activates a registered expert after a first talk. For the expert's office.
    async fn activate_expert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The expert.")] expert_id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
        #[graphql(desc = "The day of the activation; today where it is not given.")] activated_on: Option<
            Date,
        >,
    ) -> async_graphql::Result<ActivateExpertPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let id = expert_id!(expert_id);
        settle_with_current(
            experts::activate(app, caller, id, version, activated_on.map(Into::into)).await,
            experts::get(app, caller, id),
        )
        .await
    }

    /// Suspends an active expert at once, in an emergency: nobody who is suspended is proposed or asked.
    /// For the expert's office.
    async fn suspend_expert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The expert.")] expert_id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
    ) -> async_graphql::Result<SuspendExpertPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let id = expert_id!(expert_id);
        settle_with_current(
            experts::suspend(app, caller, id, version).await,
            experts::get(app, caller, id),
        )
        .await
    }

    /// Takes a suspended expert back. For the expert's office.
    async fn reinstate_expert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The expert.")] expert_id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
    ) -> async_graphql::Result<ReinstateExpertPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let id = expert_id!(expert_id);
        settle_with_current(
            experts::reinstate(app, caller, id, version).await,
            experts::get(app, caller, id),
        )
        .await
    }

    /// Records that an expert leaves the programme, for good; possible once no match is open. For the
    /// expert's office.
    async fn leave_expert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The expert.")] expert_id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
    ) -> async_graphql::Result<LeaveExpertPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let id = expert_id!(expert_id);
        settle_with_current(
            experts::leave(app, caller, id, version).await,
            experts::get(app, caller, id),
        )
        .await
    }

    /// Records that an expert is not available for a while; both days belong to the pause. For the
    /// expert's office.
    async fn pause_expert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The expert.")] expert_id: ID,
        #[graphql(desc = "The first day; today where it is not given.")] from: Option<Date>,
        #[graphql(desc = "The last day; until further notice where it is not given.")] until: Option<Date>,
    ) -> async_graphql::Result<PauseExpertPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let id = expert_id!(expert_id);
        let from = from.map_or_else(|| app.today(), Into::into);
        settle(experts::pause(app, caller, id, from, until.map(Into::into)).await)
    }

    /// Makes an expert available again from today on: every pause ends or is dropped. For the expert's
    /// office.
    async fn resume_expert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The expert.")] expert_id: ID,
    ) -> async_graphql::Result<ResumeExpertPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let id = expert_id!(expert_id);
        settle(experts::resume(app, caller, id).await)
    }
}
