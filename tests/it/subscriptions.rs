//! Subscriptions over graphql-transport-ws.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tandem_storage::events::{self, Event};
use tandem_tests::{Actor, TestApp};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn open(
        app: &TestApp,
        headers: &[(&'static str, String)],
    ) -> Result<Self, tokio_tungstenite::tungstenite::Error> {
        let url = format!("{}/graphql/ws", app.url.replace("http", "ws"));
        let mut request = url.into_client_request()?;
        let all = request.headers_mut();
        all.insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        for (name, value) in headers {
            all.insert(*name, value.parse().unwrap());
        }
        Ok(Self(connect_async(request).await?.0))
    }

    async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn next(&mut self) -> Value {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(10), self.0.next())
                .await
                .expect("a message within ten seconds");
            match message {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Close(frame))) => {
                    return json!({ "type": "closed", "code": frame.map(|frame| u16::from(frame.code)) });
                }
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return json!({ "type": "closed" }),
            }
        }
    }

    async fn subscribe(&mut self, query: &str) {
        self.send(json!({ "type": "subscribe", "id": "1", "payload": { "query": query } }))
            .await;
    }
}

async fn signed_in(app: &TestApp, actor: &Actor) -> Socket {
    let mut socket = Socket::open(app, &[]).await.unwrap();
    let token = format!("Bearer {}", actor.client.token().unwrap());
    socket
        .send(json!({ "type": "connection_init", "payload": { "authorization": token } }))
        .await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    socket
}

async fn tell(app: &TestApp, event: Event) {
    let mut conn = app.conn().await;
    events::notify(&mut conn, event).await.unwrap();
}

const INBOX: &str = "subscription { inboxChanged { at } }";

#[tokio::test]
async fn news_reach_whom_they_concern_and_nobody_else() {
    let app = TestApp::start().await;
    let (one, other) = (app.admin().await, app.admin().await);
    let mut socket = signed_in(&app, &one).await;
    socket.subscribe(INBOX).await;
    let at = async |socket: &mut Socket| socket.next().await["payload"]["data"]["inboxChanged"]["at"].clone();
    assert!(at(&mut socket).await.is_string(), "once at the beginning");

    // the clock tells the news apart
    app.advance(chrono::Duration::hours(1));
    tell(&app, Event::Inbox(other.user)).await;
    app.advance(chrono::Duration::hours(1));
    tell(&app, Event::Inbox(one.user)).await;
    let mut heard = at(&mut socket).await;
    if heard.as_str().unwrap().starts_with("2026-11-23T08") {
        // the listener had just connected: whatever it may have missed counts as news
        heard = at(&mut socket).await;
    }
    assert!(heard.as_str().unwrap().starts_with("2026-11-23T10"), "{heard}");
    app.finish().await;
}

#[tokio::test]
async fn a_subscription_ends_with_its_session() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut socket = signed_in(&app, &admin).await;
    socket.subscribe(INBOX).await;
    assert_eq!(socket.next().await["type"], "next");
    admin
        .ask("mutation { signOut { userErrors { code } } }", json!({}))
        .await
        .done("signOut");
    tell(&app, Event::Inbox(admin.user)).await;
    let mut message = socket.next().await;
    if message["payload"]["data"]["inboxChanged"]["at"].is_string() {
        message = socket.next().await;
    }
    assert_eq!(
        message["payload"]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
        "{message}"
    );
    assert_eq!(socket.next().await["type"], "complete");
    app.finish().await;
}

#[tokio::test]
async fn nobody_subscribes_without_a_session() {
    let app = TestApp::start().await;
    let mut socket = Socket::open(&app, &[]).await.unwrap();
    socket.send(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    socket.subscribe(INBOX).await;
    let message = socket.next().await;
    assert!(message.to_string().contains("UNAUTHENTICATED"), "{message}");

    let mut socket = Socket::open(&app, &[]).await.unwrap();
    socket
        .send(json!({ "type": "connection_init", "payload": { "authorization": "Bearer made-up" } }))
        .await;
    assert_eq!(socket.next().await["type"], "closed");
    app.finish().await;
}

#[tokio::test]
async fn a_page_of_another_site_cannot_listen_with_a_cookie() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let cookie = ("cookie", format!("tandem={}", admin.client.token().unwrap()));
    let foreign = Socket::open(
        &app,
        &[cookie.clone(), ("origin", "https://evil.example.org".into())],
    )
    .await;
    assert!(foreign.is_err());
    let mut own = Socket::open(&app, &[cookie, ("origin", app.url.clone())])
        .await
        .unwrap();
    own.send(json!({ "type": "connection_init" })).await;
    assert_eq!(own.next().await["type"], "connection_ack");
    own.subscribe(INBOX).await;
    assert_eq!(own.next().await["type"], "next");
    app.finish().await;
}

/// What the server does with these messages: the code by which it closes, or none where it answers.
async fn closes_with(app: &TestApp, messages: &[Value]) -> Value {
    let mut socket = Socket::open(app, &[]).await.unwrap();
    for message in messages {
        socket.send(message.clone()).await;
    }
    loop {
        let message = socket.next().await;
        if message["type"] == "closed" {
            return message["code"].clone();
        }
    }
}

#[tokio::test]
async fn a_connection_that_breaks_the_protocol_is_closed_with_its_code() {
    let app = TestApp::start().await;
    let init = json!({ "type": "connection_init" });
    let endless = json!({ "type": "subscribe", "id": "1", "payload": { "query": INBOX } });
    for (messages, code) in [
        (vec![json!("hello")], 4400),
        (vec![json!({ "id": "1" })], 4400),
        (vec![json!({ "type": "start" })], 4400),
        (vec![json!({ "type": "connection_init", "payload": 7 })], 4400),
        (
            vec![init.clone(), json!({ "type": "subscribe", "id": "1" })],
            4400,
        ),
        (
            vec![
                init.clone(),
                json!({ "type": "subscribe", "payload": { "query": INBOX } }),
            ],
            4400,
        ),
        (
            vec![
                init.clone(),
                json!({ "type": "subscribe", "id": "1", "payload": { "query": 7 } }),
            ],
            4400,
        ),
        (vec![init.clone(), json!({ "type": "complete" })], 4400),
        (vec![endless.clone()], 4401),
        (
            vec![json!({ "type": "connection_init", "payload": { "authorization": "Bearer x" } })],
            4403,
        ),
        (vec![init.clone(), init.clone()], 4429),
    ] {
        assert_eq!(closes_with(&app, &messages).await, code, "{messages:?}");
    }
    let admin = app.admin().await;
    let mut socket = signed_in(&app, &admin).await;
    socket.send(endless.clone()).await;
    assert_eq!(socket.next().await["type"], "next");
    socket.send(endless).await;
    let mut last = socket.next().await;
    while last["type"] == "next" {
        last = socket.next().await;
    }
    assert_eq!(last["code"], 4409);

    let mut socket = Socket::open(&app, &[]).await.unwrap();
    socket.0.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(socket.next().await["code"], 4400);
    app.finish().await;
}

#[tokio::test]
async fn whoever_does_not_introduce_itself_is_sent_away() {
    let app = TestApp::start_with(|options| {
        options.limits.introduction = Duration::from_millis(50);
    })
    .await;
    assert_eq!(closes_with(&app, &[]).await, 4408);
    assert_eq!(closes_with(&app, &[json!({ "type": "ping" })]).await, 4408);
    app.finish().await;
}

#[tokio::test]
async fn a_document_that_cannot_run_is_an_error_and_the_connection_goes_on() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut socket = signed_in(&app, &admin).await;
    for (id, query) in [
        ("1", "{"),
        ("2", "subscription { nothing }"),
        ("3", "{ viewer { shoeSize } }"),
    ] {
        socket
            .send(json!({ "type": "subscribe", "id": id, "payload": { "query": query } }))
            .await;
        let message = socket.next().await;
        assert_eq!(
            (&message["type"], &message["id"]),
            (&json!("error"), &json!(id)),
            "{message}"
        );
        assert_eq!(
            message["payload"][0]["extensions"]["code"], "BAD_USER_INPUT",
            "{message}"
        );
    }
    // an id is free again after its error, and queries run here as well
    socket
        .send(
            json!({ "type": "subscribe", "id": "1", "payload": { "query": "{ viewer { user { name } } }" } }),
        )
        .await;
    let message = socket.next().await;
    assert_eq!(message["payload"]["data"]["viewer"]["user"]["name"], "Admin");
    assert_eq!(socket.next().await, json!({ "type": "complete", "id": "1" }));
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await, json!({ "type": "pong" }));

    socket.subscribe(INBOX).await;
    assert_eq!(socket.next().await["type"], "next");
    socket.send(json!({ "type": "complete", "id": "1" })).await;
    tell(&app, Event::Inbox(admin.user)).await;
    socket.send(json!({ "type": "ping" })).await;
    let mut message = socket.next().await;
    // what was under way when it was ended
    if message["type"] == "next" {
        message = socket.next().await;
    }
    assert_eq!(message["type"], "pong", "nothing follows a complete");
    app.finish().await;
}

#[tokio::test]
async fn another_protocol_is_refused() {
    let app = TestApp::start().await;
    for protocol in ["graphql-ws", "chat"] {
        let url = format!("{}/graphql/ws", app.url.replace("http", "ws"));
        let mut request = url.into_client_request().unwrap();
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol.parse().unwrap());
        assert!(connect_async(request).await.is_err(), "{protocol}");
    }
    app.finish().await;
}
