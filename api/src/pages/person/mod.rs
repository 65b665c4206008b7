//! A person's own pages: those of an expert, a mentee or a guardian.
//!
//! The same pages stand under `/p/me/{token}` for who comes by the link of an e-mail or by a one-time
//! code, and under `/me` for who is signed in. A GET changes nothing. A form of a link page carries its
//! token in the path; one of `/me` is asked for its origin, besides the cookie's `SameSite`.

mod agreement;
mod agreement_pdf;
mod answer;
mod case;
mod ending;
mod first;
mod home;
mod meetings;
mod milestones;
mod missing;
mod problem;
mod profile;
mod publicity;
mod settings;
mod tandem;
mod told;
mod training;
mod verdict;
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
        .route("/case", get(case::get).post(case::consent))
        .route("/case/consent", post(case::contest))
        .route("/problem", get(problem::get).post(problem::report))
        .route("/paper/{record}", get(problem::paper).post(problem::contest))
        .route("/profile", get(profile::get).post(profile::save))
        .route("/profile/away", post(profile::away))
        .route("/publicity", get(publicity::get).post(publicity::save))
        .route("/training", get(training::get).post(training::act))
        .nest("/match/{matching}", about_a_match())
}

fn about_a_match() -> Router<ApiState> {
    Router::new()
        .route("/", get(tandem::tandem))
        .route("/answer", get(answer::get).post(answer::post))
        .route("/answer/reason", post(answer::reason))
        .route("/answer/follow", post(answer::follow))
        .route("/first", get(first::get).post(first::plan))
        .route("/first/held", post(first::record))
        .route("/stop", get(verdict::stop).post(verdict::stop_now))
        .route("/verdict", get(verdict::get).post(verdict::post))
        .route("/agreement", get(agreement::get).post(agreement::sign))
        .route("/agreement/pdf", post(agreement_pdf::ask))
        .route("/agreement/pdf/{document}", get(agreement_pdf::open))
        .route("/told", get(told::get).post(told::contest))
        .route("/agreement/write", get(agreement::write).post(agreement::save))
        .route("/meetings", get(meetings::get).post(meetings::add))
        .route("/milestones", get(milestones::get).post(milestones::add))
        .route("/pause", get(ending::pause).post(ending::pause_now))
        .route("/feedback", get(ending::feedback).post(ending::feedback_now))
        .route("/end", get(ending::end).post(ending::end_now))
        .route("/another", get(ending::another).post(ending::another_now))
        .route("/report", get(ending::report).post(ending::report_now))
}
