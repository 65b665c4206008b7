//! The audit trail.

use serde_json::{Value, json};
use tandem_tests::{Actor, TestApp};

async fn events(actor: &Actor, filter: Value) -> Vec<Value> {
    let answer = actor
        .ask(
            "query($filter: AuditEventFilter) { auditEvents(filter: $filter, first: 100) {
                nodes { id at actorKind actor { email } action entityKind entityId subjectId detail address } } }",
            json!({ "filter": filter }),
        )
        .await;
    answer.data()["auditEvents"]["nodes"].as_array().unwrap().clone()
}

#[tokio::test]
async fn every_change_says_who_what_and_from_where() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let made = admin
        .ask(
            "mutation { createUser(input: { email: \"uwe@example.org\", name: \"Uwe\" }, role: { role: ADMIN }) {
                user { id } userErrors { code } } }",
            json!({}),
        )
        .await;
    let user = made.done("createUser")["user"]["id"].clone();
    let trail = events(&admin, json!({ "subjectId": user })).await;
    let actions: Vec<&str> = trail
        .iter()
        .map(|event| event["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions.len(), 2);
    assert!(actions.contains(&"user.created") && actions.contains(&"role.granted"));
    for event in &trail {
        assert_eq!(event["actorKind"], "USER");
        assert_eq!(event["actor"]["email"], admin.email);
        assert_eq!(event["entityId"], user);
        assert_eq!(event["address"], "127.0.0.1");
        assert!(
            !event["detail"].as_str().unwrap().contains("Uwe"),
            "no personal values"
        );
    }
    let by_me = events(&admin, json!({ "actorId": admin.id(), "action": "role." })).await;
    assert_eq!(by_me.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn only_administrators_read_the_trail() {
    let app = TestApp::start().await;
    app.office("Nord", "20095").await;
    let coordinator = app.head_office().await;
    assert_eq!(events(&coordinator, Value::Null).await.len(), 0);
    let admin = app.admin().await;
    assert!(!events(&admin, Value::Null).await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn the_trail_is_paged_newest_first_and_cannot_be_changed_by_the_api() {
    let app = TestApp::start().await;
    for name in ["A", "B", "C"] {
        app.office(name, "20095").await;
        app.advance(chrono::Duration::seconds(1));
    }
    let admin = app.admin().await;
    let query = "query($after: String, $before: String, $first: Int, $last: Int) {
        auditEvents(filter: { action: \"office.\" }, first: $first, after: $after, last: $last, before: $before) {
            nodes { at } pageInfo { endCursor startCursor hasNextPage } } }";
    let page = async |variables: Value| admin.ask(query, variables).await.data()["auditEvents"].clone();
    let first = page(json!({ "first": 2 })).await;
    assert!(first["nodes"][0]["at"].as_str() > first["nodes"][1]["at"].as_str());
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let second = page(json!({ "first": 2, "after": first["pageInfo"]["endCursor"] })).await;
    assert_eq!(second["nodes"].as_array().unwrap().len(), 1);
    let back = page(json!({ "last": 2, "before": second["pageInfo"]["startCursor"] })).await;
    assert_eq!(back["nodes"], first["nodes"]);

    let mut conn = app.conn().await;
    for statement in [
        "UPDATE audit_events SET action = 'x'",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
    ] {
        let refused = sqlx::query(statement).execute(&mut conn).await.unwrap_err();
        assert!(
            refused.to_string().contains("permission denied"),
            "{statement}: {refused}"
        );
    }
    app.finish().await;
}
