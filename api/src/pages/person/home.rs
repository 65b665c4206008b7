//! Where a person's pages begin: how it stands, and what there is to do.

use axum::{extract::State, response::Response};
use tandem_domain::cases::CaseState;
use tandem_domain::matches::MatchState;
use tandem_operations::persons::{self, TandemFacts};

use super::Visit;
use crate::pages::texts::{Texts, fill};
use crate::pages::view::{Block, Link};
use crate::server::ApiState;

/// The overview.
pub(super) async fn home(State(state): State<ApiState>, visit: Visit) -> Response {
    let tandems = match persons::tandems(&state.app, &visit.visitor).await {
        Ok(tandems) => tandems,
        Err(error) => return visit.refused(&error),
    };
    let t = visit.t();
    let mut blocks = vec![Block::Text(fill(
        t.greeting,
        &[("name", &visit.visitor.facts.called)],
    ))];
    if visit.is_expert() {
        expert(&visit, &tandems, &mut blocks);
    } else {
        let case = match persons::case(&state.app, &visit.visitor).await {
            Ok(case) => case,
            Err(error) => return visit.refused(&error),
        };
        // the newest match decides, unless the search went on after it
        let running = tandems
            .first()
            .filter(|tandem| shows(tandem, case.as_ref().map(|case| case.state)));
        blocks.push(Block::Note(
            standing(t, running, case.as_ref().map(|case| case.state)).to_owned(),
        ));
        let mut links = Vec::new();
        if let Some(tandem) = running {
            let label = if tandem.state.is_engaged() {
                t.who_title
            } else {
                t.next_title
            };
            links.push(Link::first(visit.href(&format!("/match/{}", tandem.id)), label));
        }
        if case.is_some() {
            links.push(Link::new(visit.href("/case"), t.case_title));
        }
        blocks.push(Block::Links(links));
    }
    let title = if visit.is_expert() {
        visit.e().home_title
    } else {
        t.home_title
    };
    visit.show(title, blocks)
}

/// Whether a match is what a mentee's overview is about: it is under way, or it ended and no search
/// follows.
fn shows(tandem: &TandemFacts, case: Option<CaseState>) -> bool {
    tandem.state.is_engaged()
        || !matches!(
            case,
            Some(CaseState::Searching | CaseState::Submitted | CaseState::Draft)
        )
}

/// How it stands, in a sentence or two.
pub(super) fn standing(t: &Texts, tandem: Option<&TandemFacts>, case: Option<CaseState>) -> &'static str {
    if let Some(tandem) = tandem {
        return match tandem.state {
            MatchState::Interested => t.state_interested,
            MatchState::Introduced => t.state_introduced,
            MatchState::Met => t.state_met,
            MatchState::Active => t.state_active,
            MatchState::Paused => t.state_paused,
            MatchState::NotFormed => t.state_not_formed,
            _ => t.state_ended,
        };
    }
    match case {
        None => t.state_none,
        Some(CaseState::Draft) => t.state_draft,
        Some(CaseState::Submitted) => t.state_submitted,
        Some(CaseState::Searching | CaseState::Matched | CaseState::Active) => t.state_searching,
        Some(CaseState::Closed | CaseState::Withdrawn) => t.state_closed,
    }
}

fn expert(visit: &Visit, tandems: &[TandemFacts], blocks: &mut Vec<Block>) {
    let e = visit.e();
    blocks.push(Block::Text(e.home_intro.into()));
    let (asked, own): (Vec<&TandemFacts>, Vec<&TandemFacts>) = tandems
        .iter()
        .filter(|tandem| {
            !matches!(
                tandem.state,
                MatchState::Declined | MatchState::Withdrawn | MatchState::Superseded | MatchState::Lapsed
            )
        })
        .partition(|tandem| tandem.state == MatchState::Approached);
    if !asked.is_empty() {
        blocks.push(Block::Heading(e.asked_title.into()));
        blocks.push(Block::Links(links(visit, &asked, true)));
    }
    blocks.push(Block::Heading(e.matches_title.into()));
    if own.is_empty() {
        blocks.push(Block::Text(e.matches_none.into()));
    } else {
        blocks.push(Block::Links(links(visit, &own, false)));
    }
}

fn links(visit: &Visit, tandems: &[&TandemFacts], first: bool) -> Vec<Link> {
    let e = visit.e();
    let label = |tandem: &TandemFacts| {
        if tandem.state == MatchState::Approached {
            return fill(e.asked_link, &[("place", &tandem.center_place)]);
        }
        let state = super::tandem::state_for_expert(e, tandem.state);
        format!(
            "{}, {}: {state}",
            tandem.mentee_name.given_name, tandem.center_place
        )
    };
    tandems
        .iter()
        .map(|tandem| Link {
            first,
            ..Link::new(visit.href(&format!("/match/{}", tandem.id)), label(tandem))
        })
        .collect()
}
