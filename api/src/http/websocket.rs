//! `GET /graphql/ws`: operations over the protocol graphql-transport-ws, close codes included.

use std::collections::HashMap;
use std::time::Duration;

use async_graphql::{
    Request, Response as Executed, ServerError, futures_util::StreamExt as _, parser::types::OperationType,
};
use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    http::{Extensions, HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::task::AbortOnDropHandle;

use super::{
    graphql::{NotAdmitted, admit, count_persons_operation, origin_is_ours, peer, with_sender},
    request,
};
use crate::{
    auth::{self, Credential, Origin, Sender},
    graphql::error::{RATE_LIMITED, TIMEOUT, is_before_execution},
    limits::{Act, TooMany},
    server::ApiState,
};

const PROTOCOL: &str = "graphql-transport-ws";
/// Whoever says nothing for so long is asked whether it is still there …
const ASK_AFTER: Duration = Duration::from_secs(30);
/// … and is gone after this time.
const GONE_AFTER: Duration = Duration::from_secs(60);
/// Operations that may run on a connection at the same time.
const AT_ONCE: usize = 50;
/// Messages that wait for a slow client, of all its operations together.
const BACKLOG: usize = 64;

/// Why a connection is closed: the code and the words of the protocol.
struct Close(u16, String);

impl Close {
    fn new(code: u16, reason: impl Into<String>) -> Self {
        Self(code, reason.into())
    }
}

/// Opens a connection. Its sender is the cookie's session, or the one whose token `connection_init`
/// carries, as `{"authorization": "Bearer …"}`.
pub(crate) async fn upgrade(
    State(state): State<ApiState>,
    headers: HeaderMap,
    extensions: Extensions,
    upgrade: WebSocketUpgrade,
) -> Response {
    let credential = auth::credential(&headers, state.options.secure());
    // a WebSocket knows no same-origin rule: the cookie would come along from any page
    if credential.as_ref().is_some_and(|credential| credential.by_cookie) && !origin_is_ours(&state, &headers)
    {
        return (
            StatusCode::FORBIDDEN,
            "a page of another origin may not act with this cookie\n",
        )
            .into_response();
    }
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .max_message_size(state.options.limits.body_bytes);
    if upgrade.selected_protocol().is_none() {
        return (
            StatusCode::BAD_REQUEST,
            "this endpoint speaks the protocol graphql-transport-ws\n",
        )
            .into_response();
    }
    let origin = Origin::of(&headers, peer(&extensions), state.options.secure());
    if let Err(wait) = state.limiter.take(&Act::Operation, &origin.address).await {
        return (
            StatusCode::TOO_MANY_REQUESTS,
            [("retry-after", wait.seconds().to_string())],
            "too many requests\n",
        )
            .into_response();
    }
    upgrade.on_upgrade(move |socket| async move {
        Connection::new(state, credential, origin).serve(socket).await;
    })
}

/// What an operation has to say.
enum News {
    Next(String, Executed),
    /// It ended by itself.
    Complete(String),
    /// It never began.
    Error(String, Vec<ServerError>),
}

/// One connection.
struct Connection {
    state: ApiState,
    credential: Option<Credential>,
    origin: Origin,
    /// Who it is, once the connection was acknowledged.
    sender: Option<Sender>,
    running: HashMap<String, AbortOnDropHandle<()>>,
    news: mpsc::Sender<News>,
    heard: mpsc::Receiver<News>,
}

impl Connection {
    fn new(state: ApiState, credential: Option<Credential>, origin: Origin) -> Self {
        let (news, heard) = mpsc::channel(BACKLOG);
        Self {
            state,
            credential,
            origin,
            sender: None,
            running: HashMap::new(),
            news,
            heard,
        }
    }

    async fn serve(mut self, mut socket: WebSocket) {
        let opened = Instant::now();
        let (mut last, mut asked) = (opened, false);
        loop {
            let introduced = self.sender.is_some();
            let deadline = match (introduced, asked) {
                (false, _) => opened + self.state.options.limits.introduction,
                (true, false) => last + ASK_AFTER,
                (true, true) => last + GONE_AFTER,
            };
            let step = tokio::select! {
                message = socket.recv() => {
                    (last, asked) = (Instant::now(), false);
                    match message {
                        Some(Ok(Message::Text(text))) => self.take(&mut socket, text.as_str()).await,
                        Some(Ok(Message::Binary(_))) => Err(Close::new(4400, "messages are text")),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                    }
                }
                news = self.heard.recv() => match news {
                    Some(news) => self.tell(&mut socket, news).await,
                    None => return,
                },
                () = tokio::time::sleep_until(deadline) => {
                    if !introduced {
                        Err(Close::new(4408, "Connection initialisation timeout"))
                    } else if asked {
                        return;
                    } else {
                        // a browser answers by itself
                        asked = true;
                        send_message(&mut socket, Message::Ping(axum::body::Bytes::new())).await
                    }
                }
            };
            if let Err(Close(code, reason)) = step {
                // a frame holds 123 bytes of reason
                let reason = reason.chars().take(100).collect::<String>();
                let frame = CloseFrame {
                    code,
                    reason: reason.into(),
                };
                let _ = socket.send(Message::Close(Some(frame))).await;
                return;
            }
        }
    }

    async fn take(&mut self, socket: &mut WebSocket, text: &str) -> Result<(), Close> {
        let invalid = |what: &str| Close::new(4400, format!("Invalid message: {what}"));
        let Ok(Value::Object(mut message)) = serde_json::from_str::<Value>(text) else {
            return Err(invalid("it is no JSON object"));
        };
        let payload = message.remove("payload");
        let object = match payload {
            None | Some(Value::Null) => None,
            Some(Value::Object(object)) => Some(object),
            Some(_) => return Err(invalid("payload must be an object")),
        };
        match message.get("type").and_then(Value::as_str) {
            Some("connection_init") => {
                if self.sender.is_some() {
                    return Err(Close::new(4429, "Too many initialisation requests"));
                }
                self.introduce(object.unwrap_or_default()).await?;
                send(socket, &json!({ "type": "connection_ack" })).await
            }
            Some("ping") => send(socket, &json!({ "type": "pong" })).await,
            Some("pong") => Ok(()),
            Some("subscribe") => {
                let Some(id) = id(&message) else {
                    return Err(invalid("subscribe needs an id that is a text"));
                };
                let Some(parameters) = object else {
                    return Err(invalid("subscribe needs a payload with a query"));
                };
                self.subscribe(socket, id, parameters).await
            }
            Some("complete") => match id(&message) {
                Some(id) => {
                    // what it still had to say is not told any more
                    self.running.remove(&id);
                    Ok(())
                }
                None => Err(invalid("complete needs an id that is a text")),
            },
            Some(_) => Err(invalid("its type is unknown")),
            None => Err(invalid("it has no type")),
        }
    }

    async fn introduce(&mut self, payload: Map<String, Value>) -> Result<(), Close> {
        let credential = bearer(&payload).or_else(|| self.credential.take());
        let given = credential.is_some();
        match admit(&self.state, credential, &self.origin, 0).await {
            Ok(None) if given => Err(Close::new(4403, "Forbidden")),
            Ok(sender) => {
                self.sender = Some(sender);
                Ok(())
            }
            Err(NotAdmitted::TooMany(_)) => Err(Close::new(4429, "Too many requests")),
            Err(NotAdmitted::Fault(error)) => {
                tracing::error!(%error, "the sender of a connection could not be found out");
                Err(Close::new(1011, "the database cannot be asked at the moment"))
            }
        }
    }

    async fn subscribe(
        &mut self,
        socket: &mut WebSocket,
        id: String,
        parameters: Map<String, Value>,
    ) -> Result<(), Close> {
        let Some(sender) = self.sender.clone() else {
            return Err(Close::new(4401, "Unauthorized"));
        };
        if self.running.contains_key(&id) {
            return Err(Close::new(4409, format!("Subscriber for {id} already exists")));
        }
        if !matches!(parameters.get("query"), None | Some(Value::String(_))) {
            return Err(Close::new(4400, "Invalid message: query must be a string"));
        }
        let request = match request::from_parameters(parameters, &self.state.options.documents) {
            Ok(request) => request,
            Err(unreadable) => {
                return Err(Close::new(
                    4400,
                    format!("Invalid message: {}", unreadable.message),
                ));
            }
        };
        if let Err(wait) = self.count(&sender).await {
            let message = format!("too many requests: try again in {} seconds", wait.seconds());
            let error = coded(RATE_LIMITED, &message, Some(wait));
            return self.tell(socket, News::Error(id, vec![error])).await;
        }
        let request = with_sender(&self.state, request, sender).data(self.origin.clone());
        let running = run(self.state.clone(), id.clone(), request, self.news.clone());
        let running = AbortOnDropHandle::new(tokio::spawn(running));
        self.running.insert(id, running);
        Ok(())
    }

    async fn count(&self, sender: &Sender) -> Result<(), TooMany> {
        if self.running.len() >= AT_ONCE {
            return Err(TooMany(Duration::from_secs(1)));
        }
        self.state
            .limiter
            .take(&Act::Operation, &self.origin.address)
            .await?;
        match sender {
            Some(signed) => count_persons_operation(&self.state, signed).await,
            None => Ok(()),
        }
    }

    async fn tell(&mut self, socket: &mut WebSocket, news: News) -> Result<(), Close> {
        match news {
            News::Next(id, response) if self.running.contains_key(&id) => {
                send(socket, &json!({ "type": "next", "id": id, "payload": response })).await
            }
            News::Complete(id) if self.running.remove(&id).is_some() => {
                send(socket, &json!({ "type": "complete", "id": id })).await
            }
            News::Error(id, errors) => {
                self.running.remove(&id);
                send(socket, &json!({ "type": "error", "id": id, "payload": errors })).await
            }
            // the client has ended it meanwhile
            News::Next(..) | News::Complete(..) => Ok(()),
        }
    }
}

/// Runs one operation to its end. What is refused before it begins is an `error`, which ends it.
async fn run(state: ApiState, id: String, mut request: Request, news: mpsc::Sender<News>) {
    let limit = state.options.limits.timeout;
    // a subscription waits for its news as long as it takes
    let waits = request.parsed_query().is_ok_and(|document| {
        let mut operations = document.operations.iter();
        operations.any(|(_, operation)| operation.node.ty == OperationType::Subscription)
    });
    let mut answers = state.schema.execute_stream(request);
    let mut begun = false;
    loop {
        let answer = if begun || waits {
            answers.next().await
        } else {
            match tokio::time::timeout(limit, answers.next()).await {
                Ok(answer) => answer,
                Err(_) => {
                    let message = format!(
                        "this took longer than {} seconds and was stopped",
                        limit.as_secs()
                    );
                    let _ = news
                        .send(News::Error(id, vec![coded(TIMEOUT, &message, None)]))
                        .await;
                    return;
                }
            }
        };
        let Some(answer) = answer else {
            let _ = news.send(News::Complete(id)).await;
            return;
        };
        if !begun && is_before_execution(&answer) {
            let _ = news.send(News::Error(id, answer.errors)).await;
            return;
        }
        begun = true;
        if size(&answer) > state.options.limits.answer_bytes {
            let message = "the answer is too long: ask for less";
            let error = coded(crate::graphql::error::QUERY_TOO_COMPLEX, message, None);
            let _ = news.send(News::Error(id, vec![error])).await;
            return;
        }
        if news.send(News::Next(id.clone(), answer)).await.is_err() {
            return;
        }
    }
}

fn size(answer: &Executed) -> usize {
    serde_json::to_string(answer).map_or(0, |text| text.len())
}

fn coded(code: &str, message: &str, wait: Option<TooMany>) -> ServerError {
    let mut error = ServerError::new(message, None);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", code);
    if let Some(wait) = wait {
        extensions.set("retryAfterSeconds", wait.seconds());
    }
    error
}

async fn send(socket: &mut WebSocket, message: &Value) -> Result<(), Close> {
    send_message(socket, Message::Text(message.to_string().into())).await
}

async fn send_message(socket: &mut WebSocket, message: Message) -> Result<(), Close> {
    socket
        .send(message)
        .await
        .map_err(|_| Close::new(1001, "the client is gone"))
}

fn id(message: &Map<String, Value>) -> Option<String> {
    message
        .get("id")
        .and_then(Value::as_str)
        .filter(|id| !id.is_empty())
        .map(str::to_owned)
}

fn bearer(payload: &Map<String, Value>) -> Option<Credential> {
    let text = payload
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?
        .1
        .as_str()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Credential {
        token: token.trim().to_owned(),
        by_cookie: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_in_what_a_client_sends_first() {
        let token = |payload: Value| {
            let Value::Object(payload) = payload else {
                return None;
            };
            bearer(&payload).map(|credential| credential.token)
        };
        assert_eq!(
            token(json!({ "Authorization": "Bearer abc" })),
            Some("abc".into())
        );
        assert_eq!(token(json!({ "authorization": "Basic abc" })), None);
        assert_eq!(token(json!({})), None);
    }
}
