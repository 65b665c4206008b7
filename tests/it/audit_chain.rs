//! The audit log as a chain: what was sealed cannot be changed, removed or cut off unseen.

use futures::future::join_all;
use sqlx::PgConnection;
use tandem_operations::audit_trail::{Fault, seal, verify};
use tandem_operations::{Audit, Caller};
use tandem_tests::TestApp;
use uuid::Uuid;

async fn execute(conn: &mut PgConnection, sql: &'static str) -> u64 {
    sqlx::query(sql)
        .execute(conn)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
        .rows_affected()
}

async fn faults(app: &TestApp, heads: &[String]) -> Vec<Fault> {
    verify(&app.api, heads)
        .await
        .expect("the log can be checked")
        .faults
}

/// A world with a few events, sealed; the head.
async fn sealed() -> (TestApp, String) {
    let app = TestApp::start().await;
    let office = app.office("Büro Nord", "20095").await;
    app.expert(office, "Weber", "20095").await;
    seal(&app.worker).await.expect("the log can be sealed");
    let verdict = verify(&app.api, &[]).await.expect("the log can be checked");
    assert_eq!(verdict.faults, []);
    assert!(verdict.events >= 3 && verdict.unsealed == 0, "{verdict:?}");
    (app, verdict.head.expect("a head"))
}

#[tokio::test]
async fn the_worker_seals_the_log_by_itself_and_a_head_from_outside_is_found_again() {
    let app = TestApp::start().await;
    app.office("Büro Nord", "20095").await;
    app.sweep().await;
    let first = verify(&app.api, &[]).await.unwrap();
    assert_eq!((first.seals, first.unsealed), (1, 0));
    app.office("Büro Süd", "80331").await;
    app.advance(chrono::Duration::minutes(2));
    app.sweep().await;
    let heads = [first.head.expect("a head")];
    let second = verify(&app.api, &heads).await.unwrap();
    assert_eq!((second.seals, second.faults.len()), (2, 0));
    app.finish().await;
}

#[tokio::test]
async fn a_changed_row_shows() {
    let (app, head) = sealed().await;
    let mut conn = app.superuser().await;
    for sql in [
        "UPDATE audit_events SET action = 'expert.viewed' WHERE action = 'expert.registered'",
        "UPDATE audit_events SET at = at - interval '1 day' WHERE action = 'expert.activated'",
        "UPDATE audit_events SET detail = '{\"fields\": []}' WHERE action = 'office.created'",
    ] {
        assert_eq!(execute(&mut conn, sql).await, 1, "{sql}");
    }
    let faults = faults(&app, &[head]).await;
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert!(faults.iter().all(|fault| matches!(fault, Fault::EventChanged(_))));
    app.finish().await;
}

#[tokio::test]
async fn a_removed_row_shows_even_with_its_seal() {
    let (app, head) = sealed().await;
    let mut conn = app.superuser().await;
    execute(
        &mut conn,
        "DELETE FROM audit_events WHERE action = 'expert.activated'",
    )
    .await;
    assert!(matches!(
        faults(&app, std::slice::from_ref(&head)).await[..],
        [Fault::EventRemoved(_)]
    ));
    execute(
        &mut conn,
        "DELETE FROM audit_seal_entries e WHERE NOT EXISTS (SELECT FROM audit_events a WHERE a.id = e.event_id)",
    )
    .await;
    assert_eq!(faults(&app, &[head]).await, [Fault::SealBroken(1)]);
    app.finish().await;
}

#[tokio::test]
async fn a_log_that_was_cut_off_shows_by_the_head_from_outside() {
    let (app, _) = sealed().await;
    app.office("Büro Süd", "80331").await;
    seal(&app.worker).await.unwrap();
    let head = verify(&app.api, &[]).await.unwrap().head.expect("a head");
    let mut conn = app.superuser().await;
    execute(
        &mut conn,
        "DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_seal_entries WHERE seal = 2)",
    )
    .await;
    execute(&mut conn, "DELETE FROM audit_seal_entries WHERE seal = 2").await;
    execute(&mut conn, "DELETE FROM audit_seals WHERE number = 2").await;
    assert_eq!(faults(&app, &[]).await, [], "from inside it looks whole");
    assert_eq!(
        faults(&app, std::slice::from_ref(&head)).await,
        [Fault::HeadUnknown(head)]
    );
    app.finish().await;
}

#[tokio::test]
async fn a_row_written_past_the_triggers_shows() {
    let (app, head) = sealed().await;
    let mut conn = app.superuser().await;
    execute(
        &mut conn,
        "ALTER TABLE audit_events DISABLE TRIGGER audit_events_await_seal",
    )
    .await;
    app.office("Büro Süd", "80331").await;
    execute(
        &mut conn,
        "ALTER TABLE audit_events ENABLE TRIGGER audit_events_await_seal",
    )
    .await;
    assert!(matches!(faults(&app, &[head]).await[..], [Fault::NeverSealed(_)]));
    app.finish().await;
}

#[tokio::test]
async fn an_event_that_commits_after_a_later_one_was_sealed_comes_into_the_next_seal() {
    let (app, _) = sealed().await;
    let system = Caller::system();
    let mut late = app.api.begin(&system).await.expect("a transaction");
    let office = app.api.id::<tandem_domain::ids::OfficeId>();
    app.api
        .audit(&mut late, &system, &[Audit::new("test.late", office)])
        .await
        .expect("an event");
    app.office("Büro Süd", "80331").await;
    assert_eq!(seal(&app.worker).await.unwrap().len(), 1);
    late.commit().await.expect("a commit");
    let seals = seal(&app.worker).await.unwrap();
    assert_eq!((seals.len(), seals[0].events), (1, 1));
    let verdict = verify(&app.api, &[]).await.unwrap();
    assert_eq!((verdict.faults.len(), verdict.unsealed, verdict.seals), (0, 0, 3));
    app.finish().await;
}

#[tokio::test]
async fn several_workers_seal_every_event_once() {
    let app = TestApp::start().await;
    let system = Caller::system();
    let writing = (0..8).map(|_| async {
        for _ in 0..10 {
            let mut tx = app.api.begin(&system).await.expect("a transaction");
            let office = app.api.id::<tandem_domain::ids::OfficeId>();
            let events = [Audit::new("test.one", office), Audit::new("test.two", office)];
            app.api.audit(&mut tx, &system, &events).await.expect("events");
            tx.commit().await.expect("a commit");
        }
    });
    let sealing = (0..3).map(|_| async {
        for _ in 0..10 {
            seal(&app.worker).await.expect("a seal");
            tokio::task::yield_now().await;
        }
    });
    futures::join!(join_all(writing), join_all(sealing));
    seal(&app.worker).await.unwrap();
    let verdict = verify(&app.api, &[]).await.unwrap();
    assert_eq!((verdict.events, verdict.unsealed), (160, 0), "{verdict:?}");
    assert_eq!(verdict.faults, []);
    app.finish().await;
}

#[tokio::test]
async fn an_erased_detail_leaves_the_chain_whole() {
    let (app, head) = sealed().await;
    let mut conn = app.superuser().await;
    let expert: Uuid = sqlx::query_scalar("SELECT id FROM experts")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    let mut tx = app.worker.begin(&Caller::system()).await.unwrap();
    let erased = tandem_storage::audit::sealing::erase_details(&mut tx, expert, app.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(erased >= 2, "{erased}");
    let verdict = verify(&app.api, &[head]).await.unwrap();
    assert_eq!((verdict.faults.len(), verdict.erased), (0, erased));
    app.finish().await;
}

#[tokio::test]
async fn neither_program_can_change_or_delete_what_was_written() {
    let (app, _) = sealed().await;
    for (pool, table) in [
        (&app.api.db, "audit_events"),
        (&app.worker.db, "audit_events"),
        (&app.api.db, "audit_seals"),
        (&app.worker.db, "audit_seals"),
        (&app.api.db, "audit_seal_entries"),
        (&app.worker.db, "audit_seal_entries"),
    ] {
        let mut conn = pool.acquire().await.expect("a connection");
        for verb in ["DELETE FROM", "TRUNCATE"] {
            let refused = sqlx::query(sqlx::AssertSqlSafe(format!("{verb} {table}")))
                .execute(&mut *conn)
                .await;
            assert!(
                refused.unwrap_err().to_string().contains("permission denied"),
                "{verb} {table}"
            );
        }
    }
    let mut conn = app.worker.db.acquire().await.expect("a connection");
    let refused = sqlx::query("UPDATE audit_events SET action = 'x'")
        .execute(&mut *conn)
        .await;
    assert!(refused.unwrap_err().to_string().contains("permission denied"));
    let mut conn = app.api.db.acquire().await.expect("a connection");
    let refused = sqlx::query("SELECT erase_audit_details(gen_random_uuid(), now())")
        .execute(&mut *conn)
        .await;
    assert!(refused.unwrap_err().to_string().contains("permission denied"));
    app.finish().await;
}
