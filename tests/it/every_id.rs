//! Every id in the system, read and changed as every role: what is found is what the policy says.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection};
use tandem_api::graphql::ids;
use tandem_domain::ids::{CenterId, ExpertId, MatchId, MenteeId, OfficeId};
use tandem_domain::policy::{self, Action, Actor as PolicyActor, Decision, Grant, Resource};
use tandem_operations::{Caller, matches};
use tandem_tests::{Actor, TestApp};
use uuid::Uuid;

/// An office with its centre, an expert who said yes and one who is being asked, and the people of it.
struct Region {
    office: OfficeId,
    center: CenterId,
    experts: [ExpertId; 2],
    mentees: [MenteeId; 2],
    matches: [MatchId; 2],
}

async fn region(app: &TestApp, name: &str, postal_code: &str) -> Region {
    let system = Caller::system();
    let office = app.office(&format!("Büro {name}"), postal_code).await;
    let center = app
        .center(office, &format!("Servicestelle {name}"), postal_code)
        .await;
    let experts = [
        app.expert(office, &format!("Weber {name}"), postal_code).await,
        app.expert(office, &format!("Vogel {name}"), postal_code).await,
    ];
    let cases = [app.case(center).await, app.case(center).await];
    let mut asked = Vec::new();
    for (case, expert) in cases.into_iter().zip(experts) {
        let made = matches::approach(&app.api, &system, case, &[expert], true, None)
            .await
            .expect("an expert can be asked");
        asked.push(made[0].id);
    }
    let mut conn = app.superuser().await;
    let mut mentees = Vec::new();
    for case in cases {
        let id: Uuid = sqlx::query_scalar("SELECT mentee_id FROM cases WHERE id = $1")
            .bind(case.uuid())
            .fetch_one(&mut conn)
            .await
            .expect("a case");
        mentees.push(id.into());
    }
    sqlx::query("UPDATE matches SET state = 'INTERESTED', answered_at = approached_at, answered_by_way = 'LINK' WHERE id = $1")
        .bind(asked[0].uuid())
        .execute(&mut conn)
        .await
        .expect("a yes");
    Region {
        office,
        center,
        experts,
        mentees: [mentees[0], mentees[1]],
        matches: [asked[0], asked[1]],
    }
}

/// Every row that the API gives an id, with what the policy has to know of it.
async fn rows(conn: &mut PgConnection) -> Vec<(&'static str, Uuid, Resource)> {
    let mut rows = Vec::new();
    for (kind, sql) in [
        ("RegionalOffice", "SELECT id, id, NULL::uuid, NULL::uuid, NULL::uuid, NULL::uuid, false FROM regional_offices"),
        ("ServiceCenter", "SELECT id, office_id, NULL::uuid, id, NULL::uuid, NULL::uuid, false FROM service_centers"),
        ("Mentee", "SELECT t.id, s.office_id, NULL::uuid, s.id, NULL::uuid, t.id, false FROM mentees t JOIN service_centers s ON s.id = t.center_id"),
        ("Case", "SELECT c.id, s.office_id, NULL::uuid, s.id, NULL::uuid, c.mentee_id, false FROM cases c JOIN service_centers s ON s.id = c.center_id"),
        ("Match", "SELECT m.id, s.office_id, e.office_id, s.id, e.id, c.mentee_id, match_reveals_expert(m.state)
             FROM matches m JOIN cases c ON c.id = m.case_id JOIN service_centers s ON s.id = c.center_id JOIN experts e ON e.id = m.expert_id"),
        ("EmailDelivery", "SELECT d.delivery_id, d.office_id, NULL::uuid, NULL::uuid, NULL::uuid, NULL::uuid, false FROM delivery_offices d"),
        ("Job", "SELECT id, NULL::uuid, NULL::uuid, NULL::uuid, NULL::uuid, NULL::uuid, false FROM jobs"),
    ] {
        type Facts = (Uuid, Option<Uuid>, Option<Uuid>, Option<Uuid>, Option<Uuid>, Option<Uuid>, bool);
        let found: Vec<Facts> = sqlx::query_as(sql).fetch_all(&mut *conn).await.expect(kind);
        rows.extend(found.into_iter().map(|(id, office, other, center, expert, mentee, revealed)| {
            let resource = Resource {
                office: office.map(Into::into),
                other_office: other.map(Into::into),
                center: center.map(Into::into),
                expert: expert.map(Into::into),
                mentee: mentee.map(Into::into),
                revealed,
                ..Resource::default()
            };
            (kind, id, resource)
        }));
    }
    rows
}

fn seeing(kind: &str) -> Action {
    match kind {
        "RegionalOffice" => Action::ViewOffice,
        "ServiceCenter" => Action::ViewCenter,
        "Mentee" => Action::ViewMentee,
        "Case" => Action::ViewCase,
        "Match" => Action::ViewMatch,
        "EmailDelivery" => Action::ViewDeliveries,
        "Job" => Action::ViewJobs,
        other => panic!("{other}"),
    }
}

async fn actors(app: &TestApp, region: &Region) -> Vec<(&'static str, Grant, Actor)> {
    let mut actors = Vec::new();
    for (name, grant) in [
        ("administrator", Grant::Admin),
        ("head office", Grant::Coordinator(None)),
        ("coordinator", Grant::Coordinator(Some(region.office))),
        ("centre", Grant::CenterStaff(region.center)),
        ("expert who said yes", Grant::Expert(region.experts[0])),
        ("expert who is asked", Grant::Expert(region.experts[1])),
        ("mentee with an expert", Grant::Mentee(region.mentees[0])),
        ("mentee without", Grant::Mentee(region.mentees[1])),
    ] {
        actors.push((name, grant, app.person(name, grant).await));
    }
    actors
}

#[tokio::test]
async fn whoever_asks_for_any_id_finds_what_the_policy_says() {
    let app = TestApp::start().await;
    let own = region(&app, "Nord", "20095").await;
    region(&app, "Süd", "80331").await;
    let mut conn = app.superuser().await;
    let rows = rows(&mut conn).await;
    assert!(rows.len() > 20, "{}", rows.len());
    let all: Vec<String> = rows
        .iter()
        .map(|(kind, id, _)| ids::of_kind(kind, *id).to_string())
        .collect();
    for (name, grant, actor) in actors(&app, &own).await {
        let policy_actor = PolicyActor::new(actor.user, vec![grant]);
        let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }";
        let answer = actor.ask(query, json!({ "ids": all })).await;
        let found = answer.data()["nodes"].as_array().expect("a list").clone();
        for ((kind, id, resource), node) in rows.iter().zip(found) {
            let may = policy::can(&policy_actor, seeing(kind), resource) == Decision::Allowed;
            assert_eq!(!node.is_null(), may, "{name}: {kind} {id}");
        }
    }
    app.drain().await;
    app.ignore_mails();
    app.finish().await;
}

const INTROSPECTION: &str =
    "{ __schema { mutationType { fields { name args { name type { ...T } } type { ...T } } }
    types { name kind inputFields { name type { ...T } } enumValues { name } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// The ids of a region by the word that names them in the schema.
async fn ids_of(conn: &mut PgConnection, region: &Region, which: usize) -> BTreeMap<&'static str, String> {
    let of_expert = |table: &str| {
        format!(
            "SELECT id FROM {table} WHERE expert_id = '{}' LIMIT 1",
            region.experts[which]
        )
    };
    let of_match = |table: &str| {
        format!(
            "SELECT id FROM {table} WHERE match_id = '{}' LIMIT 1",
            region.matches[which]
        )
    };
    let mut found = BTreeMap::new();
    for (word, kind, sql) in [
        (
            "office",
            "RegionalOffice",
            format!("SELECT '{}'::uuid", region.office),
        ),
        (
            "center",
            "ServiceCenter",
            format!("SELECT '{}'::uuid", region.center),
        ),
        (
            "expert",
            "Expert",
            format!("SELECT '{}'::uuid", region.experts[which]),
        ),
        // whose data are asked for: the expert's, then the mentee's
        if which == 0 {
            (
                "person",
                "Expert",
                format!("SELECT '{}'::uuid", region.experts[which]),
            )
        } else {
            (
                "person",
                "Mentee",
                format!("SELECT '{}'::uuid", region.mentees[which]),
            )
        },
        (
            "mentee",
            "Mentee",
            format!("SELECT '{}'::uuid", region.mentees[which]),
        ),
        (
            "match",
            "Match",
            format!("SELECT '{}'::uuid", region.matches[which]),
        ),
        (
            "approach",
            "Match",
            format!("SELECT '{}'::uuid", region.matches[1 - which]),
        ),
        (
            "answer",
            "Match",
            format!("SELECT '{}'::uuid", region.matches[1 - which]),
        ),
        (
            "case",
            "Case",
            format!(
                "SELECT case_id FROM matches WHERE id = '{}'",
                region.matches[which]
            ),
        ),
        (
            "delivery",
            "EmailDelivery",
            format!(
                "SELECT id FROM email_deliveries WHERE recipient_id = '{}'",
                region.experts[which]
            ),
        ),
        ("check", "BackgroundCheck", of_expert("background_checks")),
        (
            "attendance",
            "TrainingAttendance",
            of_expert("training_attendances"),
        ),
        (
            "session",
            "TrainingSession",
            format!(
                "SELECT id FROM training_sessions WHERE office_id = '{}'",
                region.office
            ),
        ),
        ("agreement", "Agreement", of_match("agreements")),
        ("paper", "PaperRecord", of_match("paper_records")),
        ("problem", "Problem", of_match("problem_reports")),
        (
            "request",
            "DataRequest",
            format!(
                "SELECT id FROM data_requests WHERE subject_id = '{}'",
                region.experts[which]
            ),
        ),
        (
            "user",
            "User",
            "SELECT user_id FROM role_grants WHERE role = 'ADMIN'".to_owned(),
        ),
        (
            "role",
            "RoleGrant",
            "SELECT id FROM role_grants WHERE role = 'ADMIN'".into(),
        ),
        ("job", "Job", "SELECT id FROM jobs LIMIT 1".into()),
        (
            "module",
            "TrainingModule",
            "SELECT id FROM training_modules LIMIT 1".into(),
        ),
    ] {
        let id: Option<Uuid> = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_optional(&mut *conn)
            .await
            .expect("an id");
        if let Some(id) = id {
            found.insert(word, ids::of_kind(kind, id).to_string());
        }
    }
    found
}

/// A value for an argument: where it is an id, the one that its name, or else the mutation's, speaks of.
fn value(types: &[Value], of: &Value, name: &str, mutation: &str, ids: &BTreeMap<&str, String>) -> Value {
    match of["kind"].as_str().unwrap_or_default() {
        "NON_NULL" => value(types, &of["ofType"], name, mutation, ids),
        "LIST" => json!([value(types, &of["ofType"], name, mutation, ids)]),
        kind @ ("ENUM" | "INPUT_OBJECT") => {
            let named = types
                .iter()
                .find(|other| other["name"] == of["name"])
                .expect("a type");
            if kind == "ENUM" {
                return named["enumValues"][0]["name"].clone();
            }
            let fields = named["inputFields"].as_array().into_iter().flatten();
            fields
                .filter(|field| field["type"]["kind"] == "NON_NULL")
                .map(|field| {
                    let name = field["name"].as_str().expect("a name");
                    (name.to_owned(), value(types, &field["type"], name, mutation, ids))
                })
                .collect::<serde_json::Map<_, _>>()
                .into()
        }
        _ => match of["name"].as_str().unwrap_or_default() {
            "ID" => {
                let spoken_of = |text: &str| {
                    let text = text.to_lowercase();
                    ids.iter()
                        .find(|(word, _)| text.contains(**word))
                        .map(|(_, id)| id.clone())
                };
                spoken_of(name)
                    .or_else(|| spoken_of(mutation))
                    .unwrap_or_else(|| ids["case"].clone())
                    .into()
            }
            "Int" | "Float" => json!(1),
            "Boolean" => json!(true),
            "Date" => json!("2026-11-20"),
            "DateTime" => json!("2026-12-20T10:00:00Z"),
            _ => json!("kultur@example.org"),
        },
    }
}

fn type_text(of: &Value) -> String {
    match of["kind"].as_str().unwrap_or_default() {
        "NON_NULL" => format!("{}!", type_text(&of["ofType"])),
        "LIST" => format!("[{}]", type_text(&of["ofType"])),
        _ => of["name"].as_str().expect("a name").to_owned(),
    }
}

/// What is written and kept of each expert and match of a region.
async fn papers(app: &TestApp, region: &Region) {
    let mut conn = app.superuser().await;
    let now = app.now();
    let office = region.office;
    let session = format!(
        "INSERT INTO training_sessions (id, module_id, office_id, starts_at, ends_at, place, seats, created_at, updated_at)
         SELECT gen_random_uuid(), id, '{office}', '2027-01-10 09:00+01', '2027-01-10 16:00+01', 'Halle', 9, '{now}', '{now}'
           FROM training_modules ORDER BY id LIMIT 1"
    );
    let mut statements = vec![session];
    for (expert, matching) in region.experts.iter().zip(region.matches) {
        statements.extend([
            format!("INSERT INTO background_checks (id, expert_id, kind, requested_on, created_at, updated_at) VALUES (gen_random_uuid(), '{expert}', 'SIMPLE', '2026-11-01', '{now}', '{now}')"),
            format!("INSERT INTO training_attendances (id, expert_id, module_id, session_id, state, created_at, updated_at)
                     SELECT gen_random_uuid(), '{expert}', module_id, id, 'BOOKED', '{now}', '{now}' FROM training_sessions WHERE office_id = '{office}'"),
            format!("INSERT INTO agreements (id, match_id, number, areas, starts_on, ends_on, written_by_side, created_at)
                     VALUES (gen_random_uuid(), '{matching}', 1, '{{LANGUAGE}}', '2026-11-23', '2027-11-23', 'CENTER', '{now}')"),
            format!("INSERT INTO paper_records (id, match_id, side, what, on_date, witness, recorded_by, recorded_at)
                     SELECT gen_random_uuid(), '{matching}', 'EXPERT', 'VERDICT', '2026-11-23', 'W', user_id, '{now}' FROM role_grants WHERE role = 'ADMIN' LIMIT 1"),
            format!("INSERT INTO problem_reports (id, case_id, match_id, side, text, given_by_way, reported_at)
                     SELECT gen_random_uuid(), case_id, id, 'MENTEE', 'x', 'LINK', '{now}' FROM matches WHERE id = '{matching}'"),
            format!("INSERT INTO data_requests (id, kind, subject_kind, subject_id, state, created_at)
                     VALUES (gen_random_uuid(), 'ERASURE', 'EXPERT', '{expert}', 'WAITING', '{now}')"),
        ]);
    }
    for sql in statements {
        sqlx::query(AssertSqlSafe(sql.clone()))
            .execute(&mut conn)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

/// The version of every row about people: what a change cannot leave as it was.
async fn versions(conn: &mut PgConnection, region: &Region) -> BTreeMap<String, String> {
    let experts = format!("('{}', '{}')", region.experts[0], region.experts[1]);
    let matches = format!("('{}', '{}')", region.matches[0], region.matches[1]);
    let mut found = BTreeMap::new();
    for sql in [
        format!("SELECT 'office ' || id, xmin::text FROM regional_offices WHERE id = '{}'", region.office),
        format!("SELECT 'center ' || id, xmin::text FROM service_centers WHERE id = '{}'", region.center),
        format!("SELECT 'expert ' || id, md5(experts::text) FROM experts WHERE id IN {experts}"),
        format!("SELECT 'languages ' || expert_id || language, xmin::text FROM expert_languages WHERE expert_id IN {experts}"),
        format!("SELECT 'pause ' || id, xmin::text FROM expert_pauses WHERE expert_id IN {experts}"),
        format!("SELECT 'check ' || id, xmin::text FROM background_checks WHERE expert_id IN {experts}"),
        format!("SELECT 'attendance ' || id, xmin::text FROM training_attendances WHERE expert_id IN {experts}"),
        format!("SELECT 'mentee ' || id, md5(mentees::text) FROM mentees WHERE center_id = '{}'", region.center),
        format!("SELECT 'case ' || id, md5(cases::text) FROM cases WHERE center_id = '{}'", region.center),
        format!("SELECT 'match ' || id, md5(matches::text) FROM matches WHERE id IN {matches} OR expert_id IN {experts}"),
        format!("SELECT 'mail ' || id, md5(email_deliveries::text) FROM email_deliveries WHERE recipient_id IN {experts}"),
        format!("SELECT 'request ' || id, xmin::text FROM data_requests WHERE subject_id IN {experts}"),
        format!("SELECT 'session ' || id, md5(training_sessions::text) FROM training_sessions WHERE office_id = '{}'", region.office),
        format!("SELECT 'agreement ' || id, md5(agreements::text) FROM agreements WHERE match_id IN {matches}"),
        format!("SELECT 'signature ' || agreement_id || side, s.xmin::text FROM agreement_signatures s JOIN agreements a ON a.id = s.agreement_id WHERE a.match_id IN {matches}"),
        format!("SELECT 'verdict ' || match_id || side, xmin::text FROM chemistry_verdicts WHERE match_id IN {matches}"),
        format!("SELECT 'paper ' || id, md5(paper_records::text) FROM paper_records WHERE match_id IN {matches}"),
        format!("SELECT 'problem ' || id, md5(problem_reports::text) FROM problem_reports WHERE match_id IN {matches}"),
        format!("SELECT 'document ' || id, content_version FROM documents WHERE expert_id IN {experts}"),
        format!("SELECT 'hold ' || subject_id, xmin::text FROM legal_holds WHERE subject_id IN {experts}"),
        "SELECT 'module ' || id, md5(training_modules::text) FROM training_modules".to_owned(),
        "SELECT 'role ' || id, xmin::text FROM role_grants WHERE role = 'ADMIN'".to_owned(),
        "SELECT 'user ' || user_id, md5(users::text) FROM users JOIN role_grants g ON g.user_id = users.id AND g.role = 'ADMIN'".into(),
    ] {
        let rows: Vec<(String, String)> = sqlx::query_as(AssertSqlSafe(sql.clone()))
            .fetch_all(&mut *conn)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        found.extend(rows);
    }
    found
}

#[tokio::test]
async fn nobody_of_one_region_changes_anything_of_another_by_any_mutation() {
    let app = TestApp::start_with(|options| options.introspection = true).await;
    let (own, other) = (
        region(&app, "Nord", "20095").await,
        region(&app, "Süd", "80331").await,
    );
    app.admin().await;
    let mut conn = app.superuser().await;
    papers(&app, &other).await;
    // every id of each kind once
    let foreign = [
        ids_of(&mut conn, &other, 0).await,
        ids_of(&mut conn, &other, 1).await,
    ];
    for word in [
        "check",
        "attendance",
        "session",
        "agreement",
        "paper",
        "problem",
        "request",
    ] {
        assert!(
            foreign.iter().all(|ids| ids.contains_key(word)),
            "there is no {word}"
        );
    }
    let schema = app.nobody().ask(INTROSPECTION, json!({})).await;
    let schema = schema.data()["__schema"].clone();
    let types = schema["types"].as_array().expect("types").clone();
    let mutations = schema["mutationType"]["fields"]
        .as_array()
        .expect("fields")
        .clone();
    assert!(mutations.len() > 30, "{}", mutations.len());
    // among them is an administrator, whose right is one of what is compared
    let actors = actors(&app, &own).await;
    let before = versions(&mut conn, &other).await;
    assert!(before.len() > 15, "{before:?}");
    let mut refused = 0;
    for (name, grant, actor) in actors {
        if matches!(grant, Grant::Admin | Grant::Coordinator(None)) {
            continue;
        }
        for mutation in &mutations {
            let field = mutation["name"].as_str().expect("a name");
            // ends the session that tries
            if [
                "signOut",
                "signOutEverywhere",
                "signInWithToken",
                "rotateSession",
                "revokeSession",
            ]
            .contains(&field)
            {
                continue;
            }
            for foreign in &foreign {
                let arguments = mutation["args"].as_array().into_iter().flatten();
                let (mut declared, mut given, mut variables) =
                    (Vec::new(), Vec::new(), serde_json::Map::new());
                for argument in arguments.filter(|argument| {
                    let named = argument["name"].as_str().unwrap_or_default();
                    argument["type"]["kind"] == "NON_NULL" || named.ends_with("Id") || named.ends_with("Ids")
                }) {
                    let argument_name = argument["name"].as_str().expect("a name");
                    declared.push(format!("${argument_name}: {}", type_text(&argument["type"])));
                    given.push(format!("{argument_name}: ${argument_name}"));
                    variables.insert(
                        argument_name.to_owned(),
                        value(&types, &argument["type"], argument_name, field, foreign),
                    );
                }
                if given.is_empty() {
                    break;
                }
                let document = format!(
                    "mutation({}) {{ {field}({}) {{ __typename userErrors {{ code }} }} }}",
                    declared.join(", "),
                    given.join(", ")
                );
                let answer = actor.ask(&document, Value::Object(variables)).await;
                assert_ne!(answer.status, 500, "{name}: {document}: {}", answer.body);
                refused += usize::from(!answer.body["data"][field]["userErrors"][0].is_null());
                let after = versions(&mut conn, &other).await;
                assert_eq!(after, before, "{name} changed another region's rows by {field}");
            }
        }
    }
    assert!(refused > 60, "only {refused} attempts came as far as a refusal");
    app.drain_some().await;
    app.ignore_mails();
    app.finish_leaving(&[
        tandem_storage::jobs::State::Dead,
        tandem_storage::jobs::State::Pending,
    ])
    .await;
}
