//! Counting who opens pages behind links: whoever guesses links or codes is slowed down.

use axum::{
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use tandem_mail::Language;

use super::graphql::peer;
use crate::{
    limits::Act,
    pages::frame::{Frame, Message, show},
    server::ApiState,
};

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
            let page = Message {
                frame: Frame::bare(Language::De, "Bitte warten Sie einen Moment"),
                paragraphs: vec![
                    "Von Ihrem Anschluss kamen gerade sehr viele Anfragen. Bitte versuchen Sie es in ein paar \
                     Minuten noch einmal."
                        .into(),
                    "Very many requests came from your connection just now. Please try again in a few minutes."
                        .into(),
                ],
            };
            let mut response = show(StatusCode::TOO_MANY_REQUESTS, &page).into_response();
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, wait.seconds().into());
            response
        }
    }
}
