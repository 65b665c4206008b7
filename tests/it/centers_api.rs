//! Service centres and reference data over GraphQL.

use serde_json::{Value, json};
use tandem_api::graphql::ids;
use tandem_domain::ids::OfficeId;
use tandem_tests::{Actor, Answer, TestApp};

fn input(office: OfficeId) -> Value {
    json!({
        "officeId": ids::global(office), "name": "Servicestelle Chemnitz", "postalCode": "09111",
        "email": "chemnitz@example.org", "contactName": "Ute Krüger",
    })
}

async fn create(actor: &Actor, input: Value, key: Option<&str>) -> Answer {
    let query = "mutation($input: CreateServiceCenterInput!, $key: String) {
        createServiceCenter(input: $input, idempotencyKey: $key) {
            serviceCenter { id name place active matchLimit version office { name } }
            userErrors { code field message } } }";
    actor.ask(query, json!({ "input": input, "key": key })).await
}

async fn update(actor: &Actor, id: &Value, version: Option<i64>, input: Value) -> Answer {
    let query = "mutation($id: ID!, $version: Int, $input: UpdateServiceCenterInput!) {
        updateServiceCenter(centerId: $id, version: $version, input: $input) {
            serviceCenter { name matchLimit version } userErrors { code field message } } }";
    actor
        .ask(query, json!({ "id": id, "version": version, "input": input }))
        .await
}

#[tokio::test]
async fn a_centre_is_created_once_and_changed_with_the_version_that_was_read() {
    let app = TestApp::start().await;
    let office = app.office("Büro Chemnitz", "09111").await;
    let coordinator = app.coordinator(office).await;
    let first = create(&coordinator, input(office), Some("k")).await;
    let center = first.done("createServiceCenter")["serviceCenter"].clone();
    assert_eq!(center["place"], "Chemnitz");
    assert_eq!(center["active"], true);
    assert_eq!(center["office"]["name"], "Büro Chemnitz");
    let second = create(&coordinator, input(office), Some("k")).await;
    assert_eq!(
        second.done("createServiceCenter")["serviceCenter"]["id"],
        center["id"]
    );

    let version = center["version"].as_i64();
    let limited = update(&coordinator, &center["id"], version, json!({ "matchLimit": 10 })).await;
    assert_eq!(
        limited.done("updateServiceCenter")["serviceCenter"]["matchLimit"],
        10
    );
    let stale = update(&coordinator, &center["id"], version, json!({ "name": "X" })).await;
    assert_eq!(stale.refusals("updateServiceCenter"), ["CONFLICT version"]);
    let now = &stale.data()["updateServiceCenter"]["serviceCenter"];
    assert_eq!(now["name"], "Servicestelle Chemnitz");
    let free = update(&coordinator, &center["id"], None, json!({ "matchLimit": null })).await;
    assert_eq!(
        free.done("updateServiceCenter")["serviceCenter"]["matchLimit"],
        Value::Null
    );
    app.finish().await;
}

#[tokio::test]
async fn bad_input_and_somebody_elses_centre_are_refused_by_field() {
    let app = TestApp::start().await;
    let office = app.office("Büro Chemnitz", "09111").await;
    let other = app.office("Büro Hamburg", "20095").await;
    let coordinator = app.coordinator(office).await;
    let mut bad = input(office);
    bad["postalCode"] = "00000".into();
    bad["matchLimit"] = 0.into();
    assert_eq!(
        create(&coordinator, bad, None)
            .await
            .refusals("createServiceCenter"),
        ["INVALID postalCode", "INVALID matchLimit"]
    );
    let foreign = create(&coordinator, input(other), None).await;
    assert_eq!(foreign.refusals("createServiceCenter"), ["FORBIDDEN officeId"]);
    let center = app.center(other, "Servicestelle Hamburg", "20095").await;
    let id = json!(ids::global(center));
    let refused = update(&coordinator, &id, None, json!({ "name": "X" })).await;
    assert_eq!(refused.refusals("updateServiceCenter"), ["FORBIDDEN centerId"]);
    let wrong = json!(ids::global(other));
    let refused = update(&coordinator, &wrong, None, json!({ "name": "X" })).await;
    assert_eq!(refused.refusals("updateServiceCenter"), ["INVALID centerId"]);
    app.finish().await;
}

#[tokio::test]
async fn a_centre_sees_itself_alone() {
    let app = TestApp::start().await;
    let office = app.office("Büro Chemnitz", "09111").await;
    let own = app.center(office, "Servicestelle Chemnitz", "09111").await;
    let other = app.center(office, "Servicestelle Freiberg", "09599").await;
    let staff = app.center_staff(own).await;
    let query = "query($own: ID!, $other: ID!) {
        own: serviceCenter(id: $own) { name } other: serviceCenter(id: $other) { name }
        node(id: $own) { id ... on ServiceCenter { place } }
        serviceCenters(search: \"servicestelle\") { totalCount nodes { name } } }";
    let variables = json!({ "own": ids::global(own), "other": ids::global(other) });
    let answer = staff.ask(query, variables).await;
    let data = answer.data();
    assert_eq!(data["own"]["name"], "Servicestelle Chemnitz");
    assert_eq!(data["other"], Value::Null);
    assert_eq!(data["node"]["place"], "Chemnitz");
    assert_eq!(data["serviceCenters"]["totalCount"], 1);
    app.finish().await;
}

#[tokio::test]
async fn occupations_and_postal_codes_are_found_by_who_is_signed_in() {
    let app = TestApp::start().await;
    let query = "{ occupations(search: \"fachinformatikerin\", first: 3) { title kldbCode }
                   here: postalCode(code: \"09111\") { name federalState latitude longitude }
                   nowhere: postalCode(code: \"00000\") { name } }";
    assert_eq!(
        app.nobody().ask(query, json!({})).await.code(),
        Some("UNAUTHENTICATED")
    );
    let office = app.office("Büro Chemnitz", "09111").await;
    let answer = app.coordinator(office).await.ask(query, json!({})).await;
    let data = answer.data();
    let occupations = data["occupations"].as_array().unwrap();
    assert!(!occupations.is_empty() && occupations.len() <= 3);
    let title = occupations[0]["title"].as_str().unwrap();
    assert!(title.starts_with("Fachinformatiker"), "{title}");
    assert_eq!(data["here"]["name"], "Chemnitz");
    assert_eq!(data["here"]["federalState"], "SN");
    assert_eq!(data["nowhere"], Value::Null);
    app.finish().await;
}
