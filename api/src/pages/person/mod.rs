//! A person's own pages: those of an expert, a mentee or a guardian.
//!
//! The same pages stand under `/p/me/{token}` for who comes by the link of an e-mail or by a one-time
//! code, and under `/me` for who is signed in. A GET changes nothing. A form of a link page carries its
//! token in the path; one of `/me` is asked for its origin, besides the cookie's `SameSite`.

mod case;
mod home;
mod settings;
mod tandem;
mod visit;
mod words;

use axum::{
    Router,
    routing::{get, post},
};

pub(crate) use visit::Fields;
use visit::Visit;

use crate::server::ApiState;

/// The pages, wherever they are mounted.
pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/", get(home::home))
        .route("/language", post(settings::language))
        .route("/leave", post(settings::leave))
        .route("/case", get(case::case))
        .route("/match/{matching}", get(tandem::tandem))
}
