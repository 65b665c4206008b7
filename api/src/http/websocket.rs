//! `GET /graphql/ws`: subscriptions over graphql-transport-ws.

use std::time::Duration;

use async_graphql::{Data, futures_util::future};
use async_graphql_axum::{GraphQLProtocol, GraphQLWebSocket};
use axum::{
    extract::{State, WebSocketUpgrade},
    http::{Extensions, HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use super::graphql::{identify, origin_is_ours, peer};
use crate::{
    auth::{self, Credential, Origin, Sender},
    graphql::{error::unauthenticated, loaders},
    server::ApiState,
};

/// A client that says nothing for so long is gone.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Opens a connection. Its sender is the cookie's session, or the one whose token `connection_init`
/// carries, as `{"authorization": "Bearer …"}`.
pub(crate) async fn upgrade(
    State(state): State<ApiState>,
    protocol: GraphQLProtocol,
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
    let origin = Origin::of(&headers, peer(&extensions), state.options.secure());
    upgrade
        .protocols(["graphql-transport-ws"])
        .max_message_size(state.options.limits.body_bytes)
        .on_upgrade(move |socket| {
            let schema = state.schema.clone();
            GraphQLWebSocket::new(socket, schema, protocol)
                .keepalive_timeout(KEEPALIVE)
                .on_connection_init(move |payload| init(state, credential, origin, payload))
                .on_ping(|_, _| future::ready(Ok(None)))
                .serve()
        })
}

async fn init(
    state: ApiState,
    credential: Option<Credential>,
    origin: Origin,
    payload: Value,
) -> async_graphql::Result<Data> {
    let credential = bearer(&payload).or(credential);
    let given = credential.is_some();
    let sender = identify(&state, credential, &origin).await.map_err(|error| {
        tracing::error!(%error, "the sender of a connection could not be found out");
        async_graphql::Error::new("the database cannot be asked at the moment")
    })?;
    if given && sender.is_none() {
        return Err(unauthenticated());
    }
    let mut data = Data::default();
    if let Some(signed) = &sender {
        data.insert(loaders::for_request(&state.app, &signed.caller));
    }
    data.insert::<Sender>(sender);
    data.insert(origin);
    Ok(data)
}

fn bearer(payload: &Value) -> Option<Credential> {
    let object = payload.as_object()?;
    let text = object
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
    use serde_json::json;

    use super::*;

    #[test]
    fn the_token_is_found_in_what_a_client_sends_first() {
        let token = |payload| bearer(&payload).map(|credential| credential.token);
        assert_eq!(
            token(json!({ "Authorization": "Bearer abc" })),
            Some("abc".into())
        );
        assert_eq!(token(json!({ "authorization": "Basic abc" })), None);
        assert_eq!(token(json!(null)), None);
    }
}
