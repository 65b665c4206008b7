//! The trainings that an expert can book. Only for experts who are signed in: a link is about one match.

use axum::{extract::State, http::StatusCode, response::Response};
use tandem_domain::ids::{AttendanceId, ExpertId, TrainingSessionId};
use tandem_domain::parties::Party;
use tandem_domain::training::AttendanceState;
use tandem_operations::training::{self, Session, SessionFilter};
use tandem_operations::{Error, Result};
use tandem_storage::paging::Page;
use tandem_storage::training::Attendance;
use uuid::Uuid;

use super::{Fields, Visit};
use crate::pages::view::{Block, Form, Look};
use crate::server::ApiState;

/// No page lists more.
const MOST: i64 = 50;

fn expert(visit: &Visit) -> Option<ExpertId> {
    match (visit.visitor.about, visit.visitor.facts.party) {
        (None, Party::Expert(id)) => Some(id),
        _ => None,
    }
}

fn closed(visit: &Visit) -> Response {
    let t = visit.t();
    let text = Block::Text(t.closed.to_owned());
    visit.page(t.closed_title, vec![text]).show(StatusCode::NOT_FOUND)
}

/// The sessions to come, and the own seat in each.
pub(super) async fn get(State(state): State<ApiState>, visit: Visit) -> Response {
    let Some(id) = expert(&visit) else {
        return closed(&visit);
    };
    match page(&state, &visit, id, false).await {
        Ok(response) => response,
        Err(error) => visit.refused(&error),
    }
}

/// Books, takes or gives back.
pub(super) async fn act(State(state): State<ApiState>, visit: Visit, fields: Fields) -> Response {
    let Some(id) = expert(&visit) else {
        return closed(&visit);
    };
    let (app, caller) = (&state.app, &visit.visitor.caller);
    let session = fields.read::<Uuid>("book").map(TrainingSessionId::from);
    let accepted = fields.read::<Uuid>("accept").map(AttendanceId::from);
    let given_back = fields.read::<Uuid>("give_back").map(AttendanceId::from);
    let done = match (session, accepted, given_back) {
        (Some(session), ..) => training::book(app, caller, session, id).await,
        (_, Some(seat), _) => training::accept_offer(app, caller, seat).await,
        (.., Some(seat)) => training::cancel(app, caller, seat).await,
        // what no button of ours sends does nothing
        _ => return visit.see("/training", ""),
    };
    let shown = match done {
        Ok(_) => return visit.see("/training", "saved"),
        // meanwhile full, begun or cancelled: the page shows how it stands
        Err(Error::Refused(_)) => page(&state, &visit, id, true).await,
        Err(error) => Err(error),
    };
    match shown {
        Ok(response) => response,
        Err(error) => visit.refused(&error),
    }
}

async fn page(state: &ApiState, visit: &Visit, id: ExpertId, refused: bool) -> Result<Response> {
    let (app, caller) = (&state.app, &visit.visitor.caller);
    let filter = SessionFilter {
        ends_after: Some(app.now()),
        ..SessionFilter::default()
    };
    let sessions = training::sessions(app, caller, &filter, &Page::first(MOST))
        .await?
        .rows;
    let seats = training::for_experts(app, caller, &[id]).await?;
    let (t, e) = (visit.t(), visit.e());
    let mut blocks = Vec::new();
    if visit.has_done("saved") {
        blocks.push(Block::Done(t.saved.into()));
    }
    if refused {
        blocks.push(Block::Alarm(e.training_not_now.into()));
    }
    let coming: Vec<&Session> = sessions
        .iter()
        .filter(|session| session.starts_at > app.now())
        .collect();
    if coming.is_empty() {
        blocks.push(Block::Text(e.training_none.into()));
    } else {
        blocks.push(Block::Text(e.training_intro.into()));
    }
    for session in coming {
        let seat = seats.iter().find(|seat| seat.session_id == Some(session.id));
        one(visit, session, seat, &mut blocks);
    }
    let status = if refused {
        StatusCode::CONFLICT
    } else {
        StatusCode::OK
    };
    Ok(visit.page(e.training_title, blocks).show(status))
}

fn one(visit: &Visit, session: &Session, seat: Option<&Attendance>, blocks: &mut Vec<Block>) {
    let (e, dates) = (visit.e(), visit.words());
    let place = if session.place.is_empty() {
        "Video".to_owned()
    } else {
        session.place.clone()
    };
    blocks.push(Block::Heading(session.title.clone()));
    blocks.push(Block::List(vec![
        dates.day_and_time(&session.starts_at),
        dates.day_and_time(&session.ends_at),
        place,
    ]));
    let full = session.seats_taken >= session.seats || session.waiting > 0;
    let (stands, open) = match seat.map(|seat| seat.state) {
        Some(AttendanceState::Booked) => (Some(e.training_booked), true),
        Some(AttendanceState::Waitlisted) => (Some(e.training_waiting), true),
        Some(AttendanceState::Offered) => (Some(e.training_offered), true),
        Some(AttendanceState::Invited) => (Some(e.training_invited), true),
        _ => (full.then_some(e.training_full), false),
    };
    blocks.extend(stands.map(|text| Block::Note(text.to_owned())));
    let mut form = Form::new(visit.href("/training"));
    let state = seat.map(|seat| seat.state);
    if let (Some(AttendanceState::Offered), Some(seat)) = (state, seat) {
        form = form.sending(
            "accept",
            seat.id.uuid().to_string(),
            e.training_accept,
            Look::First,
        );
    } else if !open || state == Some(AttendanceState::Invited) {
        let label = if full { e.training_wait } else { e.training_book };
        form = form.sending("book", session.id.uuid().to_string(), label, Look::First);
    }
    if let (true, Some(seat)) = (open, seat) {
        form = form.sending(
            "give_back",
            seat.id.uuid().to_string(),
            e.training_give_back,
            Look::Plain,
        );
    }
    blocks.push(Block::Form(form));
}
