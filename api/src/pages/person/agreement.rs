//! The written agreement: to read, to sign, and for the expert to write (S11, S35, S36).

use axum::{
    extract::{Path, State},
    response::Response,
};
use tandem_domain::agreements::AgreementDraft;
use tandem_domain::matches::MatchState;
use tandem_domain::parties::Side;
use tandem_domain::values::Channel;
use tandem_operations::matches::{self, Agreement, Own, Task};
use tandem_operations::{Error, persons};

use super::tandem::Place;
use super::words::{self, AREAS, Refusals};
use super::{Fields, Visit};
use crate::pages::texts::fill;
use crate::pages::view::{Block, Choice, Field, Form, Kind, Link, Look};
use crate::server::ApiState;

const CHANNELS: [Channel; 5] = [
    Channel::InPerson,
    Channel::Phone,
    Channel::Video,
    Channel::Messenger,
    Channel::Email,
];

/// The newest version, who has signed it, and the form that signs.
pub(super) async fn get(State(state): State<ApiState>, Path(place): Path<Place>, visit: Visit) -> Response {
    match visit.own(&state, place).await {
        Ok(own) => page(&visit, &own, &Refusals::none()),
        Err(page) => page,
    }
}

/// Signs. Only with the tick that says who signs, and that it was read.
pub(super) async fn sign(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let own = match visit.own(&state, place).await {
        Ok(own) => own,
        Err(page) => return page,
    };
    // the version that was on the page, not one that came meanwhile
    let number = fields.read::<i16>("version");
    let Some(version) = own
        .agreement
        .as_ref()
        .filter(|version| Some(version.number) == number)
    else {
        return page(&visit, &own, &Refusals::meanwhile());
    };
    if !fields.has("agree") {
        return page(&visit, &own, &Refusals::missing("agree"));
    }
    match matches::sign(&state.app, &visit.visitor.caller, version.id).await {
        Ok(_) => visit.see(&format!("/match/{}/agreement", own.matching.id), "signed"),
        Err(Error::Refused(errors)) => page(&visit, &own, &errors.into()),
        Err(error) => visit.refused(&error),
    }
}

fn page(visit: &Visit, own: &Own, refusals: &Refusals) -> Response {
    let t = visit.t();
    let mut blocks = Vec::new();
    if visit.has_done("signed") {
        blocks.push(Block::Done(t.agreement_done.into()));
    }
    if visit.has_done("saved") {
        blocks.push(Block::Done(t.saved.into()));
    }
    blocks.extend(refusals.alarm(t));
    let write = Link::new(
        visit.href(&format!("/match/{}/agreement/write", own.matching.id)),
        visit.e().agreement_edit,
    );
    let Some(version) = &own.agreement else {
        if may_write(visit, own) {
            blocks.push(Block::Text(visit.e().agreement_intro.into()));
            blocks.push(Block::Links(vec![Link { first: true, ..write }]));
        } else {
            blocks.push(Block::Text(t.agreement_none.into()));
            if visit.is_expert() {
                blocks.push(Block::Text(visit.e().agreement_write_first.into()));
            }
        }
        return visit.show(t.agreement_title, blocks);
    };
    let intro = visit
        .expert_texts()
        .map_or(t.agreement_intro, |e| e.agreement_sign_intro);
    blocks.push(Block::Text(intro.into()));
    blocks.push(Block::Facts(terms(visit, own, version)));
    blocks.push(Block::Text(t.agreement_free.into()));
    blocks.push(Block::Heading(t.agreement_signatures.into()));
    blocks.push(Block::Facts(signatures(visit, own, version)));
    let pdf = Form::new(visit.href(&format!("/match/{}/agreement/pdf", own.matching.id)));
    blocks.push(Block::Form(pdf.button(t.pdf_button, Look::Plain)));
    if own.tasks.contains(&Task::Sign(version.id)) {
        let name = [("name", visit.visitor.facts.name.as_str())];
        let tick = Field::new("agree", fill(t.agreement_check, &name), Kind::Tick { set: false })
            .required()
            .error(refusals.on(t, "", "agree"));
        blocks.push(Block::Heading(t.agreement_sign.into()));
        blocks.push(Block::Form(
            Form::new(visit.href(&format!("/match/{}/agreement", own.matching.id)))
                .field(tick)
                .hidden("version", version.number.to_string())
                .button(t.agreement_button, Look::First),
        ));
    }
    if may_write(visit, own) {
        blocks.push(Block::Text(visit.e().agreement_new.into()));
        blocks.push(Block::Links(vec![write]));
    }
    visit.show_as(refusals, t.agreement_title, blocks)
}

fn may_write(visit: &Visit, own: &Own) -> bool {
    let agreed = own.matching.consented_at.is_some();
    let running = matches!(
        own.matching.state,
        MatchState::Met | MatchState::Active | MatchState::Paused
    );
    visit.is_expert() && agreed && running
}

fn terms(visit: &Visit, own: &Own, version: &Agreement) -> Vec<(String, String)> {
    let (t, dates) = (visit.t(), visit.words());
    let terms = &version.terms;
    let areas: Vec<String> = terms
        .areas
        .iter()
        .map(|area| words::area(visit, *area).to_owned())
        .collect();
    let expert = own.expert_name.as_str();
    let mentee = own.mentee_given_name.as_str();
    let rhythm = if terms.rhythm_days == 7 {
        t.agreement_weekly.to_owned()
    } else {
        fill(t.agreement_days, &[("days", &terms.rhythm_days.to_string())])
    };
    let channels: Vec<String> = terms
        .channels
        .iter()
        .map(|channel| words::channel(t, *channel).to_owned())
        .collect();
    let number = fill(t.agreement_version, &[("number", &version.number.to_string())]);
    let all = [
        (t.agreement_title.to_owned(), number),
        (t.agreement_areas.to_owned(), areas.join("; ")),
        (
            fill(t.agreement_expert, &[("expert", expert)]),
            terms.expert_tasks.clone(),
        ),
        (
            fill(t.agreement_mentee, &[("mentee", mentee)]),
            terms.mentee_tasks.clone(),
        ),
        (t.agreement_rhythm.to_owned(), rhythm),
        (t.agreement_place.to_owned(), terms.place.clone()),
        (t.agreement_channels.to_owned(), channels.join(", ")),
        (t.agreement_goals.to_owned(), terms.goals.clone()),
        (t.agreement_from.to_owned(), dates.date(&terms.starts_on)),
        (t.agreement_until.to_owned(), dates.date(&terms.ends_on)),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn signatures(visit: &Visit, own: &Own, version: &Agreement) -> Vec<(String, String)> {
    let (t, dates) = (visit.t(), visit.words());
    let sides: &[Side] = if own.minor {
        &[Side::Expert, Side::Mentee, Side::Guardian]
    } else {
        &[Side::Expert, Side::Mentee]
    };
    sides
        .iter()
        .map(|side| {
            let signature = version
                .signatures
                .iter()
                .find(|signature| signature.side == *side);
            let text = match signature {
                Some(signature) => {
                    let date = fill(t.agreement_signed_on, &[("date", &dates.date(&signature.on))]);
                    // a name in Latin letters at its beginning would turn the line round
                    let mark = if visit.language().direction() == "rtl" {
                        "\u{200f}"
                    } else {
                        ""
                    };
                    format!("{mark}{}, {date}", signature.name)
                }
                None => t.agreement_open.to_owned(),
            };
            (words::side(t, *side).to_owned(), text)
        })
        .collect()
}

/// The form in which the expert writes the agreement, with what the newest version says.
pub(super) async fn write(State(state): State<ApiState>, Path(place): Path<Place>, visit: Visit) -> Response {
    let own = match writable(&state, &visit, place).await {
        Ok(own) => own,
        Err(page) => return page,
    };
    let draft = match &own.agreement {
        Some(version) => draft_of(version),
        None => AgreementDraft {
            areas: match persons::wished_areas(&state.app, &visit.visitor, own.matching.id).await {
                Ok(areas) => areas,
                Err(error) => return visit.refused(&error),
            },
            rhythm_days: Some(7),
            starts_on: Some(state.app.today()),
            channels: vec![Channel::InPerson],
            ..AgreementDraft::default()
        },
    };
    writing(&visit, &own, &draft, &Refusals::none())
}

/// Writes it.
pub(super) async fn save(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let own = match writable(&state, &visit, place).await {
        Ok(own) => own,
        Err(page) => return page,
    };
    let draft = AgreementDraft {
        areas: fields.all("areas").filter_map(|area| area.parse().ok()).collect(),
        expert_tasks: fields.get("expert_tasks").to_owned(),
        mentee_tasks: fields.get("mentee_tasks").to_owned(),
        rhythm_days: Some(fields.read("rhythm_days").unwrap_or(0)),
        place: fields.get("place").to_owned(),
        channels: fields
            .all("channels")
            .filter_map(|channel| channel.parse().ok())
            .collect(),
        goals: fields.get("goals").to_owned(),
        starts_on: fields.read("starts_on"),
        ends_on: fields.read("ends_on"),
    };
    match matches::write_agreement(&state.app, &visit.visitor.caller, own.matching.id, draft.clone()).await {
        Ok(_) => visit.see(&format!("/match/{}/agreement", own.matching.id), "saved"),
        Err(Error::Refused(errors)) => writing(&visit, &own, &draft, &errors.into()),
        Err(error) => visit.refused(&error),
    }
}

async fn writable(state: &ApiState, visit: &Visit, place: Place) -> Result<Own, Response> {
    let own = visit.own(state, place).await?;
    if may_write(visit, &own) {
        return Ok(own);
    }
    Err(page(visit, &own, &Refusals::none()))
}

fn draft_of(version: &Agreement) -> AgreementDraft {
    let terms = version.terms.clone();
    AgreementDraft {
        areas: terms.areas,
        expert_tasks: terms.expert_tasks,
        mentee_tasks: terms.mentee_tasks,
        rhythm_days: Some(terms.rhythm_days.into()),
        place: terms.place,
        channels: terms.channels,
        goals: terms.goals,
        starts_on: Some(terms.starts_on),
        ends_on: Some(terms.ends_on),
    }
}

fn writing(visit: &Visit, own: &Own, draft: &AgreementDraft, refusals: &Refusals) -> Response {
    let (t, e) = (visit.t(), visit.e());
    let mentee = [("mentee", own.mentee_given_name.as_str())];
    let areas = AREAS.map(|area| {
        Choice::new(
            area.as_str(),
            words::area(visit, area),
            draft.areas.contains(&area),
        )
    });
    let channels = CHANNELS.map(|channel| {
        let label = words::channel(t, channel);
        Choice::new(channel.as_str(), label, draft.channels.contains(&channel))
    });
    let day = |day: Option<chrono::NaiveDate>| Kind::Day(day.map(|day| day.to_string()).unwrap_or_default());
    let rhythm = Kind::Number {
        value: draft.rhythm_days.map(|days| days.to_string()).unwrap_or_default(),
        least: 1,
        most: 31,
    };
    let fields = [
        Field::new("areas", t.agreement_areas, Kind::Any(areas.into()))
            .hint(e.agreement_areas_hint)
            .error(refusals.on(t, "", "areas")),
        Field::new(
            "expert_tasks",
            e.agreement_expert,
            Kind::Lines(draft.expert_tasks.clone()),
        )
        .hint(e.agreement_expert_hint)
        .error(refusals.on(t, &draft.expert_tasks, "expertTasks")),
        Field::new(
            "mentee_tasks",
            fill(e.agreement_mentee, &mentee),
            Kind::Lines(draft.mentee_tasks.clone()),
        )
        .hint(e.agreement_mentee_hint)
        .error(refusals.on(t, &draft.mentee_tasks, "menteeTasks")),
        Field::new("rhythm_days", e.agreement_rhythm, rhythm)
            .hint(e.agreement_rhythm_hint)
            .error(refusals.on(t, "x", "rhythmDays")),
        Field::new("place", e.agreement_place, Kind::Line(draft.place.clone())).error(refusals.on(
            t,
            &draft.place,
            "place",
        )),
        Field::new("channels", e.agreement_channels, Kind::Any(channels.into())),
        Field::new("goals", e.agreement_goals, Kind::Lines(draft.goals.clone()))
            .hint(e.agreement_goals_hint)
            .error(refusals.on(t, &draft.goals, "goals")),
        Field::new("starts_on", e.agreement_from, day(draft.starts_on))
            .error(refusals.on(t, "x", "startsOn")),
        Field::new("ends_on", e.agreement_until, day(draft.ends_on))
            .hint(e.agreement_until_hint)
            .error(refusals.on(t, "x", "endsOn")),
    ];
    let path = visit.href(&format!("/match/{}/agreement/write", own.matching.id));
    let form = fields.into_iter().fold(Form::new(path), Form::field);
    let mut blocks: Vec<Block> = refusals.alarm(t).into_iter().collect();
    blocks.push(Block::Text(e.agreement_intro.into()));
    blocks.push(Block::Form(form.button(e.agreement_save, Look::First)));
    visit.show_as(refusals, e.agreement_edit, blocks)
}
