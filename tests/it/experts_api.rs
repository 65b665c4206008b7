//! Experts over GraphQL: who sees what, what is refused and how.

use serde_json::{Value, json};
use tandem_api::graphql::ids;
use tandem_domain::{
    ids::{CaseId, ExpertId, OfficeId},
    policy::Grant,
};
use tandem_operations::{Caller, experts};
use tandem_tests::{Actor, Answer, TestApp};

use crate::life::refused;

fn input(office: OfficeId) -> Value {
    json!({
        "officeId": ids::global(office), "title": "Dr.", "givenName": "Jörg", "familyName": "Müller",
        "birthDate": "1955-04-12", "postalCode": "09111", "email": "joerg@example.org",
        "occupations": [{ "kldbCode": "26112", "label": "Mechatroniker" }],
        "languages": ["fa", "de"], "supportAreas": ["LANGUAGE"], "programmes": ["MOBIPRO_EU"],
    })
}

async fn register(actor: &Actor, input: Value, key: Option<&str>) -> Answer {
    let query = "mutation($input: RegisterExpertInput!, $key: String) {
        registerExpert(input: $input, idempotencyKey: $key) {
            expert { id name version state place occupations { kind kldbCode label } languages
                     supportAreas programmes capacity travelRadiusKm }
            warnings { expert { id } reason }
            userErrors { code field message } } }";
    actor.ask(query, json!({ "input": input, "key": key })).await
}

/// A mutation that takes the expert and more arguments, as `pauseExpert(…, from: "2026-12-01")`.
async fn act(actor: &Actor, mutation: &str, expert: &Value, more: &str) -> Answer {
    let query = format!(
        "mutation($id: ID!) {{ {mutation}(expertId: $id {more}) {{
            expert {{ name version state pauses {{ from until }}
                      readiness {{ ready readyForMinors paused missing }}
                      backgroundChecks {{ kind state validUntil inspectedBy {{ name }} }}
                      trainings {{ state attendedOn module {{ code }} }} }}
            userErrors {{ code field message }} }} }}"
    );
    actor.ask(&query, json!({ "id": expert })).await
}

async fn seen(actor: &Actor, expert: ExpertId) -> Value {
    let query = "query($id: ID!) { expert(id: $id) {
        name place state openMatches pauses { from } readiness { ready missing }
        email phone street birthDate backgroundChecks { kind } trainings { state } motivation } }";
    let answer = actor.ask(query, json!({ "id": ids::global(expert) })).await;
    answer.data()["expert"].clone()
}

#[tokio::test]
async fn a_registered_expert_has_what_was_given_and_the_defaults() {
    let app = TestApp::start().await;
    let office = app.office("Büro Chemnitz", "09111").await;
    let coordinator = app.coordinator(office).await;
    let answer = register(&coordinator, input(office), None).await;
    let expert = &answer.done("registerExpert")["expert"];
    assert_eq!(expert["name"], "Dr. Jörg Müller");
    assert_eq!(expert["place"], "Chemnitz");
    assert_eq!(expert["state"], "REGISTERED");
    assert_eq!(
        expert["occupations"],
        json!([{ "kind": "OCCUPATION", "kldbCode": "26112", "label": "Mechatroniker" }])
    );
    assert_eq!(expert["languages"], json!(["de", "fa"]));
    assert_eq!(expert["supportAreas"], json!(["LANGUAGE"]));
    assert_eq!(expert["programmes"], json!(["MOBIPRO_EU"]));
    assert_eq!(expert["capacity"], 1);
    assert_eq!(expert["travelRadiusKm"], 30);
    app.finish().await;
}

#[tokio::test]
async fn whoever_may_be_the_same_person_is_a_warning_and_no_refusal() {
    let app = TestApp::start().await;
    let office = app.office("Büro Chemnitz", "09111").await;
    let coordinator = app.coordinator(office).await;
    let first = register(&coordinator, input(office), None).await;
    assert_eq!(first.done("registerExpert")["warnings"], json!([]));
    let mut again = input(office);
    again["familyName"] = "Mueller".into();
    again["email"] = "other@example.org".into();
    let second = register(&coordinator, again, None).await;
    let payload = second.done("registerExpert");
    assert!(payload["expert"]["id"].is_string());
    let warnings = payload["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1);
    assert_eq!(
        warnings[0]["expert"]["id"],
        first.done("registerExpert")["expert"]["id"]
    );
    assert_eq!(warnings[0]["reason"], "a similar name and the same birth date");
    app.finish().await;
}

#[tokio::test]
async fn the_same_key_twice_registers_one_expert() {
    let app = TestApp::start().await;
    let office = app.office("Büro Chemnitz", "09111").await;
    let coordinator = app.coordinator(office).await;
    let id = |answer: &Answer| answer.done("registerExpert")["expert"]["id"].clone();
    let first = id(&register(&coordinator, input(office), Some("k1")).await);
    let second = id(&register(&coordinator, input(office), Some("k1")).await);
    assert_eq!(first, second);
    let count = coordinator.ask("{ experts { totalCount } }", json!({})).await;
    assert_eq!(count.data()["experts"]["totalCount"], 1);
    app.finish().await;
}

#[tokio::test]
async fn bad_input_names_every_field() {
    let app = TestApp::start().await;
    let office = app.office("Büro Chemnitz", "09111").await;
    let coordinator = app.coordinator(office).await;
    let mut bad = input(office);
    bad["postalCode"] = "99999".into();
    bad["birthDate"] = "2027-01-01".into();
    bad["capacity"] = 1000.into();
    bad["languages"] = json!(["de", "german"]);
    bad["occupations"][0]["kldbCode"] = "x".into();
    let mut refusals = register(&coordinator, bad, None).await.refusals("registerExpert");
    refusals.sort();
    assert_eq!(
        refusals,
        [
            "INVALID birthDate",
            "INVALID capacity",
            "INVALID languages.1",
            "INVALID occupations.0.kldbCode",
            "INVALID postalCode",
        ]
    );
    let mut wrong = input(office);
    wrong["officeId"] = coordinator.id().into();
    let refused = register(&coordinator, wrong, None).await;
    assert_eq!(refused.refusals("registerExpert"), ["INVALID officeId"]);
    app.finish().await;
}

#[tokio::test]
async fn an_update_changes_what_is_given_and_shows_the_expert_after_a_conflict() {
    let app = TestApp::start().await;
    let office = app.office("Büro Chemnitz", "09111").await;
    let coordinator = app.coordinator(office).await;
    let new = register(&coordinator, input(office), None).await;
    let expert = new.done("registerExpert")["expert"].clone();
    let update = async |version: &Value, input: Value| {
        let query = "mutation($id: ID!, $version: Int, $input: UpdateExpertInput!) {
            updateExpert(expertId: $id, version: $version, input: $input) {
                expert { version capacity birthDate title occupations { label } }
                userErrors { code field message } } }";
        let variables = json!({ "id": expert["id"], "version": version, "input": input });
        coordinator.ask(query, variables).await
    };
    let changed = update(&expert["version"], json!({ "capacity": 3, "birthDate": null })).await;
    let now = &changed.done("updateExpert")["expert"];
    assert_eq!(now["capacity"], 3);
    assert_eq!(now["birthDate"], Value::Null, "null takes away");
    assert_eq!(now["title"], "Dr.", "what is not given stays");
    assert_eq!(now["occupations"][0]["label"], "Mechatroniker");

    let stale = update(&expert["version"], json!({ "capacity": 2 })).await;
    assert_eq!(stale.refusals("updateExpert"), ["CONFLICT version"]);
    assert_eq!(stale.data()["updateExpert"]["expert"]["capacity"], 3);
    let zero = update(&Value::Null, json!({ "capacity": 0 })).await;
    assert_eq!(zero.refusals("updateExpert"), ["INVALID capacity"]);
    app.finish().await;
}

#[tokio::test]
async fn the_office_takes_a_consent_to_publicity_back_and_never_gives_it() {
    let app = TestApp::start().await;
    let office = app.office("Büro Hamburg", "20095").await;
    let expert = app.expert(office, "Weber", "20095").await;
    let says = async |consent: bool| {
        let patch = experts::ExpertPatch {
            publicity_consent: Some(consent),
            ..experts::ExpertPatch::default()
        };
        let coordinator = app.coordinator(office).await.caller;
        experts::update(&app.api, &coordinator, expert, None, patch).await
    };
    assert_eq!(refused(says(true).await), ["FORBIDDEN publicityConsent"]);
    let mut draft = TestApp::expert_draft("Kraus", "20095");
    draft.publicity_consent = true;
    let registered = experts::register(&app.api, &Caller::system(), office, draft, None).await;
    assert_eq!(refused(registered), ["FORBIDDEN publicityConsent"]);
    // the expert's own word, as the own page writes it
    tandem_storage::experts::set_publicity_consent(&mut app.conn().await, expert, true, app.now())
        .await
        .expect("a consent");
    assert!(says(true).await.expect("nothing changes").publicity_consent);
    assert!(!says(false).await.expect("it is taken back").publicity_consent);
    app.finish().await;
}

#[tokio::test]
async fn an_expert_becomes_ready_by_activation_a_check_and_two_trainings() {
    let app = TestApp::start().await;
    let office = app.office("Büro Chemnitz", "09111").await;
    let coordinator = app.coordinator(office).await;
    let new = register(&coordinator, input(office), None).await;
    let id = new.done("registerExpert")["expert"]["id"].clone();
    let active = act(&coordinator, "activateExpert", &id, "").await;
    let readiness = &active.done("activateExpert")["expert"]["readiness"];
    assert_eq!(readiness["ready"], false);
    assert_eq!(
        readiness["missing"],
        json!(["SIMPLE_CHECK", "BASE_TRAINING", "INTERCULTURAL_TRAINING"])
    );

    let inspection = "input: { kind: SIMPLE, certificateDate: \"2026-11-01\", noRelevantEntry: true }";
    let checked = act(&coordinator, "recordCheckInspection", &id, inspection).await;
    assert_eq!(
        checked.done("recordCheckInspection")["expert"]["backgroundChecks"],
        json!([{ "kind": "SIMPLE", "state": "VALID", "validUntil": "2031-11-23",
                 "inspectedBy": { "name": "Coordinator" } }])
    );
    let modules = coordinator
        .ask("{ trainingModules { id code required } }", json!({}))
        .await;
    let modules = modules.data()["trainingModules"].as_array().unwrap().clone();
    assert_eq!(modules.len(), 2);
    for module in &modules {
        let more = format!("moduleId: {}, attendedOn: \"2026-10-01\"", module["id"]);
        act(&coordinator, "recordAttendance", &id, &more)
            .await
            .done("recordAttendance");
    }
    let paused = act(&coordinator, "pauseExpert", &id, ", until: \"2026-12-31\"").await;
    let expert = &paused.done("pauseExpert")["expert"];
    assert_eq!(
        expert["pauses"],
        json!([{ "from": "2026-11-23", "until": "2026-12-31" }])
    );
    assert_eq!(expert["readiness"]["paused"], true);
    assert_eq!(expert["trainings"][0]["module"]["code"], "BASE");

    let resumed = act(&coordinator, "resumeExpert", &id, "").await;
    assert_eq!(
        resumed.done("resumeExpert")["expert"]["readiness"],
        json!({ "ready": true, "readyForMinors": false, "paused": false, "missing": [] })
    );
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_step_that_the_state_does_not_allow_is_a_conflict_that_shows_the_state() {
    let app = TestApp::start().await;
    let office = app.office("Büro Chemnitz", "09111").await;
    let coordinator = app.coordinator(office).await;
    let expert = json!(ids::global(app.expert(office, "Groß", "09111").await));
    let refused = act(&coordinator, "activateExpert", &expert, "").await;
    assert_eq!(refused.refusals("activateExpert"), ["CONFLICT"]);
    assert_eq!(refused.data()["activateExpert"]["expert"]["state"], "ACTIVE");
    act(&coordinator, "suspendExpert", &expert, "")
        .await
        .done("suspendExpert");
    act(&coordinator, "reinstateExpert", &expert, "")
        .await
        .done("reinstateExpert");
    let left = act(&coordinator, "leaveExpert", &expert, "").await;
    assert_eq!(left.done("leaveExpert")["expert"]["state"], "LEFT");
    let again = act(&coordinator, "pauseExpert", &expert, "").await;
    assert_eq!(again.refusals("pauseExpert"), ["CONFLICT"]);
    app.finish().await;
}

#[tokio::test]
async fn only_the_own_office_and_the_expert_see_contact_data_and_what_is_missing() {
    let app = TestApp::start().await;
    let office = app.office("Büro Chemnitz", "09111").await;
    let other = app.office("Büro Hamburg", "20095").await;
    let center = app.center(office, "Servicestelle Chemnitz", "09111").await;
    let expert = app.expert(office, "Groß", "09111").await;

    let own = app.coordinator(office).await;
    let oneself = app.person("Ingrid Groß", Grant::Expert(expert)).await;
    for whole in [&own, &oneself] {
        let expert = seen(whole, expert).await;
        assert_eq!(expert["birthDate"], "1955-04-12");
        assert_eq!(expert["phone"], "+49 30 23125 003");
        assert_eq!(expert["state"], "ACTIVE");
        assert_eq!(expert["trainings"], json!([]));
        assert_eq!(expert["readiness"]["missing"].as_array().unwrap().len(), 3);
    }
    assert_eq!(seen(&own, expert).await["backgroundChecks"], json!([]));
    assert_eq!(
        seen(&oneself, expert).await["backgroundChecks"],
        Value::Null,
        "the policy gives no expert the right to see checks"
    );

    let foreign = seen(&app.coordinator(other).await, expert).await;
    assert_eq!(foreign["state"], "ACTIVE");
    assert_eq!(foreign["readiness"], json!({ "ready": false, "missing": null }));
    for hidden in [
        "email",
        "phone",
        "street",
        "birthDate",
        "backgroundChecks",
        "trainings",
    ] {
        assert_eq!(foreign[hidden], Value::Null, "{hidden}");
    }

    let staff = app.center_staff(center).await;
    assert_eq!(
        seen(&staff, expert).await,
        Value::Null,
        "before a yes the centre knows nobody"
    );
    app.finish().await;
}

#[tokio::test]
async fn after_the_yes_a_centre_sees_who_it_is_and_nothing_of_why_somebody_is_available() {
    let app = TestApp::start().await;
    let office = app.office("Büro Chemnitz", "09111").await;
    let center = app.center(office, "Servicestelle Chemnitz", "09111").await;
    let expert = app.expert(office, "Groß", "09111").await;
    let case = app.case(center).await;
    said_yes(&app, expert, case).await;
    let staff = app.center_staff(center).await;
    let partner = seen(&staff, expert).await;
    assert_eq!(partner["name"], "Ingrid Groß");
    assert_eq!(partner["place"], "Chemnitz");
    let fields = partner.as_object().unwrap();
    for (field, value) in fields
        .iter()
        .filter(|(field, _)| !["name", "place"].contains(&field.as_str()))
    {
        assert_eq!(value, &Value::Null, "{field}");
    }
    let asked = staff
        .ask(
            "{ experts(filter: { readiness: NOT_READY }) { nodes { name } } }",
            json!({}),
        )
        .await;
    assert_eq!(asked.code(), Some("BAD_USER_INPUT"));
    app.finish().await;
}

/// A match whose expert has said yes, written as the superuser: how it comes about is another test's.
async fn said_yes(app: &TestApp, expert: ExpertId, case: CaseId) {
    let id: uuid::Uuid = app.api.random.id(&*app.api.clock);
    let mut conn = app.superuser().await;
    sqlx::query(
        "INSERT INTO matches (id, case_id, expert_id, state, approached_at, answered_at, answered_by_way,
             created_at, updated_at)
         VALUES ($1, $2, $3, 'INTERESTED', $4, $4, 'LINK', $4, $4)",
    )
    .bind(id)
    .bind(case.uuid())
    .bind(expert.uuid())
    .bind(app.now())
    .execute(&mut conn)
    .await
    .unwrap();
}

#[tokio::test]
async fn reading_contact_data_leaves_a_trace_and_a_list_of_names_leaves_none() {
    let app = TestApp::start().await;
    let office = app.office("Büro Chemnitz", "09111").await;
    let coordinator = app.coordinator(office).await;
    app.expert(office, "Groß", "09111").await;
    app.expert(office, "Klein", "09111").await;
    let traces = async || {
        let mut conn = app.superuser().await;
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM audit_events WHERE action LIKE 'expert.%viewed'")
            .fetch_one(&mut conn)
            .await
            .unwrap()
    };
    coordinator
        .ask(
            "{ experts { nodes { name occupations { label } readiness { ready } } } }",
            json!({}),
        )
        .await
        .data();
    assert_eq!(traces().await, 0);
    coordinator
        .ask("{ experts { nodes { email phone birthDate } } }", json!({}))
        .await
        .data();
    assert_eq!(traces().await, 2, "one an expert, however many fields");
    app.finish().await;
}

#[tokio::test]
async fn a_neighbourhood_tells_how_far_and_names_what_is_wrong_with_it() {
    let app = TestApp::start().await;
    let office = app.office("Büro Chemnitz", "09111").await;
    let center = app.center(office, "Servicestelle Chemnitz", "09111").await;
    let coordinator = app.coordinator(office).await;
    app.expert(office, "Freiberg", "09599").await;
    app.expert(office, "Chemnitz", "09111").await;
    app.expert(office, "Hamburg", "20095").await;
    let query = "query($near: ExpertNearInput!, $filter: ExpertFilter) {
        expertsNearby(near: $near, filter: $filter) { totalCount edges { distanceKm node { familyName } } } }";
    let ask = async |near: Value, filter: Value| {
        coordinator
            .ask(query, json!({ "near": near, "filter": filter }))
            .await
    };
    let found = ask(
        json!({ "centerId": ids::global(center), "radiusKm": 50 }),
        Value::Null,
    )
    .await;
    let found = &found.data()["expertsNearby"];
    assert_eq!(found["totalCount"], 2);
    assert_eq!(found["edges"][0]["node"]["familyName"], "Chemnitz");
    assert_eq!(found["edges"][0]["distanceKm"], 0.0);
    let far = found["edges"][1]["distanceKm"].as_f64().unwrap();
    assert!((20.0..45.0).contains(&far), "{far}");

    for (near, filter, word) in [
        (json!({ "postalCode": "99999" }), Value::Null, "near.postalCode"),
        (
            json!({ "postalCode": "09111", "radiusKm": 0 }),
            Value::Null,
            "near.radiusKm",
        ),
        (json!({}), Value::Null, "near: give either"),
        (
            json!({ "centerId": ids::global(office) }),
            Value::Null,
            "near.centerId",
        ),
        (
            json!({ "postalCode": "09111" }),
            json!({ "near": { "postalCode": "09111" } }),
            "filter.near",
        ),
    ] {
        let refused = ask(near, filter).await;
        assert_eq!(refused.code(), Some("BAD_USER_INPUT"), "{word}");
        let message = refused.body["errors"][0]["message"].as_str().unwrap();
        assert!(message.starts_with(word), "{message}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_list_can_be_searched_filtered_and_paged() {
    let app = TestApp::start().await;
    let office = app.office("Büro Chemnitz", "09111").await;
    let coordinator = app.coordinator(office).await;
    for name in ["Arndt", "Müller", "Zorn"] {
        app.expert(office, name, "09111").await;
    }
    let query =
        "query($search: String, $filter: ExpertFilter, $order: ExpertOrder, $first: Int, $after: String) {
        experts(search: $search, filter: $filter, orderBy: $order, first: $first, after: $after) {
            totalCount pageInfo { hasNextPage endCursor } nodes { familyName } } }";
    let names = |answer: &Answer| -> Vec<String> {
        let nodes = answer.data()["experts"]["nodes"].as_array().unwrap().clone();
        nodes
            .iter()
            .map(|node| node["familyName"].as_str().unwrap().to_owned())
            .collect()
    };
    let page = coordinator.ask(query, json!({ "first": 2 })).await;
    assert_eq!(names(&page), ["Arndt", "Müller"]);
    assert_eq!(page.data()["experts"]["totalCount"], 3);
    let after = &page.data()["experts"]["pageInfo"]["endCursor"];
    let rest = coordinator
        .ask(query, json!({ "first": 2, "after": after }))
        .await;
    assert_eq!(names(&rest), ["Zorn"]);
    let newest = coordinator.ask(query, json!({ "order": "NEWEST" })).await;
    assert_eq!(names(&newest).len(), 3);
    let found = coordinator.ask(query, json!({ "search": "Mueller" })).await;
    assert_eq!(names(&found), ["Müller"]);
    let none = coordinator
        .ask(query, json!({ "filter": { "states": ["LEFT"] } }))
        .await;
    assert_eq!(names(&none), Vec::<String>::new());
    for (variables, word) in [
        (json!({ "search": "?!" }), "search"),
        (json!({ "order": "RELEVANCE" }), "orderBy"),
        (json!({ "filter": { "language": "german" } }), "filter.language"),
        (
            json!({ "filter": { "officeIds": [coordinator.id()] } }),
            "filter.officeIds.0",
        ),
        (json!({ "first": 1_000_000 }), "first is 1000000"),
    ] {
        let refused = coordinator.ask(query, variables).await;
        assert_eq!(refused.code(), Some("BAD_USER_INPUT"), "{word}");
        let message = refused.body["errors"][0]["message"].as_str().unwrap();
        assert!(message.starts_with(word), "{message}");
    }
    app.finish().await;
}
