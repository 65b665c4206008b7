//! What is of no use any more is thrown away, and nothing else.

use sqlx::{AssertSqlSafe, PgConnection};
use tandem_tests::TestApp;

async fn run(conn: &mut PgConnection, sql: &str) -> u64 {
    let done = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(conn).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"))
        .rows_affected()
}

async fn count(conn: &mut PgConnection, from: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {from}")))
        .fetch_one(conn)
        .await
        .unwrap_or_else(|error| panic!("{from}: {error}"))
}

/// For each kind of row one that is just too old, and one that is not quite: the table, the columns, and the
/// values with `{age}` for the time that has passed.
const ROWS: [(&str, &str, &str, [&str; 2]); 6] = [
    (
        "sign_in_requests",
        "id, email, browser_id, created_at",
        "gen_random_uuid(), 'purge@example.org', gen_random_uuid(), {age}",
        ["25 hours", "23 hours"],
    ),
    (
        "person_code_attempts",
        "address, hour, attempts",
        "'192.0.2.1', {age}, 1",
        ["25 hours", "23 hours"],
    ),
    (
        "person_idempotency_keys",
        "person_id, mutation, key, entity_id, created_at",
        "gen_random_uuid(), 'purge', 'key', gen_random_uuid(), {age}",
        ["61 days", "59 days"],
    ),
    (
        "idempotency_keys",
        "user_id, mutation, key, entity_id, created_at",
        "(SELECT id FROM users LIMIT 1), 'purge', gen_random_uuid(), gen_random_uuid(), {age}",
        ["61 days", "59 days"],
    ),
    (
        "jobs",
        "id, queue, kind, payload, state, attempts, max_attempts, run_at, created_at, finished_at",
        "gen_random_uuid(), 'mail', 'SEND_EMAIL', '{}', 'DONE', 1, 5, {age}, {age}, {age}",
        ["15 days", "13 days"],
    ),
    (
        "jobs",
        "id, queue, kind, payload, state, attempts, max_attempts, run_at, created_at, finished_at",
        "gen_random_uuid(), 'mail', 'SEND_EMAIL', '{}', 'DEAD', 5, 5, {age}, {age}, {age}",
        ["181 days", "179 days"],
    ),
];

#[tokio::test]
async fn old_wishes_keys_attempts_and_jobs_go_at_their_time() {
    let app = TestApp::start().await;
    app.admin().await;
    app.drain().await;
    let mut conn = app.superuser().await;
    run(&mut conn, "DELETE FROM jobs").await;
    let now = app.now();
    for (table, columns, values, ages) in ROWS {
        for age in ages {
            let values = values.replace("{age}", &format!("'{now}'::timestamptz - interval '{age}'"));
            run(
                &mut conn,
                &format!("INSERT INTO {table} ({columns}) VALUES ({values})"),
            )
            .await;
        }
    }
    run(
        &mut conn,
        &format!(
            "INSERT INTO sweep_ticks SELECT 'gone', '{now}'::timestamptz - age, '{now}'::timestamptz - age
                    FROM unnest('{{40 days, 31 days, 1 day}}'::interval[]) AS of (age)"
        ),
    )
    .await;
    app.sweep().await;
    for table in [
        "sign_in_requests WHERE email = 'purge@example.org'",
        "person_code_attempts",
        "person_idempotency_keys",
        "idempotency_keys WHERE mutation = 'purge'",
        "jobs WHERE state = 'DONE' AND payload = '{}'",
        "jobs WHERE state = 'DEAD'",
        "sweep_ticks WHERE name = 'gone'",
    ] {
        assert_eq!(count(&mut conn, table).await, 1, "{table}");
    }
    run(&mut conn, "DELETE FROM jobs").await;
    app.finish().await;
}

#[tokio::test]
async fn sessions_and_links_go_a_day_after_their_end() {
    let app = TestApp::start().await;
    let mut conn = app.superuser().await;
    let now = app.now();
    let ago = |hours: i32| format!("'{now}'::timestamptz - interval '{hours} hours'");
    let ends = [
        ("revoked_at", ago(25), ago(23)),
        ("expires_at", ago(25), ago(23)),
        // twelve hours without a word are an end as well
        ("last_used_at", ago(12 + 25), ago(12 + 23)),
    ];
    let mut kept = Vec::new();
    for (column, gone, still) in ends {
        for (at, stays) in [(gone, false), (still, true)] {
            let user = app.admin().await.user.uuid();
            let changed = run(
                &mut conn,
                &format!(
                    "UPDATE sessions SET idle_seconds = 43200, {column} = {at} WHERE user_id = '{user}'"
                ),
            )
            .await;
            assert_eq!(changed, 1, "everybody has one session");
            if stays {
                kept.push(user);
            }
        }
    }
    let user = app.admin().await.user.uuid();
    kept.push(user);
    for hours in [25, 23] {
        run(
            &mut conn,
            &format!(
                "WITH mail AS (
                     INSERT INTO email_deliveries (id, key, trigger, subject_kind, subject_id, recipient_kind, recipient_id,
                                                   state, reason, created_at)
                     VALUES (gen_random_uuid(), 'purge {hours}', 'SIGN_IN', 'User', '{user}', 'USER', '{user}', 'SUPPRESSED', 'purge', {at})
                     RETURNING id)
                 INSERT INTO sign_in_links (delivery_id, user_id, created_at, expires_at, request_id, browser_id)
                 SELECT id, '{user}', {at}, {at}, gen_random_uuid(), gen_random_uuid() FROM mail",
                at = ago(hours)
            ),
        )
        .await;
    }
    app.sweep().await;
    let mut left: Vec<uuid::Uuid> = sqlx::query_scalar("SELECT user_id FROM sessions")
        .fetch_all(&mut conn)
        .await
        .unwrap();
    left.sort_unstable();
    kept.sort_unstable();
    assert_eq!(left, kept);
    assert_eq!(count(&mut conn, "sign_in_links").await, 1);
    app.ignore_mails();
    app.finish().await;
}
