//! One-time codes on paper.

use chrono::Duration;
use serde_json::json;
use tandem_domain::ids::CaseId;
use tandem_domain::mentees::{GuardianKind, MenteeDraft};
use tandem_operations::{Caller, mentees};
use tandem_tests::{Actor, TestApp, date};

use super::Browser;
use crate::scene::{Scene, gid};

const REQUEST: &str = "mutation($case: ID!, $holder: CodeHolder! = MENTEE) {
    requestCodePage(caseId: $case, holder: $holder) { page { url expiresAt } userErrors { code field } } }";

/// The page that the centre prints.
async fn sheet(actor: &Actor, case: CaseId, holder: &str) -> String {
    let answer = actor
        .ask(REQUEST, json!({ "case": gid(case), "holder": holder }))
        .await;
    let url = &answer.done("requestCodePage")["page"]["url"];
    url.as_str().expect("an address").to_owned()
}

/// Prints it, and reads the code on the paper.
async fn printed(browser: &Browser, sheet: &str) -> String {
    let paper = browser.post(sheet, &[]).await;
    paper.is(200);
    let start = paper.html.find(r#"<p class="big" dir="ltr">"#).expect("a code") + 25;
    let code = &paper.html[start..start + 11];
    assert_eq!(code.as_bytes()[5], b'-', "{code}");
    code.to_owned()
}

async fn typed(app: &TestApp, browser: &Browser, code: &str) -> super::Shown {
    browser
        .post(&format!("{}/code", app.url), &[("code", code), ("lang", "de")])
        .await
}

#[tokio::test]
async fn a_code_is_made_when_its_page_is_shown_and_opens_the_mentees_pages_once() {
    let scene = Scene::set().await;
    let case = scene.app.case(scene.center).await;
    let (centre, mentee) = (Browser::new(), Browser::new());
    let sheet = sheet(&scene.staff, case, "MENTEE").await;
    centre
        .get(&sheet)
        .await
        .is(200)
        .hides(&["class=\"sealed\"", "class=\"big\""]);
    centre.get(&sheet).await.is(200);
    let code = printed(&centre, &sheet).await;
    centre.post(&sheet, &[]).await.is(410).hides(&[&code]);
    centre.get(&sheet).await.is(410);

    // what the picture leads to is filled in and not used
    let from_picture = format!("{}/code/{}?lang=de", scene.app.url, code.replace('-', ""));
    mentee
        .get(&from_picture)
        .await
        .is(200)
        .says(&[&code.replace('-', "")]);
    mentee.get(&from_picture).await.is(200);

    let home = typed(&scene.app, &mentee, &code.to_lowercase().replace('-', " ")).await;
    home.is(200).says(&[
        "Guten Tag, Samira",
        "Wir suchen eine Person",
        "Fertig, Seite schließen",
    ]);
    typed(&scene.app, &mentee, &code)
        .await
        .is(422)
        .says(&["Dieser Code geht nicht"]);
    mentee.get(&home.url).await.is(200);

    let mut conn = scene.app.superuser().await;
    let stored: Vec<u8> = sqlx::query_scalar("SELECT code_hash FROM person_codes")
        .fetch_one(&mut conn)
        .await
        .expect("a code");
    assert!(!String::from_utf8_lossy(&stored).contains(&code.replace('-', "")));

    let closed = mentee.post(&format!("{}/leave", home.url), &[]).await;
    closed.is(200).says(&["Die Seite ist geschlossen"]);
    mentee.get(&home.url).await.is(410).hides(&["Samira"]);
    scene.app.finish().await;
}

#[tokio::test]
async fn the_pages_of_a_code_close_after_two_hours_and_the_code_itself_after_two_weeks() {
    let mut scene = Scene::set().await;
    let case = scene.app.case(scene.center).await;
    let browser = Browser::new();
    let first = printed(&browser, &sheet(&scene.staff, case, "MENTEE").await).await;
    let home = typed(&scene.app, &browser, &first).await;
    scene.app.advance(Duration::minutes(119));
    browser.get(&home.url).await.is(200);
    scene.app.advance(Duration::minutes(1));
    browser.get(&home.url).await.is(410).says(&["zu alt"]);

    scene.days_later(0).await;
    let second = printed(&browser, &sheet(&scene.staff, case, "MENTEE").await).await;
    scene.days_later(14).await;
    typed(&scene.app, &browser, &second).await.is(422);
    let unprinted = sheet(&scene.staff, case, "MENTEE").await;
    scene.app.advance(Duration::minutes(15));
    browser.post(&unprinted, &[]).await.is(410);
    scene.app.finish().await;
}

#[tokio::test]
async fn a_newer_sheet_ends_the_one_before() {
    let scene = Scene::set().await;
    let case = scene.app.case(scene.center).await;
    let browser = Browser::new();
    let first = printed(&browser, &sheet(&scene.staff, case, "MENTEE").await).await;
    let second = printed(&browser, &sheet(&scene.staff, case, "MENTEE").await).await;
    typed(&scene.app, &browser, &first).await.is(422);
    typed(&scene.app, &browser, &second).await.is(200);
    scene.app.finish().await;
}

#[tokio::test]
async fn only_the_centre_asks_for_a_sheet_and_nobody_learns_of_a_case_by_it() {
    let scene = Scene::set().await;
    let case = scene.app.case(scene.center).await;
    let other = scene
        .app
        .center(scene.office, "Servicestelle Altona", "22765")
        .await;
    let elsewhere = scene.app.center_staff(other).await;
    let admin = scene.app.admin().await;
    for (actor, refusal) in [
        (&elsewhere, "NOT_FOUND caseId"),
        (&scene.coordinator, "FORBIDDEN caseId"),
        (&admin, "FORBIDDEN caseId"),
    ] {
        let answer = actor.ask(REQUEST, json!({ "case": gid(case) })).await;
        assert_eq!(answer.refusals("requestCodePage"), [refusal], "{}", actor.email);
    }
    let guardian = json!({ "case": gid(case), "holder": "GUARDIAN" });
    let answer = scene.staff.ask(REQUEST, guardian).await;
    assert_eq!(
        answer.refusals("requestCodePage"),
        ["INVALID side"],
        "there is none"
    );
    scene.app.finish().await;
}

#[tokio::test]
async fn a_code_opens_nothing_where_staff_is_signed_in() {
    let scene = Scene::set().await;
    let case = scene.app.case(scene.center).await;
    let browser = Browser::new();
    let code = printed(&browser, &sheet(&scene.staff, case, "MENTEE").await).await;
    let session = scene.staff.client.token().expect("a session").to_owned();
    let url = format!("{}/code", scene.app.url);
    let refused = browser
        .post_signed_in(&url, &session, &[("code", &code), ("lang", "de")])
        .await;
    refused.is(403).says(&["darf nur die Person selbst"]);
    typed(&scene.app, &Browser::new(), &code).await.is(200);
    scene.app.finish().await;
}

#[tokio::test]
async fn after_ten_attempts_in_an_hour_even_the_right_code_has_to_wait() {
    let scene = Scene::set().await;
    let case = scene.app.case(scene.center).await;
    let browser = Browser::new();
    let code = printed(&browser, &sheet(&scene.staff, case, "MENTEE").await).await;
    let attempts = (0..10).map(|number| {
        let (app, browser) = (&scene.app, &browser);
        async move {
            typed(app, browser, &format!("AAAAA-BBBB{number}"))
                .await
                .status
                .as_u16()
        }
    });
    assert_eq!(
        futures::future::join_all(attempts).await,
        [422; 10],
        "all at once"
    );
    let refused = typed(&scene.app, &browser, &code).await;
    refused.is(429).says(&["zu viele Versuche"]);
    assert_eq!(refused.headers["retry-after"], "3600");
    scene.app.advance(Duration::hours(1));
    typed(&scene.app, &browser, &code).await.is(200);
    scene.app.finish().await;
}

#[tokio::test]
async fn two_browsers_with_one_code_open_one_page() {
    let scene = Scene::set().await;
    let case = scene.app.case(scene.center).await;
    let browser = Browser::new();
    let code = printed(&browser, &sheet(&scene.staff, case, "MENTEE").await).await;
    let (one, other) = tokio::join!(
        typed(&scene.app, &browser, &code),
        typed(&scene.app, &browser, &code)
    );
    let mut both = [one.status.as_u16(), other.status.as_u16()];
    both.sort_unstable();
    assert_eq!(both, [200, 422]);
    scene.app.finish().await;
}

#[tokio::test]
async fn a_guardian_has_a_code_of_its_own_which_ends_with_another_guardian() {
    let scene = Scene::set().await;
    let draft = |guardian: &str| MenteeDraft {
        given_name: "Samira".into(),
        family_name: "Ahmadi".into(),
        birth_date: Some(date("2010-02-01")),
        language: Some("fa".into()),
        guardian_kind: Some(GuardianKind::Person),
        guardian_name: guardian.to_owned(),
        ..MenteeDraft::default()
    };
    let system = Caller::system();
    let mentee = mentees::register(&scene.app.api, &system, scene.center, draft("Zahra Ahmadi"), None)
        .await
        .expect("a mentee");
    let mut wishes = TestApp::case_draft();
    wishes.guardian_consent_on = Some(date("2026-11-20"));
    let case = tandem_operations::cases::draft(&scene.app.api, &system, mentee.id, wishes, None)
        .await
        .expect("a case");
    let browser = Browser::new();
    let paper = sheet(&scene.staff, case.id, "GUARDIAN").await;
    let code = printed(&browser, &paper).await;
    let home = typed(&scene.app, &browser, &code).await;
    home.is(200)
        .says(&[r#"<html lang="fa" dir="rtl">"#, "Zahra Ahmadi"]);
    let next = printed(&browser, &sheet(&scene.staff, case.id, "GUARDIAN").await).await;
    scene.app.advance(Duration::minutes(1));
    mentees::update(&scene.app.api, &system, mentee.id, None, draft("Karim Ahmadi"))
        .await
        .expect("a change");
    browser.get(&home.url).await.is(410).hides(&["Ahmadi"]);
    typed(&scene.app, &browser, &next).await.is(422);
    scene.app.finish().await;
}

#[tokio::test]
async fn the_field_for_the_code_is_in_the_language_of_the_browser() {
    let scene = Scene::set().await;
    let url = format!("{}/code", scene.app.url);
    let arabic = Browser::speaking("ar-SY,ar;q=0.9,en;q=0.5").get(&url).await;
    arabic.is(200).says(&[r#"<html lang="ar" dir="rtl">"#, "رمزك"]);
    let ukrainian = Browser::speaking("ar").get(&format!("{url}?lang=uk")).await;
    ukrainian.says(&[r#"<html lang="uk" dir="ltr">"#, "Ваш код"]);
    Browser::new()
        .get(&url)
        .await
        .says(&[r#"<html lang="de" dir="ltr">"#]);
    scene.app.finish().await;
}
