//! Server-rendered pages behind e-mail links, under `/p/…`. Without scripts; a GET changes nothing,
//! since mail scanners follow links.

mod answer;
pub(crate) mod frame;
mod sign_in;
mod training;

use std::net::SocketAddr;

use axum::{
    Router,
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, HeaderValue},
    routing::{get, post},
};

use crate::server::ApiState;

/// All pages.
pub fn router() -> Router<ApiState> {
    Router::new()
        .route("/p/style.css", get(frame::style))
        .route("/p/sign-in", get(sign_in::ask).post(sign_in::asked))
        .route("/p/sign-in/{token}", get(sign_in::look).post(sign_in::open))
        .route("/p/training/{token}", get(training::get).post(training::post))
        .route("/p/answer/{token}", get(answer::get).post(answer::post))
        .route("/p/answer/{token}/reason", post(answer::post_reason))
}

/// Whether a form was sent by a page of ours, or by a program, and not by another site's page.
pub(crate) fn is_own_form(state: &ApiState, headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(site) => matches!(site, b"same-origin" | b"none"),
        None => crate::http::graphql::origin_is_ours(state, headers),
    }
}

/// From where a request comes, for the audit log.
fn peer(extensions: &Extensions) -> String {
    extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip().to_string())
        .unwrap_or_default()
}
