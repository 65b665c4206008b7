//! Milestones, and the interview with its preparation and follow-up (S43). For the expert.

use axum::{
    extract::{Path, State},
    response::Response,
};
use chrono::NaiveDate;
use strum::VariantArray;
use tandem_domain::accompaniment::{MilestoneDraft, MilestoneKind};
use tandem_domain::ids::MilestoneId;
use tandem_domain::matches::MatchState;
use tandem_domain::values::CefrLevel;
use tandem_operations::Error;
use tandem_operations::matches::{self, Milestone, Own};
use uuid::Uuid;

use super::tandem::Place;
use super::words::{self, Refusals};
use super::{Fields, Visit};
use crate::pages::texts::fill;
use crate::pages::view::{Block, Choice, Field, Form, Kind, Look};
use crate::server::ApiState;

/// What is achieved, and the form.
pub(super) async fn get(State(state): State<ApiState>, Path(place): Path<Place>, visit: Visit) -> Response {
    match visit.own_as_expert(&state, place).await {
        Ok(own) => page(&state, &visit, &own, &Fields::default(), &Refusals::none()).await,
        Err(page) => page,
    }
}

/// Records one; a double click records it once.
pub(super) async fn add(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let own = match visit.own_as_expert(&state, place).await {
        Ok(own) => own,
        Err(page) => return page,
    };
    let (Some(kind), Some(on_date)) = (
        fields.read::<MilestoneKind>("kind"),
        fields.read::<NaiveDate>("day"),
    ) else {
        let missing = if fields.get("kind").is_empty() {
            "kind"
        } else {
            "onDate"
        };
        return page(&state, &visit, &own, &fields, &Refusals::missing(missing)).await;
    };
    let part = matches!(
        kind,
        MilestoneKind::InterviewPrepared | MilestoneKind::InterviewFollowedUp
    );
    let draft = MilestoneDraft {
        kind,
        on_date,
        // what does not belong to this kind was left as it stood in the form
        level: fields
            .read("level")
            .filter(|_| kind == MilestoneKind::LevelReached),
        interview: fields
            .read::<Uuid>("interview")
            .filter(|_| part)
            .map(MilestoneId::from),
        note: fields.get("note").to_owned(),
    };
    let (caller, key) = (&visit.visitor.caller, fields.key());
    match matches::record_milestone(&state.app, caller, own.matching.id, draft, key).await {
        Ok(_) => visit.see(&format!("/match/{}/milestones", own.matching.id), "saved"),
        Err(Error::Refused(errors)) => page(&state, &visit, &own, &fields, &errors.into()).await,
        Err(error) => visit.refused(&error),
    }
}

async fn page(state: &ApiState, visit: &Visit, own: &Own, fields: &Fields, refusals: &Refusals) -> Response {
    let known = match matches::milestones(&state.app, &visit.visitor.caller, &[own.matching.id]).await {
        Ok(known) => known,
        Err(error) => return visit.refused(&error),
    };
    let (t, e) = (visit.t(), visit.e());
    let mut blocks = Vec::new();
    if visit.has_done("saved") {
        blocks.push(Block::Done(t.saved.into()));
    }
    blocks.extend(refusals.alarm(t));
    blocks.push(Block::Text(e.milestones_intro.into()));
    if known.is_empty() {
        blocks.push(Block::Text(e.milestones_none.into()));
    } else {
        let lines = known.iter().map(|milestone| line(visit, milestone, &known));
        blocks.push(Block::Facts(lines.collect()));
    }
    if matches!(own.matching.state, MatchState::Active | MatchState::Paused) {
        blocks.push(Block::Heading(e.milestones_add.into()));
        blocks.push(Block::Form(form(state, visit, own, fields, refusals, &known)));
    }
    visit.show_as(refusals, e.milestones_title, blocks)
}

fn line(visit: &Visit, milestone: &Milestone, known: &[Milestone]) -> (String, String) {
    let (e, dates) = (visit.e(), visit.words());
    let mut parts = vec![words::milestone(e, milestone.kind).to_owned()];
    parts.extend(milestone.level.map(|level| level.as_str().to_owned()));
    let interview = known.iter().find(|other| Some(other.id) == milestone.interview);
    parts.extend(interview.map(|other| fill(e.milestones_of, &[("date", &dates.date(&other.on_date))])));
    if !milestone.note.is_empty() {
        parts.push(milestone.note.clone());
    }
    (dates.date(&milestone.on_date), parts.join(", "))
}

fn form(
    state: &ApiState,
    visit: &Visit,
    own: &Own,
    fields: &Fields,
    refusals: &Refusals,
    known: &[Milestone],
) -> Form {
    let (t, e, dates) = (visit.t(), visit.e(), visit.words());
    let chosen = fields.get("kind");
    let kinds = MilestoneKind::VARIANTS
        .iter()
        .map(|kind| Choice::new(kind.as_str(), words::milestone(e, *kind), chosen == kind.as_str()));
    let kind = Field::new("kind", e.milestones_kind, Kind::One(kinds.collect()));
    let day = Field::new("day", e.milestones_day, Kind::Day(fields.get("day").to_owned()));
    let mut form = Form::new(visit.href(&format!("/match/{}/milestones", own.matching.id)))
        .field(kind.required().error(refusals.on(t, chosen, "kind")))
        .field(day.required().error(refusals.on(t, fields.get("day"), "onDate")))
        .field(level(visit, fields).error(refusals.on(t, "", "level")));
    let interviews: Vec<Choice> = known
        .iter()
        .filter(|milestone| milestone.kind == MilestoneKind::Interview)
        .map(|interview| {
            let id = interview.id.to_string();
            let chosen = fields.get("interview") == id;
            Choice::new(id, dates.date(&interview.on_date), chosen)
        })
        .collect();
    if !interviews.is_empty() {
        let field = Field::new("interview", e.milestones_interview, Kind::Select(interviews));
        form = form.field(field.error(refusals.on(t, "", "interviewId")));
    }
    form.field(
        Field::new(
            "note",
            e.milestones_note,
            Kind::Lines(fields.get("note").to_owned()),
        )
        .hint(e.meetings_note_hint)
        .error(refusals.on(t, fields.get("note"), "note")),
    )
    .hidden("key", visit.key(state, fields))
    .button(e.milestones_add, Look::First)
}

fn level(visit: &Visit, fields: &Fields) -> Field {
    let choices = CefrLevel::VARIANTS
        .iter()
        .filter(|level| **level != CefrLevel::None);
    let mut all = vec![Choice::new("", "–", fields.get("level").is_empty())];
    all.extend(choices.map(|level| {
        let chosen = fields.get("level") == level.as_str();
        Choice::new(level.as_str(), level.as_str(), chosen)
    }));
    Field::new("level", visit.e().milestones_level, Kind::Select(all))
}
