//! The page behind the links of an approach e-mail.
//!
//! Looking at it changes nothing: mail scanners follow links. Only the button (a POST) answers, and
//! whoever answers late, twice or after somebody else gets a friendly word.

use askama::Template;
use axum::{
    Form,
    extract::{
        Path, Query, State,
        rejection::{FormRejection, QueryRejection},
    },
    http::{Extensions, StatusCode},
    response::Response,
};
use serde::Deserialize;
use tandem_domain::matches::{Answer, DeclineReason};
use tandem_mail::{Language, Words};
use tandem_operations::Error;
use tandem_operations::answers::{self, Door, Implied, Question};
use tandem_operations::matches::AnswerOutcome;

use super::frame::{Frame, fault, show};
use super::peer;
use crate::server::ApiState;

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Choice {
    /// Yes.
    Yes,
    /// No.
    No,
}

/// What the link in the e-mail says besides its token; nonsense says nothing.
#[derive(Debug, Deserialize)]
pub(crate) struct Chosen {
    answer: Option<String>,
}

/// The form of the question.
#[derive(Debug, Deserialize)]
pub(crate) struct AnswerForm {
    answer: Choice,
}

/// The form after a no.
#[derive(Debug, Deserialize)]
pub(crate) struct ReasonForm {
    reason: Reason,
}

/// What a no may say of itself.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    NotNow,
    TooFar,
    Other,
}

impl Reason {
    /// The reason of a form.
    pub(crate) fn of(word: &str) -> Option<Self> {
        match word {
            "not_now" => Some(Self::NotNow),
            "too_far" => Some(Self::TooFar),
            "other" => Some(Self::Other),
            _ => None,
        }
    }
}

impl From<Reason> for DeclineReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::NotNow => Self::NotNow,
            Reason::TooFar => Self::TooFar,
            Reason::Other => Self::Other,
        }
    }
}

impl Choice {
    /// The choice of a link or a form; nonsense is none.
    pub(crate) fn of(word: &str) -> Option<Self> {
        match word {
            "yes" => Some(Self::Yes),
            "no" => Some(Self::No),
            _ => None,
        }
    }
}

macro_rules! pages {
    ($($name:ident($german:literal, $english:literal) { $($field:ident: $type:ty),* })*) => {$(
        struct $name<'a> {
            frame: Frame,
            words: Words,
            action: String,
            question: &'a Question,
            $($field: $type,)*
        }

        impl $name<'_> {
            fn show(self, status: StatusCode) -> Response {
                let Self { frame, words, action, question, $($field),* } = self;
                if words.language() == Language::En {
                    #[derive(Template)]
                    #[template(path = $english)]
                    struct English<'a> { frame: Frame, words: Words, action: String, question: &'a Question, $($field: $type),* }
                    show(status, &English { frame, words, action, question, $($field),* })
                } else {
                    #[derive(Template)]
                    #[template(path = $german)]
                    struct German<'a> { frame: Frame, words: Words, action: String, question: &'a Question, $($field: $type),* }
                    show(status, &German { frame, words, action, question, $($field),* })
                }
            }
        }
    )*};
}

pages! {
    QuestionPage("answer/question.de.html", "answer/question.en.html") { chosen: Option<Choice> }
    OutcomePage("answer/outcome.de.html", "answer/outcome.en.html") { outcome: AnswerOutcome, followed: bool }
}

/// Shows the question and two buttons, or how it stands.
pub(crate) async fn get(
    State(state): State<ApiState>,
    Path(token): Path<String>,
    chosen: Result<Query<Chosen>, QueryRejection>,
) -> Response {
    let chosen = chosen.ok().and_then(|chosen| chosen.0.answer);
    let chosen = chosen.as_deref().and_then(Choice::of);
    match answers::question(&state.app, &token).await {
        Ok(Door::Open(question)) => page(&question, action(&token), question.outcome, chosen, false),
        Ok(door) => closed(&door, &token),
        Err(error) => fault(&error),
    }
}

/// Answers.
pub(crate) async fn post(
    State(state): State<ApiState>,
    Path(token): Path<String>,
    extensions: Extensions,
    form: Result<Form<AnswerForm>, FormRejection>,
) -> Response {
    // what no button of ours sends answers nothing
    let Ok(Form(form)) = form else {
        return after(&state, &token, None, false).await;
    };
    let answer = match form.answer {
        Choice::Yes => Answer::Yes,
        Choice::No => Answer::No(None),
    };
    let outcome = match answers::answer(&state.app, &token, answer, &peer(&extensions)).await {
        Ok(outcome) => outcome,
        // the page says that the answer has to wait
        Err(Error::Refused(_)) => None,
        Err(error) => return fault(&error),
    };
    after(&state, &token, outcome, false).await
}

/// Says why, after a no.
pub(crate) async fn post_reason(
    State(state): State<ApiState>,
    Path(token): Path<String>,
    extensions: Extensions,
    form: Result<Form<ReasonForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else {
        return after(&state, &token, None, false).await;
    };
    match answers::give_reason(&state.app, &token, form.reason.into(), &peer(&extensions)).await {
        Ok(_) => after(&state, &token, None, false).await,
        Err(error) => fault(&error),
    }
}

/// After a no, takes up what it implies: time off, or a smaller radius.
pub(crate) async fn post_follow(
    State(state): State<ApiState>,
    Path(token): Path<String>,
    extensions: Extensions,
) -> Response {
    match answers::take_up(&state.app, &token, &peer(&extensions)).await {
        // a second click finds it done
        Ok(_) => after(&state, &token, None, true).await,
        Err(error) => fault(&error),
    }
}

fn action(token: &str) -> String {
    format!("/p/answer/{token}")
}

/// The page after a POST: what became of it or, without that, how the question stands.
async fn after(state: &ApiState, token: &str, outcome: Option<AnswerOutcome>, followed: bool) -> Response {
    match answers::question(&state.app, token).await {
        Ok(Door::Open(question)) => page(
            &question,
            action(token),
            outcome.or(question.outcome),
            None,
            followed,
        ),
        Ok(door) => closed(&door, token),
        Err(error) => fault(&error),
    }
}

/// A link that opens no question.
fn closed(door: &Door, token: &str) -> Response {
    let Door::Voided(language) = door else {
        return super::unknown_link();
    };
    let language = in_pages(*language);
    let t = super::texts::of(language);
    super::again::gone(language, t.void_title, t.void, token)
}

/// Other languages have no pages for experts; German is the fallback.
fn in_pages(language: Language) -> Language {
    match language {
        Language::En => Language::En,
        _ => Language::De,
    }
}

/// The question, or how it stands, with the address that its forms go to.
pub(crate) fn page(
    question: &Question,
    action: String,
    outcome: Option<AnswerOutcome>,
    chosen: Option<Choice>,
    followed: bool,
) -> Response {
    let words = Words(in_pages(question.language));
    let frame = Frame {
        language: words.language(),
        title: title(outcome, words.language()).to_owned(),
        programme: question.organisation.programme_name.clone(),
    };
    match outcome {
        None => QuestionPage {
            frame,
            words,
            action,
            question,
            chosen,
        }
        .show(StatusCode::OK),
        Some(outcome) => OutcomePage {
            frame,
            words,
            action,
            question,
            outcome,
            followed,
        }
        .show(StatusCode::OK),
    }
}

fn title(outcome: Option<AnswerOutcome>, language: Language) -> &'static str {
    let (german, english) = match outcome {
        None => (
            "Möchten Sie einen jungen Menschen begleiten?",
            "Would you accompany a young person?",
        ),
        Some(AnswerOutcome::Accepted) => ("Herzlichen Dank für Ihr Ja", "Thank you very much for your yes"),
        Some(AnswerOutcome::AlreadyAccepted) => ("Ihr Ja ist schon bei uns", "We already have your yes"),
        Some(AnswerOutcome::Declined) => ("Danke für Ihre Antwort", "Thank you for your answer"),
        Some(AnswerOutcome::AlreadyDeclined) => {
            ("Ihre Antwort ist schon bei uns", "We already have your answer")
        }
        Some(AnswerOutcome::Withdrawn) => (
            "Diese Anfrage hat sich erledigt",
            "This question has been settled",
        ),
        Some(AnswerOutcome::SomebodyWasFaster) => (
            "Jemand anderes war etwas schneller",
            "Somebody else was a little faster",
        ),
        Some(AnswerOutcome::Expired) => (
            "Diese Anfrage ist nicht mehr offen",
            "This question is no longer open",
        ),
    };
    if language == Language::En { english } else { german }
}
