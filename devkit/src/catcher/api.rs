//! The JSON side of the catcher.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::faults::Rule;
use super::smtp::Shared;
use super::store::{Count, Message, count};

const USUAL_LIMIT: usize = 100;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/messages", get(list).delete(clear))
        .route("/api/messages/{id}", get(one))
        .route("/api/messages/{id}/raw", get(raw))
        .route("/api/count", get(counted))
        .route("/api/faults", get(faults).post(inject).delete(clear_faults))
}

/// Which messages are meant.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Filter {
    /// Recipient of the envelope.
    pub(super) to: Option<String>,
    /// Text in addresses or subject.
    pub(super) q: Option<String>,
    /// Only messages after this id.
    after: Option<u64>,
    limit: Option<usize>,
}

impl Filter {
    /// The messages meant, oldest first, without regard to the limit.
    pub(super) fn apply(&self, shared: &Shared) -> Vec<Arc<Message>> {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let (to, q) = (filled(&self.to), filled(&self.q));
        let meant = |message: &Arc<Message>| {
            to.as_ref().is_none_or(|to| message.is_to(to.trim()))
                && q.as_ref().is_none_or(|q| message.mentions(q.trim()))
                && self.after.is_none_or(|after| message.id > after)
        };
        shared.store.all().into_iter().filter(meant).collect()
    }
}

#[derive(Serialize)]
struct List<'a> {
    /// All that the filter lets through, also beyond the limit.
    total: usize,
    messages: Vec<&'a Message>,
}

async fn list(State(shared): State<Arc<Shared>>, Query(filter): Query<Filter>) -> Response {
    let messages = filter.apply(&shared);
    let limit = filter.limit.unwrap_or(USUAL_LIMIT);
    let shown = messages.iter().take(limit).map(|message| &**message).collect();
    Json(List {
        total: messages.len(),
        messages: shown,
    })
    .into_response()
}

async fn one(State(shared): State<Arc<Shared>>, Path(id): Path<u64>) -> Response {
    shared
        .store
        .get(id)
        .map_or_else(|| not_found(id), |message| Json(&*message).into_response())
}

async fn raw(State(shared): State<Arc<Shared>>, Path(id): Path<u64>) -> Response {
    let text = |message: Arc<Message>| ([(header::CONTENT_TYPE, "message/rfc822")], message.raw.clone());
    shared
        .store
        .get(id)
        .map_or_else(|| not_found(id), |message| text(message).into_response())
}

async fn counted(State(shared): State<Arc<Shared>>, Query(filter): Query<Filter>) -> Json<Count> {
    Json(count(&filter.apply(&shared)))
}

async fn clear(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.store.clear();
    StatusCode::NO_CONTENT
}

async fn faults(State(shared): State<Arc<Shared>>) -> Json<Vec<Rule>> {
    Json(shared.faults.list())
}

async fn inject(State(shared): State<Arc<Shared>>, Json(rule): Json<Rule>) -> Response {
    match shared.faults.add(rule) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => refused(StatusCode::UNPROCESSABLE_ENTITY, problem),
    }
}

async fn clear_faults(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.faults.clear();
    StatusCode::NO_CONTENT
}

fn not_found(id: u64) -> Response {
    refused(StatusCode::NOT_FOUND, format!("there is no message {id}"))
}

fn refused(status: StatusCode, problem: String) -> Response {
    #[derive(Serialize)]
    struct Problem {
        error: String,
    }
    (status, Json(Problem { error: problem })).into_response()
}
