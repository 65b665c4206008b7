//! Server-rendered pages behind e-mail links, under `/p/…`. Without scripts; a GET changes nothing,
//! since mail scanners follow links.

mod sign_in;

use askama::Template;
use axum::{
    Router,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::server::ApiState;

/// All pages.
pub fn router() -> Router<ApiState> {
    Router::new()
        .route("/p/style.css", get(style))
        .route("/p/sign-in/{token}", get(sign_in::look).post(sign_in::open))
}

async fn style() -> impl IntoResponse {
    (
        [
            (header::CONTENT_TYPE, "text/css; charset=utf-8"),
            (header::CACHE_CONTROL, "public, max-age=3600"),
        ],
        include_str!("../../assets/pages.css"),
    )
}

/// A page, with the headers that every page behind a link has: its address holds a secret, so that it
/// is not kept, not told to other sites, not indexed and not framed.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    let html = match template.render() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            return (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong on our side.\n",
            )
                .into_response();
        }
    };
    let mut response = (status, html).into_response();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        // with "no-referrer" browsers would send "Origin: null" with the page's own form
        (header::REFERRER_POLICY, "same-origin"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
        .headers_mut()
        .insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
    response
}

/// Whether a form was sent by a page of ours, or by a program, and not by another site's page.
pub(crate) fn is_own_form(state: &ApiState, headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(site) => matches!(site, b"same-origin" | b"none"),
        None => crate::http::graphql::origin_is_ours(state, headers),
    }
}

/// Something went wrong on our side; the log has the cause.
pub(crate) fn fault(state: &ApiState, error: &tandem_operations::Error) -> Response {
    let id: uuid::Uuid = state.app.random.id(&*state.app.clock);
    tracing::error!(error_id = %id, cause = %error, "a page failed");
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        format!(
            "Das hat leider nicht geklappt. Bitte versuchen Sie es später noch einmal.\n\
             Something went wrong on our side. Please try again later.\nID: {id}\n"
        ),
    )
        .into_response()
}
