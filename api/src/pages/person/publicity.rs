//! Consent to publicity (S54), for a mentee and a guardian: off until given, taken back as easily. An expert's stands
//! among the own settings.

use axum::{extract::State, http::StatusCode, response::Response};
use tandem_domain::parties::{About, Party};
use tandem_operations::{persons, publicity};

use super::{Fields, Visit};
use crate::pages::view::{Block, Field, Form, Kind, Look};
use crate::server::ApiState;

/// How it stands, and the form.
pub(super) async fn get(State(state): State<ApiState>, visit: Visit) -> Response {
    let t = visit.t();
    let given = match visit.visitor.facts.party {
        Party::Expert(_) => return closed(&visit),
        party => publicity::given(&state.app, &visit.visitor.caller, party).await,
    };
    let given = match given {
        Ok(given) => given,
        Err(error) => return visit.refused(&error),
    };
    let mut blocks = Vec::new();
    if visit.has_done("saved") {
        blocks.push(Block::Done(t.saved.into()));
    }
    blocks.push(Block::Text(t.publicity_text.into()));
    blocks.push(Block::Text(t.publicity_guardian.into()));
    let tick = Field::new("consent", t.publicity_tick, Kind::Tick { set: given });
    let form = Form::new(visit.href("/publicity")).field(tick);
    blocks.push(Block::Form(form.button(t.publicity_button, Look::First)));
    visit.show(t.publicity_title, blocks)
}

fn closed(visit: &Visit) -> Response {
    let t = visit.t();
    let text = Block::Text(t.closed.to_owned());
    visit.page(t.closed_title, vec![text]).show(StatusCode::NOT_FOUND)
}

/// Gives it, or takes it back.
pub(super) async fn save(State(state): State<ApiState>, visit: Visit, fields: Fields) -> Response {
    if visit.is_expert() {
        return closed(&visit);
    }
    let case = match persons::case(&state.app, &visit.visitor).await {
        Ok(Some(case)) => case.id,
        Ok(None) => return closed(&visit),
        Err(error) => return visit.refused(&error),
    };
    // what the link is about: a link about a match gives no right in the case
    let about = match visit.visitor.about {
        Some(about @ About::Match(_)) => about,
        _ => About::Case(case),
    };
    let (app, caller) = (&state.app, &visit.visitor.caller);
    match publicity::consent_to_publicity(app, caller, about, fields.has("consent")).await {
        Ok(()) => visit.see("/publicity", "saved"),
        Err(error) => visit.refused(&error),
    }
}
