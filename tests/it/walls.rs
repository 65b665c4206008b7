//! The second wall: what the api's role reaches in the database, whatever the application would ask.

use sqlx::{AssertSqlSafe, PgConnection, Row};
use tandem_domain::ids::{CaseId, CenterId, ExpertId, MatchId, OfficeId};
use tandem_operations::{Caller, matches};
use tandem_storage::personal_data::{TABLES, Whose};
use tandem_tests::TestApp;
use uuid::Uuid;

/// An office with its centre, an expert, and a case for which the expert is asked.
struct Region {
    office: OfficeId,
    center: CenterId,
    expert: ExpertId,
    case: CaseId,
    matching: MatchId,
}

async fn region(app: &TestApp, name: &str, postal_code: &str) -> Region {
    let office = app.office(&format!("Büro {name}"), postal_code).await;
    let center = app
        .center(office, &format!("Servicestelle {name}"), postal_code)
        .await;
    let expert = app.expert(office, &format!("Weber {name}"), postal_code).await;
    let case = app.case(center).await;
    let matching = matches::approach(&app.api, &Caller::system(), case, &[expert], true, None)
        .await
        .expect("an expert can be asked")[0]
        .id;
    Region {
        office,
        center,
        expert,
        case,
        matching,
    }
}

/// A connection as the api's role that has told nothing but these settings.
async fn behind(app: &TestApp, settings: &[(&str, Uuid)]) -> PgConnection {
    let mut conn = app.api.db.acquire().await.expect("a connection").detach();
    for (name, id) in settings {
        sqlx::query("SELECT set_config('tandem.' || $1, '{' || $2::text || '}', false)")
            .bind(*name)
            .bind(id)
            .execute(&mut conn)
            .await
            .expect("a setting");
    }
    conn
}

async fn count(conn: &mut PgConnection, table: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
        .fetch_one(conn)
        .await
        .unwrap_or_else(|error| panic!("{table}: {error}"))
}

async fn ids(conn: &mut PgConnection, sql: &str) -> Vec<Uuid> {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
        .fetch_all(conn)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// How many rows a statement changes; it is taken back.
async fn changes(conn: &mut PgConnection, sql: &str) -> u64 {
    sqlx::query("BEGIN").execute(&mut *conn).await.expect("begin");
    let done = sqlx::query(AssertSqlSafe(sql.to_owned()))
        .execute(&mut *conn)
        .await;
    sqlx::query("ROLLBACK")
        .execute(&mut *conn)
        .await
        .expect("rollback");
    done.map_or(0, |done| done.rows_affected())
}

fn walled() -> impl Iterator<Item = &'static str> {
    TABLES
        .iter()
        .filter(|table| {
            table
                .fields()
                .any(|(_, group)| !matches!(group.whose, Whose::Nobody | Whose::Staff))
        })
        .map(|table| table.name)
        // ids and a version; the mail server's words are for administrators
        .filter(|table| !matches!(*table, "jobs" | "idempotency_keys"))
}

#[tokio::test]
async fn whoever_tells_nothing_sees_nothing() {
    let app = TestApp::start().await;
    let region = region(&app, "Nord", "20095").await;
    app.person("Ingrid", tandem_domain::policy::Grant::Expert(region.expert))
        .await;
    let mut superuser = app.superuser().await;
    let mut nobody = behind(&app, &[]).await;
    let mut filled = 0;
    for table in walled() {
        filled += usize::from(count(&mut superuser, table).await > 0);
        let seen = sqlx::query_scalar::<_, i64>(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&mut nobody)
            .await;
        // refused altogether is as good
        assert_eq!(seen.unwrap_or(0), 0, "{table}");
    }
    assert!(filled >= 12, "only {filled} of the tables have rows to be hidden");
    app.ignore_mails();
    app.drain().await;
    app.ignore_mails();
    app.finish().await;
}

#[tokio::test]
async fn every_table_about_people_has_the_wall_and_the_programs_cannot_pull_it_down() {
    let app = TestApp::start().await;
    let mut conn = app.superuser().await;
    for table in walled() {
        let row = sqlx::query(
            "SELECT c.relrowsecurity, pg_get_userbyid(c.relowner) AS owner,
                    (SELECT count(*) FROM pg_policies p WHERE p.tablename = c.relname AND 'tandem_api' = ANY(p.roles)) AS api,
                    (SELECT count(*) FROM pg_policies p WHERE p.tablename = c.relname AND 'tandem_worker' = ANY(p.roles)) AS worker
               FROM pg_class c WHERE c.oid = $1::regclass",
        )
        .bind(table)
        .fetch_one(&mut conn)
        .await
        .expect("the table");
        assert!(
            row.get::<bool, _>("relrowsecurity"),
            "{table} has no row-level security"
        );
        let owner: String = row.get("owner");
        assert!(
            !["tandem_api", "tandem_worker"].contains(&&*owner),
            "{table} is owned by {owner}"
        );
        assert!(row.get::<i64, _>("api") > 0, "{table} has no policy for the api");
        assert!(
            row.get::<i64, _>("worker") > 0,
            "{table} has no policy for the worker"
        );
    }
    let able: Vec<String> = sqlx::query_scalar(
        "SELECT rolname::text FROM pg_roles
          WHERE rolname IN ('tandem_api', 'tandem_worker')
            AND (rolsuper OR rolbypassrls OR rolcreaterole OR EXISTS (
                SELECT FROM pg_class WHERE relowner = pg_roles.oid)
                OR has_schema_privilege(rolname, 'public', 'CREATE'))",
    )
    .fetch_all(&mut conn)
    .await
    .expect("the roles");
    assert!(able.is_empty(), "{able:?}");
    app.finish().await;
}

#[tokio::test]
async fn a_centre_reaches_its_own_rows_and_no_others() {
    let app = TestApp::start().await;
    let (own, other) = (
        region(&app, "Nord", "20095").await,
        region(&app, "Süd", "80331").await,
    );
    let mut conn = behind(&app, &[("centers", own.center.uuid())]).await;
    assert_eq!(ids(&mut conn, "SELECT id FROM cases").await, [own.case.uuid()]);
    assert_eq!(
        ids(&mut conn, "SELECT id FROM matches").await,
        [own.matching.uuid()]
    );
    assert_eq!(
        ids(&mut conn, "SELECT id FROM experts").await,
        [own.expert.uuid()]
    );
    assert_eq!(count(&mut conn, "mentees").await, 1);
    assert_eq!(count(&mut conn, "mentee_languages").await, 1);
    assert_eq!(count(&mut conn, "case_support_areas").await, 2);
    assert_eq!(
        count(&mut conn, "audit_events").await,
        0,
        "the log is for administrators"
    );
    assert_eq!(count(&mut conn, "sessions").await, 0);
    for sql in [
        "UPDATE cases SET contact_name = 'x'",
        "UPDATE mentees SET phone = '1'",
        "UPDATE matches SET undeliverable = true",
    ] {
        assert_eq!(changes(&mut conn, sql).await, 1, "{sql}");
    }
    for sql in [
        "UPDATE experts SET phone = '1'".to_owned(),
        "DELETE FROM expert_languages".into(),
        "UPDATE users SET active = false".into(),
        "DELETE FROM role_grants".into(),
        // another centre's, and the own one given away or put under another
        format!("UPDATE cases SET contact_name = 'x' WHERE id = '{}'", other.case),
        format!("UPDATE cases SET center_id = '{}'", other.center),
        format!("UPDATE mentees SET center_id = '{}'", other.center),
        "INSERT INTO role_grants (id, user_id, role, created_at) SELECT gen_random_uuid(), id, 'ADMIN', now() FROM users LIMIT 1".into(),
        format!(
            "INSERT INTO mentee_languages (mentee_id, language) SELECT mentee_id, 'xx' FROM cases WHERE id = '{}'",
            other.case
        ),
    ] {
        assert_eq!(changes(&mut conn, &sql).await, 0, "{sql}");
    }
    app.drain().await;
    app.ignore_mails();
    app.finish().await;
}

#[tokio::test]
async fn an_office_reaches_its_own_centres_and_changes_its_own_experts() {
    let app = TestApp::start().await;
    let (own, other) = (
        region(&app, "Nord", "20095").await,
        region(&app, "Süd", "80331").await,
    );
    let mut conn = behind(&app, &[("offices", own.office.uuid())]).await;
    assert_eq!(ids(&mut conn, "SELECT id FROM cases").await, [own.case.uuid()]);
    assert_eq!(
        ids(&mut conn, "SELECT id FROM matches").await,
        [own.matching.uuid()]
    );
    // every coordinator finds every expert, and changes the own ones
    assert_eq!(count(&mut conn, "experts").await, 2);
    assert_eq!(changes(&mut conn, "UPDATE experts SET phone = '1'").await, 1);
    assert_eq!(changes(&mut conn, "DELETE FROM expert_languages").await, 1);
    let steal = format!(
        "UPDATE experts SET office_id = '{}' WHERE id = '{}'",
        own.office, other.expert
    );
    assert_eq!(changes(&mut conn, &steal).await, 0);
    app.drain().await;
    app.ignore_mails();
    app.finish().await;
}

#[tokio::test]
async fn a_person_reaches_the_own_rows() {
    let app = TestApp::start().await;
    let (own, other) = (
        region(&app, "Nord", "20095").await,
        region(&app, "Süd", "80331").await,
    );
    let mut conn = behind(&app, &[("experts", own.expert.uuid())]).await;
    assert_eq!(
        ids(&mut conn, "SELECT id FROM experts").await,
        [own.expert.uuid()]
    );
    assert_eq!(
        ids(&mut conn, "SELECT id FROM matches").await,
        [own.matching.uuid()]
    );
    assert_eq!(ids(&mut conn, "SELECT id FROM cases").await, [own.case.uuid()]);
    assert_eq!(changes(&mut conn, "UPDATE mentees SET phone = '1'").await, 0);
    let mentee: Uuid = {
        let mut conn = app.conn().await;
        sqlx::query_scalar("SELECT mentee_id FROM cases WHERE id = $1")
            .bind(other.case.uuid())
            .fetch_one(&mut conn)
            .await
            .expect("a case")
    };
    let mut conn = behind(&app, &[("mentees", mentee)]).await;
    assert_eq!(ids(&mut conn, "SELECT id FROM mentees").await, [mentee]);
    assert_eq!(ids(&mut conn, "SELECT id FROM cases").await, [other.case.uuid()]);
    assert_eq!(
        ids(&mut conn, "SELECT id FROM matches").await,
        [other.matching.uuid()]
    );
    app.drain().await;
    app.ignore_mails();
    app.finish().await;
}

#[tokio::test]
async fn a_pooled_connection_keeps_nothing_of_an_earlier_caller() {
    let app = TestApp::start().await;
    let region = region(&app, "Nord", "20095").await;
    let coordinator = app.coordinator(region.office).await;
    // every connection of the pool
    for _ in 0..20 {
        let mut tx = app.api.begin(&coordinator.caller).await.expect("a transaction");
        assert_eq!(ids(&mut tx, "SELECT id FROM cases").await, [region.case.uuid()]);
        tx.commit().await.expect("a commit");
        let mut conn = app.api.db.acquire().await.expect("a connection");
        assert_eq!(ids(&mut conn, "SELECT id FROM cases").await, [] as [Uuid; 0]);
    }
    app.drain().await;
    app.ignore_mails();
    app.finish().await;
}

#[tokio::test]
async fn a_transaction_that_reads_cannot_write() {
    let app = TestApp::start().await;
    let mut tx = app.api.acquire(&Caller::system()).await.expect("a transaction");
    let refused = sqlx::query("DELETE FROM cases").execute(&mut *tx).await;
    assert!(refused.unwrap_err().to_string().contains("read-only transaction"));
    drop(tx);
    app.finish().await;
}

/// What stands in an expert's file, and an account of an OpenID Connect provider's.
async fn file_of(app: &TestApp, region: &Region) -> (Uuid, Uuid, Uuid) {
    let user = app.coordinator(region.office).await.user.uuid();
    let mut conn = app.superuser().await;
    let (expert, now) = (region.expert, app.now());
    for sql in [
        format!("INSERT INTO openid_subjects (issuer, subject, user_id, created_at, last_used_at) VALUES ('https://id.example.org', '{user}', '{user}', '{now}', '{now}')"),
        format!("INSERT INTO background_checks (id, expert_id, kind, requested_on, created_at, updated_at) VALUES (gen_random_uuid(), '{expert}', 'SIMPLE', '2026-11-01', '{now}', '{now}')"),
        format!("INSERT INTO pending_inspections (check_id, certificate_date, inspected_on, inspected_by, no_relevant_entry, valid_until, created_at)
                 SELECT id, '2026-11-02', '2026-11-03', '{user}', true, '2031-11-03', '{now}' FROM background_checks WHERE expert_id = '{expert}'"),
        format!("INSERT INTO documents (id, kind, subject_kind, subject_id, expert_id, content_version, bytes, rendered_at, created_at)
                 SELECT gen_random_uuid(), 'CHECK_LETTER', 'BackgroundCheck', id, '{expert}', '1', 'x', '{now}', '{now}' FROM background_checks WHERE expert_id = '{expert}'"),
    ] {
        sqlx::query(AssertSqlSafe(sql.clone()))
            .execute(&mut conn)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    let one = async |conn: &mut PgConnection, sql: String| ids(conn, &sql).await[0];
    let check = one(
        &mut conn,
        format!("SELECT id FROM background_checks WHERE expert_id = '{expert}'"),
    )
    .await;
    let document = one(
        &mut conn,
        format!("SELECT id FROM documents WHERE expert_id = '{expert}'"),
    )
    .await;
    (user, check, document)
}

#[tokio::test]
async fn an_experts_documents_and_inspections_and_an_accounts_provider_are_reached_by_whom_they_concern() {
    let app = TestApp::start().await;
    let (own, other) = (
        region(&app, "Nord", "20095").await,
        region(&app, "Süd", "80331").await,
    );
    let (user, check, document) = file_of(&app, &own).await;
    file_of(&app, &other).await;
    const DOCUMENTS: &str = "SELECT id FROM documents";
    const WAITING: &str = "SELECT check_id FROM pending_inspections";
    const SUBJECTS: &str = "SELECT user_id FROM openid_subjects";
    let none = [] as [Uuid; 0];

    // the expert's own office sees and changes the expert's file, and no other's
    let mut office = behind(&app, &[("offices", own.office.uuid())]).await;
    assert_eq!(ids(&mut office, DOCUMENTS).await, [document]);
    assert_eq!(ids(&mut office, WAITING).await, [check]);
    assert_eq!(ids(&mut office, SUBJECTS).await, none);
    let change = "DELETE FROM pending_inspections";
    assert_eq!(changes(&mut office, change).await, 1);
    assert_eq!(
        changes(&mut office, "UPDATE documents SET content_version = '9'").await,
        1
    );

    // a centre, whose case the expert is asked for, neither
    let mut center = behind(&app, &[("centers", own.center.uuid())]).await;
    for table in [DOCUMENTS, WAITING, SUBJECTS] {
        assert_eq!(ids(&mut center, table).await, none, "{table}");
    }
    for sql in [
        change.to_owned(),
        "DELETE FROM documents".into(),
        "DELETE FROM openid_subjects".into(),
        format!(
            "INSERT INTO pending_inspections SELECT '{check}', '2026-11-02', '2026-11-03', '{user}', true, '2031-11-03', '2026-11-23'"
        ),
    ] {
        assert_eq!(changes(&mut center, &sql).await, 0, "{sql}");
    }

    // the expert has the own documents, and no part in the inspection
    let mut expert = behind(&app, &[("experts", own.expert.uuid())]).await;
    assert_eq!(ids(&mut expert, DOCUMENTS).await, [document]);
    assert_eq!(ids(&mut expert, WAITING).await, none);
    assert_eq!(changes(&mut expert, change).await, 0);

    // an account knows its own provider, and cannot take another's
    let mut account = behind(&app, &[("users", user)]).await;
    assert_eq!(ids(&mut account, SUBJECTS).await, [user]);
    assert_eq!(ids(&mut account, DOCUMENTS).await, none);
    assert_eq!(
        changes(
            &mut account,
            "UPDATE openid_subjects SET last_used_at = '2026-11-24'"
        )
        .await,
        1
    );
    app.drain().await;
    app.ignore_mails();
    app.finish().await;
}

#[tokio::test]
async fn the_numbers_behind_a_plan_are_for_the_offices_of_its_run_and_written_by_the_worker() {
    let app = TestApp::start().await;
    let (own, other) = (
        region(&app, "Nord", "20095").await,
        region(&app, "Süd", "80331").await,
    );
    let user = app.coordinator(own.office).await.user;
    let mut conn = app.superuser().await;
    for sql in [
        format!(
            "INSERT INTO matching_runs (id, requested_by, state, parameters, created_at) VALUES ('{0}', '{0}', 'CANCELLED', '{{}}', '2026-11-23')",
            user
        ),
        format!(
            "INSERT INTO matching_run_offices (run_id, office_id, working) VALUES ('{user}', '{}', false)",
            own.office
        ),
        format!(
            "INSERT INTO matching_run_snapshots (run_id, snapshot, taken_at) VALUES ('{user}', 'x', '2026-11-23')"
        ),
    ] {
        sqlx::query(AssertSqlSafe(sql.clone()))
            .execute(&mut conn)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    const NUMBERS: &str = "SELECT run_id FROM matching_run_snapshots";
    let mut office = behind(&app, &[("offices", own.office.uuid())]).await;
    assert_eq!(ids(&mut office, NUMBERS).await, [user.uuid()]);
    for sql in [
        "UPDATE matching_run_snapshots SET snapshot = 'y'",
        "DELETE FROM matching_run_snapshots",
    ] {
        assert_eq!(changes(&mut office, sql).await, 0, "{sql}");
    }
    for (scope, id) in [
        ("offices", other.office.uuid()),
        ("centers", own.center.uuid()),
        ("experts", own.expert.uuid()),
    ] {
        let mut conn = behind(&app, &[(scope, id)]).await;
        assert_eq!(ids(&mut conn, NUMBERS).await, [] as [Uuid; 0], "{scope}");
    }
    app.drain().await;
    app.ignore_mails();
    app.finish().await;
}
