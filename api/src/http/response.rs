//! Writing a GraphQL response: media type, status, and no `data` where nothing was executed.

use async_graphql::{Response, ServerError};
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use serde_json::{Map, Value, json};

use crate::graphql::error;

/// What the client wants to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    /// The older `application/json`: 200 for every well-formed request.
    Json,
    /// `application/graphql-response+json`, whose status says what happened.
    GraphqlResponse,
}

impl Media {
    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        })
    }
}

/// The best of what a client accepts; none where it accepts nothing that we write. Without a header,
/// or for "anything", it is `application/json`.
pub(crate) fn negotiate(headers: &HeaderMap) -> Option<Media> {
    let mut best: Option<(f32, Media)> = None;
    let mut any = false;
    for value in headers.get_all(header::ACCEPT) {
        for range in value.to_str().unwrap_or_default().split(',') {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            if name.is_empty() {
                continue;
            }
            any = true;
            let quality = parts
                .filter_map(|parameter| parameter.strip_prefix("q="))
                .find_map(|text| text.parse::<f32>().ok())
                .unwrap_or(1.0);
            let media = match name.as_str() {
                "application/graphql-response+json" => Media::GraphqlResponse,
                "application/json" | "application/*" | "*/*" => Media::Json,
                _ => continue,
            };
            if quality > 0.0 && best.is_none_or(|(least, _)| quality > least) {
                best = Some((quality, media));
            }
        }
    }
    if any {
        best.map(|(_, media)| media)
    } else {
        Some(Media::Json)
    }
}

fn status_of(code: &str) -> StatusCode {
    match code {
        error::UNAUTHENTICATED => StatusCode::UNAUTHORIZED,
        error::TIMEOUT => StatusCode::GATEWAY_TIMEOUT,
        error::INTERNAL => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// Whether nothing was executed: such an error has no path.
fn never_ran(response: &Response) -> bool {
    !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
        && response.data == async_graphql::Value::Null
}

/// The HTTP answer of an operation.
pub(crate) fn write(response: &Response, media: Media) -> axum::response::Response {
    let mut body = Map::new();
    if !response.errors.is_empty() {
        body.insert("errors".into(), json!(response.errors));
    }
    let mut status = StatusCode::OK;
    if never_ran(response) {
        let code = error::code_of(&response.errors[0]).unwrap_or(error::BAD_USER_INPUT);
        // a client that reads application/json trusts the status of what a proxy says, so only
        // authentication shows there
        if media == Media::GraphqlResponse || code == error::UNAUTHENTICATED {
            status = status_of(code);
        }
    } else {
        body.insert("data".into(), json!(response.data));
    }
    let mut answer = answer(status, media, Value::Object(body));
    for (name, value) in &response.http_headers {
        answer.headers_mut().append(name.clone(), value.clone());
    }
    answer
}

/// The answer to a request that cannot be read.
pub(crate) fn refuse(
    status: StatusCode,
    media: Media,
    code: &str,
    message: &str,
) -> axum::response::Response {
    let mut error = ServerError::new(message, None);
    error.extensions.get_or_insert_default().set("code", code);
    answer(status, media, json!({ "errors": [error] }))
}

fn answer(status: StatusCode, media: Media, body: Value) -> axum::response::Response {
    let mut response = (
        status,
        [(header::CONTENT_TYPE, media.content_type())],
        body.to_string(),
    )
        .into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiated(accept: &str) -> Option<Media> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        negotiate(&headers)
    }

    #[test]
    fn the_media_type_is_what_the_client_likes_best() {
        assert_eq!(negotiate(&HeaderMap::new()), Some(Media::Json));
        assert_eq!(negotiated("*/*"), Some(Media::Json));
        assert_eq!(
            negotiated("application/graphql-response+json"),
            Some(Media::GraphqlResponse)
        );
        assert_eq!(
            negotiated("application/graphql-response+json; charset=utf-8, application/json; q=0.9"),
            Some(Media::GraphqlResponse)
        );
        assert_eq!(
            negotiated("application/graphql-response+json;q=0.5, application/json"),
            Some(Media::Json)
        );
        assert_eq!(negotiated("text/html"), None);
        assert_eq!(negotiated("application/json;q=0"), None);
    }
}
