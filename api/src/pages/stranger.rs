//! What pages do for a reader of whom nothing is known: the language, and the switch to another one.

use axum::http::{HeaderMap, header};
use serde::Deserialize;
use tandem_mail::Language;

use super::texts;
use super::view::{Block, Link};

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
