//! Users and their roles.

use serde_json::{Value, json};
use tandem_api::graphql::ids;
use tandem_tests::{Actor, Answer, TestApp};

async fn create(actor: &Actor, email: &str, role: Value) -> Answer {
    actor
        .ask(
            "mutation($input: UserInput!, $role: RoleInput) { createUser(input: $input, role: $role) {
                user { id email active roles { id role office { name } scopeId } } userErrors { code field message } } }",
            json!({ "input": { "email": email, "name": "Uwe" }, "role": role }),
        )
        .await
}

async fn grant(actor: &Actor, user: &Value, role: Value) -> Answer {
    actor
        .ask(
            "mutation($user: ID!, $role: RoleInput!) { grantRole(userId: $user, role: $role) {
                user { roles { id role } } userErrors { code field message } } }",
            json!({ "user": user, "role": role }),
        )
        .await
}

async fn revoke(actor: &Actor, role: &Value) -> Answer {
    actor
        .ask(
            "mutation($id: ID!) { revokeRole(roleGrantId: $id) { user { roles { id role } } userErrors { code field message } } }",
            json!({ "id": role }),
        )
        .await
}

#[tokio::test]
async fn an_administrator_gives_and_takes_roles() {
    let app = TestApp::start().await;
    let office = app.office("Nord", "20095").await;
    let admin = app.admin().await;
    let role = json!({ "role": "COORDINATOR", "officeId": ids::global(office).as_str() });
    let made = create(&admin, "Uwe@Example.org", role.clone()).await;
    let user = made.done("createUser")["user"].clone();
    assert_eq!(user["email"], "uwe@example.org");
    assert_eq!(user["roles"][0]["office"]["name"], "Nord");

    let again = grant(&admin, &user["id"], role).await;
    let roles = again.done("grantRole")["user"]["roles"].clone();
    assert_eq!(
        roles.as_array().unwrap().len(),
        1,
        "the same role twice is one role"
    );
    let left = revoke(&admin, &roles[0]["id"]).await;
    assert_eq!(left.done("revokeRole")["user"]["roles"], json!([]));
    app.finish().await;
}

#[tokio::test]
async fn a_role_counts_from_the_next_request_on() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let newcomer = app.staff("Newcomer", &[]).await;
    let users = "{ users { nodes { id } } }";
    assert_eq!(
        newcomer.ask(users, json!({})).await.data()["users"]["nodes"],
        json!([])
    );
    let role = json!({ "role": "COORDINATOR" });
    grant(&admin, &json!(newcomer.id()), role).await.done("grantRole");
    let seen = newcomer.ask(users, json!({})).await;
    assert_eq!(seen.data()["users"]["nodes"].as_array().unwrap().len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn no_staff_action_gives_the_role_of_a_person() {
    let app = TestApp::start().await;
    let office = app.office("Nord", "20095").await;
    let expert = app.expert(office, "Weber", "20095").await;
    let admin = app.admin().await;
    let answer = grant(&admin, &json!(admin.id()), json!({ "role": "EXPERT" })).await;
    assert_eq!(answer.refusals("grantRole"), ["INVALID role.role"]);
    let refused = tandem_operations::users::grant_role(
        &app.api,
        &admin.caller,
        admin.user,
        tandem_domain::policy::Grant::Expert(expert),
    )
    .await;
    assert!(matches!(refused, Err(tandem_operations::Error::Refused(_))));
    app.finish().await;
}

#[tokio::test]
async fn roles_need_the_scope_that_fits() {
    let app = TestApp::start().await;
    let office = app.office("Nord", "20095").await;
    let center = app.center(office, "Hafen", "20095").await;
    let admin = app.admin().await;
    let (office, center) = (ids::global(office), ids::global(center));
    for (role, refusal) in [
        (json!({ "role": "CENTER_STAFF" }), "INVALID role.centerId"),
        (
            json!({ "role": "CENTER_STAFF", "centerId": office.as_str() }),
            "INVALID role.centerId",
        ),
        (
            json!({ "role": "ADMIN", "officeId": office.as_str() }),
            "INVALID role.officeId",
        ),
        (
            json!({ "role": "COORDINATOR", "centerId": center.as_str() }),
            "INVALID role.centerId",
        ),
        (
            json!({ "role": "COORDINATOR", "officeId": ids::global(app.api.id::<tandem_domain::ids::OfficeId>()).as_str() }),
            "NOT_FOUND role.officeId",
        ),
    ] {
        let answer = create(&admin, "uwe@example.org", role.clone()).await;
        assert_eq!(answer.refusals("createUser"), [refusal], "{role}");
    }
    let role = json!({ "role": "CENTER_STAFF", "centerId": center.as_str() });
    create(&admin, "uwe@example.org", role).await.done("createUser");
    app.finish().await;
}

#[tokio::test]
async fn an_address_belongs_to_one_user() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    create(&admin, "uwe@example.org", Value::Null)
        .await
        .done("createUser");
    let second = create(&admin, "UWE@example.org", Value::Null).await;
    assert_eq!(second.refusals("createUser"), ["INVALID email"]);
    app.finish().await;
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let me =
        admin.ask("{ viewer { roles { id } } }", json!({})).await.data()["viewer"]["roles"][0]["id"].clone();
    assert_eq!(revoke(&admin, &me).await.refusals("revokeRole"), ["CONFLICT"]);
    let deactivate =
        "mutation($id: ID!) { deactivateUser(userId: $id) { user { active } userErrors { code field } } }";
    let answer = admin.ask(deactivate, json!({ "id": admin.id() })).await;
    assert_eq!(answer.refusals("deactivateUser"), ["CONFLICT"]);

    // two who take the role from each other at the same moment do not both succeed
    let other = app.admin().await;
    let (one, two) = (json!({ "id": other.id() }), json!({ "id": admin.id() }));
    let (one, two) = tokio::join!(admin.ask(deactivate, one), other.ask(deactivate, two));
    let done = [one, two]
        .iter()
        .filter(|answer| answer.body["data"]["deactivateUser"]["user"]["active"] == false)
        .count();
    assert_eq!(done, 1);
    app.finish().await;
}
