//! Documents: asked for, made by the worker, handed to whom they are about and to nobody else.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tandem_domain::ids::{ExpertId, MatchId};
use tandem_domain::policy::Grant;
use tandem_tests::Client;

use crate::pages::Browser;
use crate::scene::{Scene, gid};

/// The status, the type and the bytes behind an address, for who holds this token.
pub(crate) async fn fetch(url: &str, client: &Client) -> (StatusCode, String, Vec<u8>) {
    let mut request = reqwest::Client::new().get(url);
    if let Some(token) = client.token() {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let kind = response
        .headers()
        .get("content-type")
        .map_or(String::new(), |kind| kind.to_str().expect("a type").to_owned());
    (status, kind, response.bytes().await.expect("bytes").to_vec())
}

pub(crate) const REQUEST: &str = "mutation($experts: [ID!]!, $kind: CheckKind) { requestBackgroundChecks(expertIds: $experts, kind: $kind) {
    experts { id backgroundChecks { id kind state letter { id ready url } } } userErrors { code field message } } }";

async fn letter(scene: &Scene, expert: ExpertId) -> Value {
    let asked = scene
        .coordinator
        .ask(REQUEST, json!({ "experts": [gid(expert)], "kind": "EXTENDED" }))
        .await;
    asked.done("requestBackgroundChecks")["experts"][0]["backgroundChecks"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_made_mailed_with_its_pdf_and_downloaded_by_who_may_have_it() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let own = scene.app.person("Weber", Grant::Expert(expert)).await;
    let check = letter(&scene, expert).await;
    assert_eq!(check["state"], "REQUESTED");
    assert_eq!(check["letter"]["ready"], false);
    let path = check["letter"]["url"].as_str().expect("an address");
    let path = &path[path.find("/documents/").expect("a path")..];
    let url = format!("{}{path}", scene.app.url);
    assert_eq!(
        fetch(&url, &own.client).await.0,
        StatusCode::ACCEPTED,
        "it is being made"
    );

    let browser = Browser::new();
    let token = own.client.token().expect("a session");
    let waiting = browser.get_signed_in(&url, token).await;
    waiting.is(202).says(&["Das PDF wird gerade gemacht"]);
    assert_eq!(waiting.headers["refresh"], "2", "it looks again by itself");

    scene.app.drain().await;
    let stranger = scene.staff.client.token().expect("a session");
    let hidden = browser.get_signed_in(&url, stranger).await;
    hidden.is(404).says(&["Hier ist nichts"]).hides(&["Weber"]);
    let nobody = browser.get(&url).await;
    nobody
        .is(401)
        .says(&["Bitte melden Sie sich an", r#"href="/p/sign-in""#])
        .hides(&["Weber"]);
    let (_, _, line) = fetch(&url, &scene.staff.client).await;
    assert_eq!(line, b"There is nothing here.\n", "a program has a line");
    for (reader, status) in [
        (&own.client, StatusCode::OK),
        (&scene.coordinator.client, StatusCode::OK),
        (&scene.staff.client, StatusCode::NOT_FOUND),
        (&scene.app.nobody(), StatusCode::UNAUTHORIZED),
    ] {
        let (answered, kind, bytes) = fetch(&url, reader).await;
        assert_eq!(answered, status);
        if status == StatusCode::OK {
            assert_eq!(kind, "application/pdf");
            assert!(bytes.starts_with(b"%PDF-"));
        }
    }
    let other_office = scene.app.office("Büro Köln", "50667").await;
    let elsewhere = scene.app.coordinator(other_office).await;
    assert_eq!(fetch(&url, &elsewhere.client).await.0, StatusCode::NOT_FOUND);

    let mail = scene.app.mail_to("weber@expert.example.org");
    assert_eq!(
        mail.subject,
        "Ihr Führungszeugnis: der Brief für das Amt liegt bei"
    );
    let raw = String::from_utf8_lossy(&mail.raw);
    assert!(raw.contains("Content-Type: application/pdf"), "{raw}");
    assert!(raw.contains("Anforderung-Fuehrungszeugnis.pdf"), "{raw}");
    assert!(
        mail.text
            .as_deref()
            .expect("a text")
            .contains("erweiterte Führungszeugnis")
    );
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_goes_once_the_certificate_was_seen() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let check = letter(&scene, expert).await;
    scene.app.drain().await;
    scene.app.ignore_mails();
    let path = check["letter"]["url"].as_str().expect("an address");
    let url = format!(
        "{}{}",
        scene.app.url,
        &path[path.find("/documents/").expect("a path")..]
    );
    let inspected = scene
        .coordinator
        .ask(
            "mutation($expert: ID!) { recordCheckInspection(expertId: $expert,
                input: { kind: EXTENDED, certificateDate: \"2026-11-01\", noRelevantEntry: true }) {
                expert { backgroundChecks { state letter { id } } } userErrors { code field message } } }",
            json!({ "expert": gid(expert) }),
        )
        .await;
    let checks = &inspected.done("recordCheckInspection")["expert"]["backgroundChecks"];
    assert_eq!(checks, &json!([{ "state": "VALID", "letter": null }]));
    assert_eq!(
        fetch(&url, &scene.coordinator.client).await.0,
        StatusCode::NOT_FOUND
    );
    scene.app.drain().await;
    scene.app.finish().await;
}

/// Writes an agreement of a match as the centre does.
async fn agree(scene: &Scene, matching: MatchId) {
    let mut conn = scene.app.superuser().await;
    let sql = "INSERT INTO agreements (id, match_id, number, areas, goals, starts_on, ends_on, created_at, written_by_side)
         VALUES ($1, $2, 1, '{LANGUAGE}', 'Ein Ausbildungsplatz', '2026-12-01', '2027-11-30', now(), 'CENTER')";
    sqlx::query(sql)
        .bind(scene.app.api.id::<tandem_domain::ids::DocumentId>().uuid())
        .bind(matching.uuid())
        .execute(&mut conn)
        .await
        .expect("an agreement");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_is_one_document_a_state_and_hidden_from_who_is_not_of_the_match() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let own = scene.app.person("Weber", Grant::Expert(expert)).await;
    let (_, matches) = scene.asked(&[expert]).await;
    let ask = "mutation($id: ID!) { requestAgreementDocument(matchId: $id) {
        document { id kind ready } userErrors { code field message } } }";
    let variables = json!({ "id": gid(matches[0]) });
    let none = own.ask(ask, variables.clone()).await;
    assert_eq!(none.refusals("requestAgreementDocument"), ["NOT_FOUND matchId"]);

    agree(&scene, matches[0]).await;
    let first = own.ask(ask, variables.clone()).await;
    let first = first.done("requestAgreementDocument")["document"].clone();
    scene.app.drain().await;
    let again = scene.coordinator.ask(ask, variables.clone()).await;
    let again = &again.done("requestAgreementDocument")["document"];
    assert_eq!((&again["id"], &again["ready"]), (&first["id"], &json!(true)));
    let stranger = scene.expert("Krause").await;
    let stranger = scene.app.person("Krause", Grant::Expert(stranger)).await;
    let refused = stranger.ask(ask, variables).await;
    assert_eq!(
        refused.refusals("requestAgreementDocument"),
        ["NOT_FOUND matchId"]
    );
    let node = "query($id: ID!) { document(id: $id) { id } }";
    let hidden = stranger.ask(node, json!({ "id": first["id"] })).await;
    assert_eq!(hidden.data()["document"], Value::Null);
    scene.app.ignore_mails();
    scene.app.finish().await;
}
