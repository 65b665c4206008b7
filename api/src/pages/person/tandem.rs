//! One match: who comes, how it stands, and where everything else about it is.

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::Deserialize;
use tandem_domain::matches::MatchState;
use tandem_operations::persons::TandemFacts;
use uuid::Uuid;

use super::home::standing;
use super::{Visit, words};
use crate::pages::texts::{ExpertTexts, fill};
use crate::pages::view::Block;
use crate::server::ApiState;

/// The part of the path that names a match.
#[derive(Debug, Deserialize)]
pub(super) struct Place {
    pub(super) matching: Uuid,
}

/// The page of one match.
pub(super) async fn tandem(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
) -> Response {
    let tandem = match visit.tandem(&state, place.matching).await {
        Ok(tandem) => tandem,
        Err(page) => return page,
    };
    if visit.is_expert() {
        expert(&visit, &tandem)
    } else {
        mentee(&visit, &tandem)
    }
}

fn mentee(visit: &Visit, tandem: &TandemFacts) -> Response {
    let (t, dates) = (visit.t(), visit.words());
    let mut blocks = vec![Block::Note(standing(t, Some(tandem), None).to_owned())];
    let mut facts = vec![(t.who_name.to_owned(), tandem.expert_name.full())];
    if !tandem.expert_work.is_empty() {
        facts.push((t.who_work.to_owned(), tandem.expert_work.join(", ")));
    }
    if !tandem.expert_languages.is_empty() {
        facts.push((
            t.who_languages.to_owned(),
            words::spoken(visit, &tandem.expert_languages),
        ));
    }
    if let Some(day) = tandem.first_meeting_on {
        facts.push((t.who_first.to_owned(), dates.date(&day)));
    }
    blocks.push(Block::Facts(facts));
    blocks.push(Block::Text(t.who_no_photo.into()));
    if matches!(tandem.state, MatchState::Interested | MatchState::Introduced) {
        blocks.push(Block::Heading(t.who_first.into()));
        blocks.push(Block::Text(t.who_first_open.into()));
        blocks.push(Block::Text(t.who_stop.into()));
    }
    visit.show(t.who_title, blocks)
}

fn expert(visit: &Visit, tandem: &TandemFacts) -> Response {
    let (e, words) = (visit.e(), visit.words());
    let mut facts = vec![(
        e.match_state.to_owned(),
        state_for_expert(e, tandem.state).to_owned(),
    )];
    if tandem.state.reveals_expert() {
        facts.push((e.match_person.to_owned(), tandem.mentee_name.given_name.clone()));
        let contact = &tandem.center_contact;
        let contact = format!("{}, {}, {}", contact.name, contact.office_name, contact.phone);
        facts.push((e.match_contact.to_owned(), contact));
    }
    facts.push((e.match_place.to_owned(), tandem.center_place.clone()));
    if let Some(day) = tandem.first_meeting_on {
        facts.push((e.match_first.to_owned(), words.date(&day)));
    }
    let title = fill(e.match_title, &[("place", &tandem.center_place)]);
    visit.show(&title, vec![Block::Facts(facts)])
}

/// A state in the words of an expert's page.
pub(super) fn state_for_expert(e: &ExpertTexts, state: MatchState) -> &'static str {
    match state {
        MatchState::Approached => e.state_approached,
        MatchState::Interested => e.state_interested,
        MatchState::Introduced => e.state_introduced,
        MatchState::Met => e.state_met,
        MatchState::Active => e.state_active,
        MatchState::Paused => e.state_paused,
        MatchState::Completed => e.state_completed,
        MatchState::EndedEarly => e.state_ended,
        MatchState::NotFormed => e.state_not_formed,
        MatchState::Declined | MatchState::Lapsed | MatchState::Withdrawn | MatchState::Superseded => {
            e.state_other
        }
    }
}
