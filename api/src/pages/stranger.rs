//! What pages do for a reader of whom nothing is known: the language, the switch to another one, the way to sign in.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use tandem_mail::Language;

use super::frame::Frame;
use super::texts;
use super::view::{Block, Link, Page};

/// The language that the page before said.
#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    lang: Option<String>,
}

impl Chosen {
    /// The language that was chosen, or else the first of the browser's languages that there is.
    pub(super) fn language(&self, headers: &HeaderMap) -> Language {
        language(self.lang.as_deref(), headers)
    }
}

/// The language with this code, or else the first of the browser's languages that there is.
pub(super) fn language(chosen: Option<&str>, headers: &HeaderMap) -> Language {
    let known = |code: &str| Language::ALL.into_iter().find(|language| language.code() == code);
    let accepted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    chosen
        .and_then(known)
        .or_else(|| {
            accepted.split(',').find_map(|part| {
                let code = part.split([';', '-']).next().unwrap_or_default().trim();
                if code == "prs" {
                    Some(Language::Fa)
                } else {
                    known(code)
                }
            })
        })
        .unwrap_or_default()
}

/// Links to the same page in all other languages.
pub(super) fn other_languages(path: &str, language: Language) -> [Block; 2] {
    let others = Language::ALL.into_iter().filter(|other| *other != language);
    [
        Block::Heading(texts::of(language).language.into()),
        Block::Links(
            others
                .map(|other| Link {
                    lang: Some(other.code()),
                    ..Link::new(format!("{path}?lang={}", other.code()), texts::own_name(other))
                })
                .collect(),
        ),
    ]
}

/// Asks to sign in, in both languages, with the way to it.
pub(super) fn please_sign_in(status: StatusCode, german: &str, english: &str) -> Response {
    Page {
        frame: Frame::bare(Language::De, "Bitte melden Sie sich an"),
        blocks: vec![
            Block::Text(german.to_owned()),
            Block::Text(english.to_owned()),
            Block::Links(vec![Link::first("/p/sign-in", "Anmelden / Sign in")]),
        ],
        foot: None,
    }
    .show(status)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_page_for_a_stranger_is_in_the_first_language_of_the_browser_that_there_is() {
        let mut headers = HeaderMap::new();
        assert_eq!(language(None, &headers), Language::De);
        let accepted = "ps,prs;q=0.9,ar;q=0.8,de;q=0.5";
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(accepted));
        assert_eq!(language(None, &headers), Language::Fa);
        assert_eq!(language(Some("tr"), &headers), Language::Tr);
        assert_eq!(language(Some("xx"), &headers), Language::Fa);
    }
}
