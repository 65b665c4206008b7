//! Reminders one by one: by day, to whom they belong, no longer than wanted; and the settings behind them.
//! What they add up to in two years is in `two_years`.

use chrono::Duration;
use reqwest::StatusCode;
use serde_json::json;
use tandem_devkit::catcher::{Message, Rule, Stage};
use tandem_domain::settings::Settings;
use tandem_operations::{Caller, deliveries, reminders, settings, users};

use crate::scene::{Scene, gid};

const UPDATE: &str = "mutation($input: UpdateSettingsInput!) { updateSettings(input: $input) {
    settings { version programmeName checkExpiryReminderWeeks } userErrors { code field message } } }";

fn header(mail: &Message, name: &str) -> Option<String> {
    let found = mail
        .headers
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.clone())
}

async fn sweep(scene: &Scene) -> usize {
    reminders::sweep(&scene.app.worker)
        .await
        .expect("the sweep runs")
        .promised
}

async fn change(scene: &Scene, change: impl FnOnce(&mut Settings)) {
    let system = Caller::system();
    let version = settings::newest(&scene.app.api, &system)
        .await
        .expect("settings")
        .version;
    settings::update(&scene.app.api, &system, version, change)
        .await
        .expect("these settings are acceptable");
}

#[tokio::test]
async fn an_approach_is_brought_to_mind_once_in_the_morning_and_can_be_answered_from_there() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    scene.asked(&[expert]).await;
    scene.app.drain().await;
    assert_eq!(sweep(&scene).await, 1, "the office's digest alone: it is Monday");
    // 00:30 in Germany on the seventh day
    scene
        .app
        .advance(Duration::days(6) + Duration::minutes(15 * 60 + 30));
    assert_eq!(
        sweep(&scene).await,
        2,
        "the reminder, and on Monday the office's digest"
    );
    assert_eq!(sweep(&scene).await, 0, "one key is promised once");
    scene.app.drain_some().await;
    assert_eq!(scene.subjects("weber").len(), 1, "nobody is mailed at night");
    scene.app.advance(Duration::hours(8));
    scene.app.drain().await;
    let subjects = scene.subjects("weber");
    assert_eq!(subjects[1], "Darf ich Sie an unsere Frage erinnern?");
    let page = reqwest::get(scene.link("weber")).await.expect("a page");
    assert_eq!(page.status(), StatusCode::OK);
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn a_reminder_that_is_no_longer_wanted_when_it_leaves_is_not_sent() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    scene.app.drain().await;
    scene.app.advance(Duration::days(7));
    assert_eq!(
        sweep(&scene).await,
        2,
        "the reminder, and on Monday the office's digest"
    );
    let record =
        "mutation($id: ID!) { recordAnswerByTelephone(id: $id, answer: NO) { outcome userErrors { code } } }";
    let coordinator = scene.app.coordinator(scene.office).await;
    coordinator.ask(record, json!({ "id": gid(matches[0]) })).await;
    scene.app.drain().await;
    let subjects = scene.subjects("weber");
    assert!(
        !subjects.iter().any(|subject| subject.contains("erinnern")),
        "{subjects:?}"
    );
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn the_digest_can_be_ended_by_one_click_and_taken_back() {
    let scene = Scene::set().await;
    scene.app.case(scene.center).await;
    // Monday to Monday: the office is new, so that its first digest is the next one
    scene.app.advance(Duration::days(7));
    sweep(&scene).await;
    scene.app.drain().await;
    let mail = scene
        .app
        .mails_to("buro.hamburg@office.example.org")
        .into_iter()
        .find(|mail| mail.subject.starts_with("Ihre Wochenübersicht"))
        .expect("a digest");
    let link = header(&mail, "List-Unsubscribe").expect("a link");
    let link = link.trim_matches(['<', '>']).to_owned();
    assert_eq!(
        header(&mail, "List-Unsubscribe-Post").as_deref(),
        Some("List-Unsubscribe=One-Click")
    );
    assert!(mail.text.as_deref().expect("text").contains(&link));

    let looked = reqwest::get(&link).await.expect("a page");
    assert_eq!(looked.status(), StatusCode::OK, "a scanner changes nothing");
    let post = |url: String| async move {
        reqwest::Client::new()
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("List-Unsubscribe=One-Click")
            .send()
            .await
            .expect("an answer")
            .status()
    };
    assert_eq!(post(link.clone()).await, StatusCode::OK);
    assert_eq!(post(link.clone()).await, StatusCode::OK, "twice is once");
    let digests = || {
        let mails = scene.app.mails_to("buro.hamburg@office.example.org");
        mails
            .iter()
            .filter(|mail| mail.subject.starts_with("Ihre Woche"))
            .count()
    };
    scene.app.advance(Duration::days(7));
    sweep(&scene).await;
    scene.app.drain().await;
    assert_eq!(digests(), 1);
    assert_eq!(post(format!("{link}/again")).await, StatusCode::OK);
    scene.app.advance(Duration::days(7));
    sweep(&scene).await;
    scene.app.drain().await;
    assert_eq!(digests(), 2);
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn what_is_essential_carries_no_link_that_ends_it() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    scene.asked(&[expert]).await;
    scene.app.drain().await;
    let mail = scene.app.mail_to("weber@expert.example.org");
    assert_eq!(header(&mail, "List-Unsubscribe"), None);
    scene.app.finish().await;
}

#[tokio::test]
async fn mails_leave_at_the_pace_of_their_domain() {
    let scene = Scene::set().await;
    change(&scene, |settings| settings.mails_per_minute_and_domain = 2).await;
    let mut experts = Vec::new();
    for name in ["Weber", "Meyer", "Kaya", "Große"] {
        experts.push(scene.expert(name).await);
    }
    scene.asked(&experts).await;
    let arrived = || scene.app.catcher.messages().len();
    scene.app.drain_some().await;
    assert_eq!(arrived(), 2);
    scene.app.advance(Duration::seconds(31));
    scene.app.drain_some().await;
    assert_eq!(arrived(), 3);
    scene.app.advance(Duration::seconds(31));
    scene.app.drain_some().await;
    assert_eq!(arrived(), 4);
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn nothing_more_is_sent_to_an_address_that_was_refused_until_somebody_sends_again_by_hand() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let refusal = Rule::refuse(Stage::Recipient, 550).to("weber@expert.example.org");
    scene.app.catcher.inject(refusal).expect("a fault");
    scene.asked(&[expert]).await;
    scene.app.drain().await;
    scene.app.catcher.clear_faults();
    let mut conn = scene.app.superuser().await;
    let failed: String =
        sqlx::query_scalar("SELECT id::text FROM email_deliveries WHERE trigger = 'APPROACH'")
            .fetch_one(&mut conn)
            .await
            .expect("the approach");
    let listed = || async {
        let mut conn = scene.app.superuser().await;
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM suppressed_addresses")
            .fetch_one(&mut conn)
            .await
            .expect("a number")
    };
    assert_eq!(listed().await, 1);
    let id = tandem_domain::ids::DeliveryId::from(failed.parse::<uuid::Uuid>().expect("an id"));
    deliveries::resend(&scene.app.api, &Caller::system(), id)
        .await
        .expect("sent again");
    scene.app.drain().await;
    scene.app.mail_to("weber@expert.example.org");
    assert_eq!(listed().await, 0, "the address took it");
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn a_mail_whose_worker_was_killed_in_its_last_attempt_is_sent_after_all() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    scene.asked(&[expert]).await;
    let mut conn = scene.app.superuser().await;
    // what such a worker leaves behind
    sqlx::raw_sql(
        "UPDATE email_deliveries SET state = 'SENDING', attempts = 12, sending_at = created_at;
         UPDATE jobs SET state = 'DEAD', attempts = max_attempts, finished_at = created_at WHERE kind = 'SEND_EMAIL'",
    )
    .execute(&mut conn)
    .await
    .expect("an update");
    assert_eq!(deliveries::recover(&scene.app.worker).await.expect("a sweep"), 1);
    assert_eq!(deliveries::recover(&scene.app.worker).await.expect("a sweep"), 0);
    scene.app.drain().await;
    scene.app.mail_to("weber@expert.example.org");
    scene.app.finish().await;
}

#[tokio::test]
async fn settings_are_changed_by_an_administrator_at_once_and_every_bad_value_is_named() {
    let scene = Scene::set().await;
    let admin = scene.app.admin().await;
    let refused = admin
        .ask(
            UPDATE,
            json!({ "input": { "version": 0, "programmeName": "", "checkExpiryReminderWeeks": [4, 8] } }),
        )
        .await;
    let errors = &refused.data()["updateSettings"]["userErrors"];
    assert_eq!(errors[0]["field"], "programmeName");
    assert_eq!(errors[1]["field"], "checkExpiryReminderWeeks");
    let changed = admin
        .ask(
            UPDATE,
            json!({ "input": { "version": 0, "programmeName": "Brücke" } }),
        )
        .await;
    assert_eq!(changed.done("updateSettings")["settings"]["version"], 1);
    let stale = admin
        .ask(
            UPDATE,
            json!({ "input": { "version": 0, "programmeName": "Anders" } }),
        )
        .await;
    let stale = &stale.data()["updateSettings"];
    assert_eq!(stale["userErrors"][0]["code"], "CONFLICT");
    assert_eq!(
        stale["settings"]["programmeName"], "Brücke",
        "with the current ones"
    );
    let forbidden = scene
        .coordinator
        .ask(
            UPDATE,
            json!({ "input": { "version": 1, "programmeName": "Anders" } }),
        )
        .await;
    assert_eq!(
        forbidden.data()["updateSettings"]["userErrors"][0]["code"],
        "FORBIDDEN"
    );
    let history = admin
        .ask(
            "{ settingsHistory { version programmeName changedById } }",
            json!({}),
        )
        .await;
    assert_eq!(history.data()["settingsHistory"][0]["programmeName"], "Brücke");
    assert_eq!(
        scene.trail(uuid::Uuid::nil()).await,
        ["settings.changed".to_owned()]
    );
    // without a restart
    let expert = scene.expert("Weber").await;
    scene.asked(&[expert]).await;
    scene.app.drain().await;
    assert!(
        scene
            .app
            .mail_to("weber@expert.example.org")
            .from
            .contains("Brücke")
    );
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn a_changed_lead_time_counts_for_what_is_watched_already() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    scene.asked(&[expert]).await;
    scene.app.drain().await;
    sweep(&scene).await;
    scene.app.advance(Duration::days(3));
    assert_eq!(sweep(&scene).await, 0);
    change(&scene, |settings| settings.approach_reminder_days = 3).await;
    assert_eq!(sweep(&scene).await, 1);
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reminder_of_a_check_that_ends_carries_the_letter_for_the_authority() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let mut conn = scene.app.superuser().await;
    sqlx::query(
        "INSERT INTO background_checks (id, expert_id, kind, certificate_date, inspected_on, no_relevant_entry, valid_until,
             created_at, updated_at)
         SELECT gen_random_uuid(), $1, 'EXTENDED', '2022-01-01', '2022-01-01', true, $2::date + 84, $3, $3",
    )
    .bind(expert.uuid())
    .bind(scene.app.now().date_naive())
    .bind(scene.app.now())
    .execute(&mut conn)
    .await
    .expect("a check");
    sweep(&scene).await;
    scene.app.drain().await;
    // one mail: the letter is not sent a second time by itself
    let mail = scene.app.mail_to("weber@expert.example.org");
    assert_eq!(mail.subject, "Bitte erneuern Sie Ihr Führungszeugnis");
    let raw = String::from_utf8_lossy(&mail.raw).into_owned();
    assert!(raw.contains("Content-Type: application/pdf"), "{raw}");
    assert!(raw.contains("Anforderung-Fuehrungszeugnis.pdf"), "{raw}");
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn a_mailbox_is_written_to_in_the_language_of_all_who_work_there() {
    const SET: &str = "mutation($id: ID!) { setUserLanguage(userId: $id, language: \"en\") {
        user { language } userErrors { code field message } } }";
    let scene = Scene::set().await;
    scene.app.case(scene.center).await;
    let other = scene.app.coordinator(scene.office).await;
    let own = json!({ "id": gid(scene.coordinator.user) });
    let done = scene.coordinator.ask(SET, own.clone()).await;
    assert_eq!(done.done("setUserLanguage")["user"]["language"], "en");
    let digest = |week: i64| {
        let scene = &scene;
        async move {
            scene.app.advance(Duration::days(7));
            sweep(scene).await;
            scene.app.drain().await;
            let mails = scene.app.mails_to("buro.hamburg@office.example.org");
            let digests = mails.iter().filter(|mail| {
                mail.subject.starts_with("Ihre Wochenübersicht") || mail.subject.starts_with("Your week")
            });
            digests
                .map(|mail| mail.subject.clone())
                .nth(week as usize)
                .expect("a digest")
        }
    };
    let refused = other.ask(SET, own).await.refusals("setUserLanguage");
    assert_eq!(refused, ["FORBIDDEN userId"], "an administrator, or oneself");
    assert!(
        digest(0).await.starts_with("Ihre Wochenübersicht"),
        "one of two reads English"
    );
    users::set_language(&scene.app.api, &Caller::system(), other.user, "en")
        .await
        .expect("an administrator may");
    assert!(digest(1).await.starts_with("Your week"), "both read English");
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn an_office_finds_the_addresses_that_take_no_mail_and_takes_one_off_the_list() {
    const LIST: &str = "{ emails(filter: { addressRefused: true }) { nodes { id reason } totalCount } }";
    const ALLOW: &str = "mutation($id: ID!) { allowAddress(deliveryId: $id) {
        email { id } userErrors { code field message } } }";
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let refusal = Rule::refuse(Stage::Recipient, 550).to("weber@expert.example.org");
    scene.app.catcher.inject(refusal).expect("a fault");
    scene.asked(&[expert]).await;
    scene.app.drain().await;
    scene.app.catcher.clear_faults();
    let listed = scene.coordinator.ask(LIST, json!({})).await;
    assert_eq!(listed.data()["emails"]["totalCount"], 1);
    let refused = &listed.data()["emails"]["nodes"][0];
    assert!(refused["reason"].as_str().expect("a reason").contains("550"));
    let id = json!({ "id": refused["id"] });
    let center = scene.app.center_staff(scene.center).await;
    assert_eq!(
        center.ask(ALLOW, id.clone()).await.refusals("allowAddress"),
        ["NOT_FOUND deliveryId"]
    );
    scene
        .coordinator
        .ask(ALLOW, id.clone())
        .await
        .done("allowAddress");
    assert_eq!(
        scene.coordinator.ask(ALLOW, id).await.refusals("allowAddress"),
        ["CONFLICT deliveryId"]
    );
    let listed = scene.coordinator.ask(LIST, json!({})).await;
    assert_eq!(listed.data()["emails"]["totalCount"], 0);
    let mut conn = scene.app.superuser().await;
    let marked: bool = sqlx::query_scalar("SELECT email_undeliverable FROM experts WHERE id = $1")
        .bind(expert.uuid())
        .fetch_one(&mut conn)
        .await
        .expect("the expert");
    assert!(!marked);
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn a_link_in_a_mail_to_staff_opens_what_it_is_about_for_who_may_see_it() {
    let scene = Scene::set().await;
    let case = scene.app.case(scene.center).await;
    let url = format!("{}/open/Case/{}", scene.app.url, case.uuid());
    let elsewhere = scene.app.office("Büro Süd", "80331").await;
    let stranger = scene.app.coordinator(elsewhere).await;
    let get = async |url: &str, client: &tandem_tests::Client| {
        let (status, _, bytes) = crate::documents::fetch(url, client).await;
        (status, String::from_utf8(bytes).expect("a page"))
    };
    let (status, page) = get(&url, &scene.coordinator.client).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("wird gesucht") && page.contains("Servicestelle"),
        "{page}"
    );
    assert_eq!(get(&url, &stranger.client).await.0, StatusCode::NOT_FOUND);
    let (status, page) = get(&url, &tandem_tests::Client::new(&scene.app.url, None)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(
        page.contains("/p/sign-in") && !page.contains("wird gesucht"),
        "{page}"
    );
    let start = format!("{}/open", scene.app.url);
    assert_eq!(get(&start, &stranger.client).await.0, StatusCode::OK);
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn every_link_of_the_digest_opens_and_the_last_one_shows_what_the_mail_leaves_out() {
    let scene = Scene::set().await;
    for _ in 0..7 {
        scene.app.case(scene.center).await;
    }
    let expert = scene.expert("Weber").await;
    scene.asked(&[expert]).await;
    scene.app.drain().await;
    scene.app.advance(Duration::days(14));
    sweep(&scene).await;
    scene.app.drain().await;
    let mails = scene.app.mails_to("buro.hamburg@office.example.org");
    let digest = mails
        .iter()
        .rfind(|mail| mail.subject.starts_with("Ihre Wochenübersicht"))
        .expect("a digest");
    let text = digest.text.as_deref().expect("text");
    assert!(
        text.contains("und 3 weitere"),
        "eight cases search, five are told: {text}"
    );
    let links: Vec<&str> = digest
        .links()
        .into_iter()
        .filter(|link| link.contains("/open/"))
        .collect();
    let whole = links
        .iter()
        .find(|link| link.contains("/open/RegionalOffice/"))
        .expect("the whole list");
    let elsewhere = scene.app.office("Büro Süd", "80331").await;
    // sessions of two weeks ago have ended
    let stranger = scene.app.coordinator(elsewhere).await;
    let coordinator = scene.app.coordinator(scene.office).await;
    let staff = scene.app.center_staff(scene.center).await;
    for link in &links {
        let (status, ..) = crate::documents::fetch(link, &coordinator.client).await;
        assert_eq!(status, StatusCode::OK, "{link}");
        for other in [&stranger.client, &staff.client] {
            if *link == *whole {
                assert_eq!(
                    crate::documents::fetch(link, other).await.0,
                    StatusCode::NOT_FOUND
                );
            }
        }
    }
    let page = async |url: &str, client: &tandem_tests::Client| {
        String::from_utf8(crate::documents::fetch(url, client).await.2).expect("a page")
    };
    let list = page(whole, &coordinator.client).await;
    assert!(list.contains("Noch ohne Begleitung (8)"), "{list}");
    assert_eq!(list.matches("/open/Case/").count(), 8, "{list}");
    assert!(
        list.contains("Ohne Antwort (1)") && list.contains("/open/Match/"),
        "{list}"
    );
    let mut conn = scene.app.superuser().await;
    let traces: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_events WHERE action = 'work.listed'")
        .fetch_one(&mut conn)
        .await
        .expect("the log");
    assert_eq!(traces, 2, "who looked is written down, once a look");
    let start = format!("{}/open", scene.app.url);
    let own = page(&start, &coordinator.client).await;
    assert_eq!(own.matches("/open/RegionalOffice/").count(), 1, "{own}");
    let centers = page(&start, &staff.client).await;
    assert!(!centers.contains("/open/RegionalOffice/"), "{centers}");
    scene.app.ignore_mails();
    scene.app.finish().await;
}
