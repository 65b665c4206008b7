//! Scheduled sweeps: once a tick, whoever asks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use futures::future::join_all;
use sqlx::PgConnection;
use tandem_mail::{SmtpMailer, SmtpOptions};
use tandem_operations::{
    deliveries::Sender,
    jobs::{JobError, JobKind},
};
use tandem_storage::jobs;
use tandem_worker::{Registry, drain, handlers::Handlers, run_due_sweeps, sweeps::Schedule};

use crate::stage::Stage;

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_is_run_by_one_replica_and_missed_ones_are_caught_up_once() {
    let stage = Stage::new().await;
    let runs = Arc::new(AtomicU32::new(0));
    let counting = runs.clone();
    let registry = Registry::new().sweep("count", Schedule::Every(HOUR), move |_| {
        let runs = counting.clone();
        async move {
            runs.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    });
    join_all((0..8).map(|_| run_due_sweeps(&registry, &stage.app))).await;
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    stage.clock.advance(TimeDelta::minutes(59));
    run_due_sweeps(&registry, &stage.app).await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 1, "the same tick");
    stage.clock.advance(TimeDelta::days(3));
    for _ in 0..3 {
        run_due_sweeps(&registry, &stage.app).await.unwrap();
    }
    assert_eq!(runs.load(Ordering::SeqCst), 2, "three missed days are one sweep");
    stage.close().await;
}

#[tokio::test]
async fn a_sweep_that_failed_is_run_again() {
    let stage = Stage::new().await;
    let broken = Arc::new(AtomicBool::new(true));
    let breaking = broken.clone();
    let registry = Registry::new().sweep("fragile", Schedule::Every(HOUR), move |_| {
        let broken = breaking.load(Ordering::SeqCst);
        async move {
            if broken {
                Err(JobError::Retry("out of paper".into()))
            } else {
                Ok(())
            }
        }
    });
    let error = run_due_sweeps(&registry, &stage.app)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("fragile") && error.contains("out of paper"),
        "{error}"
    );
    broken.store(false, Ordering::SeqCst);
    assert_eq!(run_due_sweeps(&registry, &stage.app).await.unwrap(), ["fragile"]);
    assert_eq!(run_due_sweeps(&registry, &stage.app).await.unwrap(), [""; 0]);
    stage.close().await;
}

/// Whoever asks next would be told that somebody is at the tick, and look again only seconds later.
#[tokio::test]
async fn a_tick_that_nobody_is_at_any_more_is_free_at_once() {
    let stage = Stage::new().await;
    let registry = Registry::new().sweep("hourly", Schedule::Every(HOUR), |_| async { Ok(()) });
    let broken = Registry::new().sweep("broken", Schedule::Every(HOUR), |_| async {
        Err(JobError::Retry("out of paper".into()))
    });
    // not one of the pool's, so that asking does not wait for what the pool has yet to tidy up
    let mut observer = stage.conn().await;
    assert_eq!(run_due_sweeps(&registry, &stage.app).await.unwrap(), ["hourly"]);
    for _ in 0..20 {
        assert_eq!(run_due_sweeps(&registry, &stage.app).await.unwrap(), [""; 0]);
        assert_eq!(ticks_in_work(&mut observer).await, 0, "it was run already");
        run_due_sweeps(&broken, &stage.app).await.unwrap_err();
        assert_eq!(ticks_in_work(&mut observer).await, 0, "it failed");
    }
    stage.close().await;
}

async fn ticks_in_work(conn: &mut PgConnection) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM pg_locks JOIN pg_database AS base ON base.oid = database
         WHERE locktype = 'advisory' AND base.datname = current_database()",
    )
    .fetch_one(conn)
    .await
    .unwrap()
}

#[tokio::test]
async fn the_purge_keeps_two_weeks() {
    let stage = Stage::new().await;
    stage.promise_mails(1).await;
    let done = Registry::new().on(JobKind::SendEmail, |_, _, _| async { Ok(()) });
    drain(&done, &stage.app).await.unwrap();
    let real = real_registry();
    stage.clock.advance(TimeDelta::days(14));
    assert!(
        run_due_sweeps(&real, &stage.app)
            .await
            .unwrap()
            .contains(&"purge")
    );
    assert_eq!(jobs::counts(&mut stage.conn().await).await.unwrap().len(), 1);
    stage.clock.advance(TimeDelta::days(1));
    run_due_sweeps(&real, &stage.app).await.unwrap();
    assert_eq!(jobs::counts(&mut stage.conn().await).await.unwrap(), []);
    stage.close().await;
}

/// What the program does; no mail is sent here.
fn real_registry() -> Registry {
    let smtp = SmtpMailer::new("smtp://127.0.0.1:9", SmtpOptions::default()).unwrap();
    let sender = Sender::new(smtp, "tandem@example.org".parse().unwrap());
    Handlers { sender, anchor: None }.registry()
}
