//! The page behind the links of mails about trainings: the seat as it stands, and buttons for what can be
//! done with it. Looking at it changes nothing: mail scanners follow links.

use askama::Template;
use axum::{
    Form,
    extract::{Path, State, rejection::FormRejection},
    http::{Extensions, StatusCode},
    response::Response,
};
use serde::Deserialize;
use tandem_domain::training::AttendanceState;
use tandem_mail::{Language, Words};
use tandem_operations::training::{self, Act, Seat};

use super::frame::{Frame, fault, show};
use super::{peer, unknown_link};
use crate::server::ApiState;

/// The form of the page.
#[derive(Debug, Deserialize)]
pub(crate) struct SeatForm {
    act: Button,
}

/// Its buttons.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Button {
    Book,
    Accept,
    GiveBack,
}

#[derive(Template)]
#[template(path = "training/seat.html")]
struct SeatPage<'a> {
    frame: Frame,
    words: Words,
    action: String,
    seat: &'a Seat,
    /// English; otherwise German, the fallback for experts.
    en: bool,
}

/// Shows the seat.
pub(crate) async fn get(State(state): State<ApiState>, Path(token): Path<String>) -> Response {
    match training::look(&state.app, &token).await {
        Ok(Some(seat)) => page(&seat, &token),
        Ok(None) => unknown_link(),
        Err(error) => fault(&error),
    }
}

/// Books, takes or gives back, and shows how it stands then.
pub(crate) async fn post(
    State(state): State<ApiState>,
    Path(token): Path<String>,
    extensions: Extensions,
    form: Result<Form<SeatForm>, FormRejection>,
) -> Response {
    // what no button of ours sends does nothing
    if let Ok(Form(form)) = form {
        let act = match form.act {
            Button::Book => Act::Book,
            Button::Accept => Act::Accept,
            Button::GiveBack => Act::GiveBack,
        };
        match training::act(&state.app, &token, act, &peer(&extensions)).await {
            Ok(Some(_)) => {}
            Ok(None) => return unknown_link(),
            Err(error) => return fault(&error),
        }
    }
    get(State(state), Path(token)).await
}

fn page(seat: &Seat, token: &str) -> Response {
    let en = seat.language == Language::En;
    let words = Words(if en { Language::En } else { Language::De });
    let page = SeatPage {
        frame: Frame {
            language: words.language(),
            title: title(seat, en).to_owned(),
            programme: seat.organisation.programme_name.clone(),
        },
        words,
        action: format!("/p/training/{token}"),
        seat,
        en,
    };
    show(StatusCode::OK, &page)
}

/// How it stands, in a line.
fn title(seat: &Seat, en: bool) -> &'static str {
    let (german, english) = if seat.facts.cancelled {
        ("Diese Schulung ist abgesagt", "This training is cancelled")
    } else {
        match seat.facts.state {
            AttendanceState::Invited => ("Einladung zu einer Schulung", "Invitation to a training"),
            AttendanceState::Booked => ("Ihr Platz ist gebucht", "Your seat is booked"),
            AttendanceState::Waitlisted => ("Sie stehen auf der Warteliste", "You are on the waiting list"),
            AttendanceState::Offered => ("Ein Platz ist für Sie frei", "A seat is free for you"),
            AttendanceState::Cancelled => ("Sie haben keinen Platz gebucht", "You have no seat booked"),
            AttendanceState::Lapsed => ("Der Platz ist weitergegeben", "The seat was passed on"),
            AttendanceState::Attended | AttendanceState::Missed => {
                ("Diese Schulung ist vorbei", "This training is over")
            }
        }
    };
    if en { english } else { german }
}
