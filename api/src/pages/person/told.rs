//! What the office recorded as said on the telephone, and "this is not right". For the expert.

use axum::{
    extract::{Path, State},
    response::Response,
};
use tandem_operations::matches;

use super::Visit;
use super::tandem::Place;
use crate::pages::view::{Block, Form, Look};
use crate::server::ApiState;

/// What was recorded.
pub(super) async fn get(State(state): State<ApiState>, Path(place): Path<Place>, visit: Visit) -> Response {
    match matches::told_by_telephone(&state.app, &visit.visitor.caller, place.id()).await {
        Ok(told) => page(&visit, &told, place),
        Err(error) => visit.refused(&error),
    }
}

/// "This is not right"; twice is once.
pub(super) async fn contest(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
) -> Response {
    match matches::contest_answer(&state.app, &visit.visitor.caller, place.id()).await {
        Ok(told) => page(&visit, &told, place),
        Err(error) => visit.refused(&error),
    }
}

fn page(visit: &Visit, told: &matches::Told, place: Place) -> Response {
    let e = visit.e();
    let (intro, effect) = if told.yes {
        (e.told_intro_yes, e.told_effect_yes)
    } else {
        (e.told_intro_no, e.told_effect_no)
    };
    let mut blocks = vec![
        Block::Text(intro.to_owned()),
        Block::List(vec![visit.words().day_and_time(&told.at)]),
    ];
    if told.contested {
        blocks.insert(0, Block::Done(e.told_done.to_owned()));
    } else {
        blocks.push(Block::Text(effect.to_owned()));
        let form = Form::new(visit.href(&format!("/match/{}/told", place.id())));
        blocks.push(Block::Form(form.button(e.told_button, Look::Plain)));
    }
    visit.show(e.told_title, blocks)
}
