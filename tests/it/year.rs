//! A whole year of a tandem with a moved clock, over HTTP: staff through the API, expert and mentee through
//! the links that they find in their real mails. And ways in which it goes otherwise.

use serde_json::json;
use tandem_domain::cases::CaseState;
use tandem_domain::checks::CheckKind;
use tandem_domain::matches::MatchState;
use tandem_operations::{Caller, matches};

use crate::life::Tandem;
use crate::pages::{Browser, Shown};
use crate::scene::gid;

const EXPERT: &str = "weber@expert.example.org";
const MENTEE: &str = "samira@mentee.example.org";

/// A tandem whose people come by the newest link in their mails.
struct Year {
    tandem: Tandem,
    browser: Browser,
}

impl Year {
    /// An expert is asked by mail.
    async fn begin() -> Self {
        let tandem = Tandem::asked().await;
        tandem.scene.app.drain().await;
        Self {
            tandem,
            browser: Browser::new(),
        }
    }

    /// Lets days pass; the worker sweeps.
    async fn days(&mut self, days: i64) {
        // in long stretches a week at a time: a missed night loses nothing
        let step = if days > 20 { 7 } else { 1 };
        let mut left = days;
        while left > 0 {
            let passed = left.min(step);
            self.tandem.scene.app.advance(chrono::Duration::days(passed));
            self.tandem.scene.app.sweep().await;
            left -= passed;
        }
        // sessions have ended meanwhile
        self.tandem.days_later(0).await;
    }

    /// The newest link to the own pages in the mails to an address.
    fn link(&self, address: &str) -> String {
        let mails = self.tandem.scene.app.mails_to(address);
        let found = mails.iter().rev().find_map(|mail| {
            let text = mail.text.as_deref()?;
            let path = text.find("/p/me/")?;
            let start = text[..path].rfind("http")?;
            let length = text[start..].find(char::is_whitespace)?;
            Some(text[start..start + length].to_owned())
        });
        found.unwrap_or_else(|| {
            let subjects: Vec<&String> = mails.iter().map(|mail| &mail.subject).collect();
            panic!("no link to {address} in {subjects:?}")
        })
    }

    async fn post(&self, address: &str, path: &str, form: &[(&str, &str)]) -> Shown {
        let url = format!("{}/match/{}/{path}", self.link(address), self.tandem.id);
        self.browser.post(&url, form).await
    }

    /// A mutation by somebody of the centre about the match.
    async fn centre(&self, mutation: &str, arguments: &str) {
        let document = format!(
            "mutation($id: ID!) {{ {mutation}({arguments}) {{ userErrors {{ code field message }} }} }}"
        );
        let answer = self
            .tandem
            .scene
            .staff
            .ask(&document, json!({ "id": gid(self.tandem.id) }))
            .await;
        answer.done(mutation);
        self.tandem.scene.app.drain().await;
    }

    /// A mutation by somebody of the centre about the case.
    async fn closes(&self, mutation: &str, arguments: &str) {
        let document = format!(
            "mutation($id: ID!) {{ {mutation}({arguments}) {{ userErrors {{ code field message }} }} }}"
        );
        let variables = json!({ "id": gid(self.tandem.case) });
        self.tandem
            .scene
            .staff
            .ask(&document, variables)
            .await
            .done(mutation);
        self.tandem.scene.app.drain().await;
    }

    async fn state(&self) -> MatchState {
        self.tandem.scene.state(self.tandem.id).await
    }

    /// Up to an active match, by the links of the mails.
    async fn to_the_beginning(&mut self) {
        let answer = self.tandem.scene.link("weber");
        self.browser.post(&answer, &[("answer", "yes")]).await.is(200);
        assert_eq!(self.state().await, MatchState::Interested);
        self.tandem.make_ready(CheckKind::Simple).await;
        self.centre("introduceMatch", "id: $id").await;
        self.centre(
            "recordNeedsBriefing",
            "id: $id, on: \"2026-11-23\", note: \"Deutsch zuerst\"",
        )
        .await;
        let plan = [
            ("day", "2026-11-30"),
            ("time", "15:00"),
            ("place", "Servicestelle"),
        ];
        self.post(EXPERT, "first", &plan).await.is(200);
        self.tandem.scene.app.drain().await;
        self.days(8).await;
        self.post(EXPERT, "first/held", &[("on", "2026-11-30")])
            .await
            .is(200);
        self.tandem.scene.app.drain().await;
        for who in [MENTEE, EXPERT] {
            self.post(who, "verdict", &[("verdict", "YES")]).await.is(200);
        }
        self.tandem.scene.app.drain().await;
        let agreement = [
            ("areas", "LANGUAGE"),
            ("areas", "APPLICATION"),
            ("rhythm_days", "7"),
            ("place", "Servicestelle Hamburg"),
            ("channels", "IN_PERSON"),
            ("goals", "Ein Ausbildungsplatz"),
            ("starts_on", "2026-12-01"),
            ("ends_on", "2027-11-30"),
        ];
        self.post(EXPERT, "agreement/write", &agreement).await.is(200);
        self.tandem.scene.app.drain().await;
        for who in [EXPERT, MENTEE] {
            let form = [("version", "1"), ("agree", "yes")];
            self.post(who, "agreement", &form).await.is(200);
        }
        self.tandem.scene.app.drain().await;
        assert_eq!(self.state().await, MatchState::Active);
    }

    async fn finish(self) {
        self.tandem.finish().await;
    }
}

#[tokio::test]
async fn a_whole_year_of_a_tandem() {
    let mut year = Year::begin().await;
    year.to_the_beginning().await;
    // they meet every week, and the expert notes it by the newest link
    for week in 0..6 {
        let today = year.tandem.scene.app.api.today().to_string();
        let key = format!("week-{week}");
        let form = [
            ("day", today.as_str()),
            ("kind", "IN_PERSON"),
            ("minutes", "90"),
            ("key", key.as_str()),
        ];
        year.post(EXPERT, "meetings", &form).await.is(200);
        year.days(7).await;
    }
    let feedback = [("helps", "YES"), ("often", "YES"), ("comment", "")];
    year.post(MENTEE, "feedback", &feedback).await.is(200);
    let look = "query($id: ID!) { match(id: $id) { state course { meetings regularityPercent } feedback { occasion } } }";
    let variables = json!({ "id": gid(year.tandem.id) });
    let seen = year.tandem.scene.staff.ask(look, variables).await;
    assert_eq!(
        seen.data()["match"],
        json!({ "state": "ACTIVE", "course": { "meetings": 6, "regularityPercent": 100 },
            "feedback": [{ "occasion": "CHECK_IN" }] })
    );
    // until the training begins; nobody who is silent is left alone
    year.days(140).await;
    let words: Vec<String> = year
        .tandem
        .scene
        .app
        .mails_to(EXPERT)
        .iter()
        .map(|mail| mail.subject.clone())
        .collect();
    assert!(words.len() > 8, "silence is noticed: {words:?}");
    let end = [("reasons", "TRAINING_BEGUN"), ("another", "yes"), ("sure", "yes")];
    year.post(EXPERT, "end", &end).await.is(200);
    assert_eq!(year.state().await, MatchState::Completed);
    year.tandem.scene.app.drain().await;
    year.post(
        EXPERT,
        "report",
        &[("alone", "YES"), ("level", "B2"), ("summary", "Gern wieder.")],
    )
    .await
    .is(200);
    year.post(MENTEE, "feedback", &feedback).await.is(200);
    year.post(MENTEE, "another", &[("another", "no")]).await.is(200);
    let starts = year.tandem.scene.app.api.today();
    let outcome = format!(
        "id: $id, outcome: {{ transition: TRAINING_PLACE, social: SETTLED, trainingStartsOn: \"{starts}\" }}"
    );
    year.closes("closeCase", &outcome).await;
    year.days(124).await;
    year.closes("confirmOutcome", &outcome).await;
    let case = year.tandem.scene.case(year.tandem.case).await;
    assert_eq!(case.state, CaseState::Closed);
    assert!(case.outcome_confirmed_at.is_some());
    year.finish().await;
}

#[tokio::test]
async fn ten_ways_in_which_it_goes_otherwise() {
    // 1: the expert declines by the link
    let year = Year::begin().await;
    let answer = year.tandem.scene.link("weber");
    year.browser.post(&answer, &[("answer", "no")]).await.is(200);
    assert_eq!(year.state().await, MatchState::Declined);
    // 2: and a late change of mind is told, friendly, that it is late
    year.browser.post(&answer, &[("answer", "yes")]).await;
    assert_eq!(year.state().await, MatchState::Declined);
    year.finish().await;

    // 3: nobody answers
    let mut year = Year::begin().await;
    year.days(15).await;
    assert_eq!(year.state().await, MatchState::Lapsed);
    year.finish().await;

    // 4: the office takes the question back, and the link says so
    let year = Year::begin().await;
    let answer = year.tandem.scene.link("weber");
    matches::withdraw(
        &year.tandem.scene.app.api,
        &Caller::system(),
        year.tandem.id,
        None,
    )
    .await
    .expect("a withdrawal");
    year.browser.post(&answer, &[("answer", "yes")]).await;
    assert_eq!(year.state().await, MatchState::Withdrawn);
    year.finish().await;

    // 5: the centre takes the case back after the yes
    let year = Year::begin().await;
    let answer = year.tandem.scene.link("weber");
    year.browser.post(&answer, &[("answer", "yes")]).await.is(200);
    year.closes("withdrawCase", "id: $id").await;
    assert_eq!(year.state().await, MatchState::Withdrawn);
    year.finish().await;

    // 6: the expert leaves before the first meeting, by the link, without a reason
    let year = Year::begin().await;
    let answer = year.tandem.scene.link("weber");
    year.browser.post(&answer, &[("answer", "yes")]).await.is(200);
    year.tandem.scene.app.drain().await;
    year.centre("introduceMatch", "id: $id").await;
    year.post(EXPERT, "stop", &[("sure", "yes")]).await.is(200);
    assert_eq!(year.state().await, MatchState::NotFormed);
    assert_eq!(
        year.tandem.scene.case(year.tandem.case).await.state,
        CaseState::Searching
    );
    year.finish().await;

    // 7: the mentee says no after the first meeting, by the link
    let year = Year::begin().await;
    let answer = year.tandem.scene.link("weber");
    year.browser.post(&answer, &[("answer", "yes")]).await.is(200);
    year.tandem.make_ready(CheckKind::Simple).await;
    year.centre("introduceMatch", "id: $id").await;
    year.centre("recordFirstMeeting", "id: $id, on: \"2026-11-23\"")
        .await;
    year.post(MENTEE, "verdict", &[("verdict", "NO"), ("sure", "yes")])
        .await
        .is(200);
    assert_eq!(
        year.state().await,
        MatchState::Met,
        "nobody is told before the other one"
    );
    year.post(EXPERT, "verdict", &[("verdict", "YES")]).await;
    assert_eq!(year.state().await, MatchState::NotFormed);
    year.finish().await;

    // 8: the expert interrupts it by the link, and the centre takes it up again
    let mut year = Year::begin().await;
    year.to_the_beginning().await;
    year.post(EXPERT, "pause", &[("to", "pause")]).await.is(200);
    assert_eq!(year.state().await, MatchState::Paused);
    year.centre("resumeMatch", "id: $id").await;
    assert_eq!(year.state().await, MatchState::Active);
    // 9: the mentee ends it early, by the link, and the search goes on
    year.post(MENTEE, "end", &[("sure", "yes")]).await.is(200);
    assert_eq!(year.state().await, MatchState::EndedEarly);
    year.closes("searchAgain", "id: $id").await;
    assert_eq!(
        year.tandem.scene.case(year.tandem.case).await.state,
        CaseState::Searching
    );
    // 10: an old link answers nothing any more
    let late = year.link(EXPERT);
    year.days(100).await;
    let page = year
        .browser
        .post(
            &format!("{late}/match/{}/verdict", year.tandem.id),
            &[("verdict", "YES")],
        )
        .await;
    assert!(!page.status.is_success(), "{}", page.html);
    year.finish().await;
}
