//! The front door, and addresses where nothing is.

use reqwest::header;
use tandem_domain::parties::{About, Party};
use tandem_domain::policy::Grant;

use super::{Browser, link};
use crate::auth::last_link;
use crate::scene::Scene;

#[tokio::test]
async fn the_front_door_says_in_the_readers_language_how_to_come_in() {
    let scene = Scene::set().await;
    let door = format!("{}/", scene.app.url);
    let german = Browser::new().get(&door).await;
    german.is(200).says(&[
        r#"<html lang="de" dir="ltr">"#,
        "<header><p>Tandem</p></header>",
        "Öffnen Sie bitte den Link in der E-Mail.",
        r#"<a href="/code?lang=de">Code eingeben</a>"#,
        r#"<a href="/p/sign-in">Mit E-Mail anmelden</a>"#,
        r#"<a href="/?lang=tr" lang="tr">Türkçe</a>"#,
    ]);
    let arabic = Browser::speaking("ar-SY,ar;q=0.9,en;q=0.5").get(&door).await;
    arabic
        .is(200)
        .says(&[r#"<html lang="ar" dir="rtl">"#, r#"<a href="/code?lang=ar">"#]);
    let chosen = Browser::speaking("ar").get(&format!("{door}?lang=uk")).await;
    chosen.is(200).says(&[r#"<html lang="uk" dir="ltr">"#, "Вітаємо"]);
    scene.app.finish().await;
}

#[tokio::test]
async fn who_has_signed_in_goes_on_from_the_front_door_to_what_is_theirs() {
    let scene = Scene::set().await;
    let (app, browser) = (&scene.app, Browser::new());
    let form = [("email", scene.staff.email.as_str())];
    browser
        .post(&format!("{}/p/sign-in", app.url), &form)
        .await
        .is(200);
    app.drain().await;
    let link = last_link(app, &scene.staff.email);
    let signed_in = browser.post(&link, &[]).await;
    signed_in.is(200).says(&[r#"<a href="/">Weiter zu Tandem</a>"#]);
    let on = browser.get(&format!("{}/", app.url)).await;
    on.is(200).says(&["Sie sind angemeldet"]);
    assert_eq!(on.url, format!("{}/open", app.url));

    let expert = scene.expert("Weber").await;
    let weber = app.person("Ingrid Weber", Grant::Expert(expert)).await;
    let session = weber.client.token().expect("a session");
    let own = Browser::new()
        .get_signed_in(&format!("{}/", app.url), session)
        .await;
    own.is(200).says(&["Meine Angaben"]);
    assert_eq!(own.url, format!("{}/me", app.url));
    scene.app.finish().await;
}

#[tokio::test]
async fn a_link_that_was_cut_off_anywhere_is_explained_to_a_reader_and_not_to_a_program() {
    let scene = Scene::set().await;
    for path in ["p", "p/", "p/answer", "p/answer/", "p/me/", "code/", "nowhere"] {
        let url = format!("{}/{path}", scene.app.url);
        Browser::new().get(&url).await.is(404).says(&[
            "Dieser Link ist uns nicht bekannt",
            "beim Kopieren abgeschnitten",
            "We do not know this link.",
        ]);
        let program = reqwest::Client::new()
            .get(&url)
            .header(header::ACCEPT, "application/json");
        let answer = program.send().await.expect("an answer");
        assert_eq!(answer.status(), 404, "{url}");
        assert_eq!(answer.text().await.expect("a text"), "There is nothing here.\n");
    }
    scene.app.finish().await;
}

#[tokio::test]
async fn where_a_form_is_sent_to_leads_back_to_the_form_when_it_is_opened_as_a_page() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    scene.app.drain().await;
    let browser = Browser::new();
    let answer = scene.link("weber");
    scene.app.ignore_mails();
    let shown = browser.get(&format!("{answer}/reason")).await;
    shown.is(200).says(&["Ja, ich bin interessiert"]);
    assert_eq!(shown.url, answer);
    let own = link(&scene.app, Party::Expert(expert), About::Match(matches[0])).await;
    let shown = browser.get(&format!("{own}/language")).await;
    assert_eq!(shown.is(200).url, own);
    let of_match = format!("{own}/match/{}", matches[0]);
    let shown = browser.get(&format!("{of_match}/answer/follow")).await;
    assert_eq!(shown.is(200).url, format!("{of_match}/answer"));
    let neither = reqwest::Client::new().delete(&answer).send().await;
    assert_eq!(neither.expect("an answer").status(), 405);
    scene.app.finish().await;
}
