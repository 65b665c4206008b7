//! Asking for a sign-in link, and the page behind it: a button, or a code, and what came of it.

use askama::Template;
use axum::{
    Form,
    extract::{Path, State, rejection::FormRejection},
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use tandem_domain::{settings::Settings, users::LinkState};
use tandem_operations::{
    App, Error,
    auth::{self, NewSession, Proof},
};

use super::{
    frame::{Frame, fault, show},
    is_own_form,
};
use crate::{
    auth::{Origin, browser_cookie, cookie},
    http::graphql::peer,
    server::ApiState,
};

#[derive(Template)]
#[template(path = "sign_in/ask.html")]
struct Ask {
    frame: Frame,
    problem: &'static str,
    openid_connect: bool,
}

#[derive(Template)]
#[template(path = "sign_in/asked.html")]
struct Asked {
    frame: Frame,
    code: String,
}

#[derive(Template)]
#[template(path = "sign_in/confirm.html")]
struct Confirm<'a> {
    frame: Frame,
    token: &'a str,
    bound: bool,
    problem: &'static str,
}

#[derive(Template)]
#[template(path = "sign_in/done.html")]
struct Done<'a> {
    frame: Frame,
    name: &'a str,
}

#[derive(Template)]
#[template(path = "sign_in/unusable.html")]
struct Unusable {
    frame: Frame,
    german: &'static str,
    english: &'static str,
}

/// German first: the link went to somebody whose browser may be anywhere.
fn frame(settings: &Settings, title: &str) -> Frame {
    Frame {
        language: tandem_mail::Language::De,
        title: title.to_owned(),
        programme: settings.programme_name.clone(),
    }
}

pub(super) async fn settings(app: &App) -> tandem_operations::Result<Settings> {
    let mut conn = app.acquire(&tandem_operations::Caller::nobody()).await?;
    tandem_operations::settings::current(&mut conn).await
}

fn unusable(settings: &Settings, state: LinkState) -> Response {
    let (title, german, english) = match state {
        LinkState::Used => (
            "Dieser Link wurde schon benutzt",
            "Jeder Link zum Anmelden gilt nur einmal.",
            "This link was used already.",
        ),
        LinkState::Expired => (
            "Dieser Link ist abgelaufen",
            "Ein Link zum Anmelden gilt 15 Minuten.",
            "This link is older than 15 minutes.",
        ),
        LinkState::Unknown | LinkState::Open => (
            "Diesen Link gibt es nicht",
            "Vielleicht wurde er beim Kopieren abgeschnitten.",
            "There is no such link. Perhaps a part of it is missing.",
        ),
    };
    let template = Unusable {
        frame: frame(settings, title),
        german,
        english,
    };
    show(StatusCode::GONE, &template)
}

/// `GET /p/sign-in`: asks for the address.
pub(super) async fn ask(State(state): State<ApiState>) -> Response {
    match settings(&state.app).await {
        Ok(settings) => show(
            StatusCode::OK,
            &Ask {
                frame: frame(&settings, "Anmelden"),
                problem: "",
                openid_connect: state.openid_connect.is_some(),
            },
        ),
        Err(error) => fault(&error),
    }
}

/// What the form of [`ask`] sends.
#[derive(Debug, Deserialize)]
pub(super) struct Address {
    email: String,
}

/// `POST /p/sign-in`: takes the wish, and shows the code; the same whether the address is known.
pub(super) async fn asked(
    State(state): State<ApiState>,
    headers: HeaderMap,
    extensions: Extensions,
    Form(form): Form<Address>,
) -> Response {
    let settings = match settings(&state.app).await {
        Ok(settings) => settings,
        Err(error) => return fault(&error),
    };
    if !is_own_form(&state, &headers) {
        return unusable(&settings, LinkState::Unknown);
    }
    let secure = state.options.secure();
    let origin = Origin::of(&headers, peer(&extensions), secure);
    match auth::request_link(&state.app, &form.email, origin.browser.as_deref()).await {
        Ok(asked) => {
            let page = Asked {
                frame: frame(&settings, "Bitte sehen Sie in Ihr Postfach"),
                code: format!("{} {}", &asked.code[..3], &asked.code[3..]),
            };
            with_cookie(
                show(StatusCode::OK, &page),
                &browser_cookie(&asked.browser, secure),
            )
        }
        Err(Error::Refused(_)) => show(
            StatusCode::UNPROCESSABLE_ENTITY,
            &Ask {
                frame: frame(&settings, "Anmelden"),
                problem: "Das ist keine E-Mail-Adresse. Bitte sehen Sie noch einmal nach.",
                openid_connect: state.openid_connect.is_some(),
            },
        ),
        Err(error) => fault(&error),
    }
}

pub(super) fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// `GET`: shows the button, or asks for the code. Nothing is used up.
pub(super) async fn look(
    State(state): State<ApiState>,
    Path(token): Path<String>,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let origin = Origin::of(&headers, peer(&extensions), state.options.secure());
    look_again(&state, &token, &origin, StatusCode::OK, "").await
}

async fn look_again(
    state: &ApiState,
    token: &str,
    origin: &Origin,
    status: StatusCode,
    problem: &'static str,
) -> Response {
    let looked = async {
        let settings = settings(&state.app).await?;
        let look = auth::look_at_link(&state.app, token, origin.browser.as_deref()).await?;
        Ok::<_, Error>((look, settings))
    };
    match looked.await {
        Ok((look, settings)) if look.state == LinkState::Open => show(
            status,
            &Confirm {
                frame: frame(&settings, "Anmelden"),
                token,
                bound: look.bound,
                problem,
            },
        ),
        Ok((look, settings)) => unusable(&settings, look.state),
        Err(error) => fault(&error),
    }
}

/// What the form of [`look`] sends; a code where this browser did not ask for the link.
#[derive(Debug, Deserialize)]
pub(super) struct Confirmation {
    code: Option<String>,
}

/// `POST`: signs in and sets the session's cookie.
pub(super) async fn open(
    State(state): State<ApiState>,
    Path(token): Path<String>,
    headers: HeaderMap,
    extensions: Extensions,
    form: Result<Form<Confirmation>, FormRejection>,
) -> Response {
    let settings = match settings(&state.app).await {
        Ok(settings) => settings,
        Err(error) => return fault(&error),
    };
    // another site must not sign its visitors in as somebody else
    if !is_own_form(&state, &headers) {
        return unusable(&settings, LinkState::Unknown);
    }
    let origin = Origin::of(&headers, peer(&extensions), state.options.secure());
    // the button alone sends no field
    let code = form.ok().and_then(|Form(form)| form.code);
    let proof = Proof {
        browser: origin.browser.as_deref(),
        code: code.as_deref(),
    };
    match auth::sign_in(&state.app, &token, proof, &origin.place()).await {
        Ok(new) => signed_in(&state, &settings, &new),
        Err(Error::Refused(_)) => {
            let problem = "Das war nicht die richtige Zahl. Bitte sehen Sie noch einmal nach.";
            look_again(&state, &token, &origin, StatusCode::UNPROCESSABLE_ENTITY, problem).await
        }
        Err(error) => fault(&error),
    }
}

/// The page after signing in, with the session's cookie.
pub(crate) fn signed_in(state: &ApiState, settings: &Settings, new: &NewSession) -> Response {
    let page = Done {
        frame: frame(settings, "Sie sind angemeldet"),
        name: &new.user.name,
    };
    let life = new.session.expires_at - new.session.created_at;
    let cookie = cookie(&new.token, life, state.options.secure());
    with_cookie(show(StatusCode::OK, &page), &cookie)
}
