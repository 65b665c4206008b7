//! One match: who comes, how it stands, what is asked now, and where everything else about it is.

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::Deserialize;
use tandem_domain::ids::MatchId;
use tandem_domain::matches::MatchState;
use tandem_domain::parties::Side;
use tandem_operations::matches::{Own, PersonContact, Task};
use tandem_operations::persons;
use uuid::Uuid;

use super::home::standing;
use super::{Visit, words};
use crate::pages::texts::{ExpertTexts, fill};
use crate::pages::view::{Block, Link};
use crate::server::ApiState;

/// The part of the path that names a match.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Place {
    matching: Uuid,
}

impl Place {
    /// The match.
    pub(super) fn id(self) -> MatchId {
        self.matching.into()
    }
}

/// The page of one match.
pub(super) async fn tandem(
    State(state): State<ApiState>,
    Path(place): Path<Place>,
    visit: Visit,
) -> Response {
    let own = match visit.own(&state, place).await {
        Ok(own) => own,
        Err(page) => return page,
    };
    let mut blocks = Vec::new();
    if visit.has_done("saved") {
        blocks.push(Block::Done(visit.t().saved.into()));
    }
    let title = if visit.is_expert() {
        expert(&visit, &own, &mut blocks)
    } else {
        match mentee(&state, &visit, &own, &mut blocks).await {
            Ok(title) => title,
            Err(error) => return visit.refused(&error),
        }
    };
    let mut links = tasks(&visit, &own);
    links.extend(more(&visit, &own));
    if !links.is_empty() {
        blocks.push(Block::Heading(visit.t().next_title.into()));
        blocks.push(Block::Links(links));
    }
    visit.show(&title, blocks)
}

async fn mentee(
    state: &ApiState,
    visit: &Visit,
    own: &Own,
    blocks: &mut Vec<Block>,
) -> tandem_operations::Result<String> {
    let (t, dates) = (visit.t(), visit.words());
    let who = persons::who_comes(&state.app, &visit.visitor, own.matching.id).await?;
    blocks.push(Block::Note(
        standing(t, Some(own.matching.state), None).to_owned(),
    ));
    let mut facts = vec![(t.who_name.to_owned(), own.expert_name.clone())];
    if !who.work.is_empty() {
        facts.push((t.who_work.to_owned(), who.work.join(", ")));
    }
    if !who.languages.is_empty() {
        facts.push((t.who_languages.to_owned(), words::spoken(visit, &who.languages)));
    }
    facts.extend(meeting(visit, own));
    blocks.push(Block::Facts(facts));
    blocks.push(Block::Text(t.who_no_photo.into()));
    match own.matching.state {
        MatchState::Interested | MatchState::Introduced => {
            blocks.push(Block::Heading(t.who_first.into()));
            blocks.push(Block::Text(match &own.matching.planned {
                Some(plan) => fill(t.who_first_day, &[("date", &dates.day_and_time(&plan.at))]),
                None => t.who_first_open.to_owned(),
            }));
            blocks.push(Block::Text(t.who_stop.into()));
        }
        MatchState::Completed | MatchState::EndedEarly | MatchState::NotFormed => {}
        _ => reach(visit, own.partner.as_ref(), blocks),
    }
    Ok(if own.matching.ended_at.is_some() {
        t.home_title
    } else {
        t.who_title
    }
    .to_owned())
}

/// When and where the first meeting is, or was.
fn meeting(visit: &Visit, own: &Own) -> Option<(String, String)> {
    let (t, dates) = (visit.t(), visit.words());
    if let Some(day) = own.matching.first_meeting_on {
        return Some((t.who_first.to_owned(), dates.date(&day)));
    }
    let plan = own.matching.planned.as_ref()?;
    let value = format!("{}, {}", dates.day_and_time(&plan.at), plan.place);
    Some((t.who_planned.to_owned(), value))
}

/// How the two reach each other, from the moment at which both have consented (S15).
fn reach(visit: &Visit, partner: Option<&PersonContact>, blocks: &mut Vec<Block>) {
    let Some(partner) = partner else {
        return;
    };
    let t = visit.t();
    let mut facts = vec![(t.who_name.to_owned(), partner.name.clone())];
    if !partner.phone.is_empty() {
        facts.push((t.phone.to_owned(), partner.phone.clone()));
    }
    if let Some(email) = &partner.email {
        facts.push((t.email.to_owned(), email.clone()));
    }
    blocks.push(Block::Heading(t.reach_title.into()));
    blocks.push(Block::Facts(facts));
}

fn expert(visit: &Visit, own: &Own, blocks: &mut Vec<Block>) -> String {
    let (e, matching) = (visit.e(), &own.matching);
    let mut facts = vec![(
        e.match_state.to_owned(),
        state_for_expert(e, matching.state).to_owned(),
    )];
    if matching.state.reveals_expert() {
        facts.push((e.match_person.to_owned(), own.mentee_given_name.clone()));
        let center = &own.center;
        let parts = [center.name.as_str(), &own.center_name, &center.phone];
        facts.push((e.match_contact.to_owned(), parts.join(", ")));
    }
    facts.extend(meeting(visit, own));
    blocks.push(Block::Facts(facts));
    if matching.ended_at.is_none() {
        reach(visit, own.partner.as_ref(), blocks);
    }
    fill(e.match_title, &[("place", &own.center_name)])
}

/// What is asked of the visitor now, the most urgent first.
pub(super) fn tasks(visit: &Visit, own: &Own) -> Vec<Link> {
    let (t, e) = (visit.t(), visit.e());
    let at = |path: &str| visit.href(&format!("/match/{}/{path}", own.matching.id));
    if visit.is_expert() && own.matching.state == MatchState::Approached {
        return vec![Link::first(at("answer"), e.asked_open)];
    }
    let verdict = if visit.is_expert() {
        e.verdict_title
    } else {
        t.verdict_title
    };
    let feedback = if visit.is_expert() {
        e.feedback_title
    } else {
        t.feedback_title
    };
    let another = if visit.is_expert() {
        e.end_another
    } else {
        t.end_another
    };
    own.tasks
        .iter()
        .map(|task| match task {
            Task::DateMeeting | Task::RecordMeeting => (at("first"), e.first_title),
            Task::Verdict(_) => (at("verdict"), verdict),
            Task::WriteAgreement => (at("agreement/write"), e.agreement_edit),
            Task::Sign(_) => (at("agreement"), t.agreement_sign_title),
            Task::Feedback(_) => (at("feedback"), feedback),
            Task::Report => (at("report"), e.report_title),
            Task::Another => (at("another"), another),
        })
        .fold(Vec::new(), |mut links: Vec<Link>, (href, label)| {
            if links.iter().all(|link| link.href != href) {
                links.push(Link::first(href, label));
            }
            links
        })
}

/// What else there is about the match.
fn more(visit: &Visit, own: &Own) -> Vec<Link> {
    let (t, e) = (visit.t(), visit.e());
    let at = |path: &str| visit.href(&format!("/match/{}/{path}", own.matching.id));
    let asked: Vec<String> = tasks(visit, own).into_iter().map(|link| link.href).collect();
    let state = own.matching.state;
    let mut links = Vec::new();
    let begins = matches!(
        state,
        MatchState::Interested | MatchState::Introduced | MatchState::Met
    );
    let running = matches!(state, MatchState::Active | MatchState::Paused);
    if state == MatchState::Met && own.verdict.open && asked.is_empty() {
        links.push((at("verdict"), t.verdict_title));
    }
    if own.agreement.is_some() {
        links.push((at("agreement"), t.agreement_title));
    }
    let over = matches!(state, MatchState::Completed | MatchState::EndedEarly);
    if running || over {
        links.push((at("meetings"), t.meetings_title));
        if visit.is_expert() {
            links.push((at("milestones"), e.milestones_title));
        }
    }
    if running {
        match visit.side() {
            Side::Expert => links.push((at("pause"), e.pause_title)),
            Side::Mentee => links.push((at("pause"), t.pause_title)),
            // asks the centre
            Side::Guardian => {}
        }
        links.push((
            at("end"),
            if visit.is_expert() {
                e.end_title
            } else {
                t.end_title
            },
        ));
    }
    if begins && (visit.side() != Side::Guardian || own.minor) {
        links.push((
            at("stop"),
            if visit.is_expert() {
                e.stop_title
            } else {
                t.stop_title
            },
        ));
    }
    links
        .into_iter()
        .filter(|(href, _)| !asked.contains(href))
        .map(|(href, label)| Link::new(href, label))
        .collect()
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
