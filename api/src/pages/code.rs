//! Where a one-time code from a sheet of paper is typed in, and where the sheet is printed.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use qrcode::{EcLevel, QrCode, render::svg};
use tandem_mail::{Language, Words};
use tandem_operations::persons::codes::{self, Sheet, Typed};

use super::frame::{Frame, fault, go_to, show};
use super::peer;
use super::stranger::{Chosen, language as language_of, other_languages};
use super::texts::{self, Texts, fill};
use super::view::{Block, Field, Form, Kind, Look, Page};
use crate::auth::{Origin, credential, identify};
use crate::pages::person::Fields;
use crate::server::ApiState;

/// `GET /code`: a field for the code.
pub(crate) async fn empty(Query(chosen): Query<Chosen>, headers: HeaderMap) -> Response {
    let language = chosen.language(&headers);
    field(language, "", None, StatusCode::OK)
}

/// `GET /code/{code}`: what the picture on the sheet leads to. The code is filled in and not used: a
/// camera's preview follows links as mail scanners do.
pub(crate) async fn filled(
    Path(code): Path<String>,
    Query(chosen): Query<Chosen>,
    headers: HeaderMap,
) -> Response {
    let language = chosen.language(&headers);
    let code: String = code.chars().take(20).collect();
    field(language, &code, None, StatusCode::OK)
}

/// `POST /code`: uses the code up.
pub(crate) async fn redeem(
    State(state): State<ApiState>,
    extensions: Extensions,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    let language = language_of(Some(fields.get("lang")), &headers);
    let t = texts::of(language);
    match is_signed_in(&state, &headers).await {
        Ok(false) => {}
        Ok(true) => return field(language, "", Some(t.code_staff), StatusCode::FORBIDDEN),
        Err(error) => return fault(&error),
    }
    match codes::redeem(&state.app, fields.get("code"), &peer(&extensions)).await {
        Ok(Typed::Good(token)) => go_to(&format!("/p/me/{token}")),
        Ok(Typed::Bad) => field(
            language,
            fields.get("code"),
            Some(t.code_wrong),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        Ok(Typed::TooMany) => field(language, "", Some(t.code_many), StatusCode::TOO_MANY_REQUESTS),
        Err(error) => fault(&error),
    }
}

/// Whether somebody is signed in in this browser: that is staff, since who has a code has no e-mail.
async fn is_signed_in(state: &ApiState, headers: &HeaderMap) -> tandem_operations::Result<bool> {
    let token = credential(headers, state.options.secure()).map(|credential| credential.token);
    let sender = identify(&state.app, token.as_deref(), &Origin::default()).await?;
    Ok(sender.is_some())
}

fn field(language: Language, typed: &str, problem: Option<&str>, status: StatusCode) -> Response {
    let t = texts::of(language);
    let mut blocks = Vec::new();
    blocks.extend(problem.map(|problem| Block::Alarm(problem.to_owned())));
    blocks.push(Block::Text(t.code_intro.into()));
    let code = Field::new("code", t.code_label, Kind::Code(typed.to_owned())).hint(t.code_hint);
    blocks.push(Block::Form(
        Form::new("/code")
            .field(code.required())
            .hidden("lang", language.code())
            .button(t.send, Look::First),
    ));
    blocks.extend(other_languages("/code", language));
    let mut response = Page {
        frame: Frame::bare(language, t.code_title),
        blocks,
        foot: None,
    }
    .show(status);
    if status == StatusCode::TOO_MANY_REQUESTS {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("3600"));
    }
    response
}

#[derive(Template)]
#[template(path = "code/ready.html")]
struct Ready<'a> {
    frame: Frame,
    name: &'a str,
    token: &'a str,
}

#[derive(Template)]
#[template(path = "code/sheet.html")]
struct Printed<'a> {
    frame: Frame,
    t: &'static Texts,
    sheet: &'a Sheet,
    intro: String,
    name: String,
    step_type: String,
    picture: String,
    code: String,
    until: String,
}

#[derive(Template)]
#[template(path = "code/gone.html")]
struct Over {
    frame: Frame,
}

/// `GET /p/print/{token}`: a button for the centre. Nothing is made yet.
pub(crate) async fn ready(State(state): State<ApiState>, Path(token): Path<String>) -> Response {
    match codes::look(&state.app, &token).await {
        Ok(Some(sheet)) => {
            let page = Ready {
                frame: frame(Language::De, "Blatt mit Code drucken", &sheet),
                name: &sheet.facts.called,
                token: &token,
            };
            show(StatusCode::OK, &page)
        }
        Ok(None) => over(),
        Err(error) => fault(&error),
    }
}

/// `POST /p/print/{token}`: makes the code and shows the sheet, once.
pub(crate) async fn print(
    State(state): State<ApiState>,
    Path(token): Path<String>,
    extensions: Extensions,
) -> Response {
    match codes::print(&state.app, &token, &peer(&extensions)).await {
        Ok(Some((sheet, code))) => sheet_page(&state, &sheet, &code),
        Ok(None) => over(),
        Err(error) => fault(&error),
    }
}

fn frame(language: Language, title: &str, sheet: &Sheet) -> Frame {
    Frame {
        language,
        title: title.to_owned(),
        programme: sheet.programme.clone(),
    }
}

fn sheet_page(state: &ApiState, sheet: &Sheet, code: &str) -> Response {
    let language = sheet.language();
    let t = texts::of(language);
    let address = public(state, "code");
    // without the scheme, as people type it
    let typed = address
        .split_once("://")
        .map_or(address.as_str(), |(_, rest)| rest);
    let page = Printed {
        frame: frame(language, t.print_title, sheet),
        t,
        sheet,
        intro: fill(t.print_intro, &[("programme", &sheet.programme)]),
        name: fill(t.print_for, &[("name", &sheet.facts.name)]),
        picture: picture(&public(state, &format!("code/{code}?lang={}", language.code()))),
        step_type: fill(t.print_step_type, &[("address", typed)]),
        code: codes::grouped(code),
        until: fill(
            t.print_until,
            &[("date", &Words(language).day_of(&sheet.expires_at))],
        ),
    };
    show(StatusCode::OK, &page)
}

fn public(state: &ApiState, path: &str) -> String {
    let base = state.app.public_url.as_str();
    format!("{}/{path}", base.trim_end_matches('/'))
}

/// The picture that a phone reads, as SVG.
fn picture(address: &str) -> String {
    let code = QrCode::with_error_correction_level(address, EcLevel::M)
        .expect("an address of ours is far shorter than what a QR code holds");
    code.render::<svg::Color<'_>>()
        .min_dimensions(240, 240)
        .build()
        // for HTML without the line that makes a file of it
        .split_once("?>")
        .map_or_else(String::new, |(_, picture)| picture.to_owned())
}

fn over() -> Response {
    show(
        StatusCode::GONE,
        &Over {
            frame: Frame::bare(Language::De, "Dieses Blatt gibt es nur einmal"),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_drawn_without_a_script_or_a_file() {
        let picture = picture("https://tandem.example.org/code/ABCDE12345?lang=ar");
        assert!(picture.trim_start().starts_with("<svg") && !picture.contains("<script"));
    }
}
