//! What a browser shows where a file should be.

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use tandem_mail::Language;

use super::frame::Frame;
use super::view::{Block, Link, Page};
use crate::http::request::wants_page;

/// Explains on a page why there is no file, in both languages, to who opens its address in a browser; a program has a
/// line. The page of a file that is still being made looks again by itself.
pub(crate) async fn explain(request: Request, next: Next) -> Response {
    let reads = wants_page(request.headers());
    let answer = next.run(request).await;
    let status = answer.status();
    let Some((title, german, english)) = texts(status).filter(|_| reads) else {
        return answer;
    };
    let mut blocks = vec![Block::Text(german.into()), Block::Text(english.into())];
    if status == StatusCode::UNAUTHORIZED {
        blocks.push(Block::Links(vec![Link::first(
            "/p/sign-in",
            "Anmelden / Sign in",
        )]));
    }
    let page = Page {
        frame: Frame::bare(Language::De, title),
        blocks,
        foot: None,
    };
    let mut page = page.show(status);
    if status == StatusCode::ACCEPTED {
        page.headers_mut()
            .insert(header::REFRESH, HeaderValue::from_static("2"));
    }
    page
}

/// Title, German and English.
fn texts(status: StatusCode) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match status {
        StatusCode::ACCEPTED => (
            "Das PDF wird gerade gemacht",
            "Das dauert nur kurz. Diese Seite sieht von selbst wieder nach, und Ihr Browser lädt es dann herunter.",
            "The PDF is being made. This page looks again by itself in a moment, and your browser then downloads it.",
        ),
        StatusCode::UNAUTHORIZED => (
            "Bitte melden Sie sich an",
            "Danach öffnen Sie den Link bitte noch einmal.",
            "Please sign in, then open the link once more.",
        ),
        StatusCode::NOT_FOUND => (
            "Hier ist nichts",
            "Das gibt es nicht mehr, oder es gehört nicht zu Ihrem Bereich.",
            "There is nothing here: it does not exist any more, or it is not yours to see.",
        ),
        StatusCode::INTERNAL_SERVER_ERROR => (
            "Das hat leider nicht geklappt",
            "Auf unserer Seite ist etwas schiefgegangen. Bitte versuchen Sie es in ein paar Minuten noch einmal.",
            "Something went wrong on our side. Please try again in a few minutes.",
        ),
        _ => return None,
    })
}
