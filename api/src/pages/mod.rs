//! Server-rendered pages: the front door, behind e-mail links under `/p/…`, of people signed in under `/me`, and
//! `/code` for one-time codes on paper. Without scripts; a GET changes nothing, since mail scanners follow links.

mod address;
mod again;
mod answer;
mod code;
pub(crate) mod frame;
mod front;
pub(crate) mod no_file;
mod openid;
mod person;
mod sign_in;
mod staff;
mod stranger;
mod texts;
mod training;
mod unsubscribe;
mod view;

use std::net::SocketAddr;

use axum::{
    Router,
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, HeaderValue, StatusCode},
    response::Response,
    routing::{get, post},
};

use self::frame::in_both_languages;
pub(crate) use self::front::nothing_here;
use crate::server::ApiState;

/// All pages.
pub fn router() -> Router<ApiState> {
    Router::new()
        .route("/", get(front::door))
        .route("/p/style.css", get(frame::style))
        .route("/p/openid/start", get(openid::start))
        .route("/p/openid/callback", get(openid::callback))
        .route("/p/sign-in", get(sign_in::ask).post(sign_in::asked))
        .route("/p/sign-in/{token}", get(sign_in::look).post(sign_in::open))
        .route("/p/address/{token}", get(address::look).post(address::act))
        .route("/p/again/{token}", post(again::send))
        .route("/p/training/{token}", get(training::get).post(training::post))
        .route(
            "/p/unsubscribe/{token}",
            get(unsubscribe::look).post(unsubscribe::end),
        )
        .route("/p/unsubscribe/{token}/again", post(unsubscribe::take_back))
        .route("/p/answer/{token}", get(answer::get).post(answer::post))
        .route("/p/answer/{token}/reason", post(answer::post_reason))
        .route("/p/answer/{token}/follow", post(answer::post_follow))
        .route("/p/print/{token}", get(code::ready).post(code::print))
        .route("/open", get(staff::start))
        .route("/open/{kind}/{id}", get(staff::open))
        .route("/code", get(code::empty).post(code::redeem))
        .route("/code/{code}", get(code::filled))
        .nest("/p/me/{token}", person::router())
        .nest("/me", person::router())
        .method_not_allowed_fallback(front::back_to_the_form)
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

/// A link that is none of ours: cut off by a mail program, or made up. Nothing is known of the reader,
/// so that both languages are there.
pub(crate) fn unknown_link() -> Response {
    in_both_languages(
        StatusCode::NOT_FOUND,
        "Dieser Link ist uns nicht bekannt",
        "Vielleicht wurde er beim Kopieren abgeschnitten. Bitte öffnen Sie ihn noch einmal direkt aus der E-Mail, oder \
         rufen Sie die Person an, die in der E-Mail steht.",
        "We do not know this link. Perhaps it was cut off when it was copied. Please open it again directly from the \
         e-mail, or call the person named in it.",
    )
}
