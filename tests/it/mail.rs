//! E-mails: exactly once as far as SMTP allows, under their condition, and never silently lost.

use chrono::Duration;
use serde_json::json;
use tandem_devkit::catcher::{Rule, Stage};
use tandem_domain::ids::{DeliveryId, ExpertId, MatchId};
use tandem_domain::matches::MatchState;
use tandem_operations::deliveries::{self, Delivery, DeliveryFilter, State, Trigger};
use tandem_storage::paging::Page;
use tandem_worker::Outcome;

use crate::scene::{Scene, gid, link_of};

const EMAILS: &str = "query($filter: EmailFilterInput) { emails(filter: $filter) {
    totalCount nodes { id trigger state reason attempts recipientKind recipientId subjectId } } }";
const RESEND: &str = "mutation($id: ID!) { resendEmail(deliveryId: $id) {
    email { id state } userErrors { code field message } } }";

/// Every delivery about a match, the oldest first.
async fn deliveries_of(scene: &Scene, id: MatchId) -> Vec<Delivery> {
    let filter = DeliveryFilter {
        subject: Some(id.uuid()),
        ..DeliveryFilter::default()
    };
    let system = tandem_operations::Caller::system();
    let (slice, _) = deliveries::list(&scene.app.api, &system, &filter, &Page::first(100), false)
        .await
        .expect("a list");
    slice.rows.into_iter().rev().collect()
}

async fn approach_of(scene: &Scene, id: MatchId) -> Delivery {
    let mut all = deliveries_of(scene, id).await;
    assert_eq!(all[0].trigger, Trigger::Approach.as_str());
    all.remove(0)
}

async fn set(scene: &Scene, sql: &'static str, id: ExpertId) {
    let mut conn = scene.app.superuser().await;
    sqlx::query(sql)
        .bind(id.uuid())
        .execute(&mut conn)
        .await
        .expect("an update");
}

#[tokio::test]
async fn the_approach_names_a_person_to_call_and_no_mentee() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    scene.app.drain().await;
    let mail = scene.app.mail_to("weber@expert.example.org");
    let (text, html) = (
        mail.text.as_deref().expect("text"),
        mail.html.as_deref().expect("html"),
    );
    for part in [text, html] {
        for word in ["Frau Weber", "Hamburg", "Jutta Petersen", "+49 30 23125 001"] {
            assert!(part.contains(word), "{word}");
        }
        for secret in ["Samira", "Ahmadi", "2004"] {
            assert!(!part.contains(secret), "{secret}");
        }
    }
    let header = |name: &str| {
        let found = mail
            .headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    assert!(
        header("Reply-To").contains("hamburg@office.example.org"),
        "{}",
        header("Reply-To")
    );
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    let delivery = approach_of(&scene, matches[0]).await;
    assert_eq!(mail.message_id, Some(format!("{}@example.org", delivery.id)));
    assert_eq!(delivery.state, State::Sent);
    scene.app.finish().await;
}

#[tokio::test]
async fn after_a_crash_behind_the_servers_reply_the_same_message_is_sent_again() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    // the server has the mail, and we never hear of it
    scene
        .app
        .catcher
        .inject(Rule::drop(Stage::Stored).times(1))
        .expect("a fault");
    let ran = scene.app.drain_some().await;
    assert!(ran.iter().any(|job| job.outcome != Outcome::Done));
    let waiting = approach_of(&scene, matches[0]).await;
    assert_eq!((waiting.state, waiting.attempts), (State::Queued, 1));
    assert_eq!(scene.matching(matches[0]).await.approach_sent_at, None);

    scene.app.advance(Duration::minutes(5));
    scene.app.drain().await;
    let mails = scene.app.mails_to("weber@expert.example.org");
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].message_id, mails[1].message_id);
    assert_eq!(
        mails[0].raw, mails[1].raw,
        "byte for byte, with the same date and the same links"
    );
    let sent = approach_of(&scene, matches[0]).await;
    assert_eq!((sent.state, sent.attempts), (State::Sent, 2));
    scene.app.finish().await;
}

#[tokio::test]
async fn a_worker_that_dies_between_the_reply_and_the_commit_leaves_a_mail_that_is_taken_up_again() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    scene.app.drain().await;
    // as if nothing of the end had been committed: the delivery SENDING, its job given back
    let delivery = approach_of(&scene, matches[0]).await;
    let mut conn = scene.app.superuser().await;
    sqlx::query(
        "UPDATE email_deliveries SET state = 'SENDING', sent_at = NULL, finished_at = NULL WHERE id = $1",
    )
    .bind(delivery.id.uuid())
    .execute(&mut conn)
    .await
    .expect("an update");
    sqlx::query("UPDATE jobs SET state = 'PENDING', finished_at = NULL WHERE payload->>'delivery' = $1")
        .bind(delivery.id.to_string())
        .execute(&mut conn)
        .await
        .expect("an update");
    scene.app.advance(Duration::hours(1));
    scene.app.drain().await;
    let mails = scene.app.mails_to("weber@expert.example.org");
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].raw, mails[1].raw);
    assert_eq!(approach_of(&scene, matches[0]).await.state, State::Sent);
    scene.app.finish().await;
}

#[tokio::test]
async fn an_attempt_that_was_taken_over_writes_nothing_about_the_mail_any_more() {
    use tandem_storage::deliveries::{claim, finish};
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    let id = approach_of(&scene, matches[0]).await.id;
    let now = scene.app.now();
    let mut conn = scene.app.superuser().await;
    // a worker that is taken for dead, and the one that takes its place
    let one = claim(&mut conn, id, now).await.unwrap().unwrap();
    let other = claim(&mut conn, id, now).await.unwrap().unwrap();
    assert_eq!((one.attempts, other.attempts), (1, 2));
    let reason = Some("it comes back");
    let late = finish(&mut conn, id, 1, State::Failed, reason, true, false, now).await;
    assert!(!late.unwrap(), "the other one is at it");
    let now_it_stands = approach_of(&scene, matches[0]).await;
    assert_eq!(
        (now_it_stands.state, now_it_stands.reason),
        (State::Sending, None)
    );
    let written = finish(&mut conn, id, 2, State::Sent, None, true, false, now).await;
    assert!(written.unwrap());
    assert!(
        claim(&mut conn, id, now).await.unwrap().is_none(),
        "it is finished"
    );
    scene.app.drain().await;
    assert!(
        scene.app.mails_to("weber@expert.example.org").is_empty(),
        "the job finds nothing left to do"
    );
    scene.app.finish().await;
}

#[tokio::test]
async fn a_server_that_is_busy_gets_the_mail_later_and_once() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    scene
        .app
        .catcher
        .inject(Rule::refuse(Stage::Recipient, 451).times(2))
        .expect("a fault");
    for _ in 0..2 {
        scene.app.drain_some().await;
        assert_eq!(approach_of(&scene, matches[0]).await.state, State::Queued);
        scene.app.advance(Duration::hours(1));
    }
    scene.app.drain().await;
    scene.app.mail_to("weber@expert.example.org");
    assert_eq!(approach_of(&scene, matches[0]).await.attempts, 3);
    assert!(!scene.matching(matches[0]).await.undeliverable);
    scene.app.finish().await;
}

#[tokio::test]
async fn an_address_that_is_refused_goes_to_the_office_and_is_no_silence() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    let refusal = Rule::refuse(Stage::Recipient, 550).to("weber@expert.example.org");
    scene.app.catcher.inject(refusal).expect("a fault");
    scene.app.drain().await;
    let matching = scene.matching(matches[0]).await;
    assert!(matching.undeliverable);
    assert_eq!(matching.state, MatchState::Approached);
    let failed = approach_of(&scene, matches[0]).await;
    assert_eq!((failed.state, failed.attempts), (State::Failed, 1));
    assert!(failed.reason.as_ref().expect("a reason").contains("550"));
    let trail = scene.trail(expert.uuid()).await;
    assert!(
        trail.contains(&"expert.email_undeliverable".to_owned()),
        "{trail:?}"
    );
    let notice = scene.app.mail_to("buro.hamburg@office.example.org");
    let text = notice.text.as_deref().expect("text");
    for word in ["Ingrid Weber", "weber@expert.example.org", "550"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!text.contains("Ahmadi"));
    // the telephone is the quickest way on
    let record = "mutation($id: ID!) { recordAnswerByTelephone(id: $id, answer: YES) { outcome userErrors { code } } }";
    let answer = scene
        .coordinator
        .ask(record, json!({ "id": gid(matches[0]) }))
        .await;
    assert_eq!(answer.done("recordAnswerByTelephone")["outcome"], "ACCEPTED");
    scene.app.drain().await;
    scene.app.finish().await;
}

#[tokio::test]
async fn a_refused_content_does_not_mark_the_address() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    let refusal = Rule::refuse(Stage::Data, 554).to("weber@expert.example.org");
    scene.app.catcher.inject(refusal).expect("a fault");
    scene.app.drain().await;
    assert!(scene.matching(matches[0]).await.undeliverable);
    assert!(
        !scene
            .trail(expert.uuid())
            .await
            .contains(&"expert.email_undeliverable".to_owned())
    );
    scene.app.mail_to("buro.hamburg@office.example.org");
    scene.app.finish().await;
}

#[tokio::test]
async fn both_offices_hear_of_an_undeliverable_approach() {
    let scene = Scene::set().await;
    let neighbours = scene.app.office("Büro Lüneburg", "21335").await;
    let expert = scene.app.expert(neighbours, "Weber", "20099").await;
    scene.asked(&[expert]).await;
    let refusal = Rule::refuse(Stage::Recipient, 550).to("weber@expert.example.org");
    scene.app.catcher.inject(refusal).expect("a fault");
    scene.app.drain().await;
    scene.app.mail_to("buro.hamburg@office.example.org");
    scene.app.mail_to("buro.luneburg@office.example.org");
    scene.app.finish().await;
}

#[tokio::test]
async fn a_mail_that_never_gets_through_fails_in_the_end_and_the_office_is_told() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    let busy = Rule::refuse(Stage::Recipient, 451).to("weber@expert.example.org");
    scene.app.catcher.inject(busy).expect("a fault");
    for _ in 0..12 {
        scene.app.drain_some().await;
        scene.app.advance(Duration::hours(7));
    }
    let failed = approach_of(&scene, matches[0]).await;
    assert_eq!((failed.state, failed.attempts), (State::Failed, 12));
    assert!(
        failed
            .reason
            .as_ref()
            .expect("a reason")
            .starts_with("given up after 12 attempts")
    );
    assert!(scene.matching(matches[0]).await.undeliverable);
    scene.app.drain().await;
    scene.app.mail_to("buro.hamburg@office.example.org");
    scene.app.finish().await;
}

#[tokio::test]
async fn a_question_taken_back_before_its_mail_left_is_never_sent_and_neither_is_its_end() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (case, matches) = scene.asked(&[expert]).await;
    let system = tandem_operations::Caller::system();
    tandem_operations::cases::withdraw(&scene.app.api, &system, case, None)
        .await
        .expect("a withdrawal");
    scene.app.drain().await;
    assert_eq!(scene.app.catcher.count().deliveries, 0);
    let states: Vec<State> = deliveries_of(&scene, matches[0])
        .await
        .iter()
        .map(|mail| mail.state)
        .collect();
    assert_eq!(states, [State::Suppressed, State::Suppressed]);
    scene.app.finish().await;
}

#[tokio::test]
async fn who_left_hears_nothing_any_more() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    scene.app.drain().await;
    scene.subjects("weber");
    let record =
        "mutation($id: ID!) { recordAnswerByTelephone(id: $id, answer: NO) { outcome userErrors { code } } }";
    scene
        .coordinator
        .ask(record, json!({ "id": gid(matches[0]) }))
        .await
        .done("recordAnswerByTelephone");
    set(
        &scene,
        "UPDATE experts SET state = 'LEFT', left_on = '2026-11-23' WHERE id = $1",
        expert,
    )
    .await;
    scene.app.drain().await;
    assert_eq!(scene.subjects("weber").len(), 1);
    let all = deliveries_of(&scene, matches[0]).await;
    let last = all.last().expect("a confirmation");
    assert_eq!(last.state, State::Suppressed);
    assert!(last.reason.as_ref().expect("a reason").contains("left"));
    scene.app.finish().await;
}

#[tokio::test]
async fn an_approach_to_somebody_who_is_suspended_meanwhile_is_not_sent() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    set(
        &scene,
        "UPDATE experts SET state = 'SUSPENDED' WHERE id = $1",
        expert,
    )
    .await;
    scene.app.drain().await;
    assert_eq!(approach_of(&scene, matches[0]).await.state, State::Suppressed);
    scene.app.finish().await;
}

#[tokio::test]
async fn a_resend_by_hand_is_a_new_mail_whose_links_work_like_the_old_ones() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    let id = approach_of(&scene, matches[0]).await.id;
    let variables = json!({ "id": gid(id) });
    let answer = scene.coordinator.ask(RESEND, variables.clone()).await;
    assert_eq!(
        answer.refusals("resendEmail"),
        ["CONFLICT deliveryId"],
        "still on its way"
    );
    scene.app.drain().await;
    let (one, two) = tokio::join!(
        scene.coordinator.ask(RESEND, variables.clone()),
        scene.coordinator.ask(RESEND, variables.clone())
    );
    let refusals = [one.refusals("resendEmail"), two.refusals("resendEmail")].concat();
    assert_eq!(refusals, ["CONFLICT deliveryId"], "a double click is one mail");
    scene.app.drain().await;
    let mails = scene.app.mails_to("weber@expert.example.org");
    assert_eq!(mails.len(), 2);
    assert_ne!(mails[0].message_id, mails[1].message_id);
    assert_ne!(link_of(&mails[0]), link_of(&mails[1]));
    for mail in &mails {
        let page = reqwest::get(link_of(mail).expect("a link"))
            .await
            .expect("a page");
        assert!(
            page.text()
                .await
                .expect("a page")
                .contains("Ja, ich bin interessiert")
        );
    }
    scene.app.finish().await;
}

#[tokio::test]
async fn a_sign_in_link_is_sent_only_to_who_asks_for_it() {
    let scene = Scene::set().await;
    let request = "mutation($email: String!) { requestSignInLink(email: $email) { userErrors { code } } }";
    let admin = scene.app.admin().await;
    scene
        .app
        .nobody()
        .ask(request, json!({ "email": scene.coordinator.email }))
        .await
        .data();
    scene.app.drain().await;
    let answer = admin
        .ask(EMAILS, json!({ "filter": { "trigger": "SIGN_IN" } }))
        .await;
    let mail = &answer.data()["emails"]["nodes"][0];
    assert_eq!(mail["state"], "SENT");
    let answer = admin.ask(RESEND, json!({ "id": mail["id"] })).await;
    assert_eq!(answer.refusals("resendEmail"), ["FORBIDDEN deliveryId"]);
    scene.app.mail_to(&scene.coordinator.email);
    scene.app.finish().await;
}

#[tokio::test]
async fn the_log_of_mails_is_for_the_office_of_the_person() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    scene.app.drain().await;
    let stranger = {
        let office = scene.app.office("Büro Leipzig", "04109").await;
        scene.app.coordinator(office).await
    };
    let all = json!({});
    let mine = scene.coordinator.ask(EMAILS, all.clone()).await;
    let list = &mine.data()["emails"];
    assert_eq!(list["totalCount"], 1);
    let mail = &list["nodes"][0];
    assert_eq!(mail["trigger"], "APPROACH");
    assert_eq!(
        (&mail["recipientId"], &mail["subjectId"]),
        (&json!(gid(expert)), &json!(gid(matches[0])))
    );
    for actor in [&stranger, &scene.staff] {
        assert_eq!(
            actor.ask(EMAILS, all.clone()).await.data()["emails"]["totalCount"],
            0
        );
        let answer = actor.ask(RESEND, json!({ "id": mail["id"] })).await;
        assert_eq!(answer.refusals("resendEmail").len(), 1);
        let node = actor
            .ask(
                "query($id: ID!) { node(id: $id) { id } }",
                json!({ "id": mail["id"] }),
            )
            .await;
        assert_eq!(node.data()["node"], json!(null));
    }
    for (filter, count) in [
        (json!({ "states": ["SENT"] }), 1),
        (json!({ "states": ["FAILED"] }), 0),
        (json!({ "expertId": gid(expert) }), 1),
        (json!({ "matchId": gid(matches[0]) }), 1),
        (json!({ "userId": gid(scene.coordinator.user) }), 0),
    ] {
        let answer = scene.coordinator.ask(EMAILS, json!({ "filter": filter })).await;
        assert_eq!(answer.data()["emails"]["totalCount"], count, "{filter}");
    }
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn a_mail_that_is_promised_twice_is_sent_once() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    let again = deliveries::NewDelivery::new(
        Trigger::Approach,
        matches[0],
        deliveries::Recipient::Expert(expert),
    );
    let mut tx = scene
        .app
        .api
        .begin(&tandem_operations::Caller::system())
        .await
        .expect("a transaction");
    let promised = deliveries::queue(&mut tx, &scene.app.api, &[again, again])
        .await
        .expect("a promise");
    tx.commit().await.expect("a commit");
    assert_eq!(promised, Vec::<DeliveryId>::new());
    scene.app.drain().await;
    scene.app.mail_to("weber@expert.example.org");
    scene.app.finish().await;
}

#[tokio::test]
async fn an_injected_line_break_in_a_name_starts_no_header() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    // no input lets this in; a row that was written otherwise
    set(
        &scene,
        "UPDATE experts SET family_name = E'Weber\\r\\nBcc: x@example.org' WHERE id = $1",
        expert,
    )
    .await;
    scene.asked(&[expert]).await;
    scene.app.drain().await;
    let mail = scene.app.mail_to("weber@expert.example.org");
    assert!(
        mail.headers
            .iter()
            .all(|(name, _)| !name.eq_ignore_ascii_case("bcc"))
    );
    assert_eq!(mail.recipients, ["weber@expert.example.org"]);
    scene.app.finish().await;
}
