//! `POST /graphql` and `GET /graphql`.

use std::net::SocketAddr;
use std::time::Duration;

use async_graphql::Request;
use axum::{
    body::to_bytes,
    extract::{ConnectInfo, RawQuery, State},
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use tandem_operations::auth as operations;

use super::{
    explorer,
    request::{self, Body, Unreadable},
    response::{self, Answer, Media},
};
use crate::{
    auth::{self, Credential, Origin, Sender, Signed, SignedBy},
    graphql::{
        error::{BAD_USER_INPUT, INTERNAL, RATE_LIMITED, TIMEOUT},
        gate::{ONLY_QUERIES, SafeOnly},
        loaders,
    },
    limits::{Act, TooMany},
    pages::frame::wants_page,
    server::ApiState,
};

/// When a client may come back after a fault that passes.
const SOON: Duration = Duration::from_secs(5);

/// Mutations and queries, as JSON.
pub(crate) async fn post(
    State(state): State<ApiState>,
    headers: HeaderMap,
    extensions: Extensions,
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
    let limits = &state.options.limits;
    let Ok(body) = to_bytes(body, limits.body_bytes).await else {
        return response::refuse(
            StatusCode::PAYLOAD_TOO_LARGE,
            media,
            BAD_USER_INPUT,
            &format!("the body has more than {} bytes", limits.body_bytes),
        );
    };
    match request::from_body(&body, &state.options.documents, limits.batch) {
        Ok(body) => execute(&state, &headers, &extensions, media, body).await,
        Err(Unreadable { status, message }) => response::refuse(status, media, BAD_USER_INPUT, &message),
    }
}

/// Queries by URL; the explorer for browsers, where it is switched on.
pub(crate) async fn get(
    State(state): State<ApiState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let query = query.unwrap_or_default();
    if state.options.explorer && query.is_empty() && wants_page(&headers) {
        return explorer::page();
    }
    let Some(media) = response::negotiate(&headers) else {
        return not_acceptable();
    };
    match request::from_query_string(&query, &state.options.documents) {
        Ok(request) => {
            let body = Body::One(Box::new(request.data(SafeOnly)));
            execute(&state, &headers, &extensions, media, body).await
        }
        Err(Unreadable { status, message }) => response::refuse(status, media, BAD_USER_INPUT, &message),
    }
}

/// The address of the other side, or of whoever a trusted proxy speaks for.
pub(crate) fn peer(extensions: &Extensions) -> Option<SocketAddr> {
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
        None => headers
            .get("sec-fetch-site")
            .is_none_or(|site| site != "cross-site"),
        Some(origin) => {
            origin.as_bytes() == state.options.public_url.origin().ascii_serialization().as_bytes()
                || state.options.cors_origins.contains(origin)
        }
    }
}

async fn execute(
    state: &ApiState,
    headers: &HeaderMap,
    extensions: &Extensions,
    media: Media,
    body: Body,
) -> Response {
    let credential = auth::credential(headers, state.options.secure());
    let by_cookie = credential.as_ref().is_some_and(|credential| credential.by_cookie);
    if by_cookie && !origin_is_ours(state, headers) {
        return response::refuse(
            StatusCode::FORBIDDEN,
            media,
            BAD_USER_INPUT,
            "a page of another origin may not act with this cookie",
        );
    }
    let origin = Origin::of(headers, peer(extensions), state.options.secure());
    let token = credential.as_ref().map(|credential| credential.token.clone());
    let sender = match admit(state, credential, &origin, body.len()).await {
        Ok(sender) => sender,
        Err(NotAdmitted::TooMany(wait)) => return too_many(media, wait),
        Err(NotAdmitted::Fault(cause)) => {
            let error_id: uuid::Uuid = state.app.random.id(&*state.app.clock);
            tracing::error!(%error_id, %cause, "the sender of a request could not be found out");
            return response::refuse_for_now(
                StatusCode::SERVICE_UNAVAILABLE,
                media,
                INTERNAL,
                &format!("the database cannot be asked at the moment; error id {error_id}"),
                SOON,
            );
        }
    };
    let fresh = match (&token, &sender) {
        (Some(token), Some(signed)) if by_cookie && signed.rotation_due => {
            fresh_cookie(state, signed, token).await
        }
        _ => None,
    };
    let bearer = token.filter(|_| !by_cookie);
    let run = run(state, media, body, sender, origin, bearer);
    let limit = state.options.limits.timeout;
    let mut answer = match tokio::time::timeout(limit, run).await {
        Ok(answer) => answer,
        Err(_) => response::refuse_for_now(
            StatusCode::GATEWAY_TIMEOUT,
            media,
            TIMEOUT,
            &format!(
                "this took longer than {} seconds and was stopped; ask for less",
                limit.as_secs()
            ),
            SOON,
        ),
    };
    // signing out has set the cookie itself
    if let Some(cookie) = fresh.filter(|_| !answer.headers().contains_key(header::SET_COOKIE)) {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

/// Runs what a body holds, one operation after another.
async fn run(
    state: &ApiState,
    media: Media,
    body: Body,
    sender: Sender,
    origin: Origin,
    bearer: Option<String>,
) -> Response {
    let most = state.options.limits.answer_bytes;
    let prepare = |request: Request| {
        let request = with_sender(state, request, sender.clone()).data(origin.clone());
        match &bearer {
            Some(token) => request.data(auth::BearerToken(token.clone())),
            None => request,
        }
    };
    match body {
        Body::One(request) => {
            let safe_only = request.data.contains_key(&std::any::TypeId::of::<SafeOnly>());
            let answer = state.schema.execute(prepare(*request)).await;
            let refused = |error: &async_graphql::ServerError| error.message == ONLY_QUERIES;
            if safe_only && answer.errors.first().is_some_and(refused) {
                return response::refuse(
                    StatusCode::METHOD_NOT_ALLOWED,
                    media,
                    BAD_USER_INPUT,
                    ONLY_QUERIES,
                );
            }
            Answer::of(&answer, media, most).into_response(media)
        }
        Body::Batch(requests) => {
            let mut answers = Vec::with_capacity(requests.len());
            let mut left = most;
            for request in requests {
                let answer = Answer::of(&state.schema.execute(prepare(request)).await, media, left);
                left = left.saturating_sub(answer.len());
                answers.push(answer);
            }
            response::write_batch(answers, media)
        }
    }
}

/// Why a request is not looked at any further.
#[derive(Debug)]
pub(crate) enum NotAdmitted {
    /// Too many came from there or from this person.
    TooMany(TooMany),
    /// It could not be found out who it is.
    Fault(tandem_operations::Error),
}

impl From<TooMany> for NotAdmitted {
    fn from(wait: TooMany) -> Self {
        Self::TooMany(wait)
    }
}

/// Counts operations of an address and of whoever sends them, and says who that is.
pub(crate) async fn admit(
    state: &ApiState,
    credential: Option<Credential>,
    origin: &Origin,
    operations: usize,
) -> Result<Sender, NotAdmitted> {
    for _ in 0..operations.max(1) {
        state.limiter.take(&Act::Operation, &origin.address).await?;
    }
    let sender = identify(state, credential, origin)
        .await
        .map_err(NotAdmitted::Fault)?;
    if let Some(signed) = &sender {
        for _ in 0..operations {
            count_persons_operation(state, signed).await?;
        }
    }
    Ok(sender)
}

/// Counts an operation of somebody signed in, or of a program by its token.
pub(crate) async fn count_persons_operation(state: &ApiState, signed: &Signed) -> Result<(), TooMany> {
    let person = match (signed.by, signed.caller.user_id()) {
        (SignedBy::Session(_), Some(user)) => user.uuid(),
        (SignedBy::Session(session), None) => session.uuid(),
        (SignedBy::Token(token), _) => token.uuid(),
    };
    state.limiter.take(&Act::PersonsOperation(person), "").await
}

fn too_many(media: Media, wait: TooMany) -> Response {
    response::refuse_for_now(
        StatusCode::TOO_MANY_REQUESTS,
        media,
        RATE_LIMITED,
        &format!("too many requests: try again in {} seconds", wait.seconds()),
        Duration::from_secs(wait.seconds()),
    )
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
