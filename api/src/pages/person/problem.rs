//! "Report a problem": to centre and office, never to the expert. And "this is not right", for what was
//! recorded on paper in a person's name.

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::Deserialize;
use tandem_domain::ids::PaperRecordId;
use tandem_operations::matches::{self, OnPaper, PaperRecord};
use tandem_operations::{Error, persons, problems};
use uuid::Uuid;

use super::words::Refusals;
use super::{Fields, Visit};
use crate::pages::view::{Block, Field, Form, Kind, Look};
use crate::server::ApiState;

/// The form. For mentees and guardians; experts call their office.
pub(super) async fn get(visit: Visit) -> Response {
    page(&visit, "", &Refusals::none())
}

/// Reports it.
pub(super) async fn report(State(state): State<ApiState>, visit: Visit, fields: Fields) -> Response {
    let case = match persons::case(&state.app, &visit.visitor).await {
        Ok(Some(case)) => case,
        Ok(None) => return page(&visit, "", &Refusals::none()),
        Err(error) => return visit.refused(&error),
    };
    let t = visit.t();
    let mut text = fields.get("text").to_owned();
    if fields.has("call") && !text.is_empty() {
        // in German, for who reads it
        text.push_str("\n\n(Bitte um Rückruf)");
    }
    match problems::report_problem(&state.app, &visit.visitor.caller, case.id, &text).await {
        Ok(_) => visit.show(
            t.problem_title,
            vec![
                Block::Done(t.problem_sent.into()),
                Block::Note(t.problem_danger.into()),
            ],
        ),
        Err(Error::Refused(errors)) => page(&visit, fields.get("text"), &errors.into()),
        Err(error) => visit.refused(&error),
    }
}

fn page(visit: &Visit, typed: &str, refusals: &Refusals) -> Response {
    let t = visit.t();
    if visit.is_expert() {
        return visit.show(visit.e().problem_title, vec![Block::Text(t.call_or_write.into())]);
    }
    let mut blocks: Vec<Block> = refusals.alarm(t).into_iter().collect();
    blocks.push(Block::Note(t.problem_danger.into()));
    blocks.push(Block::Text(t.problem_intro.into()));
    blocks.push(Block::Text(t.problem_private.into()));
    let text = Field::new("text", t.problem_label, Kind::Lines(typed.to_owned()))
        .required()
        .hint(t.problem_hint)
        .error(refusals.on(t, typed, "text"));
    let form = Form::new(visit.href("/problem"))
        .field(text)
        .field(Field::new("call", t.problem_call, Kind::Tick { set: false }))
        .button(t.problem_button, Look::First);
    blocks.push(Block::Form(form));
    visit.show_as(refusals, t.problem_title, blocks)
}

/// The part of the path that names a record.
#[derive(Debug, Deserialize)]
pub(super) struct RecordPlace {
    record: Uuid,
}

/// What was recorded on paper in the visitor's name.
pub(super) async fn paper(
    State(state): State<ApiState>,
    Path(place): Path<RecordPlace>,
    visit: Visit,
) -> Response {
    let id = PaperRecordId::from(place.record);
    match matches::paper_record(&state.app, &visit.visitor.caller, id).await {
        Ok(record) => paper_page(&visit, &record),
        Err(error) => visit.refused(&error),
    }
}

/// "This is not right".
pub(super) async fn contest(
    State(state): State<ApiState>,
    Path(place): Path<RecordPlace>,
    visit: Visit,
) -> Response {
    let id = PaperRecordId::from(place.record);
    match matches::contest_paper(&state.app, &visit.visitor.caller, id).await {
        Ok(record) => paper_page(&visit, &record),
        Err(error) => visit.refused(&error),
    }
}

fn paper_page(visit: &Visit, record: &PaperRecord) -> Response {
    let t = visit.t();
    let what = match record.what {
        OnPaper::Verdict => t.dispute_verdict,
        OnPaper::Signature(_) => t.dispute_signature,
    };
    let facts = [
        (t.dispute_what, what.to_owned()),
        (t.dispute_on, visit.words().date(&record.on)),
        (t.dispute_witness, record.witness.clone()),
    ];
    let facts = facts.map(|(label, value)| (label.to_owned(), value));
    let mut blocks = Vec::new();
    if record.contested_at.is_some() {
        blocks.push(Block::Done(t.dispute_done.into()));
        blocks.push(Block::Facts(facts.into()));
    } else {
        blocks.push(Block::Text(t.dispute_intro.into()));
        blocks.push(Block::Facts(facts.into()));
        blocks.push(Block::Text(t.dispute_effect.into()));
        let form = Form::new(visit.href(&format!("/paper/{}", record.id)));
        blocks.push(Block::Form(form.button(t.dispute_button, Look::Plain)));
    }
    visit.show(t.dispute_title, blocks)
}
