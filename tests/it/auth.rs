//! Signing in and out.

use chrono::Duration;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use tandem_tests::{Actor, Answer, Client, TestApp};

const REQUEST: &str = "mutation($email: String!) { requestSignInLink(email: $email) {
    accepted code userErrors { code field message } } }";
const SIGN_IN: &str =
    "mutation($token: String!, $code: String) { signInWithToken(token: $token, code: $code) {
    newSession { token user { name } } userErrors { code field message } } }";
const WHO: &str =
    "{ viewer { user { name email } roles { role } sessions { id userAgent method } currentSessionId } }";

async fn request_link(app: &TestApp, email: &str) -> Answer {
    app.nobody().ask(REQUEST, json!({ "email": email })).await
}

/// A link in a mail, and the code that was shown where it was asked for.
struct Asked {
    link: String,
    code: String,
}

impl Asked {
    /// What a program sends to sign in.
    fn variables(&self) -> Value {
        json!({ "token": token_of(&self.link), "code": self.code })
    }
}

/// The link of the last mail to somebody, asked for by a program.
async fn link_to(app: &TestApp, actor: &Actor) -> Asked {
    let answer = request_link(app, &actor.email).await;
    let code = answer.done("requestSignInLink")["code"]
        .as_str()
        .unwrap()
        .to_owned();
    app.drain().await;
    Asked {
        link: last_link(app, &actor.email),
        code,
    }
}

/// The newest link to sign in that was sent to an address.
pub(crate) fn last_link(app: &TestApp, email: &str) -> String {
    let mails = app.mails_to(email);
    let mail = mails.last().expect("a mail with a link");
    let link = mail.links().into_iter().find(|link| link.contains("/p/sign-in/"));
    link.expect("a link in the mail").to_owned()
}

/// Fills in the page that asks for the address; the code that it then shows.
async fn ask_in(browser: &reqwest::Client, app: &TestApp, email: &str) -> String {
    let page = browser
        .post(format!("{}/p/sign-in", app.url))
        .header("origin", &app.url)
        .form(&[("email", email)])
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let html = page.text().await.unwrap();
    let start = html.find("<strong>").unwrap() + "<strong>".len();
    html[start..start + 7].to_owned()
}

/// Presses the button of a link's page, with a code or without.
async fn open_in(
    browser: &reqwest::Client,
    app: &TestApp,
    link: &str,
    code: Option<&str>,
) -> reqwest::Response {
    let form: Vec<(&str, &str)> = code.map(|code| ("code", code)).into_iter().collect();
    let request = browser.post(link).header("origin", &app.url).form(&form);
    request.send().await.unwrap()
}

fn token_of(link: &str) -> &str {
    link.rsplit('/').next().unwrap()
}

fn browser() -> reqwest::Client {
    reqwest::Client::builder().cookie_store(true).build().unwrap()
}

#[tokio::test]
async fn a_sign_in_link_does_not_stand_behind_other_mails() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    link_to(&app, &admin).await;
    let queues: Vec<(String, String)> = sqlx::query_as("SELECT DISTINCT kind, queue FROM jobs ORDER BY kind")
        .fetch_all(&mut app.superuser().await)
        .await
        .unwrap();
    let urgent = |kind: &str| (kind.to_owned(), "urgent".to_owned());
    assert_eq!(queues, [urgent("SEND_EMAIL"), urgent("SIGN_IN_REQUEST")]);
    app.finish().await;
}

#[tokio::test]
async fn somebody_signs_in_by_a_link_in_a_browser() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let browser = browser();
    let page = browser
        .get(format!("{}/p/sign-in", app.url))
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    ask_in(&browser, &app, &admin.email).await;
    app.drain().await;
    let link = last_link(&app, &admin.email);

    let page = browser.get(&link).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(page.headers()[header::CACHE_CONTROL], "no-store");
    assert!(page.text().await.unwrap().contains("Jetzt anmelden"));

    let page = open_in(&browser, &app, &link, None).await;
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
    let asked = link_to(&app, &admin).await;
    for _ in 0..3 {
        let page = reqwest::get(&asked.link).await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.headers().get(header::SET_COOKIE).is_none());
    }
    let answer = app.nobody().ask(SIGN_IN, asked.variables()).await;
    answer.done("signInWithToken");
    app.finish().await;
}

#[tokio::test]
async fn a_link_signs_in_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let asked = link_to(&app, &admin).await;
    let variables = asked.variables();
    let first = app.nobody().ask(SIGN_IN, variables.clone()).await;
    let token = first.done("signInWithToken")["newSession"]["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let second = app.nobody().ask(SIGN_IN, variables).await;
    assert_eq!(second.refusals("signInWithToken"), ["INVALID token"]);
    let page = reqwest::get(&asked.link).await.unwrap();
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
    let asked = link_to(&app, &admin).await;
    let variables = asked.variables();
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
    let asked = link_to(&app, &admin).await;
    app.advance(Duration::minutes(15) - Duration::seconds(1));
    assert_eq!(reqwest::get(&asked.link).await.unwrap().status(), StatusCode::OK);
    app.advance(Duration::seconds(1));
    let page = reqwest::get(&asked.link).await.unwrap();
    assert_eq!(page.status(), StatusCode::GONE);
    assert!(page.text().await.unwrap().contains("abgelaufen"));
    let late = app.nobody().ask(SIGN_IN, asked.variables()).await;
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

/// The rows of every table that a request writes, as a fingerprint of its work.
async fn rows(app: &TestApp) -> Vec<(String, i64)> {
    let mut rows = Vec::new();
    let mut conn = app.superuser().await;
    for table in [
        "sign_in_requests",
        "sign_in_links",
        "email_deliveries",
        "jobs",
        "audit_events",
    ] {
        let sql = format!("SELECT count(*) FROM {table}");
        let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_one(&mut conn)
            .await
            .unwrap();
        rows.push((table.to_owned(), count));
    }
    rows
}

#[tokio::test]
async fn an_unknown_address_gets_the_same_answer_for_the_same_work() {
    let app = TestApp::start().await;
    let (admin, gone) = (app.admin().await, app.head_office().await);
    admin
        .ask(
            "mutation($id: ID!) { deactivateUser(userId: $id) { userErrors { code } } }",
            json!({ "id": gone.id() }),
        )
        .await
        .done("deactivateUser");
    let mut seen = Vec::new();
    for email in [admin.email.as_str(), gone.email.as_str(), "nobody@example.org"] {
        let before = rows(&app).await;
        let answer = reqwest::Client::new()
            .post(format!("{}/graphql", app.url))
            .json(&json!({ "query": REQUEST, "variables": { "email": email } }))
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let mut headers: Vec<(String, usize)> = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.len()))
            .collect();
        headers.sort();
        let mut body: Value = answer.json().await.unwrap();
        let code = body["data"]["requestSignInLink"]["code"].take();
        assert_eq!(code.as_str().unwrap().len(), 6);
        // the request itself writes the same rows: what depends on the address is a worker's work
        let written: Vec<i64> = rows(&app)
            .await
            .into_iter()
            .zip(before)
            .map(|((_, after), (_, before))| after - before)
            .collect();
        assert_eq!(written, [1, 0, 0, 1, 0], "{email}");
        seen.push((status, headers, body));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
    app.drain().await;
    assert_eq!(app.mails_to("nobody@example.org").len(), 0);
    assert_eq!(app.mails_to(&gone.email).len(), 0);
    assert_eq!(app.mails_to(&admin.email).len(), 1);
    let kept: Option<String> = sqlx::query_scalar("SELECT max(email) FROM sign_in_requests")
        .fetch_one(&mut app.superuser().await)
        .await
        .unwrap();
    assert_eq!(kept, None, "addresses are forgotten once a worker has looked");

    let answer = request_link(&app, "not an address").await;
    assert_eq!(answer.refusals("requestSignInLink"), ["INVALID email"]);
    app.finish().await;
}

#[tokio::test]
async fn a_link_works_in_the_browser_that_asked_or_with_its_code() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (mine, other) = (browser(), browser());
    let code = ask_in(&mine, &app, &admin.email).await;
    app.drain().await;
    let link = last_link(&app, &admin.email);

    // another browser, though it asked for a link of its own
    ask_in(&other, &app, "nobody@example.org").await;
    let page = other.get(&link).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("sechs Ziffern"));
    for wrong in [None, Some(""), Some("000 000")] {
        let page = open_in(&other, &app, &link, wrong).await;
        assert_eq!(page.status(), StatusCode::UNPROCESSABLE_ENTITY, "{wrong:?}");
        assert!(page.headers().get(header::SET_COOKIE).is_none());
    }
    let page = open_in(&other, &app, &link, Some(&code)).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.headers().contains_key(header::SET_COOKIE));

    // a browser that asked twice opens either link
    ask_in(&mine, &app, &admin.email).await;
    app.drain().await;
    let first = last_link(&app, &admin.email);
    ask_in(&mine, &app, &admin.email).await;
    app.drain().await;
    let second = last_link(&app, &admin.email);
    for link in [first, second] {
        assert_eq!(open_in(&mine, &app, &link, None).await.status(), StatusCode::OK);
    }
    let without = app
        .nobody()
        .ask(SIGN_IN, json!({ "token": token_of(&link) }))
        .await;
    assert_eq!(
        without.refusals("signInWithToken"),
        ["INVALID token"],
        "it was used"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_link_is_void_after_five_wrong_codes() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let asked = link_to(&app, &admin).await;
    let wrong = if asked.code == "123456" {
        "654321"
    } else {
        "123456"
    };
    for _ in 0..5 {
        let variables = json!({ "token": token_of(&asked.link), "code": wrong });
        let refused = app.nobody().ask(SIGN_IN, variables).await;
        assert_eq!(refused.refusals("signInWithToken"), ["INVALID code"]);
    }
    let late = app.nobody().ask(SIGN_IN, asked.variables()).await;
    assert_eq!(late.refusals("signInWithToken"), ["INVALID token"]);
    app.finish().await;
}

#[tokio::test]
async fn a_browsers_token_is_replaced_and_the_old_one_ends_the_session_when_it_comes_back() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let send = async |token: &str| {
        let answer = reqwest::Client::new()
            .post(format!("{}/graphql", app.url))
            .header(header::COOKIE, format!("tandem={token}"))
            .json(&json!({ "query": "{ viewer { user { name } } }" }))
            .send()
            .await
            .unwrap();
        let cookie = answer.headers().get(header::SET_COOKIE).map(|value| {
            let text = value.to_str().unwrap();
            text["tandem=".len()..text.find(';').unwrap()].to_owned()
        });
        let body: Value = answer.json().await.unwrap();
        (body["data"]["viewer"]["user"]["name"] == "Admin", cookie)
    };
    let old = admin.client.token().unwrap().to_owned();
    assert_eq!(send(&old).await, (true, None), "a young token stays");
    app.advance(Duration::hours(1));
    let (known, fresh) = send(&old).await;
    let fresh = fresh.expect("a new token");
    assert!(known && fresh != old);
    assert_eq!(send(&old).await, (true, None), "a request that was under way");
    assert_eq!(send(&fresh).await, (true, None));
    app.advance(Duration::minutes(2));
    assert_eq!(send(&fresh).await, (true, None));
    assert_eq!(send(&old).await, (false, None), "somebody has stolen it");
    assert_eq!(
        send(&fresh).await,
        (false, None),
        "so nobody uses this session any more"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_program_replaces_its_own_token() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    const ROTATE: &str =
        "mutation { rotateSession { newSession { token session { id } } userErrors { code message } } }";
    let answer = admin.ask(ROTATE, json!({})).await;
    let token = answer.done("rotateSession")["newSession"]["token"]
        .as_str()
        .unwrap();
    let fresh = Client::new(&app.url, Some(token.to_owned()));
    assert_ne!(fresh.ask(WHO, json!({})).await.data()["viewer"], Value::Null);
    assert_eq!(
        admin.ask(ROTATE, json!({})).await.refusals("rotateSession"),
        ["CONFLICT"]
    );
    app.finish().await;
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_of_ones_own() {
    let app = TestApp::start().await;
    let (admin, other) = (app.admin().await, app.head_office().await);
    let asked = link_to(&app, &admin).await;
    let answer = app.nobody().ask(SIGN_IN, asked.variables()).await;
    let second = answer.done("signInWithToken")["newSession"]["token"]
        .as_str()
        .unwrap();
    let second = Client::new(&app.url, Some(second.to_owned()));
    let sessions = second.ask(WHO, json!({})).await.data()["viewer"]["sessions"].clone();
    assert_eq!(sessions.as_array().unwrap().len(), 2);
    assert_eq!(sessions[0]["method"], "LINK");
    let out = second
        .ask(
            "mutation { signOutEverywhere { sessions userErrors { code } } }",
            json!({}),
        )
        .await;
    assert_eq!(out.done("signOutEverywhere")["sessions"], 2);
    for client in [&admin.client, &second] {
        assert_eq!(client.ask(WHO, json!({})).await.data()["viewer"], Value::Null);
    }
    assert_ne!(other.ask(WHO, json!({})).await.data()["viewer"], Value::Null);
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
    let asked = link_to(&app, &admin).await;
    for (name, value) in [
        ("origin", "https://evil.example.org"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let page = browser()
            .post(&asked.link)
            .header(name, value)
            .form(&[("code", &asked.code)])
            .send()
            .await
            .unwrap();
        assert_eq!(page.status(), StatusCode::GONE, "{name}: {value}");
        assert!(page.headers().get(header::SET_COOKIE).is_none());
    }
    app.nobody()
        .ask(SIGN_IN, asked.variables())
        .await
        .done("signInWithToken");
    app.finish().await;
}

#[tokio::test]
async fn a_deactivated_user_is_signed_out_and_gets_no_link() {
    let app = TestApp::start().await;
    let (admin, other) = (app.admin().await, app.head_office().await);
    let asked = link_to(&app, &other).await;
    admin
        .ask(
            "mutation($id: ID!) { deactivateUser(userId: $id) { user { active } userErrors { code } } }",
            json!({ "id": other.id() }),
        )
        .await
        .done("deactivateUser");
    assert_eq!(other.ask(WHO, json!({})).await.data()["viewer"], Value::Null);
    let answer = app.nobody().ask(SIGN_IN, asked.variables()).await;
    assert_eq!(answer.refusals("signInWithToken"), ["INVALID token"]);
    request_link(&app, &other.email).await.done("requestSignInLink");
    app.drain().await;
    assert_eq!(app.mails_to(&other.email).len(), 1, "the one from before");
    app.finish().await;
}
