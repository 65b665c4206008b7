//! What is promised, listed, counted and purged.

use chrono::TimeDelta;
use tandem_operations::Caller;
use tandem_operations::jobs::{self as promises, Job, JobKind, Queue, State};
use tandem_storage::jobs::{self, Cursor, Direction, Filter};
use tandem_worker::{Registry, drain};

use crate::stage::{Stage, at};

#[tokio::test]
async fn the_same_promise_twice_is_one_job() {
    let stage = Stage::new().await;
    let mail = Job::SendEmail {
        delivery: stage.app.id(),
    };
    let other = Job::SendEmail {
        delivery: stage.app.id(),
    };
    assert_eq!(stage.promise(&[mail, mail]).await.len(), 1);
    assert_eq!(
        stage.promise(&[mail, other]).await.len(),
        1,
        "only the other one is new"
    );
    let found = jobs::find_by_dedupe_key(&mut stage.conn().await, &mail.dedupe_key())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.queue, found.kind.as_str()),
        (Queue::Mail, JobKind::SendEmail.as_str())
    );
    stage.close().await;
}

#[tokio::test]
async fn an_operation_that_is_rolled_back_promises_nothing() {
    let stage = Stage::new().await;
    let mut tx = stage.app.begin(&Caller::system()).await.unwrap();
    let ids = promises::enqueue(&mut tx, &stage.app, &[Job::MatchingRun { run: stage.app.id() }])
        .await
        .unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(jobs::find(&mut stage.conn().await, ids[0]).await.unwrap(), None);
    stage.close().await;
}

#[tokio::test]
async fn a_job_waits_for_its_time() {
    let stage = Stage::new().await;
    let mut conn = stage.conn().await;
    let tomorrow = stage.app.now() + TimeDelta::days(1);
    let mail = Job::SendEmail {
        delivery: stage.app.id(),
    };
    let id = promises::enqueue_at(&mut conn, &stage.app, &[mail], tomorrow)
        .await
        .unwrap()[0];
    let done = Registry::new().on(JobKind::SendEmail, |_, _, _| async { Ok(()) });
    assert_eq!(drain(&done, &stage.app).await.unwrap(), []);
    let now = stage.app.now();
    assert_eq!(jobs::dispatch(&mut conn, Queue::Mail, 10, now).await.unwrap(), []);
    assert_eq!(
        jobs::claim(&mut conn, id, now, tomorrow).await.unwrap(),
        None,
        "not even a duplicate begins it"
    );
    stage.clock.advance(TimeDelta::days(1));
    assert_eq!(drain(&done, &stage.app).await.unwrap().len(), 1);
    drop(conn);
    stage.close().await;
}

#[tokio::test]
async fn what_is_dispatched_can_be_claimed_and_is_not_dispatched_twice() {
    let stage = Stage::new().await;
    let ids = stage.promise_mails(5).await;
    let mut conn = stage.conn().await;
    let now = stage.app.now();
    let first = jobs::dispatch(&mut conn, Queue::Mail, 3, now).await.unwrap();
    let rest = jobs::dispatch(&mut conn, Queue::Mail, 3, now).await.unwrap();
    let mut all = [first.clone(), rest].concat();
    all.sort();
    let mut promised = ids;
    promised.sort();
    assert_eq!(all, promised);
    assert_eq!(
        jobs::dispatch(&mut conn, Queue::Matching, 3, now).await.unwrap(),
        []
    );
    assert_eq!(
        jobs::count_dispatched(&mut conn).await.unwrap().get(&Queue::Mail),
        Some(&5)
    );
    assert!(
        jobs::claim(&mut conn, first[0], now, now + TimeDelta::seconds(20))
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        jobs::undispatch_all(&mut conn).await.unwrap(),
        4,
        "what runs is not taken away"
    );
    drop(conn);
    stage.close().await;
}

#[tokio::test]
async fn pages_of_the_list_join_without_a_gap_in_both_directions() {
    let stage = Stage::new().await;
    for _ in 0..7 {
        stage.promise_mails(1).await;
        stage.clock.advance(TimeDelta::seconds(1));
    }
    stage.promise(&[Job::MatchingRun { run: stage.app.id() }]).await;
    let mut conn = stage.conn().await;
    let mails = Filter {
        kind: Some("SEND_EMAIL".into()),
        states: vec![State::Pending],
        queue: None,
    };
    let mut seen = Vec::new();
    let mut from = None;
    loop {
        let page = jobs::list(&mut conn, &mails, from, Direction::Older, 3)
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        from = Some(Cursor {
            created_at: last.created_at,
            id: last.id,
        });
        seen.extend(page);
    }
    assert_eq!(seen.len(), 7);
    assert!(
        seen.is_sorted_by(|newer, older| newer.created_at > older.created_at),
        "the newest first"
    );
    let middle = Cursor {
        created_at: seen[3].created_at,
        id: seen[3].id,
    };
    let newer = jobs::list(&mut conn, &mails, Some(middle), Direction::Newer, 2)
        .await
        .unwrap();
    assert_eq!(newer, seen[1..3], "the nearest two, still the newest first");
    let oldest = jobs::list(&mut conn, &mails, None, Direction::Newer, 2)
        .await
        .unwrap();
    assert_eq!(oldest, seen[5..]);
    let runs = Filter {
        queue: Some(Queue::Matching),
        ..Filter::default()
    };
    assert_eq!(
        jobs::list(&mut conn, &runs, None, Direction::Older, 10)
            .await
            .unwrap()
            .len(),
        1
    );
    let dead = Filter {
        states: vec![State::Dead, State::Done],
        ..Filter::default()
    };
    assert_eq!(
        jobs::list(&mut conn, &dead, None, Direction::Older, 10)
            .await
            .unwrap(),
        []
    );
    let counts: Vec<_> = jobs::counts(&mut conn)
        .await
        .unwrap()
        .iter()
        .map(|c| (c.queue, c.state, c.count))
        .collect();
    assert_eq!(
        counts,
        [
            (Queue::Mail, State::Pending, 7),
            (Queue::Matching, State::Pending, 1)
        ]
    );
    drop(conn);
    stage.close().await;
}

#[tokio::test]
async fn only_what_finished_long_ago_is_purged() {
    let stage = Stage::new().await;
    stage.promise_mails(2).await;
    let done = Registry::new().on(JobKind::SendEmail, |_, _, _| async { Ok(()) });
    drain(&done, &stage.app).await.unwrap();
    stage.clock.advance(TimeDelta::days(1));
    stage.promise_mails(1).await;
    drain(&done, &stage.app).await.unwrap();
    stage.promise_mails(1).await;
    let mut conn = stage.conn().await;
    let (early, late) = (at("2026-11-23T12:00:00Z"), at("2027-01-01T00:00:00Z"));
    assert_eq!(
        jobs::purge_finished(&mut conn, early, late, 1).await.unwrap(),
        1,
        "no more than asked for"
    );
    assert_eq!(jobs::purge_finished(&mut conn, early, late, 10).await.unwrap(), 1);
    assert_eq!(jobs::purge_finished(&mut conn, late, late, 10).await.unwrap(), 1);
    assert_eq!(
        jobs::counts(&mut conn).await.unwrap().len(),
        1,
        "the pending one stays"
    );
    drop(conn);
    stage.close().await;
}

#[tokio::test]
async fn a_stored_word_that_nobody_knows_names_its_row() {
    let stage = Stage::new().await;
    let id = stage.promise_mails(1).await[0];
    let mut conn = stage.conn().await;
    let payload = serde_json::json!({ "delivery": "not an id" });
    sqlx::query("UPDATE jobs SET payload = $1")
        .bind(&payload)
        .execute(&mut conn)
        .await
        .unwrap();
    let done = Registry::new().on(JobKind::SendEmail, |_, _, _| async { Ok(()) });
    drain(&done, &stage.app).await.unwrap();
    let error = stage.job(id).await.last_error.unwrap();
    assert!(
        error.contains("SEND_EMAIL") && error.contains("not understood"),
        "{error}"
    );
    drop(conn);
    stage.close().await;
}
