//! Tokens of partners' programs.

use chrono::Duration;
use serde_json::{Value, json};
use tandem_api::graphql::ids;
use tandem_domain::policy::Grant;
use tandem_tests::{Client, TestApp};

const CREATE: &str = "mutation($input: ApiTokenInput!) { createApiToken(input: $input) {
    newApiToken { secret token { id name scopes expiresAt lastUsedAt user { email } } } userErrors { code field message } } }";
const LIST: &str = "{ apiTokens { id name lastUsedAt revokedAt } }";
const REVOKE: &str =
    "mutation($id: ID!) { revokeApiToken(id: $id) { apiToken { revokedAt } userErrors { code field } } }";

async fn create(app: &TestApp, user: &str, scopes: &[&str]) -> (Client, String) {
    let input = json!({ "name": "Case management", "userId": user, "scopes": scopes, "expiresInDays": 30 });
    let answer = app.admin().await.ask(CREATE, json!({ "input": input })).await;
    let new = &answer.done("createApiToken")["newApiToken"];
    let secret = new["secret"].as_str().unwrap();
    assert!(secret.starts_with("tandem_api_"));
    (
        Client::new(&app.url, Some(secret.to_owned())),
        new["token"]["id"].as_str().unwrap().to_owned(),
    )
}

#[tokio::test]
async fn a_token_does_what_its_scopes_and_its_user_allow() {
    let app = TestApp::start().await;
    let office = app.office("Nord", "20095").await;
    let center = app.center(office, "Hafen", "20095").await;
    let foreign = app.center(office, "Altona", "22765").await;
    let (own, other) = (app.case(center).await, app.case(foreign).await);
    let partner = app.staff("Partner", &[Grant::CenterStaff(center)]).await;
    let (reader, _) = create(&app, &partner.id(), &["READ_CASES"]).await;

    let read = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Case { id state } } }";
    let variables = json!({ "ids": [ids::global(own).as_str(), ids::global(other).as_str()] });
    let answer = reader.ask(read, variables.clone()).await;
    assert_eq!(answer.data()["nodes"][0]["state"], "SEARCHING");
    assert_eq!(answer.data()["nodes"][1], Value::Null, "another centre's");

    let withdraw = "mutation($id: ID!) { withdrawCase(id: $id) { userErrors { code field } } }";
    let variables = json!({ "id": ids::global(own).as_str() });
    let refused = reader.ask(withdraw, variables.clone()).await;
    assert_eq!(refused.refusals("withdrawCase"), ["FORBIDDEN id"]);
    let (writer, _) = create(&app, &partner.id(), &["READ_CASES", "WRITE_CASES"]).await;
    writer.ask(withdraw, variables).await.done("withdrawCase");
    app.drain().await;
    app.ignore_mails();
    app.finish().await;
}

#[tokio::test]
async fn a_token_is_shown_once_listed_used_and_ended() {
    let app = TestApp::start().await;
    let partner = app.staff("Partner", &[Grant::Coordinator(None)]).await;
    let (program, id) = create(&app, &partner.id(), &["READ_ORGANISATION"]).await;
    let viewer = "{ viewer { user { name } sessions { id } currentSessionId } }";
    let answer = program.ask(viewer, json!({})).await;
    assert_eq!(
        answer.data()["viewer"],
        json!({ "user": { "name": "Partner" }, "sessions": [], "currentSessionId": null })
    );
    let listed = partner.ask(LIST, json!({})).await;
    let token = &listed.data()["apiTokens"][0];
    assert_eq!(
        (&token["id"], &token["name"]),
        (&json!(id), &json!("Case management"))
    );
    assert_ne!(token["lastUsedAt"], Value::Null);
    assert_eq!(program.ask(LIST, json!({})).await.data()["apiTokens"], json!([]));
    let stranger = app.head_office().await;
    assert_eq!(stranger.ask(LIST, json!({})).await.data()["apiTokens"], json!([]));
    let refused = stranger.ask(REVOKE, json!({ "id": id })).await;
    assert_eq!(refused.refusals("revokeApiToken"), ["NOT_FOUND id"]);

    // a program does not manage the sign-ins of its user
    let out = program
        .ask(
            "mutation { signOutEverywhere { sessions userErrors { code field } } }",
            json!({}),
        )
        .await;
    assert_eq!(out.refusals("signOutEverywhere"), ["FORBIDDEN"]);
    let refused = program.ask(REVOKE, json!({ "id": id })).await;
    assert_eq!(refused.refusals("revokeApiToken"), ["NOT_FOUND id"]);

    partner
        .ask(REVOKE, json!({ "id": id }))
        .await
        .done("revokeApiToken");
    assert_eq!(program.ask(viewer, json!({})).await.data()["viewer"], Value::Null);
    let stored: Vec<u8> = sqlx::query_scalar("SELECT token_hash FROM api_tokens")
        .fetch_one(&mut app.superuser().await)
        .await
        .unwrap();
    assert_eq!(stored.len(), 32, "a hash");
    app.finish().await;
}

#[tokio::test]
async fn a_token_ends_when_it_expires_or_its_user_may_not_sign_in() {
    let app = TestApp::start().await;
    let partner = app.staff("Partner", &[Grant::Coordinator(None)]).await;
    let (program, _) = create(&app, &partner.id(), &["READ_ORGANISATION"]).await;
    let viewer = async || {
        program
            .ask("{ viewer { user { name } } }", json!({}))
            .await
            .data()["viewer"]
            .clone()
    };
    app.advance(Duration::days(30) - Duration::seconds(1));
    assert_ne!(viewer().await, Value::Null);
    app.advance(Duration::seconds(1));
    assert_eq!(viewer().await, Value::Null);

    let (program, _) = create(&app, &partner.id(), &["READ_ORGANISATION"]).await;
    app.admin()
        .await
        .ask(
            "mutation($id: ID!) { deactivateUser(userId: $id) { userErrors { code } } }",
            json!({ "id": partner.id() }),
        )
        .await
        .done("deactivateUser");
    let answer = program.ask("{ viewer { user { name } } }", json!({})).await;
    assert_eq!(answer.data()["viewer"], Value::Null);
    app.finish().await;
}

#[tokio::test]
async fn only_administrators_make_tokens_and_only_sensible_ones() {
    let app = TestApp::start().await;
    let coordinator = app.head_office().await;
    let input = json!({ "name": "x", "userId": coordinator.id(), "scopes": ["READ_CASES"] });
    let refused = coordinator.ask(CREATE, json!({ "input": input })).await;
    assert_eq!(refused.refusals("createApiToken"), ["NOT_FOUND userId"]);
    let input = json!({ "name": " ", "userId": coordinator.id(), "scopes": [], "expiresInDays": 1000 });
    let refused = app.admin().await.ask(CREATE, json!({ "input": input })).await;
    assert_eq!(
        refused.refusals("createApiToken"),
        ["INVALID name", "INVALID scopes", "INVALID expiresInDays"]
    );
    app.finish().await;
}
