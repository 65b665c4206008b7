//! What a mentee's own request says, and the consent to it.

use axum::{extract::State, response::Response};
use tandem_domain::parties::Side;
use tandem_operations::cases::{self, Case, ConsentRecord};
use tandem_operations::persons;

use super::words::Refusals;
use super::{Fields, Visit, words};
use crate::pages::texts::fill;
use crate::pages::view::{Block, Field, Form, Kind, Look};
use crate::server::ApiState;

/// The request. For mentees and guardians.
pub(super) async fn get(State(state): State<ApiState>, visit: Visit) -> Response {
    page(&state, &visit, &Refusals::none()).await
}

/// Consents, with the tick that says to what.
pub(super) async fn consent(State(state): State<ApiState>, visit: Visit, fields: Fields) -> Response {
    let case = match persons::case(&state.app, &visit.visitor).await {
        Ok(case) => case,
        Err(error) => return visit.refused(&error),
    };
    let Some(case) = case else {
        return visit.see("/case", "");
    };
    if !fields.has("agree") {
        return page(&state, &visit, &Refusals::missing("agree")).await;
    }
    match persons::consent(&state.app, &visit.visitor, case.id).await {
        Ok(()) => visit.see("/case", "saved"),
        Err(error) => visit.refused(&error),
    }
}

/// "This is not right", of a consent that was entered from paper; twice is once.
pub(super) async fn contest(State(state): State<ApiState>, visit: Visit) -> Response {
    let contested = async {
        match persons::case(&state.app, &visit.visitor).await? {
            Some(case) => cases::contest_consent(&state.app, &visit.visitor.caller, case.id)
                .await
                .map(|_| ()),
            None => Ok(()),
        }
    };
    match contested.await {
        Ok(()) => visit.see("/case", "contested"),
        Err(error) => visit.refused(&error),
    }
}

async fn page(state: &ApiState, visit: &Visit, refusals: &Refusals) -> Response {
    let case = match persons::case(&state.app, &visit.visitor).await {
        Ok(Some(case)) => case,
        Ok(None) => {
            return visit.show(
                visit.t().case_title,
                vec![Block::Text(visit.t().state_none.into())],
            );
        }
        Err(error) => return visit.refused(&error),
    };
    let (t, dates) = (visit.t(), visit.words());
    let wishes = &case.wishes;
    let mut blocks = Vec::new();
    if visit.has_done("saved") {
        blocks.push(Block::Done(t.saved.into()));
    }
    if visit.has_done("contested") {
        blocks.push(Block::Done(t.dispute_done.into()));
    }
    blocks.extend(refusals.alarm(t));
    blocks.push(Block::Text(t.case_intro.into()));
    let areas = wishes
        .support_areas
        .iter()
        .map(|(area, _)| words::area(visit, *area).to_owned());
    blocks.push(Block::Heading(t.case_areas.into()));
    blocks.push(Block::Steps(areas.collect()));
    if !wishes.occupations.is_empty() {
        blocks.push(Block::Heading(t.case_work.into()));
        let labels = wishes.occupations.iter().map(|(_, label)| label.clone());
        blocks.push(Block::Steps(labels.collect()));
    }
    let mut facts = Vec::new();
    if let Some(start) = wishes.planned_start {
        facts.push((t.case_start.to_owned(), dates.month(&start)));
    }
    if !wishes.mentee_wishes.is_empty() {
        facts.push((t.case_wishes.to_owned(), wishes.mentee_wishes.clone()));
    }
    if !facts.is_empty() {
        blocks.push(Block::Facts(facts));
    }
    blocks.push(Block::Text(t.case_ask.into()));
    blocks.push(Block::Heading(t.consent_title.into()));
    let recorded = match cases::recorded_consent(&state.app, &visit.visitor.caller, case.id).await {
        Ok(recorded) => recorded,
        Err(error) => return visit.refused(&error),
    };
    blocks.extend(consent_blocks(visit, refusals, &case, recorded.as_ref()));
    visit.show_as(refusals, t.case_title, blocks)
}

/// The own consent: given, entered from paper, denied, or still to be given.
fn consent_blocks(
    visit: &Visit,
    refusals: &Refusals,
    case: &Case,
    recorded: Option<&ConsentRecord>,
) -> Vec<Block> {
    let (t, dates) = (visit.t(), visit.words());
    let given = match visit.side() {
        Side::Guardian => case.wishes.guardian_consent_on,
        _ => case.wishes.mentee_consent_on,
    };
    let mut blocks = Vec::new();
    if let Some(day) = given {
        let date = dates.date(&day);
        match recorded {
            Some(record) if record.on == day && record.contested_at.is_none() => {
                blocks.push(Block::Text(fill(t.consent_paper, &[("date", &date)])));
                blocks.push(Block::Text(t.dispute_effect.to_owned()));
                let form = Form::new(visit.href("/case/consent"));
                blocks.push(Block::Form(form.button(t.dispute_button, Look::Plain)));
            }
            _ => blocks.push(Block::Text(fill(t.consent_given, &[("date", &date)]))),
        }
        return blocks;
    }
    if case.state.is_open() {
        let denied = recorded.is_some_and(|record| record.contested_at.is_some());
        let why = if denied { t.consent_denied } else { t.consent_open };
        blocks.push(Block::Text(why.to_owned()));
        blocks.push(Block::Text(t.consent_text.to_owned()));
        let tick = Field::new("agree", t.consent_check, Kind::Tick { set: false })
            .required()
            .error(refusals.on(t, "", "agree"));
        let form = Form::new(visit.href("/case")).field(tick);
        blocks.push(Block::Form(form.button(t.consent_button, Look::First)));
    }
    blocks
}
