//! Signing in by OpenID Connect, against a certified provider: the npm package `oidc-provider`, which this
//! test fetches with the committed lockfile and starts. Where Node.js is not installed it is skipped, and says so;
//! with `CI` set that is a failure.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use chrono::Duration;
use reqwest::{Client, Response, StatusCode, Url, header, redirect::Policy};
use serde_json::{Value, json};
use tandem_api::{config::OpenIdConnect, limits::RateLimiter};
use tandem_domain::{policy::Grant, users::UserInput};
use tandem_operations::{Caller, users};
use tandem_tests::{TestApp, unlimited};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
};

const SECRET: &str = "a-secret-of-the-tests-0123456789";

/// Whether Node.js and npm are there. Where they are not the test says that it proves nothing, past the test
/// harness, which shows only what a failing test prints.
fn node_is_there() -> bool {
    use std::io::Write;
    let missing = ["node", "npm"].into_iter().find(|program| {
        let version = std::process::Command::new(program).arg("--version").output();
        !version.is_ok_and(|output| output.status.success())
    });
    let Some(missing) = missing else { return true };
    assert!(
        std::env::var_os("CI").is_none(),
        "the test of OpenID Connect needs Node.js 20 or newer, and \"{missing}\" is not there to be started"
    );
    writeln!(
        std::io::stderr(),
        "SKIPPED: OpenID Connect is not tested, since \"{missing}\" is not there to be started (Node.js 20 or newer)"
    )
    .expect("standard error");
    false
}

/// The folder with the provider's packages; they are fetched once.
async fn packages() -> PathBuf {
    let sources = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/openid"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/openid-provider");
    std::fs::create_dir_all(&folder).unwrap();
    for file in ["package.json", "package-lock.json", "provider.mjs"] {
        std::fs::copy(sources.join(file), folder.join(file)).unwrap();
    }
    let lock = std::fs::read(sources.join("package-lock.json")).unwrap();
    let fetched = folder.join("fetched-lock.json");
    if std::fs::read(&fetched).ok().as_ref() == Some(&lock) {
        return folder;
    }
    let output = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(&folder)
        .output()
        .await
        .expect("this test needs Node.js 20 or newer: \"npm\" is not there to be started");
    assert!(
        output.status.success(),
        "npm ci could not fetch the provider that tests/openid/package-lock.json names:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::write(&fetched, lock).unwrap();
    folder
}

struct Provider {
    issuer: Url,
    process: Option<Child>,
    port: u16,
}

impl Provider {
    /// A port for it; it is started when the server's address is known.
    async fn plan() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        Self {
            issuer: format!("http://127.0.0.1:{port}").parse().unwrap(),
            process: None,
            port,
        }
    }

    async fn start(&mut self, server: &str) {
        let mut process = Command::new("node")
            .arg("provider.mjs")
            .arg(self.port.to_string())
            .arg(format!("{server}/p/openid/callback"))
            .current_dir(packages().await)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("this test needs Node.js 20 or newer: \"node\" is not there to be started");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        while let Some(line) = lines.next_line().await.unwrap() {
            if line == "ready" {
                self.process = Some(process);
                // somebody has to go on reading: the provider prints notices as it works, and ends at the
                // first one that nobody takes
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return;
            }
        }
        panic!("the provider has ended: {:?}", process.wait().await);
    }
}

/// A browser that goes where it is sent, fills in the provider's forms as `login`, and stops at the end or
/// before the server's callback.
struct Browser {
    http: Client,
    provider: String,
}

impl Browser {
    fn new(provider: &Provider) -> Self {
        let http = Client::builder()
            .cookie_store(true)
            .redirect(Policy::none())
            // the provider closes connections that rest a while
            .pool_max_idle_per_host(0);
        Self {
            http: http.build().unwrap(),
            provider: provider.issuer.authority().to_owned(),
        }
    }

    /// Where the provider sends the browser back to.
    async fn callback(&self, server: &str, login: &str) -> Url {
        let start = self.get(format!("{server}/p/openid/start")).await;
        self.go_on(start, login).await
    }

    /// The same, with one value of what the provider is asked for exchanged on the way there.
    async fn callback_with(&self, server: &str, login: &str, name: &str, value: &str) -> Url {
        let start = self.get(format!("{server}/p/openid/start")).await;
        let location = start.headers()[header::LOCATION].to_str().unwrap();
        let there = exchanged(&location.parse().unwrap(), name, value);
        let answer = self.get(there).await;
        self.go_on(answer, login).await
    }

    async fn go_on(&self, mut answer: Response, login: &str) -> Url {
        for _ in 0..20 {
            let here = answer.url().clone();
            if let Some(location) = answer.headers().get(header::LOCATION) {
                let there = here.join(location.to_str().unwrap()).unwrap();
                if there.path() == "/p/openid/callback" {
                    return there;
                }
                answer = self.get(there).await;
                continue;
            }
            assert_eq!(here.authority(), self.provider, "{here}: {}", answer.status());
            let html = answer.text().await.unwrap();
            let prompt = if html.contains("value=\"login\"") {
                "login"
            } else {
                "consent"
            };
            let form = [("prompt", prompt), ("login", login), ("password", "x")];
            answer = self.http.post(here).form(&form).send().await.unwrap();
        }
        panic!("the provider goes round in circles");
    }

    async fn get(&self, url: impl reqwest::IntoUrl) -> Response {
        self.http.get(url).send().await.unwrap()
    }

    /// The whole way.
    async fn sign_in(&self, server: &str, login: &str) -> Response {
        let callback = self.callback(server, login).await;
        self.get(callback).await
    }
}

/// Whether an answer gives the browser a session.
fn signs_in(answer: &Response) -> bool {
    let mut cookies = answer.headers().get_all(header::SET_COOKIE).iter();
    cookies.any(|cookie| cookie.to_str().unwrap().starts_with("tandem="))
}

/// The address with another value of one of its parameters.
fn exchanged(url: &Url, name: &str, value: &str) -> Url {
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    assert!(
        pairs.iter().any(|(known, _)| known == name),
        "{url} has no {name}"
    );
    let mut url = url.clone();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(pairs.iter().map(|(known, old)| {
            let value = if known == name { value } else { old };
            (known, value)
        }));
    url
}

/// A user whose address the provider knows.
async fn user(app: &TestApp, name: &str, grants: &[Grant]) -> tandem_domain::ids::UserId {
    let input = UserInput {
        email: format!("{name}@staff.example.org"),
        name: name.to_owned(),
        ..UserInput::default()
    };
    let user = users::create(&app.api, &Caller::system(), input, grants, None).await;
    user.unwrap().id
}

#[tokio::test]
async fn staff_sign_in_by_the_organisations_provider() {
    if !node_is_there() {
        return;
    }
    let app = TestApp::start().await;
    let office = app.office("Nord", "20095").await;
    let expert = app.expert(office, "Weber", "20095").await;
    let ada = user(&app, "ada", &[Grant::Coordinator(Some(office))]).await;
    user(&app, "eve", &[Grant::Admin]).await;
    user(&app, "roleless", &[]).await;
    let volunteer = user(&app, "volunteer", &[]).await;
    let mut conn = app.conn().await;
    tandem_storage::users::insert_grant(
        &mut conn,
        app.api.id(),
        volunteer,
        Grant::Expert(expert),
        app.now(),
    )
    .await
    .unwrap();

    let mut provider = Provider::plan().await;
    let config = OpenIdConnect {
        issuer: provider.issuer.clone(),
        client_id: "tandem".into(),
        client_secret: SECRET.to_owned().into(),
    };
    let server = app
        .serve(
            |state| state.with_openid_connect(config).unwrap(),
            |_| {},
            RateLimiter::local(unlimited(), app.clock.clone()),
        )
        .await;
    let away = Browser::new(&provider)
        .get(format!("{server}/p/openid/start"))
        .await;
    assert_eq!(
        away.status(),
        StatusCode::BAD_GATEWAY,
        "the provider is not there yet"
    );
    provider.start(&server).await;
    let page = Browser::new(&provider).get(format!("{server}/p/sign-in")).await;
    assert!(page.text().await.unwrap().contains("/p/openid/start"));

    // the first time by the verified address, then by the subject, whatever the address is by now
    for round in 0..2 {
        let browser = Browser::new(&provider);
        let page = browser.sign_in(&server, "ada").await;
        assert_eq!(page.status(), StatusCode::OK, "{round}");
        assert!(page.text().await.unwrap().contains("Sie sind angemeldet"));
        let who = json!({ "query": "{ viewer { user { name } sessions { method } } }" });
        let request = browser.http.post(format!("{server}/graphql")).json(&who);
        let body: Value = request
            .header(header::ORIGIN, &server)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(body["data"]["viewer"]["user"]["name"], "ada", "{body}");
        assert_eq!(body["data"]["viewer"]["sessions"][0]["method"], "OPENID_CONNECT");
        sqlx::query("UPDATE users SET email = 'ada.lovelace@staff.example.org' WHERE id = $1")
            .bind(ada.uuid())
            .execute(&mut app.superuser().await)
            .await
            .unwrap();
    }

    // an address that nobody verified, nobody's address, somebody without a role, a volunteer
    for login in ["eve-unverified", "stranger", "roleless", "volunteer"] {
        let page = Browser::new(&provider).sign_in(&server, login).await;
        assert_eq!(page.status(), StatusCode::FORBIDDEN, "{login}");
        assert!(!signs_in(&page), "{login}");
    }
    // whoever has an old address of somebody who signed in before, under a subject of another account
    sqlx::query("UPDATE users SET email = 'eve@staff.example.org' WHERE id = $1")
        .bind(ada.uuid())
        .execute(&mut {
            let mut conn = app.superuser().await;
            sqlx::query("DELETE FROM users WHERE name = 'eve'")
                .execute(&mut conn)
                .await
                .unwrap();
            conn
        })
        .await
        .unwrap();
    let page = Browser::new(&provider).sign_in(&server, "eve").await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM users WHERE name IN ('ada', 'stranger')")
        .fetch_one(&mut app.superuser().await)
        .await
        .unwrap();
    assert_eq!(count, 1, "nobody is made a user");

    // a state that is not this browser's, no cookie, too late, and a code that was used
    let browser = Browser::new(&provider);
    let mut callback = browser.callback(&server, "ada").await;
    let stranger = Browser::new(&provider).get(callback.clone()).await;
    assert_eq!(stranger.status(), StatusCode::FORBIDDEN, "another browser");
    let original = callback.clone();
    callback = exchanged(&callback, "state", "other");
    assert_eq!(
        browser.get(callback).await.status(),
        StatusCode::FORBIDDEN,
        "another state"
    );
    assert_eq!(
        browser.get(original).await.status(),
        StatusCode::FORBIDDEN,
        "the attempt is over"
    );
    let browser = Browser::new(&provider);
    let callback = browser.callback(&server, "ada").await;
    app.advance(Duration::minutes(11));
    assert_eq!(
        browser.get(callback).await.status(),
        StatusCode::FORBIDDEN,
        "too late"
    );

    // an answer that is played a second time, cookie and all
    let browser = Browser::new(&provider);
    let start = browser.get(format!("{server}/p/openid/start")).await;
    let cookie = start.headers()[header::SET_COOKIE].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let callback = browser.go_on(start, "ada").await;
    let first = browser.get(callback.clone()).await;
    assert_eq!(first.status(), StatusCode::OK);
    let replayed = Client::builder().redirect(Policy::none()).build().unwrap();
    let replayed = replayed.get(callback).header(header::COOKIE, &cookie);
    let replayed = replayed.send().await.unwrap();
    assert_eq!(replayed.status(), StatusCode::FORBIDDEN, "the code was used");
    assert!(!signs_in(&replayed));

    // somebody else's code put in place of the own one: it belongs to another PKCE verifier, and where the
    // provider were fooled about that, to another nonce
    let (thief, victim) = (Browser::new(&provider), Browser::new(&provider));
    let own = thief.callback(&server, "volunteer").await;
    let stolen = victim.callback(&server, "ada").await;
    let code = |url: &Url| {
        let code = url.query_pairs().find(|(name, _)| name == "code");
        code.expect("a code").1.into_owned()
    };
    let injected = thief.get(exchanged(&own, "code", &code(&stolen))).await;
    assert_eq!(injected.status(), StatusCode::FORBIDDEN, "another verifier");
    assert!(!signs_in(&injected));
    for (name, value) in [
        ("nonce", "another-nonce"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
    ] {
        let browser = Browser::new(&provider);
        let callback = browser.callback_with(&server, "ada", name, value).await;
        let page = browser.get(callback).await;
        assert_eq!(page.status(), StatusCode::FORBIDDEN, "another {name}");
        assert!(!signs_in(&page), "{name}");
    }

    users::deactivate(&app.api, &Caller::system(), ada).await.unwrap();
    let page = Browser::new(&provider).sign_in(&server, "ada").await;
    assert_eq!(
        page.status(),
        StatusCode::FORBIDDEN,
        "whoever may not sign in any more"
    );
    app.finish().await;
}
