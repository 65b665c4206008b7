//! Rate limits: shared by replicas through Redis, strict where somebody might guess when Redis is away,
//! and by the right address.

use chrono::Duration;
use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};
use tandem_api::limits::{Act, RateLimiter, Rule, Rules};
use tandem_tests::{Client, TestApp, env};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
};

/// Few of each.
fn few() -> Rules {
    Rules {
        operations_per_person: Rule::new(4, 60),
        operations_per_address: Rule::new(6, 60),
        sign_ins_per_address: Rule::new(3, 60),
        pages_per_address: Rule::new(3, 60),
    }
}

/// A Redis that can go away: a forwarder to the real one, which drops every connection when told so.
struct Fragile {
    url: String,
    orders: mpsc::Sender<(bool, oneshot::Sender<()>)>,
}

impl Fragile {
    async fn start() -> Self {
        let mut url: reqwest::Url = env("REDIS_URL").parse().unwrap();
        let real = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(6379));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(address.port())).unwrap();
        let (orders, mut heard) = mpsc::channel::<(bool, oneshot::Sender<()>)>(1);
        tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            let mut away = false;
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let Ok((mut client, _)) = accepted else { return };
                        if away {
                            continue;
                        }
                        let Ok(mut server) = TcpStream::connect(&real).await else { continue };
                        open.spawn(async move {
                            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                        });
                    }
                    order = heard.recv() => {
                        let Some((go_away, done)) = order else { return };
                        away = go_away;
                        if away {
                            open.shutdown().await;
                        }
                        let _ = done.send(());
                    }
                }
            }
        });
        Self {
            url: url.into(),
            orders,
        }
    }

    async fn set_away(&self, away: bool) {
        let (done, is_done) = oneshot::channel();
        self.orders.send((away, done)).await.unwrap();
        is_done.await.unwrap();
    }

    fn limiter(&self, app: &TestApp) -> RateLimiter {
        RateLimiter::shared(few(), app.clock.clone(), &self.url, &app.redis_namespace).unwrap()
    }
}

async fn page(url: &str) -> Response {
    reqwest::get(format!("{url}/p/sign-in/nothing")).await.unwrap()
}

async fn anonymous(url: &str) -> Response {
    reqwest::Client::new()
        .post(format!("{url}/graphql"))
        .json(&json!({ "query": "{ __typename }" }))
        .send()
        .await
        .unwrap()
}

/// The status of an answer; too many come with their code and with when to come back.
async fn status(answer: Response) -> u16 {
    let status = answer.status();
    if status == StatusCode::TOO_MANY_REQUESTS {
        let wait = answer.headers()[header::RETRY_AFTER].to_str().unwrap().to_owned();
        assert!((1..=60).contains(&wait.parse::<u64>().unwrap()), "{wait}");
        if answer.headers()[header::CONTENT_TYPE]
            .to_str()
            .unwrap()
            .contains("json")
        {
            let body: Value = answer.json().await.unwrap();
            assert_eq!(body["errors"][0]["extensions"]["code"], "RATE_LIMITED");
        }
    }
    status.as_u16()
}

#[tokio::test]
async fn replicas_share_what_they_count() {
    let app = TestApp::start().await;
    let redis = Fragile::start().await;
    let (one, other) = (
        app.replica(|_| {}, redis.limiter(&app)).await,
        app.replica(|_| {}, redis.limiter(&app)).await,
    );
    for round in 0..3 {
        assert_eq!(status(anonymous(&one).await).await, 200, "{round}");
        assert_eq!(status(anonymous(&other).await).await, 200, "{round}");
    }
    assert_eq!(status(anonymous(&one).await).await, 429);
    assert_eq!(status(anonymous(&other).await).await, 429);
    // a sixth of a minute later there is room for one more
    app.advance(Duration::seconds(10));
    assert_eq!(status(anonymous(&other).await).await, 200);
    assert_eq!(status(anonymous(&one).await).await, 429);
    app.finish().await;
}

#[tokio::test]
async fn a_person_has_a_limit_of_ones_own() {
    let app = TestApp::start().await;
    let redis = Fragile::start().await;
    let url = app.replica(|_| {}, redis.limiter(&app)).await;
    let (admin, other) = (app.admin().await, app.head_office().await);
    let ask = async |token: Option<&str>| {
        let client = Client::new(&url, token.map(str::to_owned));
        client.ask("{ __typename }", json!({})).await.status.as_u16()
    };
    for _ in 0..4 {
        assert_eq!(ask(admin.client.token()).await, 200);
    }
    assert_eq!(ask(admin.client.token()).await, 429);
    assert_eq!(
        ask(other.client.token()).await,
        200,
        "somebody else behind the same address"
    );
    assert_eq!(
        ask(other.client.token()).await,
        429,
        "the address has its limit too"
    );
    app.finish().await;
}

#[tokio::test]
async fn without_redis_guessing_is_counted_and_work_goes_on() {
    let app = TestApp::start().await;
    let redis = Fragile::start().await;
    let url = app.replica(|_| {}, redis.limiter(&app)).await;
    for _ in 0..3 {
        assert_eq!(status(page(&url).await).await, 410);
    }
    assert_eq!(status(page(&url).await).await, 429);
    redis.set_away(true).await;

    for _ in 0..20 {
        assert_eq!(status(anonymous(&url).await).await, 200, "open for the rest");
    }
    for _ in 0..3 {
        assert_eq!(status(page(&url).await).await, 410);
    }
    assert_eq!(status(page(&url).await).await, 429, "strict in this process");
    let sign_in = async || {
        let answer = reqwest::Client::new()
            .post(format!("{url}/graphql"))
            .header(header::ACCEPT, "application/graphql-response+json")
            .json(&json!({ "query": "mutation { signInWithToken(token: \"x\") { userErrors { code } } }" }))
            .send()
            .await
            .unwrap();
        status(answer).await
    };
    for _ in 0..3 {
        assert_eq!(sign_in().await, 200);
    }
    assert_eq!(sign_in().await, 429);

    // and when Redis is back, replicas share again
    redis.set_away(false).await;
    app.advance(Duration::hours(1));
    let limiter = redis.limiter(&app);
    for _ in 0..6 {
        limiter.take(&Act::Operation, "192.0.2.1").await.unwrap();
    }
    assert!(
        redis
            .limiter(&app)
            .take(&Act::Operation, "192.0.2.1")
            .await
            .is_err()
    );
    app.finish().await;
}

#[tokio::test]
async fn many_sign_ins_in_one_document_count_as_many() {
    let app = TestApp::start().await;
    let url = app
        .replica(|_| {}, RateLimiter::local(few(), app.clock.clone()))
        .await;
    let aliases: String = (0..5)
        .map(|n| format!("a{n}: signInWithToken(token: \"x\") {{ userErrors {{ code }} }} "))
        .collect();
    let answer = reqwest::Client::new()
        .post(format!("{url}/graphql"))
        .json(&json!({ "query": format!("mutation {{ {aliases} }}") }))
        .send()
        .await
        .unwrap();
    // the first three are answered, so that the whole is no 429
    assert!(answer.headers().contains_key(header::RETRY_AFTER));
    let body: Value = answer.json().await.unwrap();
    let refused: Vec<&Value> = body["errors"].as_array().unwrap().iter().collect();
    assert_eq!(refused.len(), 2, "{body}");
    for error in refused {
        assert_eq!(error["extensions"]["code"], "RATE_LIMITED");
        assert_eq!(error["extensions"]["retryAfterSeconds"], 20);
    }
    app.finish().await;
}

#[tokio::test]
async fn only_a_trusted_proxy_says_who_came() {
    let app = TestApp::start().await;
    let trusting = app
        .replica(
            |options| options.proxies.trusted = vec!["127.0.0.0/8".parse().unwrap()],
            RateLimiter::local(few(), app.clock.clone()),
        )
        .await;
    let wary = app
        .replica(|_| {}, RateLimiter::local(few(), app.clock.clone()))
        .await;
    let send = async |url: &str, from: &str| {
        let request = reqwest::Client::new()
            .get(format!("{url}/p/sign-in/nothing"))
            .header("x-forwarded-for", from);
        status(request.send().await.unwrap()).await
    };
    for _ in 0..3 {
        assert_eq!(send(&trusting, "192.0.2.1").await, 410);
    }
    assert_eq!(send(&trusting, "192.0.2.1").await, 429);
    assert_eq!(
        send(&trusting, "203.0.113.5, 192.0.2.1").await,
        429,
        "what is before may be made up"
    );
    assert_eq!(send(&trusting, "192.0.2.2").await, 410, "somebody else");

    for number in 0..3 {
        assert_eq!(send(&wary, &format!("192.0.2.{number}")).await, 410);
    }
    assert_eq!(send(&wary, "192.0.2.77").await, 429, "nobody's word is taken");

    // the audit log and the list of sessions have the address that counts
    let admin = app.admin().await;
    let request = reqwest::Client::new()
        .post(format!("{trusting}/graphql"))
        .header("x-forwarded-for", "192.0.2.9")
        .bearer_auth(admin.client.token().unwrap())
        .json(&json!({ "query": "mutation { signOut { userErrors { code } } }" }));
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    let address: String =
        sqlx::query_scalar("SELECT address FROM audit_events WHERE action = 'session.revoked'")
            .fetch_one(&mut app.superuser().await)
            .await
            .unwrap();
    assert_eq!(address, "192.0.2.9");
    app.finish().await;
}

#[tokio::test]
async fn a_subscription_over_the_limit_is_an_error() {
    use futures::{SinkExt, StreamExt};
    use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};
    let app = TestApp::start().await;
    let url = app
        .replica(|_| {}, RateLimiter::local(few(), app.clock.clone()))
        .await;
    let mut request = format!("{}/graphql/ws", url.replace("http", "ws"))
        .into_client_request()
        .unwrap();
    let protocol = "graphql-transport-ws".parse().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let init = json!({ "type": "connection_init" });
    socket.send(Message::text(init.to_string())).await.unwrap();
    for id in 0..8 {
        let operation =
            json!({ "type": "subscribe", "id": id.to_string(), "payload": { "query": "{ __typename }" } });
        socket.send(Message::text(operation.to_string())).await.unwrap();
    }
    let refused = loop {
        let message = socket.next().await.unwrap().unwrap();
        let message: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
        if message["type"] == "error" {
            break message;
        }
    };
    let extensions = &refused["payload"][0]["extensions"];
    assert_eq!(extensions["code"], "RATE_LIMITED");
    assert!(extensions["retryAfterSeconds"].as_u64().unwrap() >= 1);
    app.finish().await;
}
