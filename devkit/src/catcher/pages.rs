//! The inbox for people.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chrono::Local;
use serde::Deserialize;

use super::api::Filter;
use super::smtp::Shared;
use super::store::Message;

const PAGE: usize = 50;
/// Nothing runs in a mail, nothing is fetched for it, and its links open in a tab of their own.
const MAIL_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(inbox))
        .route("/clear", post(clear))
        .route("/messages/{id}", get(message))
        .route("/messages/{id}/html", get(html))
        .route("/style.css", get(style))
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct Inbox {
    search: String,
    /// All that the search finds.
    total: usize,
    rows: Vec<Row>,
    page: usize,
    pages: usize,
}

struct Row {
    id: u64,
    subject: String,
    from: String,
    to: String,
    time: Time,
}

/// A moment for people and for programs.
struct Time {
    shown: String,
    exact: String,
}

impl From<&Message> for Time {
    fn from(message: &Message) -> Self {
        let shown = message
            .received_at
            .with_timezone(&Local)
            .format("%d %b %H:%M:%S")
            .to_string();
        Self {
            shown,
            exact: message.received_at.to_rfc3339(),
        }
    }
}

impl From<&Message> for Row {
    fn from(message: &Message) -> Self {
        let written = |header: &String, envelope: String| {
            if header.is_empty() {
                envelope
            } else {
                header.clone()
            }
        };
        Self {
            id: message.id,
            subject: subject(message),
            from: written(&message.from, message.sender.clone()),
            to: written(&message.to, message.recipients.join(", ")),
            time: Time::from(message),
        }
    }
}

fn subject(message: &Message) -> String {
    if message.subject.is_empty() {
        "(no subject)".to_owned()
    } else {
        message.subject.clone()
    }
}

#[derive(Deserialize)]
struct Page {
    page: Option<usize>,
}

async fn inbox(
    State(shared): State<Arc<Shared>>,
    Query(filter): Query<Filter>,
    Query(wanted): Query<Page>,
) -> Response {
    let found = filter.apply(&shared);
    let pages = found.len().div_ceil(PAGE).max(1);
    let page = wanted.page.unwrap_or(1).clamp(1, pages);
    let shown = found.iter().rev().skip((page - 1) * PAGE).take(PAGE);
    let rows = shown.map(|message| Row::from(&**message)).collect();
    render(&Inbox {
        search: filter.q.unwrap_or_default(),
        total: found.len(),
        rows,
        page,
        pages,
    })
}

async fn clear(State(shared): State<Arc<Shared>>) -> Redirect {
    shared.store.clear();
    Redirect::to("/")
}

/// The ways to look at a message; each is a page of its own, so that the tabs are links.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum View {
    Html,
    Text,
    Source,
}

impl View {
    fn name(self) -> &'static str {
        match self {
            Self::Html => "HTML",
            Self::Text => "Text",
            Self::Source => "Source",
        }
    }

    fn parameter(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Text => "text",
            Self::Source => "source",
        }
    }
}

#[derive(Deserialize)]
struct Look {
    view: Option<View>,
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage {
    row: Row,
    envelope: String,
    message_id: String,
    views: Vec<View>,
    view: View,
    /// What the text and source views show.
    text: String,
}

async fn message(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<u64>,
    Query(look): Query<Look>,
) -> Response {
    let Some(message) = shared.store.get(id) else {
        return gone(id);
    };
    let mut views = vec![View::Source];
    if message.text.is_some() {
        views.insert(0, View::Text);
    }
    if message.html.is_some() {
        views.insert(0, View::Html);
    }
    let view = look.view.filter(|view| views.contains(view)).unwrap_or(views[0]);
    let text = match view {
        View::Html => String::new(),
        View::Text => message.text.clone().unwrap_or_default(),
        View::Source => String::from_utf8_lossy(&message.raw).into_owned(),
    };
    render(&MessagePage {
        row: Row::from(&*message),
        envelope: format!("{} → {}", message.sender, message.recipients.join(", ")),
        message_id: message.message_id.clone().unwrap_or_else(|| "(none)".to_owned()),
        views,
        view,
        text,
    })
}

/// The mail's own HTML, for the frame.
async fn html(State(shared): State<Arc<Shared>>, Path(id): Path<u64>) -> Response {
    let Some(html) = shared.store.get(id).and_then(|message| message.html.clone()) else {
        return gone(id);
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, MAIL_POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, with_links_in_new_tabs(&html)).into_response()
}

/// A link that opened inside the frame would look like a part of the mailbox.
fn with_links_in_new_tabs(html: &str) -> String {
    const BASE: &str = "<base target=\"_blank\">";
    let head = html
        .to_ascii_lowercase()
        .find("<head")
        .and_then(|start| Some(start + html[start..].find('>')? + 1));
    // Without a head, the parser makes one and moves the element into it.
    let (before, after) = html.split_at(head.unwrap_or(0));
    format!("{before}{BASE}{after}")
}

async fn style() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
        include_str!("../../templates/style.css"),
    )
}

#[derive(Template)]
#[template(path = "gone.html")]
struct Gone {
    id: u64,
}

fn gone(id: u64) -> Response {
    (StatusCode::NOT_FOUND, render(&Gone { id })).into_response()
}

fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(page) => Html(page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_element_goes_into_the_head_where_there_is_one() {
        let with_head =
            with_links_in_new_tabs("<!doctype html><HTML><Head lang=de><title>x</title></Head></HTML>");
        assert!(
            with_head.contains("<Head lang=de><base target=\"_blank\"><title>"),
            "{with_head}"
        );
        assert_eq!(
            with_links_in_new_tabs("<p>x</p>"),
            "<base target=\"_blank\"><p>x</p>"
        );
    }
}
