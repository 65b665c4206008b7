//! Health, for whoever starts and watches the server.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use tandem_storage::migrations;

use crate::server::ApiState;

/// The process answers.
pub(crate) async fn live() -> &'static str {
    "live\n"
}

/// The database can be reached and is up to date.
pub(crate) async fn ready(State(state): State<ApiState>) -> impl IntoResponse {
    let applied = async {
        let mut conn = state.app.db.acquire().await?;
        migrations::are_applied(&mut conn).await
    }
    .await;
    match applied {
        Ok(true) => (StatusCode::OK, "ready\n"),
        Ok(false) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "not ready: the database is not migrated, run \"tandem-api migrate\"\n",
        ),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "not ready: the database cannot be asked\n",
            )
        }
    }
}
