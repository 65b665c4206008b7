//! A new link in place of one that opens nothing any more.
//!
//! Whoever holds an old link may ask, and learns nothing: the answer is the same whatever the link is, and the
//! mail goes to the address that the person confirmed, at most once a day.

use axum::{
    extract::{Path, State},
    http::{Extensions, StatusCode},
    response::Response,
};
use tandem_mail::Language;
use tandem_operations::persons;

use super::frame::{Frame, fault};
use super::person::Fields;
use super::view::{Block, Form, Look, Page};
use super::{peer, texts};
use crate::server::ApiState;

/// The page of a link that is too old, or went to another address: what it says, and a button. Nothing of the
/// person stands on it, for the link may be in anybody's hands by now.
pub(crate) fn gone(language: Language, title: &str, text: &str, token: &str) -> Response {
    let t = texts::of(language);
    Page {
        frame: Frame::bare(language, title),
        blocks: vec![
            Block::Text(text.to_owned()),
            Block::Text(t.again_ask.to_owned()),
            Block::Form(
                Form::new(format!("/p/again/{token}"))
                    .hidden("lang", language.code())
                    .button(t.again_button, Look::First),
            ),
        ],
        foot: None,
    }
    .show(StatusCode::GONE)
}

/// `POST`: sends it, where there is anybody to send it to.
pub(super) async fn send(
    State(state): State<ApiState>,
    Path(token): Path<String>,
    extensions: Extensions,
    fields: Fields,
) -> Response {
    if let Err(error) = persons::send_again(&state.app, &token, &peer(&extensions)).await {
        return fault(&error);
    }
    let chosen = fields.get("lang");
    let language = Language::ALL
        .into_iter()
        .find(|language| language.code() == chosen);
    let language = language.unwrap_or(Language::De);
    let t = texts::of(language);
    Page {
        frame: Frame::bare(language, t.again_title),
        blocks: vec![Block::Text(t.again_done.to_owned())],
        foot: None,
    }
    .show(StatusCode::OK)
}
