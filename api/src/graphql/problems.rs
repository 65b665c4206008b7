//! Problems that mentees and guardians report: for centre and office, never for the expert.

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use tandem_domain::ids::ProblemId;
use tandem_operations::problems::{self, Problem as Row};

use super::{
    app, caller, ids,
    matches::life::Side,
    payload::{payload, settle},
};

/// A reported problem.
#[derive(Debug, Clone, SimpleObject)]
pub struct Problem {
    /// The global id.
    id: ID,
    /// The global id of the case.
    case_id: ID,
    /// The global id of the match, where one was under way.
    match_id: Option<ID>,
    /// Who reported it.
    side: Side,
    /// What.
    text: String,
    /// When.
    reported_at: DateTime<Utc>,
    /// When it was settled.
    settled_at: Option<DateTime<Utc>>,
    /// What was done.
    settled_note: String,
}

impl From<Row> for Problem {
    fn from(row: Row) -> Self {
        Self {
            id: ids::global(row.id),
            case_id: ids::global(row.case),
            match_id: row.matching.map(ids::global),
            side: row.side.into(),
            text: row.text,
            reported_at: row.reported_at,
            settled_at: row.settled_at,
            settled_note: row.settled_note,
        }
    }
}

/// Queries for problems.
#[derive(Default)]
pub struct ProblemQuery;

#[Object]
impl ProblemQuery {
    /// The problems that you look after, the newest first, at most 200. For centre and office; reading
    /// them leaves a trace.
    #[graphql(complexity = "20 * child_complexity")]
    async fn problems(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this case.")] case_id: Option<ID>,
        #[graphql(default = true, desc = "Only those that nobody has settled.")] open_only: bool,
    ) -> async_graphql::Result<Vec<Problem>> {
        let case = ids::parse_optional("caseId", case_id.as_ref())?;
        let found = problems::list(app(ctx), caller(ctx)?, case, open_only).await?;
        Ok(found.into_iter().map(Problem::from).collect())
    }
}

payload! {
    /// The answer to `reportProblem`.
    ReportProblemPayload {
        /// The global id of the report.
        id: ID,
    }
}
payload! {
    /// The answer to `settleProblem`.
    SettleProblemPayload {
        /// The problem as it is now.
        problem: Problem,
    }
}

/// Mutations of problems.
#[derive(Default)]
pub struct ProblemMutation;

#[Object]
impl ProblemMutation {
    /// Reports a problem to centre and office; the expert does not learn of it. For the mentee.
    async fn report_problem(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Your case.")] case_id: ID,
        #[graphql(desc = "What the problem is.")] text: String,
    ) -> async_graphql::Result<ReportProblemPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let reported = async {
            let case = ids::parse("caseId", &case_id)?;
            let id = problems::report_problem(app, caller, case, &text).await?;
            Ok(ids::global(id))
        };
        settle(reported.await)
    }

    /// Notes what was done about a problem. For centre and office.
    async fn settle_problem(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The problem.")] id: ID,
        #[graphql(desc = "What was done.")] note: String,
    ) -> async_graphql::Result<SettleProblemPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let settled = async {
            let id: ProblemId = ids::parse("id", &id)?;
            problems::settle(app, caller, id, &note).await
        };
        settle(settled.await)
    }
}
