//! People's own pages, over HTTP and without a script, as a browser shows them.

mod codes;
mod front;
mod life;
mod links;
mod own_things;

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};
use reqwest::{StatusCode, header};
use tandem_domain::ids::{AddressChangeId, AttendanceId, CaseId, DeliveryId, Id, MatchId};
use tandem_domain::parties::{About, Party, Side};
use tandem_operations::links::Purpose;
use tandem_tests::TestApp;

use crate::scene::Scene;

/// What a browser got.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) status: StatusCode,
    pub(crate) url: String,
    pub(crate) html: String,
    pub(crate) headers: header::HeaderMap,
}

impl Shown {
    /// Fails where a word is missing.
    #[track_caller]
    pub(crate) fn says(&self, words: &[&str]) -> &Self {
        for word in words {
            assert!(
                self.html.contains(word),
                "{word:?} is not on {}:\n{}",
                self.url,
                self.html
            );
        }
        self
    }

    /// Fails where one of these is on the page.
    #[track_caller]
    pub(crate) fn hides(&self, words: &[&str]) -> &Self {
        for word in words {
            assert!(
                !self.html.contains(word),
                "{word:?} is on {}:\n{}",
                self.url,
                self.html
            );
        }
        self
    }

    /// Fails where the status is another one.
    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}:\n{}", self.url, self.html);
        self
    }
}

/// A browser: it follows redirects, and keeps cookies.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    http: reqwest::Client,
    language: Option<&'static str>,
}

impl Browser {
    pub(crate) fn new() -> Self {
        let page = header::HeaderValue::from_static("text/html,application/xhtml+xml,*/*;q=0.8");
        let headers = [(header::ACCEPT, page)].into_iter().collect();
        let http = reqwest::Client::builder().default_headers(headers);
        let http = http.cookie_store(true).build();
        Self {
            http: http.expect("a client"),
            language: None,
        }
    }

    pub(crate) fn speaking(language: &'static str) -> Self {
        Self {
            language: Some(language),
            ..Self::new()
        }
    }

    pub(crate) async fn get(&self, url: &str) -> Shown {
        self.shown(self.http.get(url)).await
    }

    pub(crate) async fn post(&self, url: &str, form: &[(&str, &str)]) -> Shown {
        self.shown(self.http.post(url).form(form)).await
    }

    /// The same from a page of another site.
    pub(crate) async fn post_from_elsewhere(&self, url: &str, token: &str, form: &[(&str, &str)]) -> Shown {
        let request = self.http.post(url).form(form);
        let request = request
            .header(header::COOKIE, format!("tandem={token}"))
            .header("sec-fetch-site", "cross-site")
            .header(header::ORIGIN, "https://elsewhere.example.org");
        self.shown(request).await
    }

    /// The same, signed in by the cookie of a session.
    pub(crate) async fn post_signed_in(&self, url: &str, token: &str, form: &[(&str, &str)]) -> Shown {
        let request = self.http.post(url).form(form);
        let request = request
            .header(header::COOKIE, format!("tandem={token}"))
            .header("sec-fetch-site", "same-origin");
        self.shown(request).await
    }

    pub(crate) async fn get_signed_in(&self, url: &str, token: &str) -> Shown {
        let request = self
            .http
            .get(url)
            .header(header::COOKIE, format!("tandem={token}"));
        self.shown(request).await
    }

    async fn shown(&self, request: reqwest::RequestBuilder) -> Shown {
        let request = match self.language {
            Some(language) => request.header(header::ACCEPT_LANGUAGE, language),
            None => request,
        };
        let response = request.send().await.expect("a page");
        let shown = Shown {
            status: response.status(),
            url: response.url().to_string(),
            headers: response.headers().clone(),
            html: response.text().await.expect("a page"),
        };
        if shown.headers[header::CONTENT_TYPE] == "text/html; charset=utf-8" {
            shown.hides(&["<script", " style=", " onclick=", "{{", "{%", "{name}"]);
            keep(&shown);
        }
        shown
    }
}

/// The pages that an e-mail to a person about something leads to; the e-mail is written as if it had just
/// been sent.
pub(crate) async fn link(app: &TestApp, party: Party, about: About) -> String {
    let id: DeliveryId = app.api.id();
    let (kind, subject) = match about {
        About::Match(id) => (MatchId::KIND, id.uuid()),
        About::Case(id) => (CaseId::KIND, id.uuid()),
        About::Seat(id) => (AttendanceId::KIND, id.uuid()),
        About::Address(id) => (AddressChangeId::KIND, id.uuid()),
    };
    let recipient = match party.side() {
        Side::Expert => "EXPERT",
        Side::Mentee => "MENTEE",
        Side::Guardian => "GUARDIAN",
    };
    let now: DateTime<Utc> = app.now();
    let mut conn = app.superuser().await;
    sqlx::query(
        "INSERT INTO email_deliveries (id, key, trigger, step, subject_kind, subject_id, recipient_kind, recipient_id,
             state, attempts, created_at, sending_at, sent_at, finished_at)
         VALUES ($1, $1::text, 'APPROACH', 0, $2, $3, $4, $5, 'SENT', 1, $6, $6, $6, $6)",
    )
    .bind(id.uuid())
    .bind(kind)
    .bind(subject)
    .bind(recipient)
    .bind(party.uuid())
    .bind(now)
    .execute(&mut conn)
    .await
    .expect("a delivery");
    format!("{}/p/me/{}", app.url, app.api.links.token(Purpose::Person, id))
}

impl Scene {
    /// The mentee of a case.
    pub(crate) async fn mentee_of(&self, case: CaseId) -> Party {
        Party::Mentee(self.case(case).await.mentee)
    }
}

/// Every page under a person's link.
pub(crate) const PAGES: &[&str] = &[
    "",
    "/case",
    "/problem",
    "/match/{match}",
    "/match/{match}/stop",
    "/match/{match}/verdict",
    "/match/{match}/agreement",
    "/match/{match}/meetings",
    "/match/{match}/feedback",
    "/match/{match}/end",
    "/match/{match}/another",
];

/// Writes each page to the folder that TANDEM_PAGES_FOLDER names, to be looked at.
fn keep(shown: &Shown) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let Some(folder) = std::env::var_os("TANDEM_PAGES_FOLDER") else {
        return;
    };
    let path = shown.url.split(['?', '#']).next().unwrap_or_default();
    let short: Vec<&str> = path.split('/').skip(3).filter(|part| part.len() < 30).collect();
    let name = format!(
        "{:04}-{}.html",
        COUNT.fetch_add(1, Ordering::Relaxed),
        short.join("-")
    );
    std::fs::write(std::path::Path::new(&folder).join(name), &shown.html).expect("the folder is there");
}
