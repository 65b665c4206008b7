//! Signing in by the organisation's OpenID Connect provider: off to it, and back.

use axum::{
    extract::{Query, State},
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use axum_extra::extract::CookieJar;
use serde::Deserialize;
use tandem_operations::{
    Error,
    auth::openid::{self, Attempt},
};

use super::{
    frame::{fault, in_both_languages},
    sign_in::{settings, signed_in, with_cookie},
};
use crate::{
    auth::{Origin, attempt_cookie, attempt_cookie_name, no_attempt_cookie},
    http::graphql::peer,
    openid::OpenIdError,
    server::ApiState,
};

/// `GET /p/openid/start`: off to the provider.
pub(super) async fn start(State(state): State<ApiState>) -> Response {
    let Some(provider) = &state.openid_connect else {
        return super::unknown_link();
    };
    let attempt = Attempt::begin(&state.app);
    match provider.authorize(&attempt).await {
        Ok(url) => {
            let Ok(location) = HeaderValue::from_str(url.as_str()) else {
                return super::unknown_link();
            };
            let away = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
            with_cookie(away, &attempt_cookie(&attempt.browser, state.options.secure()))
        }
        Err(error) => unreachable(&error),
    }
}

/// What the provider sends back with the browser.
#[derive(Debug, Deserialize)]
pub(super) struct Returned {
    #[serde(default)]
    state: String,
    code: Option<String>,
}

/// `GET /p/openid/callback`: back from the provider.
pub(super) async fn callback(
    State(state): State<ApiState>,
    Query(returned): Query<Returned>,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let Some(provider) = &state.openid_connect else {
        return super::unknown_link();
    };
    let secure = state.options.secure();
    let jar = CookieJar::from_headers(&headers);
    let attempt = jar
        .get(attempt_cookie_name(secure))
        .and_then(|cookie| Attempt::resume(&state.app, cookie.value(), &returned.state));
    // an attempt ends here, whatever comes of it
    let ended = |response| with_cookie(response, &no_attempt_cookie(secure));
    let (Some(attempt), Some(code)) = (attempt, returned.code) else {
        return ended(refused());
    };
    let identity = match provider.identify(&attempt, code).await {
        Ok(identity) => identity,
        Err(error @ OpenIdError::Provider(_)) => return ended(unreachable(&error)),
        Err(error @ OpenIdError::Refused(_)) => {
            tracing::warn!(%error, "nobody was signed in by OpenID Connect");
            return ended(refused());
        }
    };
    let origin = Origin::of(&headers, peer(&extensions), secure);
    match openid::sign_in(&state.app, &identity, &origin.place()).await {
        Ok(new) => match settings(&state.app).await {
            Ok(settings) => ended(signed_in(&state, &settings, &new)),
            Err(error) => fault(&error),
        },
        Err(Error::Refused(_)) => ended(refused()),
        Err(error) => fault(&error),
    }
}

fn refused() -> Response {
    in_both_languages(
        StatusCode::FORBIDDEN,
        "Die Anmeldung hat nicht geklappt",
        "Dieses Konto gehört hier zu niemandem, der sich so anmelden kann, oder die Anmeldung hat zu lange \
         gedauert. Sie können sich einen Link an Ihre E-Mail-Adresse schicken lassen.",
        "This account belongs to nobody here who can sign in this way, or it took too long. You can have a \
         link sent to your e-mail address instead.",
    )
}

fn unreachable(error: &OpenIdError) -> Response {
    tracing::error!(%error, "nobody can sign in by OpenID Connect");
    in_both_languages(
        StatusCode::BAD_GATEWAY,
        "Die Anmeldung der Organisation antwortet nicht",
        "Bitte versuchen Sie es in ein paar Minuten noch einmal, oder lassen Sie sich einen Link an Ihre \
         E-Mail-Adresse schicken.",
        "The organisation's sign-in does not answer. Please try again in a few minutes, or have a link sent \
         to your e-mail address.",
    )
}
