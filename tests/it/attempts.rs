//! A job that takes too long leaves nothing behind in the database: no open transaction, no lock, no write.

use std::time::Duration;

use sqlx::PgConnection;
use sqlx::postgres::PgPoolOptions;
use tandem_domain::ids::ExpertId;
use tandem_operations::jobs::{self, Job, JobError, JobKind};
use tandem_operations::{App, Caller};
use tandem_tests::TestApp;
use tandem_worker::{Outcome, Registry, drain};
use uuid::Uuid;

/// Writes in a transaction that never ends by itself, and then waits: for `lock`, or for ever.
async fn write_and_wait(app: App, lock: Option<i64>) -> Result<(), JobError> {
    let fault = |error: sqlx::Error| JobError::Fail(error.to_string());
    let mut tx = app.begin(&Caller::system()).await?;
    sqlx::query("UPDATE reminder_plan SET settings = 77")
        .execute(&mut *tx)
        .await
        .map_err(fault)?;
    match lock {
        Some(lock) => sqlx::query("SELECT pg_advisory_xact_lock($1)")
            .bind(lock)
            .execute(&mut *tx)
            .await
            .map(drop)
            .map_err(fault)?,
        None => std::future::pending().await,
    }
    Ok(())
}

async fn time_out(app: &TestApp, lock: Option<i64>) {
    let options = (*app.worker.db.connect_options()).clone();
    let worker = App {
        // as a worker's own, only that it gives up sooner
        db: PgPoolOptions::new()
            .connect_with(tandem_storage::with_lock_timeout(options, "500ms"))
            .await
            .expect("the test's database can be reached"),
        ..app.worker.clone()
    };
    let mut tx = worker.begin(&Caller::system()).await.expect("a transaction");
    let job = Job::ReviewChecks {
        expert: ExpertId::from(Uuid::nil()),
        occasion: Uuid::from_u128(lock.unwrap_or_default() as u128),
    };
    jobs::enqueue(&mut tx, &worker, &[job]).await.expect("a job");
    tx.commit().await.expect("a job");
    let registry = Registry::new()
        .on(JobKind::ReviewChecks, move |app, _, _| write_and_wait(app, lock))
        .within(JobKind::ReviewChecks, Duration::from_millis(300));
    let ran = drain(&registry, &worker).await.expect("the ledger can be read");
    assert!(
        matches!(
            ran[..],
            [tandem_worker::Ran {
                outcome: Outcome::Retry(_),
                ..
            }]
        ),
        "{ran:?}"
    );
}

async fn transactions(conn: &mut PgConnection) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
            AND backend_type = 'client backend'",
    )
    .fetch_one(conn)
    .await
    .expect("the activity")
}

/// The connection is given back by a task of its own: it is asked about until it has.
async fn all_end(conn: &mut PgConnection) {
    for _ in 0..10_000 {
        if transactions(conn).await == 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("a transaction stays open");
}

/// What the handler had locked is free, and what it had written is not there.
async fn nothing_is_left(watcher: &mut PgConnection) {
    sqlx::query("SET lock_timeout = '1s'")
        .execute(&mut *watcher)
        .await
        .unwrap();
    let settings: i64 = sqlx::query_scalar("UPDATE reminder_plan SET only_one = true RETURNING settings")
        .fetch_one(watcher)
        .await
        .expect("nobody holds the row");
    assert_eq!(settings, 0);
}

#[tokio::test]
async fn a_handler_that_is_timed_out_between_two_statements_leaves_no_transaction() {
    let app = TestApp::start().await;
    let mut watcher = app.superuser().await;
    time_out(&app, None).await;
    all_end(&mut watcher).await;
    nothing_is_left(&mut watcher).await;
    app.finish_leaving(&[tandem_storage::jobs::State::Pending]).await;
}

#[tokio::test]
async fn a_handler_that_is_timed_out_while_it_waits_for_a_lock_gives_up_its_own_locks() {
    let app = TestApp::start().await;
    let mut watcher = app.superuser().await;
    // somebody else holds the lock and does not let go
    let mut holder = app.superuser().await;
    sqlx::query("SELECT pg_advisory_lock(77)")
        .execute(&mut holder)
        .await
        .unwrap();
    time_out(&app, Some(77)).await;
    all_end(&mut watcher).await;
    nothing_is_left(&mut watcher).await;
    app.finish_leaving(&[tandem_storage::jobs::State::Pending]).await;
}
