//! The page behind a sign-in link: a button, and what came of it.

use std::net::SocketAddr;

use askama::Template;
use axum::{
    extract::{ConnectInfo, Path, State},
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use tandem_domain::{settings::Settings, users::LinkState};
use tandem_operations::{App, Error, auth};

use super::{
    frame::{Frame, fault, show},
    is_own_form,
};
use crate::{
    auth::{Origin, cookie},
    server::ApiState,
};

#[derive(Template)]
#[template(path = "sign_in/confirm.html")]
struct Confirm<'a> {
    frame: Frame,
    token: &'a str,
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
        lang: "de",
        title: title.to_owned(),
        programme: settings.programme_name.clone(),
    }
}

async fn settings(app: &App) -> tandem_operations::Result<Settings> {
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

/// `GET`: shows the button. Nothing is used up.
pub(super) async fn look(State(state): State<ApiState>, Path(token): Path<String>) -> Response {
    let looked = async {
        let settings = settings(&state.app).await?;
        Ok::<_, Error>((auth::look_at_link(&state.app, &token).await?, settings))
    };
    match looked.await {
        Ok((LinkState::Open, settings)) => show(
            StatusCode::OK,
            &Confirm {
                frame: frame(&settings, "Anmelden"),
                token: &token,
            },
        ),
        Ok((link, settings)) => unusable(&settings, link),
        Err(error) => fault(&error),
    }
}

/// `POST`: signs in and sets the session's cookie.
pub(super) async fn open(
    State(state): State<ApiState>,
    Path(token): Path<String>,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let settings = match settings(&state.app).await {
        Ok(settings) => settings,
        Err(error) => return fault(&error),
    };
    // another site must not sign its visitors in as somebody else
    if !is_own_form(&state, &headers) {
        return unusable(&settings, LinkState::Unknown);
    }
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    let origin = Origin::of(&headers, peer);
    match auth::sign_in(&state.app, &token, &origin.user_agent, &origin.address).await {
        Ok(new) => {
            let mut response = show(
                StatusCode::OK,
                &Done {
                    frame: frame(&settings, "Sie sind angemeldet"),
                    name: &new.user.name,
                },
            );
            let life = new.session.expires_at - new.session.created_at;
            let cookie = cookie(&new.token, life, state.options.secure());
            if let Ok(value) = HeaderValue::from_str(&cookie) {
                response.headers_mut().insert(header::SET_COOKIE, value);
            }
            response
        }
        Err(Error::Refused(_)) => match auth::look_at_link(&state.app, &token).await {
            Ok(link) => unusable(&settings, link),
            Err(error) => fault(&error),
        },
        Err(error) => fault(&error),
    }
}
