//! The policy, seen from outside: what one may not see does not exist.

use serde_json::{Value, json};
use tandem_api::graphql::ids;
use tandem_domain::policy::Grant;
use tandem_operations::Error;
use tandem_tests::{Actor, TestApp};

#[tokio::test]
async fn administration_is_for_administrators() {
    let app = TestApp::start().await;
    let office = app.office("Nord", "20095").await;
    let center = app.center(office, "Hafen", "20095").await;
    let expert = app.expert(office, "Weber", "20095").await;
    let mentee = app.mentee(center, "Samira").await;
    let actors: Vec<Actor> = vec![
        app.head_office().await,
        app.coordinator(office).await,
        app.center_staff(center).await,
        app.person("Ingrid Weber", Grant::Expert(expert)).await,
        app.person("Samira Ahmadi", Grant::Mentee(mentee)).await,
        app.staff("No Role", &[]).await,
    ];
    let office = ids::global(office);
    let details =
        "{ name: \"X\", postalCode: \"20095\", email: \"x@example.org\", phone: \"1\", contactName: \"Y\" }";
    for actor in &actors {
        for (mutation, arguments) in [
            ("createRegionalOffice", format!("input: {details}")),
            (
                "updateRegionalOffice",
                format!("id: \"{}\", input: {details}", office.as_str()),
            ),
            (
                "createUser",
                "input: { email: \"x@example.org\", name: \"X\" }".to_owned(),
            ),
            (
                "grantRole",
                format!("userId: \"{}\", role: {{ role: ADMIN }}", actor.id()),
            ),
            ("deactivateUser", format!("userId: \"{}\"", actor.id())),
        ] {
            let document =
                format!("mutation {{ {mutation}({arguments}) {{ userErrors {{ code field }} }} }}");
            let answer = actor.ask(&document, json!({})).await;
            let refusals = answer.refusals(mutation);
            assert_eq!(refusals.len(), 1, "{} {mutation}: {}", actor.email, answer.body);
            assert!(
                refusals[0].starts_with("FORBIDDEN") || refusals[0].starts_with("NOT_FOUND"),
                "{} {mutation}: {refusals:?}",
                actor.email
            );
        }
        for (list, selection) in [("auditEvents", "nodes { id }"), ("jobs", "nodes { id }")] {
            let answer = actor
                .ask(&format!("{{ {list} {{ {selection} }} }}"), json!({}))
                .await;
            assert_eq!(answer.data()[list]["nodes"], json!([]), "{} {list}", actor.email);
        }
        assert_eq!(
            actor.ask("{ jobCounts { count } }", json!({})).await.data()["jobCounts"],
            json!([])
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn people_see_themselves_and_no_other_user() {
    let app = TestApp::start().await;
    let office = app.office("Nord", "20095").await;
    let center = app.center(office, "Hafen", "20095").await;
    let admin = app.admin().await;
    let staff = app.center_staff(center).await;
    let answer = staff
        .ask(
            "query($ids: [ID!]!) { nodes(ids: $ids) { ... on User { email roles { role } } } }",
            json!({ "ids": [staff.id(), admin.id()] }),
        )
        .await;
    assert_eq!(answer.data()["nodes"][0]["email"], staff.email);
    assert_eq!(answer.data()["nodes"][0]["roles"][0]["role"], "CENTER_STAFF");
    assert_eq!(answer.data()["nodes"][1], Value::Null);
    let users = staff
        .ask("{ users { totalCount nodes { email } } }", json!({}))
        .await;
    assert_eq!(users.data()["users"], json!({ "totalCount": 0, "nodes": [] }));
    let settings = staff.ask("{ settings { programmeName } }", json!({})).await;
    assert_eq!(settings.data()["settings"], Value::Null);
    let settings = admin.ask("{ settings { programmeName } }", json!({})).await;
    assert_eq!(settings.data()["settings"]["programmeName"], "Tandem");
    app.finish().await;
}

#[tokio::test]
async fn a_dead_job_is_seen_and_put_back_by_an_administrator() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut conn = app.conn().await;
    let delivery = app.api.id();
    let work = tandem_operations::jobs::Job::SendEmail { delivery };
    let job = tandem_operations::jobs::enqueue(&mut conn, &app.api, &[work])
        .await
        .unwrap()[0];
    sqlx::query("UPDATE jobs SET state = 'DEAD', attempts = max_attempts, finished_at = created_at, last_error = 'no'")
        .execute(&mut app.superuser().await)
        .await
        .unwrap();
    let listed = admin
        .ask(
            "{ jobs(filter: { states: [DEAD] }) { nodes { id kind state lastError aboutId queue } } }",
            json!({}),
        )
        .await;
    let node = &listed.data()["jobs"]["nodes"][0];
    assert_eq!(node["id"], ids::global(job).as_str());
    assert_eq!(node["aboutId"], ids::global(delivery).as_str());
    assert_eq!(
        (&node["queue"], &node["lastError"]),
        (&json!("MAIL"), &json!("no"))
    );

    let requeue = "mutation($id: ID!) { requeueJob(jobId: $id) { job { state } userErrors { code field } } }";
    let variables = json!({ "id": ids::global(job).as_str() });
    let coordinator = app.head_office().await;
    let refused = coordinator.ask(requeue, variables.clone()).await;
    assert_eq!(refused.refusals("requeueJob"), ["NOT_FOUND jobId"]);
    let done = admin.ask(requeue, variables.clone()).await;
    assert_eq!(done.done("requeueJob")["job"]["state"], "PENDING");
    let again = admin.ask(requeue, variables).await;
    assert_eq!(again.refusals("requeueJob"), ["CONFLICT"]);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn jobs_are_paged_both_ways() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut conn = app.conn().await;
    for _ in 0..5 {
        let work = tandem_operations::jobs::Job::SendEmail {
            delivery: app.api.id(),
        };
        tandem_operations::jobs::enqueue(&mut conn, &app.api, &[work])
            .await
            .unwrap();
        app.advance(chrono::Duration::seconds(1));
    }
    let query = "query($after: String, $before: String, $first: Int, $last: Int) {
        jobs(first: $first, after: $after, last: $last, before: $before) {
            nodes { createdAt } pageInfo { endCursor startCursor hasNextPage hasPreviousPage } } }";
    let page = async |variables: Value| admin.ask(query, variables).await.data()["jobs"].clone();
    let one = page(json!({ "first": 2 })).await;
    let two = page(json!({ "first": 2, "after": one["pageInfo"]["endCursor"] })).await;
    let three = page(json!({ "first": 2, "after": two["pageInfo"]["endCursor"] })).await;
    assert_eq!(three["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(three["pageInfo"]["hasNextPage"], false);
    let back = page(json!({ "last": 2, "before": two["pageInfo"]["startCursor"] })).await;
    assert_eq!(back["nodes"], one["nodes"]);
    let last = page(json!({ "last": 3 })).await;
    assert_eq!(last["nodes"][2], three["nodes"][0]);
    assert_eq!(last["nodes"][0], two["nodes"][0]);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn the_command_line_refuses_a_second_administrator_with_the_same_address() {
    let app = TestApp::start().await;
    let input = || tandem_domain::users::UserInput {
        email: "first@example.org".into(),
        name: "First".into(),
        ..Default::default()
    };
    let system = tandem_operations::Caller::system();
    let create =
        async || tandem_operations::users::create(&app.api, &system, input(), &[Grant::Admin], None).await;
    create().await.unwrap();
    match create().await {
        Err(Error::Refused(errors)) => assert!(errors[0].message.contains("first@example.org already")),
        other => panic!("{other:?}"),
    }
    app.finish().await;
}
