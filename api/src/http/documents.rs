//! Files to download: documents, and dates for a calendar. For who is signed in, under the same policy as
//! everything else.

use axum::{
    extract::{Path, State},
    http::{Extensions, HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use tandem_domain::ids::{AttendanceId, DataRequestId, DocumentId};
use tandem_operations::{Caller, Error, documents, personal_data, personal_data::ExportForm, training};

use crate::{
    auth::{self, Origin},
    graphql::ids,
    http::graphql::peer,
    server::ApiState,
};

/// A document's PDF: 404 where there is none for this reader, 202 while it is being made.
pub(crate) async fn document(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let caller = match caller(&state, &headers, &extensions).await {
        Ok(caller) => caller,
        Err(response) => return response,
    };
    let Ok(id) = ids::parse::<DocumentId>("id", &id.into()) else {
        return not_found();
    };
    match documents::download(&state.app, &caller, id).await {
        Ok(download) => match download.bytes {
            Some(bytes) => file("application/pdf", &download.name, bytes),
            None => (
                StatusCode::ACCEPTED,
                [(header::RETRY_AFTER, "2"), (header::CACHE_CONTROL, "no-store")],
                "This document is being made. Please try again in a moment.\n",
            )
                .into_response(),
        },
        Err(error) => refused(&error),
    }
}

/// The date of a booked seat for a calendar.
pub(crate) async fn invitation(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let caller = match caller(&state, &headers, &extensions).await {
        Ok(caller) => caller,
        Err(response) => return response,
    };
    let Ok(id) = ids::parse::<AttendanceId>("id", &id.into()) else {
        return not_found();
    };
    match training::calendar(&state.app, &caller, id).await {
        Ok(text) => file("text/calendar; charset=utf-8", "Schulung.ics", text.into_bytes()),
        Err(error) => refused(&error),
    }
}

/// What is kept about a person, as JSON.
pub(crate) async fn export_json(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    export(&state, id, &headers, &extensions, ExportForm::Json).await
}

/// The same as a PDF.
pub(crate) async fn export_pdf(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    export(&state, id, &headers, &extensions, ExportForm::Pdf).await
}

async fn export(
    state: &ApiState,
    id: String,
    headers: &HeaderMap,
    extensions: &Extensions,
    form: ExportForm,
) -> Response {
    let caller = match caller(state, headers, extensions).await {
        Ok(caller) => caller,
        Err(response) => return response,
    };
    let Ok(id) = ids::parse::<DataRequestId>("id", &id.into()) else {
        return not_found();
    };
    let kind = match form {
        ExportForm::Json => "application/json",
        ExportForm::Pdf => "application/pdf",
    };
    match personal_data::download(&state.app, &caller, id, form).await {
        Ok(export) => file(kind, &export.name, export.bytes),
        Err(error) => refused(&error),
    }
}

async fn caller(state: &ApiState, headers: &HeaderMap, extensions: &Extensions) -> Result<Caller, Response> {
    let credential = auth::credential(headers, state.options.secure());
    let token = credential.as_ref().map(|credential| credential.token.as_str());
    let origin = Origin::of(headers, peer(extensions), state.options.secure());
    match auth::identify(&state.app, token, &origin).await {
        Ok(Some(signed)) => Ok(signed.caller),
        Ok(None) => Err((StatusCode::UNAUTHORIZED, "Please sign in first.\n").into_response()),
        Err(error) => Err(refused(&error)),
    }
}

/// A file that is kept out of caches and never shown as a page of ours.
pub(crate) fn file(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    (
        [
            (header::CONTENT_TYPE, kind.to_owned()),
            (
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"{name}\""),
            ),
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ],
        bytes,
    )
        .into_response()
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "There is nothing here.\n").into_response()
}

fn refused(error: &Error) -> Response {
    match error {
        Error::Refused(_) => not_found(),
        error => {
            tracing::error!(cause = %error, "a file could not be handed over");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong on our side.\n",
            )
                .into_response()
        }
    }
}
