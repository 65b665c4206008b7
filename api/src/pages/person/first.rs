//! The first meeting: dated and recorded by the expert (or the centre), and only when the expert is ready.

use axum::{
    extract::{Path, State},
    response::Response,
};
use chrono::{NaiveDate, NaiveTime, TimeZone};
use tandem_domain::clock::ZONE;
use tandem_domain::matches::MatchState;
use tandem_operations::matches::{self, Own};
use tandem_operations::{Error, persons};

use super::tandem::Place;
use super::words::Refusals;
use super::{Fields, Visit};
use crate::pages::texts::fill;
use crate::pages::view::{Block, Field, Form, Kind, Look};
use crate::server::ApiState;

/// What is arranged, what is missing, and the two forms.
pub(super) async fn get(State(state): State<ApiState>, Path(place): Path<Place>, visit: Visit) -> Response {
    let own = match visit.own_as_expert(&state, place).await {
        Ok(own) => own,
        Err(page) => return page,
    };
    page(&state, &visit, &own, &Fields::default(), &Refusals::none()).await
}

/// Arranges a day.
pub(super) async fn plan(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let own = match visit.own_as_expert(&state, place).await {
        Ok(own) => own,
        Err(page) => return page,
    };
    let at = fields
        .read::<NaiveDate>("day")
        .zip(fields.read::<NaiveTime>("time"))
        // in the hour that a clock skips nobody meets
        .and_then(|(day, time)| ZONE.from_local_datetime(&day.and_time(time)).earliest());
    let Some(at) = at else {
        let field = if fields.read::<NaiveDate>("day").is_some() {
            "time"
        } else {
            "at"
        };
        return page(&state, &visit, &own, &fields, &Refusals::missing(field)).await;
    };
    let caller = &visit.visitor.caller;
    match matches::date_first_meeting(
        &state.app,
        caller,
        own.matching.id,
        at.to_utc(),
        fields.get("place"),
    )
    .await
    {
        Ok(_) => visit.see(&format!("/match/{}/first", own.matching.id), "saved"),
        Err(Error::Refused(errors)) => page(&state, &visit, &own, &fields, &errors.into()).await,
        Err(error) => visit.refused(&error),
    }
}

/// Records that it took place.
pub(super) async fn record(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let own = match visit.own_as_expert(&state, place).await {
        Ok(own) => own,
        Err(page) => return page,
    };
    let Some(on) = fields.read::<NaiveDate>("on") else {
        return page(&state, &visit, &own, &fields, &Refusals::missing("on")).await;
    };
    match matches::record_first_meeting(&state.app, &visit.visitor.caller, own.matching.id, on).await {
        Ok(_) => visit.see(&format!("/match/{}/verdict", own.matching.id), "met"),
        // a second click, or the centre was faster
        Err(Error::Refused(_)) if own.matching.first_meeting_on.is_some() => {
            visit.see(&format!("/match/{}/verdict", own.matching.id), "met")
        }
        Err(Error::Refused(errors)) => page(&state, &visit, &own, &fields, &errors.into()).await,
        Err(error) => visit.refused(&error),
    }
}

async fn page(state: &ApiState, visit: &Visit, own: &Own, fields: &Fields, refusals: &Refusals) -> Response {
    let (t, e) = (visit.t(), visit.e());
    let mut blocks = Vec::new();
    if visit.has_done("saved") {
        blocks.push(Block::Done(t.saved.into()));
    }
    blocks.extend(refusals.alarm(t));
    if let Some(plan) = &own.matching.planned {
        let day = visit.words().day_and_time(&plan.at);
        let values = [("date", day.as_str()), ("place", &plan.place)];
        blocks.push(Block::Note(fill(e.first_planned, &values)));
    }
    if own.matching.state != MatchState::Introduced {
        let text = if own.matching.first_meeting_on.is_some() {
            e.state_met
        } else {
            e.first_wait
        };
        blocks.push(Block::Text(text.into()));
        return visit.show(e.first_title, blocks);
    }
    let missing = match persons::missing(&state.app, &visit.visitor, own.matching.id).await {
        Ok(missing) => missing,
        Err(error) => return visit.refused(&error),
    };
    if !missing.is_empty() {
        blocks.push(Block::Text(e.first_not_ready.into()));
        blocks.push(Block::List(super::missing::in_words(e, &missing)));
        blocks.push(Block::Text(e.missing_hint.into()));
        return visit.show_as(refusals, e.first_title, blocks);
    }
    blocks.push(Block::Text(e.first_intro.into()));
    let path = visit.href(&format!("/match/{}/first", own.matching.id));
    let day = Field::new("day", e.first_day, Kind::Day(fields.get("day").to_owned()))
        .hint(e.first_day_hint)
        .error(refusals.on(t, fields.get("day"), "at"));
    let time = Field::new("time", e.first_time, Kind::Time(fields.get("time").to_owned()))
        .error(refusals.on(t, fields.get("time"), "time"));
    let at = Field::new("place", e.first_place, Kind::Line(fields.get("place").to_owned()))
        .hint(e.first_place_hint)
        .error(refusals.on(t, fields.get("place"), "place"));
    blocks.push(Block::Form(
        Form::new(path.clone())
            .field(day.required())
            .field(time.required())
            .field(at.required())
            .button(e.first_plan, Look::First),
    ));
    blocks.push(Block::Heading(e.first_held.into()));
    let on = Field::new("on", e.first_day, Kind::Day(fields.get("on").to_owned()))
        .hint(e.first_held_hint)
        .error(refusals.on(t, fields.get("on"), "on"));
    let form = Form::new(format!("{path}/held")).field(on.required());
    blocks.push(Block::Form(form.button(e.first_record, Look::Plain)));
    visit.show_as(refusals, e.first_title, blocks)
}
