//! Signing in and out.

use std::time::Instant;

use chrono::Duration;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use tandem_tests::{Actor, Answer, Client, TestApp};

const REQUEST: &str = "mutation($email: String!) { requestSignInLink(email: $email) { accepted userErrors { code field message } } }";
const SIGN_IN: &str = "mutation($token: String!) { signInWithToken(token: $token) {
    newSession { token user { name } } userErrors { code field message } } }";
const WHO: &str =
    "{ viewer { user { name email } roles { role } sessions { id userAgent } currentSessionId } }";

async fn request_link(app: &TestApp, email: &str) -> Answer {
    app.nobody().ask(REQUEST, json!({ "email": email })).await
}

/// The link of the last mail to somebody.
async fn link_to(app: &TestApp, actor: &Actor) -> String {
    request_link(app, &actor.email).await.done("requestSignInLink");
    app.drain().await;
    let mails = app.mails_to(&actor.email);
    let mail = mails.last().expect("a mail with a link");
    let link = mail.links().into_iter().find(|link| link.contains("/p/sign-in/"));
    link.expect("a link in the mail").to_owned()
}

fn token_of(link: &str) -> &str {
    link.rsplit('/').next().unwrap()
}

fn browser() -> reqwest::Client {
    reqwest::Client::builder().cookie_store(true).build().unwrap()
}

#[tokio::test]
async fn somebody_signs_in_by_a_link_in_a_browser() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let link = link_to(&app, &admin).await;
    let browser = browser();

    let page = browser.get(&link).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(page.headers()[header::CACHE_CONTROL], "no-store");
    assert!(page.text().await.unwrap().contains("Jetzt anmelden"));

    let page = browser
        .post(&link)
        .header("origin", &app.url)
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let cookie = page.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"));
    assert!(page.text().await.unwrap().contains("Sie sind angemeldet"));

    let answer = browser
        .post(format!("{}/graphql", app.url))
        .header("origin", &app.url)
        .json(&json!({ "query": WHO }))
        .send()
        .await
        .unwrap();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["data"]["viewer"]["user"]["name"], "Admin");
    assert_eq!(body["data"]["viewer"]["roles"][0]["role"], "ADMIN");
    app.finish().await;
}

#[tokio::test]
async fn a_mail_scanner_that_follows_the_link_uses_nothing_up() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let link = link_to(&app, &admin).await;
    for _ in 0..3 {
        let page = reqwest::get(&link).await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.headers().get(header::SET_COOKIE).is_none());
    }
    let answer = app
        .nobody()
        .ask(SIGN_IN, json!({ "token": token_of(&link) }))
        .await;
    answer.done("signInWithToken");
    app.finish().await;
}

#[tokio::test]
async fn a_link_signs_in_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let link = link_to(&app, &admin).await;
    let variables = json!({ "token": token_of(&link) });
    let first = app.nobody().ask(SIGN_IN, variables.clone()).await;
    let token = first.done("signInWithToken")["newSession"]["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let second = app.nobody().ask(SIGN_IN, variables).await;
    assert_eq!(second.refusals("signInWithToken"), ["INVALID token"]);
    let page = reqwest::get(&link).await.unwrap();
    assert_eq!(page.status(), StatusCode::GONE);
    assert!(page.text().await.unwrap().contains("schon benutzt"));

    let me = Client::new(&app.url, Some(token)).ask(WHO, json!({})).await;
    assert_eq!(me.data()["viewer"]["user"]["name"], "Admin");
    app.finish().await;
}

#[tokio::test]
async fn of_two_who_open_a_link_at_the_same_moment_one_is_signed_in() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let link = link_to(&app, &admin).await;
    let variables = json!({ "token": token_of(&link) });
    let (a, b) = (app.nobody(), app.nobody());
    let (a, b) = tokio::join!(a.ask(SIGN_IN, variables.clone()), b.ask(SIGN_IN, variables));
    let refused = [a, b]
        .iter()
        .filter(|answer| !answer.refusals("signInWithToken").is_empty())
        .count();
    assert_eq!(refused, 1);
    app.finish().await;
}

#[tokio::test]
async fn a_link_works_for_fifteen_minutes() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let link = link_to(&app, &admin).await;
    app.advance(Duration::minutes(15) - Duration::seconds(1));
    assert_eq!(reqwest::get(&link).await.unwrap().status(), StatusCode::OK);
    app.advance(Duration::seconds(1));
    let page = reqwest::get(&link).await.unwrap();
    assert_eq!(page.status(), StatusCode::GONE);
    assert!(page.text().await.unwrap().contains("abgelaufen"));
    let late = app
        .nobody()
        .ask(SIGN_IN, json!({ "token": token_of(&link) }))
        .await;
    assert_eq!(late.refusals("signInWithToken"), ["INVALID token"]);
    app.finish().await;
}

#[tokio::test]
async fn a_token_that_was_made_up_is_refused() {
    let app = TestApp::start().await;
    for token in ["", "x", "ä", &"A".repeat(64), &"A".repeat(5000)] {
        let answer = app.nobody().ask(SIGN_IN, json!({ "token": token })).await;
        assert_eq!(answer.refusals("signInWithToken"), ["INVALID token"], "{token:?}");
    }
    let page = reqwest::get(format!("{}/p/sign-in/nonsense", app.url))
        .await
        .unwrap();
    assert_eq!(page.status(), StatusCode::GONE);
    app.finish().await;
}

#[tokio::test]
async fn an_unknown_address_gets_the_same_answer_in_words_and_in_time() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut answers = Vec::new();
    for email in [admin.email.as_str(), "nobody@example.org"] {
        let asked = Instant::now();
        let answer = request_link(&app, email).await;
        // the work for a known address takes a few milliseconds of these 200
        assert!(
            asked.elapsed().as_millis() >= 200,
            "{email}: {:?}",
            asked.elapsed()
        );
        answers.push(answer.body);
    }
    assert_eq!(answers[0], answers[1]);
    app.drain().await;
    assert_eq!(app.mails_to("nobody@example.org").len(), 0);
    assert_eq!(app.mails_to(&admin.email).len(), 1);

    let answer = request_link(&app, "not an address").await;
    assert_eq!(answer.refusals("requestSignInLink"), ["INVALID email"]);
    app.finish().await;
}

#[tokio::test]
async fn an_address_gets_five_links_an_hour() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let client = app.nobody();
    let asked =
        futures::future::join_all((0..8).map(|_| client.ask(REQUEST, json!({ "email": admin.email }))));
    for answer in asked.await {
        answer.done("requestSignInLink");
    }
    app.drain().await;
    assert_eq!(app.mails_to(&admin.email).len(), 5);
    app.advance(Duration::hours(1));
    link_to(&app, &admin).await;
    assert_eq!(app.mails_to(&admin.email).len(), 6);
    app.finish().await;
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_revoked_or_signed_out() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let viewer = async |client: &Client| client.ask(WHO, json!({})).await.data()["viewer"].clone();
    assert_eq!(viewer(&admin.client).await["user"]["email"], admin.email);
    app.advance(Duration::hours(11));
    assert_ne!(viewer(&admin.client).await, Value::Null);
    app.advance(Duration::hours(11));
    assert_ne!(viewer(&admin.client).await, Value::Null, "it was used meanwhile");
    app.advance(Duration::hours(12));
    assert_eq!(viewer(&admin.client).await, Value::Null);

    let admin = app.admin().await;
    let out = admin
        .ask(
            "mutation { signOut { session { revokedAt } userErrors { code } } }",
            json!({}),
        )
        .await;
    assert_ne!(out.done("signOut")["session"]["revokedAt"], Value::Null);
    assert_eq!(viewer(&admin.client).await, Value::Null);
    app.finish().await;
}

#[tokio::test]
async fn nobody_ends_the_session_of_somebody_else() {
    const REVOKE: &str =
        "mutation($id: ID!) { revokeSession(id: $id) { session { revokedAt } userErrors { code field } } }";
    let app = TestApp::start().await;
    let (one, other) = (app.admin().await, app.admin().await);
    let session = other.ask(WHO, json!({})).await.data()["viewer"]["currentSessionId"].clone();
    let refused = one.ask(REVOKE, json!({ "id": session })).await;
    assert_eq!(refused.refusals("revokeSession"), ["NOT_FOUND id"]);
    other
        .ask(REVOKE, json!({ "id": session }))
        .await
        .done("revokeSession");
    assert_eq!(other.ask(WHO, json!({})).await.data()["viewer"], Value::Null);
    app.finish().await;
}

#[tokio::test]
async fn a_form_of_another_site_signs_nobody_in() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let link = link_to(&app, &admin).await;
    for (name, value) in [
        ("origin", "https://evil.example.org"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let page = browser().post(&link).header(name, value).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::GONE, "{name}: {value}");
        assert!(page.headers().get(header::SET_COOKIE).is_none());
    }
    app.nobody()
        .ask(SIGN_IN, json!({ "token": token_of(&link) }))
        .await
        .done("signInWithToken");
    app.finish().await;
}

#[tokio::test]
async fn a_deactivated_user_is_signed_out_and_gets_no_link() {
    let app = TestApp::start().await;
    let (admin, other) = (app.admin().await, app.head_office().await);
    let link = link_to(&app, &other).await;
    admin
        .ask(
            "mutation($id: ID!) { deactivateUser(userId: $id) { user { active } userErrors { code } } }",
            json!({ "id": other.id() }),
        )
        .await
        .done("deactivateUser");
    assert_eq!(other.ask(WHO, json!({})).await.data()["viewer"], Value::Null);
    let answer = app
        .nobody()
        .ask(SIGN_IN, json!({ "token": token_of(&link) }))
        .await;
    assert_eq!(answer.refusals("signInWithToken"), ["INVALID token"]);
    request_link(&app, &other.email).await.done("requestSignInLink");
    app.drain().await;
    assert_eq!(app.mails_to(&other.email).len(), 1, "the one from before");
    app.finish().await;
}
