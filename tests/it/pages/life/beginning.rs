//! From the yes of an expert to the signed agreement.

use tandem_domain::matches::MatchState;

use super::{AGREEMENT, Pair};

#[tokio::test]
async fn a_first_meeting_is_dated_only_by_an_expert_who_is_ready() {
    let pair = Pair::set().await;
    pair.introduce().await;
    let home = pair.browser.get(&pair.weber).await;
    home.is(200)
        .says(&["Das fehlt noch", "Führungszeugnis", "Schulung"]);
    let page = pair.get(&pair.weber, "first").await;
    page.is(200)
        .says(&["fehlt noch etwas", "Führungszeugnis"])
        .hides(&["type=\"date\""]);
    let plan = [
        ("day", "2026-11-25"),
        ("time", "15:00"),
        ("place", "Servicestelle"),
    ];
    pair.post(&pair.weber, "first", &plan).await.is(422);
    pair.make_ready().await;
    let planned = pair.post(&pair.weber, "first", &plan).await;
    planned
        .is(200)
        .says(&["Mittwoch, 25. November 2026, 15:00 Uhr", "Servicestelle"]);
    let seen = pair.get(&pair.samira, "").await;
    seen.says(&[
        "Das erste Treffen ist am Mittwoch, 25. November 2026",
        "Ingrid Weber",
    ]);
    for (field, value) in [
        ("day", "2026-11-20"),
        ("day", "nonsense"),
        ("time", ""),
        ("place", ""),
    ] {
        let form: Vec<(&str, &str)> = plan
            .into_iter()
            .map(|(name, typed)| (name, if name == field { value } else { typed }))
            .collect();
        let again = pair.post(&pair.weber, "first", &form).await;
        again.is(422).says(&["aria-invalid=\"true\""]);
    }
    pair.get(&pair.samira, "first").await.is(404);
    pair.post(&pair.samira, "first", &plan).await.is(404);
    pair.finish().await;
}

#[tokio::test]
async fn each_side_answers_alone_and_sees_only_its_own_answer() {
    let pair = Pair::met().await;
    let mentee = pair.get(&pair.samira, "verdict").await;
    mentee
        .is(200)
        .says(&["Möchten Sie sich weiter treffen?", "Nur Sie geben diese Antwort"]);
    pair.post(&pair.samira, "verdict", &[])
        .await
        .is(422)
        .says(&["Bitte füllen Sie das aus"]);
    let unsure = pair
        .post(&pair.samira, "verdict", &[("verdict", "NOT_SURE_YET")])
        .await;
    unsure
        .is(200)
        .says(&["Ihre Antwort: Ich weiß es noch nicht", "noch einmal antworten"]);
    pair.post(&pair.samira, "verdict", &[("verdict", "YES")])
        .await
        .is(200);
    pair.get(&pair.weber, "verdict")
        .await
        .hides(&["Ihre Antwort:", "checked"]);

    // a no is asked once more
    let once = pair.post(&pair.weber, "verdict", &[("verdict", "NO")]).await;
    once.is(200).says(&["Sind Sie sicher?"]);
    pair.get(&pair.weber, "verdict").await.hides(&["Ihre Antwort:"]);
    pair.post(&pair.weber, "verdict", &[("verdict", "NO"), ("sure", "yes")])
        .await;
    assert_eq!(pair.state().await, MatchState::NotFormed);
    for link in [&pair.samira, &pair.weber] {
        let late = pair.post(link, "verdict", &[("verdict", "YES")]).await;
        assert!(!late.status.is_server_error(), "{}", late.status);
    }
    assert_eq!(pair.state().await, MatchState::NotFormed);
    let home = pair.browser.get(&pair.samira).await;
    home.is(200)
        .says(&["Wir suchen eine Person"])
        .hides(&["Nein, lieber nicht"]);
    pair.finish().await;
}

#[tokio::test]
async fn two_sides_at_once_and_a_double_click_end_in_one_agreement() {
    let pair = Pair::met().await;
    let yes = [("verdict", "YES")];
    let (one, two, three) = tokio::join!(
        pair.post(&pair.weber, "verdict", &yes),
        pair.post(&pair.samira, "verdict", &yes),
        pair.post(&pair.samira, "verdict", &yes),
    );
    for page in [one, two, three] {
        assert!(!page.status.is_server_error(), "{}", page.html);
    }
    let matching = pair.scene.matching(pair.matching).await;
    assert!(matching.consented_at.is_some());
    pair.post(&pair.weber, "agreement/write", AGREEMENT).await.is(200);
    let sign = [("version", "1"), ("agree", "yes")];
    let (one, two, three) = tokio::join!(
        pair.post(&pair.weber, "agreement", &sign),
        pair.post(&pair.weber, "agreement", &sign),
        pair.post(&pair.samira, "agreement", &sign),
    );
    for page in [one, two, three] {
        assert!(!page.status.is_server_error(), "{}", page.html);
    }
    assert_eq!(pair.count("agreement_signatures").await, 2);
    assert_eq!(pair.state().await, MatchState::Active);
    pair.finish().await;
}

#[tokio::test]
async fn the_agreement_is_signed_as_it_was_read_and_only_with_the_tick() {
    let pair = Pair::met().await;
    pair.get(&pair.samira, "agreement")
        .await
        .is(200)
        .says(&["Es gibt noch keine Vereinbarung"]);
    pair.get(&pair.weber, "agreement/write")
        .await
        .hides(&["name=\"goals\""]);
    for link in [&pair.weber, &pair.samira] {
        pair.post(link, "verdict", &[("verdict", "YES")]).await.is(200);
    }
    pair.get(&pair.weber, "agreement/write")
        .await
        .is(200)
        .says(&["name=\"goals\"", "value=\"7\""]);
    let empty = pair
        .post(&pair.weber, "agreement/write", &[("rhythm_days", "99")])
        .await;
    empty.is(422).says(&["Bitte prüfen Sie"]);
    pair.post(&pair.weber, "agreement/write", AGREEMENT).await.is(200);
    pair.post(&pair.samira, "agreement/write", AGREEMENT).await;
    let page = pair.get(&pair.samira, "agreement").await;
    page.is(200).says(&[
        "Ein Ausbildungsplatz",
        "einmal in der Woche",
        "Ich bin Samira Ahmadi",
        "Sie können jederzeit aufhören",
    ]);
    pair.post(&pair.samira, "agreement", &[("version", "1")])
        .await
        .is(422);
    // a newer version came while the mentee was reading
    pair.post(&pair.weber, "agreement/write", AGREEMENT).await.is(200);
    let stale = pair
        .post(&pair.samira, "agreement", &[("version", "1"), ("agree", "yes")])
        .await;
    stale.is(422).says(&["In der Zwischenzeit"]);
    assert_eq!(pair.count("agreement_signatures").await, 0);
    pair.finish().await;
}

#[tokio::test]
async fn either_side_may_stop_before_the_beginning_without_a_word() {
    let pair = Pair::set().await;
    pair.get(&pair.samira, "stop")
        .await
        .is(200)
        .says(&["Das ist in Ordnung"]);
    assert_eq!(
        pair.state().await,
        MatchState::Interested,
        "looking stops nothing"
    );
    pair.post(&pair.samira, "stop", &[])
        .await
        .is(200)
        .says(&["Das Kennenlernen ist beendet"]);
    assert_eq!(pair.state().await, MatchState::NotFormed);
    pair.finish().await;
}

#[tokio::test]
async fn the_mail_after_the_first_meeting_leads_a_mentee_to_the_question() {
    let pair = Pair::set().await;
    let mentee = pair.scene.case(pair.case).await.mentee;
    let mut conn = pair.scene.app.superuser().await;
    sqlx::query("UPDATE mentees SET email = 'samira@mentee.example.org', language = 'uk' WHERE id = $1")
        .bind(mentee.uuid())
        .execute(&mut conn)
        .await
        .expect("an update");
    pair.scene.app.advance(chrono::Duration::minutes(1));
    pair.make_ready().await;
    pair.introduce().await;
    pair.post(&pair.weber, "first/held", &[("on", "2026-11-23")])
        .await
        .is(200);
    pair.scene.app.drain().await;
    let mails = pair.scene.app.mails_to("samira@mentee.example.org");
    let text = mails.last().expect("a mail").text.clone().expect("a text");
    let start = text
        .find(&format!("{}/p/me/", pair.scene.app.url))
        .expect("a link");
    let end = text[start..].find(char::is_whitespace).expect("an end");
    let home = pair.browser.get(&text[start..start + end]).await;
    home.is(200).says(&[r#"<html lang="uk""#, "Чи вам підходить?"]);
    pair.finish().await;
}
