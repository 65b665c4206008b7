//! The job ledger.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tandem_domain::ids::JobId;
use tandem_operations::{jobs::Job as Work, ledger};
use tandem_storage::jobs::{Cursor, Filter, Job as Row, Queue, State};
use uuid::Uuid;

use super::{
    app, caller,
    connection::{Connection, connection, cost, page},
    error::visible,
    ids,
    payload::{payload, settle},
};

/// Which kind of worker takes a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_storage::jobs::Queue")]
pub enum JobQueue {
    /// What somebody waits for at this moment, as a sign-in link.
    Urgent,
    /// Bulk matching runs.
    Matching,
    /// E-mails.
    Mail,
    /// Everything else.
    Maintenance,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_storage::jobs::State")]
pub enum JobState {
    /// Waits until it is due, then for a worker.
    Pending,
    /// Was offered to the workers.
    Dispatched,
    /// A worker is at it.
    Running,
    /// Finished.
    Done,
    /// Given up; can be put back.
    Dead,
}

/// Something that the worker does: once, however often it is tried.
#[derive(Debug, Clone)]
pub struct Job(pub Row);

impl From<Row> for Job {
    fn from(row: Row) -> Self {
        Self(row)
    }
}

impl Job {
    /// The job, where the caller may see it.
    pub async fn load(ctx: &Context<'_>, id: JobId) -> async_graphql::Result<Option<Self>> {
        let found = ledger::find(app(ctx), caller(ctx)?, id).await;
        Ok(visible(found)?.flatten().map(Self))
    }
}

/// Something that the worker does: once, however often it is tried.
#[Object]
impl Job {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// Which kind of worker takes it.
    async fn queue(&self) -> JobQueue {
        self.0.queue.into()
    }

    /// What is to be done, as `SEND_EMAIL`.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// To what; null where this server does not know the kind.
    async fn about_id(&self) -> Option<ID> {
        Some(match Work::from_row(&self.0.kind, &self.0.payload).ok()? {
            Work::MatchingRun { run } => ids::global(run),
            Work::SendEmail { delivery } => ids::global(delivery),
            Work::NextAlternate { matching } => ids::global(matching),
            Work::DataRequest { request } => ids::global(request),
            Work::RenderDocument { document } => ids::global(document),
            Work::ReviewChecks { expert, .. } => ids::global(expert),
            Work::OfferSeats { session, .. } => ids::global(session),
            Work::SignInRequest { request } => ids::global(request),
        })
    }

    /// Where it stands.
    async fn state(&self) -> JobState {
        self.0.state.into()
    }

    /// Attempts begun so far.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// How often it may be tried.
    async fn max_attempts(&self) -> i32 {
        self.0.max_attempts
    }

    /// Not before this instant.
    async fn run_at(&self) -> DateTime<Utc> {
        self.0.run_at
    }

    /// How the last attempt that failed ended.
    async fn last_error(&self) -> Option<&str> {
        self.0.last_error.as_deref()
    }

    /// When it was promised.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When the last attempt began.
    async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at
    }

    /// When it was done or given up.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }
}

/// How many jobs of a queue are in a state.
#[derive(Debug, SimpleObject)]
pub struct JobCount {
    /// The queue.
    queue: JobQueue,
    /// The state.
    state: JobState,
    /// How many.
    count: i64,
}

/// Narrows the list of jobs.
#[derive(Debug, Default, InputObject)]
pub struct JobFilter {
    /// Only those in one of these states.
    pub states: Option<Vec<JobState>>,
    /// Only those of this queue.
    pub queue: Option<JobQueue>,
    /// Only those of this kind, as `SEND_EMAIL`.
    pub kind: Option<String>,
}

/// The place of a job in the list, for its cursor.
#[derive(Serialize, Deserialize)]
struct Key(DateTime<Utc>, Uuid);

payload! {
    /// The answer to `requeueJob`.
    RequeueJobPayload {
        /// The job, pending again.
        job: Job,
    }
}

/// Reading the job ledger.
#[derive(Default)]
pub struct JobQuery;

#[Object]
impl JobQuery {
    /// The jobs, newest first. For administrators; empty for others.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrows the list.")] filter: Option<JobFilter>,
        #[graphql(desc = "The first so many, at most 200.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 200.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<Job>> {
        let page = page::<Key>(first, after, last, before)?.map(|Key(created_at, id)| Cursor {
            created_at,
            id: id.into(),
        });
        let filter = filter.unwrap_or_default();
        let filter = Filter {
            states: filter
                .states
                .unwrap_or_default()
                .into_iter()
                .map(State::from)
                .collect(),
            kind: filter.kind,
            queue: filter.queue.map(Queue::from),
        };
        let slice = ledger::list(app(ctx), caller(ctx)?, &filter, &page).await?;
        Ok(connection(slice, None, |job: &Row| {
            Key(job.created_at, job.id.uuid())
        }))
    }

    /// How many jobs of each queue are in each state; pairs without any are absent. For administrators.
    #[graphql(complexity = "1 + 15 * child_complexity")]
    async fn job_counts(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<JobCount>> {
        let counts = ledger::counts(app(ctx), caller(ctx)?).await?;
        Ok(counts
            .into_iter()
            .map(|count| JobCount {
                queue: count.queue.into(),
                state: count.state.into(),
                count: count.count.cast_signed(),
            })
            .collect())
    }
}

/// What administrators do with jobs.
#[derive(Default)]
pub struct JobMutation;

#[Object]
impl JobMutation {
    /// Gives a dead job as many attempts again as its kind has. For administrators.
    async fn requeue_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job.")] job_id: ID,
    ) -> async_graphql::Result<RequeueJobPayload> {
        let caller = caller(ctx)?;
        match ids::parse::<JobId>("jobId", &job_id) {
            Ok(id) => settle(ledger::requeue(app(ctx), caller, id).await),
            Err(error) => settle(Err::<Row, _>(error.into())),
        }
    }
}
