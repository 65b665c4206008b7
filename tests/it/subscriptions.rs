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
