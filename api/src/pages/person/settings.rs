//! What stands below every page: the language, and closing pages on a shared device.

use axum::{extract::State, http::StatusCode, response::Response};
use tandem_mail::Language;
use tandem_operations::persons::{self, codes};

use super::{Fields, Visit};
use crate::pages::frame::{Frame, Message, fault, show};
use crate::pages::texts;
use crate::server::ApiState;

/// Changes the language, for mails as well, and goes back to where the visitor was.
pub(super) async fn language(State(state): State<ApiState>, visit: Visit, fields: Fields) -> Response {
    let chosen = fields.get("to");
    let known = visit
        .languages()
        .iter()
        .find(|language| language.code() == chosen);
    if let Some(language) = known
        && let Err(error) = persons::choose_language(&state.app, &visit.visitor, *language).await
    {
        return visit.refused(&error);
    }
    let at = fields.get("at");
    // a path of these pages and nothing else
    let ours = at
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-'));
    visit.see(if ours { at } else { "" }, "language")
}

/// Closes the pages of a one-time code.
pub(super) async fn leave(State(state): State<ApiState>, visit: Visit) -> Response {
    let language: Language = visit.language();
    if let Some(token) = &visit.token
        && let Err(error) = codes::leave(&state.app, token, &visit.visitor).await
    {
        return fault(&error);
    }
    let t = texts::of(language);
    show(
        StatusCode::OK,
        &Message {
            frame: Frame::bare(language, t.left_title),
            paragraphs: vec![t.left.to_owned()],
        },
    )
}
