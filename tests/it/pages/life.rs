//! The life of a match on its people's own pages.

mod beginning;

use tandem_domain::checks::CheckKind;
use tandem_domain::ids::{CaseId, ExpertId, MatchId};
use tandem_domain::matches::MatchState;
use tandem_domain::parties::{About, Party, Side};
use tandem_domain::policy::Grant;
use tandem_operations::checks::{self, InspectionInput};
use tandem_operations::matches::{self, Paper};
use tandem_operations::{Caller, training};
use tandem_tests::{TestApp, date};
use uuid::Uuid;

use super::{Browser, PAGES, Shown, link};
use crate::scene::Scene;

/// Ingrid Weber and Samira, whose expert has said yes; each with a link and a browser.
struct Pair {
    scene: Scene,
    expert: ExpertId,
    case: CaseId,
    matching: MatchId,
    weber: String,
    samira: String,
    browser: Browser,
}

impl Pair {
    async fn set() -> Self {
        let scene = Scene::set().await;
        let expert = scene.expert("Weber").await;
        let (case, matches) = scene.asked(&[expert]).await;
        scene.app.drain().await;
        let browser = Browser::new();
        browser
            .post(&scene.link("weber"), &[("answer", "yes")])
            .await
            .is(200);
        let weber = link(&scene.app, Party::Expert(expert), About::Match(matches[0])).await;
        let samira = link(&scene.app, scene.mentee_of(case).await, About::Case(case)).await;
        Self {
            scene,
            expert,
            case,
            matching: matches[0],
            weber,
            samira,
            browser,
        }
    }

    async fn make_ready(&self) {
        let (app, caller) = (&self.scene.app.api, &self.scene.coordinator.caller);
        let inspection = InspectionInput {
            kind: CheckKind::Extended,
            certificate_date: date("2026-11-01"),
            inspected_on: Some(date("2026-11-10")),
            no_relevant_entry: true,
            valid_until: None,
        };
        checks::record_inspection(app, caller, self.expert, inspection)
            .await
            .expect("a check");
        for module in training::modules(app, &Caller::system()).await.expect("modules") {
            training::record_attendance(app, caller, self.expert, module.id, date("2026-10-01"))
                .await
                .expect("an attendance");
        }
    }

    async fn introduce(&self) {
        matches::introduce(&self.scene.app.api, &self.scene.staff.caller, self.matching, None)
            .await
            .expect("an introduction");
    }

    /// Until each side is asked whether it fits.
    async fn met() -> Self {
        let pair = Self::set().await;
        pair.make_ready().await;
        pair.introduce().await;
        let held = pair
            .post(&pair.weber, "first/held", &[("on", "2026-11-23")])
            .await;
        held.is(200).says(&["Passt es?", "Samira"]);
        pair
    }

    /// Until the match is active.
    async fn active() -> Self {
        let pair = Self::met().await;
        pair.post(&pair.weber, "verdict", &[("verdict", "YES")])
            .await
            .is(200);
        pair.post(&pair.samira, "verdict", &[("verdict", "YES")])
            .await
            .is(200);
        let written = pair.post(&pair.weber, "agreement/write", AGREEMENT).await;
        written.is(200).says(&["Fassung 1", "noch nicht unterschrieben"]);
        for link in [&pair.weber, &pair.samira] {
            let form = [("version", "1"), ("agree", "yes")];
            pair.post(link, "agreement", &form)
                .await
                .is(200)
                .says(&["Sie haben unterschrieben"]);
        }
        assert_eq!(pair.state().await, MatchState::Active);
        pair
    }

    fn at(&self, link: &str, path: &str) -> String {
        let path = if path.is_empty() {
            String::new()
        } else {
            format!("/{path}")
        };
        format!("{link}/match/{}{path}", self.matching)
    }

    async fn get(&self, link: &str, path: &str) -> Shown {
        self.browser.get(&self.at(link, path)).await
    }

    async fn post(&self, link: &str, path: &str, form: &[(&str, &str)]) -> Shown {
        self.browser.post(&self.at(link, path), form).await
    }

    async fn state(&self) -> MatchState {
        self.scene.state(self.matching).await
    }

    async fn count(&self, table: &str) -> i64 {
        let mut conn = self.scene.app.superuser().await;
        let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        sqlx::query_scalar(sql)
            .fetch_one(&mut conn)
            .await
            .expect("a number")
    }

    async fn finish(self) {
        self.scene.app.drain().await;
        self.scene.app.ignore_mails();
        self.scene.app.finish().await;
    }
}

const AGREEMENT: &[(&str, &str)] = &[
    ("areas", "LANGUAGE"),
    ("areas", "APPLICATION"),
    ("expert_tasks", "Bewerbungen ansehen"),
    ("mentee_tasks", "Unterlagen mitbringen"),
    ("rhythm_days", "7"),
    ("place", "Servicestelle Hamburg"),
    ("channels", "IN_PERSON"),
    ("goals", "Ein Ausbildungsplatz"),
    ("starts_on", "2026-11-23"),
    ("ends_on", "2027-11-23"),
];

#[tokio::test]
async fn the_tandem_meets_pauses_answers_and_ends_on_its_pages() {
    let mut pair = Pair::active().await;
    let partner = pair.get(&pair.samira, "").await;
    partner.says(&["So erreichen Sie sich", "weber@expert.example.org"]);
    let key = ("key", "3f1b6c1e-0000-7000-8000-000000000001");
    let meeting = [
        ("day", "2026-11-23"),
        ("minutes", "90"),
        ("kind", "IN_PERSON"),
        ("areas", "LANGUAGE"),
        ("asked", "yes"),
        ("note", "Lebenslauf besprochen"),
        key,
    ];
    let (one, two) = tokio::join!(
        pair.post(&pair.weber, "meetings", &meeting),
        pair.post(&pair.weber, "meetings", &meeting),
    );
    one.is(200)
        .says(&["90 Minuten", "Lebenslauf besprochen", "1 Treffen"]);
    two.is(200);
    assert_eq!(pair.count("meetings").await, 1, "a double click is one meeting");
    let seen = pair.get(&pair.samira, "meetings").await;
    seen.is(200)
        .says(&["Montag, 23. November 2026", "90 Minuten"])
        .hides(&["Lebenslauf", "<textarea"]);
    pair.post(&pair.samira, "meetings", &meeting).await.is(404);
    let wrong = pair
        .post(
            &pair.weber,
            "meetings",
            &[("day", "2026-11-23"), ("minutes", "0"), ("kind", "CHAT")],
        )
        .await;
    wrong.is(422);

    let milestone = [
        ("kind", "INTERVIEW"),
        ("day", "2026-12-01"),
        ("level", ""),
        ("note", ""),
    ];
    pair.post(&pair.weber, "milestones", &milestone)
        .await
        .is(200)
        .says(&["Vorstellungsgespräch"]);
    pair.post(
        &pair.weber,
        "milestones",
        &[("kind", "LEVEL_REACHED"), ("day", "2026-11-23")],
    )
    .await
    .is(422);

    for (to, state) in [("pause", MatchState::Paused), ("resume", MatchState::Active)] {
        pair.post(&pair.weber, "pause", &[("to", to)]).await.is(200);
        pair.post(&pair.weber, "pause", &[("to", to)]).await.is(200);
        assert_eq!(pair.state().await, state);
    }

    pair.get(&pair.samira, "feedback")
        .await
        .is(200)
        .hides(&["type=\"radio\""]);
    pair.scene.days_later(29).await;
    let due = pair.browser.get(&pair.samira).await;
    due.is(200).says(&["Wie läuft es?"]);
    pair.post(&pair.samira, "feedback", &[("helps", "YES")])
        .await
        .is(422);
    let answers = [("helps", "YES"), ("often", "PARTLY"), ("comment", "gut")];
    pair.post(&pair.samira, "feedback", &answers)
        .await
        .is(200)
        .says(&["Vielen Dank für Ihre Antworten"]);
    pair.post(&pair.samira, "feedback", &answers).await.is(200);
    pair.post(&pair.weber, "feedback", &[("satisfaction", "5"), ("comment", "")])
        .await
        .is(200);
    assert_eq!(pair.count("feedback").await, 2);

    let end = [("reasons", "MOVED_AWAY"), ("another", "yes")];
    pair.post(&pair.samira, "end", &end)
        .await
        .is(200)
        .says(&["Sind Sie sicher?"]);
    assert_eq!(pair.state().await, MatchState::Active, "asked once more");
    let sure = [("reasons", "MOVED_AWAY"), ("another", "yes"), ("sure", "yes")];
    pair.post(&pair.samira, "end", &sure)
        .await
        .is(200)
        .says(&["Die Begleitung ist beendet"]);
    pair.post(&pair.samira, "end", &sure).await.is(200);
    assert_eq!(pair.state().await, MatchState::EndedEarly);
    let report = [
        ("alone", "PARTLY"),
        ("level", "B1"),
        ("summary", "Viel geschafft"),
    ];
    pair.get(&pair.weber, "report")
        .await
        .is(200)
        .says(&["Abschlussbericht"]);
    pair.post(&pair.weber, "report", &report)
        .await
        .is(200)
        .says(&["Ihr Bericht ist bei uns"]);
    pair.post(&pair.weber, "another", &[("another", "yes")])
        .await
        .is(200);
    pair.finish().await;
}

#[tokio::test]
async fn a_problem_reaches_centre_and_office_and_never_the_expert() {
    let pair = Pair::active().await;
    pair.scene.app.drain().await;
    pair.scene.app.ignore_mails();
    let before = pair.scene.subjects("weber").len();
    let problem = format!("{}/problem", pair.samira);
    for page in PAGES {
        let url = format!(
            "{}{}",
            pair.samira,
            page.replace("{match}", &pair.matching.to_string())
        );
        let shown = pair.browser.get(&url).await;
        if shown.status == 200 && !page.ends_with("/problem") {
            shown.says(&["Ein Problem melden"]);
        }
    }
    pair.browser
        .get(&problem)
        .await
        .is(200)
        .says(&["110", "Ihre Begleitung sieht sie nicht"]);
    pair.browser.post(&problem, &[("text", " ")]).await.is(422);
    let sent = pair
        .browser
        .post(&problem, &[("text", "لا أشعر بالراحة"), ("call", "yes")])
        .await;
    sent.is(200).says(&["Ihre Nachricht ist angekommen"]);
    pair.scene.app.drain().await;
    assert_eq!(
        pair.scene.subjects("weber").len(),
        before,
        "nothing to the expert"
    );
    let centre = pair
        .scene
        .app
        .mails_to("servicestelle.hamburg@center.example.org");
    assert!(!centre.is_empty());
    assert!(
        centre
            .iter()
            .all(|mail| !mail.text.as_deref().unwrap_or_default().contains("أشعر"))
    );
    let mut conn = pair.scene.app.superuser().await;
    let text: String = sqlx::query_scalar("SELECT text FROM problem_reports")
        .fetch_one(&mut conn)
        .await
        .expect("a report");
    assert!(text.starts_with("لا أشعر بالراحة"));
    let expert = pair
        .browser
        .post(&format!("{}/problem", pair.weber), &[("text", "x")])
        .await;
    assert!(!expert.html.contains("<textarea"));
    assert_eq!(pair.count("problem_reports").await, 1);
    pair.finish().await;
}

#[tokio::test]
async fn what_the_centre_recorded_on_paper_can_be_denied_by_its_person_alone() {
    let pair = Pair::met().await;
    let paper = Paper {
        on: date("2026-11-23"),
        witness: "Jonas Zeuge".into(),
    };
    let yes = tandem_domain::chemistry::Verdict::Yes;
    let (app, staff) = (&pair.scene.app.api, &pair.scene.staff.caller);
    matches::record_verdict_on_paper(app, staff, pair.matching, Side::Mentee, yes, paper)
        .await
        .expect("a record");
    let mut conn = pair.scene.app.superuser().await;
    let record: Uuid = sqlx::query_scalar("SELECT id FROM paper_records")
        .fetch_one(&mut conn)
        .await
        .expect("a record");
    let own = format!("{}/paper/{record}", pair.samira);
    let page = pair.browser.get(&own).await;
    page.is(200).says(&["Jonas Zeuge", "Das stimmt nicht"]);
    pair.browser
        .get(&format!("{}/paper/{record}", pair.weber))
        .await
        .is(404);
    pair.browser
        .post(&format!("{}/paper/{record}", pair.weber), &[])
        .await
        .is(404);
    assert_eq!(
        pair.count("chemistry_verdicts").await,
        1,
        "looking denies nothing"
    );
    pair.browser
        .post(&own, &[])
        .await
        .is(200)
        .says(&["prüfen es jetzt"]);
    pair.browser.post(&own, &[]).await.is(200);
    assert_eq!(pair.count("chemistry_verdicts").await, 0);
    pair.finish().await;
}

#[tokio::test]
async fn a_no_offers_what_it_implies_at_one_click() {
    for (reason, follow, count) in [
        ("not_now", "time_off", "SELECT count(*) FROM expert_pauses"),
        (
            "too_far",
            "radius",
            "SELECT travel_radius_km::bigint FROM experts",
        ),
    ] {
        let scene = Scene::set().await;
        let mut draft = TestApp::expert_draft("Weber", "21073");
        draft.travel_radius_km = Some(60);
        let expert = scene.app.expert_of(scene.office, draft).await;
        scene.asked(&[expert]).await;
        scene.app.drain().await;
        let url = scene.link("weber");
        let browser = Browser::new();
        browser
            .post(&format!("{url}/follow"), &[("follow", follow)])
            .await;
        let mut conn = scene.app.superuser().await;
        let before: i64 = sqlx::query_scalar(count)
            .fetch_one(&mut conn)
            .await
            .expect("a number");
        browser
            .post(&format!("{url}/follow"), &[("follow", follow)])
            .await;
        let too_early: i64 = sqlx::query_scalar(count)
            .fetch_one(&mut conn)
            .await
            .expect("a number");
        assert_eq!(too_early, before, "not before the no");
        browser.post(&url, &[("answer", "no")]).await.is(200);
        let offer = browser
            .post(&format!("{url}/reason"), &[("reason", reason)])
            .await;
        offer.is(200).says(&[&format!("value=\"{follow}\"")]);
        let done = browser
            .post(&format!("{url}/follow"), &[("follow", follow)])
            .await;
        done.is(200).says(&["Das ist eingestellt"]);
        browser
            .post(&format!("{url}/follow"), &[("follow", follow)])
            .await
            .is(200);
        let after: i64 = sqlx::query_scalar(count)
            .fetch_one(&mut conn)
            .await
            .expect("a number");
        assert_ne!(after, before);
        scene.app.drain().await;
        scene.app.ignore_mails();
        scene.app.finish().await;
    }
}

#[tokio::test]
async fn an_expert_who_is_signed_in_answers_and_sets_when_to_be_asked() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    scene.app.drain().await;
    scene.app.ignore_mails();
    let weber = scene.app.person("Ingrid Weber", Grant::Expert(expert)).await;
    let session = weber.client.token().expect("a session").to_owned();
    let (browser, me) = (Browser::new(), format!("{}/me", scene.app.url));
    let home = browser.get_signed_in(&me, &session).await;
    home.is(200).says(&["Wir fragen Sie", "Meine Angaben"]);
    let answer = format!("{me}/match/{}/answer", matches[0]);
    browser
        .get_signed_in(&answer, &session)
        .await
        .is(200)
        .says(&["Ja, ich bin interessiert"]);
    browser
        .post_from_elsewhere(&answer, &session, &[("answer", "yes")])
        .await
        .is(403);
    assert_eq!(scene.state(matches[0]).await, MatchState::Approached);
    let yes = browser
        .post_signed_in(&answer, &session, &[("answer", "yes")])
        .await;
    yes.is(200).says(&["Herzlichen Dank für Ihr Ja"]);
    assert_eq!(scene.state(matches[0]).await, MatchState::Interested);

    let profile = format!("{me}/profile");
    let form = [("capacity", "2"), ("radius", "15"), ("publicity", "yes")];
    browser.post_signed_in(&profile, &session, &form).await.is(200);
    let own = browser.get_signed_in(&profile, &session).await;
    own.says(&["value=\"2\"", "value=\"15\""]);
    let none = [("capacity", "0"), ("radius", "1000")];
    browser.post_signed_in(&profile, &session, &none).await.is(422);
    let away = format!("{profile}/away");
    let from = [("from", "2026-12-24"), ("until", "2027-01-06")];
    let entered = browser.post_signed_in(&away, &session, &from).await;
    entered.is(200).says(&["24. Dezember 2026", "6. Januar 2027"]);
    browser
        .post_signed_in(&away, &session, &[("back", "yes")])
        .await
        .says(&["Sie sind erreichbar"]);
    let by_link = link(&scene.app, Party::Expert(expert), About::Match(matches[0])).await;
    browser.get(&format!("{by_link}/profile")).await.is(404);
    browser.post(&format!("{by_link}/profile"), &form).await.is(404);
    let stored = scene.trail(expert.uuid()).await;
    assert!(
        stored.contains(&"expert.availability_set".to_owned()),
        "{stored:?}"
    );
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn every_page_of_a_mentee_is_there_in_every_language() {
    let pair = Pair::active().await;
    for (language, direction) in [
        ("de", "ltr"),
        ("en", "ltr"),
        ("ar", "rtl"),
        ("fa", "rtl"),
        ("uk", "ltr"),
        ("tr", "ltr"),
    ] {
        pair.browser
            .post(&format!("{}/language", pair.samira), &[("to", language)])
            .await
            .is(200);
        for page in PAGES {
            let url = format!(
                "{}{}",
                pair.samira,
                page.replace("{match}", &pair.matching.to_string())
            );
            let shown = pair.browser.get(&url).await;
            shown.says(&[&format!(r#"<html lang="{language}" dir="{direction}">"#)]);
            if language != "de" {
                shown.hides(&["Zurück zur Übersicht", "Sprache ändern"]);
            }
        }
    }
    pair.finish().await;
}
