//! `POST /graphql` and `GET /graphql`.

use std::net::SocketAddr;

use async_graphql::Request;
use axum::{
    body::to_bytes,
    extract::{ConnectInfo, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use tandem_operations::auth as operations;

use super::{
    explorer,
    request::{self, Unreadable},
    response::{self, Media},
};
use crate::{
    auth::{self, Credential, Origin, Sender, Signed},
    graphql::{
        error::{BAD_USER_INPUT, INTERNAL, TIMEOUT},
        gate::{ONLY_QUERIES, SafeOnly},
        loaders,
    },
    server::ApiState,
};

/// Mutations and queries, as JSON.
pub(crate) async fn post(
    State(state): State<ApiState>,
    headers: HeaderMap,
    extensions: axum::http::Extensions,
    body: axum::body::Body,
) -> Response {
    let Some(media) = response::negotiate(&headers) else {
        return not_acceptable();
    };
    if !request::is_json(&headers) {
        return response::refuse(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            media,
            BAD_USER_INPUT,
            "send the operation as application/json",
        );
    }
    let Ok(body) = to_bytes(body, state.options.limits.body_bytes).await else {
        return response::refuse(
            StatusCode::PAYLOAD_TOO_LARGE,
            media,
            BAD_USER_INPUT,
            &format!("the body has more than {} bytes", state.options.limits.body_bytes),
        );
    };
    let request = match request::from_body(&body) {
        Ok(request) => request,
        Err(Unreadable { status, message }) => {
            return response::refuse(status, media, BAD_USER_INPUT, &message);
        }
    };
    execute(&state, &headers, peer(&extensions), media, request).await
}

/// Queries by URL; the explorer for browsers, where it is switched on.
pub(crate) async fn get(
    State(state): State<ApiState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    extensions: axum::http::Extensions,
) -> Response {
    let query = query.unwrap_or_default();
    if state.options.explorer && query.is_empty() && explorer::is_wanted(&headers) {
        return explorer::page();
    }
    let Some(media) = response::negotiate(&headers) else {
        return not_acceptable();
    };
    let request = match request::from_query_string(&query) {
        Ok(request) => request.data(SafeOnly),
        Err(Unreadable { status, message }) => {
            return response::refuse(status, media, BAD_USER_INPUT, &message);
        }
    };
    execute(&state, &headers, peer(&extensions), media, request).await
}

/// The address of the other side.
pub(crate) fn peer(extensions: &axum::http::Extensions) -> Option<SocketAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0)
}

fn not_acceptable() -> Response {
    response::refuse(
        StatusCode::NOT_ACCEPTABLE,
        Media::Json,
        BAD_USER_INPUT,
        "this endpoint writes application/graphql-response+json and application/json",
    )
}

/// Whether a page of this origin may act with its reader's cookie. Browsers send the origin with every
/// POST; a cookie that comes without one is no browser's, or its GET, which changes nothing.
pub(crate) fn origin_is_ours(state: &ApiState, headers: &HeaderMap) -> bool {
    match headers.get(header::ORIGIN) {
        None => true,
        Some(origin) => {
            origin.as_bytes() == state.options.public_url.origin().ascii_serialization().as_bytes()
                || state.options.cors_origins.contains(origin)
        }
    }
}

async fn execute(
    state: &ApiState,
    headers: &HeaderMap,
    peer: Option<SocketAddr>,
    media: Media,
    request: Request,
) -> Response {
    let credential = auth::credential(headers, state.options.secure());
    if credential.as_ref().is_some_and(|credential| credential.by_cookie) && !origin_is_ours(state, headers) {
        return response::refuse(
            StatusCode::FORBIDDEN,
            media,
            BAD_USER_INPUT,
            "a page of another origin may not act with this cookie",
        );
    }
    let origin = Origin::of(headers, peer, state.options.secure());
    let shown = credential
        .as_ref()
        .filter(|credential| credential.by_cookie)
        .map(|credential| credential.token.clone());
    let bearer = credential
        .as_ref()
        .filter(|credential| !credential.by_cookie)
        .map(|credential| auth::BearerToken(credential.token.clone()));
    let sender = match identify(state, credential, &origin).await {
        Ok(sender) => sender,
        Err(cause) => {
            let error_id: uuid::Uuid = state.app.random.id(&*state.app.clock);
            tracing::error!(%error_id, %cause, "the sender of a request could not be found out");
            return response::refuse(
                StatusCode::SERVICE_UNAVAILABLE,
                media,
                INTERNAL,
                &format!("the database cannot be asked at the moment; error id {error_id}"),
            );
        }
    };
    let fresh = match (&shown, &sender) {
        (Some(token), Some(signed)) if signed.rotation_due => fresh_cookie(state, signed, token).await,
        _ => None,
    };
    let safe_only = request.data.contains_key(&std::any::TypeId::of::<SafeOnly>());
    let mut request = with_sender(state, request, sender).data(origin);
    if let Some(bearer) = bearer {
        request = request.data(bearer);
    }
    let limit = state.options.limits.timeout;
    match tokio::time::timeout(limit, state.schema.execute(request)).await {
        Ok(answer) => {
            let refused_get = safe_only
                && answer
                    .errors
                    .first()
                    .is_some_and(|error| error.message == ONLY_QUERIES);
            if refused_get {
                return response::refuse(
                    StatusCode::METHOD_NOT_ALLOWED,
                    media,
                    BAD_USER_INPUT,
                    ONLY_QUERIES,
                );
            }
            let mut answer = response::write(&answer, media);
            // signing out has set the cookie itself
            if let Some(cookie) = fresh.filter(|_| !answer.headers().contains_key(header::SET_COOKIE)) {
                answer.headers_mut().append(header::SET_COOKIE, cookie);
            }
            answer
        }
        Err(_) => response::refuse(
            StatusCode::GATEWAY_TIMEOUT,
            media,
            TIMEOUT,
            &format!(
                "this took longer than {} seconds and was stopped; ask for less",
                limit.as_secs()
            ),
        ),
    }
}

/// The cookie with a new token, where an old one was due to be replaced. A failure is no reason to refuse
/// the request: the old one still counts.
async fn fresh_cookie(state: &ApiState, signed: &Signed, token: &str) -> Option<HeaderValue> {
    match operations::rotate(&state.app, signed.session()?, token).await {
        Ok(new) => {
            let cookie = auth::cookie(&new?, state.app.session_limits.life, state.options.secure());
            HeaderValue::from_str(&cookie).ok()
        }
        Err(error) => {
            tracing::warn!(%error, "a session's token could not be replaced");
            None
        }
    }
}

/// Who a credential belongs to.
pub(crate) async fn identify(
    state: &ApiState,
    credential: Option<Credential>,
    origin: &Origin,
) -> tandem_operations::Result<Sender> {
    let token = credential.map(|credential| credential.token);
    auth::identify(&state.app, token.as_deref(), origin).await
}

/// A request together with its sender and fresh loaders.
pub(crate) fn with_sender(state: &ApiState, mut request: Request, sender: Sender) -> Request {
    if let Some(signed) = &sender {
        request = request.data(loaders::for_request(&state.app, &signed.caller));
    }
    request.data(sender)
}
