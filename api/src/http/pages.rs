//! Counting who opens pages behind links: whoever guesses links or codes is slowed down.

use axum::{
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::Response,
};

use super::graphql::peer;
use crate::{limits::Act, pages::frame::in_both_languages, server::ApiState};

/// Counts a page, or what is sent from it; the style sheet is free.
pub(crate) async fn count_page(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let guessable = path.starts_with("/p/sign-in") || path == "/code";
    let signs_in = path.starts_with("/p/openid/") || (guessable && request.method() == Method::POST);
    let act = match path {
        "/p/style.css" => return next.run(request).await,
        _ if signs_in => Act::SignIn,
        _ => Act::Page,
    };
    let address = peer(request.extensions()).map(|peer| peer.ip().to_string());
    match state.limiter.take(&act, &address.unwrap_or_default()).await {
        Ok(()) => next.run(request).await,
        Err(wait) => {
            let mut response = in_both_languages(
                StatusCode::TOO_MANY_REQUESTS,
                "Bitte warten Sie einen Moment",
                "Von Ihrem Anschluss kamen gerade sehr viele Anfragen. Bitte versuchen Sie es in ein paar Minuten noch \
                 einmal.",
                "Very many requests came from your connection just now. Please try again in a few minutes.",
            );
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, wait.seconds().into());
            response
        }
    }
}
