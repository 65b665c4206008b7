//! Where a person's pages begin: how it stands, and what there is to do.

use axum::{extract::State, response::Response};
use tandem_domain::cases::CaseState;
use tandem_domain::matches::MatchState;
use tandem_domain::parties::Party;
use tandem_operations::matches::{self, Own};
use tandem_operations::{experts, persons};

use super::Visit;
use crate::pages::texts::{Texts, fill};
use crate::pages::view::{Block, Link};
use crate::server::ApiState;

/// The overview.
pub(super) async fn home(State(state): State<ApiState>, visit: Visit) -> Response {
    let t = visit.t();
    let mut blocks = Vec::new();
    if visit.has_done("saved") {
        blocks.push(Block::Done(t.saved.into()));
    }
    blocks.push(Block::Text(fill(
        t.greeting,
        &[("name", &visit.visitor.facts.called)],
    )));
    if let Some(record) = visit.visitor.paper {
        let link = Link::first(visit.href(&format!("/paper/{record}")), t.dispute_title);
        blocks.push(Block::Links(vec![link]));
    }
    let mut owns = Vec::new();
    let ids = match persons::tandems(&state.app, &visit.visitor).await {
        Ok(ids) => ids,
        Err(error) => return visit.refused(&error),
    };
    for id in ids {
        match matches::own(&state.app, &visit.visitor.caller, id).await {
            Ok(own) => owns.push(own),
            Err(error) => return visit.refused(&error),
        }
    }
    let written = if visit.is_expert() {
        expert(&state, &visit, &owns, &mut blocks).await
    } else {
        mentee(&state, &visit, &owns, &mut blocks).await
    };
    match written {
        Ok(title) => visit.show(title, blocks),
        Err(error) => visit.refused(&error),
    }
}

async fn mentee(
    state: &ApiState,
    visit: &Visit,
    owns: &[Own],
    blocks: &mut Vec<Block>,
) -> tandem_operations::Result<&'static str> {
    let t = visit.t();
    let case = persons::case(&state.app, &visit.visitor).await?;
    let case_state = case.as_ref().map(|case| case.state);
    // the newest match decides, unless the search went on after it
    let running = owns.first().filter(|own| shows(own.matching.state, case_state));
    let standing = standing(t, running.map(|own| own.matching.state), case_state);
    blocks.push(Block::Note(standing.to_owned()));
    let mut links = Vec::new();
    for own in owns {
        // what is asked about a match that is over, too
        links.extend(super::tandem::tasks(visit, own));
    }
    if links.is_empty() {
        blocks.push(Block::Text(t.nothing_to_do.into()));
    }
    if let Some(own) = running {
        let label = if own.matching.ended_at.is_none() {
            t.who_title
        } else {
            t.next_title
        };
        links.push(Link::new(
            visit.href(&format!("/match/{}", own.matching.id)),
            label,
        ));
    }
    if case.is_some() {
        links.push(Link::new(visit.href("/case"), t.case_title));
        links.push(Link::new(visit.href("/publicity"), t.publicity_title));
    }
    blocks.push(Block::Heading(t.next_title.into()));
    blocks.push(Block::Links(links));
    Ok(t.home_title)
}

/// Whether a match is what a mentee's overview is about: it is under way, or it ended and no search
/// follows.
fn shows(state: MatchState, case: Option<CaseState>) -> bool {
    let searching = matches!(
        case,
        Some(CaseState::Searching | CaseState::Submitted | CaseState::Draft)
    );
    state.is_engaged() || !searching
}

/// How it stands, in a sentence or two.
pub(super) fn standing(t: &Texts, matching: Option<MatchState>, case: Option<CaseState>) -> &'static str {
    match (matching, case) {
        (Some(MatchState::Interested), _) => t.state_interested,
        (Some(MatchState::Introduced), _) => t.state_introduced,
        (Some(MatchState::Met), _) => t.state_met,
        (Some(MatchState::Active), _) => t.state_active,
        (Some(MatchState::Paused), _) => t.state_paused,
        (Some(MatchState::NotFormed), _) => t.state_not_formed,
        (Some(_), _) => t.state_ended,
        (None, None) => t.state_none,
        (None, Some(CaseState::Draft)) => t.state_draft,
        (None, Some(CaseState::Submitted)) => t.state_submitted,
        (None, Some(CaseState::Searching | CaseState::Matched | CaseState::Active)) => t.state_searching,
        (None, Some(CaseState::Closed | CaseState::Withdrawn)) => t.state_closed,
    }
}

async fn expert(
    state: &ApiState,
    visit: &Visit,
    owns: &[Own],
    blocks: &mut Vec<Block>,
) -> tandem_operations::Result<&'static str> {
    let e = visit.e();
    blocks.push(Block::Text(e.home_intro.into()));
    let asked: Vec<Link> = owns
        .iter()
        .flat_map(|own| super::tandem::tasks(visit, own))
        .collect();
    if !asked.is_empty() {
        blocks.push(Block::Heading(e.asked_title.into()));
        blocks.push(Block::Links(asked));
    }
    if let Some(first) = owns.iter().find(|own| before_meeting(own.matching.state)) {
        let missing = persons::missing(&state.app, &visit.visitor, first.matching.id).await?;
        blocks.push(Block::Heading(e.missing_title.into()));
        if missing.is_empty() {
            blocks.push(Block::Text(e.missing_none.into()));
        } else {
            blocks.push(Block::List(super::missing::in_words(e, &missing)));
            blocks.push(Block::Text(e.missing_hint.into()));
        }
    }
    blocks.push(Block::Heading(e.matches_title.into()));
    let own: Vec<Link> = owns
        .iter()
        .filter(|own| own.matching.state.reveals_expert())
        .map(|own| {
            let state = super::tandem::state_for_expert(e, own.matching.state);
            let label = format!("{}, {}: {state}", own.mentee_given_name, own.center_name);
            Link::new(visit.href(&format!("/match/{}", own.matching.id)), label)
        })
        .collect();
    if own.is_empty() {
        blocks.push(Block::Text(e.matches_none.into()));
    } else {
        blocks.push(Block::Links(own));
    }
    // a link is about one match; what is set for all of them needs a session
    if let (None, Party::Expert(id)) = (visit.visitor.about, visit.visitor.facts.party) {
        let (_, pauses) = experts::own_settings(&state.app, &visit.visitor.caller, id).await?;
        if pauses.iter().any(|pause| pause.covers(state.app.today())) {
            blocks.push(Block::Note(e.away_now.into()));
        }
        blocks.push(Block::Links(vec![
            Link::new(visit.href("/training"), e.training_link),
            Link::new(visit.href("/profile"), e.profile_link),
        ]));
    }
    Ok(e.home_title)
}

fn before_meeting(state: MatchState) -> bool {
    matches!(state, MatchState::Interested | MatchState::Introduced)
}
