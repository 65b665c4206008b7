//! What a handler knows about the attempt that it is.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tandem_domain::ids::JobId;
use tandem_storage::{PgConnection, jobs};
use tokio::{sync::watch, task::AbortHandle, time::Instant};

use super::JobKind;
use crate::{App, Caller, Error, Result};

/// Why an attempt did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// It may succeed later: wait, then try again as long as attempts are left.
    #[error("{0}")]
    Retry(String),
    /// It is not its time yet: begin again then, without counting this attempt.
    #[error("not before {0}: {1}")]
    Postpone(DateTime<Utc>, String),
    /// It will never succeed: a person has to look at it.
    #[error("{0}")]
    Fail(String),
}

impl From<Error> for JobError {
    /// A refusal, and a row that does not fit the domain, stay as they are until somebody acts; every
    /// other fault may pass.
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(_) | Error::Storage(tandem_storage::Error::Corrupt { .. }) => {
                Self::Fail(error.to_string())
            }
            Error::Storage(_) | Error::Fault(_) => Self::Retry(error.to_string()),
        }
    }
}

/// One attempt at one job.
#[derive(Debug)]
pub struct JobContext {
    /// The job.
    pub id: JobId,
    /// What is to be done.
    pub kind: JobKind,
    /// Which attempt this is, from 1.
    pub attempt: i32,
    /// How many it may have.
    pub max_attempts: i32,
    lease: Lease,
}

impl JobContext {
    /// The context of an attempt that was claimed just now.
    pub fn new(id: JobId, kind: JobKind, attempt: i32, max_attempts: i32, lease: Lease) -> Self {
        Self {
            id,
            kind,
            attempt,
            max_attempts,
            lease,
        }
    }

    /// Whether another attempt may have begun. Cheap: long computations ask it now and then and stop.
    pub fn is_lost(&self) -> bool {
        *self.lease.lost.borrow()
    }

    /// An error once the lease is lost: for the steps of a long handler.
    pub fn check(&self) -> Result<()> {
        if self.is_lost() { Err(self.lost()) } else { Ok(()) }
    }

    /// Makes sure that no other attempt begins before the caller's transaction ends, and fails where one
    /// may have begun: called before what a handler writes.
    pub async fn hold(&self, conn: &mut PgConnection) -> Result<()> {
        if jobs::hold(conn, self.id, self.attempt).await? {
            Ok(())
        } else {
            Err(self.lost())
        }
    }

    /// Stores how far the attempt is, as part of the caller's transaction or on its own.
    pub async fn report_progress(&self, conn: &mut PgConnection, progress: &Value) -> Result<()> {
        if jobs::report_progress(conn, self.id, self.attempt, progress).await? {
            Ok(())
        } else {
            Err(self.lost())
        }
    }

    /// Returns as soon as the lease is lost, otherwise never.
    pub async fn until_lost(&self) {
        let mut lost = self.lease.lost.clone();
        if lost.wait_for(|lost| *lost).await.is_err() {
            // The renewal ended without losing the lease, which it does only with the lease itself.
            std::future::pending::<()>().await;
        }
    }

    fn lost(&self) -> Error {
        Error::Fault(format!(
            "attempt {} at job {} lost its lease",
            self.attempt, self.id
        ))
    }
}

/// A lease that is renewed in the background until it is dropped.
#[derive(Debug)]
pub struct Lease {
    lost: watch::Receiver<bool>,
    renewal: AbortHandle,
}

impl Lease {
    /// Keeps the lease of an attempt alive that was claimed at `claimed` for `length`.
    ///
    /// It is renewed each third of its length. It counts as lost when the ledger says so, or when its
    /// end passes while the ledger cannot be reached.
    pub fn keep(app: &App, id: JobId, attempt: i32, claimed: Instant, length: Duration) -> Self {
        let (sender, lost) = watch::channel(false);
        let renewal = tokio::spawn(renew(app.clone(), id, attempt, claimed, length, sender)).abort_handle();
        Self { lost, renewal }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

async fn renew(
    app: App,
    id: JobId,
    attempt: i32,
    claimed: Instant,
    length: Duration,
    lost: watch::Sender<bool>,
) {
    let mut end = claimed + length;
    let mut next = claimed + length / 3;
    loop {
        tokio::time::sleep_until(next).await;
        let asked = Instant::now();
        match tokio::time::timeout_at(end, prolong(&app, id, attempt, length)).await {
            Ok(Ok(true)) => end = asked + length,
            Ok(Ok(false)) => break,
            Ok(Err(error)) => tracing::warn!(job = %id, %error, "the lease could not be renewed"),
            Err(_) => {}
        }
        if Instant::now() >= end {
            break;
        }
        next = (asked + length / 3).min(end);
    }
    tracing::warn!(job = %id, attempt, "the lease is lost");
    lost.send_replace(true);
    // Keeps the channel open for as long as somebody may ask.
    lost.closed().await;
}

async fn prolong(app: &App, id: JobId, attempt: i32, length: Duration) -> Result<bool> {
    let mut tx = app.begin(&Caller::system()).await?;
    let held = jobs::renew(&mut tx, id, attempt, app.now() + length).await?;
    tx.commit().await?;
    Ok(held)
}

#[cfg(test)]
mod tests {
    use tandem_domain::errors::UserError;

    use super::*;

    #[test]
    fn a_refusal_is_final_and_a_fault_is_not() {
        let refused = Error::from(UserError::conflict("the run was discarded"));
        assert_eq!(
            JobError::from(refused),
            JobError::Fail("refused: the run was discarded".into())
        );
        assert!(matches!(
            JobError::from(Error::Fault("no route to host".into())),
            JobError::Retry(_)
        ));
        assert!(matches!(
            JobError::from(Error::from(sqlx::Error::PoolTimedOut)),
            JobError::Retry(_)
        ));
    }

    #[test]
    fn a_corrupt_row_is_for_a_person() {
        let corrupt = tandem_storage::Error::Corrupt {
            table: "matching_runs",
            column: "state",
            id: "7".into(),
            problem: "has the unknown value \"X\"".into(),
        };
        assert!(matches!(JobError::from(Error::from(corrupt)), JobError::Fail(_)));
    }
}
