//! The question of an approach, for an expert who is signed in or comes by another link than its own.

use axum::{
    extract::{Path, State},
    response::Response,
};
use tandem_domain::matches::Answer;
use tandem_operations::answers::{self, Question};
use tandem_operations::matches::{self, AnswerOutcome};

use super::tandem::Place;
use super::{Fields, Visit};
use crate::pages::answer::{Choice, Reason, page};
use crate::server::ApiState;

/// The question, or how it stands.
pub(super) async fn get(State(state): State<ApiState>, Path(place): Path<Place>, visit: Visit) -> Response {
    show(&state, &visit, place, None, false).await
}

async fn show(
    state: &ApiState,
    visit: &Visit,
    place: Place,
    outcome: Option<AnswerOutcome>,
    followed: bool,
) -> Response {
    match question(state, visit, place).await {
        Ok(question) => {
            let action = visit.href(&format!("/match/{}/answer", place.id()));
            page(&question, action, outcome.or(question.outcome), None, followed)
        }
        Err(error) => visit.refused(&error),
    }
}

async fn question(state: &ApiState, visit: &Visit, place: Place) -> tandem_operations::Result<Question> {
    answers::question_of(&state.app, &visit.visitor.caller, place.id()).await
}

/// Answers.
pub(super) async fn post(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let answer = match Choice::of(fields.get("answer")) {
        Some(Choice::Yes) => Answer::Yes,
        Some(Choice::No) => Answer::No(None),
        None => return show(&state, &visit, place, None, false).await,
    };
    match matches::answer_signed_in(&state.app, &visit.visitor.caller, place.id(), answer).await {
        Ok((_, outcome)) => show(&state, &visit, place, Some(outcome), false).await,
        Err(error) => visit.refused(&error),
    }
}

/// Says why, after a no.
pub(super) async fn reason(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
    fields: Fields,
) -> Response {
    if let Some(reason) = Reason::of(fields.get("reason"))
        && let Err(error) =
            answers::give_reason_as(&state.app, &visit.visitor.caller, place.id(), reason.into()).await
    {
        return visit.refused(&error);
    }
    show(&state, &visit, place, None, false).await
}

/// Takes up what the reason implies.
pub(super) async fn follow(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
) -> Response {
    match answers::take_up_as(&state.app, &visit.visitor.caller, place.id()).await {
        // a second click finds it done
        Ok(_) => show(&state, &visit, place, None, true).await,
        Err(error) => visit.refused(&error),
    }
}
