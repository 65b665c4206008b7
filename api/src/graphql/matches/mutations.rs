//! Asking experts, and their answers.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use tandem_domain::errors::UserError as Refusal;
use tandem_domain::ids::MatchId;
use tandem_domain::matches::Answer;
use tandem_operations::Error;
use tandem_operations::matches::{self, Match as Row};

use super::{DeclineReason, Match};
use crate::graphql::{
    app, caller, ids,
    payload::{UserError, payload, settle, settle_with_current},
};

/// An expert's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ApproachAnswer {
    /// Interested.
    Yes,
    /// Not this time.
    No,
}

fn answer_of(answer: ApproachAnswer, reason: Option<DeclineReason>) -> Result<Answer, Refusal> {
    match (answer, reason) {
        (ApproachAnswer::Yes, None) => Ok(Answer::Yes),
        (ApproachAnswer::Yes, Some(_)) => {
            Err(Refusal::invalid("reason", "a yes has no reason; leave it out"))
        }
        (ApproachAnswer::No, reason) => Ok(Answer::No(reason.map(Into::into))),
    }
}

/// What became of an answer. A late or repeated one is no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_operations::matches::AnswerOutcome")]
pub enum AnswerOutcome {
    /// A yes, recorded now.
    Accepted,
    /// A no, recorded now.
    Declined,
    /// A yes that was recorded before.
    AlreadyAccepted,
    /// A no that was recorded before.
    AlreadyDeclined,
    /// The question was taken back, or is not open for another reason.
    Withdrawn,
    /// Another expert said yes first.
    SomebodyWasFaster,
    /// It was asked too long ago.
    Expired,
}

/// The answer to `approachExperts`.
#[derive(SimpleObject)]
pub struct ApproachExpertsPayload {
    /// The new matches, in the order of the experts; empty where one of them may not be asked.
    pub matches: Vec<Match>,
    /// Why it did not happen; empty where it did.
    pub user_errors: Vec<UserError>,
}

/// The answer to `answerApproach`.
#[derive(SimpleObject)]
pub struct AnswerApproachPayload {
    /// The match as it is now.
    #[graphql(name = "match")]
    pub matching: Option<Match>,
    /// What became of the answer.
    pub outcome: Option<AnswerOutcome>,
    /// Why it did not happen; empty where it did.
    pub user_errors: Vec<UserError>,
}

/// The answer to `recordAnswerByTelephone`.
#[derive(SimpleObject)]
pub struct RecordAnswerByTelephonePayload {
    /// The match as it is now.
    #[graphql(name = "match")]
    pub matching: Option<Match>,
    /// What became of the answer.
    pub outcome: Option<AnswerOutcome>,
    /// Why it did not happen; empty where it did.
    pub user_errors: Vec<UserError>,
}

payload! {
    /// The answer to `withdrawApproach`.
    WithdrawApproachPayload {
        /// The match as it is now, after a conflict as well.
        #[graphql(name = "match")]
        matching: Match,
    }
}

/// A match, an outcome, and refusals.
type Answered = (Option<Match>, Option<AnswerOutcome>, Vec<UserError>);

fn answered(
    result: tandem_operations::Result<(Row, matches::AnswerOutcome)>,
) -> async_graphql::Result<Answered> {
    match result {
        Ok((matching, outcome)) => Ok((Some(matching.into()), Some(outcome.into()), Vec::new())),
        Err(Error::Refused(errors)) => Ok((None, None, errors.into_iter().map(UserError::from).collect())),
        Err(error) => Err(error.into()),
    }
}

/// Mutations of matches.
#[derive(Default)]
pub struct MatchMutation;

#[Object]
impl MatchMutation {
    /// Asks one or several experts for a case, by e-mail: all of them or, where a rule stands in the way
    /// of one, none. For the regional office.
    async fn approach_experts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case, which is SEARCHING.")] case_id: ID,
        #[graphql(desc = "The experts, 1 to 20.")] expert_ids: Vec<ID>,
        #[graphql(
            default,
            desc = "Whether to ask experts who still lack a background check or a training; they do what is missing after their yes."
        )]
        admit_missing: bool,
        #[graphql(desc = "The same key twice is one effect.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<ApproachExpertsPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let asked = async {
            let case = ids::parse("caseId", &case_id)?;
            let experts = ids::parse_all("expertIds", &expert_ids)?;
            matches::approach(
                app,
                caller,
                case,
                &experts,
                admit_missing,
                idempotency_key.as_deref(),
            )
            .await
        };
        match asked.await {
            Ok(matches) => Ok(ApproachExpertsPayload {
                matches: matches.into_iter().map(Match).collect(),
                user_errors: Vec::new(),
            }),
            Err(Error::Refused(errors)) => Ok(ApproachExpertsPayload {
                matches: Vec::new(),
                user_errors: errors.into_iter().map(UserError::from).collect(),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Answers a question that you are asked. For the expert alone.
    async fn answer_approach(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] id: ID,
        #[graphql(desc = "Yes or no.")] answer: ApproachAnswer,
        #[graphql(desc = "What a no says of itself, if you like.")] reason: Option<DeclineReason>,
    ) -> async_graphql::Result<AnswerApproachPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let result = async {
            let id: MatchId = ids::parse("id", &id)?;
            matches::answer_signed_in(app, caller, id, answer_of(answer, reason)?).await
        };
        let (matching, outcome, user_errors) = answered(result.await)?;
        Ok(AnswerApproachPayload {
            matching,
            outcome,
            user_errors,
        })
    }

    /// Records what an expert answered on the telephone; the expert gets an e-mail that says so. For the
    /// regional office.
    async fn record_answer_by_telephone(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] id: ID,
        #[graphql(desc = "Yes or no.")] answer: ApproachAnswer,
        #[graphql(desc = "What a no said of itself, if anything.")] reason: Option<DeclineReason>,
    ) -> async_graphql::Result<RecordAnswerByTelephonePayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let result = async {
            let id: MatchId = ids::parse("id", &id)?;
            matches::record_by_telephone(app, caller, id, answer_of(answer, reason)?).await
        };
        let (matching, outcome, user_errors) = answered(result.await)?;
        Ok(RecordAnswerByTelephonePayload {
            matching,
            outcome,
            user_errors,
        })
    }

    /// Takes a question back, or a match before it is active; the expert gets a neutral e-mail. For the
    /// regional office.
    async fn withdraw_approach(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
    ) -> async_graphql::Result<WithdrawApproachPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let id: MatchId = match ids::parse("id", &id) {
            Ok(id) => id,
            Err(error) => return settle(Err::<Row, _>(error.into())),
        };
        settle_with_current(
            matches::withdraw(app, caller, id, version).await,
            matches::get(app, caller, id),
        )
        .await
    }
}
