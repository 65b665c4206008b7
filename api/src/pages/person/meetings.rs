//! The log of meetings: the expert writes, the mentee's side reads.

use axum::{
    extract::{Path, State},
    response::Response,
};
use chrono::NaiveDate;
use tandem_domain::accompaniment::{MeetingDraft, MeetingKind};
use tandem_domain::matches::MatchState;
use tandem_domain::values::SupportArea;
use tandem_operations::Error;
use tandem_operations::matches::{self, Meeting, Own};

use super::tandem::Place;
use super::words::{self, AREAS, Refusals};
use super::{Fields, Visit};
use crate::pages::texts::fill;
use crate::pages::view::{Block, Choice, Field, Form, Kind, Look};
use crate::server::ApiState;

const KINDS: [MeetingKind; 4] = [
    MeetingKind::InPerson,
    MeetingKind::Video,
    MeetingKind::Phone,
    MeetingKind::Chat,
];

/// What was logged, and for the expert the form.
pub(super) async fn get(State(state): State<ApiState>, Path(place): Path<Place>, visit: Visit) -> Response {
    match visit.own(&state, place).await {
        Ok(own) => page(&state, &visit, &own, &Fields::default(), &Refusals::none()).await,
        Err(page) => page,
    }
}

/// Logs one. The form carries a key of its own, so that a double click logs one meeting.
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
    let (Some(met_on), Some(kind)) = (
        fields.read::<NaiveDate>("day"),
        fields.read::<MeetingKind>("kind"),
    ) else {
        let missing = if fields.get("day").is_empty() {
            "metOn"
        } else {
            "kind"
        };
        return page(&state, &visit, &own, &fields, &Refusals::missing(missing)).await;
    };
    let draft = MeetingDraft {
        met_on,
        minutes: fields.read("minutes").unwrap_or(0),
        kind,
        areas: fields
            .all("areas")
            .filter_map(|area| area.parse::<SupportArea>().ok())
            .collect(),
        requested_by_mentee: fields.has("asked"),
        note: fields.get("note").to_owned(),
    };
    let key = fields.key();
    match matches::log_meeting(&state.app, &visit.visitor.caller, own.matching.id, draft, key).await {
        Ok(_) => visit.see(&format!("/match/{}/meetings", own.matching.id), "saved"),
        Err(Error::Refused(errors)) => page(&state, &visit, &own, &fields, &errors.into()).await,
        Err(error) => visit.refused(&error),
    }
}

async fn page(state: &ApiState, visit: &Visit, own: &Own, fields: &Fields, refusals: &Refusals) -> Response {
    let meetings = match matches::meetings(&state.app, &visit.visitor.caller, &[own.matching.id]).await {
        Ok(meetings) => meetings,
        Err(error) => return visit.refused(&error),
    };
    let t = visit.t();
    let mut blocks = Vec::new();
    if visit.has_done("saved") {
        blocks.push(Block::Done(t.saved.into()));
    }
    blocks.extend(refusals.alarm(t));
    let running = matches!(own.matching.state, MatchState::Active | MatchState::Paused);
    if visit.is_expert() && running {
        form(state, visit, own, fields, refusals, &mut blocks);
        blocks.push(Block::Heading(t.meetings_title.into()));
    } else if !meetings.is_empty() {
        blocks.push(Block::Text(t.meetings_intro.into()));
    }
    if meetings.is_empty() {
        blocks.push(Block::Text(t.meetings_none.into()));
    } else {
        if let Some(e) = visit.expert_texts() {
            let minutes: i64 = meetings.iter().map(|meeting| i64::from(meeting.minutes)).sum();
            let hours = (minutes + 30) / 60;
            let values = [
                ("count", meetings.len().to_string()),
                ("hours", hours.to_string()),
            ];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            blocks.push(Block::Note(fill(e.meetings_total, &values)));
        }
        blocks.push(Block::Facts(
            meetings.iter().map(|meeting| line(visit, meeting)).collect(),
        ));
    }
    let title = visit
        .expert_texts()
        .map_or(t.meetings_title, |e| e.meetings_title);
    visit.show_as(refusals, title, blocks)
}

fn line(visit: &Visit, meeting: &Meeting) -> (String, String) {
    let t = visit.t();
    let minutes = fill(t.minutes, &[("minutes", &meeting.minutes.to_string())]);
    let mut parts = vec![words::meeting_kind(t, meeting.kind).to_owned(), minutes];
    parts.extend(
        meeting
            .areas
            .iter()
            .map(|area| words::area(visit, *area).to_owned()),
    );
    if !meeting.note.is_empty() {
        parts.push(meeting.note.clone());
    }
    (visit.words().date(&meeting.met_on), parts.join(", "))
}

fn form(
    state: &ApiState,
    visit: &Visit,
    own: &Own,
    fields: &Fields,
    refusals: &Refusals,
    blocks: &mut Vec<Block>,
) {
    let (t, e) = (visit.t(), visit.e());
    let typed = |name: &str, first: String| {
        let value = fields.get(name);
        if value.is_empty() { first } else { value.to_owned() }
    };
    let kinds = KINDS.map(|kind| {
        let chosen = fields
            .read::<MeetingKind>("kind")
            .unwrap_or(MeetingKind::InPerson)
            == kind;
        Choice::new(kind.as_str(), words::meeting_kind(t, kind), chosen)
    });
    let areas = AREAS.map(|area| {
        let chosen = fields.all("areas").any(|typed| typed == area.as_str());
        Choice::new(area.as_str(), words::area(visit, area), chosen)
    });
    let day = typed("day", state.app.today().to_string());
    let minutes = Kind::Number {
        value: typed("minutes", "60".into()),
        least: 1,
        most: 1440,
    };
    let form = Form::new(visit.href(&format!("/match/{}/meetings", own.matching.id)))
        .field(
            Field::new("day", e.meetings_day, Kind::Day(day))
                .required()
                .error(refusals.on(t, fields.get("day"), "metOn")),
        )
        .field(
            Field::new("minutes", e.meetings_minutes, minutes)
                .required()
                .error(refusals.on(t, "x", "minutes")),
        )
        .field(
            Field::new("kind", e.meetings_kind, Kind::One(kinds.into()))
                .required()
                .error(refusals.on(t, "", "kind")),
        )
        .field(Field::new("areas", e.meetings_areas, Kind::Any(areas.into())))
        .field(Field::new(
            "asked",
            e.meetings_asked,
            Kind::Tick {
                set: fields.has("asked"),
            },
        ))
        .field(
            Field::new(
                "note",
                e.meetings_note,
                Kind::Lines(fields.get("note").to_owned()),
            )
            .hint(e.meetings_note_hint)
            .error(refusals.on(t, fields.get("note"), "note")),
        )
        .hidden("key", visit.key(state, fields))
        .button(e.meetings_add, Look::First);
    blocks.push(Block::Text(e.meetings_intro.into()));
    blocks.push(Block::Form(form));
}
