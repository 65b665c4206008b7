//! Server-rendered pages behind e-mail links, under `/p/…`.

use axum::Router;

use crate::server::ApiState;

/// All pages.
pub fn router() -> Router<ApiState> {
    Router::new()
}
