//! What a browser shows where a file should be.

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};

use super::frame::{broken, in_both_languages, wants_page};
use super::stranger::please_sign_in;

/// Explains on a page why there is no file to who opens its address in a browser; a program has a line. The page of a
/// file that is still being made looks again by itself.
pub(crate) async fn explain(request: Request, next: Next) -> Response {
    let reads = wants_page(request.headers());
    let answer = next.run(request).await;
    match answer.status() {
        _ if !reads => answer,
        status @ StatusCode::ACCEPTED => {
            let mut page = in_both_languages(
                status,
                "Das PDF wird gerade gemacht",
                "Das dauert nur kurz. Diese Seite sieht von selbst wieder nach, und Ihr Browser lädt es dann herunter.",
                "The PDF is being made. This page looks again by itself in a moment, and your browser then downloads it.",
            );
            page.headers_mut()
                .insert(header::REFRESH, HeaderValue::from_static("2"));
            page
        }
        status @ StatusCode::UNAUTHORIZED => please_sign_in(
            status,
            "Danach öffnen Sie den Link bitte noch einmal.",
            "Please sign in, then open the link once more.",
        ),
        status @ StatusCode::NOT_FOUND => in_both_languages(
            status,
            "Hier ist nichts",
            "Das gibt es nicht mehr, oder es gehört nicht zu Ihrem Bereich.",
            "There is nothing here: it does not exist any more, or it is not yours to see.",
        ),
        StatusCode::INTERNAL_SERVER_ERROR => broken(),
        _ => answer,
    }
}
