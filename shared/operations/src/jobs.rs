//! The one list of what can be done later, and how to promise it.
//!
//! [`enqueue`] is called inside the transaction of the operation that needs the job done
//! (architecture.md, decision 2); the worker finds a [`Job`]'s handler by its kind.

mod context;
mod policy;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tandem_domain::ids::{
    DataRequestId, DeliveryId, DocumentId, ExpertId, JobId, MatchId, RunId, SignInRequestId,
    TrainingSessionId,
};
pub use tandem_storage::jobs::{Queue, State};
use tandem_storage::{
    PgConnection,
    jobs::{self, NewJob},
};

pub use self::{
    context::{JobContext, JobError, Lease},
    policy::{Backoff, Policy},
};
use uuid::Uuid;

use crate::{App, Error, Result};

/// A job: what is to be done, and to what. Ids only, never copies of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, strum::EnumDiscriminants)]
#[serde(tag = "kind", content = "payload", rename_all = "SCREAMING_SNAKE_CASE")]
#[strum_discriminants(
    name(JobKind),
    doc = "What is to be done; the worker has a handler for each.",
    derive(
        Hash,
        PartialOrd,
        Ord,
        strum::Display,
        strum::EnumString,
        strum::IntoStaticStr,
        strum::VariantArray
    ),
    strum(serialize_all = "SCREAMING_SNAKE_CASE")
)]
pub enum Job {
    /// Makes the plan of a bulk matching run.
    MatchingRun {
        /// The run.
        run: RunId,
    },
    /// Sends one e-mail.
    SendEmail {
        /// The mail's row, which exists before it is sent.
        delivery: DeliveryId,
    },
    /// Brings the next alternate forward after a decline or a lapse.
    NextAlternate {
        /// The match that did not come about.
        matching: MatchId,
    },
    /// Exports or erases what is kept about one person.
    DataRequest {
        /// The request.
        request: DataRequestId,
    },
    /// Sets a document in type.
    RenderDocument {
        /// The document.
        document: DocumentId,
    },
    /// Looks whether an expert's matches may go on with the checks as they are now.
    ReviewChecks {
        /// The expert.
        expert: ExpertId,
        /// A fresh id, since each change is looked at.
        occasion: Uuid,
    },
    /// Offers free seats of a session to those who wait.
    OfferSeats {
        /// The session.
        session: TrainingSessionId,
        /// A fresh id, since each free seat is offered.
        occasion: Uuid,
    },
    /// Sends a sign-in link, if somebody who may sign in asked for it.
    SignInRequest {
        /// The wish.
        request: SignInRequestId,
    },
}

impl JobKind {
    /// The word in the ledger.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl Job {
    /// What is to be done.
    pub fn kind(&self) -> JobKind {
        self.into()
    }

    /// The key under which the ledger holds this job at most once.
    pub fn dedupe_key(&self) -> String {
        let id = match *self {
            Self::MatchingRun { run } => run.uuid(),
            Self::SendEmail { delivery } => delivery.uuid(),
            Self::NextAlternate { matching } => matching.uuid(),
            Self::DataRequest { request } => request.uuid(),
            Self::RenderDocument { document } => document.uuid(),
            Self::ReviewChecks { occasion, .. } | Self::OfferSeats { occasion, .. } => occasion,
            Self::SignInRequest { request } => request.uuid(),
        };
        format!("{}:{id}", self.kind())
    }

    /// The job that a row of the ledger stands for.
    ///
    /// # Errors
    /// A text that names the kind where this program does not know it, or the payload where it does not
    /// fit; an older program may meet jobs of a newer one.
    pub fn from_row(kind: &str, payload: &serde_json::Value) -> std::result::Result<Self, String> {
        serde_json::from_value(serde_json::json!({ "kind": kind, "payload": payload }))
            .map_err(|error| format!("the job's kind {kind:?} or its payload is not understood: {error}"))
    }

    fn payload(&self) -> Result<serde_json::Value> {
        let mut row = serde_json::to_value(self).map_err(|error| {
            Error::Fault(format!(
                "a job of kind {} cannot be written: {error}",
                self.kind()
            ))
        })?;
        Ok(row["payload"].take())
    }
}

/// Promises jobs as part of the caller's transaction, to begin at once when it commits.
///
/// Returns the ids of those that the ledger did not hold already ([`Job::dedupe_key`]).
pub async fn enqueue(conn: &mut PgConnection, app: &App, jobs: &[Job]) -> Result<Vec<JobId>> {
    enqueue_at(conn, app, jobs, app.now()).await
}

/// Promises jobs as part of the caller's transaction, to begin at `run_at` or soon after.
///
/// Returns the ids of those that the ledger did not hold already ([`Job::dedupe_key`]).
pub async fn enqueue_at(
    conn: &mut PgConnection,
    app: &App,
    jobs: &[Job],
    run_at: DateTime<Utc>,
) -> Result<Vec<JobId>> {
    let rows = jobs
        .iter()
        .map(|job| row(app, job, job.kind().policy().queue, run_at))
        .collect::<Result<Vec<_>>>()?;
    Ok(jobs::insert_many(conn, &rows, app.now()).await?)
}

/// As [`enqueue_at`], for jobs that somebody waits for, whatever their kind: they overtake all others.
pub async fn enqueue_urgent(
    conn: &mut PgConnection,
    app: &App,
    jobs: &[Job],
    run_at: DateTime<Utc>,
) -> Result<Vec<JobId>> {
    let rows = jobs
        .iter()
        .map(|job| row(app, job, Queue::Urgent, run_at))
        .collect::<Result<Vec<_>>>()?;
    Ok(jobs::insert_many(conn, &rows, app.now()).await?)
}

fn row(app: &App, job: &Job, queue: Queue, run_at: DateTime<Utc>) -> Result<NewJob> {
    Ok(NewJob {
        id: app.id(),
        queue,
        kind: job.kind().to_string(),
        payload: job.payload()?,
        max_attempts: job.kind().policy().max_attempts,
        run_at,
        dedupe_key: Some(job.dedupe_key()),
    })
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;
    use uuid::Uuid;

    use super::*;

    fn one_of(kind: JobKind) -> Job {
        let id = Uuid::from_u128(7);
        match kind {
            JobKind::MatchingRun => Job::MatchingRun { run: id.into() },
            JobKind::SendEmail => Job::SendEmail { delivery: id.into() },
            JobKind::NextAlternate => Job::NextAlternate { matching: id.into() },
            JobKind::DataRequest => Job::DataRequest { request: id.into() },
            JobKind::RenderDocument => Job::RenderDocument { document: id.into() },
            JobKind::ReviewChecks => Job::ReviewChecks {
                expert: id.into(),
                occasion: id,
            },
            JobKind::OfferSeats => Job::OfferSeats {
                session: id.into(),
                occasion: id,
            },
            JobKind::SignInRequest => Job::SignInRequest { request: id.into() },
        }
    }

    #[test]
    fn every_job_is_read_back_as_it_was_written() {
        for kind in JobKind::VARIANTS {
            let job = one_of(*kind);
            assert_eq!(Job::from_row(kind.as_str(), &job.payload().unwrap()), Ok(job));
        }
    }

    #[test]
    fn the_kind_is_the_same_word_in_the_row_and_in_the_serialised_job() {
        for kind in JobKind::VARIANTS {
            assert_eq!(
                serde_json::to_value(one_of(*kind)).unwrap()["kind"],
                kind.as_str()
            );
        }
    }

    #[test]
    fn a_payload_holds_ids_only() {
        let payload = one_of(JobKind::SendEmail).payload().unwrap();
        assert_eq!(
            payload,
            serde_json::json!({ "delivery": "00000000-0000-0000-0000-000000000007" })
        );
    }

    #[test]
    fn an_unknown_kind_is_named() {
        let error = Job::from_row("MAKE_TEA", &serde_json::json!({})).unwrap_err();
        assert!(error.contains("MAKE_TEA"), "{error}");
    }

    #[test]
    fn jobs_of_different_kinds_about_the_same_id_are_different() {
        assert_ne!(
            one_of(JobKind::MatchingRun).dedupe_key(),
            one_of(JobKind::SendEmail).dedupe_key()
        );
    }
}
