//! What is kept about people: the catalogue, export, erasure, retention.

mod export;
mod retention;

use std::collections::BTreeSet;
use std::process::Command;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection};
use tandem_domain::ids::{CaseId, ExpertId, MatchId};
use tandem_domain::policy::Grant;
use tandem_domain::statistics::{Cell, Period, PeriodUnit};
use tandem_operations::audit_trail::{seal, verify};
use tandem_operations::{Caller, experts, matches};
use tandem_storage::personal_data::{TABLES, Whose, record};
use tandem_storage::statistics::Of;
use tandem_tests::{Actor, TestApp};
use uuid::Uuid;

use crate::scene::gid;

#[tokio::test]
async fn every_column_of_the_database_has_its_decision() {
    let app = TestApp::start().await;
    let mut conn = app.superuser().await;
    let real: BTreeSet<String> = sqlx::query_scalar(
        "SELECT c.table_name || '.' || c.column_name FROM information_schema.columns c
           JOIN information_schema.tables t USING (table_schema, table_name)
          WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.table_name <> '_sqlx_migrations'",
    )
    .fetch_all(&mut conn)
    .await
    .expect("the columns")
    .into_iter()
    .collect();
    let decided: Vec<String> = TABLES
        .iter()
        .flat_map(|table| {
            table
                .fields()
                .map(move |(column, _)| format!("{}.{column}", table.name))
        })
        .collect();
    let known: BTreeSet<String> = decided.iter().cloned().collect();
    assert_eq!(
        known.len(),
        decided.len(),
        "a column stands twice in the catalogue"
    );
    let missing: Vec<_> = real.difference(&known).collect();
    assert!(
        missing.is_empty(),
        "decide in shared/storage/src/personal_data/catalogue.rs what these columns hold about whom, and what \
         becomes of them: {missing:#?}"
    );
    let gone: Vec<_> = known.difference(&real).collect();
    assert!(gone.is_empty(), "these columns are no more: {gone:#?}");
    app.finish().await;
}

#[test]
fn the_record_of_processing_is_the_one_that_counts() {
    let committed = include_str!("../../docs/privacy.md");
    assert!(
        committed.ends_with(&record()),
        "docs/privacy.md differs: write its tables anew with `tandem-api privacy-record`:\n{}",
        record()
    );
}

/// The word in every value that must be gone.
const CANARY: &str = "Kanarienvogel";
/// Text about people into which no word fits, words of a list, codes, numbers; and what goes after a day,
/// whoever is erased.
const CLOSED: [&str; 31] = [
    "users.language",
    "sign_in_requests.email",
    "experts.gender",
    "experts.postal_code",
    "experts.language",
    "experts.preferred_channels",
    "expert_occupations.kind",
    "expert_occupations.kldb_code",
    "expert_languages.language",
    "expert_support_areas.area",
    "expert_programmes.programme",
    "background_checks.kind",
    "training_attendances.state",
    "mentees.gender",
    "mentees.language",
    "mentees.first_language",
    "mentees.guardian_kind",
    "mentees.guardian_language",
    "mentee_languages.language",
    "cases.expert_gender_wish",
    "person_code_attempts.address",
    "role_grants.role",
    "matching_run_cases.near_misses",
    "proposals.points",
    "proposals.missing",
    "proposals.stale_reason",
    "matches.decline_reason",
    "chemistry_verdicts.verdict",
    "agreements.channels",
    "mail_optouts.trigger",
    "audit_events.detail",
];

async fn run(conn: &mut PgConnection, sql: &str) {
    sqlx::query(AssertSqlSafe(sql.to_owned()))
        .execute(conn)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// An expert and a mentee with canaries in every text of theirs, and a match that has come to its end.
struct Cage {
    app: TestApp,
    admin: Actor,
    expert: ExpertId,
    person: Actor,
    mentee: Uuid,
    case: CaseId,
    matching: MatchId,
}

impl Cage {
    async fn build() -> Self {
        let app = TestApp::start().await;
        let admin = app.admin().await;
        let office = app.office("Büro Nord", "20095").await;
        let center = app.center(office, "Servicestelle Nord", "20095").await;
        let draft = tandem_domain::experts::ExpertDraft {
            given_name: CANARY.into(),
            email: format!("{}@expert.example.org", CANARY.to_lowercase()),
            ..TestApp::expert_draft(CANARY, "20095")
        };
        let expert = app.expert_of(office, draft).await;
        let person = app.person(CANARY, Grant::Expert(expert)).await;
        let case = app.case(center).await;
        let matching = matches::approach(&app.api, &Caller::system(), case, &[expert], true, None)
            .await
            .expect("an expert can be asked")[0]
            .id;
        app.drain().await;
        app.ignore_mails();
        let mut conn = app.superuser().await;
        let mentee: Uuid = sqlx::query_scalar("SELECT mentee_id FROM cases WHERE id = $1")
            .bind(case.uuid())
            .fetch_one(&mut conn)
            .await
            .expect("a case");
        fill(&mut conn, expert.uuid(), mentee).await;
        Self {
            app,
            admin,
            expert,
            person,
            mentee,
            case,
            matching,
        }
    }

    /// Ends the match and closes the case on a day.
    async fn end(&self, at: DateTime<Utc>) {
        let mut conn = self.app.superuser().await;
        run(
            &mut conn,
            &format!(
                "UPDATE matches SET state = 'LAPSED', ended_at = '{at}' WHERE id = '{}'",
                self.matching
            ),
        )
        .await;
        run(
            &mut conn,
            &format!(
                "UPDATE cases SET state = 'WITHDRAWN', withdrawn_at = '{at}' WHERE id = '{}'",
                self.case
            ),
        )
        .await;
    }

    async fn request(&self, actor: &Actor, mutation: &str, person: &str) -> Value {
        let query = format!(
            "mutation($id: ID!) {{ {mutation}(personId: $id) {{
                request {{ id state kind personId }} userErrors {{ code field message }} }} }}"
        );
        let answer = actor.ask(&query, json!({ "id": person })).await;
        answer.data()[mutation].clone()
    }

    async fn look(&self, id: &Value) -> Value {
        let query = "query($id: ID!) { dataRequest(id: $id) {
            state refusal receipt content tablesDone tablesTotal finishedAt expiresAt } }";
        let answer = self.admin.ask(query, json!({ "id": id })).await;
        answer.data()["dataRequest"].clone()
    }

    fn mentee_id(&self) -> String {
        gid(tandem_domain::ids::MenteeId::from(self.mentee))
    }

    /// Lines of a dump of the whole database that hold a word, whatever its case.
    fn dump(&self, word: &str) -> Vec<String> {
        let url = tandem_tests::env("TANDEM_TEST_ADMIN_DATABASE_URL");
        let mut url: reqwest::Url = url.parse().expect("a URL");
        url.set_path(&self.app.redis_namespace);
        let dump = Command::new("pg_dump")
            .args(["--data-only", "--inserts"])
            .arg(url.as_str())
            .output()
            .or_else(|_| {
                Command::new("/usr/lib/postgresql/15/bin/pg_dump")
                    .args(["--data-only", "--inserts"])
                    .arg(url.as_str())
                    .output()
            })
            .expect("pg_dump");
        assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
        let text = String::from_utf8_lossy(&dump.stdout).to_lowercase();
        assert!(text.contains("regional_offices"), "the dump is of this database");
        text.lines()
            .filter(|line| line.contains(&word.to_lowercase()))
            .map(str::to_owned)
            .collect()
    }
}

/// Puts the canary into every text column that the catalogue says is about somebody.
async fn fill(conn: &mut PgConnection, expert: Uuid, mentee: Uuid) {
    let now = "2026-11-23 09:00+01";
    let of_match = format!("(SELECT id FROM matches WHERE expert_id = '{expert}')");
    for sql in [
        format!("UPDATE experts SET motivation = '{CANARY}', street = '{CANARY}', title = '{CANARY}', external_id = '{CANARY}' WHERE id = '{expert}'"),
        format!("UPDATE expert_occupations SET label = '{CANARY}' WHERE expert_id = '{expert}'"),
        format!("UPDATE mentees SET given_name = '{CANARY}', family_name = '{CANARY}', email = '{CANARY}@mentee.example.org', phone = '{CANARY}',
                 external_id = '{CANARY}', guardian_kind = 'PERSON', guardian_name = '{CANARY}', guardian_email = '{CANARY}@example.org', guardian_phone = '{CANARY}',
                 german_level_source = '{CANARY}' WHERE id = '{mentee}'"),
        format!("UPDATE cases SET mentee_wishes = '{CANARY}', center_wishes = '{CANARY}', start_level = '{CANARY}', return_note = '{CANARY}',
                 external_id = '{CANARY}', contact_name = '{CANARY}' WHERE mentee_id = '{mentee}'"),
        format!("INSERT INTO case_occupations (case_id, rank, kldb_code, label) SELECT id, 1, '26302', '{CANARY}' FROM cases WHERE mentee_id = '{mentee}'"),
        format!("INSERT INTO milestones (id, match_id, kind, on_date, note, recorded_by_side, created_at) SELECT gen_random_uuid(), id, 'OTHER', '2026-11-23', '{CANARY}', 'EXPERT', '{now}' FROM matches WHERE expert_id = '{expert}'"),
        format!("INSERT INTO feedback (id, match_id, side, occasion, answers, given_by_way, given_at) SELECT gen_random_uuid(), id, side, 'FINAL', '{{\"text\": \"{CANARY}\"}}', 'LINK', '{now}' FROM matches, (VALUES ('EXPERT'), ('MENTEE')) s(side) WHERE expert_id = '{expert}'"),
        format!("INSERT INTO agreements (id, match_id, number, areas, expert_tasks, mentee_tasks, place, goals, starts_on, ends_on, written_by_side, created_at)
                 SELECT gen_random_uuid(), id, 1, '{{LANGUAGE}}', '{CANARY}', '{CANARY}', '{CANARY}', '{CANARY}', '2026-11-23', '2027-11-23', 'CENTER', '{now}' FROM matches WHERE expert_id = '{expert}'"),
        format!("INSERT INTO meetings (id, match_id, met_on, minutes, kind, note, recorded_by_side, created_at) SELECT gen_random_uuid(), id, '2026-11-23', 60, 'PHONE', '{CANARY}', 'EXPERT', '{now}' FROM matches WHERE expert_id = '{expert}'"),
        format!("UPDATE matches SET briefing_note = '{CANARY}', meeting_planned_place = '{CANARY}' WHERE expert_id = '{expert}'"),
        format!("INSERT INTO agreement_signatures (agreement_id, side, given_by_way, signer_name, address, signed_at)
                 SELECT id, side, 'LINK', '{CANARY}', '{CANARY}', '{now}' FROM agreements, (VALUES ('EXPERT'), ('MENTEE')) s(side)"),
        format!("INSERT INTO final_reports (match_id, tackles_alone, summary, given_by_way, written_at) SELECT id, 'YES', '{CANARY}', 'LINK', '{now}' FROM matches WHERE expert_id = '{expert}'"),
        format!("INSERT INTO problem_reports (id, case_id, side, text, given_by_way, reported_at, settled_at, settled_note)
                 SELECT gen_random_uuid(), id, 'MENTEE', '{CANARY}', 'LINK', '{now}', '{now}', '{CANARY}' FROM cases WHERE mentee_id = '{mentee}'"),
        format!("INSERT INTO address_changes (id, side, expert_id, mentee_id, old_email, new_email, asked_at, expires_at)
                 VALUES (gen_random_uuid(), 'EXPERT', '{expert}', NULL, '{CANARY}@old.example.org', '{CANARY}@new.example.org', '{now}', '2027-01-01'),
                        (gen_random_uuid(), 'GUARDIAN', NULL, '{mentee}', '{CANARY}@old.example.org', '{CANARY}@new.example.org', '{now}', '2027-01-01')"),
        format!("UPDATE experts SET phone = '{CANARY}' WHERE id = '{expert}'"),
        format!("UPDATE users SET phone = '{CANARY}' WHERE id IN (SELECT user_id FROM role_grants WHERE expert_id = '{expert}')"),
        format!("UPDATE sessions SET user_agent = '{CANARY}', address = '{CANARY}' WHERE user_id IN (SELECT user_id FROM role_grants WHERE expert_id = '{expert}')"),
        format!("INSERT INTO openid_subjects (issuer, subject, user_id, created_at, last_used_at) SELECT 'https://id.example.org', '{CANARY}', user_id, '{now}', '{now}' FROM role_grants WHERE expert_id = '{expert}'"),
        format!("INSERT INTO api_tokens (id, user_id, name, token_hash, scopes, created_at, expires_at) SELECT gen_random_uuid(), user_id, '{CANARY}', '', '{{READ}}', '{now}', '2027-01-01' FROM role_grants WHERE expert_id = '{expert}'"),
        format!("INSERT INTO idempotency_keys (user_id, mutation, key, entity_id, created_at) SELECT user_id, 'one', '{CANARY}', gen_random_uuid(), '{now}' FROM role_grants WHERE expert_id = '{expert}'"),
        format!("INSERT INTO person_idempotency_keys (person_id, mutation, key, entity_id, created_at) SELECT id, 'one', '{CANARY}', gen_random_uuid(), '{now}' FROM unnest('{{{expert},{mentee}}}'::uuid[]) people (id)"),
        format!("UPDATE email_deliveries SET reason = '550 {CANARY}' WHERE recipient_id = '{expert}'"),
        format!("UPDATE jobs SET last_error = '550 {CANARY}' WHERE payload ->> 'delivery' IN (SELECT id::text FROM email_deliveries WHERE recipient_id = '{expert}')"),
    ] {
        let sql = sql.replace("$matches", &of_match);
        run(conn, &sql).await;
    }
    // what an audit detail must not hold, and might
    run(conn, "ALTER TABLE audit_events DISABLE TRIGGER USER").await;
    run(
        conn,
        &format!("UPDATE audit_events SET address = '{CANARY}' WHERE subject_id IN ('{expert}', '{mentee}')"),
    )
    .await;
    run(conn, "ALTER TABLE audit_events ENABLE TRIGGER USER").await;
}

/// Columns with text about somebody in which no canary sits.
async fn silent(conn: &mut PgConnection) -> Vec<String> {
    let texts: BTreeSet<(String, String)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text FROM information_schema.columns
          WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb', 'ARRAY')",
    )
    .fetch_all(&mut *conn)
    .await
    .expect("the columns")
    .into_iter()
    .collect();
    let mut silent = Vec::new();
    for table in TABLES {
        for (column, group) in table.fields() {
            let about = !matches!(group.whose, Whose::Nobody | Whose::Staff);
            if !about || !texts.contains(&(table.name.to_owned(), column.to_owned())) {
                continue;
            }
            let sings: bool = sqlx::query_scalar(AssertSqlSafe(format!(
                "SELECT EXISTS (SELECT FROM {} WHERE {column}::text ILIKE '%{CANARY}%')",
                table.name
            )))
            .fetch_one(&mut *conn)
            .await
            .expect("an answer");
            if !sings {
                silent.push(format!("{}.{column}", table.name));
            }
        }
    }
    silent
}

/// The numbers that reports are made of, and the reports.
async fn totals(app: &TestApp) -> (Vec<(String, i64)>, Vec<Cell>) {
    let mut conn = app.superuser().await;
    let years = Period {
        from: tandem_tests::date("2026-01-01"),
        until: tandem_tests::date("2028-12-31"),
    };
    let reports = tandem_storage::statistics::in_period(&mut conn, Of::default(), years, PeriodUnit::Month)
        .await
        .expect("the programme's statistics");
    assert!(reports.len() > 4, "{reports:?}");
    let rows = sqlx::query_as(
        "SELECT 'case ' || state || ' ' || COALESCE(transition_outcome, '') || submitted_at::date || COALESCE(withdrawn_at::date::text, ''), count(*) FROM cases GROUP BY 1
         UNION ALL SELECT 'match ' || state || approached_at::date || COALESCE(active_from::text, ''), count(*) FROM matches GROUP BY 1
         UNION ALL SELECT 'meeting ' || kind || met_on, sum(minutes) FROM meetings GROUP BY 1
         UNION ALL SELECT 'experts of ' || office_id, count(*) FROM experts GROUP BY 1
         ORDER BY 1",
    )
    .fetch_all(&mut conn)
    .await
    .expect("the totals");
    (rows, reports)
}

#[tokio::test]
async fn nothing_of_an_erased_person_is_left_and_the_totals_stay() {
    let cage = Cage::build().await;
    cage.end(cage.app.now()).await;
    // an export that was asked for before
    let exports = format!(
        "INSERT INTO data_requests (id, kind, subject_kind, subject_id, state, content, created_at, finished_at, expires_at)
         SELECT gen_random_uuid(), 'EXPORT', kind, id::uuid, 'DONE', '{CANARY}', '{now}', '{now}', '2027-01-01'
           FROM (VALUES ('EXPERT', '{}'), ('MENTEE', '{}')) people (kind, id)",
        cage.expert.uuid(),
        cage.mentee,
        now = cage.app.now(),
    );
    run(&mut cage.app.superuser().await, &exports).await;
    assert_eq!(
        silent(&mut cage.app.superuser().await).await,
        CLOSED,
        "these have no canary"
    );
    let before = totals(&cage.app).await;
    for person in [gid(cage.expert), cage.mentee_id()] {
        let answer = cage.request(&cage.admin, "requestErasure", &person).await;
        assert_eq!(answer["request"]["state"], "QUEUED", "{answer}");
        cage.app.drain().await;
        let done = cage.look(&answer["request"]["id"]).await;
        assert_eq!(done["state"], "DONE", "{done}");
        assert_eq!(done["tablesDone"], done["tablesTotal"]);
        assert!(done["receipt"].as_str().unwrap().contains("\"rows\""), "{done}");
    }
    let left = cage.dump(CANARY);
    assert!(left.is_empty(), "{left:#?}");
    assert_eq!(totals(&cage.app).await, before);
    // the account went with the person, and lets nobody in any more
    let answer = cage.person.ask("{ viewer { user { name } } }", json!({})).await;
    assert_eq!(answer.body["data"]["viewer"], Value::Null, "{}", answer.body);
    // and the log is still whole
    seal(&cage.app.worker).await.unwrap();
    // an erased expert is still read without a fault
    let read = experts::by_ids(&cage.app.api, &Caller::system(), &[cage.expert])
        .await
        .unwrap();
    assert_eq!(read.len(), 1);
    let verdict = verify(&cage.app.api, &[]).await.unwrap();
    assert!(verdict.erased > 0, "{verdict:?}");
    cage.app.ignore_mails();
    cage.app.finish().await;
}

#[tokio::test]
async fn erasure_waits_for_the_end_of_a_match_and_of_a_hold_and_says_so() {
    let cage = Cage::build().await;
    let answer = cage
        .request(&cage.admin, "requestErasure", &gid(cage.expert))
        .await;
    let message = answer["userErrors"][0]["message"].as_str().unwrap();
    assert!(message.contains("take the question back first"), "{message}");
    cage.end(cage.app.now()).await;
    let hold = "mutation($id: ID!, $until: Date, $reason: String) {
        holdPersonalData(personId: $id, until: $until, reason: $reason) { heldUntil userErrors { code message } } }";
    let held = cage
        .admin
        .ask(
            hold,
            json!({ "id": gid(cage.expert), "until": "2027-01-31", "reason": "Haftpflichtfall" }),
        )
        .await;
    assert_eq!(
        held.data()["holdPersonalData"]["heldUntil"],
        "2027-01-31",
        "{}",
        held.body
    );
    let answer = cage
        .request(&cage.admin, "requestErasure", &gid(cage.expert))
        .await;
    let message = answer["userErrors"][0]["message"].as_str().unwrap();
    assert!(message.contains("on hold until 2027-01-31"), "{message}");
    cage.admin
        .ask(hold, json!({ "id": gid(cage.expert) }))
        .await
        .data();
    let answer = cage
        .request(&cage.admin, "requestErasure", &gid(cage.expert))
        .await;
    assert_eq!(answer["request"]["state"], "QUEUED");
    cage.app.drain().await;
    let again = cage
        .request(&cage.admin, "requestErasure", &gid(cage.expert))
        .await;
    // asked for again, it is the erasure that was done, with its receipt
    assert_eq!(again["request"]["id"], answer["request"]["id"], "{again}");
    assert_eq!(again["request"]["state"], "DONE");
    cage.app.ignore_mails();
    cage.app.finish().await;
}

#[tokio::test]
async fn a_persons_own_erasure_waits_for_an_administrator() {
    let cage = Cage::build().await;
    cage.end(cage.app.now()).await;
    let answer = cage
        .request(&cage.person, "requestErasure", &gid(cage.expert))
        .await;
    assert_eq!(answer["request"]["state"], "WAITING", "{answer}");
    let confirm =
        "mutation($id: ID!) { confirmErasure(requestId: $id) { request { state } userErrors { code } } }";
    let id = answer["request"]["id"].clone();
    let refused = cage.person.ask(confirm, json!({ "id": id })).await;
    assert_eq!(
        refused.data()["confirmErasure"]["userErrors"][0]["code"],
        "NOT_FOUND",
        "{}",
        refused.body
    );
    let confirmed = cage.admin.ask(confirm, json!({ "id": id })).await;
    assert_eq!(confirmed.data()["confirmErasure"]["request"]["state"], "QUEUED");
    cage.app.drain().await;
    assert_eq!(cage.look(&id).await["state"], "DONE");
    cage.app.ignore_mails();
    cage.app.finish().await;
}

#[tokio::test]
async fn whatever_way_staff_reads_a_record_it_leaves_a_trace_and_who_reads_the_own_leaves_none() {
    let cage = Cage::build().await;
    let mut conn = cage.app.superuser().await;
    let delivery: Uuid =
        sqlx::query_scalar("SELECT id FROM email_deliveries WHERE recipient_id = $1 LIMIT 1")
            .bind(cage.expert.uuid())
            .fetch_one(&mut conn)
            .await
            .expect("a mail");
    let delivery = gid(tandem_domain::ids::DeliveryId::from(delivery));
    let node = "query($id: ID!) { node(id: $id) { id } }";
    let one = "query($id: ID!) { match(id: $id) { id } }";
    let mails = "query($id: ID!) { emails(filter: { expertId: $id }) { nodes { id } } }";
    for (query, id, action, expected) in [
        (node, gid(cage.case), "case.viewed", 1),
        (node, gid(cage.expert), "expert.viewed", 1),
        // one about the expert, one about the mentee
        (node, gid(cage.matching), "match.viewed", 2),
        (one, gid(cage.matching), "match.viewed", 4),
        (node, delivery, "delivery.viewed", 1),
        (mails, gid(cage.expert), "deliveries.viewed", 1),
    ] {
        for (actor, more) in [(&cage.person, 0), (&cage.admin, expected)] {
            actor.ask(query, json!({ "id": id })).await.data();
            let count: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM audit_events WHERE action = $1 AND subject_id IS NOT NULL AND actor_id = $2",
            )
            .bind(action)
            .bind(actor.user.uuid())
            .fetch_one(&mut conn)
            .await
            .expect("the log");
            assert_eq!(count, more, "{action}");
        }
    }
    cage.app.ignore_mails();
    cage.app.finish().await;
}
