//! Writing a GraphQL response: media type, status, and no `data` where nothing was executed.

use std::time::Duration;

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
        error::RATE_LIMITED => StatusCode::TOO_MANY_REQUESTS,
        error::INTERNAL => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// What an operation answers with: status, body and headers.
pub(crate) struct Answer {
    status: StatusCode,
    body: String,
    headers: HeaderMap,
    retry_after: Option<u64>,
}

impl Answer {
    /// The answer of an operation, or a refusal where it has more than `most` bytes.
    pub(crate) fn of(response: &Response, media: Media, most: usize) -> Self {
        let mut body = Map::new();
        if !response.errors.is_empty() {
            body.insert("errors".into(), json!(response.errors));
        }
        let mut status = StatusCode::OK;
        let code = response
            .errors
            .first()
            .map(|first| error::code_of(first).unwrap_or(error::BAD_USER_INPUT).to_owned());
        if error::is_before_execution(response) {
            let code = code.as_deref().unwrap_or(error::BAD_USER_INPUT);
            // a client that reads application/json trusts the status of what a proxy says, so only
            // authentication shows there
            if media == Media::GraphqlResponse || code == error::UNAUTHENTICATED {
                status = status_of(code);
            }
        } else {
            body.insert("data".into(), json!(response.data));
        }
        let retry_after = response.errors.first().and_then(error::retry_after);
        if retry_after.is_some() && response.data == async_graphql::Value::Null {
            status = StatusCode::TOO_MANY_REQUESTS;
        }
        let body = Value::Object(body).to_string();
        if body.len() > most {
            let code = error::QUERY_TOO_COMPLEX;
            let message =
                format!("the answer has more than {most} bytes: ask for smaller pages or fewer fields");
            return Self {
                status: if media == Media::GraphqlResponse {
                    status_of(code)
                } else {
                    StatusCode::OK
                },
                body: json!({ "errors": [coded(code, &message)] }).to_string(),
                headers: response.http_headers.clone(),
                retry_after: None,
            };
        }
        Self {
            status,
            body,
            headers: response.http_headers.clone(),
            retry_after,
        }
    }

    /// The bytes of its body.
    pub(crate) fn len(&self) -> usize {
        self.body.len()
    }

    /// The HTTP answer.
    pub(crate) fn into_response(self, media: Media) -> axum::response::Response {
        let mut answer = answer(self.status, media, self.body);
        for (name, value) in &self.headers {
            answer.headers_mut().append(name.clone(), value.clone());
        }
        if let Some(seconds) = self.retry_after {
            answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        answer
    }
}

/// The HTTP answer of a batch: a list, whose status says that the batch was read.
pub(crate) fn write_batch(answers: Vec<Answer>, media: Media) -> axum::response::Response {
    let bodies: Vec<&str> = answers.iter().map(|one| one.body.as_str()).collect();
    let mut response = answer(StatusCode::OK, media, format!("[{}]", bodies.join(",")));
    for one in &answers {
        for (name, value) in &one.headers {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    response
}

fn coded(code: &str, message: &str) -> ServerError {
    let mut error = ServerError::new(message, None);
    error.extensions.get_or_insert_default().set("code", code);
    error
}

/// The answer to what may be tried again after a while.
pub(crate) fn refuse_for_now(
    status: StatusCode,
    media: Media,
    code: &str,
    message: &str,
    wait: Duration,
) -> axum::response::Response {
    let mut response = refuse(status, media, code, message);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, wait.as_secs().max(1).into());
    response
}

/// The answer to a request that cannot be read.
pub(crate) fn refuse(
    status: StatusCode,
    media: Media,
    code: &str,
    message: &str,
) -> axum::response::Response {
    answer(
        status,
        media,
        json!({ "errors": [coded(code, message)] }).to_string(),
    )
}

fn answer(status: StatusCode, media: Media, body: String) -> axum::response::Response {
    let mut response = (status, [(header::CONTENT_TYPE, media.content_type())], body).into_response();
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
