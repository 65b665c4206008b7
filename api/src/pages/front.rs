//! The front door, for who knows nothing but the programme's address, and what stands where nothing is.

use axum::{
    extract::{OriginalUri, Query, State},
    http::{Extensions, HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use tandem_mail::Language;
use tandem_operations::{Result, persons};

use super::frame::{Frame, fault, go_to, wants_page};
use super::sign_in::settings;
use super::stranger::{Chosen, other_languages};
use super::view::{Block, Link, Page};
use super::{peer, texts, unknown_link};
use crate::auth::{Origin, credential, identify};
use crate::server::ApiState;

/// `GET /`: whoever is signed in goes on to what is theirs; all others read how they come to it.
pub(super) async fn door(
    State(state): State<ApiState>,
    Query(chosen): Query<Chosen>,
    extensions: Extensions,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        Ok(match own_pages(&state, &extensions, &headers).await? {
            Some(path) => go_to(path),
            None => welcome(
                chosen.language(&headers),
                settings(&state.app).await?.programme_name,
            ),
        })
    };
    shown
        .await
        .unwrap_or_else(|error: tandem_operations::Error| fault(&error))
}

/// Where the pages of who is signed in begin.
async fn own_pages(
    state: &ApiState,
    extensions: &Extensions,
    headers: &HeaderMap,
) -> Result<Option<&'static str>> {
    let token = credential(headers, state.options.secure()).map(|credential| credential.token);
    let origin = Origin {
        address: peer(extensions),
        ..Origin::default()
    };
    let sender = identify(&state.app, token.as_deref(), &origin).await?;
    // a partner's program with a token has no pages
    let Some(signed) = sender.filter(|signed| signed.session().is_some()) else {
        return Ok(None);
    };
    let is_of_a_tandem = persons::signed_in(&state.app, &signed.caller).await?.is_some();
    Ok(Some(if is_of_a_tandem { "/me" } else { "/open" }))
}

fn welcome(language: Language, programme: String) -> Response {
    let t = texts::of(language);
    let mut blocks = vec![
        Block::Text(t.front_mail.into()),
        Block::Links(vec![
            Link::new(format!("/code?lang={}", language.code()), t.code_title),
            Link::new("/p/sign-in", t.front_sign_in),
        ]),
    ];
    blocks.extend(other_languages("/", language));
    let frame = Frame {
        programme,
        ..Frame::bare(language, t.front_title)
    };
    Page {
        frame,
        blocks,
        foot: None,
    }
    .show(StatusCode::OK)
}

/// Where a form is sent to, opened as a page, as a browser does that shows its tabs again: the form stands one step
/// up.
pub(super) async fn back_to_the_form(method: Method, OriginalUri(here): OriginalUri) -> Response {
    match here.path().rsplit_once('/') {
        Some((form, _)) if method == Method::GET && !form.is_empty() => go_to(form),
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

/// An address where nothing is. Who reads it in a browser has most likely come by a link that a mail program
/// cut off.
pub(crate) async fn nothing_here(headers: HeaderMap) -> Response {
    if wants_page(&headers) {
        unknown_link()
    } else {
        (StatusCode::NOT_FOUND, "There is nothing here.\n").into_response()
    }
}
