//! The page behind the links of an approach e-mail.

use reqwest::StatusCode;
use serde_json::json;
use tandem_domain::cases::CaseState;
use tandem_domain::ids::DeliveryId;
use tandem_domain::matches::{AnswerWay, DeclineReason, MatchState};
use tandem_operations::links::Purpose;
use tandem_tests::TestApp;

use crate::scene::{Scene, gid};

async fn get(url: &str) -> (StatusCode, String) {
    let response = reqwest::get(url).await.expect("a page");
    (response.status(), response.text().await.expect("a page"))
}

async fn post(url: &str, field: &str, value: &str) -> String {
    let response = reqwest::Client::new()
        .post(url)
        .form(&[(field, value)])
        .send()
        .await
        .expect("a page");
    assert_eq!(response.status(), StatusCode::OK);
    response.text().await.expect("a page")
}

#[tokio::test]
async fn a_mail_scanner_that_follows_the_links_answers_nothing() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    scene.app.drain().await;
    let link = scene.link("weber");
    for url in [
        link.clone(),
        format!("{link}?answer=yes"),
        format!("{link}?answer=no"),
        format!("{link}?answer=yes&answer=no"),
    ] {
        assert_eq!(get(&url).await.0, StatusCode::OK, "{url}");
        let head = reqwest::Client::new().head(&url).send().await.expect("a page");
        assert_eq!(head.status(), StatusCode::OK);
    }
    let before = scene.matching(matches[0]).await;
    assert_eq!((before.state, before.version), (MatchState::Approached, 1));
    scene.app.finish().await;
}

#[tokio::test]
async fn the_page_tells_the_case_without_the_mentee_and_highlights_what_was_chosen() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    scene.asked(&[expert]).await;
    scene.app.drain().await;
    let link = scene.link("weber");
    let (_, page) = get(&format!("{link}?answer=no")).await;
    for word in [
        "Frau Weber",
        "Hamburg",
        "21 bis 24 Jahre",
        "Deutsch lernen",
        "Montag, 7. Dezember 2026",
    ] {
        assert!(page.contains(word), "{word}");
    }
    for secret in ["Samira", "Ahmadi", "2004"] {
        assert!(!page.contains(secret), "{secret}");
    }
    assert!(page.contains(r#"value="no" aria-describedby="hint" class="chosen""#));
    assert!(!page.contains(r#"value="yes" aria-describedby="hint" class="chosen""#));
    assert!(!page.contains("<script"));
    scene.app.finish().await;
}

#[tokio::test]
async fn the_page_is_kept_private_and_needs_nothing_from_elsewhere() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    scene.asked(&[expert]).await;
    scene.app.drain().await;
    let response = reqwest::get(scene.link("weber")).await.expect("a page");
    let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("cache-control"), "no-store");
    assert!(["no-referrer", "same-origin"].contains(&header("referrer-policy").as_str()));
    assert!(header("x-robots-tag").contains("noindex"));
    let policy = header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let style = reqwest::get(format!("{}/p/style.css", scene.app.url))
        .await
        .expect("a style sheet");
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");
    scene.app.finish().await;
}

#[tokio::test]
async fn a_yes_matches_the_case_and_a_second_click_changes_nothing() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (case, matches) = scene.asked(&[expert]).await;
    scene.app.drain().await;
    let link = scene.link("weber");
    assert!(
        post(&link, "answer", "yes")
            .await
            .contains("Herzlichen Dank für Ihr Ja")
    );
    let answered = scene.matching(matches[0]).await;
    assert_eq!(answered.state, MatchState::Interested);
    assert_eq!(answered.answered_by_way, Some(AnswerWay::Link));
    assert_eq!(scene.case(case).await.state, CaseState::Matched);
    for other in ["yes", "no"] {
        assert!(
            post(&link, "answer", other)
                .await
                .contains("Ihr Ja ist schon bei uns")
        );
    }
    assert_eq!(scene.matching(matches[0]).await, answered);
    assert!(get(&link).await.1.contains("Ihr Ja ist schon bei uns"));
    scene.app.drain().await;
    assert_eq!(
        scene.subjects("weber").len(),
        2,
        "the question and one confirmation"
    );
    scene.app.finish().await;
}

#[tokio::test]
async fn a_no_needs_no_reason_and_may_give_one() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (case, matches) = scene.asked(&[expert]).await;
    scene.app.drain().await;
    let link = scene.link("weber");
    let reason = format!("{link}/reason");
    post(&reason, "reason", "too_far").await;
    assert_eq!(
        scene.matching(matches[0]).await.decline_reason,
        None,
        "a reason is no answer"
    );
    let page = post(&link, "answer", "no").await;
    assert!(page.contains("Danke für Ihre Antwort") && page.contains("Zu weit weg"));
    assert!(
        post(&reason, "reason", "too_far")
            .await
            .contains("Danke, das hilft uns")
    );
    let declined = scene.matching(matches[0]).await;
    assert_eq!(declined.state, MatchState::Declined);
    assert_eq!(declined.decline_reason, Some(DeclineReason::TooFar));
    assert_eq!(scene.case(case).await.state, CaseState::Searching);
    scene.app.drain().await;
    assert_eq!(scene.subjects("weber").len(), 2);
    scene.app.finish().await;
}

#[tokio::test]
async fn who_comes_after_somebody_else_is_thanked() {
    let scene = Scene::set().await;
    let experts = [scene.expert("Weber").await, scene.expert("Vogel").await];
    let (_, matches) = scene.asked(&experts).await;
    scene.app.drain().await;
    post(&scene.link("weber"), "answer", "yes").await;
    for answer in ["yes", "no"] {
        let page = post(&scene.link("vogel"), "answer", answer).await;
        assert!(page.contains("Jemand anderes war etwas schneller"));
    }
    assert_eq!(scene.state(matches[1]).await, MatchState::Superseded);
    scene.app.drain().await;
    assert_eq!(scene.subjects("vogel").len(), 2, "the question and the thank-you");
    scene.subjects("weber");
    scene.app.finish().await;
}

#[tokio::test]
async fn a_question_that_was_taken_back_is_settled() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    scene.app.drain().await;
    let withdraw = "mutation($id: ID!) { withdrawApproach(id: $id) { match { state } userErrors { code } } }";
    let answer = scene
        .coordinator
        .ask(withdraw, json!({ "id": gid(matches[0]) }))
        .await;
    assert_eq!(answer.done("withdrawApproach")["match"]["state"], "WITHDRAWN");
    assert!(
        post(&scene.link("weber"), "answer", "yes")
            .await
            .contains("hat sich erledigt")
    );
    assert_eq!(scene.state(matches[0]).await, MatchState::Withdrawn);
    scene.app.ignore_mails();
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn a_link_expires_after_the_day_that_the_mail_names_and_the_telephone_does_not() {
    let mut scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    scene.app.drain().await;
    let link = scene.link("weber");
    scene.days_later(14).await;
    assert!(
        get(&link).await.1.contains("Ja, ich bin interessiert"),
        "still on the last day"
    );
    scene.days_later(1).await;
    assert!(post(&link, "answer", "yes").await.contains("nicht mehr offen"));
    assert_eq!(scene.state(matches[0]).await, MatchState::Approached);
    let record = "mutation($id: ID!) { recordAnswerByTelephone(id: $id, answer: YES) { outcome userErrors { code } } }";
    let answer = scene
        .coordinator
        .ask(record, json!({ "id": gid(matches[0]) }))
        .await;
    assert_eq!(answer.done("recordAnswerByTelephone")["outcome"], "ACCEPTED");
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn a_link_that_is_none_of_ours_opens_nothing() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    scene.asked(&[expert]).await;
    scene.app.drain().await;
    let link = scene.link("weber");
    let token = link.rsplit('/').next().expect("a token");
    let delivery = scene
        .app
        .api
        .links
        .verify(Purpose::Answer, token)
        .expect("our token");
    let sign_in = scene.app.api.links.token(Purpose::SignIn, delivery);
    let unknown = scene
        .app
        .api
        .links
        .token(Purpose::Answer, DeliveryId::from(uuid::Uuid::nil()));
    let cut = &token[..token.len() - 1];
    for bad in [sign_in.as_str(), unknown.as_str(), cut, "x", "%FF"] {
        let url = format!("{}/p/answer/{bad}", scene.app.url);
        let (status, page) = get(&url).await;
        assert!(status.is_client_error(), "{bad}: {status}");
        assert!(!page.contains("Weber"));
    }
    scene.app.finish().await;
}

#[tokio::test]
async fn a_form_that_is_not_ours_answers_nothing() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    scene.app.drain().await;
    let link = scene.link("weber");
    assert!(
        post(&link, "answer", "maybe")
            .await
            .contains("Ja, ich bin interessiert")
    );
    assert!(
        post(&link, "else", "yes")
            .await
            .contains("Ja, ich bin interessiert")
    );
    assert_eq!(scene.state(matches[0]).await, MatchState::Approached);
    scene.app.finish().await;
}

#[tokio::test]
async fn an_expert_who_reads_english_gets_mail_and_page_in_english() {
    let scene = Scene::set().await;
    let mut draft = TestApp::expert_draft("Smith", "20099");
    draft.language = Some("en".into());
    let expert = scene.app.expert_of(scene.office, draft).await;
    scene.asked(&[expert]).await;
    scene.app.drain().await;
    let link = scene.link("smith");
    let (_, page) = get(&link).await;
    assert!(page.contains(r#"<html lang="en" dir="ltr">"#) && page.contains("Yes, I am interested"));
    assert!(
        post(&link, "answer", "no")
            .await
            .contains("Thank you for your answer")
    );
    scene.app.drain().await;
    scene.subjects("smith");
    scene.app.finish().await;
}

#[tokio::test]
async fn the_yes_of_somebody_who_is_suspended_meanwhile_introduces_nobody() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (case, matches) = scene.asked(&[expert]).await;
    scene.app.drain().await;
    let mut conn = scene.app.superuser().await;
    sqlx::query("UPDATE experts SET state = 'SUSPENDED' WHERE id = $1")
        .bind(expert.uuid())
        .execute(&mut conn)
        .await
        .expect("an update");
    assert!(
        post(&scene.link("weber"), "answer", "yes")
            .await
            .contains("hat sich erledigt")
    );
    assert_eq!(scene.state(matches[0]).await, MatchState::Approached);
    assert_eq!(scene.case(case).await.state, CaseState::Searching);
    scene.app.finish().await;
}
