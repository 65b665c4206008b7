//! Server-rendered pages behind e-mail links, under `/p/…`.

mod answer;
pub(crate) mod frame;

use std::net::SocketAddr;

use axum::{
    Router,
    extract::ConnectInfo,
    http::Extensions,
    routing::{get, post},
};

use crate::server::ApiState;

/// All pages.
pub fn router() -> Router<ApiState> {
    Router::new()
        .route("/p/style.css", get(frame::style))
        .route("/p/answer/{token}", get(answer::get).post(answer::post))
        .route("/p/answer/{token}/reason", post(answer::post_reason))
}

/// From where a request comes, for the audit log.
fn peer(extensions: &Extensions) -> String {
    extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip().to_string())
        .unwrap_or_default()
}
