//! What a mentee's own request says, and the consent to it.

use axum::{extract::State, response::Response};
use tandem_operations::persons;

use super::{Visit, words};
use crate::pages::texts::fill;
use crate::pages::view::Block;
use crate::server::ApiState;

/// The request. For mentees and guardians.
pub(super) async fn case(State(state): State<ApiState>, visit: Visit) -> Response {
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
    let mut blocks = vec![Block::Text(t.case_intro.into())];
    let areas = wishes
        .support_areas
        .iter()
        .map(|(area, _)| words::area(&visit, *area).to_owned());
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
    let given = if visit.side() == tandem_domain::parties::Side::Guardian {
        wishes.guardian_consent_on
    } else {
        wishes.mentee_consent_on
    };
    blocks.push(Block::Text(match given {
        Some(day) => fill(t.consent_given, &[("date", &dates.date(&day))]),
        None => t.consent_open.to_owned(),
    }));
    visit.show(t.case_title, blocks)
}
