//! One attempt after the other: exactly once, backoff, death, panics, the fence.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use futures::future::join_all;
use tandem_domain::{errors::UserError, ids::JobId};
use tandem_operations::{
    Caller, Error,
    jobs::{Job, JobError, JobKind, State},
};
use tandem_storage::jobs;
use tandem_worker::{Outcome, Registry, attempt, drain, sweeps::leases};
use tokio::sync::Notify;

use crate::stage::{Stage, effect};

const LEASE: Duration = Duration::from_secs(20);

fn working() -> Registry {
    Registry::new()
        .on(JobKind::SendEmail, |app, _, context| async move {
            effect(&app, &context, "done").await
        })
        .on(JobKind::NextAlternate, |app, _, context| async move {
            effect(&app, &context, "done").await
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_has_its_effect_once_however_often_its_id_arrives() {
    let stage = Stage::new().await;
    let id = stage.promise_mails(1).await[0];
    let registry = working();
    let outcomes = join_all((0..40).map(|_| attempt(&registry, &stage.app, LEASE, id))).await;
    let done = outcomes
        .iter()
        .filter(|outcome| *outcome.as_ref().unwrap() == Outcome::Done)
        .count();
    assert_eq!((done, stage.effects().await), (1, vec![1]));
    assert_eq!(
        attempt(&registry, &stage.app, LEASE, id).await.unwrap(),
        Outcome::Nothing
    );
    stage.close().await;
}

#[tokio::test]
async fn draining_does_what_is_due_and_what_that_brings_about() {
    let stage = Stage::new().await;
    let follow_up = Job::NextAlternate {
        matching: stage.app.id(),
    };
    let registry = working().on(JobKind::SendEmail, move |app, _, _| async move {
        let mut tx = app.begin(&Caller::system()).await?;
        tandem_operations::jobs::enqueue(&mut tx, &app, &[follow_up]).await?;
        tx.commit().await.map_err(Error::from)?;
        Ok(())
    });
    stage.promise_mails(3).await;
    let ran = drain(&registry, &stage.app).await.unwrap();
    let kinds: Vec<&str> = ran.iter().map(|ran| ran.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["SEND_EMAIL", "SEND_EMAIL", "SEND_EMAIL", "NEXT_ALTERNATE"]
    );
    assert!(ran.iter().all(|ran| ran.outcome == Outcome::Done));
    stage.close().await;
}

#[tokio::test]
async fn a_failing_job_waits_longer_each_time_and_dies_with_its_last_error() {
    let stage = Stage::new().await;
    let id = stage.promise_mails(1).await[0];
    let registry = Registry::new().on(JobKind::SendEmail, |_, _, context| async move {
        Err(JobError::Retry(format!(
            "no answer to attempt {}",
            context.attempt
        )))
    });
    let policy = JobKind::SendEmail.policy();
    let mut waits = Vec::new();
    for attempt in 1..policy.max_attempts {
        let ran = drain(&registry, &stage.app).await.unwrap();
        assert!(
            matches!(ran[..], [ref one] if matches!(one.outcome, Outcome::Retry(_))),
            "{attempt}: {ran:?}"
        );
        let job = stage.job(id).await;
        assert_eq!((job.state, job.attempts), (State::Pending, attempt));
        waits.push((job.run_at - stage.app.now()).to_std().unwrap());
        stage.wait_for(id).await;
    }
    for (wait, attempt) in waits.iter().zip(1..) {
        let full = policy.backoff.delay(attempt, 0.0);
        assert!(
            full / 2 <= *wait && *wait <= full,
            "attempt {attempt} waited {wait:?} of {full:?}"
        );
    }
    let last = drain(&registry, &stage.app).await.unwrap();
    assert_eq!(last[0].outcome, Outcome::Dead);
    let job = stage.job(id).await;
    assert_eq!((job.state, job.finished_at), (State::Dead, Some(stage.app.now())));
    assert_eq!(job.last_error.as_deref(), Some("no answer to attempt 12"));
    stage.clock.advance(TimeDelta::days(365));
    assert_eq!(drain(&registry, &stage.app).await.unwrap(), []);
    stage.close().await;
}

#[tokio::test]
async fn a_dead_job_that_is_requeued_is_tried_again_and_keeps_counting() {
    let stage = Stage::new().await;
    let id = stage.promise_mails(1).await[0];
    let refusing = Registry::new().on(JobKind::SendEmail, |_, _, _| async {
        Err(Error::from(UserError::conflict("it was discarded")).into())
    });
    assert_eq!(
        drain(&refusing, &stage.app).await.unwrap()[0].outcome,
        Outcome::Dead
    );
    assert_eq!(
        stage.job(id).await.last_error.as_deref(),
        Some("refused: it was discarded")
    );
    let requeued = jobs::requeue(&mut stage.conn().await, &[id], 3, stage.app.now())
        .await
        .unwrap();
    assert_eq!(requeued, [id]);
    let job = stage.job(id).await;
    assert_eq!((job.attempts, job.max_attempts), (1, 4));
    assert_eq!(
        drain(&working(), &stage.app).await.unwrap()[0].outcome,
        Outcome::Done
    );
    assert_eq!(stage.attempts_that("done").await, [2]);
    let again = jobs::requeue(&mut stage.conn().await, &[id], 3, stage.app.now())
        .await
        .unwrap();
    assert_eq!(again, [], "only a dead job is requeued");
    stage.close().await;
}

#[tokio::test]
async fn a_panic_is_a_failure_of_that_job_only() {
    let stage = Stage::new().await;
    let ids = stage.promise_mails(3).await;
    let unlucky = ids[1];
    let registry = Registry::new().on(JobKind::SendEmail, move |app, _, context| async move {
        assert!(context.id != unlucky, "the address has {} at signs", 7);
        effect(&app, &context, "done").await
    });
    for ran in drain(&registry, &stage.app).await.unwrap() {
        assert_eq!(
            matches!(ran.outcome, Outcome::Retry(_)),
            ran.id == unlucky,
            "{ran:?}"
        );
    }
    assert_eq!(stage.effects().await, [1, 1]);
    let error = stage.job(unlucky).await.last_error.unwrap();
    assert!(
        error.contains("panicked") && error.contains("the address has 7 at signs"),
        "{error}"
    );
    stage.close().await;
}

#[tokio::test]
async fn a_job_that_no_handler_knows_stays_for_one_that_does() {
    let stage = Stage::new().await;
    let id = stage.promise_mails(1).await[0];
    drain(&Registry::new(), &stage.app).await.unwrap();
    let job = stage.job(id).await;
    assert_eq!(job.state, State::Pending);
    assert!(job.last_error.unwrap().contains("SEND_EMAIL"));
    stage.wait_for(id).await;
    assert_eq!(
        drain(&working(), &stage.app).await.unwrap()[0].outcome,
        Outcome::Done
    );
    stage.close().await;
}

async fn claim(stage: &Stage, id: JobId) -> i32 {
    let now = stage.app.now();
    jobs::claim(&mut stage.conn().await, id, now, now + LEASE)
        .await
        .unwrap()
        .expect("it can be claimed")
        .attempt
}

#[tokio::test]
async fn who_lost_the_lease_cannot_overwrite_what_came_after() {
    let stage = Stage::new().await;
    let id = stage.promise_mails(1).await[0];
    let now = stage.app.now();
    let first = claim(&stage, id).await;
    stage.clock.advance(TimeDelta::from_std(LEASE * 2).unwrap());
    assert_eq!(leases::sweep(&stage.app).await.unwrap(), 1);
    let mut conn = stage.conn().await;
    assert!(
        !jobs::finish(&mut conn, id, first, now).await.unwrap(),
        "before the next attempt begins"
    );
    let second = claim(&stage, id).await;
    assert!(!jobs::finish(&mut conn, id, first, now).await.unwrap());
    assert!(!jobs::bury(&mut conn, id, first, now, "late").await.unwrap());
    assert_eq!(
        jobs::retry(&mut conn, id, first, now, now, "late").await.unwrap(),
        None
    );
    assert!(!jobs::renew(&mut conn, id, first, now + LEASE * 9).await.unwrap());
    assert!(!jobs::hold(&mut conn, id, first).await.unwrap());
    assert!(
        !jobs::report_progress(&mut conn, id, first, &serde_json::json!({ "late": true }))
            .await
            .unwrap()
    );
    let job = stage.job(id).await;
    assert_eq!(
        (job.state, job.attempts, job.progress),
        (State::Running, second, None)
    );
    assert!(jobs::finish(&mut conn, id, second, now).await.unwrap());
    drop(conn);
    stage.close().await;
}

#[tokio::test]
async fn a_lease_that_is_held_by_a_transaction_is_not_returned_under_it() {
    let stage = Stage::new().await;
    let id = stage.promise_mails(1).await[0];
    let attempt = claim(&stage, id).await;
    let mut tx = stage.app.begin(&Caller::system()).await.unwrap();
    assert!(jobs::hold(&mut tx, id, attempt).await.unwrap());
    stage.clock.advance(TimeDelta::from_std(LEASE * 2).unwrap());
    assert_eq!(leases::sweep(&stage.app).await.unwrap(), 0);
    let mut other = stage.conn().await;
    let renewed = jobs::renew(&mut other, id, attempt, stage.app.now() - LEASE)
        .await
        .unwrap();
    assert!(renewed, "the background renewal is not in its way");
    tx.commit().await.unwrap();
    assert_eq!(leases::sweep(&stage.app).await.unwrap(), 1);
    drop(other);
    stage.close().await;
}

#[tokio::test]
async fn a_last_attempt_that_ends_without_a_word_is_a_death() {
    let stage = Stage::new().await;
    let id = stage.promise_mails(1).await[0];
    for _ in 0..JobKind::SendEmail.policy().max_attempts {
        claim(&stage, id).await;
        stage.clock.advance(TimeDelta::from_std(LEASE * 2).unwrap());
        assert_eq!(leases::sweep(&stage.app).await.unwrap(), 1);
    }
    let job = stage.job(id).await;
    assert_eq!(job.state, State::Dead);
    assert!(
        job.last_error
            .unwrap()
            .contains("attempt 12 ended without a word")
    );
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_lost_its_lease_is_stopped_before_it_writes() {
    let stage = Stage::new().await;
    let id = stage.promise_mails(1).await[0];
    let begun = Arc::new(Notify::new());
    let telling = begun.clone();
    let registry = Arc::new(Registry::new().on(JobKind::SendEmail, move |app, _, context| {
        let begun = telling.clone();
        async move {
            let mut tx = app.begin(&Caller::system()).await?;
            sqlx::query("INSERT INTO effects (job, attempt, what) VALUES ($1, $2, 'done')")
                .bind(context.id.uuid())
                .bind(context.attempt)
                .execute(&mut *tx)
                .await
                .map_err(Error::from)?;
            begun.notify_one();
            std::future::pending::<()>().await;
            tx.commit().await.map_err(Error::from)?;
            Ok(())
        }
    }));
    let (app, late) = (stage.app.clone(), registry.clone());
    let late = tokio::spawn(async move { attempt(&late, &app, Duration::from_secs(3), id).await.unwrap() });
    begun.notified().await;
    // A renewal between the two lets the lease begin at the new time, and the next one has to end as well.
    let mut returned = 0;
    while returned == 0 && !late.is_finished() {
        stage.clock.advance(TimeDelta::from_std(LEASE).unwrap());
        returned = leases::sweep(&stage.app).await.unwrap();
    }
    // Far less than what the attempt may take.
    let outcome = tokio::time::timeout(LEASE, late)
        .await
        .expect("the renewal finds that the lease is gone");
    assert_eq!(outcome.unwrap(), Outcome::Lost);
    assert_eq!(stage.effects().await, [0_i64; 0]);
    assert_eq!(stage.job(id).await.state, State::Pending);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_job_keeps_its_lease() {
    let stage = Stage::in_real_time().await;
    let id = stage.promise_mails(1).await[0];
    // long enough for a busy machine to renew it in time
    let lease = Duration::from_secs(3);
    let registry = Registry::new().on(JobKind::SendEmail, move |app, _, context| async move {
        // As long as two leases, counted in renewals.
        let mut last = None;
        for _ in 0..7 {
            loop {
                let until: Option<chrono::DateTime<chrono::Utc>> =
                    sqlx::query_scalar("SELECT lease_until FROM jobs WHERE id = $1")
                        .bind(context.id.uuid())
                        .fetch_one(&app.db)
                        .await
                        .map_err(Error::from)?;
                if until != last {
                    last = until;
                    break;
                }
                tokio::task::yield_now().await;
            }
            leases::sweep(&app).await?;
            context.check()?;
        }
        effect(&app, &context, "done").await
    });
    assert_eq!(
        attempt(&registry, &stage.app, lease, id).await.unwrap(),
        Outcome::Done
    );
    assert_eq!(stage.job(id).await.attempts, 1);
    stage.close().await;
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_has_failed() {
    let stage = Stage::new().await;
    let id = stage.promise_mails(1).await[0];
    let registry = Registry::new()
        .on(JobKind::SendEmail, |_, _, _| std::future::pending())
        .within(JobKind::SendEmail, Duration::from_millis(100));
    assert!(matches!(
        attempt(&registry, &stage.app, LEASE, id).await.unwrap(),
        Outcome::Retry(_)
    ));
    assert_eq!(
        stage.job(id).await.last_error.as_deref(),
        Some("took longer than 100ms")
    );
    stage.close().await;
}

#[tokio::test]
async fn a_worker_that_cannot_reach_the_ledger_stops_when_its_lease_ends() {
    let stage = Stage::new().await;
    let id = stage.promise_mails(1).await[0];
    let registry = Registry::new().on(JobKind::SendEmail, |app, _, _| async move {
        app.db.close().await;
        std::future::pending().await
    });
    assert!(
        attempt(&registry, &stage.app, Duration::from_millis(300), id)
            .await
            .is_err()
    );
    stage.close().await;
}
