//! Regional offices.

use serde_json::{Value, json};
use tandem_tests::{Actor, Answer, TestApp};

const FIELDS: &str = "regionalOffice { id name version } userErrors { code field message }";

fn input(name: &str) -> Value {
    json!({ "name": name, "postalCode": "20095", "email": "nord@example.org", "phone": "+49 40 1", "contactName": "J. P." })
}

async fn create(actor: &Actor, input: Value, key: Option<&str>) -> Answer {
    let query = format!(
        "mutation($input: RegionalOfficeInput!, $key: String) {{
            createRegionalOffice(input: $input, idempotencyKey: $key) {{ {FIELDS} }} }}"
    );
    actor.ask(&query, json!({ "input": input, "key": key })).await
}

async fn update(actor: &Actor, id: &Value, version: Option<i64>, input: Value) -> Answer {
    let query = format!(
        "mutation($id: ID!, $version: Int, $input: RegionalOfficeInput!) {{
            updateRegionalOffice(id: $id, version: $version, input: $input) {{ {FIELDS} }} }}"
    );
    actor
        .ask(&query, json!({ "id": id, "version": version, "input": input }))
        .await
}

#[tokio::test]
async fn the_same_key_twice_makes_one_office() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let first = create(&admin, input("Nord"), Some("k1")).await;
    let second = create(&admin, input("Nord"), Some("k1")).await;
    let other = create(&admin, input("Nord"), Some("k2")).await;
    let id = |answer: &Answer| answer.done("createRegionalOffice")["regionalOffice"]["id"].clone();
    assert_eq!(id(&first), id(&second));
    assert_ne!(id(&first), id(&other));

    let (a, b) = tokio::join!(
        create(&admin, input("Süd"), Some("k3")),
        create(&admin, input("Süd"), Some("k3"))
    );
    assert_eq!(id(&a), id(&b), "at the same moment as well");
    let count = admin.ask("{ regionalOffices { totalCount } }", json!({})).await;
    assert_eq!(count.data()["regionalOffices"]["totalCount"], 3);
    app.finish().await;
}

#[tokio::test]
async fn a_stale_version_is_a_conflict_that_shows_the_current_office() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let office = create(&admin, input("Nord"), None)
        .await
        .done("createRegionalOffice")["regionalOffice"]
        .clone();
    update(&admin, &office["id"], Some(1), input("Norden"))
        .await
        .done("updateRegionalOffice");
    let stale = update(&admin, &office["id"], Some(1), input("Nordost")).await;
    assert_eq!(stale.refusals("updateRegionalOffice"), ["CONFLICT version"]);
    let current = &stale.data()["updateRegionalOffice"]["regionalOffice"];
    assert_eq!(current["name"], "Norden");
    assert_eq!(current["version"], 2);
    app.finish().await;
}

#[tokio::test]
async fn bad_input_names_every_field() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let bad = json!({ "name": " ", "postalCode": "1234", "email": "x", "phone": "", "contactName": "" });
    let answer = create(&admin, bad, None).await;
    assert_eq!(
        answer.refusals("createRegionalOffice"),
        [
            "INVALID name",
            "INVALID postalCode",
            "INVALID email",
            "INVALID phone",
            "INVALID contactName"
        ]
    );
    let unknown = json!({ "name": "X", "postalCode": "00000", "email": "x@example.org", "phone": "1", "contactName": "Y" });
    let answer = create(&admin, unknown, None).await;
    assert_eq!(answer.refusals("createRegionalOffice"), ["INVALID postalCode"]);
    let other_type = update(&admin, &json!(admin.id()), None, input("X")).await;
    assert_eq!(other_type.refusals("updateRegionalOffice"), ["INVALID id"]);
    app.finish().await;
}

#[tokio::test]
async fn a_list_is_paged_both_ways_without_gaps() {
    let app = TestApp::start().await;
    for name in ["A", "B", "C", "D", "E"] {
        app.office(name, "20095").await;
    }
    let staff = app.head_office().await;
    let query = "query($first: Int, $after: String, $last: Int, $before: String) {
        regionalOffices(first: $first, after: $after, last: $last, before: $before) {
            nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
    let page = async |variables: Value| staff.ask(query, variables).await.data()["regionalOffices"].clone();
    let names = |page: &Value| -> String {
        let nodes = page["nodes"].as_array().unwrap();
        nodes
            .iter()
            .map(|node| node["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let one = page(json!({ "first": 2 })).await;
    assert_eq!(names(&one), "AB");
    assert_eq!(one["pageInfo"]["hasNextPage"], true);
    assert_eq!(one["pageInfo"]["hasPreviousPage"], false);
    let two = page(json!({ "first": 2, "after": one["pageInfo"]["endCursor"] })).await;
    assert_eq!(names(&two), "CD");
    let three = page(json!({ "first": 2, "after": two["pageInfo"]["endCursor"] })).await;
    assert_eq!(names(&three), "E");
    assert_eq!(three["pageInfo"]["hasNextPage"], false);
    let back = page(json!({ "last": 2, "before": two["pageInfo"]["startCursor"] })).await;
    assert_eq!(names(&back), "AB");
    let end = page(json!({ "last": 3 })).await;
    assert_eq!(names(&end), "CDE");
    assert_eq!(end["pageInfo"]["hasPreviousPage"], true);
    app.finish().await;
}

#[tokio::test]
async fn a_node_is_found_by_its_id_and_an_unknown_one_is_null() {
    let app = TestApp::start().await;
    let office = app.office("Nord", "20095").await;
    let admin = app.admin().await;
    let id = tandem_api::graphql::ids::global(office);
    let absent = tandem_api::graphql::ids::global(app.api.id::<tandem_domain::ids::OfficeId>());
    let answer = admin
        .ask(
            "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on RegionalOffice { name } ... on User { email } } }",
            json!({ "ids": [id.as_str(), absent.as_str(), admin.id()] }),
        )
        .await;
    let nodes = &answer.data()["nodes"];
    assert_eq!(nodes[0]["name"], "Nord");
    assert_eq!(nodes[1], Value::Null);
    assert_eq!(nodes[2]["email"], admin.email);
    let garbage = admin.ask("{ node(id: \"42\") { id } }", json!({})).await;
    assert_eq!(garbage.code(), Some("BAD_USER_INPUT"));
    app.finish().await;
}
