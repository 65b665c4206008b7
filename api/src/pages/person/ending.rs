//! Interrupting and ending a match, the short forms, the final report.

use axum::{
    extract::{Path, State},
    response::Response,
};
use strum::VariantArray;
use tandem_domain::feedback::{Answers, Degree, Occasion, Report};
use tandem_domain::matches::{EndReason, MatchState};
use tandem_domain::parties::Side;
use tandem_domain::values::CefrLevel;
use tandem_operations::Error;
use tandem_operations::matches::{self, EndDraft, Own, Task};

use super::tandem::Place;
use super::words::{self, END_REASONS, Refusals};
use super::{Fields, Visit};
use crate::pages::texts::fill;
use crate::pages::view::{Block, Choice, Field, Form, Kind, Look};
use crate::server::ApiState;

/// Interrupt, or take up again. For expert and mentee; a guardian asks the centre.
pub(super) async fn pause(State(state): State<ApiState>, Path(place): Path<Place>, visit: Visit) -> Response {
    match own_to_pause(&visit, &state, place).await {
        Ok(own) => pause_page(&visit, &own, &Refusals::none()),
        Err(page) => page,
    }
}

/// Does it.
pub(super) async fn pause_now(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let own = match own_to_pause(&visit, &state, place).await {
        Ok(own) => own,
        Err(page) => return page,
    };
    let (app, caller, id) = (&state.app, &visit.visitor.caller, own.matching.id);
    let path = format!("/match/{id}/pause");
    // what is wished stands already: a second click
    let done = match (fields.get("to"), own.matching.state) {
        ("pause", MatchState::Paused) | ("resume", MatchState::Active) => return visit.see(&path, "saved"),
        ("pause", _) => matches::pause(app, caller, id, None).await,
        ("resume", _) => matches::resume(app, caller, id, None).await,
        _ => return pause_page(&visit, &own, &Refusals::none()),
    };
    match done {
        Ok(_) => visit.see(&path, "saved"),
        Err(Error::Refused(errors)) => pause_page(&visit, &own, &errors.into()),
        Err(error) => visit.refused(&error),
    }
}

fn pause_page(visit: &Visit, own: &Own, refusals: &Refusals) -> Response {
    let t = visit.t();
    let e = visit.expert_texts();
    let mut blocks = Vec::new();
    if visit.has_done("saved") {
        blocks.push(Block::Done(t.saved.into()));
    }
    blocks.extend(refusals.alarm(t));
    let form = Form::new(visit.href(&format!("/match/{}/pause", own.matching.id)));
    match own.matching.state {
        MatchState::Active => {
            blocks.push(Block::Text(e.map_or(t.pause_intro, |e| e.pause_intro).into()));
            blocks.push(Block::Form(form.sending(
                "to",
                "pause",
                e.map_or(t.pause_button, |e| e.pause_button),
                Look::Plain,
            )));
        }
        MatchState::Paused => {
            blocks.push(Block::Text(e.map_or(t.resume_intro, |e| e.resume_intro).into()));
            blocks.push(Block::Form(form.sending(
                "to",
                "resume",
                e.map_or(t.resume_button, |e| e.resume_button),
                Look::First,
            )));
        }
        _ => blocks.push(Block::Text(t.closed.into())),
    }
    visit.show_as(refusals, e.map_or(t.pause_title, |e| e.pause_title), blocks)
}

async fn own_to_pause(visit: &Visit, state: &ApiState, place: Place) -> Result<Own, Response> {
    if visit.side() == Side::Guardian {
        return visit.own_as_expert(state, place).await;
    }
    visit.own(state, place).await
}

/// Ending: reasons are offered and none is asked for.
pub(super) async fn end(State(state): State<ApiState>, Path(place): Path<Place>, visit: Visit) -> Response {
    match visit.own(&state, place).await {
        Ok(own) => end_page(&visit, &own, &Refusals::none()),
        Err(page) => page,
    }
}

/// Ends it, after it was asked once more.
pub(super) async fn end_now(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let own = match visit.own(&state, place).await {
        Ok(own) => own,
        Err(page) => return page,
    };
    if own.matching.ended_at.is_some() {
        return end_page(&visit, &own, &Refusals::none());
    }
    let reasons: Vec<EndReason> = fields
        .all("reasons")
        .filter_map(|reason| reason.parse().ok())
        .filter(|reason| END_REASONS.contains(reason))
        .collect();
    let another = match fields.get("another") {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    if !fields.has("sure") {
        return end_really(&visit, &own, &fields, &reasons);
    }
    let reached = [
        EndReason::GoalReached,
        EndReason::TermOver,
        EndReason::TrainingBegun,
    ];
    let draft = EndDraft {
        completed: reasons.iter().any(|reason| reached.contains(reason)),
        reasons,
        another,
    };
    match matches::end(&state.app, &visit.visitor.caller, own.matching.id, None, draft).await {
        Ok(_) => visit.see(&format!("/match/{}/end", own.matching.id), "ended"),
        Err(Error::Refused(errors)) => end_page(&visit, &own, &errors.into()),
        Err(error) => visit.refused(&error),
    }
}

fn end_title(visit: &Visit) -> &'static str {
    visit.expert_texts().map_or(visit.t().end_title, |e| e.end_title)
}

fn end_page(visit: &Visit, own: &Own, refusals: &Refusals) -> Response {
    let (t, e) = (visit.t(), visit.expert_texts());
    let mut blocks: Vec<Block> = refusals.alarm(t).into_iter().collect();
    if own.matching.ended_at.is_some() {
        blocks.push(Block::Done(e.map_or(t.end_done, |e| e.end_thanks).into()));
        let tasks = super::tandem::tasks(visit, own);
        if !tasks.is_empty() {
            blocks.push(Block::Heading(t.next_title.into()));
            blocks.push(Block::Links(tasks));
        }
        return visit.show(end_title(visit), blocks);
    }
    blocks.push(Block::Text(e.map_or(t.end_intro, |e| e.end_intro).into()));
    if e.is_none() {
        blocks.push(Block::Text(t.end_free.into()));
    }
    let reasons =
        END_REASONS.map(|reason| Choice::new(reason.as_str(), words::end_reason(t, e, reason), false));
    let another = [
        ("yes", e.map_or(t.end_yes, |e| e.end_yes)),
        ("no", e.map_or(t.end_no, |e| e.end_no)),
    ]
    .map(|(value, label)| Choice::new(value, label, false));
    let form = Form::new(visit.href(&format!("/match/{}/end", own.matching.id)))
        .field(Field::new(
            "reasons",
            e.map_or(t.end_reasons, |e| e.end_reasons),
            Kind::Any(reasons.into()),
        ))
        .field(Field::new(
            "another",
            e.map_or(t.end_another, |e| e.end_another),
            Kind::One(another.into()),
        ))
        .button(e.map_or(t.end_button, |e| e.end_button), Look::Plain);
    blocks.push(Block::Form(form));
    visit.show_as(refusals, end_title(visit), blocks)
}

fn end_really(visit: &Visit, own: &Own, fields: &Fields, reasons: &[EndReason]) -> Response {
    let t = visit.t();
    let text = match visit.expert_texts() {
        Some(e) => fill(e.end_sure, &[("mentee", &own.mentee_given_name)]),
        None => fill(t.end_sure, &[("expert", &own.expert_name)]),
    };
    let path = visit.href(&format!("/match/{}/end", own.matching.id));
    let form = reasons
        .iter()
        .fold(Form::new(path.clone()), |form, reason| {
            form.hidden("reasons", reason.as_str())
        })
        .hidden("another", fields.get("another"));
    visit.confirm(end_title(visit), vec![Block::Note(text)], form, &path)
}

/// Whether another match would be welcome, asked after the end.
pub(super) async fn another(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
) -> Response {
    let own = match visit.own(&state, place).await {
        Ok(own) => own,
        Err(page) => return page,
    };
    let (t, e) = (visit.t(), visit.expert_texts());
    let form = Form::new(visit.href(&format!("/match/{}/another", own.matching.id)))
        .sending("another", "yes", e.map_or(t.end_yes, |e| e.end_yes), Look::First)
        .sending("another", "no", e.map_or(t.end_no, |e| e.end_no), Look::Plain);
    visit.show(
        e.map_or(t.end_another, |e| e.end_another),
        vec![Block::Form(form)],
    )
}

/// Says so.
pub(super) async fn another_now(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let own = match visit.own(&state, place).await {
        Ok(own) => own,
        Err(page) => return page,
    };
    let wish = fields.get("another") == "yes";
    match matches::wish_another(&state.app, &visit.visitor.caller, own.matching.id, wish).await {
        Ok(_) => visit.see(&format!("/match/{}", own.matching.id), "saved"),
        Err(error) => visit.refused(&error),
    }
}

/// The form that is due, or a word of thanks.
pub(super) async fn feedback(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
) -> Response {
    match visit.own(&state, place).await {
        Ok(own) => feedback_page(&visit, &own, &Fields::default(), &Refusals::none()),
        Err(page) => page,
    }
}

/// Answers it.
pub(super) async fn feedback_now(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let own = match visit.own(&state, place).await {
        Ok(own) => own,
        Err(page) => return page,
    };
    let path = format!("/match/{}/feedback", own.matching.id);
    let Some(occasion) = due(&own) else {
        return visit.see(&path, "saved");
    };
    let comment = fields.get("comment").to_owned();
    let answers = if visit.is_expert() {
        fields.read("satisfaction").map(|satisfaction| Answers::Expert {
            satisfaction,
            support_wished: fields.has("support"),
            comment,
        })
    } else {
        let degrees = fields.read::<Degree>("helps").zip(fields.read::<Degree>("often"));
        degrees.map(|(helps, often_enough)| Answers::Mentee {
            helps,
            often_enough,
            comment,
        })
    };
    let Some(answers) = answers else {
        return feedback_page(&visit, &own, &fields, &Refusals::missing("all"));
    };
    match matches::give_feedback(
        &state.app,
        &visit.visitor.caller,
        own.matching.id,
        occasion,
        answers,
    )
    .await
    {
        Ok(_) => visit.see(&path, "saved"),
        Err(Error::Refused(errors)) => feedback_page(&visit, &own, &fields, &errors.into()),
        Err(error) => visit.refused(&error),
    }
}

fn due(own: &Own) -> Option<Occasion> {
    own.tasks.iter().find_map(|task| match task {
        Task::Feedback(occasion) => Some(*occasion),
        _ => None,
    })
}

fn feedback_page(visit: &Visit, own: &Own, fields: &Fields, refusals: &Refusals) -> Response {
    let (t, e) = (visit.t(), visit.expert_texts());
    let title = e.map_or(t.feedback_title, |e| e.feedback_title);
    let mut blocks: Vec<Block> = refusals.alarm(t).into_iter().collect();
    if due(own).is_none() {
        let thanks = if visit.has_done("saved") {
            t.feedback_thanks
        } else {
            t.nothing_to_do
        };
        blocks.push(Block::Done(thanks.into()));
        return visit.show(title, blocks);
    }
    blocks.push(Block::Text(
        e.map_or(t.feedback_intro, |e| e.feedback_intro).into(),
    ));
    let path = visit.href(&format!("/match/{}/feedback", own.matching.id));
    let mut form = Form::new(path);
    let wrong = |name: &str| {
        let empty = refusals.any() && fields.get(name).is_empty();
        empty.then_some(t.missing)
    };
    if let Some(e) = e {
        let steps = (1..=5_u8).map(|step| {
            let label = match step {
                1 => format!("1 – {}", e.feedback_joy_least),
                5 => format!("5 – {}", e.feedback_joy_most),
                _ => step.to_string(),
            };
            Choice::new(step.to_string(), label, fields.read("satisfaction") == Some(step))
        });
        let joy = Field::new("satisfaction", e.feedback_joy, Kind::One(steps.collect()));
        let set = fields.has("support");
        form = form
            .field(joy.required().error(wrong("satisfaction")))
            .field(Field::new("support", e.feedback_support, Kind::Tick { set }));
    } else {
        let private = fill(t.feedback_private, &[("expert", &own.expert_name)]);
        blocks.push(Block::Text(private));
        for (name, label) in [("helps", t.feedback_helps), ("often", t.feedback_often)] {
            let field = Field::new(name, label, Kind::One(degrees(visit, fields.read(name))));
            form = form.field(field.required().error(wrong(name)));
        }
    }
    let comment = Field::new(
        "comment",
        e.map_or(t.feedback_else, |e| e.feedback_else),
        Kind::Lines(fields.get("comment").to_owned()),
    );
    let form = form.field(comment.hint(t.optional)).button(t.send, Look::First);
    blocks.push(Block::Form(form));
    visit.show_as(refusals, title, blocks)
}

fn degrees(visit: &Visit, chosen: Option<Degree>) -> Vec<Choice> {
    let choice = |degree: &Degree| {
        let label = words::degree(visit.t(), *degree);
        Choice::new(degree.as_str(), label, chosen == Some(*degree))
    };
    Degree::VARIANTS.iter().map(choice).collect()
}

/// The final report. For the expert.
pub(super) async fn report(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
) -> Response {
    match visit.own_as_expert(&state, place).await {
        Ok(own) => report_page(&visit, &own, &Fields::default(), &Refusals::none()),
        Err(page) => page,
    }
}

/// Writes it.
pub(super) async fn report_now(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let own = match visit.own_as_expert(&state, place).await {
        Ok(own) => own,
        Err(page) => return page,
    };
    let Some(tackles_alone) = fields.read::<Degree>("alone") else {
        return report_page(&visit, &own, &fields, &Refusals::missing("alone"));
    };
    let report = Report {
        german_level: fields.read("level"),
        tackles_alone,
        summary: fields.get("summary").to_owned(),
    };
    match matches::write_report(&state.app, &visit.visitor.caller, own.matching.id, report).await {
        Ok(_) => visit.see(&format!("/match/{}/report", own.matching.id), "saved"),
        Err(Error::Refused(errors)) => report_page(&visit, &own, &fields, &errors.into()),
        Err(error) => visit.refused(&error),
    }
}

fn report_page(visit: &Visit, own: &Own, fields: &Fields, refusals: &Refusals) -> Response {
    let (t, e) = (visit.t(), visit.e());
    let mut blocks: Vec<Block> = refusals.alarm(t).into_iter().collect();
    if !own.tasks.contains(&Task::Report) {
        let written = own.matching.ended_at.is_some();
        let text = if written { e.report_done } else { t.nothing_to_do };
        blocks.push(Block::Done(text.into()));
        return visit.show(e.report_title, blocks);
    }
    blocks.push(Block::Text(e.report_intro.into()));
    let mut levels = vec![Choice::new(
        "",
        e.report_level_unknown,
        fields.get("level").is_empty(),
    )];
    levels.extend(
        CefrLevel::VARIANTS
            .iter()
            .filter(|level| **level != CefrLevel::None)
            .map(|level| {
                let chosen = fields.get("level") == level.as_str();
                Choice::new(level.as_str(), level.as_str(), chosen)
            }),
    );
    let alone = Field::new(
        "alone",
        e.report_alone,
        Kind::One(degrees(visit, fields.read("alone"))),
    );
    let summary = Field::new(
        "summary",
        e.report_summary,
        Kind::Lines(fields.get("summary").to_owned()),
    );
    blocks.push(Block::Form(
        Form::new(visit.href(&format!("/match/{}/report", own.matching.id)))
            .field(alone.required().error(refusals.on(t, "", "alone")))
            .field(Field::new("level", e.report_level, Kind::Select(levels)))
            .field(
                summary
                    .hint(e.meetings_note_hint)
                    .error(refusals.on(t, "x", "summary")),
            )
            .button(e.report_button, Look::First),
    ));
    visit.show_as(refusals, e.report_title, blocks)
}
