//! What a person gets about itself.

use chrono::Duration;
use serde_json::{Value, json};
use tandem_domain::policy::Grant;
use tandem_operations::personal_data;
use tandem_tests::Actor;

use super::{CANARY, Cage};
use crate::scene::gid;

/// The export can be downloaded as JSON and as PDF, by the person and by nobody else.
async fn both_files(cage: &Cage, id: &Value, content: &str) {
    let query = "query($id: ID!) { dataRequest(id: $id) { jsonUrl pdfUrl tablesDone tablesTotal } }";
    let request = cage.person.ask(query, json!({ "id": id })).await.data()["dataRequest"].clone();
    assert_eq!(request["tablesDone"], request["tablesTotal"]);
    let fetch = async |actor: &Actor, name: &str| {
        let path = reqwest::Url::parse(request[name].as_str().expect("a URL")).expect("a URL");
        let url = format!("{}{}", cage.app.url, path.path());
        let request = reqwest::Client::new().get(url);
        let request = request.bearer_auth(actor.client.token().expect("signed in"));
        let answer = request.send().await.expect("an answer");
        (answer.status(), answer.bytes().await.expect("a body"))
    };
    let (status, json) = fetch(&cage.person, "jsonUrl").await;
    assert_eq!(status, 200);
    assert_eq!(json, content.as_bytes());
    let (status, pdf) = fetch(&cage.person, "pdfUrl").await;
    assert_eq!(status, 200);
    assert!(
        pdf.starts_with(b"%PDF-") && pdf.len() > 5_000,
        "{} bytes",
        pdf.len()
    );
    let stranger = cage.app.staff("Stranger", &[Grant::Coordinator(None)]).await;
    for name in ["jsonUrl", "pdfUrl"] {
        assert_eq!(fetch(&stranger, name).await.0, 404, "{name}");
    }
    // and not any longer than it is kept
    let mut conn = cage.app.superuser().await;
    let kept: (bool, bool) =
        sqlx::query_as("SELECT content IS NOT NULL, report IS NOT NULL FROM data_requests")
            .fetch_one(&mut conn)
            .await
            .expect("the request");
    assert_eq!(kept, (true, true));
    let expired = "UPDATE data_requests SET expires_at = '2026-11-01'";
    sqlx::query(expired).execute(&mut conn).await.expect("an end");
    assert_eq!(fetch(&cage.person, "pdfUrl").await.0, 404, "expired");
    personal_data::enforce(&cage.app.worker).await.expect("a sweep");
    let kept: (bool, bool) =
        sqlx::query_as("SELECT content IS NOT NULL, report IS NOT NULL FROM data_requests")
            .fetch_one(&mut conn)
            .await
            .expect("the request");
    assert_eq!(kept, (false, false));
}

#[tokio::test]
async fn a_person_gets_everything_about_itself_and_nothing_about_others() {
    let cage = Cage::build().await;
    let answer = cage
        .request(&cage.person, "requestDataExport", &gid(cage.expert))
        .await;
    assert_eq!(answer["request"]["state"], "QUEUED", "{answer}");
    let id = answer["request"]["id"].clone();
    let twice = cage
        .request(&cage.person, "requestDataExport", &gid(cage.expert))
        .await;
    assert_eq!(
        twice["request"]["id"], id,
        "asked for again, it is the same request"
    );
    cage.app.drain().await;
    let query = "query($id: ID!) { dataRequest(id: $id) { state content } }";
    let done = cage.person.ask(query, json!({ "id": id })).await;
    let content = done.data()["dataRequest"]["content"]
        .as_str()
        .expect("the export");
    both_files(&cage, &id, content).await;
    let export: Value = serde_json::from_str(content).expect("JSON");
    assert_eq!(export["data"]["experts"][0]["given_name"], CANARY);
    for table in [
        "matches",
        "expert_occupations",
        "agreements",
        "meetings",
        "email_deliveries",
        "users",
    ] {
        assert!(export["data"][table][0].is_object(), "{table} is missing");
    }
    assert!(export["purposes"].as_array().unwrap().len() > 8);
    for other in ["mentees", "cases"] {
        assert!(export["data"][other].is_null(), "{other} are about somebody else");
    }
    assert!(!content.contains("token_hash"));
    // somebody else's request does not exist
    let office = cage.app.head_office().await;
    let other = office.ask(query, json!({ "id": id })).await;
    assert_eq!(other.data()["dataRequest"], Value::Null);
    for actor in [&cage.person, &office] {
        let refused = cage.request(actor, "requestDataExport", &cage.mentee_id()).await;
        assert_eq!(refused["userErrors"][0]["code"], "NOT_FOUND", "{refused}");
    }
    // and it can be fetched for two weeks
    cage.app.advance(Duration::days(15));
    cage.app.sweep().await;
    let mut conn = cage.app.superuser().await;
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM data_requests WHERE content IS NOT NULL")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(kept, 0);
    cage.app.ignore_mails();
    cage.app.finish().await;
}
