//! What all pages have in common: layout, style sheet and headers. They work without a script, without
//! cookies and without anything from elsewhere.

use askama::Template;
use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use tandem_mail::Language;

/// What the layout shows of itself.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// The language of the page, and with it the direction of writing.
    pub(crate) language: Language,
    /// The heading, and the title in the browser.
    pub(crate) title: String,
    /// The programme's name; empty where nothing is known of the reader.
    pub(crate) programme: String,
}

impl Frame {
    /// A page of which nothing is known but its language.
    pub(crate) fn bare(language: Language, title: impl Into<String>) -> Self {
        Self {
            language,
            title: title.into(),
            programme: String::new(),
        }
    }
}

/// A page of a heading and some sentences.
#[derive(Debug, Template)]
#[template(path = "message.html")]
pub(crate) struct Message {
    /// The frame.
    pub(crate) frame: Frame,
    /// The sentences.
    pub(crate) paragraphs: Vec<String>,
}

const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The answer to a browser: the page with headers that keep it private (a link is a secret) and out of
/// caches and search engines.
pub(crate) fn show(status: StatusCode, page: &impl Template) -> Response {
    let html = page
        .render()
        .expect("templates write into a String and call nothing that can fail");
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        // with "no-referrer" browsers would send "Origin: null" with the page's own form
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The style sheet of all pages.
pub(crate) async fn style() -> Response {
    (
        [
            (header::CONTENT_TYPE, "text/css; charset=utf-8"),
            (header::CACHE_CONTROL, "public, max-age=3600"),
        ],
        include_str!("../../templates/style.css"),
    )
        .into_response()
}

/// Whether a browser wants a page rather than data.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// A word to a reader of whom nothing is known, German first.
pub(crate) fn in_both_languages(status: StatusCode, title: &str, german: &str, english: &str) -> Response {
    show(
        status,
        &Message {
            frame: Frame::bare(Language::De, title),
            paragraphs: vec![german.to_owned(), english.to_owned()],
        },
    )
}

/// Leads on to another page; out of caches, since a path may be a secret.
pub(crate) fn go_to(path: &str) -> Response {
    let mut response = Redirect::to(path).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// When something of ours went wrong: the log has the cause, the reader a friendly word.
pub(crate) fn fault(error: &tandem_operations::Error) -> Response {
    tracing::error!(cause = %error, "a page could not be shown");
    broken()
}

/// The friendly word.
pub(crate) fn broken() -> Response {
    in_both_languages(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Das hat leider nicht geklappt",
        "Auf unserer Seite ist etwas schiefgegangen. Bitte versuchen Sie es in ein paar Minuten noch einmal, oder \
         rufen Sie die Person an, die in unserer E-Mail steht.",
        "Something went wrong on our side. Please try again in a few minutes, or call the person named in our e-mail.",
    )
}
