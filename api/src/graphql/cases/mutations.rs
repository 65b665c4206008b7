//! What is done with cases.

use async_graphql::{Context, ID, InputObject, Object};
use tandem_domain::ids::CaseId;
use tandem_operations::cases::{self, Case as Row, OutcomeDraft};
use tandem_operations::{App, Caller};

use super::{Case, CaseInput, SocialOutcome, TransitionOutcome};
use crate::graphql::scalars::Date;
use crate::graphql::{
    app, caller, ids,
    payload::{Payload, payload, settle, settle_with_current},
};

payload! {
    /// The answer to `draftCase`.
    DraftCasePayload {
        /// The new case.
        case: Case,
    }
}

payload! {
    /// The answer to `updateCase`.
    UpdateCasePayload {
        /// The case as it is now, after a conflict as well.
        case: Case,
    }
}

payload! {
    /// The answer to `submitCase`.
    SubmitCasePayload {
        /// The case as it is now, after a conflict as well.
        case: Case,
    }
}

payload! {
    /// The answer to `acceptCase`.
    AcceptCasePayload {
        /// The case as it is now, after a conflict as well.
        case: Case,
    }
}

payload! {
    /// The answer to `returnCase`.
    ReturnCasePayload {
        /// The case as it is now, after a conflict as well.
        case: Case,
    }
}

payload! {
    /// The answer to `withdrawCase`.
    WithdrawCasePayload {
        /// The case as it is now, after a conflict as well.
        case: Case,
    }
}

payload! {
    /// The answer to `closeCase`.
    CloseCasePayload {
        /// The case as it is now, after a conflict as well.
        case: Case,
    }
}
payload! {
    /// The answer to `confirmOutcome`.
    ConfirmOutcomePayload {
        /// The case as it is now, after a conflict as well.
        case: Case,
    }
}
payload! {
    /// The answer to `reopenCase`.
    ReopenCasePayload {
        /// The case as it is now, after a conflict as well.
        case: Case,
    }
}
payload! {
    /// The answer to `searchAgain`.
    SearchAgainPayload {
        /// The case as it is now, after a conflict as well.
        case: Case,
    }
}

payload! {
    /// The answer to `contestConsent`.
    ContestConsentPayload {
        /// True where the entry no longer counts.
        contested: bool,
    }
}

/// How a case ends, on both axes.
#[derive(Debug, InputObject)]
pub struct OutcomeInput {
    /// The way into training.
    pub transition: TransitionOutcome,
    /// A place in society.
    pub social: SocialOutcome,
    /// With TRAINING_PLACE: when the training starts.
    pub training_starts_on: Option<Date>,
}

impl From<OutcomeInput> for OutcomeDraft {
    fn from(input: OutcomeInput) -> Self {
        Self {
            transition: input.transition.into(),
            social: input.social.into(),
            training_starts_on: input.training_starts_on.map(Into::into),
        }
    }
}

/// Reads the id, does it, and answers with the case as it is now.
async fn on_case<P: Payload<Object = Case>>(
    ctx: &Context<'_>,
    id: &ID,
    act: impl AsyncFnOnce(&App, &Caller, CaseId) -> tandem_operations::Result<Row>,
) -> async_graphql::Result<P> {
    let (app, caller) = (app(ctx), caller(ctx)?);
    let id: CaseId = match ids::parse("id", id) {
        Ok(id) => id,
        Err(error) => return settle(Err::<Row, _>(error.into())),
    };
    settle_with_current(act(app, caller, id).await, cases::get(app, caller, id)).await
}

/// Mutations of cases.
#[derive(Default)]
pub struct CaseMutation;

#[Object]
impl CaseMutation {
    /// Drafts a case for a mentee. For the staff of the service centre.
    async fn draft_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The mentee; one open case at a time.")] mentee_id: ID,
        #[graphql(desc = "What is wished for.")] input: CaseInput,
        #[graphql(desc = "The same key twice is one effect.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<DraftCasePayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let drafted = async {
            let mentee = ids::parse("menteeId", &mentee_id)?;
            cases::draft(app, caller, mentee, input.into(), idempotency_key.as_deref()).await
        };
        settle(drafted.await)
    }

    /// Changes what a case wishes for. For the staff of the service centre.
    async fn update_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case.")] id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
        #[graphql(desc = "What is wished for, all of it.")] input: CaseInput,
    ) -> async_graphql::Result<UpdateCasePayload> {
        on_case(ctx, &id, async |app, caller, id| {
            cases::update(app, caller, id, version, input.into()).await
        })
        .await
    }

    /// Submits a draft to the regional office. For the staff of the service centre.
    async fn submit_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case.")] id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
    ) -> async_graphql::Result<SubmitCasePayload> {
        on_case(ctx, &id, async |app, caller, id| {
            cases::submit(app, caller, id, version).await
        })
        .await
    }

    /// Accepts a submitted case: the search for an expert begins. For the regional office.
    async fn accept_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case.")] id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
    ) -> async_graphql::Result<AcceptCasePayload> {
        on_case(ctx, &id, async |app, caller, id| {
            cases::accept(app, caller, id, version).await
        })
        .await
    }

    /// Returns a submitted case to its service centre. For the regional office.
    async fn return_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case.")] id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
        #[graphql(desc = "What the centre should change.")] note: String,
    ) -> async_graphql::Result<ReturnCasePayload> {
        on_case(ctx, &id, async |app, caller, id| {
            cases::send_back(app, caller, id, version, &note).await
        })
        .await
    }

    /// Takes a case back; experts who are asked for it get a neutral e-mail. For the staff of the
    /// service centre.
    async fn withdraw_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case.")] id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
    ) -> async_graphql::Result<WithdrawCasePayload> {
        on_case(ctx, &id, async |app, caller, id| {
            cases::withdraw(app, caller, id, version).await
        })
        .await
    }

    /// Closes a case with its outcome, once no match is under way. For the staff of the service centre.
    async fn close_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case.")] id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
        #[graphql(desc = "How it ended, on both axes.")] outcome: OutcomeInput,
    ) -> async_graphql::Result<CloseCasePayload> {
        on_case(ctx, &id, async |app, caller, id| {
            cases::close(app, caller, id, version, outcome.into()).await
        })
        .await
    }

    /// Confirms the outcome some months after the training began, or corrects it. For the staff of the
    /// service centre.
    async fn confirm_outcome(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case, which is CLOSED with a training place.")] id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
        #[graphql(desc = "How it stands now, on both axes.")] outcome: OutcomeInput,
    ) -> async_graphql::Result<ConfirmOutcomePayload> {
        on_case(ctx, &id, async |app, caller, id| {
            cases::confirm_outcome(app, caller, id, version, outcome.into()).await
        })
        .await
    }

    /// Opens a case again that was closed not long ago. For the staff of the service centre.
    async fn reopen_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case, which is CLOSED.")] id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
    ) -> async_graphql::Result<ReopenCasePayload> {
        on_case(ctx, &id, async |app, caller, id| {
            cases::reopen(app, caller, id, version).await
        })
        .await
    }

    /// Lets the search go on after a match has ended, with the waiting time so far. For the staff of the
    /// service centre.
    async fn search_again(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case, which is ACTIVE without a match under way.")] id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
    ) -> async_graphql::Result<SearchAgainPayload> {
        on_case(ctx, &id, async |app, caller, id| {
            cases::search_again(app, caller, id, version).await
        })
        .await
    }

    /// Says that the consent which was entered from paper for you is not right: it no longer counts, and everything that
    /// rests on it stops. For mentee and guardian alone.
    async fn contest_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case.")] case_id: ID,
    ) -> async_graphql::Result<ContestConsentPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let contested = async {
            let id: CaseId = ids::parse("caseId", &case_id)?;
            cases::contest_consent(app, caller, id).await?;
            Ok(true)
        };
        settle(contested.await)
    }
}
