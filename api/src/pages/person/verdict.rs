//! "Does it fit?": each side's own and private answer after the first meeting (S13), and leaving before
//! anything is agreed.

use axum::{
    extract::{Path, State},
    response::Response,
};
use tandem_domain::chemistry::{ChemistryResult, Verdict};
use tandem_domain::parties::Side;
use tandem_operations::Error;
use tandem_operations::matches::{self, Own};

use super::tandem::Place;
use super::words::{self, Refusals};
use super::{Fields, Visit};
use crate::pages::texts::fill;
use crate::pages::view::{Block, Choice, Field, Form, Kind, Look};
use crate::server::ApiState;

/// The question, or how it stands.
pub(super) async fn get(State(state): State<ApiState>, Path(place): Path<Place>, visit: Visit) -> Response {
    match visit.own(&state, place).await {
        Ok(own) => page(&visit, &own, None, &Refusals::none()),
        Err(page) => page,
    }
}

/// Answers. A no is asked once more, since it ends everything.
pub(super) async fn post(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let own = match visit.own(&state, place).await {
        Ok(own) => own,
        Err(page) => return page,
    };
    let id = own.matching.id;
    let Some(verdict) = fields.read::<Verdict>("verdict") else {
        return page(&visit, &own, None, &Refusals::missing("verdict"));
    };
    if verdict == Verdict::No && own.verdict.open && !fields.has("sure") {
        return really(&visit, &own);
    }
    match matches::give_verdict(&state.app, &visit.visitor.caller, id, verdict).await {
        Ok(_) => visit.see(&format!("/match/{id}/verdict"), "saved"),
        // as it is by now: the result may have come meanwhile
        Err(Error::Refused(errors)) => match visit.own(&state, place).await {
            Ok(own) => page(&visit, &own, Some(verdict), &errors.into()),
            Err(page) => page,
        },
        Err(error) => visit.refused(&error),
    }
}

fn title(visit: &Visit) -> &'static str {
    visit
        .expert_texts()
        .map_or(visit.t().verdict_title, |e| e.verdict_title)
}

fn page(visit: &Visit, own: &Own, typed: Option<Verdict>, refusals: &Refusals) -> Response {
    let (t, e) = (visit.t(), visit.expert_texts());
    let said = own.verdict;
    let mut blocks = Vec::new();
    if visit.has_done("saved") {
        blocks.push(Block::Done(t.saved.into()));
    }
    blocks.extend(refusals.alarm(t));
    if let Some(given) = said.verdict {
        let answer = [("answer", words::verdict(t, e, given))];
        blocks.push(Block::Note(fill(t.verdict_given, &answer)));
    }
    match said.result {
        Some(ChemistryResult::Agreed) => blocks.push(Block::Text(t.agreement_intro.into())),
        Some(ChemistryResult::NotFormed) => blocks.push(Block::Text(t.state_not_formed.into())),
        None if said.verdict.is_some() => blocks.push(Block::Text(t.verdict_waiting.into())),
        None => {}
    }
    if said.open {
        question(visit, own, typed, refusals, &mut blocks);
    } else if said.verdict.is_none() && said.result.is_none() {
        blocks.push(Block::Text(t.nothing_to_do.into()));
    }
    visit.show_as(refusals, title(visit), blocks)
}

fn question(visit: &Visit, own: &Own, typed: Option<Verdict>, refusals: &Refusals, blocks: &mut Vec<Block>) {
    let (t, e) = (visit.t(), visit.expert_texts());
    let given = own.verdict.verdict;
    let mentee = own.mentee_given_name.as_str();
    let names = [
        ("expert", own.expert_name.as_str()),
        ("mentee", mentee),
        ("name", mentee),
    ];
    let (intro, question) = match (visit.side(), e) {
        (Side::Expert, Some(e)) => (fill(e.verdict_intro, &names), fill(e.verdict_question, &names)),
        (Side::Guardian, _) => (
            fill(t.verdict_guardian, &names),
            t.verdict_guardian_question.to_owned(),
        ),
        _ => (fill(t.verdict_intro, &names), t.verdict_question.to_owned()),
    };
    if given.is_some() {
        blocks.push(Block::Text(t.verdict_again.into()));
    } else {
        blocks.push(Block::Text(intro));
    }
    blocks.push(Block::Text(
        e.map_or(t.verdict_private, |e| e.verdict_private).into(),
    ));
    if e.is_none() {
        blocks.push(Block::Text(t.verdict_free.into()));
    }
    let choices = [Verdict::Yes, Verdict::No, Verdict::NotSureYet].map(|verdict| {
        let chosen = typed.or(given) == Some(verdict);
        Choice::new(verdict.as_str(), words::verdict(t, e, verdict), chosen)
    });
    let field = Field::new("verdict", question, Kind::One(choices.into()))
        .required()
        .error(refusals.on(t, "", "verdict"));
    let form = Form::new(visit.href(&format!("/match/{}/verdict", own.matching.id)));
    blocks.push(Block::Form(form.field(field).button(t.send, Look::First)));
}

fn really(visit: &Visit, own: &Own) -> Response {
    let t = visit.t();
    let text = visit
        .expert_texts()
        .map_or(t.verdict_no_sure, |e| e.verdict_no_sure);
    let path = visit.href(&format!("/match/{}/verdict", own.matching.id));
    visit.confirm(
        title(visit),
        vec![Block::Note(text.into())],
        Form::new(path.clone()).hidden("verdict", Verdict::No.as_str()),
        &path,
    )
}

/// Leaving before anything is agreed: a page that says that it is all right.
pub(super) async fn stop(State(state): State<ApiState>, Path(place): Path<Place>, visit: Visit) -> Response {
    let own = match visit.own(&state, place).await {
        Ok(own) => own,
        Err(page) => return page,
    };
    let (t, e) = (visit.t(), visit.expert_texts());
    let (intro, button) = e.map_or((t.stop_intro, t.stop_button), |e| (e.stop_intro, e.stop_button));
    let form = Form::new(visit.href(&format!("/match/{}/stop", own.matching.id))).button(button, Look::Plain);
    let blocks = vec![Block::Text(intro.into()), Block::Form(form)];
    visit.show(e.map_or(t.stop_title, |e| e.stop_title), blocks)
}

/// Leaves.
pub(super) async fn stop_now(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
) -> Response {
    let own = match visit.own(&state, place).await {
        Ok(own) => own,
        Err(page) => return page,
    };
    let (t, e) = (visit.t(), visit.expert_texts());
    // a second click finds it done
    let over = own.matching.ended_at.is_some();
    match matches::leave(&state.app, &visit.visitor.caller, own.matching.id).await {
        Ok(()) => {}
        Err(Error::Refused(_)) if over => {}
        Err(error) => return visit.refused(&error),
    }
    let done = e.map_or(t.stop_done, |e| e.stop_done);
    visit.show(
        e.map_or(t.stop_title, |e| e.stop_title),
        vec![Block::Done(done.into())],
    )
}
